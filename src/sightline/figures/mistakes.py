"""The gallery of mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sightline.dataset import Dataset
from sightline.errors import UsageError
from sightline.evaluation import Evaluation
from sightline.figures import lettering
from sightline.figures.style import find_theme
from sightline.figures.tiles import Sheet, Tile, draw_sheet, left_out

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_ERRORS = 60
ORDER = "above each the decision, below how sure it was and the label; the surest first"
ROOM = 1.15


def errors(evaluation: Evaluation, dataset: Dataset, n: int = 24, *, theme: str = "light") -> Figure:
    """Draw the images that were decided wrongly, the surest mistakes first.

    Parameters
    ----------
    evaluation : Evaluation
    dataset : Dataset
        The images that the evaluation was made on, row for row.
    n : int
        How many; at most 60 are drawn.
    theme : "light" or "dark"

    Returns
    -------
    Figure
        Above each image the decision, below how sure it was and the label.

    Raises
    ------
    UsageError
        The data set is not the one that was evaluated, or there is no such theme.
    """
    if len(dataset) != len(evaluation.labels):
        raise UsageError(
            f"{len(evaluation.labels):,} images were evaluated, '{dataset.name}' holds {len(dataset):,}",
            "Give the test images that were evaluated, row for row.",
        )
    rows = evaluation.errors[: min(max(n, 0), MOST_ERRORS)].tolist()
    tiles = [_tile(evaluation, dataset, row) for row in rows]
    whole = len(evaluation.errors)
    sheet = Sheet(
        title=f"{whole:,} of {lettering.plural(len(dataset), 'image')} decided wrongly",
        subtitle=ORDER if tiles else "",
        footnote=left_out(len(tiles), whole, "mistake"),
        columns=6,
        side=ROOM,
        narrowest=ROOM,
    )
    return draw_sheet(tiles, sheet, find_theme(theme)).figure


def _tile(evaluation: Evaluation, dataset: Dataset, row: int) -> Tile:
    """Return one mistake: what was decided above, how surely and the label below."""
    decided, true = evaluation.predicted[row], evaluation.labels[row]
    sure = lettering.percent(float(evaluation.probability[row, decided]))
    below = (f"{sure} sure", f"labelled {evaluation.classes[true]}")
    return Tile(dataset.images[row], evaluation.classes[decided], below)
