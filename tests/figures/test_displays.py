"""Displays in the manner of scikit-learn."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix

from sightline.errors import UsageError
from sightline.figures import ConfusionDisplay, WeightMapDisplay

from .conftest import said


@pytest.fixture(scope="module")
def fitted():
    X, y = load_digits(return_X_y=True)
    return LogisticRegression(max_iter=300).fit(X[:800] / 16, y[:800]), X[800:] / 16, y[800:]


def test_from_estimator_is_from_predictions_is_scikit_learn(fitted):
    model, X, y = fitted
    one = ConfusionDisplay.from_estimator(model, X, y)
    other = ConfusionDisplay.from_predictions(y, model.predict(X))
    assert (one.confusion == confusion_matrix(y, model.predict(X))).all()
    assert (one.confusion == other.confusion).all()
    assert one.display_labels == [str(k) for k in range(10)]
    assert one.ax_.figure is one.figure_


def test_a_given_axes_is_drawn_into(fitted):
    model, X, y = fitted
    figure = Figure(figsize=(12, 6))
    left, right = figure.subplots(1, 2)
    display = ConfusionDisplay.from_estimator(model, X, y, ax=left)
    assert display.ax_ is left
    assert display.figure_ is figure
    maps = WeightMapDisplay.from_estimator(model, (8, 8), ax=right)
    assert maps.ax_ is right
    assert maps.plot() is maps
    assert maps.figure_ is not figure


def test_labels_choose_and_name_the_classes():
    display = ConfusionDisplay.from_predictions(
        ["b", "a", "c"], ["a", "a", "c"], labels=["b", "a"], display_labels=["$B$", "A"], theme="dark"
    )
    assert display.confusion.tolist() == [[0, 1], [0, 1]]
    assert "$B$" in said(display.figure_)
    with pytest.raises(UsageError, match="3 names were given for 2 classes"):
        ConfusionDisplay.from_predictions([0, 1], [0, 1], display_labels=["a", "b", "c"])
    assert ConfusionDisplay(np.eye(2, dtype=int)).display_labels == ["0", "1"]


def test_weights_of_two_classes_are_one_map(fitted):
    _, X, y = fitted
    model = LogisticRegression().fit(X[y < 2], y[y < 2])
    display = WeightMapDisplay.from_estimator(model, (8, 8), display_labels=["zero", "one"])
    assert display.maps.shape == (1, 8, 8)
    assert {"for zero", "for one"} <= set(said(display.figure_))


def test_a_shape_that_does_not_fit_is_refused(fitted):
    with pytest.raises(UsageError, match="do not fit images"):
        WeightMapDisplay.from_estimator(fitted[0], (8, 9))
