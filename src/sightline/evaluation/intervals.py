"""How sure one can be of a measured number: Wilson's interval of a share, the bootstrap of a mean."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from sightline.engine.threads import single_threaded_blas
from sightline.evaluation.record import Interval

Doubles = npt.NDArray[np.float64]

DRAWS = 1000
CHUNK = 1_000_000
MOST_DRAWN = 20_000_000
FLAT = 1e-6
"""Resamples that hardly vary count as varying by this share of what the rows do."""


def wilson(successes: npt.ArrayLike, trials: npt.ArrayLike, level: float = 0.95) -> tuple[Doubles, Doubles]:
    r"""Wilson's score interval of a share, element by element.

        (p̂ + q²/2n ± q √(p̂(1−p̂)/n + q²/4n²)) / (1 + q²/n),    q the normal quantile of (1 + level)/2

    Parameters
    ----------
    successes, trials : array_like of counts
    level : float, 0…1

    Returns
    -------
    low, high : arrays in 0…1; 0 and 1 where there are no trials

    Examples
    --------
    >>> low, high = wilson(95, 100)
    >>> round(float(low), 4), round(float(high), 4)
    (0.8882, 0.9785)
    """
    k, n = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    q = float(norm.ppf((1 + level) / 2))
    m = np.maximum(n, 1)
    share = k / m
    middle = share + q**2 / (2 * m)
    half = q * np.sqrt(share * (1 - share) / m + q**2 / (4 * m**2))
    low, high = (middle - half) / (1 + q**2 / m), (middle + half) / (1 + q**2 / m)
    low, high = np.where(k == 0, 0.0, low), np.where(k == n, 1.0, high)
    return np.where(n > 0, low, 0.0), np.where(n > 0, high, 1.0)


def share_interval(successes: int, trials: int, level: float = 0.95) -> Interval:
    """Wilson's interval as an `Interval`."""
    low, high = wilson(successes, trials, level)
    return Interval(successes / trials, float(low), float(high), "Wilson score", level)


def f1_interval(hits: int, called: int, present: int, level: float = 0.95) -> Interval:
    r"""Interval of F1 = 2 J / (1 + J), J = hits / (called + present − hits): Wilson's of the share J, carried over.

    Of the images that are called the class or are of it, J is the share that is both.

    Parameters
    ----------
    hits, called, present : int
        Images of the class that were called it, all that were called it, all that are of it.
    level : float

    Returns
    -------
    Interval

    Examples
    --------
    >>> print(f1_interval(45, 50, 50))
    0.9000 [0.8212, 0.9463]
    """
    either = called + present - hits
    low, high = (2 * end / (1 + end) for end in wilson(hits, either, level))
    return Interval(2 * hits / max(called + present, 1), float(low), float(high), "Wilson score", level)


def bootstrap(
    values: Mapping[str, Doubles],
    rng: np.random.Generator,
    *,
    most: Mapping[str, float],
    draws: int = DRAWS,
    level: float = 0.95,
) -> dict[str, Interval]:
    r"""Intervals of means by the studentised bootstrap over resampled rows (Efron, 1981), all on the same resamples.

    With mean m and deviation s of the rows, and m*, s* those of a resample, the interval is
    [m − q₊ s, m − q₋ s], q the quantiles of (m* − m) / s*. Losses of a good model are skewed, few rows make most of
    the sum: quantiles of m* alone cover too seldom there, by 5 of 100.

    Parameters
    ----------
    values : (n,) ≥ 0 by name, one number a row
    rng : numpy.random.Generator
    most : the largest value that a row can have, by name
    draws : int
        Resamples; fewer where n is so large that these would take long.
    level : float

    Returns
    -------
    dict of Interval
        From a single row nothing follows: its interval is all there is.
    """
    names = list(values)
    x = np.column_stack([np.asarray(values[name], np.float64) for name in names])
    n, mean, deviation = len(x), np.array([values[name].mean() for name in names]), x.std(axis=0)
    centred = x - mean
    both = np.hstack([centred, np.square(centred)])
    draws = max(200, min(draws, MOST_DRAWN // n))
    size = max(1, CHUNK // n)
    drawn: list[Doubles] = []
    for start in range(0, draws, size):
        count = min(size, draws - start)
        picked = rng.integers(0, n, size=(count, n)) + n * np.arange(count)[:, None]
        weights = np.bincount(picked.ravel(), minlength=count * n).reshape(count, n).astype(np.float64)
        with single_threaded_blas():
            moved, spread = np.split(weights @ both / n, 2, axis=1)
        least = np.maximum(np.square(FLAT * deviation), 1e-300)
        drawn.append(moved / np.sqrt(np.maximum(spread - np.square(moved), least)))
    below, above = np.quantile(np.concatenate(drawn), [(1 - level) / 2, (1 + level) / 2], axis=0)
    found = {}
    for j, name in enumerate(names):
        value, end = float(mean[j]), most[name]
        low, high = value - above[j] * deviation[j], value - below[j] * deviation[j]
        if n == 1:
            low, high = 0.0, end
        low, high = min(max(float(low), 0.0), value), max(min(float(high), end), value)
        found[name] = Interval(value, low, high, f"bootstrap, {draws:,} draws", level)
    return found
