"""What a peer is: a name, whether it can run here and on this work, and a way to fit that a watch can follow."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np

from reading import seconds_to
from watch import Point, Watch
from works import Work


class Peer(ABC):
    """A solver of the same problem.

    `key` names it on the command line, `name` in the tables; `package` is what must be installed;
    `on_request` says that it runs only where it is asked for; `threaded` that more than one
    thread can help it; `note` goes under the table.
    """

    key: str
    name: str
    package: ClassVar[str] = "sklearn"
    on_request: bool = False
    threaded: ClassVar[bool] = True
    note: ClassVar[str] = ""

    def missing(self) -> str:
        """Say what is not installed, or nothing."""
        return "" if find_spec(self.package) else f"{self.package} is not installed"

    def unfit(self, work: Work) -> str:
        """Say why it cannot do this work, or nothing."""
        return ""

    def seconds(self, points: Sequence[Point], optimum: float, target: float) -> float:
        """Seconds to a relative gap, read off between two points."""
        return seconds_to(points, optimum, target)

    @abstractmethod
    def run(self, work: Work, watch: Watch, threads: int) -> str:
        """Fit until it is enough, and say why it ended before, or nothing.

        Raises
        ------
        Enough
            As the watch does.
        """


class WholeFits(Peer):
    """A peer that shows nothing on its way: whole fits of more and more iterations, each from nothing."""

    grid: ClassVar[tuple[int, ...]]

    @abstractmethod
    def model(self, work: Work, iterations: int) -> Any:
        """A scikit-learn classifier that stops after so many iterations."""

    def run(self, work: Work, watch: Watch, threads: int) -> str:
        """Walk the grid until the goal, the peer's own end, or a fit that the budget has no room for."""
        seconds, before = 0.0, 1
        for iterations in self.grid:
            expected = seconds * iterations / before
            if expected > watch.budget:
                return f"{iterations} iterations would take some {expected:.0f} s, over the budget"
            model = self.model(work, iterations)
            watch.start()
            fit_quietly(model, work)
            count = int(np.max(model.n_iter_))
            point = watch.take(model.coef_, model.intercept_, count)
            if point.objective <= watch.goal:
                return ""
            if count < iterations:
                return "stopped by itself"
            seconds, before = point.seconds, iterations
        return "the last of its grid"


def fit_quietly(model: Any, work: Work, X: Any = None) -> None:
    """Fit without the warnings of fits that are cut short on purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(work.X if X is None else X, work.y)
