"""Pictures of probabilities: do they hold, and what a threshold on them does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sightline.evaluation import Evaluation, Reliability, Thresholds
from sightline.evaluation import thresholds as count_at
from sightline.figures import lettering
from sightline.figures.axes import ticks, trace
from sightline.figures.page import MARGIN, Page, chart_page
from sightline.figures.style import DASHES, SMALL, find_theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = npt.NDArray[np.float64]

STEPS = 201
"""Thresholds at which a class is looked at: every half percent."""

QUARTERS = ([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])


def reliability(evaluation: Evaluation, *, theme: str = "light") -> Figure:
    """Draw how often the model is right against how sure it is.

    Parameters
    ----------
    evaluation : Evaluation
    theme : "light" or "dark"

    Returns
    -------
    Figure
        A dot with its interval for each bin that has images, on the diagonal where sureness holds; below,
        how many images each bin has.
    """
    bins, gap = evaluation.reliability, evaluation.calibration_error.value
    page = Page.blank(5.4, 6.3, find_theme(theme))
    page.title(
        f"Sureness and being right differ by {lettering.percent(gap)} on average",
        "share decided rightly; above the dashes too modest, below too sure",
    )
    ax = page.plot(0.8, 0.84, 4.25, 3.75)
    ax.set(xlim=(0, 1), ylim=(0, 1))
    trace(ax, [0, 1], [0, 1], colour=page.theme.rule, width=1, dashes=(0, (5, 3)), zorder=1, gid="ideal")
    _dots(page, ax, bins)
    ticks(ax, "x", QUARTERS[0], [""] * 5)
    ticks(ax, "y", *QUARTERS)
    below = page.plot(0.8, 5.02, 4.25, 0.6)
    page.write(MARGIN, 4.86, "images", size=SMALL, colour=page.theme.soft)
    most = max(int(bins.count.max(initial=0)), 1)
    below.set(xlim=(0, 1), ylim=(0, most))
    below.stairs(bins.count, bins.edges, fill=True, color=page.theme.favour, linewidth=0, gid="counts")
    ticks(below, "x", *QUARTERS)
    ticks(below, "y", [0, most], ["0", lettering.number(most, 4) if most < 10_000 else f"{most / 1000:.0f}k"])
    page.write(
        0.8 + 4.25 / 2,
        page.height - 0.2,
        "how sure the model was: its highest probability",
        size=SMALL,
        colour=page.theme.soft,
        align="center",
    )
    return page.figure


def _dots(page: Page, ax: Axes, bins: Reliability) -> None:
    """Draw mean sureness against share right, joined, with intervals; empty bins are passed over."""
    known = (bins.count > 0) & np.isfinite(bins.confidence) & np.isfinite(bins.accuracy)
    x, y = bins.confidence[known], bins.accuracy[known]
    for place, low, high in zip(x, bins.low[known], bins.high[known], strict=True):
        trace(
            ax,
            [place, place],
            np.clip([low, high], 0, 1),
            colour=page.theme.favour,
            width=1.2,
            zorder=2,
            clip_on=False,
        )
    trace(
        ax,
        x,
        y,
        colour=page.theme.favour,
        width=1.6,
        marker="o",
        size=6.5,
        edge=page.theme.paper,
        edge_width=0.8,
        zorder=3,
        gid="bins",
        clip_on=False,
    )


def thresholds(evaluation: Evaluation, k: int, *, theme: str = "light") -> Figure:
    """Draw precision, recall and F1 of one class as the threshold on its probability moves.

    Parameters
    ----------
    evaluation : Evaluation
    k : int
        The class, 0…K−1.
    theme : "light" or "dark"

    Returns
    -------
    Figure
        The threshold with the highest F1 is marked.

    Raises
    ------
    UsageError
        There is no such class or theme.
    """
    counts = count_at(evaluation, k, steps=STEPS)
    lines = _scores(counts)
    page, ax = chart_page(
        theme,
        f"Where to put the threshold of {evaluation.classes[k]}",
        x="threshold: the class is called where its probability is at least this",
        y=_best(counts.threshold, lines[2]),
        right=MARGIN + 0.85,
    )
    ax.set(xlim=(0, 1), ylim=(0, 1.02))
    _three_lines(page, ax, counts.threshold, lines)
    _mark_best(page, ax, counts.threshold, lines[2])
    ticks(ax, "x", [0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
    ticks(ax, "y", *QUARTERS)
    return page.figure


def _scores(counts: Thresholds) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return precision, recall and F1 (m,) at each threshold; NaN where there is nothing to count."""
    hits, alarms, misses = counts.true_positive, counts.false_positive, counts.false_negative
    called, there = hits + alarms, hits + misses
    nan = np.full(len(hits), np.nan)
    precision = np.divide(hits, called, out=nan.copy(), where=called > 0)
    recall = np.divide(hits, there, out=nan.copy(), where=there > 0)
    f1 = np.divide(2 * hits, called + there, out=nan.copy(), where=there > 0)
    return precision, recall, f1


def _three_lines(page: Page, ax: Axes, at: FloatArray, values: tuple[FloatArray, ...]) -> None:
    """Draw the lines, each named where it ends at the right."""
    theme, place = page.theme, ax.get_position()
    ends = [float(line[np.isfinite(line)][-1]) if np.isfinite(line).any() else 0.0 for line in values]
    levels = lettering.apart(ends, 0.18 / (page.height * place.height), 0.0, 1.0)
    looks = (("precision", theme.favour), ("recall", theme.against), ("F1", theme.ink))
    for i, (name, colour) in enumerate(looks):
        trace(ax, at, values[i], colour=colour, width=1.8, dashes=DASHES[i], gid=name)
        level = page.height * (1 - place.y0 - place.height * levels[i] / ax.get_ylim()[1])
        edge = page.width * place.x1
        trace(page.canvas, [edge + 0.05, edge + 0.3], [level] * 2, colour=colour, width=1.8, dashes=DASHES[i])
        page.write(edge + 0.36, level + 0.045, name, size=SMALL)


def _best(at: FloatArray, f1: FloatArray) -> str:
    """Say where F1 is highest."""
    if not np.isfinite(f1).any():
        return "no image of this class: nothing to measure"
    best = int(np.nanargmax(f1))
    return f"share; the highest F1 (dot) is {lettering.percent(float(f1[best]))}, from {at[best]:.3f} on"


def _mark_best(page: Page, ax: Axes, at: FloatArray, f1: FloatArray) -> None:
    """Mark the highest F1 with a dot above its threshold."""
    if np.isfinite(f1).any():
        best = int(np.nanargmax(f1))
        x, y = float(at[best]), float(f1[best])
        trace(ax, [x, x], [0, y], colour=page.theme.rule, width=0.8, zorder=1)
        trace(
            ax,
            [x],
            [y],
            colour=page.theme.ink,
            marker="o",
            dashes="none",
            size=7,
            zorder=4,
            clip_on=False,
            gid="best",
        )
