"""When a fit is done: judged from the passes alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sightline.logistic.history import Pass


def near(passes: Sequence[Pass], tol: float, eps: float) -> bool:
    """Whether the gap is below `tol` of the objective: as predicted, twice or by far, and by outlook.

    Parameters
    ----------
    passes : so far, at least one
    tol : float
    eps : float
        Rounding of the dtype of the sums.
    """
    last = passes[-1]
    limit = tol * last.objective
    before = passes[-2].gap if len(passes) > 1 else np.inf
    predicted = last.gap <= limit and (before <= limit or last.gap <= 0.1 * limit)
    return bool(predicted and outlook(passes, eps) <= limit)


def outlook(passes: Sequence[Pass], eps: float) -> float:
    """What is left to gain if F goes on falling as it did: the tail of a geometric series.

    The prediction trusts the picture of the curvature. Where that misses directions in which F is nearly
    flat, every pass predicts next to nothing and gains it, again and again: the prediction alone would call
    that converged.
    """
    half = (len(passes) - 1) // 2
    return min(_tail(passes, min(span, half), eps) for span in (2, 5))


def _tail(passes: Sequence[Pass], span: int, eps: float) -> float:
    if span == 0:
        return 0.0
    early, middle, late = (passes[-1 - i * span].objective for i in (2, 1, 0))
    gained, ratio = middle - late, (middle - late) / max(early - middle, 1e-300)
    if gained <= 16 * eps * late:
        return 0.0
    return gained * ratio / (1 - ratio) if ratio < 1 else np.inf


def still(passes: Sequence[Pass], eps: float) -> bool:
    """Whether the last pass gained no more than rounding."""
    return _gained(passes, 1) <= 2 * eps * passes[-1].objective


def stuck(passes: Sequence[Pass], eps: float) -> bool:
    """Whether the last ten passes together gained no more than rounding."""
    return _gained(passes, 10) <= 2 * eps * passes[-1].objective


def _gained(passes: Sequence[Pass], span: int) -> float:
    return passes[-1 - span].objective - passes[-1].objective if len(passes) > span else float("inf")


def ended(
    kind: str, gap: float, value: float, dtype: np.dtype[Any], *, tol: float, max_iter: int | None
) -> str:
    """What to say of a fit that ended before it converged: `max_iter` passes are spent, or (None) no step is left.

    `kind` names the gap, such as "a duality gap".
    """
    if max_iter is not None:
        return (
            f"not converged: max_iter = {max_iter} passes reached with {kind} of {gap:.1e} of objective {value:.6g} "
            f"(wanted {tol:.0e} of it); raise max_iter or lower C"
        )
    remedy = "pass float64 data or lower C" if dtype == np.float32 else "lower C"
    return (
        f"not converged: {dtype} cannot resolve a smaller objective than {value:.6g} "
        f"(with {kind} of {gap:.1e}); {remedy}"
    )
