"""Reading times off points."""

from __future__ import annotations

import math
from collections.abc import Sequence

from watch import Point

LEVELS = (1e-2, 1e-3, 1e-4, 1e-6)
"""Relative gaps (F − F*) / F* whose times every table tells."""
SMALLEST = 1e-16


def gap(point: Point, optimum: float) -> float:
    """(F − F*) / F*, never below `SMALLEST`."""
    return max(point.objective / optimum - 1, SMALLEST)


def best_so_far(points: Sequence[Point]) -> list[Point]:
    """Order by seconds, and keep each point that is lower than all before it."""
    kept: list[Point] = []
    for point in sorted(points, key=lambda one: one.seconds):
        if not kept or point.objective < kept[-1].objective:
            kept.append(point)
    return kept


def seconds_to(points: Sequence[Point], optimum: float, target: float) -> float:
    """Seconds until the relative gap is `target`; infinite where it never is.

    Between the first point at or below it and the one before, the logarithm of the gap is taken to fall evenly
    in time. A first point already below it counts as it stands.
    """
    before: Point | None = None
    for point in best_so_far(points):
        if gap(point, optimum) <= target:
            if before is None:
                return point.seconds
            high, low = math.log(gap(before, optimum)), math.log(gap(point, optimum))
            share = (high - math.log(target)) / (high - low)
            return before.seconds + share * (point.seconds - before.seconds)
        before = point
    return math.inf


def count_to(points: Sequence[Point], optimum: float, target: float) -> int | None:
    """Iterations at the first point at or below `target`."""
    return next((point.count for point in best_so_far(points) if gap(point, optimum) <= target), None)
