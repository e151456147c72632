"""A beginning from a sample: a few of many rows say where the minimum is, and what the curvature is like there.

A fit to the sample costs a fraction of one to all rows, and ends as near to their minimum as a sample can know. From
there the minimiser needs a third of the passes, as its first picture of the curvature is the last that it would make.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.engine.threads import single_threaded_blas
from sightline.logistic.gram import chances
from sightline.logistic.history import FitHistory, Listener, Pass
from sightline.logistic.lbfgs import SEPARATED, Solution, minimise
from sightline.logistic.objective import Doubles, Evaluated, Objective
from sightline.logistic.precondition import ClassCurvature, ExactHessian, SharedCurvature
from sightline.logistic.sampled import SAMPLE_BYTES, Preconditioner, SampledHessian, rows_in, sample_size
from sightline.logistic.stages import WEAK, spread, strong
from sightline.logistic.survey import Piece, Survey

Floats = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.int64]

SAMPLE_ROWS, EACH = 20_000, 40
"""A sample has SAMPLE_ROWS rows, or EACH for every column where that is more."""
LONG = 100
"""Passes after which a fit that a sample led goes on as one without a sample does."""
MANY = 3
"""So many times the sample's rows are many: below, the fit to the sample takes longer than it saves."""
MATRICES = 250_000_000
"""Bytes that one matrix for each class may take."""
CHEAP = 10
"""The Hessian is made from one row in so many, if that is more than usual: ten products cost as much as a pass."""
INTERRUPTED = "interrupted: these are the coefficients of a sample"
START_TOL = 1e-3
"""The fit to the sample goes no further than this: what is left is less than what a sample can know."""


class SampleObjective(Objective):
    """The objective of a sample that stands for more rows, their columns multiplied by `scale` (d,) beforehand.

    Coefficients are those of the rows as they are: W x = (W / scale) (scale x). `complete` says that the sample is
    all rows, each standing for itself.
    """

    def __init__(
        self, survey: Survey, codes: Integers, masses: Doubles, penalty: float, scale: Doubles | None,
        *, fit_intercept: bool, n_threads: int | None,
    ) -> None:  # fmt: skip
        X, y, stands = survey.sample()
        labels = codes[y]
        self.complete = len(y) == survey.rows and bool((stands == 1).all())
        self.scale = np.ones(X.shape[1]) if scale is None else scale
        if scale is not None:
            X = X * scale.astype(survey.dtype)
        self.counts, K = survey.counts[codes >= 0], len(masses)
        mass = stands * masses[labels]
        drawn = np.bincount(labels, weights=mass, minlength=K)
        mass *= np.divide(self.counts * masses, drawn, out=np.zeros(K), where=drawn > 0)[labels]
        super().__init__(X, labels, K, mass, penalty, fit_intercept=fit_intercept, n_threads=n_threads)
        variance = survey.squares / survey.rows * self.scale**2
        mean = survey.mean * self.scale
        self.constant = ~survey.varies & (fit_intercept | (survey.mean == 0))
        about = variance if fit_intercept else variance + mean**2
        self.unseen = np.maximum(about - self.variance, 0)
        self.variance = about
        self.share = self.counts * masses / float(self.counts @ masses)

    def diagonal(self, curvature: Floats) -> Doubles:
        """See `Objective`; what all rows have more of a column than the sample has, at average curvature."""
        missing = np.outer(curvature.sum(axis=1, dtype=np.float64) / self.total_mass, self.unseen)
        return super().diagonal(curvature) + missing

    def point(self, coef: Floats, intercept: Floats) -> Doubles:
        """Inverse of `coefficients`."""
        return super().point(np.asarray(coef, np.float64) / self.scale, intercept)

    def coefficients(self, point: Doubles) -> tuple[Doubles, Doubles]:
        """See `Objective`; for rows as they are."""
        coef, intercept = super().coefficients(point)
        return coef * self.scale, intercept


