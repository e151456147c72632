"""scikit-learn's newton-cholesky: the whole Hessian, factorised at every iteration."""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn.linear_model import LogisticRegression

from peers.peer import WholeFits
from works import Work

MOST = 10_000
"""Weights; beyond, the Hessian takes more than 0.4 GB and minutes an iteration."""


class NewtonCholesky(WholeFits):
    """Newton with a factorised Hessian, for few weights."""

    key, name = "newton-cholesky", "scikit-learn newton-cholesky float32"
    grid: ClassVar = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 30, 50)

    def unfit(self, work: Work) -> str:
        """Too many weights."""
        rows = 1 if work.n_classes == 2 else work.n_classes
        weights = rows * (work.X.shape[1] + 1)
        return f"a Hessian of {weights:,}² numbers" if weights > MOST else ""

    def model(self, work: Work, iterations: int) -> Any:
        """A criterion of its own that never stops it first."""
        return LogisticRegression(C=work.C, solver="newton-cholesky", tol=1e-12, max_iter=iterations)
