"""The quadratic model of the elastic net on a few of its weights, and where it is least."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.logistic.duality import least_subgradient
from sightline.logistic.gram import InverseGram, draw
from sightline.logistic.loss import curvatures
from sightline.logistic.objective import Doubles, Objective
from sightline.logistic.sampled import SampledHessian, conjugate_gradients

Floats = npt.NDArray[np.floating[Any]]
Mask = npt.NDArray[np.bool_]

ROUNDS, STEPS, TOLERANCE, SHRUNK = 15, 10, 0.1, 0.05
"""Newton steps on the model, conjugate gradients and their tolerance in each, and when the model is solved."""


class _Blocks:
    """Approximate inverse of the model's Hessian: a block a class, over its working columns and some rows."""

    def __init__(
        self,
        objective: Objective,
        residual: Floats,
        working: Mask,
        ridge: Doubles,
        rng: np.random.Generator,
    ) -> None:
        curvature = curvatures(residual).astype(np.float64) * objective.mass
        self.columns = [np.flatnonzero(one) for one in working[:, :-1]]
        sizes = [max(1000, 4 * len(columns)) for columns in self.columns]
        drawn = [draw(np.maximum(c, 1e-7), m, rng) for c, m in zip(curvature, sizes, strict=True)]

        def block(k: int) -> InverseGram:
            rows, factor = drawn[k]
            A = objective.centred(rows, self.columns[k])
            A *= np.sqrt(curvature[k, rows] * factor / objective.total_mass)[:, None].astype(A.dtype)
            return InverseGram(A, ridge[k, self.columns[k]])

        self.blocks = objective.team.each(block, range(objective.R))

    def solve(self, gradient: Doubles) -> Doubles:
        """Apply it to a (R, d+1) gradient."""
        result = np.zeros_like(gradient)
        for k, (block, columns) in enumerate(zip(self.blocks, self.columns, strict=True)):
            inner = np.append(columns, gradient.shape[1] - 1)
            result[k, inner] = block.solve(gradient[k : k + 1, inner])[0]
        return result


class FaceModel:
    """g·s + ½ s·(H + damping) s + l1 ‖W + s‖₁ over the weights that are `working` (R, d+1).

    H is the Hessian where the residual (R, n) was taken, on `size` rows; `scale` (R, d+1) measures the weights.
    """

    def __init__(
        self,
        objective: Objective,
        residual: Floats,
        working: Mask,
        l1: float,
        *,
        scale: Doubles,
        damping: float,
        size: int,
        rng: np.random.Generator,
    ) -> None:
        self.l1, self.working, self.scale = l1, working, scale
        self.damping = damping * scale
        ridge = self.damping[:, :-1] + objective.penalty
        self.inverse = _Blocks(objective, residual, working, ridge, rng)
        self.hessian = SampledHessian(objective, residual, self.inverse, size, rng)

    def _product(self, direction: Doubles) -> Doubles:
        result: Doubles = (self.hessian.product(direction) + self.damping * direction) * self.working
        return result

    def minimum(self, point: Doubles, gradient: Doubles) -> Doubles:
        """About where the model is least: rounds of a Newton step on the weights that are free to move."""
        x, gradient, first = point.copy(), gradient * self.working, 0.0
        for _ in range(ROUNDS):
            v = least_subgradient(x, gradient, self.l1) * self.working
            size = float(np.sqrt((v * v / self.scale).sum()))
            if not size > SHRUNK * first:
                break
            first = first or size
            move = self._move(x, v)
            if move is None:
                break
            x, gradient = move[0], gradient + move[1]
        return x

    def _newton(self, v: Doubles, free: Mask) -> Doubles:
        """−(free part of the Hessian)⁻¹ v, by conjugate gradients."""
        return conjugate_gradients(
            lambda d: self._product(d) * free,
            lambda r: self.inverse.solve(r) * free,
            -v * free,
            steps=STEPS,
            tolerance=TOLERANCE,
        )

    def _move(self, x: Doubles, v: Doubles) -> tuple[Doubles, Doubles] | None:
        """A new point at which the model is less, and the change of its gradient.

        Of the Newton step, one length or another nearly always does. Where the model is nearly flat along it,
        none may: then it goes as far as the first zero, or a step down the scaled slope is taken, whichever
        leaves the model less.
        """
        newton = self._newton(v, (v != 0) | (x != 0))
        for length in 0.4 ** np.arange(6):
            new, change, gain = self._stopped(x, v, length * newton)
            if gain < 0:
                return new, change
        crossing = (x * newton < 0)[:, :-1]
        first = (-x[:, :-1][crossing] / newton[:, :-1][crossing]).min(initial=1.0)
        best = self._stopped(x, v, first * newton)
        for length in 0.4 ** np.arange(30):
            other = self._stopped(x, v, -length * v / self.scale)
            if other[2] < 0:
                best = min(best, other, key=lambda one: one[2])
                break
        return best[:2] if best[2] < 0 else None

    def _stopped(self, x: Doubles, v: Doubles, step: Doubles) -> tuple[Doubles, Doubles, float]:
        """Where a step leads if weights that would cross zero stop there; the gradient's change, the model's."""
        sign = np.where(x == 0, -np.sign(v), np.sign(x))[:, :-1]
        new = x + step
        W = new[:, :-1]
        W[~(W * sign > 1e-12 * np.abs(x[:, :-1]))] = 0
        s = new - x
        slope = float((v * s).sum())
        if not slope < 0:
            return new, s, np.inf
        change = self._product(s)
        return new, change, slope + 0.5 * float((s * change).sum())
