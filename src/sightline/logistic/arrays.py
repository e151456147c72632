"""Rows on a device, as arrays of the array API standard: what `rows` and the curvature ask for, done there.

Rows stay as they are, bytes as bytes, and a block at a time becomes float32. What comes back is small and is added up
in float64: weights, sums over rows, and, where the curvature is looked at anew, a number for each row and class. The
minimiser and all its vectors stay NumPy float64 in main memory, so it is the same minimiser, step by step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.engine.device import Device
from sightline.engine.threads import blocks
from sightline.logistic.loss import curvatures, probabilities

Floats = npt.NDArray[np.floating[Any]]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

FLOAT = np.dtype(np.float32)
"""Of all sums over the rows of a block."""


class ArrayRows:
    """Rows X (n, d) on a device, uint8 or float32; see `rows.Rows`.

    Parameters
    ----------
    X : (n, d) array of `device`, kept, not copied
    device : Device
    moved : (d,) or None
        Taken off every row before it is multiplied, see `rows.BlockRows`.
    """

    def __init__(self, X: Any, device: Device, moved: Floats | None = None) -> None:
        self.X, self.device, self.xp = X, device, device.xp
        self.shape: tuple[int, int] = (int(X.shape[0]), int(X.shape[1]))
        self.dtype = np.dtype(np.uint8) if X.dtype == device.xp.uint8 else FLOAT
        self.moved = moved
        self._off = None if moved is None else device.put(moved.astype(FLOAT))
        self.block = device.rows_at_once(self.shape[1])
        self._seen: dict[str, tuple[npt.NDArray[Any], Any]] = {}

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, which: int | Integers) -> npt.NDArray[Any]:
        """A row, or those of these numbers, as they are, in NumPy."""
        if isinstance(which, int):
            return self.device.get(self.X[which, :])
        return self.device.get(self.xp.take(self.X, self.device.put(which), axis=0))

    def moved_by(self, moved: Floats) -> ArrayRows:
        """The same rows, `moved` (d,) taken off each when it is multiplied."""
        return ArrayRows(self.X, self.device, moved)

    # -- what `Rows` asks for ----------------------------------------------------------------------------

    def moments(self, slab: slice, shift: Floats, mass: Floats, entries: Integers) -> tuple[Doubles, Doubles]:
        """See `Rows`; `entries` is left alone."""
        m, off, total = (
            self._kept("mass", mass),
            self.device.put(shift.astype(FLOAT)),
            self._zeros(2, self.shape[1]),
        )
        with np.errstate(all="ignore"):  # of libraries that are NumPy inside
            for rows in blocks(slab, self.block):
                x = self._float(self.X[rows, :]) - off
                both = [self.xp.matmul(m[rows], one) for one in (x, x * x)]
                total = total + self._double(self.xp.stack(both))
        first, second = self.device.get(total)
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
        xp, put, R = self.xp, self.device.put, len(weights)
        across, b, y = put(weights.T), put(bias), self._kept("labels", labels)
        m = None if mass is None else self._kept("mass", mass)
        losses, total = self._zeros(), self._zeros(R, self.shape[1] + 1)
        with np.errstate(all="ignore"):  # see `rows.BlockRows`
            for rows in blocks(slab, self.block):
                x = self._widened(rows)
                loss, residual = residual_of(xp, xp.matmul(x, across) + b, y[rows])
                if keep is not None:
                    keep[:, rows] = self.device.get(residual).T
                if m is not None:
                    loss, residual = loss * m[rows], residual * m[rows][:, None]
                losses = losses + xp.sum(loss, dtype=xp.float64)
                total = total + self._double(self._with_ones(residual, x))
        return float(losses), self.device.get(total)

    def forward(
        self, slab: slice, weights: Floats, bias: Floats, Z: Floats, *, squared: bool = False
    ) -> None:
        """See `Rows`."""
        across, b = self.device.put(weights.T), self.device.put(bias)
        for rows in blocks(slab, self.block):
            x = self._widened(rows)
            Z[rows] = self.device.get(self.xp.matmul(x * x if squared else x, across) + b)

    def back(self, slab: slice, S: Floats, *, squared: bool = False) -> Doubles:
        """See `Rows`."""
        total = self._zeros(len(S), self.shape[1] + 1)
        for rows in blocks(slab, self.block):
            x = self._widened(rows)
            total = total + self._double(
                self._with_ones(self.device.put(S[:, rows].T), x * x if squared else x)
            )
        return self.device.get(total)

    # -- what the curvature asks for ---------------------------------------------------------------------

    def gram(
        self, which: Integers, weight: Doubles, mean: Doubles, columns: Integers | None, last: float
    ) -> Floats:
        """Σ_i w_i x̃_i x̃_iᵀ over the rows `which`, x̃ = (x − mean, last) of the named columns: (j+1, j+1) float32."""
        xp, size = self.xp, self.shape[1] if columns is None else len(columns)
        total = self._zeros(size + 1, size + 1)
        off = self.device.put((mean if columns is None else mean[columns]).astype(FLOAT))
        picked = None if columns is None else self.device.put(columns)
        for part in blocks(slice(0, len(which)), self.block):
            A = self._centred(which[part], off, picked, last)
            A = A * self.device.put(np.sqrt(weight[part]).astype(FLOAT))[:, None]
            total = total + self._double(xp.matmul(A.T, A))
        return self.device.get(total).astype(FLOAT)

    def times(self, inverses: list[Floats]) -> Any:
        """A function of (R, j) float64: times one matrix (j, j), or each row times its own, on the device."""
        one = self.device.put(inverses[0]) if len(inverses) == 1 else None
        each = None if one is not None else self.xp.stack([self.device.put(own) for own in inverses])

        def product(q: Doubles) -> Doubles:
            x = self.device.put(q.astype(FLOAT))
            found = (
                self.xp.matmul(x, one) if one is not None else self.xp.matmul(x[:, None, :], each)[:, 0, :]
            )
            return self.device.get(found).astype(np.float64)

        return product

    def hessian(
        self, mean: Doubles, residual: Floats, labels: Integers, mass: Doubles, last: float
    ) -> Doubles:
        """Σ_i m_i (diag(p_i) − p_i p_iᵀ) ⊗ x̃_i x̃_iᵀ over all rows in float64, (R, d+1, R, d+1).

        `residual` (R, n) is p − onehot; x̃ = (x − mean, last).
        """
        xp, put, (R, width) = self.xp, self.device.put, (len(residual), self.shape[1] + 1)
        own, between = self._zeros(R, width, width), self._zeros(R * width, R * width)
        off = put(mean.astype(FLOAT))
        size = min(self.block, self.device.rows_at_once(R * width, 8))
        for rows in blocks(slice(0, len(self)), size):
            one, y = residual[:, rows].astype(np.float64), labels[rows]
            A = self._double(self._centred(rows, off, None, last))
            spread = put((curvatures(one) * mass[rows]).T)
            own = own + xp.stack([xp.matmul((A * spread[:, k : k + 1]).T, A) for k in range(R)])
            if R > 1:
                P = put((probabilities(one, y) * np.sqrt(mass[rows])).T)
                B = xp.reshape(P[:, :, None] * A[:, None, :], (len(y), R * width))
                between = between + xp.matmul(B.T, B)
        result = -self.device.get(between).reshape(R, width, R, width)
        for k, block in enumerate(self.device.get(own)):
            result[k, :, k, :] = block
        return result

    # -- one block ---------------------------------------------------------------------------------------

    def _float(self, x: Any) -> Any:
        return self.xp.astype(x, self.xp.float32, copy=False)

    def _double(self, x: Any) -> Any:
        return self.xp.astype(x, self.xp.float64)

    def _zeros(self, *shape: int) -> Any:
        return self.xp.zeros(shape, dtype=self.xp.float64, device=self.device.at)

    def _widened(self, rows: slice) -> Any:
        x = self._float(self.X[rows, :])
        return x if self._off is None else x - self._off

    def _with_ones(self, S: Any, x: Any) -> Any:
        """Σ_i s_ik (x_ij, 1) of S (m, R) and x (m, j): (R, j+1)."""
        return self.xp.concat([self.xp.matmul(S.T, x), self.xp.sum(S, axis=0)[:, None]], axis=1)

    def _centred(self, which: slice | Integers, off: Any, columns: Any, last: float) -> Any:
        """(x − off, last) of the rows `which` and the named columns: (m, j+1) float32."""
        xp = self.xp
        x = self.X[which, :] if isinstance(which, slice) else xp.take(self.X, self.device.put(which), axis=0)
        x = self._float(x if columns is None else xp.take(x, columns, axis=1)) - off
        ones = xp.full((x.shape[0], 1), last, dtype=xp.float32, device=self.device.at)
        return xp.concat([x, ones], axis=1)

    def _kept(self, name: str, array: npt.NDArray[Any]) -> Any:
        """A copy there of labels (n,) or masses (n,), made once as long as the same array is given."""
        if name not in self._seen or self._seen[name][0] is not array:
            self._seen[name] = (array, self.device.put(array))
        return self._seen[name][1]


class ArraySample:
    """Hessian products over some of the rows, which stay where they are.

    Parameters
    ----------
    rows : ArrayRows
    which : (m,) int64
    mean : (d,), taken off every row; last : 1 with an intercept, else 0
    P : (R, m) probabilities, or p (1 − p) for two classes; labels (m,); mass (m,)
    """

    def __init__(
        self,
        rows: ArrayRows,
        which: Integers,
        mean: Doubles,
        last: float,
        P: Floats,
        labels: Integers,
        mass: Floats,
    ) -> None:
        put = rows.device.put
        self.rows, self.last, self.all = rows, last, len(which) == len(rows)
        self.which, self.off = which, put(mean.astype(FLOAT))
        self.P, self.labels, self.mass = put(P.T), put(labels), put(mass)

    def product(self, direction: Doubles) -> Doubles:
        """Σ_i m_i (diag(p_i) − p_i p_iᵀ) ⊗ x̃_i x̃_iᵀ times (R, d+1), see `sampled.SampleCopied`."""
        rows, xp = self.rows, self.rows.xp
        across = rows.device.put(direction.T.astype(FLOAT))
        R = len(direction)
        total = rows._zeros(*direction.shape)
        for part in blocks(slice(0, len(self.which)), rows.block):
            A = rows._centred(part if self.all else self.which[part], self.off, None, self.last)
            P, Z = self.P[part, :], xp.matmul(A, across)
            if R > 1:
                own = own_class(xp, self.labels[part], R)
                Z = Z - xp.sum(xp.where(own, Z, xp.zeros_like(Z)), axis=1, keepdims=True)
                Z = Z - xp.sum(P * Z, axis=1, keepdims=True)
            Z = Z * P * self.mass[part][:, None]
            total = total + rows._double(xp.matmul(Z.T, A))
        return rows.device.get(total)


def own_class(xp: Any, labels: Any, R: int) -> Any:
    """Whether k is a row's own class, (m, R)."""
    return labels[:, None] == xp.arange(R, dtype=labels.dtype, device=labels.device)[None, :]


def residual_of(xp: Any, Z: Any, labels: Any) -> tuple[Any, Any]:
    """Loss (m,) of each row and residual (m, R) from scores Z (m, R), as `loss` has them, row by row."""
    if Z.shape[1] == 1:
        sign = xp.astype(1 - 2 * labels, Z.dtype)
        margin = Z[:, 0] * sign
        small = xp.exp(-xp.abs(margin))
        loss = xp.maximum(margin, xp.zeros_like(margin)) + xp.log1p(small)
        residual = sign * xp.where(margin >= 0, xp.ones_like(small), small) / (1 + small)
        return loss, residual[:, None]
    own, none = own_class(xp, labels, Z.shape[1]), xp.zeros_like(Z)
    Z = Z - xp.max(Z, axis=1, keepdims=True)
    E = xp.exp(Z)
    score, mine = (xp.sum(xp.where(own, one, none), axis=1) for one in (Z, E))
    others = xp.sum(xp.where(own, none, E), axis=1)
    total = mine + others
    loss = xp.where(score == 0, xp.log1p(others), xp.log(total) - score)
    return loss, xp.where(own, -(others / total)[:, None], E / total[:, None])
