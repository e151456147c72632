"""The regularisation path: many values of C, whole data and folds, each fit begun where the last one ended.

1. From the strongest penalty to the weakest; the first fit begins at W = 0, every other where the last two point to.
2. The curvature that one fit has found serves the next, under its own penalty, for REUSE fits.
3. A fold is the same rows with mass 0 for those held out. It begins at the whole data's minimum plus what set the
   fold apart one step before, and is handed the whole data's curvature: few passes are left to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.logistic.functions import log_softmax
from sightline.logistic.lbfgs import Solution, minimise
from sightline.logistic.objective import Objective
from sightline.logistic.precondition import ExactHessian
from sightline.logistic.sampled import SampledHessian

Floats = npt.NDArray[np.floating[Any]]
Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

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
        limit = costs[best].mean() + costs[best].std(ddof=1) / np.sqrt(costs.shape[1])
        return int(np.argmax(costs.mean(axis=1) <= limit))

    def standard_error(self, scoring: str = "log_loss") -> Doubles:
        """Standard error of each mean over the folds, (m,)."""
        costs = self._costs(scoring)
        result: Doubles = costs.std(axis=1, ddof=1) / np.sqrt(costs.shape[1])
        return result

    def _costs(self, scoring: str) -> Doubles:
        return self.loss if scoring == "log_loss" else 1 - self.accuracy


Progress = Callable[[int, int], object]
"""Called with how many of how many fits are done."""


def follow(
    objective: Objective,
    C: Doubles,
    held_out: Sequence[Flags],
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
    held_out : of each fold, (n,) bool, the rows that it is judged by
    tol, fold_tol : float
        Relative gap of the fits to all rows, and of those to the folds.
    max_iter, seed : as for `minimise`
    progress : callable

    Returns
    -------
    Path
    """
    total = objective.mass_sum
    whole = _Line(objective, total, tol, max_iter, seed)
    folds = []
    for rows in held_out:
        mass = np.where(rows, 0.0, objective.mass)
        share = float(mass.sum() / objective.mass.sum())
        folds.append(_Line(objective.with_mass(mass, 1.0), share * total, fold_tol, max_iter, seed))
    made: list[tuple[Solution, list[Solution]]] = []
    loss, accuracy = np.zeros((2, len(C), len(folds)))
    for i, one in enumerate(C):
        solution = whole.next(float(one), fresh=i % REUSE == 0)
        parts = []
        for j, (fold, rows) in enumerate(zip(folds, held_out, strict=True)):
            parts.append(fold.beside(float(one), whole))
            loss[i, j], accuracy[i, j] = _judged(fold.objective, parts[-1], rows)
            progress(i * (1 + len(folds)) + j + 2, len(C) * (1 + len(folds)))
        made.append((solution, parts))
    coefficients = [objective.coefficients(solution.point) for solution, _ in made]
    return Path(
        C=np.asarray(C, dtype=np.float64),
        coef=np.stack([W for W, _ in coefficients]),
        intercept=np.stack([b for _, b in coefficients]),
        objective=np.array([solution.history.passes[-1].objective for solution, _ in made]),
        converged=np.array([all(one.history.converged for one in (first, *rest)) for first, rest in made]),
        passes=np.array(
            [sum(one.history.passes[-1].number for one in (first, *rest)) for first, rest in made]
        ),
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

    def next(self, C: float, *, fresh: bool) -> Solution:
        """Fit, from where the last fits point to."""
        self.objective.penalty = 1 / (C * self.total)
        start = None
        if self.points:
            start = self.points[-1].copy()
            if len(self.points) > 1:
                start += self.points[-1] - self.points[-2]
        inverse = None if fresh or self.inverse is None else self.inverse.with_penalty(self.objective.penalty)
        solution = minimise(self.objective, start=start, inverse=inverse, **self.settings)
        self.inverse = self._curvature(solution)
        self.points = [*self.points[-1:], solution.point]
        return solution

    def _curvature(self, solution: Solution) -> SampledHessian | None:
        """The Hessian on a sample, at the minimum; None where the problem is so small that it has all of it."""
        inner = solution.inverse.inner if isinstance(solution.inverse, SampledHessian) else solution.inverse
        if inner is None or ExactHessian.pays(self.objective):
            return None
        residual = np.empty((self.objective.R, self.objective.n), self.objective.dtype)
        self.objective.at(solution.point, keep=residual)
        size = max(2000, 11 * self.objective.d)
        return SampledHessian(
            self.objective, residual, inner, size, np.random.default_rng(self.settings["seed"])
        )

    def beside(self, C: float, whole: _Line) -> Solution:
        """Fit, from the whole data's minimum plus what was the difference one step before."""
        self.objective.penalty = 1 / (C * self.total)
        start = whole.points[-1].copy()
        if self.points:
            start += self.points[-1] - whole.points[-2]
        inverse = None if whole.inverse is None else whole.inverse.with_penalty(self.objective.penalty)
        solution = minimise(self.objective, start=start, inverse=inverse, **self.settings)
        self.points = [solution.point]
        return solution


def _judged(objective: Objective, solution: Solution, rows: Flags) -> tuple[float, float]:
    """Mean log loss and accuracy on the rows held out."""
    Z = objective.scores(solution.point)[rows].astype(np.float64)
    if Z.shape[1] == 1:
        Z = np.column_stack([np.zeros(len(Z)), Z[:, 0]])
    labels = objective.labels[rows]
    losses = -log_softmax(Z)[np.arange(len(Z)), labels]
    return float(losses.mean()), float((Z.argmax(axis=1) == labels).mean())
