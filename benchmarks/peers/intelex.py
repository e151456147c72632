"""Intel's extension for scikit-learn: lbfgs around the loss of oneDAL. Optional: scikit-learn-intelex."""

from __future__ import annotations

from importlib import import_module
from typing import Any, ClassVar

from peers.peer import WholeFits
from works import Work


class Intelex(WholeFits):
    """L-BFGS of SciPy around Intel's loss."""

    key, name, package = "intelex", "scikit-learn-intelex lbfgs float32", "sklearnex"
    grid: ClassVar = (10, 20, 40, 60, 90, 130, 180, 250, 350, 500, 700, 1000, 1400, 2000, 3000, 5000)

    def model(self, work: Work, iterations: int) -> Any:
        """A criterion of its own that never stops it first."""
        linear_model: Any = import_module("sklearnex.linear_model")
        return linear_model.LogisticRegression(C=work.C, tol=1e-12, max_iter=iterations)
