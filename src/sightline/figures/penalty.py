"""The picture of the penalty: how well each C does on rows held out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sightline.figures import lettering
from sightline.figures.axes import decade_ticks, round_ticks, trace
from sightline.figures.page import MARGIN, Page, chart_page
from sightline.figures.style import SMALL
from sightline.logistic.path import Path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def regularisation_path(path: Path, *, scoring: str = "log_loss", theme: str = "light") -> Figure:
    """Draw the mean score of every C with its 95 % interval over the folds, the best C and the simplest as good.

    Parameters
    ----------
    path : Path
        Of `LogisticRegressionCV`, its `path_`.
    scoring : "log_loss" or "accuracy"
    theme : "light" or "dark"

    Returns
    -------
    Figure
        C on a logarithmic axis; each fold as a faint line.
    """
    costs = path.loss if scoring == "log_loss" else path.accuracy
    mean, error = costs.mean(axis=1), 1.96 * path.standard_error(scoring)
    best, simple = path.best(scoring), path.one_standard_error(scoring)
    what = "log loss" if scoring == "log_loss" else "accuracy"
    page, ax = chart_page(
        theme,
        f"The penalty and the {what} on rows held out",
        x="C: the larger, the weaker the penalty",
        y=f"mean {what} of {costs.shape[1]} folds, with 95 % interval",
        height=4.4,
        left=0.85,
        right=MARGIN + 0.2,
    )
    ax.set_xscale("log")
    low, high = float((mean - error).min()), float((mean + error).max())
    room = 0.06 * max(high - low, 1e-9)
    wide = max(float(path.C[-1] / path.C[0]), 10.0) ** 0.04
    ax.set(xlim=(path.C[0] / wide, path.C[-1] * wide), ylim=(low - room, high + 3 * room))
    decade_ticks(ax, "x")
    round_ticks(ax, "y")
    colour = page.theme.series[0]
    for j in range(costs.shape[1]):
        trace(ax, path.C, costs[:, j], colour=page.theme.rule, width=0.7, zorder=1, gid=f"fold-{j}")
    ax.fill_between(path.C, mean - error, mean + error, color=colour, alpha=0.18, linewidth=0, zorder=2)
    trace(ax, path.C, mean, colour=colour, width=1.8, marker="o", zorder=3, gid="mean")
    for chosen, name, tint in (
        (simple, "one standard error", page.theme.against),
        (best, "best", page.theme.favour),
    ):
        trace(
            ax, [path.C[chosen]] * 2, list(ax.get_ylim()), colour=tint, width=1, dashes=(0, (3, 3)), gid=name
        )
    _name(page, ax, path, best, simple)
    return page.figure


def _name(page: Page, ax: Axes, path: Path, best: int, simple: int) -> None:
    """Say at the top what the upright lines stand for, to the right of both where there is room."""
    place = ax.get_position()
    low, high = np.log(ax.get_xlim())
    top, edge = page.height * (1 - place.y1), page.width * place.x1
    words = [
        (f"best: C = {lettering.number(float(path.C[best]), 2)}", page.theme.favour),
        (
            f"simplest within one standard error: C = {lettering.number(float(path.C[simple]), 2)}",
            page.theme.against,
        ),
    ]
    share = (np.log(path.C[max(best, simple)]) - low) / (high - low)
    wide = lettering.widest([text for text, _ in words], SMALL) + 0.36
    x = min(page.width * (place.x0 + place.width * share) + 0.12, edge - wide)
    for row, (text, colour) in enumerate(words):
        y = top + 0.16 + 0.17 * row
        trace(page.canvas, [x, x + 0.28], [y - 0.045] * 2, colour=colour, width=1, dashes=(0, (3, 3)))
        page.write(x + 0.36, y, text, size=SMALL)
