"""The minimiser: L-BFGS around an ever finer picture of the curvature (Nocedal and Wright, 2006, ch. 7).

1. Start at W = 0 with the best intercept; precondition by `SharedCurvature`.
2. Each pass: direction −H g by the two-loop recursion, a step that decreases F, one event.
3. After `CLASS_AT` passes precondition by `ClassCurvature`, after `SAMPLED_AT` by `SampledHessian`,
   each where it costs less than the passes it saves; after `EXACT_AT`, where weights are few and no sample leads, by
   `ExactHessian` at every step.
4. A weak penalty is come to in stages, from a stronger one: see `stages`.
5. Stop when the objective's remaining gap, as the direction predicts it and as the last passes' decreases
   extrapolate it, is below `tol` of the objective.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.engine.threads import single_threaded_blas
from sightline.logistic.history import FitHistory, Listener, Pass, tell
from sightline.logistic.objective import Doubles, Evaluated, Objective
from sightline.logistic.precondition import ClassCurvature, ExactHessian, SharedCurvature
from sightline.logistic.sampled import SAMPLE_BYTES, Preconditioner, SampledHessian, rows_in, sample_size
from sightline.logistic.search import Move, Pairs, advance
from sightline.logistic.stages import done, planned, under
from sightline.logistic.stopping import ended, near, still, stuck

CLASS_AT, SAMPLED_AT, EXACT_AT, REFRESH_EVERY, AGED = 8, 14, 24, 40, 10
TINY = 100_000
"""Below this many products a pass (n·d·R), float64 fits go on to the last bits: it costs nothing."""
SHORT, GROWTH, AGAIN = 0.5, 3, 4
"""After two steps shorter than SHORT the curvature is looked at anew; AGAIN so soon, and on GROWTH times the rows."""
LENGTHEN = 2.0
"""A step is first tried this much longer than the last, but never beyond 1."""
SEPARATED = (
    "not converged: the classes can be separated without error, so without a penalty (C = inf) the weights "
    "would grow for ever; pass a finite C"
)


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Where the minimiser ended: `point` (R, d+1), how it got there, and what it knew of the curvature."""

    point: Doubles
    history: FitHistory
    inverse: Preconditioner | None = None


