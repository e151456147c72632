"""How it learns: logistic regression and its solver; knows nothing of images."""

from sightline.logistic.classifier import LogisticRegression
from sightline.logistic.functions import sigmoid, softmax
from sightline.logistic.history import FitHistory, Pass
from sightline.logistic.path import Path
from sightline.logistic.selected import LogisticRegressionCV
from sightline.logistic.simulate import Simulation, simulate

__all__ = [
    "FitHistory",
    "LogisticRegression",
    "LogisticRegressionCV",
    "Pass",
    "Path",
    "Simulation",
    "sigmoid",
    "simulate",
    "softmax",
]
