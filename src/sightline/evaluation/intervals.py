"""How sure one can be of a measured number: Wilson's interval of a share, the bootstrap for all else."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from sightline.evaluation.record import Interval

Doubles = npt.NDArray[np.float64]

DRAWS = 1000
CHUNK = 1_000_000
MOST_DRAWN = 20_000_000


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


def bootstrap(
    statistics: Mapping[str, Callable[[Doubles], Doubles]],
    n: int,
    rng: np.random.Generator,
    *,
    draws: int = DRAWS,
    level: float = 0.95,
) -> dict[str, Interval]:
    """Percentile intervals of statistics over resampled rows (Efron, 1979), all on the same resamples.

    Parameters
    ----------
    statistics : functions by name, from weights (m, n), each row how often each of n rows was drawn, to
        values (m,)
    n : int
        Rows.
    rng : numpy.random.Generator
    draws : int
        Resamples; fewer where n is so large that these would take long.
    level : float

    Returns
    -------
    dict of Interval
        The value of each is the statistic of the rows as they are.
    """
    draws = max(200, min(draws, MOST_DRAWN // n))
    size = max(1, CHUNK // n)
    drawn: dict[str, list[Doubles]] = {name: [] for name in statistics}
    for start in range(0, draws, size):
        count = min(size, draws - start)
        picked = rng.integers(0, n, size=(count, n)) + n * np.arange(count)[:, None]
        weights = np.bincount(picked.ravel(), minlength=count * n).reshape(count, n).astype(np.float64)
        for name, statistic in statistics.items():
            drawn[name].append(statistic(weights))
    once, found = np.ones((1, n)), {}
    for name, statistic in statistics.items():
        low, high = np.quantile(np.concatenate(drawn[name]), [(1 - level) / 2, (1 + level) / 2])
        value = float(statistic(once)[0])
        method = f"bootstrap, {draws:,} draws"
        found[name] = Interval(value, min(float(low), value), max(float(high), value), method, level)
    return found
