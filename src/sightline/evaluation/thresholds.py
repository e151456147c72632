"""What a threshold costs: how many are found, and how many false alarms are raised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sightline.errors import UsageError
from sightline.evaluation.record import Evaluation

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Thresholds:
    """One class, called wherever its probability reaches a threshold.

    `name`; `threshold` (m,) rising from 0 to 1; `true_positive`, `false_positive`, `false_negative`,
    `true_negative` (m,) numbers of images; `cost` (m,) as given by the price of each kind of error; `best`
    the index of the lowest cost (the middle one of equals).
    """

    name: str
    threshold: Doubles
    true_positive: Doubles
    false_positive: Doubles
    false_negative: Doubles
    true_negative: Doubles
    cost: Doubles
    best: int


def thresholds(
    evaluation: Evaluation,
    k: int,
    *,
    false_alarm: float = 1.0,
    miss: float = 1.0,
    steps: int = 101,
) -> Thresholds:
    """Count what each threshold on the probability of class `k` does.

    Parameters
    ----------
    evaluation : Evaluation
    k : int, 0…K−1
    false_alarm, miss : float ≥ 0
        Price of calling an image the class that is not, and of not calling one that is.
    steps : int
        Thresholds, evenly spaced in 0…1.

    Raises
    ------
    UsageError
        No such class.

    Notes
    -----
    Law: where probabilities are right, the lowest cost is at false_alarm / (false_alarm + miss).
    """
    if not 0 <= k < len(evaluation.classes):
        raise UsageError(f"there is no class {k}", f"Give 0…{len(evaluation.classes) - 1}.")
    positive = evaluation.labels == k
    score = evaluation.probability[:, k]
    asked = np.linspace(0, 1, steps)
    hits = _at_least(score[positive], asked)
    alarms = _at_least(score[~positive], asked)
    misses = positive.sum() - hits
    cost = false_alarm * alarms + miss * misses
    equal = np.flatnonzero(cost == cost.min())
    return Thresholds(
        name=evaluation.classes[k],
        threshold=asked,
        true_positive=hits,
        false_positive=alarms,
        false_negative=misses,
        true_negative=(~positive).sum() - alarms,
        cost=cost,
        best=int(equal[len(equal) // 2]),
    )


def _at_least(score: Doubles, asked: Doubles) -> Doubles:
    return (len(score) - np.searchsorted(np.sort(score), asked, side="left")).astype(np.float64)
