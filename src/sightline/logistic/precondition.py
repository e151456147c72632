"""Cheap pictures of the curvature: what makes raw pixels converge as scaled ones do.

The Hessian of the mean loss is Σ_i m_i (diag(p_i) − p_i p_iᵀ) ⊗ x̃_i x̃_iᵀ / M + λ I. Three pictures of it,
each finer and dearer than the one before, all on a sample of the rows:

1. `SharedCurvature`: one matrix for all classes, the curvature at W = 0.
2. `ClassCurvature`: one matrix a class, rows weighted by p (1 − p) at the present point.
3. `SampledHessian`: all of it, interactions between classes included, applied by conjugate gradients.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy.linalg import get_lapack_funcs

from sightline.logistic.objective import Objective

Floats = npt.NDArray[np.floating[Any]]
Doubles = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


class Preconditioner(Protocol):
    """An approximate inverse Hessian."""

    def solve(self, gradient: Doubles) -> Doubles:
        """Apply it to a (R, d+1) gradient."""
        ...


class InverseGram:
    """(Aᵀ A + diag(ridge))⁻¹ for A (m, d) and ridge (d,) ≥ 0, through whichever of m and d is smaller.

    The tall case factors the d × d matrix after scaling its diagonal to 1, so columns of any scale are
    fine; the wide case (m < d) is Woodbury's identity, which needs a positive ridge.
    """

    def __init__(self, A: Floats, ridge: Doubles) -> None:
        self.A: Floats | None = None
        if len(A) < A.shape[1] and ridge.min() > 0:
            self._wide(A, ridge)
        else:
            gram = A.T @ A
            gram[np.diag_indices_from(gram)] += ridge.astype(A.dtype)
            self.inverse = _inverse(gram)

    def _wide(self, A: Floats, ridge: Doubles) -> None:
        self.A = A / np.sqrt(ridge).astype(A.dtype)
        self.root = np.sqrt(ridge)
        inner = self.A @ self.A.T
        inner[np.diag_indices_from(inner)] += 1
        self.inverse = _inverse(inner)

    def solve(self, q: Doubles) -> Doubles:
        """Apply to (R, d)."""
        if self.A is None:
            return (q.astype(self.inverse.dtype) @ self.inverse).astype(np.float64)
        scaled = (q / self.root).astype(self.inverse.dtype)
        inner = (scaled @ self.A.T) @ self.inverse @ self.A
        return (scaled.astype(np.float64) - inner) / self.root


def _inverse(matrix: Floats) -> Floats:
    """Inverse of a symmetric positive semi-definite matrix, its scale taken out and a jitter put in."""
    scale = np.sqrt(np.diag(matrix).astype(np.float64))
    scale[scale == 0] = 1
    unit = (matrix / scale / scale[:, None]).astype(matrix.dtype)
    factor, invert = get_lapack_funcs(("potrf", "potri"), (unit,))
    jitter = 30 * np.finfo(matrix.dtype).eps
    while True:
        trial = unit.copy()
        trial[np.diag_indices_from(trial)] += jitter
        triangle, failed = factor(trial, lower=1)
        if not failed:
            break
        jitter *= 10
    lower, _ = invert(triangle, lower=1)
    full = np.tril(lower) + np.tril(lower, -1).T
    return (full / scale / scale[:, None]).astype(matrix.dtype)


def draw(weights: Doubles, size: int, rng: np.random.Generator) -> tuple[Rows, Doubles]:
    """Draw about `size` rows without replacement, row i with probability min(1, c·weights_i).

    Returns the rows and 1 / probability of each, the factor that makes sums over them unbiased.
    """
    n = len(weights)
    if size >= n:
        return np.arange(n), np.ones(n)
    c = size / max(float(weights.sum()), 1e-300)
    for _ in range(8):
        chance = np.minimum(1, c * weights)
        c *= size / max(float(chance.sum()), 1e-300)
    chance = np.minimum(1, c * weights)
    rows = np.flatnonzero(rng.random(n) < chance)
    if len(rows) == 0:
        rows = rng.integers(0, n, size=1)
    return rows, 1 / np.maximum(chance[rows], 1e-12)


class SharedCurvature:
    """Stage 1: block k is α_k (Gram + λ/ᾱ), α_k = π_k (1 − π_k), π the class frequencies."""

    def __init__(self, objective: Objective, size: int, rng: np.random.Generator) -> None:
        share = np.bincount(objective.labels, weights=objective.mass, minlength=objective.n_classes)
        share = np.clip(share / objective.total_mass, 1e-3, 1)
        alpha = share * (1 - share)
        self.alpha = alpha[1:] if objective.R == 1 else alpha
        rows, factor = draw(objective.mass, size, rng)
        A = objective.centred(rows)
        A *= np.sqrt(objective.mass[rows] * factor / objective.total_mass)[:, None].astype(A.dtype)
        ridge = np.append(np.full(objective.d, objective.penalty / float(self.alpha.mean())), 0)
        ridge[:-1] += np.maximum(objective.variance - np.square(A[:, :-1]).sum(axis=0), 0)
        ridge[-1] += 1e-12 if objective.fit_intercept else 1
        self.gram = InverseGram(A, ridge)

    def solve(self, gradient: Doubles) -> Doubles:
        """Apply it to a (R, d+1) gradient."""
        return self.gram.solve(gradient) / self.alpha[:, None]


class ClassCurvature:
    """Stage 2: block k is Σ_i m_i p_ik (1 − p_ik) x̃_i x̃_iᵀ / M + λ, its diagonal exact."""

    def __init__(self, objective: Objective, probability: Floats, size: int, rng: np.random.Generator) -> None:
        curvature = probability * (1 - probability)
        if not objective.uniform:
            curvature *= objective.mass.astype(curvature.dtype)
        exact = objective.diagonal(curvature)
        self.blocks = [
            self._block(objective, curvature[k].astype(np.float64), exact[k], size, rng)
            for k in range(objective.R)
        ]

    @staticmethod
    def _block(
        objective: Objective, curvature: Doubles, exact: Doubles, size: int, rng: np.random.Generator
    ) -> InverseGram:
        rows, factor = draw(np.maximum(curvature, 1e-7), size, rng)
        A = objective.centred(rows)
        A *= np.sqrt(curvature[rows] * factor / objective.total_mass)[:, None].astype(A.dtype)
        ridge = np.append(np.full(objective.d, objective.penalty), 0)
        ridge[:-1] += np.maximum(exact - np.square(A[:, :-1]).sum(axis=0), 0)
        ridge[-1] += 1e-12 if objective.fit_intercept else 1
        return InverseGram(A, ridge)

    def solve(self, gradient: Doubles) -> Doubles:
        """Apply it to a (R, d+1) gradient."""
        return np.concatenate([block.solve(q[None]) for block, q in zip(self.blocks, gradient, strict=True)])


class SampledHessian:
    """Stage 3: the Hessian on `size` important rows, inverted by at most `steps` conjugate-gradient steps."""

    def __init__(
        self,
        objective: Objective,
        probability: Floats,
        inner: Preconditioner,
        size: int,
        rng: np.random.Generator,
        *,
        steps: int = 10,
        tolerance: float = 0.1,
    ) -> None:
        self.inner, self.steps, self.tolerance = inner, steps, tolerance
        self.penalty, self.total_mass = objective.penalty, objective.total_mass
        spread = (probability * (1 - probability)).sum(axis=0).astype(np.float64)
        rows, factor = draw(objective.mass * np.maximum(spread, 1e-3), size, rng)
        self.A = objective.centred(rows)
        self.P = np.ascontiguousarray(probability[:, rows])
        self.mass = (objective.mass[rows] * factor / objective.total_mass).astype(self.A.dtype)

    def product(self, direction: Doubles) -> Doubles:
        """Hessian times (R, d+1)."""
        Z = direction.astype(self.A.dtype) @ self.A.T
        if len(Z) == 1:
            Z *= self.P * (1 - self.P) * self.mass
        else:
            Z -= np.einsum("km,km->m", self.P, Z)
            Z *= self.P
            Z *= self.mass
        result = (Z @ self.A).astype(np.float64)
        result[:, :-1] += self.penalty * direction[:, :-1]
        return result

    def solve(self, gradient: Doubles) -> Doubles:
        """Apply it to a (R, d+1) gradient."""
        x = np.zeros_like(gradient)
        r = gradient.copy()
        z = self.inner.solve(r)
        d = z.copy()
        rz = first = float((r * z).sum())
        for _ in range(self.steps):
            Hd = self.product(d)
            curvature = float((d * Hd).sum())
            if rz <= 0 or curvature <= 1e-14 * rz:
                break
            x += rz / curvature * d
            r -= rz / curvature * Hd
            z = self.inner.solve(r)
            new = float((r * z).sum())
            if new < self.tolerance**2 * first:
                break
            d = z + new / rz * d
            rz = new
        return x if x.any() else self.inner.solve(gradient)
