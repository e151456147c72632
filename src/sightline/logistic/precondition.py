"""Cheap pictures of the curvature: what makes raw pixels converge as scaled ones do.

The Hessian of the mean loss is Σ_i m_i (diag(p_i) − p_i p_iᵀ) ⊗ x̃_i x̃_iᵀ / M + λ I. Four pictures of it,
each finer and dearer than the one before, the first three on a sample of the rows:

1. `SharedCurvature`: one matrix for all classes, the curvature at W = 0.
2. `ClassCurvature`: one matrix a class, rows weighted by p (1 − p) at the present point.
3. `sampled.SampledHessian`: all of it, interactions between classes included, applied by conjugate gradients.
4. `ExactHessian`: all of it on all rows, factored; for problems of few weights.

The last three learn the present point from its residual r = p − onehot (R, n), see `loss.curvatures`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_solve

from sightline.engine.threads import ThreadTeam, blocks, cut
from sightline.logistic.arrays import ArrayRows
from sightline.logistic.gram import InverseGram, draw, factor, important, products, squares, wide
from sightline.logistic.loss import curvatures, probabilities
from sightline.logistic.objective import Objective

Floats = npt.NDArray[np.floating[Any]]
Doubles = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


KEEP = 1
"""Columns with less curvature than this times λ hardly interact with others: their diagonal is enough."""


class Columns:
    """Which columns a picture of the curvature multiplies with each other, by the curvature (d,) of each.

    `kept` (j,) their numbers, or None where that is all; `size` how many.
    """

    def __init__(self, curvature: Doubles, penalty: float) -> None:
        strong = np.flatnonzero(curvature > KEEP * penalty) if penalty > 0 else np.arange(len(curvature))
        self.size = len(strong)
        self.kept: Rows | None = strong if self.size < len(curvature) else None

    def of(self, values: Doubles) -> Doubles:
        """Those of (d,) that are kept."""
        return values if self.kept is None else values[self.kept]

    def solve(self, gradient: Doubles, diagonal: Doubles, solve: Callable[[Doubles], Doubles]) -> Doubles:
        """`solve` for the kept columns and the intercept, division by `diagonal` (R, d) for the others."""
        if self.kept is None:
            return solve(gradient)
        inner = np.append(self.kept, gradient.shape[1] - 1)
        result = np.empty_like(gradient)
        np.divide(gradient[:, :-1], diagonal, out=result[:, :-1])
        result[:, inner] = solve(gradient[:, inner])
        return result


def inverse_gram(
    objective: Objective,
    rows: Rows,
    weight: Doubles,
    columns: Columns,
    exact: Doubles,
    ridge: float,
    *,
    team: ThreadTeam | None = None,
) -> InverseGram:
    """(Σ_i w_i x̃_i x̃_iᵀ + ridge)⁻¹ over some `rows` of the given weights, and the kept columns and the intercept.

    What the rows lack of the `exact` diagonal (j,) is added to it. `team` shares one large product among threads.
    """

    def own(found: Doubles) -> Doubles:
        lacking = np.maximum(exact - found, 0)
        return ridge + lacking + objective.eps * exact  # less than that is noise in the gradient

    if isinstance(objective.X, ArrayRows) and len(rows) >= columns.size:
        last = float(objective.fit_intercept)
        gram = objective.X.gram(rows, weight, objective.mean, columns.kept, last)
        return InverseGram(None, own(np.diag(gram)[:-1].astype(np.float64)), gram)
    A = objective.centred(rows, columns.kept)
    A *= np.sqrt(weight)[:, None].astype(A.dtype)
    diagonal = own(squares(A))
    return InverseGram(A, diagonal, None if team is None or wide(A, diagonal) else products(A, team))


def solver(objective: Objective, inverses: list[InverseGram]) -> Callable[[Doubles], Doubles] | None:
    """(R, j+1) times one inverse, or each row times its own, where the rows are on a device; else None."""
    if not isinstance(objective.X, ArrayRows) or any(one.wide for one in inverses):
        return None
    product: Callable[[Doubles], Doubles] = objective.X.times([one.inverse for one in inverses])
    return product


class SharedCurvature:
    """Stage 1: block k is α_k (Gram + λ/ᾱ), α_k = π_k (1 − π_k), π the class frequencies."""

    ROWS, MANY, FEWER = 6, 5_000, 2
    """For every column, so many rows are drawn; fewer where there are many columns; and never fewer than LEAST."""
    LEAST, MOST = 2_000, 12_000
    """Rows; columns, beyond which the matrix of their products would be too large."""

    def __init__(self, objective: Objective, rng: np.random.Generator) -> None:
        share = np.clip(objective.share, 1e-3, 1 - 1e-3)
        alpha = share * (1 - share)
        self.alpha = alpha[1:] if objective.R == 1 else alpha
        ridge = objective.penalty / float(self.alpha.mean())
        self.columns = Columns(objective.variance, ridge)
        kept = self.columns.size
        each = self.ROWS if kept <= self.MANY else self.FEWER if kept <= self.MOST else 0
        size = max(self.LEAST, each * kept)
        rows, factor = draw(objective.mass, size, rng)
        weight = objective.mass[rows] * factor / objective.total_mass
        self.diagonal = objective.variance + ridge
        exact = self.columns.of(objective.variance)
        self.gram = inverse_gram(objective, rows, weight, self.columns, exact, ridge, team=objective.team)
        self.apply = solver(objective, [self.gram]) or self.gram.solve

    def solve(self, gradient: Doubles) -> Doubles:
        """Apply it to a (R, d+1) gradient."""
        return self.columns.solve(gradient, self.diagonal, self.apply) / self.alpha[:, None]


class ClassCurvature:
    """Stage 2: block k is Σ_i m_i p_ik (1 − p_ik) x̃_i x̃_iᵀ / M + λ, its diagonal exact.

    `rows` are drawn for every column that counts, `least` at the least, `most` at the most.
    """

    def __init__(
        self,
        objective: Objective,
        residual: Floats,
        rng: np.random.Generator,
        *,
        rows: float = 4,
        least: int = 1000,
        most: int = 1_000_000,
    ) -> None:
        plain = curvatures(residual)
        curvature = plain if objective.uniform else plain * objective.narrow_mass
        exact = objective.diagonal(curvature)
        self.diagonal = exact + objective.penalty
        self.columns = Columns(exact.max(axis=0), objective.penalty)
        size = min(max(least, int(rows * self.columns.size)), most)
        leverage = objective.leverage(plain, exact)
        drawn = [draw(important(curvature[k], leverage[k]), size, rng) for k in range(objective.R)]

        def block(k: int) -> InverseGram:
            rows, factor = drawn[k]
            weight = curvature[k, rows] * factor / objective.total_mass
            own = self.columns.of(exact[k])
            return inverse_gram(objective, rows, weight, self.columns, own, objective.penalty)

        self.team = objective.team
        self.blocks = self.team.each(block, range(objective.R))
        self.runs = cut(objective.R, self.team.n_threads)
        self.placed = solver(objective, self.blocks)

    def solve(self, gradient: Doubles) -> Doubles:
        """Apply it to a (R, d+1) gradient."""

        def some(inner: Doubles, run: slice) -> Doubles:
            classes = range(run.start, run.stop)
            return np.concatenate([self.blocks[k].solve(inner[k : k + 1]) for k in classes])

        def each(inner: Doubles) -> Doubles:
            return np.concatenate(self.team.each(lambda run: some(inner, run), self.runs))

        return self.columns.solve(gradient, self.diagonal, self.placed or each)


class ExactHessian:
    """Stage 4: the Hessian of all rows, ((R·(d+1)) squared, factored in float64: Newton's method.

    `more` (d,) is added to the curvature of each column: what rows that are not there may have.
    """

    WEIGHTS, PRODUCTS = 1_200, 4e9

    @classmethod
    def pays(cls, objective: Objective) -> bool:
        """Whether the matrix is small enough to be made and factored at every step."""
        size = objective.R * (objective.d + 1)
        return bool(size <= cls.WEIGHTS and objective.n * size**2 <= cls.PRODUCTS)

    def __init__(self, objective: Objective, residual: Floats, more: Doubles | float = 0.0) -> None:
        R, d = objective.R, objective.d
        if isinstance(objective.X, ArrayRows):
            mass, last = objective.mass / objective.total_mass, float(objective.fit_intercept)
            hessian = objective.X.hessian(objective.mean, residual, objective.labels, mass, last)
        else:
            hessian = np.zeros((R, d + 1, R, d + 1))
            for rows in blocks(slice(0, objective.n), 4096):
                self._add(hessian, objective, np.arange(rows.start, rows.stop), residual[:, rows])
        for k in range(R):
            hessian[k, range(d), k, range(d)] += objective.penalty + more
        if not objective.fit_intercept:
            hessian[range(R), d, range(R), d] = 1
        # Without a penalty, columns that repeat each other leave directions without curvature: rounding in
        # the gradient, divided by next to nothing, would send the weights off along them.
        jitter = 0.0 if objective.penalty > 0 else 1e-10
        self.lower, self.scale = factor(hessian.reshape(R * (d + 1), R * (d + 1)), jitter)

    @staticmethod
    def _add(hessian: Doubles, objective: Objective, rows: Rows, residual: Floats) -> None:
        residual = residual.astype(np.float64)
        A = objective.centred(rows).astype(np.float64)
        mass = objective.mass[rows] / objective.total_mass
        curvature = curvatures(residual) * mass
        R, width = len(residual), A.shape[1]
        own = [(A.T * curvature[k]) @ A for k in range(R)]
        if R > 1:
            P = probabilities(residual, objective.labels[rows]) * np.sqrt(mass)
            B = np.einsum("km,mj->mkj", P, A).reshape(len(rows), R * width)
            between = (B.T @ B).reshape(R, width, R, width)
            for k in range(R):
                between[k, :, k, :] = 0
            hessian -= between
        for k in range(R):
            hessian[k, :, k, :] += own[k]

    def solve(self, gradient: Doubles) -> Doubles:
        """Apply it to a (R, d+1) gradient."""
        solved = cho_solve((self.lower, True), gradient.ravel() / self.scale, check_finite=False)
        result: Doubles = (solved / self.scale).reshape(gradient.shape)
        return result