def minimise(
    objective: Objective,
    *,
    tol: float = 1e-5,
    max_iter: int = 1000,
    seed: int = 0,
    start: Doubles | None = None,
    inverse: Preconditioner | None = None,
    staged: bool = False,
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
    inverse : Preconditioner or None
        An inverse Hessian near `start`, where one is known: of a problem that differs little from this one.
    staged : bool
        Come to a weak penalty in stages in spite of a start: it is near the minimum of the first of them.
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
    with single_threaded_blas():
        if start is None:
            return run.go(objective.start())
        return run.go(start.copy(), warm=True, inverse=inverse, staged=staged)


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
        self.goal = tol
        if objective.dtype == np.float64 and objective.n_all * objective.d * objective.R <= TINY:
            self.goal = min(tol, 1e-14)
        self.listeners, self.keep_weights, self.clock = listeners, keep_weights, clock
        self.began = clock()
        self.passes: list[Pass] = []
        self.penalty, self.stages = objective.penalty, list[float]()
        self.track: list[Pass] = []
        self.pairs = Pairs()
        self.growth = 1
        self.class_at = self.short_at = -AGED
        self.calls_before = objective.n_passes

    def go(
        self,
        point: Doubles,
        *,
        warm: bool = False,
        inverse: Preconditioner | None = None,
        staged: bool = False,
    ) -> Solution:
        """Run from `point`; where that is `warm`, near the end, the crude pictures are passed over."""
        self.best, first = point, 0
        if inverse is not None:
            first = self.class_at = SAMPLED_AT + 1
        elif warm:
            first = CLASS_AT if self._class_curvature_pays() else SAMPLED_AT
        try:
            if staged or not warm:
                self.stages = planned(self.objective)
            self.inverse = inverse or SharedCurvature(self.objective, self.rng)
            outcome = self._loop(point, self.objective.at(point), first)
        except KeyboardInterrupt:
            outcome = "interrupted: these are the best coefficients so far"
        finally:
            self.objective.penalty = self.penalty
        converged = outcome.startswith("converged")
        history = FitHistory(tuple(self.passes), converged, outcome)
        return Solution(self.best, history, getattr(self, "inverse", None))

    def _loop(self, point: Doubles, now: Evaluated, iteration: int) -> str:
        length = 0.5
        while True:
            if self.stages and self._left() > 1 and done(self.track):
                now, iteration, length = self._lower(point, now), SAMPLED_AT + 1, 1.0
            if self._refine(iteration, point):
                length = 1.0
            direction, gap = self._direction(point, now)
            if self._emit(point, now, gap, length if self.passes else 0.0):
                return "stopped by a listener: these are the best coefficients so far"
            if not self.stages and (
                gap == 0
                or self._near(self.goal)
                or (self._near(self.tol) and still(self.track, self.objective.eps))
            ):
                return self._converged()
            if self.objective.penalty == 0 and self.objective.separated(now.value):
                return SEPARATED
            if stuck(self.track, self.objective.eps) and not self.stages:
                return self._no_move(gap, now.value)
            move = self._move(point, now, direction, 2.0 if iteration == 0 else min(1.0, LENGTHEN * length))
            if move is None and self.stages and self._left() > 1:
                self.track[-1] = replace(self.track[-1], gap=0.0)  # as far as this stage can be brought
                continue
            if move is None:
                return self._no_move(np.inf if self.stages else gap, now.value)
            self.pairs.add(move.point - point, move.at.gradient - now.gradient)
            length, point, now = move
            self.best = point
            iteration += 1

    # -- stages -----------------------------------------------------------------------------------------

    def _lower(self, point: Doubles, now: Evaluated) -> Evaluated:
        """Go on to the next penalty, at this point and with the curvature that is here."""
        weaker = self.stages.pop(0)
        lowered = under(self.objective, point, now, weaker)
        self.objective.penalty = weaker
        self.track.clear()
        self._finest(point)
        return lowered

    def _used(self) -> int:
        return self.objective.n_passes - self.calls_before

    def _left(self) -> int:
        return self.max_iter - self._used()

    # -- step 2: a direction, and a step that decreases F ---------------------------------------------

    def _direction(self, point: Doubles, now: Evaluated) -> tuple[Doubles, float]:
        """Where to go, and the gap that it would close were F the quadratic that it takes F for.

        Where rounding has spoilt the direction, so that F rises along it: without the last steps; failing
        that, with the finest curvature; failing that, the gap is unknown, infinite.
        """
        for spoilt in range(3):
            if spoilt == 1:
                self.pairs.steps.clear()
            elif spoilt == 2 and self._left() > 1:
                self._finest(point)
            whole = isinstance(self.inverse, SampledHessian | ExactHessian)
            direction = self.pairs.direction(now.gradient, self.inverse, rescale=not whole)
            if len(direction) > 1:
                # What is the same for all classes changes no probability and only adds to the penalty.
                direction -= direction.mean(axis=0)
            direction[:, :-1][:, self.objective.constant] = 0
            slope = float((direction * now.gradient).sum())
            if slope < 0 or not now.gradient.any():
                return direction, -0.5 * slope
        lost = abs(slope) > self.objective.eps * abs(
            now.value
        )  # else: too little to tell up from down, and no loss
        return direction, np.inf if lost else 0.5 * abs(slope)

    def _move(self, point: Doubles, now: Evaluated, direction: Doubles, length: float) -> Move | None:
        """Take a step along the direction; failing that, without the last steps; failing that, look again."""
        move = advance(self.objective, point, now, direction, length=length, budget=self._left())
        if move is None and self.pairs.steps:
            self.pairs.steps.clear()
            direction, _ = self._direction(point, now)
            move = advance(self.objective, point, now, direction, length=1.0, budget=self._left())
        if move is None and not isinstance(self.inverse, ExactHessian) and self._left() > 1:
            self._finest(point)
            direction, _ = self._direction(point, now)
            move = advance(self.objective, point, now, direction, length=1.0, budget=self._left())
        return move

    # -- step 3: finer curvature ---------------------------------------------------------------------

    def _refine(self, iteration: int, point: Doubles) -> bool:
        """Look again at the curvature, where it is time to; whether steps were short, and may be long again."""
        if self._left() <= 1:
            return False
        whole = self.objective.n == self.objective.n_all
        if whole and iteration >= EXACT_AT and ExactHessian.pays(self.objective):
            self._finest(point, iteration)
            return False
        late = iteration > SAMPLED_AT + 1 and len(self.track) > 2
        if late and max(one.step for one in self.track[-2:]) < SHORT:
            if iteration - self.short_at <= AGAIN and self._sample_size() < self.objective.n:
                self.growth *= GROWTH
            self.short_at = iteration
            self._finest(point, iteration)
            return True
        refresh = iteration > SAMPLED_AT and (iteration - SAMPLED_AT) % REFRESH_EVERY == 0
        by_class = (iteration == CLASS_AT or refresh) and self._class_curvature_pays()
        sampled = iteration == SAMPLED_AT or refresh
        if by_class or sampled:
            residual = self._residual(point)
            if isinstance(self.inverse, SampledHessian):
                self.inverse = self.inverse.inner
            if by_class:
                self.inverse, self.class_at = self._by_class(residual), iteration
            if sampled:
                self.inverse = self._sampled(residual)
            self.pairs.steps.clear()
        return False

    def _finest(self, point: Doubles, iteration: int | None = None) -> None:
        """The best there is, at this point; pictures of the classes serve on until AGED, for they are dear."""
        residual = self._residual(point)
        aged = iteration is None or iteration - self.class_at >= AGED
        if ExactHessian.pays(self.objective):
            self.inverse = ExactHessian(self.objective, residual)
        else:
            if isinstance(self.inverse, SampledHessian):
                self.inverse = self.inverse.inner  # lets the old sample go before the new one is drawn
            if aged and self._class_curvature_pays():
                self.inverse = self._by_class(residual)
                self.class_at = self.class_at if iteration is None else iteration
            self.inverse = self._sampled(residual)
        self.pairs.steps.clear()

    def _residual(self, point: Doubles) -> npt.NDArray[Any]:
        residual = np.empty((self.objective.R, self.objective.n), dtype=self.objective.dtype)
        self.objective.at(point, keep=residual)
        return residual

    def _by_class(self, residual: npt.NDArray[Any]) -> ClassCurvature:
        """Every thread holds a sample of its own: a quarter of the memory for each."""
        most = max(1000, 4 * self.objective.d, rows_in(self.objective, SAMPLE_BYTES // 4))
        growth = min(self.growth, GROWTH)
        return ClassCurvature(
            self.objective, residual, self.rng, rows=3 * growth, least=1000 * growth, most=most
        )

    def _sampled(self, residual: npt.NDArray[Any]) -> SampledHessian:
        return SampledHessian(self.objective, residual, self.inverse, self._sample_size(), self.rng)

    def _sample_size(self) -> int:
        return sample_size(self.objective, self.growth)

    def _class_curvature_pays(self) -> bool:
        n, d, R = self.objective.n, self.objective.d, self.objective.R
        size = min(n, max(1000, 4 * d))
        return bool(size * d + d * d < 200 * n and R * (d + 1) ** 2 * self.objective.dtype.itemsize < 5e8)

    # -- step 5: when to stop, and what to say --------------------------------------------------------

    def _near(self, tol: float) -> bool:
        return near(self.track, tol, self.objective.eps)

    def _converged(self) -> str:
        last = self.passes[-1]
        return f"converged: estimated gap {last.gap:.1e} of objective {last.objective:.6g}"

    def _no_move(self, gap: float, value: float) -> str:
        """No pass is left, or none decreases F any more: rounding has the last word."""
        if self._near(self.tol) or (self._left() > 0 and gap <= self.tol * value):
            return self._converged()
        most = self.max_iter if self._left() <= 0 else None
        return ended("an estimated gap", gap, value, self.objective.dtype, tol=self.tol, max_iter=most)

    # -- events --------------------------------------------------------------------------------------

    def _emit(self, point: Doubles, now: Evaluated, gap: float, length: float) -> bool:
        coef, intercept = self.objective.coefficients(point) if self.keep_weights else (None, None)
        squared = float((now.gradient[:, :-1] ** 2).sum())
        record = Pass(
            number=self._used(),
            seconds=self.clock() - self.began,
            objective=now.value,
            gradient=float(np.sqrt((now.gradient**2).sum())),
            gap=gap,
            bound=squared / (2 * self.objective.penalty) if self.objective.penalty > 0 else np.inf,
            step=length,
            coef=coef,
            intercept=intercept,
        )
        self.track.append(record)
        if self.stages:  # what is told is about the penalty that was asked for
            asked = under(self.objective, point, now, self.penalty)
            record = replace(
                record,
                objective=asked.value,
                gradient=float(np.sqrt((asked.gradient**2).sum())),
                gap=np.inf,
                bound=float((asked.gradient[:, :-1] ** 2).sum()) / (2 * self.penalty),
            )
        return tell(record, self.passes, self.listeners)
