"""The objective of one data set: the only place where the minimiser touches the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.engine.threads import ThreadTeam, blocks
from sightline.logistic.loss import Labels, probabilities, sigmoid_residual, softmax_residual

Floats = npt.NDArray[np.floating[Any]]
Doubles = npt.NDArray[np.float64]

BLOCK_BYTES = 400_000
"""A block of rows is read twice, forward and backward: the second time it should still be in cache."""


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
    X : (n, d) uint8, float32 or float64, C-contiguous; never copied, uint8 is widened block by block
    labels : (n,) int64, 0…K−1
    n_classes : int, K ≥ 2
    mass : (n,) float64, sample weights ≥ 0, not all zero
    penalty : float, λ ≥ 0
    fit_intercept : bool
    n_threads : int or None
    """

    def __init__(
        self,
        X: npt.NDArray[Any],
        labels: Labels,
        n_classes: int,
        mass: Doubles,
        penalty: float,
        *,
        fit_intercept: bool = True,
        n_threads: int | None = None,
    ) -> None:
        self.X, self.labels, self.mass, self.penalty = X, labels, mass, penalty
        self.n, self.d = X.shape
        self.n_classes = n_classes
        self.R = 1 if n_classes == 2 else n_classes
        self.dtype = np.dtype(np.float64 if X.dtype == np.float64 else np.float32)
        self.fit_intercept = fit_intercept
        self.total_mass = float(mass.sum())
        self.team = ThreadTeam(self.n, self.d, n_threads)
        self.block = max(16, min(1024, BLOCK_BYTES // (self.d * self.dtype.itemsize + 1)))
        self.uniform = bool((mass == 1).all())
        self.mean, self.variance = self._moments()
        self.n_passes = 0

    # -- the four sums over rows ---------------------------------------------------------------------

    def at(self, point: Doubles, keep: Floats | None = None) -> Evaluated:
        """F and gradient at `point` (R, d+1); `keep` (R, n), where given, receives the probabilities."""
        W = point[:, :-1]
        weights = np.ascontiguousarray(W, dtype=self.dtype)
        intercept = (point[:, -1] - W @ self.mean)[:, None].astype(self.dtype)
        residual_of = sigmoid_residual if self.R == 1 else softmax_residual

        def part(slab: slice) -> tuple[float, Doubles]:
            loss, total = 0.0, np.zeros((self.R, self.d + 1))
            for rows in blocks(slab, self.block):
                x, y = self._widen(rows), self.labels[rows]
                Z = weights @ x.T
                Z += intercept
                losses, residual = residual_of(Z, y)
                if keep is not None:
                    keep[:, rows] = probabilities(residual, y)
                if not self.uniform:
                    mass = self.mass[rows].astype(self.dtype)
                    losses = losses * mass
                    residual *= mass
                loss += float(losses.sum(dtype=np.float64))
                total[:, :-1] += residual @ x
                total[:, -1] += residual.sum(axis=1)
            return loss, total

        self.n_passes += 1
        with np.errstate(under="ignore"):
            parts = self.team.map(part)
        gradient = sum((g for _, g in parts), start=np.zeros((self.R, self.d + 1))) / self.total_mass
        gradient[:, :-1] -= np.outer(gradient[:, -1], self.mean)
        gradient[:, :-1] += self.penalty * W
        if not self.fit_intercept:
            gradient[:, -1] = 0
        value = sum(loss for loss, _ in parts) / self.total_mass + 0.5 * self.penalty * float((W * W).sum())
        return Evaluated(value, gradient)

    def _moments(self) -> tuple[Doubles, Doubles]:
        """Mass-weighted mean and variance (d,) of each column; the mean is 0 without an intercept."""
        shift = self.X[0].astype(np.float64)
        narrow_shift = shift.astype(self.dtype)

        def part(slab: slice) -> tuple[Doubles, Doubles]:
            first, second = np.zeros(self.d), np.zeros(self.d)
            for rows in blocks(slab, self.block):
                x = self._widen(rows) - narrow_shift
                mass = self.mass[rows].astype(self.dtype)
                first += mass @ x
                second += mass @ np.square(x, out=x)
            return first, second

        parts = self.team.map(part)
        first = sum((a for a, _ in parts), start=np.zeros(self.d)) / self.total_mass
        second = sum((b for _, b in parts), start=np.zeros(self.d)) / self.total_mass
        variance = np.maximum(second - first**2, 0)
        if self.fit_intercept:
            return shift + first, variance
        return np.zeros(self.d), variance + (shift + first) ** 2

    def diagonal(self, curvature: Floats) -> Doubles:
        """Σ_i s_ki (x_ij − μ_j)² / M for every class: (R, n) curvatures in, (R, d) out."""
        mean = self.mean.astype(self.dtype)

        def part(slab: slice) -> Doubles:
            total = np.zeros((self.R, self.d))
            for rows in blocks(slab, self.block):
                x = self._widen(rows) - mean
                total += curvature[:, rows] @ np.square(x, out=x)
            return total

        return sum(self.team.map(part), start=np.zeros((self.R, self.d))) / self.total_mass

    def centred(self, rows: npt.NDArray[np.int64]) -> Floats:
        """The named rows less the centroid, with a last column of ones for the intercept: (m, d+1)."""
        sample = np.empty((len(rows), self.d + 1), dtype=self.dtype)
        np.subtract(self.X[rows], self.mean, out=sample[:, :-1], casting="same_kind")
        sample[:, -1] = 1 if self.fit_intercept else 0
        return sample

    def _widen(self, rows: slice) -> Floats:
        x: Floats = self.X[rows].astype(self.dtype, copy=False)
        return x

    # -- from and to the usual coefficients ----------------------------------------------------------

    def start(self) -> Doubles:
        """W = 0 and the intercept that is best for it: the log of the class frequencies."""
        point = np.zeros((self.R, self.d + 1))
        if self.fit_intercept:
            share = np.bincount(self.labels, weights=self.mass, minlength=self.n_classes) / self.total_mass
            logs = np.log(np.maximum(share, 0.1 / self.total_mass))
            point[:, -1] = logs[1] - logs[0] if self.R == 1 else logs - logs.mean()
        return point

    def point(self, coef: Floats, intercept: Floats) -> Doubles:
        """Inverse of `coefficients`."""
        coef = np.asarray(coef, dtype=np.float64)
        offset = intercept + coef @ self.mean if self.fit_intercept else np.zeros(self.R)
        return np.column_stack([coef, offset])

    def coefficients(self, point: Doubles) -> tuple[Doubles, Doubles]:
        """(R, d) weights and (R,) intercepts of z = W x + b; softmax intercepts sum to zero."""
        W = point[:, :-1]
        intercept = point[:, -1] - W @ self.mean if self.fit_intercept else np.zeros(self.R)
        if self.R > 1:
            intercept = intercept - intercept.mean()
        return W.copy(), intercept

    def close(self) -> None:
        """Let the threads go."""
        self.team.close()
