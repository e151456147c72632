"""Inverses of sums of squares, and the samples of rows that they are made from."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_solve, get_lapack_funcs, qr

from sightline.engine.threads import ThreadTeam, cut

Floats = npt.NDArray[np.floating[Any]]
Doubles = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
TILE = 1024
"""Columns that are multiplied with as many others at once."""


class InverseGram:
    """(Aᵀ A + diag(ridge, 0))⁻¹ for A (m, d+1) and ridge (d,) ≥ 0, through whichever of m and d is smaller.

    The last column of A belongs to the intercept, which has no ridge; where it is all zero (no intercept),
    the last entry of a solution means nothing.

    `gram`, where it is given, is Aᵀ A, and A is not looked at.
    The tall case factors the Gram matrix after scaling its diagonal to 1, so columns of any scale are fine.
    The wide case (m < d, every ridge positive) first takes the intercept's column a out of the others,
    B = A − a aᵀA / aᵀa, over the root of the ridge; with Bᵀ = Q T, Q (d, m) orthonormal,

        (Bᵀ B + I)⁻¹ = I − Q Qᵀ + Q (T Tᵀ + I)⁻¹ Qᵀ.

    Woodbury's identity says the same with fewer products, but subtracts numbers as far apart as curvature and
    ridge are; and a ridge near zero for the intercept would drown the others.
    """

    def __init__(self, A: Floats | None, ridge: Doubles, gram: Floats | None = None) -> None:
        self.wide = gram is None and A is not None and wide(A, ridge)
        if A is not None and self.wide:
            self._wide(A.astype(np.float64), ridge)
        else:
            if gram is None:
                assert A is not None
                gram = A.T @ A
            gram[np.diag_indices(len(ridge))] += ridge.astype(gram.dtype)
            self.inverse = inverse(gram)

    def _wide(self, A: Doubles, ridge: Doubles) -> None:
        B, a = A[:, :-1], A[:, -1]
        self.root, self.square = np.sqrt(ridge), float(a @ a)
        self.share = a @ B / self.square if self.square > 0 else np.zeros(len(ridge))
        B = (B - np.outer(a, self.share)) / self.root
        self.Q, T = qr(B.T, mode="economic", overwrite_a=True, check_finite=False)
        inner = T @ T.T
        inner[np.diag_indices_from(inner)] += 1
        self.lower, self.scale = factor(inner)

    def solve(self, q: Doubles) -> Doubles:
        """Apply to (R, d+1)."""
        if not self.wide:
            return (q.astype(self.inverse.dtype) @ self.inverse).astype(np.float64)
        scaled = (q[:, :-1] - np.outer(q[:, -1], self.share)) / self.root
        within = scaled @ self.Q
        solved = cho_solve((self.lower, True), (within / self.scale).T, check_finite=False).T / self.scale
        weights = (scaled + (solved - within) @ self.Q.T) / self.root
        intercept = (q[:, -1] / self.square if self.square > 0 else 0.0) - weights @ self.share
        return np.column_stack([weights, intercept])


def products(A: Floats, team: ThreadTeam) -> Floats:
    """Aᵀ A (d, d), each pair of columns multiplied once."""
    d = A.shape[1]
    gram = np.empty((d, d), A.dtype)
    parts = cut(d, max(1, -(-d // TILE)))

    def tile(pair: tuple[slice, slice]) -> None:
        a, b = pair
        np.matmul(A[:, a].T, A[:, b], out=gram[a, b])
        if a != b:
            gram[b, a] = gram[a, b].T

    team.each(tile, [(a, b) for i, a in enumerate(parts) for b in parts[i:]])
    return gram


def squares(A: Floats) -> Doubles:
    """Σ_i a_ij² of every column but the last, (d,), without a copy of A."""
    result: Doubles = np.einsum("md,md->d", A[:, :-1], A[:, :-1])
    return result


def wide(A: Floats, ridge: Doubles) -> bool:
    """Whether `InverseGram` goes through the rows of A rather than through its columns."""
    return len(A) < A.shape[1] - 1 and bool(ridge.min() > 0)


def factor(matrix: Floats, jitter: float = 0.0) -> tuple[Floats, Doubles]:
    """Lower Cholesky factor L of a symmetric positive semi-definite matrix, its scale taken out.

    Returns L and the scale s (d,) of ``matrix ≈ s L Lᵀ s``. A jitter of a few roundings, or the one asked for
    if that is more, goes on the diagonal, and ten times more until the factor exists.
    """
    scale = np.sqrt(np.maximum(np.diag(matrix).astype(np.float64), 0))
    scale[scale < 1e4 * np.sqrt(np.finfo(matrix.dtype).tiny)] = 1
    narrow = (1 / scale).astype(matrix.dtype)
    unit = matrix * narrow
    unit *= narrow[:, None]
    (potrf,) = get_lapack_funcs(("potrf",), (unit,))
    jitter = max(jitter, 30 * float(np.finfo(matrix.dtype).eps))
    while True:
        unit[np.diag_indices_from(unit)] += jitter
        # A symmetric matrix, turned on its side, is what LAPACK reads without turning it itself.
        lower, failed = potrf(unit.T, lower=1, clean=0)
        if not failed:
            return lower, scale
        jitter *= 10


def inverse(matrix: Floats) -> Floats:
    """Inverse of a symmetric positive semi-definite matrix, through `factor`."""
    lower, scale = factor(matrix)
    (potri,) = get_lapack_funcs(("potri",), (lower,))
    half, _ = potri(lower, lower=1, overwrite_c=1)
    narrow = (1 / scale).astype(matrix.dtype)
    half *= narrow
    half *= narrow[:, None]
    full: Floats = half.T  # C-contiguous, right on and above the diagonal
    for start in range(0, len(full), 64):  # block by block: NumPy's triangles are slower than the inverse
        stop = start + 64
        corner = full[start:stop, start:stop]
        corner[:] = np.triu(corner) + np.triu(corner, 1).T
        full[stop:, start:stop] = full[start:stop, stop:].T
    return full


def important(curvature: Floats, leverage: Floats) -> Doubles:
    """Chances (n,) for `draw`: by curvature and by leverage in equal parts."""
    result: Doubles = np.zeros(len(curvature))
    for part in (curvature, leverage):
        result += part.astype(np.float64) / max(float(part.sum(dtype=np.float64)), 1e-300)
    return np.maximum(result, 1e-3 * float(result.mean()))


def chances(weights: Doubles, size: float) -> Doubles:
    """min(1, c·weights), c such that their sum is about `size`, which is less than how many they are: (n,)."""
    c = size / float(weights.sum())
    for _ in range(8):
        c *= size / float(np.minimum(1, c * weights).sum())
    return np.minimum(1, c * weights)


def draw(weights: Doubles, size: int, rng: np.random.Generator) -> tuple[Rows, Doubles]:
    """Draw about `size` rows without replacement, row i with probability min(1, c·weights_i).

    Returns the rows and 1 / probability of each, the factor that makes sums over them unbiased.
    """
    n = len(weights)
    if size >= n:
        return np.arange(n), np.ones(n)
    largest = float(weights.max())
    chance = chances(weights / largest if largest > 0 else np.ones(n), size)
    rows = np.flatnonzero(rng.random(n) < chance)
    if len(rows) == 0:
        rows = rng.integers(0, n, size=1)
    return rows, 1 / np.maximum(chance[rows], 1e-12)
