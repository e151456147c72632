"""A result as a picture: what was left to gain against seconds, one line a peer, one panel a work."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from peers.ours import Ours
from reading import best_so_far
from run import Result, Trace
from sightline.figures.saving import save
from sightline.figures.style import DASHES, LIGHT, SMALL, TEXT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FLOOR = 1e-10
"""Smaller gaps are drawn here: F* itself is known no better."""
MARKERS = "osD^vPX*"
COLOURS = (*LIGHT.series[1:], LIGHT.ink, LIGHT.deep_against)


def draw(results: Sequence[Result], machine: str) -> Figure:
    """Draw relative suboptimality against seconds, both logarithmic; ours is the broad blue line.

    Parameters
    ----------
    results : at least one Result
    machine : str
        On what they were measured: the line at the foot.
    """
    from matplotlib.figure import Figure

    columns = min(len(results), 2)
    rows = -(-len(results) // columns)
    keys = list(dict.fromkeys(trace.peer.key for one in results for trace in one.traces if trace.points))
    figure = Figure(
        figsize=(4.2 * columns + 2.9, 3.6 * rows + 0.3), facecolor=LIGHT.paper, layout="constrained"
    )
    panels = figure.subplots(rows, columns, squeeze=False)
    names: dict[str, Any] = {}
    for ax, result in zip(panels.flat, results, strict=False):
        _axes(ax, result)
        for trace in reversed(result.traces):  # ours last, on top
            if trace.points:
                names[trace.peer.name] = _line(ax, result, trace, keys.index(trace.peer.key))
    for ax in panels.flat[len(results) :]:
        ax.set_axis_off()
    order = [trace.peer.name for one in results for trace in one.traces if trace.peer.name in names]
    shown = list(dict.fromkeys(order))
    figure.legend(
        [names[name] for name in shown],
        shown,
        loc="outside right upper",
        fontsize=SMALL,
        frameon=False,
        labelcolor=LIGHT.ink,
        handlelength=3.2,
    )
    foot = textwrap.fill(machine, int(figure.get_figwidth() * 13))  # letters of this size in an inch
    figure.supxlabel(foot, fontsize=SMALL, color=LIGHT.soft)
    return figure


def write(results: Sequence[Result], machine: str, path: str | Path) -> Path:
    """Draw into a file, .svg or .png."""
    return save(draw(results, machine), path)


def _axes(ax: Axes, result: Result) -> None:
    ax.set_facecolor(LIGHT.paper)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_title(result.work.title, fontsize=TEXT, color=LIGHT.ink, loc="left")
    ax.set_xlabel("seconds", fontsize=SMALL, color=LIGHT.ink)
    ax.set_ylabel("(F − F*) / F*", fontsize=SMALL, color=LIGHT.ink)
    ax.tick_params(which="both", labelsize=SMALL, colors=LIGHT.soft)
    ax.axhline(result.settings.target, color=LIGHT.rule, linewidth=0.8, linestyle=(0, (1, 2)))
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(LIGHT.rule)


def _line(ax: Axes, result: Result, trace: Trace, place: int) -> Any:
    """One peer; its marks are its points where they are few."""
    ours = isinstance(trace.peer, Ours)
    points = best_so_far(trace.points)
    seconds = np.array([one.seconds for one in points])
    left = np.array([one.objective for one in points]) / result.optimum - 1
    return ax.plot(
        seconds,
        np.maximum(left, FLOOR),
        color=LIGHT.favour if ours else COLOURS[(place - 1) % len(COLOURS)],
        linewidth=3.0 if ours else 1.4,
        linestyle="solid" if ours else DASHES[place % len(DASHES)],
        marker=MARKERS[place % len(MARKERS)],
        markersize=6 if ours else 4,
        markevery=max(1, len(seconds) // 12),
        zorder=4 if ours else 3,
        label=trace.peer.name,
    )[0]
