"""Why it decides so: the exact share of every pixel, and the smallest change that would flip it."""

from sightline.explanation.record import Change, Explanation, Neighbours

__all__ = ["Change", "Explanation", "Neighbours"]
