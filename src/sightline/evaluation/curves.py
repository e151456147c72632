"""Curves over thresholds, and whether probabilities can be believed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

from sightline.evaluation.intervals import wilson
from sightline.evaluation.record import Curve, Reliability

Doubles = npt.NDArray[np.float64]
BINS = 10
MOST_POINTS = 1000


def curve(positive: npt.NDArray[np.bool_], score: Doubles) -> Curve:
    """One class against the rest, at every threshold that changes a decision (at most `MOST_POINTS`).

    Parameters
    ----------
    positive : (n,) bool, which rows are of the class
    score : (n,) its probability

    Returns
    -------
    Curve
        Areas are computed from all thresholds; NaN where one of the two sides is empty.
    """
    order = np.argsort(-score, kind="stable")
    ranked, hits = score[order], positive[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    true = np.cumsum(hits)[last].astype(np.float64)
    false = (last + 1) - true
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    threshold = np.append(np.inf, ranked[last])
    tpr = np.append(0.0, true / n_positive if n_positive else np.full(len(last), np.nan))
    fpr = np.append(0.0, false / n_negative if n_negative else np.full(len(last), np.nan))
    precision = np.append(1.0, true / (last + 1))
    kept = _corners(true, false)
    both = n_positive > 0 and n_negative > 0
    return Curve(
        threshold=threshold[kept],
        false_positive_rate=fpr[kept],
        true_positive_rate=tpr[kept],
        precision=precision[kept],
        roc_auc=float(roc_auc_score(positive, score)) if both else float("nan"),
        average_precision=float(average_precision_score(positive, score)) if n_positive else float("nan"),
    )


def _corners(true: Doubles, false: Doubles) -> npt.NDArray[np.int64]:
    """Points to keep: where the curve turns, thinned to `MOST_POINTS`; first and last always."""
    steps = np.stack([np.diff(true, prepend=0), np.diff(false, prepend=0)])
    straight = np.zeros(len(true), dtype=bool)
    straight[:-1] = steps[0, :-1] * steps[1, 1:] == steps[1, :-1] * steps[0, 1:]
    straight[0] = False
    kept = np.append(0, np.flatnonzero(~straight) + 1)
    if len(kept) > MOST_POINTS:
        kept = kept[np.unique(np.linspace(0, len(kept) - 1, MOST_POINTS).round().astype(np.int64))]
    return kept


def bins_of(top: Doubles) -> npt.NDArray[np.int64]:
    """Which of the `BINS` equal bins of 0…1 each probability is in; 1 is in the last."""
    return np.minimum((top * BINS).astype(np.int64), BINS - 1)


def reliability(top: Doubles, right: npt.NDArray[np.bool_]) -> Reliability:
    """Compare how sure the model was with how often it was right, bin by bin.

    Parameters
    ----------
    top : (n,) probability of the class that was decided
    right : (n,) whether it was the true one
    """
    place = bins_of(top)
    count = np.bincount(place, minlength=BINS)
    hits = np.bincount(place, right, minlength=BINS)
    empty = np.where(count > 0, 1.0, np.nan)
    low, high = wilson(hits, count)
    return Reliability(
        edges=np.linspace(0, 1, BINS + 1),
        count=count,
        confidence=np.bincount(place, top, minlength=BINS) / np.maximum(count, 1) * empty,
        accuracy=hits / np.maximum(count, 1) * empty,
        low=low * empty,
        high=high * empty,
    )
