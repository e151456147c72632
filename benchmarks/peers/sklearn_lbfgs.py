"""scikit-learn's lbfgs, followed at every iteration through its callback (scikit-learn 1.9 or later)."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from peers.peer import Peer, fit_quietly
from watch import Enough, Watch
from works import Work

QUICK = 5.0
"""Seconds; in fits longer than this, what the callback costs is lost in the noise."""


class Lbfgs(Peer):
    """L-BFGS of SciPy around scikit-learn's loss; `wide` for float64 data."""

    def __init__(self, *, wide: bool = False) -> None:
        self.key = "lbfgs-float64" if wide else "lbfgs"
        self.name = f"scikit-learn lbfgs {'float64' if wide else 'float32'}"
        self.wide = self.on_request = wide

    def missing(self) -> str:
        """It can be followed only where scikit-learn has callbacks."""
        return "" if hasattr(LogisticRegression, "set_callbacks") else "needs scikit-learn 1.9"

    def run(self, work: Work, watch: Watch, threads: int) -> str:
        """One followed fit; where it is short, one more that nobody follows sets the clock right."""
        X = work.X.astype(np.float64) if self.wide else work.X
        model = LogisticRegression(C=work.C, tol=1e-12, max_iter=20_000)
        model.set_callbacks(_Follow(watch))
        ended = "stopped by itself"
        watch.start()
        try:
            fit_quietly(model, work, X)
            watch.take(model.coef_, model.intercept_, int(model.n_iter_[0]))
        except Enough as enough:
            ended = str(enough)
        last = watch.points[-1]
        if last.seconds < QUICK:
            plain = LogisticRegression(C=work.C, tol=1e-12, max_iter=last.count)
            began = time.perf_counter()
            fit_quietly(plain, work, X)
            watch.scale(min(1.0, (time.perf_counter() - began) / last.seconds))
        return ended


class _Follow:
    """A scikit-learn callback that shows every iteration to the watch."""

    def __init__(self, watch: Watch) -> None:
        self.watch, self.count = watch, 0

    def setup(self, estimator: Any, context: Any) -> None:
        """Nothing to set up."""

    def teardown(self, estimator: Any, context: Any) -> None:
        """Nothing to take down."""

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Nothing to see yet."""

    def on_fit_task_end(self, estimator: Any, context: Any, *, fitted_estimator: Any) -> None:
        """An iteration is done, or, without a parent, the whole fit, which `run` itself writes down."""
        if context.parent is not None and fitted_estimator is not None:
            self.count += 1
            self.watch.look(fitted_estimator.coef_, fitted_estimator.intercept_, self.count)
