"""The objective of one data set: the only place where the minimiser touches the rows."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.engine.threads import ThreadTeam, blocks
from sightline.errors import DataError
from sightline.logistic import native
from sightline.logistic.arrays import ArrayRows
from sightline.logistic.loss import Labels
from sightline.logistic.native import NativeRows
from sightline.logistic.rows import BlockRows, Rows, block_size

Floats = npt.NDArray[np.floating[Any]]
Doubles = npt.NDArray[np.float64]

FAR = 30
"""A column whose mean is more than this many standard deviations from 0 is moved there, block by block."""


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """F and its gradient at one point: `value`, `gradient` (R, d+1), the last column for the intercept."""

    value: float
    gradient: Doubles


class Objective:
    """F(W, c) = (1/M) Σ m_i ℓ_i + (λ/2) ‖W‖² over rows that stay where they are.

    The intercept is measured at the centroid μ of the rows, z = W (x − μ) + c: then W and c hardly
    interact, however far the columns are from zero, and b = c − W μ gives the usual one back.
    A point is one array (R, d+1), the last column c.

    Parameters
    ----------
    X : (n, d) uint8, float32 or float64, C-contiguous; never copied as it is: widened block by block, or packed
        where most of it is zero; or `ArrayRows` on a device
    labels : (n,) int64, 0…K−1
    n_classes : int, K ≥ 2
    mass : (n,) float64, sample weights ≥ 0, not all zero; only their ratios matter
    penalty : float, λ ≥ 0
    fit_intercept : bool
    n_threads : int or None
    pack : bool
        Whether rows that are mostly zero may be packed, which costs as much as it saves in some twenty passes.

    Raises
    ------
    DataError
        The square of a value is too large for the dtype of the sums.
    """

    def __init__(
        self,
        X: npt.NDArray[Any] | ArrayRows,
        labels: Labels,
        n_classes: int,
        mass: Doubles,
        penalty: float,
        *,
        fit_intercept: bool = True,
        n_threads: int | None = None,
        pack: bool = True,
    ) -> None:
        self.X: Any = X
        self.labels, self.penalty = labels, penalty
        self.n, self.d = X.shape
        self.n_all: int = self.n
        self.n_classes = n_classes
        self.R = 1 if n_classes == 2 else n_classes
        self.dtype = np.dtype(np.float64 if X.dtype == np.float64 else np.float32)
        self.eps = float(np.finfo(np.float64 if X.dtype == np.float64 else np.float32).eps)
        self.fit_intercept, self.pack = fit_intercept, pack
        self.mass = mass / mass.mean()
        self.total_mass = float(self.mass.sum())
        self.mass_sum = float(mass.sum())
        self.share = self._share()
        self.team = ThreadTeam(self.n, self.d, n_threads)
        if isinstance(X, ArrayRows):
            self.team.slabs = [slice(0, self.n)]  # the device has threads of its own
        self.block = block_size(self.d, self.dtype.itemsize)
        self.uniform = bool((mass == mass[0]).all())
        self.narrow_mass = self.mass.astype(self.dtype)
        self.rows: Rows = self._opened()
        self.n_passes = 0
        self.picture_rows: int = max(2000, 11 * int(self.d))

    # -- the sums over rows --------------------------------------------------------------------------

    def at(self, point: Doubles, keep: Floats | None = None) -> Evaluated:
        """F and gradient at `point` (R, d+1); `keep` (R, n), where given, receives the residuals."""
        mass = None if self.uniform else self.narrow_mass
        with np.errstate(all="ignore"):
            weights, bias = self._narrow(point)
        self.n_passes += 1
        parts = self.team.map(lambda slab: self.rows.residuals(slab, weights, bias, self.labels, mass, keep))
        with np.errstate(all="ignore"):
            gradient = sum((g for _, g in parts), start=np.zeros((self.R, self.d + 1)))
            return self._evaluated(point, sum(loss for loss, _ in parts), gradient, self.total_mass)

    def _evaluated(self, point: Doubles, loss: float, sums: Doubles, mass: float) -> Evaluated:
        """F and gradient from the loss of all rows and residual ⊗ (x − moved, 1), whose `mass` together is known."""
        W = point[:, :-1]
        with np.errstate(all="ignore"):
            gradient = sums / mass
            gradient[:, :-1] -= np.outer(gradient[:, -1], self.mean - self.moved)
            gradient[:, :-1][:, self.constant] = 0
            gradient[:, :-1] += self.penalty * W
            value = loss / mass + 0.5 * self.penalty * float((W * W).sum())
        if not self.fit_intercept:
            gradient[:, -1] = 0
        return Evaluated(value, gradient)

    def scores(self, point: Doubles) -> Floats:
        """Z (n, R) of all rows at `point`, of whatever mass."""
        weights, bias = self._narrow(point)
        Z = np.empty((self.n, self.R), self.dtype)
        self.team.map(lambda slab: self.rows.forward(slab, weights, bias, Z))
        return Z

    def _narrow(self, point: Doubles) -> tuple[Floats, Floats]:
        """Weights (R, d) and intercepts (R,) of z = W (x − moved) + b in the dtype of the sums."""
        W = point[:, :-1]
        weights = np.ascontiguousarray(W, dtype=self.dtype)
        return weights, (point[:, -1] - W @ (self.mean - self.moved)).astype(self.dtype)

    def with_mass(self, mass: Doubles, penalty: float) -> Objective:
        """The same rows and centroid with other masses, as 0 for those left out, and another penalty."""
        other = copy(self)
        other.penalty, other.n_passes = penalty, 0
        other.mass = mass / mass.mean()
        other.total_mass = float(other.mass.sum())
        other.uniform = bool((mass == mass[0]).all())
        other.narrow_mass = other.mass.astype(self.dtype)
        other.share = other._share()
        return other

    def _share(self) -> Doubles:
        """Each class's part of the mass, (K,)."""
        return np.bincount(self.labels, weights=self.mass, minlength=self.n_classes) / self.total_mass

    def _opened(self) -> Rows:
        """The rows behind their seam; sets what is known of the columns, each (d,).

        `mean` weighted by mass, 0 without an intercept; `variance` about it; `constant`, columns that can
        change nothing; `moved`, what is taken off every row before it is multiplied.
        """
        compiled = native.available() and self.R <= native.MOST_CLASSES
        placed = isinstance(self.X, ArrayRows)
        rows: Rows = self.X if placed else (NativeRows if compiled else BlockRows)(self.X, self.dtype)
        shift = self.X[int(np.argmax(self.mass > 0))].astype(np.float64)
        narrow_shift, entries = shift.astype(self.dtype), np.zeros(self.n, np.int64)
        parts = self.team.map(lambda slab: rows.moments(slab, narrow_shift, self.narrow_mass, entries))
        with np.errstate(all="ignore"):
            first = sum((a for a, _ in parts), start=np.zeros(self.d)) / self.total_mass
            second = sum((b for _, b in parts), start=np.zeros(self.d)) / self.total_mass
            mean = shift + first
            variance = np.maximum(second - first**2, 0)
            about_zero = variance + mean**2
        if not np.isfinite(about_zero).all():
            column = int(np.argmin(np.isfinite(about_zero)))
            raise DataError(
                f"column {column} of X is too large for {self.dtype}: its squares overflow",
                "Divide it by a constant, or leave it out.",
            )
        same = (first == 0) & (second == 0)
        far = ~same & (np.abs(mean) > FAR * np.sqrt(variance))
        self.moved = np.where(far, mean.astype(self.dtype), 0).astype(np.float64)
        self.mean, self.variance, self.constant = mean, variance, same
        if not self.fit_intercept:
            self.mean, self.variance, self.constant = np.zeros(self.d), about_zero, same & (mean == 0)
        if far.any():
            moved = self.moved.astype(self.dtype)
            return self.X.moved_by(moved) if placed else BlockRows(self.X, self.dtype, moved)
        if self.pack and isinstance(rows, NativeRows) and rows.worth_packing(entries):
            rows.pack(self.team, entries)
        return rows

    def diagonal(self, curvature: Floats) -> Doubles:
        """Σ_i s_ki (x_ij − μ_j)² / M for every class: (R, n) curvatures in, (R, d) out."""
        parts = self.team.map(
            lambda slab: (self.rows.back(slab, curvature, squared=True), self.rows.back(slab, curvature))
        )
        offset = self.mean - self.moved
        squares = sum((a for a, _ in parts), start=np.zeros((self.R, self.d + 1)))
        first = sum((b for _, b in parts), start=np.zeros((self.R, self.d + 1)))
        total = squares[:, :-1] - 2 * offset * first[:, :-1] + np.outer(first[:, -1], offset**2)
        result: Doubles = np.maximum(total, 0) / self.total_mass
        return result

    def leverage(self, curvature: Floats, diagonal: Doubles) -> Floats:
        """How much of each column's curvature a row has: Σ_j s_ki m_i (x_ij − μ_j)² / M (D_kj + λ), (R, n).

        For curvatures s (R, n) and their `diagonal` D (R, d), whatever R. The sum over the rows is at most d. A row
        that alone holds a column up has a leverage near 1 there, however small its curvature: a sample must not
        miss it.
        """
        offset = self.mean - self.moved
        share = diagonal + self.penalty
        inverse = np.divide(1, share, out=np.zeros_like(share), where=share > 0)
        bias = (inverse @ offset**2).astype(self.dtype)
        squares, first = np.empty((2, self.n, len(diagonal)), self.dtype)
        weights, mixed = inverse.astype(self.dtype), (-2 * inverse * offset).astype(self.dtype)

        def part(slab: slice) -> None:
            self.rows.forward(slab, weights, bias, squares, squared=True)
            self.rows.forward(slab, mixed, np.zeros_like(bias), first)

        self.team.map(part)
        squares += first
        np.maximum(squares, 0, out=squares)
        squares *= curvature.T
        squares *= (self.narrow_mass / self.dtype.type(self.total_mass))[:, None]
        result: Floats = squares.T
        return result

    def centred(self, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64] | None = None) -> Floats:
        """The named rows less the centroid, with a last column of ones for the intercept: (m, d+1).

        `columns` (j,) names those that are wanted; None is all.
        """
        mean = (self.mean if columns is None else self.mean[columns]).astype(self.dtype)
        sample = np.empty((len(rows), len(mean) + 1), dtype=self.dtype)
        for part in blocks(slice(0, len(rows)), self.block):  # without a second copy of them all
            x = self.X[rows[part]]
            np.subtract(x if columns is None else x[:, columns], mean, out=sample[part, :-1])
        sample[:, -1] = 1 if self.fit_intercept else 0
        return sample

    # -- from and to the usual coefficients ----------------------------------------------------------

    def start(self) -> Doubles:
        """W = 0 and the intercept that is best for it: the log of the class frequencies."""
        point = np.zeros((self.R, self.d + 1))
        if self.fit_intercept:
            logs = np.log(np.maximum(self.share, 1e-37))
            point[:, -1] = logs[1] - logs[0] if self.R == 1 else logs - logs.mean()
        return point

    def point(self, coef: Floats, intercept: Floats) -> Doubles:
        """Inverse of `coefficients`."""
        coef = np.asarray(coef, dtype=np.float64)
        if self.R > 1:
            coef = coef - coef.mean(axis=0)
        offset = intercept + coef @ self.mean if self.fit_intercept else np.zeros(self.R)
        return np.column_stack([coef, offset])

    def coefficients(self, point: Doubles) -> tuple[Doubles, Doubles]:
        """(R, d) weights and (R,) intercepts of z = W x + b; those of softmax sum to zero over the classes.

        Taking the mean over the classes away changes no probability and never raises the penalty.
        """
        W = point[:, :-1].copy()
        if self.R > 1:
            W -= W.mean(axis=0)
        intercept = point[:, -1] - W @ self.mean if self.fit_intercept else np.zeros(self.R)
        if self.R > 1:
            intercept = intercept - intercept.mean()
        return W, intercept

    def separated(self, value: float) -> bool:
        """Whether a loss of `value` proves that every row is on its own side of every boundary."""
        lightest = float(self.mass[self.mass > 0].min())
        return bool(value * self.total_mass < 0.5 * lightest * np.log(2))

    def close(self) -> None:
        """Let the threads go."""
        self.team.close()
