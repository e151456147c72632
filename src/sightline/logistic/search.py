"""Direction and step: where to go from the last steps and gradients, and how far."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

from sightline.logistic.objective import Doubles, Evaluated, Objective
from sightline.logistic.sampled import Preconditioner

MEMORY = 20


class Pairs:
    """The last steps and gradient changes, and the two-loop recursion over them (algorithm 7.4)."""

    def __init__(self) -> None:
        self.steps: deque[tuple[Doubles, Doubles, float]] = deque(maxlen=MEMORY)

    def add(self, s: Doubles, y: Doubles) -> None:
        """Remember a step and the gradient's change along it, where that shows curvature."""
        sy = float((s * y).sum())
        if sy > 1e-12 * float(np.sqrt((s * s).sum() * (y * y).sum())):
            self.steps.append((s, y, 1 / sy))

    def direction(self, gradient: Doubles, inverse: Preconditioner, *, rescale: bool) -> Doubles:
        """−H g, H the inverse Hessian that `inverse` and the remembered steps give together."""
        q, factors = gradient.copy(), []
        for s, y, rho in reversed(self.steps):
            factor = rho * float((s * q).sum())
            factors.append(factor)
            q -= factor * y
        q = inverse.solve(q)
        if self.steps and rescale:
            _, y, rho = self.steps[-1]
            size = rho * float((y * inverse.solve(y)).sum())
            if np.isfinite(size) and size > 0:
                q /= size
        for (s, y, rho), factor in zip(self.steps, reversed(factors), strict=True):
            q += (factor - rho * float((y * q).sum())) * s
        return -q


class Move(NamedTuple):
    """A step taken: its `length` along the direction, the new `point`, and F there."""

    length: float
    point: Doubles
    at: Evaluated


def advance(
    objective: Objective,
    point: Doubles,
    now: Evaluated,
    direction: Doubles,
    *,
    length: float,
    budget: int,
) -> Move | None:
    """Find a step along `direction` that decreases F, trying `length` first.

    Accepted is a step that brings a ten-thousandth of the decrease that the slope promises (or, where F is
    too flat to tell, does not raise it beyond rounding) and does not overshoot into a steep rise. At most
    `budget` passes; None where there is no such step.
    """
    slope = float((direction * now.gradient).sum())
    if not slope < 0:
        return None
    noise = 0.5 * objective.eps * abs(now.value)
    for _ in range(min(20, budget)):
        new_point = point + length * direction
        new = objective.at(new_point)
        new_slope = float((new.gradient * direction).sum())
        enough = new.value <= now.value + 1e-4 * length * slope or new.value <= now.value + noise
        if enough and new_slope <= 0.9 * abs(slope):
            return Move(length, new_point, new)
        if np.isfinite(new_slope) and new_slope > 0:
            length = min(max(length * slope / (slope - new_slope), 0.1 * length), 0.9 * length)
        else:
            length *= 0.3
    return None
