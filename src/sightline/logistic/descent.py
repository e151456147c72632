"""Plain gradient descent beside the solver, pass for pass: to see why raw pixels defeat it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.logistic.history import Pass
from sightline.logistic.objective import Objective

Doubles = npt.NDArray[np.float64]
SAMPLE, TURNS = 2000, 30


class Descent:
    """w ← w − η ∂F/∂w with the one step length η = 1/L that is safe everywhere.

    L = ½ λ_max(Cov x) + λ bounds the curvature of the softmax loss (¼ for the sigmoid); λ_max is found by power
    iteration on a sample of the rows.

    Parameters
    ----------
    X : (n, m) features
    y : (n,) class numbers 0…K−1
    n_classes : int
    C : float
        As for `LogisticRegression`: the same objective, hence comparable.
    """

    def __init__(self, X: npt.NDArray[Any], y: npt.NDArray[np.int64], n_classes: int, C: float) -> None:
        self.objective = Objective(X, y, n_classes, np.ones(len(X)), 1.0 / (C * len(X)))
        self.point = self.objective.start()
        bound = 0.25 if self.objective.R == 1 else 0.5
        widest = _widest(X[:: max(1, len(X) // SAMPLE)].astype(np.float64))
        self.length = 1.0 / (bound * max(widest, 1.0) + self.objective.penalty)
        self.number, self.seconds = 0, 0.0
        self._gradient: Doubles | None = None

    def advance(self, clock: Any) -> Pass:
        """One pass over the data: a step along the last gradient, then F and its gradient there."""
        began = clock()
        step = 0.0
        if self._gradient is not None:
            self.point -= self.length * self._gradient
            step = self.length
        now = self.objective.at(self.point)
        self._gradient = now.gradient
        self.number += 1
        self.seconds += clock() - began
        coef, intercept = self.objective.coefficients(self.point)
        return Pass(
            number=self.number,
            seconds=self.seconds,
            objective=now.value,
            gradient=float(np.sqrt(np.square(now.gradient).sum())),
            gap=np.inf,
            bound=np.inf,
            step=step,
            coef=coef,
            intercept=intercept,
        )

    def close(self) -> None:
        """Let the threads go."""
        self.objective.close()


def _widest(X: Doubles) -> float:
    """Largest variance in any direction."""
    X = X - X.mean(axis=0)
    v = X.std(axis=0) + 1e-12
    size = 0.0
    for _ in range(TURNS):
        v = v / np.linalg.norm(v)
        v = X.T @ (X @ v) / len(X)
        size = float(np.linalg.norm(v))
    return size
