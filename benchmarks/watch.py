"""A stopwatch that stands still while the objective is computed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from works import Coefficients, Work

APART = 1.1
"""Of a fit that shows itself at every iteration, points this many times later than the last are kept."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where a fit was: after `seconds` at `objective`; `count` is what the solver counts, its iterations."""

    seconds: float
    objective: float
    count: int


class Enough(Exception):
    """The watched fit need not go on; its message says why, empty where it has reached the goal."""


class Watch:
    """Writes down how far a peer got, and says when it is enough.

    Parameters
    ----------
    work : Work
    goal : float
        An objective as low as this is enough.
    budget : float
        Most seconds for one fit.
    clock : callable
        Seconds.
    """

    def __init__(
        self, work: Work, *, goal: float, budget: float, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.work, self.goal, self.budget, self.clock = work, goal, budget, clock
        self.points: list[Point] = []
        self.start()

    def start(self) -> None:
        """A fit begins from nothing."""
        self._began, self._next = self.clock(), 0.0

    def look(self, coef: Coefficients, intercept: Coefficients, count: int) -> None:
        """A fit shows where it is, on its way. Most looks are passed over; the others cost it no time.

        Raises
        ------
        Enough
            The goal is reached, or the budget spent.
        """
        if self.clock() - self._began >= self._next:
            point = self.take(coef, intercept, count)
            self._next = APART * point.seconds
            if point.objective <= self.goal:
                raise Enough("")
            if point.seconds > self.budget:
                raise Enough(f"budget of {self.budget:g} s spent")

    def take(self, coef: Coefficients, intercept: Coefficients, count: int) -> Point:
        """A fit is here: write it down, the clock standing still meanwhile."""
        stopped = self.clock()
        point = Point(stopped - self._began, self.work.objective(coef, intercept), count)
        self.points.append(point)
        self._began += self.clock() - stopped
        return point

    def scale(self, factor: float) -> None:
        """Multiply all seconds, where watching itself is known to have slowed the fit."""
        self.points = [Point(one.seconds * factor, one.objective, one.count) for one in self.points]
