"""What the films are made from: images that somebody gave, split, and what is learned from a few of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.dataset import Dataset
from sightline.features import RangeScaler
from sightline.figures.style import SMALL
from sightline.films.picture import Picture
from sightline.films.stage import Box, Stage

MOST_ROWS = 6000
"""Training images that a film of one idea learns from; the training film takes them all."""


def divided(dataset: Dataset) -> Dataset:
    """Return the images with a fifth of them for testing, where nobody has split them yet."""
    if dataset.n_train is None or dataset.n_train == len(dataset):
        return dataset.split(test_size=0.2, seed=0)
    return dataset


def some(train: Dataset, most: int = MOST_ROWS) -> Dataset:
    """Return at most `most` images, evenly from all over."""
    return train.take(np.arange(0, len(train), -(-len(train) // most)))


def scaled(dataset: Dataset) -> npt.NDArray[np.float64]:
    """Pixels of all images scaled to 0…1, (n, d)."""
    rows: npt.NDArray[np.float64] = RangeScaler().fit_transform(dataset.X).astype(np.float64)
    return rows


def first_of_each(dataset: Dataset, most: int) -> npt.NDArray[np.int64]:
    """Rows of the first image of each of the first `most` classes, then the second ones, until there are `most`."""
    nth = np.zeros(len(dataset), dtype=np.int64)
    for k in range(dataset.n_classes):
        of_class = np.flatnonzero(dataset.labels == k)
        nth[of_class] = np.arange(len(of_class))
    return np.lexsort((dataset.labels, nth))[:most].astype(np.int64)


def tile(stage: Stage, box: Box, shape: tuple[int, ...], words: str = "", **look: Any) -> Picture:
    """Return a picture for images of `shape` in the middle of `box`, with a quiet word below it."""
    inner = Box(box.left, box.top, box.width, box.height - (0.2 if words else 0)).fitted(shape[1] / shape[0])
    if words:
        stage.note(
            inner.middle, inner.bottom + 0.17, words, align="center", size=SMALL, within=box.width + 0.2
        )
    return stage.picture(inner, **look)
