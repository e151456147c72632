"""Displays in the manner of scikit-learn: from an estimator or its predictions to a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from sightline.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class ConfusionDisplay:
    """Confusion matrix, to be drawn by `plot`.

    Parameters
    ----------
    confusion : (K, K) int, row = true class, column = predicted
    display_labels : (K,) names of the classes; 0…K−1 by default

    Attributes
    ----------
    figure_, ax_ : Figure and Axes, once plotted
    """

    figure_: Figure
    ax_: Axes

    def __init__(self, confusion: npt.ArrayLike, display_labels: Sequence[object] | None = None) -> None:
        self.confusion = np.asarray(confusion)
        names = range(len(self.confusion)) if display_labels is None else display_labels
        self.display_labels = [str(name) for name in names]

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: Any,
        y: npt.ArrayLike,
        *,
        display_labels: Sequence[object] | None = None,
        ax: Axes | None = None,
        theme: str = "light",
    ) -> Self:
        """Predict `X` (n, d) with a fitted classifier, compare with `y` (n,), and plot.

        Raises
        ------
        UsageError
            The names are not as many as the classes, or there is no such theme.
        """
        return cls.from_predictions(y, model.predict(X), display_labels=display_labels, ax=ax, theme=theme)

    @classmethod
    def from_predictions(
        cls,
        y_true: npt.ArrayLike,
        y_pred: npt.ArrayLike,
        *,
        labels: npt.ArrayLike | None = None,
        display_labels: Sequence[object] | None = None,
        ax: Axes | None = None,
        theme: str = "light",
    ) -> Self:
        """Compare labels (n,) with predictions (n,) and plot.

        Parameters
        ----------
        y_true, y_pred : (n,)
        labels : (K,), optional
            Classes and their order; all that occur, sorted, by default.
        display_labels : (K,) optional
            Names to show instead of `labels`.
        ax : Axes, optional
            Axes to draw into; a new figure by default.
        theme : "light" or "dark"

        Raises
        ------
        UsageError
            The names are not as many as the classes, or there is no such theme.
        """
        from sklearn.metrics import confusion_matrix
        from sklearn.utils.multiclass import unique_labels

        known = unique_labels(y_true, y_pred) if labels is None else np.asarray(labels)
        names = known.tolist() if display_labels is None else list(display_labels)
        if len(names) != len(known):
            raise UsageError(
                f"{len(names)} names were given for {len(known)} classes", "Name each class once."
            )
        return cls(confusion_matrix(y_true, y_pred, labels=known), names).plot(ax=ax, theme=theme)

    def plot(self, ax: Axes | None = None, *, theme: str = "light") -> Self:
        """Draw into `ax`, or onto a new figure; return self, with `figure_` and `ax_`."""
        from sightline.figures.confusion import draw_confusion

        page = draw_confusion(self.confusion, self.display_labels, theme=theme, ax=ax)
        self.figure_, self.ax_ = page.figure, page.canvas
        return self


class WeightMapDisplay:
    """Weights of a linear classifier as maps, to be drawn by `plot`.

    Parameters
    ----------
    maps : (R, h, w[, 3]) float, R = K, or 1 for two classes
    display_labels : (K,) names of the classes

    Attributes
    ----------
    figure_, ax_ : Figure and Axes, once plotted
    """

    figure_: Figure
    ax_: Axes

    def __init__(self, maps: npt.ArrayLike, display_labels: Sequence[object]) -> None:
        self.maps = np.asarray(maps, dtype=np.float64)
        self.display_labels = [str(name) for name in display_labels]

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        shape: Sequence[int],
        *,
        display_labels: Sequence[object] | None = None,
        ax: Axes | None = None,
        theme: str = "light",
    ) -> Self:
        """Take `coef_` (R, d) of a fitted linear classifier on pixels as images of `shape`, and plot.

        Raises
        ------
        UsageError
            `coef_` does not fit the shape, or there is no such theme.
        """
        coef = np.atleast_2d(np.asarray(model.coef_, dtype=np.float64))
        if coef.shape[1] != np.prod(shape):
            raise UsageError(
                f"{coef.shape[1]:,} weights a class do not fit images of {tuple(shape)}",
                "Give the (height, width) or (height, width, 3) that the model was fitted on.",
            )
        names = model.classes_.tolist() if display_labels is None else list(display_labels)
        return cls(coef.reshape(-1, *shape), names).plot(ax=ax, theme=theme)

    def plot(self, ax: Axes | None = None, *, theme: str = "light") -> Self:
        """Draw into `ax`, or onto a new figure; return self, with `figure_` and `ax_`."""
        from sightline.figures.weights import draw_weights

        page = draw_weights(self.maps, self.display_labels, theme=theme, ax=ax)
        self.figure_, self.ax_ = page.figure, page.canvas
        return self
