"""How good it is: numbers, each with an interval that says how sure we can be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A measured value and the interval that covers the true one with probability `level`."""

    value: float
    low: float
    high: float
    method: str
    level: float = 0.95

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One-versus-rest ROC and precision-recall of one class, one entry per threshold, falling.

    `threshold` (m,) probability from which on the class is called; `false_positive_rate`,
    `true_positive_rate` (the recall) and `precision` (m,); `roc_auc`, `average_precision` areas in 0…1.
    """

    threshold: FloatArray
    false_positive_rate: FloatArray
    true_positive_rate: FloatArray
    precision: FloatArray
    roc_auc: float
    average_precision: float


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Does 80 % sure mean right 80 % of the time? Equal-width bins of the top probability.

    `edges` (B+1,), `count` (B,), `confidence` (B,) mean probability and `accuracy` (B,) share right in
    each bin (NaN where a bin is empty), `low` and `high` (B,) Wilson interval of that share.
    """

    edges: FloatArray
    count: IntArray
    confidence: FloatArray
    accuracy: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Everything measured on one test set.

    `labels`, `predicted` (n,); `probability` (n, K); `confusion` (K, K), row = true class, column =
    predicted; `precision`, `recall`, `f1`, `support` (K,); `accuracy`, `log_loss`, `brier`,
    `calibration_error` are `Interval`; `macro` and `weighted` hold precision, recall, f1; `curves` has one
    `Curve` per class; `errors` the rows that are wrong, most confident first.
    """

    classes: tuple[str, ...]
    labels: IntArray
    predicted: IntArray
    probability: FloatArray
    confusion: IntArray
    precision: FloatArray
    recall: FloatArray
    f1: FloatArray
    support: IntArray
    accuracy: Interval
    log_loss: Interval
    brier: Interval
    calibration_error: Interval
    macro: dict[str, float]
    weighted: dict[str, float]
    reliability: Reliability
    curves: tuple[Curve, ...]
    errors: IntArray

    @property
    def n(self) -> int:
        """Images that accuracy and confusion are about: more than `labels` where those are a sample."""
        return int(self.support.sum())

    @property
    def n_wrong(self) -> int:
        """How many of these were decided wrongly."""
        return self.n - int(np.trace(self.confusion))

    def __repr__(self) -> str:
        return (
            f"Evaluation of {self.n:,} images in {len(self.classes)} classes: accuracy {self.accuracy}, "
            f"log loss {self.log_loss}"
        )

    def _repr_html_(self) -> str:
        """Numbers, confusion and classes, for notebooks."""
        from sightline.evaluation.card import card

        return card(self)
