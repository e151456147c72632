"""How good it is: numbers, each with an interval that says how sure we can be."""

from sightline.evaluation.compare import Comparison, compare
from sightline.evaluation.judge import evaluate, evaluate_probabilities
from sightline.evaluation.record import Curve, Evaluation, Interval, Reliability
from sightline.evaluation.thresholds import Thresholds, thresholds

__all__ = [
    "Comparison",
    "Curve",
    "Evaluation",
    "Interval",
    "Reliability",
    "Thresholds",
    "compare",
    "evaluate",
    "evaluate_probabilities",
    "thresholds",
]
