"""The look at more images than fit into memory: sums over all of them, and a sample that is looked at one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.dataset import Dataset
from sightline.engine.sums import Sums
from sightline.errors import DataError
from sightline.exploration.look import explore, summed_up
from sightline.exploration.moments import IntArray, Totals
from sightline.exploration.record import Exploration

FEWEST = 20
"""So many images of a class are drawn, or all that there are, however rare it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one pass over blocks told: `totals` of all rows, and `pieces` (block, X, y) of those drawn."""

    totals: Totals
    pieces: tuple[tuple[int, npt.NDArray[np.uint8], IntArray], ...]

    def sample(self) -> tuple[npt.NDArray[np.uint8], IntArray]:
        """Rows drawn, in the order of the blocks: X (m, d), y (m,)."""
        pieces = sorted(self.pieces, key=lambda piece: piece[0])
        return np.concatenate([X for _, X, _ in pieces]), np.concatenate([y for _, _, y in pieces])


@dataclass(frozen=True, slots=True)
class LookTask:
    """Adds up a block, and draws about `share` of its rows; what is drawn depends on `seed` alone.

    Of a class that is rare more are drawn, about `least` rows a block; 0 draws all rows with the same chance.
    Raises DataError for rows that are no bytes, or a class beyond `n_classes`.
    """

    n_classes: int
    share: float
    least: float
    seed: int

    def __call__(self, index: int, X: npt.NDArray[Any], y: IntArray) -> Look:
        """See `Look`."""
        if X.dtype != np.uint8 or X.ndim != 2 or y.shape != (len(X),):
            raise DataError(
                f"block {index} holds {X.dtype} of shape {X.shape}, labels of {y.shape}",
                "Expected rows of pixels, uint8, and a class number for each.",
            )
        if len(y) and not 0 <= y.min() <= y.max() < self.n_classes:
            raise DataError(
                f"block {index} has a class number outside 0…{self.n_classes - 1}",
                f"There are names for {self.n_classes} classes.",
            )
        totals = Totals.of(X, y, self.n_classes)
        chance = np.full(self.n_classes, self.share)
        if self.least:
            chance = np.maximum(chance, self.least / np.maximum(totals.counts, 1))
        drawn = np.random.default_rng([self.seed, index]).random(len(y)) < chance[y]
        return Look(totals, ((index, X[drawn], y[drawn]),))

    @staticmethod
    def add(one: Look, other: Look) -> Look:
        """Both."""
        return Look(one.totals.plus(other.totals), one.pieces + other.pieces)


def look(sums: Sums, n: int, n_blocks: int, n_classes: int, *, rows: int, rare: bool, seed: int) -> Look:
    """Pass over all blocks once, and draw about `rows` of their n rows: all of them where there are no more.

    Parameters
    ----------
    sums : who goes over the blocks
    n, n_blocks, n_classes : rows, blocks and classes in all
    rows : int, how many are to be drawn
    rare : bool, whether more are drawn of classes that are rare
    seed : int
    """
    least = FEWEST / n_blocks if rare else 0.0
    return sums.sum(LookTask(n_classes, 1.0 if n <= rows else rows / n, least, seed))


def explore_totals(dataset: Dataset, train: Totals, test: Totals | None, *, seed: int = 0) -> Exploration:
    """Explore a sample image by image, and say of all images what their sums tell.

    Parameters
    ----------
    dataset : Dataset
        The sample, split as the whole is.
    train, test : Totals
        Of all images to learn from, and to test on.
    seed : int

    Returns
    -------
    Exploration
        Counts, intensities, means and variances are those of all images; directions, duplicates, typical and odd
        images those of the sample: `shown` says how many these are, None where they are all.
    """
    found = explore(dataset, seed=seed)
    totals = train if test is None else train.plus(test)
    n = int(totals.counts.sum())
    if n == len(dataset):
        return found
    return replace(
        found,
        n=n,
        n_train=int(train.counts.sum()) if test is not None else None,
        train_counts=train.counts if test is not None else None,
        test_counts=None if test is None else test.counts,
        sampled=found.sampled or len(dataset),
        shown=len(dataset),
        **summed_up(totals.moments(found.blank), dataset.shape),
    )
