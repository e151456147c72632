"""Judging a model on images that it has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.dataset import Dataset
from sightline.errors import ModelError, UsageError
from sightline.evaluation.calibration import calibration_interval
from sightline.evaluation.curves import curve, reliability
from sightline.evaluation.intervals import bootstrap, share_interval
from sightline.evaluation.record import Evaluation
from sightline.model import Model

Doubles = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
SMALLEST = float(np.finfo(np.float64).eps)
"""Probabilities are kept this far from 0 in the log loss, as float64 resolves no smaller distance from 1, and as
scikit-learn does."""


def evaluate(model: Any, dataset: Dataset, *, seed: int = 0) -> Evaluation:
    """Judge a model on the test images of a data set.

    Parameters
    ----------
    model : Model, or any fitted classifier with ``predict_proba``
        One that learned from ``dataset.train.X`` and either ``dataset.train.y`` or the class names.
    dataset : Dataset
        Its test images are used; all of its images where it has no split.
    seed : int
        Draws the bootstrap; same seed, same intervals.

    Returns
    -------
    Evaluation

    Raises
    ------
    ModelError
        The model's classes are not those of the data set, or its images have another shape.

    Examples
    --------
    >>> from sightline.features import make_recipe
    >>> from sightline.sources import load
    >>> digits = load("digits")
    >>> model = make_recipe("pixels").fit(digits.train.X, digits.train.y)
    >>> bool(evaluate(model, digits).accuracy.value > 0.94)
    True
    """
    test = dataset if dataset.n_train is None else dataset.test
    return evaluate_probabilities(class_probabilities(model, test), test.labels, test.classes, seed=seed)


def class_probabilities(model: Any, dataset: Dataset) -> Doubles:
    """(n, K) probability of each class of the data set, whatever the model calls its classes."""
    if isinstance(model, Model):
        if model.classes != dataset.classes:
            raise ModelError(
                f"the model knows the classes {', '.join(model.classes[:6])}, "
                f"not {', '.join(dataset.classes[:6])}",
                "Judge it on images of the classes it learned.",
            )
        return np.asarray(model.predict_proba(dataset.images), dtype=np.float64)
    known = [_code(label, dataset) for label in model.classes_]
    probability = np.zeros((len(dataset), dataset.n_classes))
    probability[:, known] = model.predict_proba(dataset.X)
    return probability


def _code(label: Any, dataset: Dataset) -> int:
    if isinstance(label, (int, np.integer)) and 0 <= int(label) < dataset.n_classes:
        return int(label)
    if str(label) in dataset.classes:
        return dataset.classes.index(str(label))
    raise ModelError(
        f"the model knows a class {label} that '{dataset.name}' has not",
        f"Its classes are {', '.join(dataset.classes[:10])}.",
    )


def evaluate_probabilities(
    probability: Doubles, labels: Codes, classes: tuple[str, ...], *, seed: int = 0
) -> Evaluation:
    """Judge probabilities, wherever they came from.

    Parameters
    ----------
    probability : (n, K), rows that sum to 1
    labels : (n,) 0…K−1
    classes : K names
    seed : int

    Raises
    ------
    UsageError
        Shapes do not fit, or there are no rows.
    """
    n, K = len(labels), len(classes)
    if probability.shape != (n, K) or n == 0:
        raise UsageError(
            f"probabilities of shape {probability.shape} do not fit {n} labels of {K} classes",
            "Give one row for each label and one column for each class.",
        )
    predicted, rows = probability.argmax(axis=1), np.arange(n)
    right, top = predicted == labels, probability[rows, predicted]
    confusion = np.bincount(labels * K + predicted, minlength=K * K).reshape(K, K)
    precision, recall, f1 = scores_by_class(confusion)
    support = confusion.sum(axis=1)
    loss = -np.log(np.maximum(probability[rows, labels], SMALLEST))
    squares = np.square(probability).sum(axis=1) - 2 * probability[rows, labels] + 1
    intervals = bootstrap(
        {"log_loss": loss, "brier": squares},
        np.random.default_rng(seed),
        most={"log_loss": -float(np.log(SMALLEST)), "brier": 2.0},
    )
    wrong = np.flatnonzero(~right)
    by_class = {"precision": precision, "recall": recall, "f1": f1}
    return Evaluation(
        classes=classes,
        labels=labels,
        predicted=predicted,
        probability=probability,
        confusion=confusion,
        precision=precision,
        recall=recall,
        f1=f1,
        support=support,
        accuracy=share_interval(int(right.sum()), n),
        log_loss=intervals["log_loss"],
        brier=intervals["brier"],
        calibration_error=calibration_interval(top, right, seed=seed),
        macro={name: float(values.mean()) for name, values in by_class.items()},
        weighted={name: float(values @ support / n) for name, values in by_class.items()},
        reliability=reliability(top, right),
        curves=tuple(curve(labels == k, probability[:, k]) for k in range(K)),
        errors=wrong[np.argsort(-top[wrong], kind="stable")],
    )


def scores_by_class(confusion: Codes) -> tuple[Doubles, Doubles, Doubles]:
    """Precision, recall and F1 (K,); 0 where nothing was called or nothing is of the class."""
    hits = np.diag(confusion).astype(np.float64)
    called, present = confusion.sum(axis=0), confusion.sum(axis=1)
    return (
        hits / np.maximum(called, 1),
        hits / np.maximum(present, 1),
        2 * hits / np.maximum(called + present, 1),
    )
