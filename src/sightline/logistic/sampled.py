"""The Hessian on a sample of the rows, and its inverse by conjugate gradients."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from sightline.engine.threads import ROUND, SLABS, blocks, cut
from sightline.logistic.arrays import ArrayRows, ArraySample
from sightline.logistic.gram import draw, important
from sightline.logistic.loss import curvatures, probabilities
from sightline.logistic.native import NativeRows
from sightline.logistic.objective import Objective

Floats = npt.NDArray[np.floating[Any]]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
SAMPLE_BYTES = 250_000_000
"""The most that a sample of rows may take."""
FEW = 1500
"""A slab of a sample has no fewer rows than this: handing it out has its price too."""


def rows_in(objective: Objective, n_bytes: int) -> int:
    """How many rows take so many bytes, 1 at the least."""
    return max(1, n_bytes // int(objective.d * objective.dtype.itemsize))


def sample_size(objective: Objective, growth: int = 1) -> int:
    """How many rows a picture of the whole Hessian is made from."""
    return min(growth * objective.picture_rows, rows_in(objective, SAMPLE_BYTES))


def conjugate_gradients(
    product: Callable[[Doubles], Doubles],
    inner: Callable[[Doubles], Doubles],
    right: Doubles,
    *,
    steps: int,
    tolerance: float,
) -> Doubles:
    """About where product(x) = right, by at most `steps` conjugate gradients preconditioned by `inner`.

    Ends where the preconditioned residual has shrunk to `tolerance`, or there is no curvature to go by; all zero
    where that is so from the beginning.
    """
    x, r = np.zeros_like(right), right.copy()
    z = inner(r)
    d = z.copy()
    rz = first = float((r * z).sum())
    for _ in range(steps):
        Hd = product(d)
        curvature = float((d * Hd).sum())
        if not (rz > 0 and curvature > 1e-14 * rz):
            break
        x += rz / curvature * d
        r -= rz / curvature * Hd
        z = inner(r)
        new = float((r * z).sum())
        if not new >= tolerance**2 * first:
            break
        d = z + new / rz * d
        rz = new
    return x


class Preconditioner(Protocol):
    """An approximate inverse Hessian."""

    def solve(self, gradient: Doubles) -> Doubles:
        """Apply it to a (R, d+1) gradient."""
        ...


class Sample:
    """Some rows, with what each counts and how its probabilities are spread: a Hessian without its penalty.

    Parameters
    ----------
    objective : Objective
    rows : (m,) int64
    residual : (R, n), p − onehot of all rows at the point where the curvature is wanted
    factor : (m,), 1 / chance with which each row was drawn
    """

    def __init__(self, objective: Objective, rows: Integers, residual: Floats, factor: Doubles) -> None:
        self.objective = objective
        self.rows, self.labels = rows, objective.labels[rows]
        few = np.ascontiguousarray(residual[:, rows])
        self.P = curvatures(few) if objective.R == 1 else probabilities(few, self.labels)
        self.mass = (objective.mass[rows] * factor / objective.total_mass).astype(objective.dtype)
        self.slabs = cut(len(rows), max(1, min(SLABS, len(rows) // FEW)), ROUND)

    def product(self, direction: Doubles) -> Doubles:
        """Hessian times (R, d+1)."""
        raise NotImplementedError


class SampleInPlace(Sample):
    """The rows stay where they are; compiled passes go there."""

    def __init__(self, objective: Objective, rows: Integers, residual: Floats, factor: Doubles) -> None:
        super().__init__(objective, rows, residual, factor)
        assert isinstance(objective.rows, NativeRows)
        if len(rows) == objective.n:
            self.native, self.which, self.slabs = objective.rows, None, objective.team.slabs
        else:
            self.native, self.which = objective.rows.some(rows, objective.team.n_threads)
        R, lanes = objective.R, self.native.lanes()
        padded = np.zeros((len(rows), -(-R // lanes) * lanes), objective.dtype)
        padded[:, :R] = self.P.T
        self.P = padded

    def product(self, direction: Doubles) -> Doubles:
        """Hessian times (R, d+1)."""
        offset = self.objective.mean
        weights = np.ascontiguousarray(direction[:, :-1], self.objective.dtype)
        bias = -direction[:, :-1] @ offset
        if self.objective.fit_intercept:
            bias += direction[:, -1]
        narrow = bias.astype(self.objective.dtype)
        parts = self.objective.team.each(
            lambda slab: self.native.curvature(
                slab, self.which, weights, narrow, self.labels, self.P, self.mass
            ),
            self.slabs,
        )
        total = sum(parts, start=np.zeros(direction.shape))
        total[:, :-1] -= np.outer(total[:, -1], offset)
        total[:, :-1][:, self.objective.constant] = 0
        if not self.objective.fit_intercept:
            total[:, -1] = 0
        return total


class SampleCopied(Sample):
    """The rows copied, less their mean, and multiplied by NumPy."""

    def __init__(self, objective: Objective, rows: Integers, residual: Floats, factor: Doubles) -> None:
        super().__init__(objective, rows, residual, factor)
        self.A = objective.centred(rows)

    def product(self, direction: Doubles) -> Doubles:
        """Hessian times (R, d+1).

        (diag(p) − p pᵀ) z does not change when a number is added to all of z. Measured from the row's own
        class, nothing is lost where that class has nearly all the probability.
        """
        across = np.ascontiguousarray(direction.T, dtype=self.A.dtype)

        def part(slab: slice) -> Doubles:
            total = np.zeros(direction.shape)
            for rows in blocks(slab, self.objective.block):
                A, P = self.A[rows], self.P[:, rows]
                Z = np.ascontiguousarray((A @ across).T)
                if self.objective.R > 1:
                    Z -= Z[self.labels[rows], np.arange(len(A))]
                    Z -= np.einsum("km,km->m", P, Z)
                Z *= P
                Z *= self.mass[rows]
                total += Z @ A
            return total

        return sum(self.objective.team.each(part, self.slabs), start=np.zeros(direction.shape))


class SampleOnDevice(Sample):
    """The rows stay on their device; the products are made there."""

    def __init__(self, objective: Objective, rows: Integers, residual: Floats, factor: Doubles) -> None:
        super().__init__(objective, rows, residual, factor)
        assert isinstance(objective.X, ArrayRows)
        last = float(objective.fit_intercept)
        self.there = ArraySample(objective.X, rows, objective.mean, last, self.P, self.labels, self.mass)

    def product(self, direction: Doubles) -> Doubles:
        """Hessian times (R, d+1)."""
        return self.there.product(direction)


class SampledHessian:
    """ ""Stage 3: the Hessian on `size` important rows, inverted by at most `steps` conjugate-gradient steps."""

    def __init__(
        self,
        objective: Objective,
        residual: Floats,
        inner: Preconditioner,
        size: int,
        rng: np.random.Generator,
        *,
        steps: int = 10,
        tolerance: float = 0.1,
    ) -> None:
        self.inner, self.steps, self.tolerance = inner, steps, tolerance
        self.penalty = objective.penalty
        rows, factor = draw(self._importance(objective, residual), size, rng)
        kind: type[Sample] = SampleInPlace if isinstance(objective.rows, NativeRows) else SampleCopied
        if isinstance(objective.X, ArrayRows):
            kind = SampleOnDevice
        self.sample = kind(objective, rows, residual, factor)

    @staticmethod
    def _importance(objective: Objective, residual: Floats) -> Doubles:
        curvature = curvatures(residual)
        spread = objective.mass * curvature.sum(axis=0)
        weighted = curvature if objective.uniform else curvature * objective.narrow_mass
        leverage = objective.leverage(curvature, objective.diagonal(weighted))
        return important(spread, leverage.sum(axis=0))

    def with_penalty(self, penalty: float) -> SampledHessian:
        """The same rows under another penalty."""
        other = copy(self)
        other.penalty = penalty
        return other

    def product(self, direction: Doubles) -> Doubles:
        """Hessian times (R, d+1)."""
        result = self.sample.product(direction)
        result[:, :-1] += self.penalty * direction[:, :-1]
        return result

    def solve(self, gradient: Doubles) -> Doubles:
        """Apply it to a (R, d+1) gradient."""
        x = conjugate_gradients(
            self.product, self.inner.solve, gradient, steps=self.steps, tolerance=self.tolerance
        )
        return x if x.any() else self.inner.solve(gradient)
