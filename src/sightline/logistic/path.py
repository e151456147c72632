"""The regularisation path: many values of C, whole data and folds, each fit begun where the last one ended.

1. From the strongest penalty to the weakest; the first fit begins at W = 0, every other where the last two point to.
2. The curvature that one fit has found serves the next, under its own penalty, for REUSE fits.
3. A fold is the same rows with mass 0 for those it does not learn from. It begins at the whole data's minimum plus
   what set the fold apart one step before, and is handed the whole data's curvature: few passes are left to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sightline.logistic.functions import log_probability
from sightline.logistic.history import FitHistory
from sightline.logistic.lbfgs import Solution, minimise
from sightline.logistic.objective import Objective
from sightline.logistic.precondition import ExactHessian
from sightline.logistic.sampled import SampledHessian, sample_size

Floats = npt.NDArray[np.floating[Any]]
Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

REUSE = 3
"""So many fits share one picture of the curvature."""


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """What became of every value of C.

    Attributes
    ----------
    C : (m,) ascending
    coef : (m, R, d), intercept : (m, R), of the fits to all rows
    objective : (m,), F of those fits
    converged : (m,) bool, of all fits with this C
    passes : (m,) int, over the rows, those of the folds included
    loss, accuracy : (m, folds), mean log loss (natural) and share of right answers on the rows held out
    """

    C: Doubles
    coef: Doubles
    intercept: Doubles
    objective: Doubles
    converged: Flags
    passes: npt.NDArray[np.int64]
    loss: Doubles
    accuracy: Doubles

    def best(self, scoring: str = "log_loss") -> int:
        """Which C has the lowest mean loss, or the highest mean accuracy (the smaller C where several have)."""
        return int(np.argmin(self._costs(scoring).mean(axis=1)))

    def one_standard_error(self, scoring: str = "log_loss") -> int:
        """The smallest C whose mean is within one standard error (over the folds) of the best one's.

        Breiman et al., Classification and Regression Trees (1984), section 3.4.3.
        """
        costs = self._costs(scoring)
        best = self.best(scoring)
        limit = costs[best].mean() + self.standard_error(scoring)[best]
        return int(np.argmax(costs.mean(axis=1) <= limit))

    def standard_error(self, scoring: str = "log_loss") -> Doubles:
        """Standard error of each mean over the folds, (m,)."""
        costs = self._costs(scoring)
        result: Doubles = costs.std(axis=1, ddof=1) / np.sqrt(costs.shape[1])
        return result

    def _costs(self, scoring: str) -> Doubles:
        return self.loss if scoring == "log_loss" else 1 - self.accuracy


class Fold(NamedTuple):
    """`times` (n,) that each row is learned from, 0 for those that are not, and the numbers of the rows `judged`."""

    times: Integers
    judged: Integers


Progress = Callable[[int, int], object]
"""Called with how many of how many fits are done."""


def follow(
    objective: Objective,
    C: Doubles,
    folds: Sequence[Fold],
    *,
    tol: float,
    fold_tol: float,
    max_iter: int = 1000,
    seed: int = 0,
    progress: Progress = lambda done, of: None,
) -> Path:
    """Fit every C to all rows and to every fold.

    Parameters
    ----------
    objective : Objective
        Of all rows; its penalty is set anew.
    C : (m,) ascending, positive and finite
    folds : sequence of Fold, two or more
    tol, fold_tol : float
        Relative gap of the fits to all rows, and of those to the folds.
    max_iter, seed : as for `minimise`
    progress : callable

    Returns
    -------
    Path

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C, at once: part of a path chooses nothing.
    """
    total = objective.mass_sum
    whole = _Line(objective, total, tol, max_iter, seed)
    lines = []
    for times, _ in folds:
        mass = objective.mass * times
        share = float(mass.sum() / objective.mass.sum())
        lines.append(_Line(objective.with_mass(mass, 1.0), share * total, fold_tol, max_iter, seed))
    histories: list[list[FitHistory]] = []
    coefficients: list[tuple[Doubles, Doubles]] = []
    loss, accuracy = np.zeros((2, len(C), len(folds)))
    for i, one in enumerate(C):
        histories.append([whole.next(float(one), fresh=i % REUSE == 0)])
        coefficients.append(objective.coefficients(whole.points[-1]))
        for j, (line, (_, judged)) in enumerate(zip(lines, folds, strict=True)):
            histories[-1].append(line.beside(float(one), whole))
            loss[i, j], accuracy[i, j] = _judged(line.objective, line.points[-1], judged)
            progress(i * (1 + len(folds)) + j + 2, len(C) * (1 + len(folds)))
    return Path(
        C=np.asarray(C, dtype=np.float64),
        coef=np.stack([W for W, _ in coefficients]),
        intercept=np.stack([b for _, b in coefficients]),
        objective=np.array([first.passes[-1].objective for first, *_ in histories]),
        converged=np.array([all(one.converged for one in row) for row in histories]),
        passes=np.array([sum(one.passes[-1].number for one in row) for row in histories]),
        loss=loss,
        accuracy=accuracy,
    )


class _Line:
    """Fits of one objective at one C after another."""

    def __init__(self, objective: Objective, total: float, tol: float, max_iter: int, seed: int) -> None:
        self.objective, self.total = objective, total
        self.settings: dict[str, Any] = {"tol": tol, "max_iter": max_iter, "seed": seed}
        self.points: list[Doubles] = []
        self.inverse: SampledHessian | None = None

    def next(self, C: float, *, fresh: bool) -> FitHistory:
        """Fit, from where the last fits point to."""
        start = None
        if self.points:
            start = self.points[-1].copy()
            if len(self.points) > 1:
                start += self.points[-1] - self.points[-2]
        solution = self._fit(C, start, None if fresh else self.inverse)
        self.inverse = self._curvature(solution)
        return solution.history

    def beside(self, C: float, whole: _Line) -> FitHistory:
        """Fit, from the whole data's minimum plus what was the difference one step before."""
        start = whole.points[-1].copy()
        if self.points:
            start += self.points[-1] - whole.points[-2]
        return self._fit(C, start, whole.inverse).history

    def _fit(self, C: float, start: Doubles | None, inverse: SampledHessian | None) -> Solution:
        self.objective.penalty = penalty = 1 / (C * self.total)
        known = None if inverse is None else inverse.with_penalty(penalty)
        solution = minimise(self.objective, start=start, inverse=known, **self.settings)
        if solution.history.outcome.startswith("interrupted"):
            raise KeyboardInterrupt  # the minimiser keeps its best point, but the next fit must not begin
        self.points = [*self.points[-1:], solution.point]
        return solution

    def _curvature(self, solution: Solution) -> SampledHessian | None:
        """The Hessian on a sample, at the minimum; None where the problem is so small that it has all of it."""
        inner = solution.inverse.inner if isinstance(solution.inverse, SampledHessian) else solution.inverse
        if inner is None or ExactHessian.pays(self.objective):
            return None
        residual = np.empty((self.objective.R, self.objective.n), self.objective.dtype)
        self.objective.at(solution.point, keep=residual)
        size = sample_size(self.objective)
        return SampledHessian(
            self.objective, residual, inner, size, np.random.default_rng(self.settings["seed"])
        )


def _judged(objective: Objective, point: Doubles, rows: Integers) -> tuple[float, float]:
    """Mean log loss and accuracy on some rows."""
    logs = log_probability(objective.scores(point)[rows].astype(np.float64))
    labels = objective.labels[rows]
    right = logs.argmax(axis=1) == labels
    return float(-logs[np.arange(len(rows)), labels].mean()), float(right.mean())
