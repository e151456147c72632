"""Judging on more images than fit into memory: what can be added up, over all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from sightline.engine.sums import Sums
from sightline.evaluation.intervals import share_interval
from sightline.evaluation.judge import SMALLEST, scores_by_class
from sightline.evaluation.record import Evaluation, Interval

Doubles = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
LEVEL = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Sums over judged images.

    `confusion` (K, K), row = true class, column = predicted; `loss` and `brier` (2,): the sum of the log losses, or
    Brier scores, and that of their squares.
    """

    confusion: Codes
    loss: Doubles
    brier: Doubles

    @property
    def n(self) -> int:
        """Images judged."""
        return int(self.confusion.sum())


@dataclass(frozen=True, slots=True)
class TallyTask:
    """Judges a block of features: `classifier` has ``predict_proba`` and `classes_`, codes 0…K−1."""

    classifier: Any
    n_classes: int

    def __call__(self, index: int, X: npt.NDArray[Any], y: Codes) -> Tally:
        """See `Tally`."""
        K, rows = self.n_classes, np.arange(len(y))
        probability = np.zeros((len(y), K))
        probability[:, np.asarray(self.classifier.classes_, np.int64)] = self.classifier.predict_proba(X)
        truth = probability[rows, y]
        loss = -np.log(np.maximum(truth, SMALLEST))
        brier = np.square(probability).sum(axis=1) - 2 * truth + 1
        confusion = np.bincount(y * K + probability.argmax(axis=1), minlength=K * K).reshape(K, K)
        return Tally(confusion, _sums(loss), _sums(brier))

    @staticmethod
    def add(one: Tally, other: Tally) -> Tally:
        """Both."""
        return Tally(one.confusion + other.confusion, one.loss + other.loss, one.brier + other.brier)


def judged_blocks(sums: Sums, classifier: Any, n_classes: int, shown: Evaluation) -> Evaluation:
    """Judge a classifier on all blocks.

    Parameters
    ----------
    sums : who goes over the blocks of features
    classifier : fitted, its `classes_` codes 0…K−1
    n_classes : int, K
    shown : Evaluation
        Of some of the images, image by image.

    Returns
    -------
    Evaluation
        `shown`, with confusion, precision, recall, F1, accuracy, log loss and Brier score of all images. Labels,
        probabilities, curves, calibration and errors stay those of the images shown.
    """
    tally = sums.sum(TallyTask(classifier, n_classes))
    confusion, n = tally.confusion, tally.n
    precision, recall, f1 = scores_by_class(confusion)
    support = confusion.sum(axis=1)
    scores = {"precision": precision, "recall": recall, "f1": f1}
    return replace(
        shown,
        confusion=confusion,
        precision=precision,
        recall=recall,
        f1=f1,
        support=support,
        accuracy=share_interval(int(np.trace(confusion)), n),
        log_loss=_mean(tally.loss, n),
        brier=_mean(tally.brier, n),
        macro={name: float(values.mean()) for name, values in scores.items()},
        weighted={name: float(values @ support / n) for name, values in scores.items()},
    )


def _sums(values: Doubles) -> Doubles:
    return np.array([values.sum(), np.square(values).sum()])


def _mean(sums: Doubles, n: int) -> Interval:
    """Mean of n values by their sum and that of their squares: ± q σ / √n, q the normal quantile."""
    mean = float(sums[0] / n)
    sigma = float(np.sqrt(max(sums[1] / n - mean**2, 0.0)))
    half = float(norm.ppf((1 + LEVEL) / 2)) * sigma / n**0.5
    return Interval(mean, max(mean - half, 0.0), mean + half, "normal", LEVEL)
