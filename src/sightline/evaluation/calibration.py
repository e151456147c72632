"""How far promises are off: the calibration error, and the interval that covers the true one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sightline.evaluation.curves import BINS, bins_of
from sightline.evaluation.record import Interval

Doubles = npt.NDArray[np.float64]

DRAWS = 1000
HALVINGS = 10
"""Of the range in which an end lies: to a thousandth of it."""
NEAR = 1e-12


def calibration_error(top: Doubles, right: npt.NDArray[np.bool_]) -> float:
    """Expected calibration error Σ_b (n_b/n) |accuracy_b − confidence_b| over equal bins of the top probability.

    Parameters
    ----------
    top : (n,) probability of the class that was decided
    right : (n,) whether it was the true one

    Returns
    -------
    float, 0…1
        Chance alone adds to it: of n images even of a perfectly calibrated model it is above 0.
    """
    return _Bins.of(top, right).error


def calibration_interval(
    top: Doubles, right: npt.NDArray[np.bool_], *, seed: int = 0, level: float = 0.95
) -> Interval:
    r"""Interval of the calibration error that very many images would have.

    The measured error is too large, for what chance does to each bin adds up, and resampled rows would only add to
    it once more: a bootstrap never covers a true error near 0. So each candidate error ε is asked whether
    it could well have led to the measured one, T. The gaps g_b of the bins that are likeliest, where they add
    up to ε, are |g_b| = max(0, |measured_b| − μ v_b) (above T, with + and no more than there is room), v_b the
    variance of a calibrated bin, μ the one number that makes Σ |g_b| = ε. Images are drawn from those, and ε is
    in the interval unless T lies beyond the share (1 − level) / 2 at either end of what is then measured.

    Parameters
    ----------
    top : (n,) probability of the class that was decided
    right : (n,) whether it was the true one
    seed : int
    level : float

    Returns
    -------
    Interval
        It always holds the measured error. What it therefore cannot miss at its upper end is given to the lower.

    Notes
    -----
    Source: Chuang and Lai, Hybrid resampling methods for confidence intervals, 2000. With no gap at all it is the
    consistency resampling of Bröcker and Smith, Increasing the reliability of reliability diagrams, 2007.
    """
    bins, tail = _Bins.of(top, right), (1 - level) / 2
    measured = bins.error
    counts = np.random.default_rng(seed).multinomial(bins.n, bins.count / bins.n, DRAWS)

    def not_too_low(candidate: float) -> bool:
        drawn = bins.drawn(candidate, counts, seed)
        missed_above = min(tail, float((drawn < candidate - NEAR).mean()))
        return bool((drawn >= measured - NEAR).mean() >= 2 * tail - missed_above)

    def not_too_high(candidate: float) -> bool:
        return bool((bins.drawn(candidate, counts, seed) <= measured + NEAR).mean() >= tail)

    low = 0.0 if not_too_low(0.0) else _end(measured, 0.0, not_too_low)
    most = min(float(bins.room.sum()), measured + 6 * float(np.sqrt(bins.variance).sum()) + 10 / bins.n)
    high = most if not_too_high(most) else _end(measured, most, not_too_high)
    return Interval(measured, low, high, f"inverted test, {DRAWS:,} draws", level)


def _end(inside: float, outside: float, held: Callable[[float], bool]) -> float:
    """Where candidates cease to be held, between one inside, which is kept in any case, and one outside."""
    start = inside
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if held(middle) else (inside, middle)
    return start if inside == start and not held(start) else outside


@dataclass(frozen=True, slots=True, eq=False)
class _Bins:
    """Bins that are not empty: `count` (B,) of images, `confidence` (B,) mean probability, `gap` (B,).

    `gap` is (n_b/n)(accuracy_b − confidence_b), `variance` that of it were the model calibrated.
    """

    n: int
    count: npt.NDArray[np.int64]
    confidence: Doubles
    gap: Doubles
    variance: Doubles

    @classmethod
    def of(cls, top: Doubles, right: npt.NDArray[np.bool_]) -> _Bins:
        place, n = bins_of(top), len(top)
        count = np.bincount(place, minlength=BINS)
        sums = [np.bincount(place, one, minlength=BINS)[count > 0] for one in (top, right, top * (1 - top))]
        count = count[count > 0]
        return cls(n, count, sums[0] / count, (sums[1] - sums[0]) / n, sums[2] / n**2 + 1e-12)

    @property
    def error(self) -> float:
        return float(np.abs(self.gap).sum())

    @property
    def room(self) -> Doubles:
        """The largest |gap| of each bin on its side of 0."""
        room: Doubles = np.where(self.gap >= 0, 1 - self.confidence, self.confidence) * self.count / self.n
        return np.maximum(room, np.abs(self.gap))

    def gaps(self, total: float) -> Doubles:
        """The likeliest gaps whose sizes add up to `total`."""
        size, side, room = np.abs(self.gap), np.where(self.gap >= 0, 1.0, -1.0), self.room
        way = 1.0 if total > self.error else -1.0
        low, high = 0.0, float(((room if way > 0 else size) / self.variance).max())
        for _ in range(45):
            middle = (low + high) / 2
            reached = float(np.clip(size + way * middle * self.variance, 0, room).sum())
            low, high = (middle, high) if way * (total - reached) > 0 else (low, middle)
        gaps: Doubles = side * np.clip(size + way * high * self.variance, 0, room)
        return gaps

    def drawn(self, total: float, counts: npt.NDArray[np.int64], seed: int) -> Doubles:
        """Errors (draws,) of so many images (draws, B), were the gaps those of `total`."""
        accuracy = np.clip(self.confidence + self.gaps(total) * self.n / self.count, 0, 1)
        hits = np.random.default_rng(seed + 1).binomial(counts, accuracy)
        drawn: Doubles = np.abs(hits - counts * self.confidence).sum(axis=1) / self.n
        return drawn
