"""The minimiser: L-BFGS around an ever finer picture of the curvature (Nocedal and Wright, 2006, ch. 7).

1. Start at W = 0 with the best intercept; precondition by `SharedCurvature`.
2. Each pass: direction −H g by the two-loop recursion, a step that decreases F, one event.
3. After `CLASS_AT` passes precondition by `ClassCurvature`, after `SAMPLED_AT` by `SampledHessian`,
   each where it costs less than the passes it saves.
4. Stop when the objective's remaining gap, as the direction predicts it, is below `tol` of the objective.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.logistic.history import FitHistory, Listener, Pass
from sightline.logistic.objective import Doubles, Evaluated, Objective
from sightline.logistic.precondition import ClassCurvature, Preconditioner, SampledHessian, SharedCurvature

CLASS_AT, SAMPLED_AT, REFRESH_EVERY = 8, 14, 40
MEMORY = 20
TINY = 100_000
"""Below this many products a pass (n·d·R), float64 fits go on to the last bits: it costs nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Where the minimiser ended: `point` (R, d+1), and how it got there."""

    point: Doubles
    history: FitHistory


@dataclass(slots=True)
class _Pairs:
    """The last steps and gradient changes, and the two-loop recursion over them."""

    steps: deque[tuple[Doubles, Doubles, float]]

    def add(self, s: Doubles, y: Doubles) -> None:
        sy = float((s * y).sum())
        if sy > 1e-12 * float(np.sqrt((s * s).sum() * (y * y).sum())):
            self.steps.append((s, y, 1 / sy))

    def direction(self, gradient: Doubles, inverse: Preconditioner, *, rescale: bool) -> Doubles:
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


def minimise(
    objective: Objective,
    *,
    tol: float = 1e-5,
    max_iter: int = 1000,
    seed: int = 0,
    start: Doubles | None = None,
    listeners: Sequence[Listener] = (),
    keep_weights: bool = False,
    clock: Callable[[], float] = time.perf_counter,
) -> Solution:
    """Minimise the objective.

    Parameters
    ----------
    objective : Objective
    tol : float
        Stop when the estimated F − F* falls below ``tol · F``.
    max_iter : int
        Most passes over the data.
    seed : int
        Of the row samples behind the curvature pictures.
    start : (R, d+1) or None
        Where to begin; None is W = 0 with log class frequencies.
    listeners : sequence of callables
        Called with every `Pass`; one that returns True ends the fit.
    keep_weights : bool
        Put the coefficients into every `Pass`.
    clock : callable
        Seconds.

    Returns
    -------
    Solution
        Never raises for lack of convergence: ``history.converged`` and ``history.outcome`` say how it ended.
        KeyboardInterrupt ends the fit like a listener's stop, with the best point so far.
    """
    run = _Run(objective, tol, max_iter, np.random.default_rng(seed), listeners, keep_weights, clock)
    return run.go(objective.start() if start is None else start.copy())


class _Run:
    """One run of the numbered steps above."""

    def __init__(
        self,
        objective: Objective,
        tol: float,
        max_iter: int,
        rng: np.random.Generator,
        listeners: Sequence[Listener],
        keep_weights: bool,
        clock: Callable[[], float],
    ) -> None:
        self.objective, self.tol, self.max_iter, self.rng = objective, tol, max_iter, rng
        if objective.dtype == np.float64 and objective.n * objective.d * objective.R <= TINY:
            self.tol = min(tol, 1e-14)
        self.listeners, self.keep_weights, self.clock = listeners, keep_weights, clock
        self.began = clock()
        self.passes: list[Pass] = []
        self.pairs = _Pairs(deque(maxlen=MEMORY))
        self.calls_before = objective.n_passes

    def go(self, point: Doubles) -> Solution:
        try:
            self.inverse: Preconditioner = self._shared()
            now = self.objective.at(point)
            outcome = self._loop(point, now)
        except KeyboardInterrupt:
            outcome = "interrupted: these are the best coefficients so far"
            if not self.passes:
                self.best = point
        converged = outcome.startswith("converged")
        return Solution(self.best, FitHistory(tuple(self.passes), converged, outcome))

    def _loop(self, point: Doubles, now: Evaluated) -> str:
        self.best = point
        quiet, step = 0, 0.0
        for iteration in range(self.max_iter + 1):
            self._refine(iteration, point)
            direction = self.pairs.direction(now.gradient, self.inverse, rescale=not self._sampled())
            slope = float((direction * now.gradient).sum())
            if not slope < 0:
                self.pairs.steps.clear()
                direction = -self.inverse.solve(now.gradient)
                slope = float((direction * now.gradient).sum())
            gap = max(-0.5 * slope, 0.0)
            if self._emit(point, now, gap, step):
                return "stopped by a listener: these are the best coefficients so far"
            quiet = quiet + 1 if gap <= self.tol * now.value else 0
            if slope == 0 or quiet >= 2 or (quiet and gap <= 0.1 * self.tol * now.value):
                return f"converged: estimated gap {gap:.1e} of objective {now.value:.6g}"
            if self._used() >= self.max_iter:
                break
            moved = self._step(point, now, direction, slope, first=iteration == 0)
            if moved is None:
                if not self.pairs.steps:
                    return self._floor(gap, now.value)
                self.pairs.steps.clear()
                continue
            step, new_point, new = moved
            self.pairs.add(new_point - point, new.gradient - now.gradient)
            point, now = new_point, new
            self.best = point
        return (
            f"not converged: max_iter = {self.max_iter} passes reached with an estimated gap of {gap:.1e} "
            f"of objective {now.value:.6g} (wanted {self.tol:.0e} of it); raise max_iter or lower C"
        )

    def _floor(self, gap: float, value: float) -> str:
        """No step decreases F any more: rounding has the last word."""
        precision = np.finfo(self.objective.dtype).eps
        if gap <= max(self.tol, 30 * precision) * value:
            return f"converged: estimated gap {gap:.1e} of objective {value:.6g}"
        return (
            f"not converged: {self.objective.dtype} cannot resolve a smaller objective than {value:.6g} "
            f"(estimated gap {gap:.1e}); pass float64 data or lower C"
        )

    def _used(self) -> int:
        return self.objective.n_passes - self.calls_before

    def _sampled(self) -> bool:
        return isinstance(self.inverse, SampledHessian)

    # -- step 2: a step that decreases F -------------------------------------------------------------

    def _step(
        self, point: Doubles, now: Evaluated, direction: Doubles, slope: float, *, first: bool
    ) -> tuple[float, Doubles, Evaluated] | None:
        noise = 0.5 * float(np.finfo(self.objective.dtype).eps) * abs(now.value)
        step = 2.0 if first else 1.0
        for _ in range(20):
            new_point = point + step * direction
            new = self.objective.at(new_point)
            new_slope = float((new.gradient * direction).sum())
            enough = new.value <= now.value + 1e-4 * step * slope or new.value <= now.value + noise
            if enough and new_slope <= 0.9 * abs(slope):
                return step, new_point, new
            if np.isfinite(new_slope) and new_slope > 0:
                step = min(max(step * slope / (slope - new_slope), 0.1 * step), 0.9 * step)
            else:
                step *= 0.3
        return None

    # -- step 3: finer curvature ---------------------------------------------------------------------

    def _shared(self) -> SharedCurvature:
        size = min(self.objective.n, max(2000, 8 * self.objective.d))
        return SharedCurvature(self.objective, size, self.rng)

    def _refine(self, iteration: int, point: Doubles) -> None:
        objective = self.objective
        n, d, R = objective.n, objective.d, objective.R
        by_class = iteration == CLASS_AT and self._class_curvature_pays()
        refresh = iteration > SAMPLED_AT and (iteration - SAMPLED_AT) % REFRESH_EVERY == 0
        sampled = iteration == SAMPLED_AT or refresh
        if not (by_class or sampled):
            return
        probability = np.empty((R, n), dtype=objective.dtype)
        objective.at(point, keep=probability)
        if by_class or (refresh and self._class_curvature_pays()):
            size = max(1000, 4 * d)
            self.class_inverse = ClassCurvature(objective, probability, size, self.rng)
            self.inverse = self.class_inverse
        if sampled:
            inner = self.inverse.inner if isinstance(self.inverse, SampledHessian) else self.inverse
            self.inverse = SampledHessian(objective, probability, inner, max(2000, 11 * d), self.rng)
        self.pairs.steps.clear()

    def _class_curvature_pays(self) -> bool:
        n, d, R = self.objective.n, self.objective.d, self.objective.R
        size = min(n, max(1000, 4 * d))
        return size * d + d * d < 640 * n and R * (d + 1) ** 2 * self.objective.dtype.itemsize < 5e8

    # -- events --------------------------------------------------------------------------------------

    def _emit(self, point: Doubles, now: Evaluated, gap: float, step: float) -> bool:
        coef: npt.NDArray[Any] | None = None
        intercept: npt.NDArray[Any] | None = None
        if self.keep_weights:
            coef, intercept = self.objective.coefficients(point)
        squared = float((now.gradient[:, :-1] ** 2).sum())
        bound = squared / (2 * self.objective.penalty) if self.objective.penalty > 0 else np.inf
        record = Pass(
            number=self._used(),
            seconds=self.clock() - self.began,
            objective=now.value,
            gradient=float(np.sqrt((now.gradient**2).sum())),
            gap=gap,
            bound=bound,
            step=step,
            coef=coef,
            intercept=intercept,
        )
        self.passes.append(record)
        stop = [listener(record) for listener in self.listeners]
        return any(answer is True for answer in stop)
