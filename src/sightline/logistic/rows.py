"""The rows, as the sums over them see them: the seam behind which they are NumPy blocks or compiled passes."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from sightline.engine.threads import blocks
from sightline.logistic.loss import sigmoid_residual, softmax_residual

Floats = npt.NDArray[np.floating[Any]]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

BLOCK_BYTES = 800_000
"""A block of rows is read twice, forward and backward: the second time it should still be in cache."""


def block_size(d: int, itemsize: int) -> int:
    """How many rows of `d` numbers go through the cache together."""
    return max(16, min(1024, BLOCK_BYTES // (d * itemsize + 1)))


class Rows(Protocol):
    """What the objective asks of rows X (n, d), one slab of them at a time; R rows of weights."""

    def moments(self, slab: slice, shift: Floats, mass: Floats, entries: Integers) -> tuple[Doubles, Doubles]:
        """Σ mass (x − shift) and Σ mass (x − shift)², each (d,); `entries` (n,) counts what is not zero."""
        ...

    def residuals(
        self,
        slab: slice,
        weights: Floats,
        bias: Floats,
        labels: Integers,
        mass: Floats | None,
        keep: Floats | None,
    ) -> tuple[float, Doubles]:
        """Sum of the losses, and of residual ⊗ (x, 1): (R, d+1). `keep` (R, n) takes the residuals."""
        ...

    def forward(
        self, slab: slice, weights: Floats, bias: Floats, Z: Floats, *, squared: bool = False
    ) -> None:
        """Z[slab] = X Wᵀ + b, or of the squares of X; Z (n, R) C-contiguous."""
        ...

    def back(self, slab: slice, S: Floats, *, squared: bool = False) -> Doubles:
        """Σ_i s_ki (x_ij, or its square, and 1) for S (R, n): (R, d+1)."""
        ...


class BlockRows:
    """Rows multiplied by NumPy, block by block, each widened to the dtype of the sums.

    Parameters
    ----------
    X : (n, d) uint8, float32 or float64, C-contiguous; kept, not copied
    dtype : of the sums
    moved : (d,) or None
        Taken off every row before it is multiplied. Columns far from zero must not be multiplied where they
        are: W x and the intercept would be two large numbers whose difference, all that counts, has lost its
        last digits.
    """

    def __init__(self, X: npt.NDArray[Any], dtype: np.dtype[Any], moved: Floats | None = None) -> None:
        self.X, self.dtype, self.moved = X, dtype, moved
        self.block = block_size(X.shape[1], dtype.itemsize)

    def widen(self, rows: slice) -> Floats:
        """A block of rows in the dtype of the sums, less `moved`."""
        x: Floats = self.X[rows].astype(self.dtype, copy=False)
        return x if self.moved is None else x - self.moved

    def moments(self, slab: slice, shift: Floats, mass: Floats, entries: Integers) -> tuple[Doubles, Doubles]:
        """See `Rows`; `entries` is left alone."""
        first, second = np.zeros(self.X.shape[1]), np.zeros(self.X.shape[1])
        with np.errstate(all="ignore"):
            for rows in blocks(slab, self.block):
                x = self.X[rows].astype(self.dtype, copy=False) - shift
                first += mass[rows] @ x
                second += mass[rows] @ np.square(x, out=x)
        return first, second

    def residuals(
        self,
        slab: slice,
        weights: Floats,
        bias: Floats,
        labels: Integers,
        mass: Floats | None,
        keep: Floats | None,
    ) -> tuple[float, Doubles]:
        """See `Rows`."""
        R, d = weights.shape
        residual_of = sigmoid_residual if R == 1 else softmax_residual
        loss, total = 0.0, np.zeros((R, d + 1))
        # The rows times W, not W times the rows: BLAS is twice as fast on a tall product as on a wide one.
        across = np.ascontiguousarray(weights.T)
        # A step that is far too long may overflow: F is then not finite and the step is refused.
        with np.errstate(all="ignore"):
            for rows in blocks(slab, self.block):
                x = self.widen(rows)
                Z = np.ascontiguousarray((x @ across).T)
                Z += bias[:, None]
                losses, residual = residual_of(Z, labels[rows])
                if keep is not None:
                    keep[:, rows] = residual
                if mass is not None:
                    losses = losses * mass[rows]
                    residual *= mass[rows]
                loss += float(losses.sum(dtype=np.float64))
                total[:, :-1] += residual @ x
                total[:, -1] += residual.sum(axis=1)
        return loss, total

    def forward(
        self, slab: slice, weights: Floats, bias: Floats, Z: Floats, *, squared: bool = False
    ) -> None:
        """See `Rows`."""
        across = np.ascontiguousarray(weights.T)
        for rows in blocks(slab, self.block):
            x = self.widen(rows)
            np.matmul(np.square(x) if squared else x, across, out=Z[rows])
            Z[rows] += bias

    def back(self, slab: slice, S: Floats, *, squared: bool = False) -> Doubles:
        """See `Rows`."""
        total = np.zeros((len(S), self.X.shape[1] + 1))
        for rows in blocks(slab, self.block):
            x = self.widen(rows)
            total[:, :-1] += S[:, rows] @ (np.square(x) if squared else x)
            total[:, -1] += S[:, rows].sum(axis=1)
        return total
