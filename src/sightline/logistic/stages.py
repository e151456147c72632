"""A weak penalty is lowered step by step: each minimum is near the one of a penalty ten times as strong.

Far from the minimum of a weak penalty, the curvature at one point says little about the next, and steps get tiny.
Followed from a stronger penalty, the minimum is never far (a homotopy; the regularisation path in a few strides).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sightline.logistic.history import Pass
from sightline.logistic.objective import Doubles, Evaluated, Objective
from sightline.logistic.precondition import ExactHessian

WEAK, STAGE = 1e-3, 1e-2
"""A penalty below WEAK times the columns' mean curvature is come to in stages, each left at a gap of STAGE."""


def spread(objective: Objective) -> float:
    """p (1 − p) at W = 0, the mean over the classes: what a column's variance is multiplied by in its curvature."""
    return float((objective.share * (1 - objective.share)).mean())


def strong(objective: Objective) -> float:
    """The penalty to begin with: the one asked for, where that is not weak."""
    curved = objective.variance[~objective.constant]
    first = WEAK * float(curved.mean()) * spread(objective) if curved.size else 0.0
    weak = 0 < objective.penalty < first and not ExactHessian.pays(objective)
    return first if weak else objective.penalty


def planned(objective: Objective) -> list[float]:
    """Set the first penalty and return those still to come; none where the penalty asked for is not weak."""
    first, last = strong(objective), objective.penalty
    if first == last:
        return []
    count = int(np.ceil(np.log10(first / last)))
    penalties = np.geomspace(first, last, count + 1).tolist()
    objective.penalty = penalties[0]
    return [*penalties[1:-1], last]


def done(track: Sequence[Pass]) -> bool:
    """Whether the passes of one stage have come near enough to its minimum."""
    return bool(track and track[-1].gap <= STAGE * track[-1].objective)


def under(objective: Objective, point: Doubles, now: Evaluated, penalty: float) -> Evaluated:
    """F and its gradient at `point` under another penalty, from those under the present one."""
    more, W = penalty - objective.penalty, point[:, :-1]
    gradient = now.gradient.copy()
    gradient[:, :-1] += more * W
    return Evaluated(now.value + 0.5 * more * float((W * W).sum()), gradient)
