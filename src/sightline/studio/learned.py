"""A model that came of a training, with what was asked of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.logistic import LogisticRegression
from sightline.model import Model
from sightline.studio.weights import Snapshots, WayBack
from sightline.studio.wire import ModelSummary, PassEvent


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """A model that came of a training, and how it got there; `kept` holds what was asked of it."""

    summary: ModelSummary
    model: Model
    features_key: tuple[object, ...]
    back: WayBack
    snapshots: Snapshots
    passes: tuple[PassEvent, ...]
    codes: npt.NDArray[np.int64]
    kept: dict[str, bytes] = field(default_factory=dict)
    product: list[npt.NDArray[np.float32]] = field(default_factory=list)
    lock: Any = field(default_factory=threading.RLock)

    @property
    def classifier(self) -> LogisticRegression:
        """Its last step."""
        step: LogisticRegression = self.model.pipeline.steps[-1][1]
        return step

    def once(self, name: str, make: Callable[[], bytes]) -> bytes:
        """Make an answer the first time that it is asked for."""
        with self.lock:
            if name not in self.kept:
                self.kept[name] = make()
            return self.kept[name]
