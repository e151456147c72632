"""Fewer rows than columns: the same problem in as many columns as there are rows.

At the optimum W = α A, a combination of the rows A = X − μ, so that nothing is lost where only such W are looked at.
With A Aᵀ = L Lᵀ, the rows of L (n, n) have the same products with each other as those of A, and V = α L has the same
length as W and the same scores, V Lᵀ = W Aᵀ. So a fit on L gives V, and W = V L⁻¹ A.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular

from sightline.engine.threads import ThreadTeam, blocks, single_threaded_blas
from sightline.logistic.gram import factor
from sightline.logistic.rows import block_size

Floats = npt.NDArray[np.floating[Any]]
Doubles = npt.NDArray[np.float64]

LEAST = 100_000
"""Numbers: smaller problems are over before the detour is."""
MOST = 6_000
"""Rows: beyond, products of all rows with all take longer than the fit."""


class RowSpace:
    """The rows of X (n, d) about their centroid, in n columns.

    `L` (n, n) of the dtype of the sums; `mean` (d,) the centroid by mass, 0 without an intercept.
    """

    @single_threaded_blas()
    def __init__(self, X: npt.NDArray[Any], mass: Doubles, dtype: np.dtype[Any], *, centred: bool) -> None:
        self.X = X
        self.mean = np.zeros(X.shape[1])
        if centred:
            for rows in self._blocks():
                self.mean += mass[rows] @ X[rows].astype(np.float64)
            self.mean /= mass.sum()
        n = len(X)
        gram = np.empty((n, n))
        team = ThreadTeam(*X.shape)

        def multiply(a: slice) -> None:
            left = X[a].astype(np.float64) - self.mean
            for b in self._blocks():
                if b.start <= a.start:
                    gram[a, b] = left @ (X[b].astype(np.float64) - self.mean).T
                    gram[b, a] = gram[a, b].T

        team.each(multiply, self._blocks())
        team.close()
        lower, scale = factor(gram)
        self.lower: Doubles = np.tril(lower) * scale[:, None]
        self.L: Floats = np.ascontiguousarray(self.lower, dtype)

    @classmethod
    def of(cls, X: npt.NDArray[Any], mass: Doubles, *, centred: bool) -> Self | None:
        """The row space where it pays, else None."""
        n, d = X.shape
        if n > min(d, MOST) or n * d < LEAST:
            return None
        dtype = np.dtype(np.float64 if X.dtype == np.float64 else np.float32)
        with np.errstate(all="ignore"):
            found = cls(X, mass, dtype, centred=centred)
        return found if np.isfinite(found.L).all() and np.square(found.L).sum(axis=0).any() else None

    @single_threaded_blas()
    def coefficients(self, coef: Doubles, intercept: Doubles) -> tuple[Doubles, Doubles]:
        """Weights V (R, n) and intercepts on L as weights W (R, d) and intercepts on X."""
        alpha = solve_triangular(self.lower, coef.T, lower=True, trans="T", check_finite=False).T
        W = np.zeros((len(coef), self.X.shape[1]))
        for rows in self._blocks():
            W += alpha[:, rows] @ (self.X[rows].astype(np.float64) - self.mean)
        return W, intercept - W @ self.mean

    @single_threaded_blas()
    def taken(self, coef: Floats, intercept: Floats) -> tuple[Doubles, Doubles]:
        """Inverse of `coefficients`, for a warm start; what of W lies beyond the rows is left."""
        coef = np.asarray(coef, np.float64)
        scores = np.concatenate(
            [coef @ (self.X[b].astype(np.float64) - self.mean).T for b in self._blocks()], axis=1
        )
        V = solve_triangular(self.lower, scores.T, lower=True, check_finite=False).T
        return V, intercept + coef @ self.mean

    def _blocks(self) -> list[slice]:
        return list(blocks(slice(0, len(self.X)), 4 * block_size(self.X.shape[1], 8)))
