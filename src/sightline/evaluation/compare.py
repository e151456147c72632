"""Is one model really better than another? McNemar's test on the images that exactly one gets right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest, norm

from sightline.errors import UsageError
from sightline.evaluation.record import Evaluation, Interval


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same images.

    `both_right`, `only_a`, `only_b`, `both_wrong` numbers of images; `difference` accuracy of a minus that of
    b, with its interval; `p_value` how often chance alone would make them differ as much or more, if they
    were equally good.
    """

    both_right: int
    only_a: int
    only_b: int
    both_wrong: int
    difference: Interval
    p_value: float

    def __str__(self) -> str:
        better = "a" if self.only_a > self.only_b else "b"
        if self.p_value >= 0.05:
            return f"No difference that chance could not make (p = {self.p_value:.2g})."
        return (
            f"Model {better} is better (p = {self.p_value:.2g}): {self.only_a} against {self.only_b} images."
        )


def compare(a: Evaluation, b: Evaluation) -> Comparison:
    """Compare two models by McNemar's exact test.

    Under the null hypothesis each image that only one of them decides rightly is a fair coin:
    only_a ~ Binomial(only_a + only_b, 1/2), two-sided.

    Parameters
    ----------
    a, b : Evaluation
        Of the same images, row for row.

    Returns
    -------
    Comparison

    Raises
    ------
    UsageError
        They are of different images.

    Notes
    -----
    Sources: McNemar, 1947; the interval of the difference is Agresti and Min's, 2005 (Wald's with half an
    image added to each cell).
    """
    if not np.array_equal(a.labels, b.labels):
        raise UsageError(
            "the two evaluations are of different images", "Evaluate both models on the same data set."
        )
    right_a, right_b = a.predicted == a.labels, b.predicted == b.labels
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    n = len(a.labels)
    p_value = float(binomtest(only_a, only_a + only_b).pvalue) if only_a + only_b else 1.0
    return Comparison(
        both_right=int((right_a & right_b).sum()),
        only_a=only_a,
        only_b=only_b,
        both_wrong=int((~right_a & ~right_b).sum()),
        difference=_difference(only_a, only_b, n),
        p_value=p_value,
    )


def _difference(only_a: int, only_b: int, n: int, level: float = 0.95) -> Interval:
    q = float(norm.ppf((1 + level) / 2))
    x, y, m = only_a + 0.5, only_b + 0.5, n + 2.0
    middle = (x - y) / m
    half = q * float(np.sqrt(x + y - (x - y) ** 2 / m)) / m
    value = (only_a - only_b) / n
    return Interval(value, min(middle - half, value), max(middle + half, value), "Agresti and Min", level)
