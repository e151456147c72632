"""How it learns: logistic regression and its solver; knows nothing of images."""

from sightline.logistic.classifier import LogisticRegression
from sightline.logistic.functions import sigmoid, softmax
from sightline.logistic.history import FitHistory, Pass
from sightline.logistic.simulate import Simulation, simulate

__all__ = ["FitHistory", "LogisticRegression", "Pass", "Simulation", "sigmoid", "simulate", "softmax"]
