"""How the report writes numbers, and where in an image something lies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sightline.evaluation import Interval

THIN = "\u202f"
"""Narrow space that does not break, between a number and its unit."""


def percent(share: float, digits: int = 2) -> str:
    """Write a share in percent.

    Examples
    --------
    >>> percent(0.98054), percent(1, 0), percent(float("nan"))
    ('98.05\\u202f%', '100\\u202f%', '–')
    """
    return "–" if np.isnan(share) else f"{100 * share:.{digits}f}{THIN}%"


def sureness(probability: float) -> str:
    """Write a probability in percent without claiming certainty.

    Examples
    --------
    >>> sureness(0.9999), sureness(0.97), sureness(0.0001)
    ('more than 99\\u202f%', '97\\u202f%', 'less than 1\\u202f%')
    """
    if probability > 0.99:
        return f"more than 99{THIN}%"
    if probability < 0.01:
        return f"less than 1{THIN}%"
    return percent(probability, 0)


def percent_interval(interval: Interval, digits: int = 2) -> str:
    """Write the two ends of an interval in percent, as “97.8 to 98.3 %”."""
    return f"{100 * interval.low:.{digits}f} to {percent(interval.high, digits)}"


def seconds(duration: float) -> str:
    """Write a duration.

    Examples
    --------
    >>> seconds(0.0312), seconds(4.26), seconds(75)
    ('0.03\\u202fs', '4.3\\u202fs', '1\\u202fmin 15\\u202fs')
    """
    if duration < 1:
        return f"{duration:.2f}{THIN}s"
    if duration < 60:
        return f"{duration:.1f}{THIN}s"
    minutes, rest = divmod(round(duration), 60)
    return f"{minutes}{THIN}min {rest}{THIN}s"


def place(values: npt.NDArray[np.float64]) -> str:
    """Say in which ninth of an image the most of `values` (h, w[, 3], not negative) lies.

    Examples
    --------
    >>> spot = np.zeros((6, 6)); spot[0, 5] = 1
    >>> place(spot), place(np.zeros((6, 6)))
    ('at the upper right', 'nowhere')
    """
    flat = values.sum(axis=2) if values.ndim == 3 else values
    if not flat.any():
        return "nowhere"
    rows, columns = (np.array_split(np.arange(side), 3) for side in flat.shape)
    sums = [[flat[np.ix_(r, c)].sum() for c in columns] for r in rows]
    i, j = np.unravel_index(int(np.argmax(sums)), (3, 3))
    if i == j == 1:
        return "in the centre"
    upright, sideways = ("upper", "", "lower")[i], ("left", "", "right")[j]
    if upright and sideways:
        return f"at the {upright} {sideways}"
    return f"at the {({'upper': 'top', 'lower': 'bottom'}[upright]) if upright else sideways}"


def listed(names: list[str]) -> str:
    """Join names with commas and a last “and”."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
