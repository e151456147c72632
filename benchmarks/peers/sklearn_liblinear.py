"""scikit-learn's liblinear: a trust region Newton method, for two classes only, in float64, on one thread.

It penalises the intercept as if it were a weight of a column of ones. With a column of `SCALING` instead, the
intercept is `SCALING` times that weight, and its part of the penalty b² / (2 C n SCALING²) too small to matter.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn.linear_model import LogisticRegression

from peers.peer import WholeFits
from works import Work

SCALING = 300.0


class Liblinear(WholeFits):
    """Trust region Newton of LIBLINEAR."""

    key, name = "liblinear", "scikit-learn liblinear"
    grid: ClassVar = (1, 2, 3, 4, 6, 8, 10, 12, 15, 20, 30, 50, 100, 200, 500, 1000)
    threaded: ClassVar = False
    note: ClassVar = (
        f"liblinear: intercept_scaling = {SCALING:g}, so that the intercept is as good as not penalised; "
        "float64 inside"
    )

    def unfit(self, work: Work) -> str:
        """More than two classes."""
        return "" if work.n_classes == 2 else "two classes only"

    def model(self, work: Work, iterations: int) -> Any:
        """A criterion of its own that never stops it first."""
        return LogisticRegression(
            C=work.C, solver="liblinear", tol=1e-12, max_iter=iterations, intercept_scaling=SCALING
        )
