"""The picture of what is taken for what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sightline.evaluation import Evaluation
from sightline.figures import lettering
from sightline.figures.axes import word
from sightline.figures.page import MARGIN, Page
from sightline.figures.style import SMALL, TEXT, Theme, find_theme, mix, readable
from sightline.figures.tiles import left_out

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_CLASSES = 60
LARGEST_WITH_COUNTS = 20
"""Classes up to which every cell has its number."""

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def confusion_matrix(evaluation: Evaluation, *, theme: str = "light") -> Figure:
    """Draw how often each class was decided for images of each: rows are true, columns decided.

    Parameters
    ----------
    evaluation : Evaluation
    theme : "light" or "dark"

    Returns
    -------
    Figure
        Blue on the diagonal: share of the row that is right. Orange beside it: share that is wrong, its
        root relative to the largest, so that rare mistakes are seen. Of more than 60 classes those with the
        most mistakes are drawn, and it says so.
    """
    return draw_confusion(evaluation.confusion, evaluation.classes, theme=theme).figure


def draw_confusion(
    confusion: IntArray, classes: Sequence[str], *, theme: str = "light", ax: Axes | None = None
) -> Page:
    """Draw a confusion matrix (K, K) on a page of its own or into `ax`."""
    kept = _most_mistaken(confusion)
    names = [lettering.fit(classes[k], 1.9, SMALL) for k in kept]
    K, counted = len(kept), len(kept) <= LARGEST_WITH_COUNTS
    cell = max(0.14, min(0.56, 6.0 / max(K, 1))) if not counted else max(0.48, min(1.0, 5.6 / max(K, 1)))
    level = counted and lettering.widest(names, SMALL) < cell - 0.06
    columns = names if level else [lettering.fit(name, 1.4, SMALL) for name in names]
    left = MARGIN + max(lettering.widest(names, SMALL), 0.3) + 0.12
    top = 0.86 + (0.16 if level else lettering.widest(columns, SMALL))
    wrong = int(confusion.sum() - np.trace(confusion))
    title = f"{wrong:,} of {lettering.plural(int(confusion.sum()), 'image')} decided wrongly"
    width = max(left + K * cell + MARGIN, 5.4)
    height = top + K * cell + (0.5 if len(classes) > K else 0.25)
    look = find_theme(theme)
    page = Page.blank(width, height, look) if ax is None else Page.on(ax, width, height, look)
    page.title(title, "rows: the true class; columns: the class decided")
    _cells(
        page, confusion[np.ix_(kept, kept)], confusion[kept].sum(axis=1), (left, top, cell), counted=counted
    )
    for i, (row, column) in enumerate(zip(names, columns, strict=True)):
        middle = cell * (i + 0.5)
        page.write(left - 0.1, top + middle + 0.045, row, size=SMALL, align="right")
        if level:
            page.write(left + middle, top - 0.08, column, size=SMALL, align="center")
        else:
            page.write(left + middle, top - 0.06, column, size=SMALL, align="center", turned=True)
    page.footnote(
        left_out(K, len(classes), "class", "classes")[:-1] + ": those with the fewest mistakes."
        if len(classes) > K
        else ""
    )
    return page


def heat(counts: IntArray, totals: IntArray, theme: Theme) -> FloatArray:
    """Return the colour of each cell, (K, K, 3) in [0, 1]; rows of `counts` (K, K) are of `totals` images."""
    share = counts / np.maximum(totals, 1)[:, None]
    right = np.eye(len(counts), dtype=bool)
    worst = float(share[~right].max(initial=0.0)) or 1.0
    beside = mix(theme.against, theme.paper, np.sqrt(share / worst).clip(0, 1))
    return np.where(right[..., None], mix(theme.favour, theme.paper, share), beside)


def _cells(
    page: Page, counts: IntArray, totals: IntArray, place: tuple[float, float, float], *, counted: bool
) -> None:
    """Draw the cells as one image with thin gaps, and the counts that are not 0."""
    left, top, cell = place
    colours, K, theme = heat(counts, totals, page.theme), len(counts), page.theme
    side = K * cell
    page.picture(np.rint(255 * colours).astype(np.uint8), left, top, side, side, frame=False)
    if counted:
        for i in range(1, K):
            page.box(left, top + i * cell, side, 0.0, edge=theme.paper, line=1.2)
            page.box(left + i * cell, top, 0.0, side, edge=theme.paper, line=1.2)
        for i, j in zip(*(axis.tolist() for axis in np.nonzero(counts)), strict=True):
            word(
                page.canvas,
                left + (j + 0.5) * cell,
                top + (i + 0.5) * cell,
                _short(int(counts[i, j])),
                colour=readable(colours[i, j], theme),
                size=TEXT if counts.max() < 10_000 else SMALL,
                align="center",
                va="center",
                gid=f"cell-{i}-{j}",
            )
    page.box(left, top, side, side, edge=theme.rule, line=0.8)


def _short(count: int) -> str:
    """Write a count in at most five characters."""
    if count < 10_000:
        return str(count)
    if count < 999_500:
        return f"{count / 1e3:.0f}k"
    return f"{count / 1e6:.1f}M" if count < 99_950_000 else f"{count / 1e6:.0f}M"


def _most_mistaken(confusion: IntArray) -> IntArray:
    """Return the classes to draw, in their own order: all, or those with most mistakes by row and column."""
    K = len(confusion)
    if K <= MOST_CLASSES:
        return np.arange(K)
    mistakes = confusion.sum(axis=0) + confusion.sum(axis=1) - 2 * np.diag(confusion)
    return np.sort(np.argsort(-mistakes, kind="stable")[:MOST_CLASSES])
