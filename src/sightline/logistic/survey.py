"""The first look at blocks of rows: what the columns are like, how many of each class, and a sample in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sightline.engine.threads import blocks
from sightline.errors import DataError
from sightline.logistic import native
from sightline.logistic.gram import chances
from sightline.logistic.native import NativeRows
from sightline.logistic.rows import BlockRows, Rows

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
MOST_CODES = 1_000_000
"""Codes of classes are small whole numbers: a larger one is a mistake, not a class."""
TOGETHER = 128
"""Rows whose leverage is found at a time: their squares stay in cache; larger arrays get fresh pages every time."""


class Piece(NamedTuple):
    """Rows drawn from block number `block`: `X` (m, d), codes `y` (m,), and for how many rows each `stands` (m,)."""

    block: int
    X: npt.NDArray[Any]
    y: Integers
    stands: Doubles


@dataclass(slots=True, eq=False)
class Survey:
    """What is known of some rows after one look.

    `rows` how many; `dtype` of the sums over them; `counts` (K,) rows of each code; `mean`, `squares` (d,), the
    columns' means and sums of squares about them; `varies` (d,) whether a column takes two values; `pieces` of the
    sample.
    """

    rows: int
    dtype: np.dtype[Any]
    counts: Integers
    mean: Doubles
    squares: Doubles
    varies: npt.NDArray[np.bool_]
    pieces: list[Piece] = field(default_factory=list)

    def added(self, other: Survey) -> Survey:
        """The survey of these rows and those (Chan, Golub and LeVeque, 1983)."""
        rows = self.rows + other.rows
        apart = other.mean - self.mean
        counts = np.zeros(max(len(self.counts), len(other.counts)), np.int64)
        counts[: len(self.counts)] += self.counts
        counts[: len(other.counts)] += other.counts
        return Survey(
            rows,
            np.promote_types(self.dtype, other.dtype),
            counts,
            self.mean + apart * (other.rows / rows),
            self.squares + other.squares + apart**2 * (self.rows / rows * other.rows),
            self.varies | other.varies | (apart != 0),
            self.pieces + other.pieces,
        )

    def sample(self) -> tuple[npt.NDArray[Any], Integers, Doubles]:
        """The rows drawn, codes, and what each stands for, in the order of the blocks; lets the pieces go."""
        pieces = sorted(self.pieces, key=lambda piece: piece.block)
        self.pieces = []
        dtype = np.uint8 if all(piece.X.dtype == np.uint8 for piece in pieces) else self.dtype
        X = np.empty((sum(len(piece.y) for piece in pieces), len(self.mean)), dtype)
        start = 0
        for piece in pieces:
            X[start : start + len(piece.y)] = piece.X
            start += len(piece.y)
        return (
            X,
            np.concatenate([piece.y for piece in pieces]),
            np.concatenate([piece.stands for piece in pieces]),
        )


@dataclass(frozen=True, slots=True)
class SurveyTask:
    """Looks at one block of `d` columns and draws about `share` of its rows; what is drawn depends on `seed` alone.

    Half of them evenly, half by leverage, Σ_j (x_j − μ_j)² / (variance_j + `ridge`): a row that alone holds a column
    up must not be missed. Of a class that is rare more, about `least` rows a block altogether. Raises DataError for
    a block that is not labelled rows of finite numbers.
    """

    d: int
    share: float
    least: float
    ridge: float
    seed: int

    def __call__(self, index: int, X: npt.NDArray[Any], y: Integers) -> Survey:
        """See `Survey`."""
        X = checked(index, X, y, self.d)
        dtype = np.dtype(np.float64 if X.dtype == np.float64 else np.float32)
        m, shift = len(X), X[0].astype(dtype)
        with np.errstate(all="ignore"):
            rows: Rows = NativeRows(X, dtype) if native.available() else BlockRows(X, dtype)
            first, second = rows.moments(slice(0, m), shift, np.ones(m, dtype), np.zeros(m, np.int64))
            squares = np.maximum(second - first**2 / m, 0)
            wrong = ~np.isfinite(squares)
        if wrong.any():
            raise DataError(
                f"column {int(np.argmax(wrong))} of block {index} has NaN, infinity or numbers too large for {dtype}",
                "Leave such rows out, or divide the column by a constant.",
            )
        mean, counts = shift + first / m, np.bincount(y)
        drawn, stands = self._drawn(index, X, y, counts, mean, squares / m)
        return Survey(
            m, dtype, counts, mean, squares, (first != 0) | (second != 0),
            [Piece(index, X[drawn], y[drawn], stands)],
        )  # fmt: skip

    @staticmethod
    def add(one: Survey, other: Survey) -> Survey:
        """See `Survey.added`."""
        return one.added(other)

    def _drawn(
        self, index: int, X: npt.NDArray[Any], y: Integers, counts: Integers, mean: Doubles, variance: Doubles
    ) -> tuple[Integers, Doubles]:
        """Rows (k,) and 1 / chance of each."""
        m = len(y)
        if self.share >= 1:
            return np.arange(m), np.ones(m)
        scale = variance + self.ridge
        inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
        dtype = np.float32 if X.dtype == np.uint8 else np.float64
        centre, inverse, leverage = mean.astype(dtype), np.minimum(inverse, 1e30).astype(dtype), np.empty(m)
        for rows in blocks(slice(0, m), TOGETHER):
            apart = np.subtract(X[rows], centre, dtype=dtype)
            leverage[rows] = np.square(apart, out=apart) @ inverse
        chance = chances(np.ones(m) + leverage / max(leverage.mean(), 1e-300), self.share * m)
        each = self.least / np.count_nonzero(counts)
        chance = np.maximum(chance, np.minimum(1, each / np.maximum(counts, 1))[y])
        drawn = np.flatnonzero(np.random.default_rng([self.seed, index]).random(m) < chance)
        return drawn, 1 / chance[drawn]


def checked(index: int, X: npt.NDArray[Any], y: Integers, d: int) -> npt.NDArray[Any]:
    """The block's rows in C order, seen to be what the seam promises.

    Raises
    ------
    DataError
        Another width, another dtype, codes that are no small whole numbers, or no rows at all.
    """
    if X.ndim != 2 or X.shape[1] != d or len(X) == 0 or X.dtype not in (np.uint8, np.float32, np.float64):
        raise DataError(
            f"block {index} has rows of shape {X.shape}, {X.dtype}",
            f"Expected one row or more of {d} uint8, float32 or float64.",
        )
    if y.shape != (len(X),) or y.dtype.kind not in "iu" or y.min() < 0 or y.max() >= MOST_CODES:
        raise DataError(
            f"block {index} has {len(X)} rows and codes of shape {y.shape}, {y.dtype}, that are not all in "
            f"0…{MOST_CODES - 1}",
            "Give one code, 0…K−1, for each row.",
        )
    return np.ascontiguousarray(X)
