"""Why it decides so: the exact share of every pixel, and the smallest change that would flip it."""

from sightline.explanation.linear import pixel_weights
from sightline.explanation.reasons import explain
from sightline.explanation.record import Change, Explanation, FeatureShares, Neighbours

__all__ = ["Change", "Explanation", "FeatureShares", "Neighbours", "explain", "pixel_weights"]
