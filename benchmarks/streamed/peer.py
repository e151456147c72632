"""Rows on disk that all peers read, the objective that all minimise, and what a peer is."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from scale import Stored
from sightline.engine.sums import LocalSums
from sightline.logistic.blocks import PassTask

SCALE = 1 / 255


@dataclass(frozen=True)
class Stream:
    """Rows `stored` as bytes, worth 0…1; of two classes, odd and even codes. F = Σ loss / n + ‖W‖² / (2 C n)."""

    stored: Stored
    n_classes: int
    C: float
    threads: int

    @property
    def shape(self) -> tuple[int, int]:
        """(n, d)."""
        return self.stored.shape

    @property
    def n_blocks(self) -> int:
        """See `RowBlocks`."""
        return self.stored.n_blocks

    def block(self, index: int) -> tuple[Any, Any]:
        """See `RowBlocks`; bytes."""
        X, y = self.stored.block(index)
        return X, y % 2 if self.n_classes == 2 else y

    def mapped(self) -> tuple[Any, Any]:
        """All rows, mapped (n, d) uint8, and codes (n,)."""
        y = self.stored.y % 2 if self.n_classes == 2 else self.stored.y
        return np.memmap(Path(self.stored.folder, "X.bytes"), np.uint8, "r", shape=self.shape), y

    def objective(self, coef: Any, intercept: Any) -> float:
        """F in float64, of coefficients (K, d) or (1, d) for rows in 0…1."""
        weights = np.asarray(coef, np.float64)
        sums = LocalSums(self, self.threads)
        try:
            bias, codes = np.asarray(intercept, np.float64).ravel(), np.arange(self.n_classes)
            loss = sums.sum(PassTask(weights * SCALE, bias, codes, None, None))[0]
        finally:
            sums.close()
        return float(loss + np.square(weights).sum() / (2 * self.C)) / self.shape[0]


@dataclass
class Watch:
    """A stopwatch that stands still while the objective is computed. A fit that is at `goal`, or late, ends."""

    stream: Stream
    goal: float
    budget: float
    points: list[tuple[float, float]] = field(default_factory=list)
    began: float = 0.0

    def start(self) -> None:
        """A fit begins from nothing."""
        self.began = time.perf_counter()

    def take(self, coef: Any, intercept: Any) -> bool:
        """A fit is here; whether it is enough."""
        stopped = time.perf_counter()
        seconds = stopped - self.began
        self.points.append((seconds, self.stream.objective(coef, intercept)))
        self.began += time.perf_counter() - stopped
        return self.points[-1][1] <= self.goal or seconds > self.budget


class Peer(ABC):
    """A way to learn from such rows. `translation`: how C becomes its own parameter, and what differs."""

    name: str
    package: ClassVar[str] = "sklearn"
    translation: str

    def missing(self) -> str:
        """Say what is not installed, or nothing."""
        return "" if find_spec(self.package) else f"{self.package} is not installed"

    def unfit(self, stream: Stream) -> str:
        """Say why it cannot do this, or nothing."""
        return ""

    @abstractmethod
    def run(self, stream: Stream, watch: Watch) -> None:
        """Fit until the watch has enough."""


def whole_fits(watch: Watch, fit: Callable[[int], tuple[Any, Any]], grid: tuple[int, ...]) -> None:
    """Fits of more and more iterations, each from nothing, until one is there or the next would be too late."""
    before = 0.0
    for iterations, next_one in zip(grid, (*grid[1:], grid[-1]), strict=True):
        watch.start()
        if watch.take(*fit(iterations)):
            return
        before = watch.points[-1][0]
        if before * next_one / iterations > watch.budget:
            return