def curvature(objective: SampleObjective, point: Doubles, rng: np.random.Generator) -> Preconditioner:
    """The finest picture of the curvature at `point` that costs less than the passes that it saves.

    Under the penalty that a fit in stages begins with.
    """
    asked = objective.penalty
    objective.penalty = strong(objective)
    try:
        return _curvature(objective, point, rng)
    finally:
        objective.penalty = asked


def _curvature(objective: SampleObjective, point: Doubles, rng: np.random.Generator) -> Preconditioner:
    d = objective.d
    residual = np.empty((objective.R, objective.n), objective.dtype)
    objective.at(point, keep=residual)
    if ExactHessian.pays(objective):
        # A class that the sample can tell without error has no curvature there, and on all rows it has.
        return ExactHessian(objective, residual, WEAK * spread(objective) * objective.variance)
    inner: Preconditioner
    dear = 5 * d**2 > 200 * objective.counts.sum()
    if objective.R * (d + 1) ** 2 * objective.dtype.itemsize < MATRICES and not dear:
        most = max(1000, 4 * d, rows_in(objective, SAMPLE_BYTES // 4))
        inner = ClassCurvature(objective, residual, rng, rows=3, most=most)
    else:
        inner = SharedCurvature(objective, rng)
    return SampledHessian(objective, residual, inner, sample_size(objective), rng)


def rough(sample: SampleObjective, rows: int, *, tol: float, max_iter: int, seed: int) -> Solution:
    """Minimise loosely over a sample of `rows` rows.

    The same C, as fewer rows need a stronger penalty; where that is weak, the first that is not: see `stages`.
    """
    asked = sample.penalty
    sample.penalty = max(asked * rows / sample.n, strong(sample))
    try:
        return minimise(sample, tol=max(START_TOL, tol), max_iter=max_iter, seed=seed)
    finally:
        sample.penalty = asked


class AllRows(SampleObjective):
    """The objective of `n` rows: F and its gradient are sums over them, all else is known from the sample."""

    def __init__(self, sample: SampleObjective, n: int) -> None:
        self.__dict__.update(sample.__dict__)
        self.n_passes, self.n_all = 0, n
        self.picture_rows = max(self.picture_rows, n // CHEAP)

    def at(self, point: Doubles, keep: Floats | None = None) -> Evaluated:
        """F and gradient at `point` (R, d+1) over all rows; where residuals are to be kept, over the sample."""
        if keep is not None:
            self.n_passes -= 1  # no pass over all rows
            return super().at(point, keep)
        self.n_passes += 1
        return self.whole(point)

    def whole(self, point: Doubles) -> Evaluated:
        """F and gradient over all rows."""
        raise NotImplementedError


class RowsInMemory(AllRows):
    """`AllRows` of an `Objective`, whose penalty is in its hands from now on."""

    def __init__(self, sample: SampleObjective, every: Objective) -> None:
        super().__init__(sample, every.n)
        self.every = every

    def whole(self, point: Doubles) -> Evaluated:
        """F and gradient over all rows."""
        self.every.penalty = self.penalty
        return self.every.at(point)

    def separated(self, value: float) -> bool:
        """Whether a loss of `value` proves that every row is on its own side of every boundary."""
        return self.every.separated(value)


def usual_rows(d: int) -> int:
    """How many rows of `d` columns a sample has."""
    return max(SAMPLE_ROWS, EACH * d)


def are_many(rows: object, n: int, d: int) -> bool:
    """Whether so many rows are in memory that beginning with a sample pays."""
    return isinstance(rows, np.ndarray) and n >= MANY * usual_rows(d)


def minimise_many(
    objective: Objective, *, tol: float, max_iter: int, seed: int, start: Doubles | None = None,
    listeners: Sequence[Listener] = (), keep_weights: bool = False,
) -> Solution:  # fmt: skip
    """`minimise` over rows that `are_many`: a loose fit to a sample, the curvature there, then all rows.

    Passes are those over all rows; their seconds count from here. Where there is a `start`, none is looked for; where
    the fit to the sample does not converge, it is W = 0 as always. A sample that has led nowhere, or not after LONG
    passes, is let go. Ctrl-C before the first pass leaves the coefficients of the sample.
    """
    began = time.perf_counter()
    settings: dict[str, Any] = {
        "tol": tol, "seed": seed, "keep_weights": keep_weights, "clock": clock_from(began), "listeners": listeners,
    }  # fmt: skip
    if start is not None:
        return minimise(objective, start=start, max_iter=max_iter, **settings)
    rng = np.random.default_rng(seed)
    sample = _sample(objective, rng)
    try:
        found = rough(sample, objective.n, tol=tol, max_iter=max_iter, seed=seed)
        interrupted = found.history.outcome.startswith("interrupted")
        if not interrupted and not found.history.converged:
            return minimise(objective, max_iter=max_iter, **settings)
        everything = RowsInMemory(sample, objective)
        try:
            if not interrupted:
                with single_threaded_blas():
                    inverse = curvature(everything, found.point, rng)
        except KeyboardInterrupt:
            interrupted = True
        if interrupted:
            return Solution(found.point, FitHistory((), False, INTERRUPTED))
        led = minimise(
            everything,
            start=found.point,
            inverse=inverse,
            staged=True,
            max_iter=min(LONG, max_iter),
            **settings,
        )
    finally:
        sample.close()
    used = led.history.passes[-1].number if led.history.passes else 0
    lost = led.history.outcome.startswith("not converged") and led.history.outcome != SEPARATED
    if not lost or used >= max_iter:
        return led
    objective.penalty = everything.penalty
    settings |= {"clock": clock_from(began), "listeners": [_numbered(one, used) for one in listeners]}
    alone = minimise(objective, start=led.point, max_iter=max_iter - used, **settings)
    passes = led.history.passes + tuple(_later(one, used) for one in alone.history.passes)
    return Solution(alone.point, FitHistory(passes, alone.history.converged, alone.history.outcome))


def clock_from(began: float) -> Callable[[], float]:
    """A clock that says `began` when it is first looked at."""
    first = [began]
    return lambda: first.pop() if first else time.perf_counter()


def _later(one: Pass, used: int) -> Pass:
    return replace(one, number=one.number + used)


def _numbered(listener: Listener, used: int) -> Listener:
    return lambda one: listener(_later(one, used))


def _sample(objective: Objective, rng: np.random.Generator) -> SampleObjective:
    """Half of the rows by mass, half by leverage, as `SurveyTask` draws them; of rare classes more."""
    n, K = objective.n, objective.n_classes
    size = usual_rows(objective.d)
    spread = np.where(objective.constant, np.inf, objective.variance)
    leverage = objective.leverage(np.ones((1, n), objective.dtype), spread[None])[0].astype(np.float64)
    chance = chances(objective.mass + leverage / max(leverage.mean(), 1e-300), size)
    counts = np.bincount(objective.labels[objective.mass > 0], minlength=K)
    chance = np.maximum(chance, np.minimum(1, size / (2 * K) / np.maximum(counts, 1))[objective.labels])
    chance[objective.mass == 0] = 0
    drawn = np.flatnonzero(rng.random(n) < chance)
    survey = Survey(
        n, objective.dtype, counts, objective.mean, objective.variance * n, ~objective.constant,
        [Piece(0, objective.X[drawn], objective.labels[drawn], objective.mass[drawn] / chance[drawn])],
    )  # fmt: skip
    masses = np.divide(objective.share * objective.total_mass, counts, out=np.zeros(K), where=counts > 0)
    sample = SampleObjective(
        survey, np.arange(K), masses, objective.penalty, None,
        fit_intercept=objective.fit_intercept, n_threads=objective.team.n_threads,
    )  # fmt: skip
    sample.mean = objective.mean  # a point means the same to both
    return sample
