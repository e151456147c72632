"""Sums over the images: intensities, means and variances, the directions in which they vary.

Every function takes uint8 rows and goes through them in blocks; none makes a float copy of them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Pixels = npt.NDArray[np.uint8]

BLOCK_NUMBERS = 1_000_000
"""Numbers in one block of rows: 4 MB as float32, small enough to stay near the processor."""

GRAM_WORK = 6e10
"""Most multiplications that the effective rank may cost, some two seconds; more rows are sampled."""

FEWEST_ROWS = 1_000
"""Rows that a sample for the effective rank has at least."""


def row_blocks(n: int, d: int) -> Iterator[slice]:
    """Cut `n` rows of `d` numbers into runs of about `BLOCK_NUMBERS`."""
    size = max(1, BLOCK_NUMBERS // d)
    for start in range(0, n, size):
        yield slice(start, min(n, start + size))


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """What one pass over the rows can tell.

    `histogram` (256,); `constant` (d,) bool; `blank` rows; `counts` (K,); `mean`, `variance` (d,) of all
    rows; `class_mean`, `class_variance` (K, d), zero where a class has no image.
    """

    histogram: IntArray
    constant: npt.NDArray[np.bool_]
    blank: IntArray
    counts: IntArray
    mean: FloatArray
    variance: FloatArray
    class_mean: FloatArray
    class_variance: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """Sums over rows, those of blocks to be added; whole numbers in float64, so that they stay exact.

    `histogram` (256,); `low`, `high` (d,) extremes of each column; `counts` (K,); `total`, `square` (K, d) sums
    of the rows of each class and of their squares.
    """

    histogram: IntArray
    low: Pixels
    high: Pixels
    counts: IntArray
    total: FloatArray
    square: FloatArray

    @classmethod
    def of(cls, X: Pixels, labels: IntArray, n_classes: int) -> Totals:
        """Sums over X (m, d) uint8 with labels (m,) in 0…K−1."""
        block = np.ascontiguousarray(X)
        m = len(block)
        member = sparse.csr_matrix((np.ones(m), labels, np.arange(m + 1)), shape=(m, n_classes)).T.tocsr()
        values = block.astype(np.float64)
        total = member @ values
        return cls(
            histogram=np.bincount(block.ravel(), minlength=256),
            low=block.min(axis=0),
            high=block.max(axis=0),
            counts=np.bincount(labels, minlength=n_classes),
            total=total,
            square=member @ np.square(values, out=values),
        )

    def plus(self, other: Totals) -> Totals:
        """Sums over these rows and those."""
        return Totals(
            self.histogram + other.histogram,
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            self.counts + other.counts,
            self.total + other.total,
            self.square + other.square,
        )

    def moments(self, blank: IntArray) -> Moments:
        """Means and variances; the variance E[x²] − E[x]² of exact sums loses nothing here."""
        n, share = int(self.counts.sum()), np.maximum(self.counts, 1)[:, None]
        mean, class_mean = self.total.sum(axis=0) / n, self.total / share
        return Moments(
            histogram=self.histogram,
            constant=self.low == self.high,
            blank=blank,
            counts=self.counts,
            mean=mean,
            variance=np.maximum(self.square.sum(axis=0) / n - mean**2, 0.0),
            class_mean=class_mean,
            class_variance=np.maximum(self.square / share - class_mean**2, 0.0),
        )


def moments(X: Pixels, labels: IntArray, n_classes: int, channels: int = 1) -> Moments:
    """Everything that one pass over the rows can tell.

    Parameters
    ----------
    X : (n, d) uint8
    labels : (n,) class numbers 0…K−1
    n_classes : int, K
    channels : int, 1 or 3; an image of one colour is as blank as one of one grey
    """
    n, d = X.shape
    totals, blank = None, []
    for rows in row_blocks(n, d):
        block = Totals.of(X[rows], labels[rows], n_classes)
        totals = block if totals is None else totals.plus(block)
        by_pixel = X[rows].reshape(rows.stop - rows.start, -1, channels)
        blank.append(rows.start + np.flatnonzero((by_pixel == by_pixel[:, :1]).all(axis=(1, 2))))
    assert totals is not None
    return totals.moments(np.concatenate(blank).astype(np.int64))


def explained_variance(
    X: Pixels, mean: FloatArray, rng: np.random.Generator, work: float = GRAM_WORK
) -> tuple[FloatArray, int | None]:
    """Cumulative share of the variance that the principal directions carry, largest first.

    Parameters
    ----------
    X : (n, d) uint8
    mean : (d,) mean of the columns
    rng : draws the rows where n · d² exceeds `work`

    Returns
    -------
    explained : (min(n, d),) rising to 1; all zero where nothing varies
    sampled : None where every row was used, else how many were
    """
    n, d = X.shape
    m = n if n * d * min(n, d) <= work else min(n, max(FEWEST_ROWS, int(work / d**2)))
    chosen = np.arange(n) if m == n else np.sort(rng.choice(n, m, replace=False))
    centre = mean.astype(np.float32)
    # Rows and columns have the same non-zero eigenvalues: take the smaller side.
    gram = _gram_of_columns(X, chosen, centre) if d <= m else _gram_of_rows(X, chosen, centre)
    values = np.maximum(linalg.eigvalsh(gram, overwrite_a=True, check_finite=False)[::-1], 0.0)
    whole = values.sum(dtype=np.float64)
    explained = np.cumsum(values, dtype=np.float64) / (whole or 1.0)
    return np.minimum(explained, 1.0), None if m == n else m


def _gram_of_columns(X: Pixels, chosen: IntArray, centre: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(d, d) products of the centred columns, summed over blocks of rows."""
    d = X.shape[1]
    gram = np.zeros((d, d), dtype=np.float32)
    size = max(256, BLOCK_NUMBERS // d)
    for start in range(0, len(chosen), size):
        block = X[chosen[start : start + size]].astype(np.float32)
        block -= centre
        gram += block.T @ block
    return gram


def _gram_of_rows(X: Pixels, chosen: IntArray, centre: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(m, m) products of the centred rows, summed over blocks of columns."""
    m, d = len(chosen), X.shape[1]
    gram = np.zeros((m, m), dtype=np.float32)
    size = max(256, BLOCK_NUMBERS // m)
    for start in range(0, d, size):
        block = X[chosen, start : start + size].astype(np.float32)
        block -= centre[start : start + size]
        gram += block @ block.T
    return gram


def rank_at(explained: FloatArray, share: float) -> int:
    """Directions needed to carry at least `share` of the variance; 0 where nothing varies."""
    if explained[-1] == 0:
        return 0
    return min(int(np.searchsorted(explained, share * explained[-1] * (1 - 1e-6))) + 1, len(explained))


def distance_to_class(X: Pixels, labels: IntArray, class_mean: FloatArray) -> npt.NDArray[np.float32]:
    """(n,) RMS difference of each image from the mean of its class, in intensities."""
    n, d = X.shape
    centres = class_mean.astype(np.float32)
    distance = np.empty(n, dtype=np.float32)
    for rows in row_blocks(n, d):
        block = X[rows].astype(np.float32)
        block -= centres[labels[rows]]
        distance[rows] = np.sqrt(np.einsum("nd,nd->n", block, block) / d)
    return distance


def extremes(
    distance: npt.NDArray[np.float32], labels: IntArray, n_classes: int, m: int
) -> tuple[IntArray, IntArray]:
    """Rows nearest to their class mean, nearest first, and farthest from it, farthest first.

    Both are (K, m), filled up with −1 where a class has fewer images.
    """
    typical = np.full((n_classes, m), -1, dtype=np.int64)
    atypical = typical.copy()
    order = np.lexsort((distance, labels))
    ends = np.cumsum(np.bincount(labels, minlength=n_classes))
    for k, stop in enumerate(ends):
        rows = order[0 if k == 0 else ends[k - 1] : stop]
        typical[k, : len(rows)] = rows[:m]
        atypical[k, : len(rows)] = rows[::-1][:m]
    return typical, atypical
