"""The picture of learning: what each pass over the data still had to gain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sightline.figures import lettering
from sightline.figures.axes import decade_ticks, round_ticks, trace
from sightline.figures.page import MARGIN, Page, chart_page
from sightline.figures.style import DASHES, SMALL
from sightline.logistic.history import FitHistory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = npt.NDArray[np.float64]
Line = tuple[str, FloatArray, FloatArray]

MOST_LINES = 14


def convergence(histories: Mapping[str, FitHistory], *, theme: str = "light") -> Figure:
    """Draw how far above its lowest value the objective of each fit was, pass by pass.

    Parameters
    ----------
    histories : dict of FitHistory
        Name of each recipe → its history; at most 14 are drawn.
    theme : "light" or "dark"

    Returns
    -------
    Figure
        Logarithmic; the pass that reached the lowest value lies at −∞ and is not drawn. A history with
        nothing to draw is named at the foot.
    """
    lines = [(name, *remaining(history)) for name, history in histories.items()]
    drawn = [line for line in lines if len(line[1])][:MOST_LINES]
    silent = [name for name, number, _ in lines if not len(number)]
    names = [lettering.fit(name, 1.7, SMALL) for name, _, _ in drawn]
    page, ax = chart_page(
        theme,
        "What is left to gain after each pass",
        x="pass over the data",
        y="objective minus the lowest seen in that fit",
        height=4.4,
        foot=0.22 if silent else 0.0,
        left=0.85,
        right=MARGIN + lettering.widest(names, SMALL) + 0.35,
    )
    if silent:
        page.footnote(f"Nothing to draw: {', '.join(silent)}")
    last = max((float(number[-1]) for _, number, _ in drawn), default=1.0)
    values = np.concatenate([left for _, _, left in drawn]) if drawn else np.array([1.0])
    ax.set_yscale("log")
    ax.set(xlim=(0, max(last, 1.0)), ylim=(0.6 * float(values.min()), 1.6 * float(values.max())))
    round_ticks(ax, "x", whole=True)
    decade_ticks(ax, "y")
    _draw(page, ax, drawn, names)
    return page.figure


def remaining(history: FitHistory) -> tuple[FloatArray, FloatArray]:
    """Return pass numbers and objective minus the lowest seen, where that is above zero: (m,) and (m,)."""
    objective = history.column("objective")
    known = np.isfinite(objective)
    if not known.any():
        return np.empty(0), np.empty(0)
    left = np.where(known, objective - objective[known].min(), 0.0)
    return history.column("number")[left > 0], left[left > 0]


def _draw(page: Page, ax: Axes, lines: list[Line], names: list[str]) -> None:
    """Draw the lines, and beside the axes each name with a thin lead to the end of its line."""
    place = ax.get_position()
    top, tall = page.height * (1 - place.y1), page.height * place.height
    left, wide = page.width * place.x0, page.width * place.width
    low, high = np.log(ax.get_ylim())
    ends = [top + tall * float((high - np.log(left_[-1])) / (high - low)) for _, _, left_ in lines]
    levels = lettering.apart(ends, 0.17, top + 0.05, top + tall)
    for i, ((_, number, rest), name, end, level) in enumerate(zip(lines, names, ends, levels, strict=True)):
        colour = page.theme.series[i % len(page.theme.series)]
        dashes = DASHES[i // len(page.theme.series) % len(DASHES)]
        marker = "o" if len(number) == 1 else "None"
        trace(
            ax,
            number,
            rest,
            colour=colour,
            width=1.8,
            dashes=dashes,
            marker=marker,
            zorder=3,
            clip_on=False,
            gid=f"line-{i}",
        )
        x = left + wide * float(number[-1]) / ax.get_xlim()[1]
        edge = left + wide
        lead = ([x + 0.05, edge + 0.06, edge + 0.2], [end, level, level])
        trace(page.canvas, *lead, colour=colour, width=1, dashes=(0, (1, 2)))
        page.write(edge + 0.26, level + 0.045, name, size=SMALL)
