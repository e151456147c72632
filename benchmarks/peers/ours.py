"""Sightline: whole fits, each asked for a relative gap."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from peers.peer import Peer, fit_quietly
from reading import gap
from sightline.logistic import LogisticRegression
from watch import Point, Watch
from works import Work

TOLERANCES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)


class Ours(Peer):
    """Our own solver."""

    key, name, package = "ours", "sightline float32", "sightline"

    def __init__(self, tolerances: tuple[float, ...] = TOLERANCES) -> None:
        self.tolerances = tolerances

    def seconds(self, points: Sequence[Point], optimum: float, target: float) -> float:
        """Seconds of the first whole fit that was asked for `target` or less and is there.

        Nothing is read off between fits, and no fit counts for more than it was asked for.
        """
        for tol, point in zip(self.tolerances, points, strict=False):
            if tol <= target and gap(point, optimum) <= target:
                return point.seconds
        return math.inf

    def run(self, work: Work, watch: Watch, threads: int) -> str:
        """One fit a tolerance, however good the last was."""
        for tol in self.tolerances:
            model = LogisticRegression(C=work.C, tol=tol, n_threads=threads)
            watch.start()
            fit_quietly(model, work)
            watch.take(model.coef_, model.intercept_, int(model.n_iter_[0]))
        return ""


def optimum(work: Work, threads: int) -> float:
    """The objective of our fit in float64 at the tolerance 1e-9: what stands for F* until one does better."""
    model = LogisticRegression(C=work.C, tol=1e-9, n_threads=threads)
    fit_quietly(model, work, work.X.astype(np.float64))
    return work.objective(model.coef_, model.intercept_)
