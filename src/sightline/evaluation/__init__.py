"""How good it is: numbers, each with an interval that says how sure we can be."""

from sightline.evaluation.record import Curve, Evaluation, Interval, Reliability

__all__ = ["Curve", "Evaluation", "Interval", "Reliability"]
