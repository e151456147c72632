"""How good a model is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """A measured value and the interval that covers the true one with probability 0.95."""

    value: float
    low: float
    high: float
    method: str


@dataclass(frozen=True, slots=True)
class ClassScores:
    """How good the model is on one class; `support` images of it; areas None where one side is empty.

    Its curve is the entries `start` … `start + count − 1` of the arrays `threshold`, `false_positive_rate`,
    `true_positive_rate`, `precision`.
    """

    label: int
    support: int
    precision: Interval
    recall: Interval
    f1: Interval
    roc_auc: float | None
    average_precision: float | None
    start: int
    count: int


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Images whose top probability is within `low_edge` … `high_edge`: how sure, how often right, the interval."""

    low_edge: float
    high_edge: float
    count: int
    confidence: float | None
    accuracy: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class EvaluationSummary:
    """What was measured on the test images of the classes the model knows."""

    model: str
    classes: tuple[int, ...]
    n: int
    accuracy: Interval
    log_loss: Interval
    brier: Interval
    calibration_error: Interval
    by_class: tuple[ClassScores, ...]
    reliability: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True)
class PredictionsSummary:
    """Of which model, and which classes it knows."""

    model: str
    classes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ComparisonSummary:
    """Two models on the same test images (McNemar's exact test); `difference` accuracy of a less that of b."""

    a: str
    b: str
    n: int
    both_right: int
    only_a: int
    only_b: int
    both_wrong: int
    difference: Interval
    p_value: float
    sentence: str
