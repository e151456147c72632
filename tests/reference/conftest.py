"""An independent optimum: Newton's method on the whole Hessian, and F in longdouble.

It shares no line with the minimiser, works in other coordinates (the singular vectors of the centred rows)
and cares for nothing but being right on small problems.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest


@dataclass
class Problem:
    """Rows, labels and masses; F of given coefficients; the optimum."""

    X: np.ndarray
    y: np.ndarray
    C: float = 1.0
    mass: np.ndarray | None = None

    def __post_init__(self) -> None:
        self.rows = np.asarray(self.X, dtype=np.float64)
        self.classes, self.codes = np.unique(self.y, return_inverse=True)
        self.K = len(self.classes)
        self.weight = np.ones(len(self.rows)) if self.mass is None else np.asarray(self.mass, float)
        self.total = self.weight.sum()
        self.penalty = 0.0 if np.isinf(self.C) else 1 / (self.C * self.total)

    def value(self, coef: np.ndarray, intercept: np.ndarray) -> float:
        """F(W, b) in longdouble, from the definition."""
        wide = np.longdouble
        W = coef.astype(wide)
        Z = self.rows.astype(wide) @ W.T + intercept.astype(wide)
        if self.K == 2:
            Z = np.column_stack([np.zeros_like(Z[:, 0]), Z[:, 0]])
        loss, _, _ = self._losses(Z)
        return float((self.weight * loss).sum() / self.total + self.penalty / 2 * (W * W).sum())

    def _losses(self, Z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Loss (n,), residual (n, K) and probability (n, K), to full relative precision."""
        own = np.arange(len(Z)), self.codes
        D = Z - Z[own][:, None]
        top = D.max(axis=1)
        E = np.exp(D - top[:, None])
        mine = np.exp(-top)
        E[own] = 0
        others = E.sum(axis=1)
        loss = np.where(top == 0, np.log1p(others), top + np.log(mine + others))
        residual = E / (mine + others)[:, None]
        P = residual.copy()
        residual[own] = -others / (mine + others)
        P[own] = mine / (mine + others)
        return loss, residual, P

    def optimum(self) -> float:
        """min F, by Newton's method."""
        mean = self.weight @ self.rows / self.total
        centred = self.rows - mean
        _, s, Vt = np.linalg.svd(centred, full_matrices=False)
        keep = s > 1e-15 * s.max(initial=0.0) if s.any() else np.zeros(len(s), bool)
        A = np.column_stack([centred @ Vt[keep].T, np.ones(len(centred))])
        ridge = np.append(np.full(int(keep.sum()), self.penalty), 0)
        R = 1 if self.K == 2 else self.K
        T = np.zeros((R, A.shape[1]))
        now = self._expand(A, ridge, T)
        for _ in range(300):
            step = -self._newton(A, ridge, *now[1:])
            slope = float((now[1] * step).sum())
            length, new = 1.0, now
            while length > 1e-12:
                new = self._expand(A, ridge, T + length * step)
                if new[0] <= now[0] + 1e-4 * length * slope:
                    break
                length /= 2
            else:
                break
            T, now = T + length * step, new
            if -slope < 1e-16 * now[0]:
                break
        return now[0]

    def _expand(self, A, ridge, T):
        Z = A @ T.T
        loss, residual, P = self._losses(np.column_stack([np.zeros(len(A)), Z]) if len(T) == 1 else Z)
        if len(T) == 1:
            residual, P = residual[:, 1:], P[:, 1:]
        share = self.weight / self.total
        gradient = (residual * share[:, None]).T @ A + ridge * T
        return float(share @ loss + 0.5 * (ridge * T * T).sum()), gradient, residual, P

    def _newton(self, A, ridge, gradient, residual, P):
        R, q = gradient.shape
        share = self.weight / self.total
        H = np.zeros((R, q, R, q))
        for k in range(R):
            distance = np.abs(residual[:, k])
            H[k, :, k] = (A.T * (distance * (1 - distance) * share)) @ A + np.diag(ridge)
            for j in range(k):
                block = -(A.T * (P[:, k] * P[:, j] * share)) @ A
                H[k, :, j], H[j, :, k] = block, block.T
        H = H.reshape(R * q, R * q)
        scale = np.sqrt(np.maximum(np.diag(H), 1e-300))
        unit = H / scale / scale[:, None] + 1e-15 * np.eye(len(H))
        return (np.linalg.lstsq(unit, gradient.ravel() / scale, rcond=None)[0] / scale).reshape(R, q)


@pytest.fixture(scope="session")
def problem():
    """The class `Problem`, to be made from (X, y, C, mass)."""
    return Problem


@pytest.fixture(scope="session")
def made():
    """A function that draws a problem whose labels follow a softmax model: (n, d), labels (n,)."""

    def draw(n: int, d: int, K: int, *, scale: float = 0.5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((n, d))
        W = rng.standard_normal((K, d)) * scale
        return X, (X @ W.T + rng.gumbel(size=(n, K))).argmax(axis=1)

    return draw
