"""scikit-learn's newton-cg: few outer iterations, each with an inner conjugate gradient."""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn.linear_model import LogisticRegression

from peers.peer import WholeFits
from works import Work


class NewtonCg(WholeFits):
    """Truncated Newton."""

    key, name = "newton-cg", "scikit-learn newton-cg float32"
    grid: ClassVar = (1, 2, 3, 4, 6, 8, 10, 12, 15, 18, 22, 27, 33, 40, 50, 70, 100, 200)

    def model(self, work: Work, iterations: int) -> Any:
        """A criterion of its own that never stops it first."""
        return LogisticRegression(C=work.C, solver="newton-cg", tol=1e-12, max_iter=iterations)
