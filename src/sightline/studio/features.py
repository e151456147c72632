"""What a recipe makes of the training images, kept for the next training with other penalties."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline

from sightline.dataset import Dataset
from sightline.errors import UsageError
from sightline.features import make_recipe
from sightline.studio.library import Library
from sightline.studio.wire import Setup

Floats = npt.NDArray[np.floating[Any]]
KEPT_BYTES = 800 << 20
"""Features are forgotten, the longest unused first, beyond so many bytes."""

JUDGED = 5000
"""Images that the accuracy of every pass is taken on."""

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The training images of one setup as the classifier sees them.

    `steps` fitted transformers; `data` the images it is about, classes 0…K'−1; `X` (n, m), `y` (n,); `judged` and
    `judged_labels` a part of the test images, empty where there are none.
    """

    key: Key
    steps: tuple[tuple[str, Any], ...]
    data: Dataset
    X: Floats
    y: npt.NDArray[np.int64]
    judged: Floats
    judged_labels: npt.NDArray[np.int64]


def key_of(setup: Setup) -> Key:
    """Setups with the same key have the same features."""
    seed = setup.seed if setup.n_train is not None else 0
    return setup.recipe, setup.n_components, setup.degree, setup.classes, setup.n_train, seed


class FeatureStore:
    """Features by setup, made once, the longest unused forgotten first."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._kept: OrderedDict[Key, Features] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, setup: Setup, ended: Callable[[], bool]) -> Features | None:
        """Features of a checked setup; None where `ended` came true on the way."""
        key = key_of(setup)
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        found = _make(setup, key, self.library, ended)
        if found is None:
            return None
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > 1 and sum(one.X.nbytes for one in self._kept.values()) > KEPT_BYTES:
                self._kept.popitem(last=False)
        return found


def _make(setup: Setup, key: Key, library: Library, ended: Callable[[], bool]) -> Features | None:
    whole = library.dataset
    data = whole.subset(setup.classes) if setup.classes else whole
    n_train = len(data) if data.n_train is None else data.n_train
    rows = _drawn(n_train, setup)
    y = data.labels[:n_train][rows]
    if len(np.unique(y)) < data.n_classes:
        raise UsageError(
            f"among {len(y):,} training images one class has none", "Take more images, or other classes."
        )
    choices = {
        name: value
        for name, value in (("n_components", setup.n_components), ("degree", setup.degree))
        if value is not None
    }
    pipeline = make_recipe(setup.recipe, shape=data.shape, seed=setup.seed, C=setup.C, **choices)
    test = data.X[n_train:]
    judged = np.arange(len(test))[:: max(1, -(-len(test) // JUDGED))]
    X: Any = data.X[:n_train][rows]
    T: Any = test[judged]
    for _, step in pipeline.steps[:-1]:
        if ended():
            return None
        X = step.fit(X, y).transform(X)
        T = step.transform(T) if len(T) else np.empty((0, X.shape[1]), X.dtype)
    labels = data.labels[n_train:][judged]
    return Features(key, tuple(pipeline.steps[:-1]), data, np.ascontiguousarray(X), y, T, labels)


def _drawn(n: int, setup: Setup) -> slice | npt.NDArray[np.int64]:
    """Which training rows are learned from: all, or so many drawn by the seed, in their order."""
    if setup.n_train is None or setup.n_train >= n:
        return slice(None)
    picked = np.random.default_rng(setup.seed).permutation(n)[: setup.n_train]
    return np.sort(picked).astype(np.int64)


def assembled(features: Features, classifier: Any) -> Pipeline:
    """The fitted steps and a fitted classifier as one pipeline."""
    return Pipeline([*features.steps, ("classifier", classifier)])
