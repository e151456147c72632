"""How things move: shares of a way as functions of time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np


def ease(t: float, begin: float = 0.0, seconds: float = 1.0) -> float:
    """Return how much of a movement is done at `t`: 0 before `begin`, 1 `seconds` later, gently in between.

    6 s⁵ − 15 s⁴ + 10 s³: starts and ends without a jerk, its first two derivatives are 0 there.
    """
    s = ramp(t, begin, seconds)
    return s * s * s * (s * (6 * s - 15) + 10)


def ramp(t: float, begin: float = 0.0, seconds: float = 1.0) -> float:
    """Return how much of a movement at even speed is done at `t`, 0…1."""
    if seconds <= 0:
        return float(t >= begin)
    return float(np.clip((t - begin) / seconds, 0.0, 1.0))


def between(start: float, end: float, share: float) -> float:
    """Return the value that lies `share` of the way from `start` to `end`."""
    return start + (end - start) * share


def through(t: float, *stops: tuple[float, float]) -> float:
    """Return the value at `t` of a way through stops (time, value), eased between each two.

    Examples
    --------
    >>> through(1.0, (0.0, 0.0), (2.0, 10.0))
    5.0
    """
    value = stops[0][1]
    for (begin, start), (stop, end) in pairwise(stops):
        if t >= begin:
            value = between(start, end, ease(t, begin, stop - begin))
    return value
