"""What is taken for what: a confusion matrix whose cells are chosen."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets

from sightline.evaluation import Evaluation
from sightline.widgets.front import Widget


class ConfusionGrid(Widget):
    """A confusion matrix; a click on a cell chooses the images behind it.

    Parameters
    ----------
    evaluation : Evaluation

    Attributes
    ----------
    cell : [true class, decided class] or None
        Class numbers of the chosen cell.

    Notes
    -----
    Law: ``len(grid.rows) == evaluation.confusion[*grid.cell]``.
    """

    front = "confusion-grid"
    counts = traitlets.List(traitlets.List(traitlets.Int())).tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    cell = traitlets.List(traitlets.Int(), None, minlen=2, maxlen=2, allow_none=True).tag(sync=True)

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        super().__init__(counts=evaluation.confusion.tolist(), names=list(evaluation.classes))

    @property
    def rows(self) -> npt.NDArray[np.int64]:
        """Rows of the test images in the chosen cell, surest first; all that are wrong where none is chosen."""
        if self.cell is None:
            return np.asarray(self.evaluation.errors)
        truth, decided = self.cell
        rows: npt.NDArray[Any] = np.flatnonzero(
            (self.evaluation.labels == truth) & (self.evaluation.predicted == decided)
        )
        return rows[np.argsort(-self.evaluation.probability[rows, decided], kind="stable")]
