"""scikit-learn's saga: stochastic, one row at a time, on one thread."""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn.linear_model import LogisticRegression

from peers.peer import WholeFits
from works import Work


class Saga(WholeFits):
    """Stochastic average gradient with the correction that makes it unbiased."""

    key, name = "saga", "scikit-learn saga float32"
    grid: ClassVar = (1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10_240)
    threaded: ClassVar = False

    def model(self, work: Work, iterations: int) -> Any:
        """A criterion of its own that never stops it first; iterations are epochs."""
        return LogisticRegression(C=work.C, solver="saga", tol=1e-12, max_iter=iterations, random_state=0)
