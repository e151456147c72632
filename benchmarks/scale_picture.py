"""Seconds and memory against rows, as a picture: a line for each way to learn from them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sightline.figures.saving import save
from sightline.figures.style import DASHES, LIGHT, SMALL, TEXT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMES = {
    "memory": "all rows in memory: fit",
    "zero": "all rows in memory: fit from W = 0",
    "sklearn": "scikit-learn lbfgs, all rows in memory",
}
MARKERS = "os^Dv"


def name(where: str) -> str:
    """What a line is called."""
    if where.startswith("local:"):
        return f"blocks: fit_blocks, {where.removeprefix('local:')} workers"
    return NAMES.get(where, f"blocks: fit_blocks, {where} threads")


def draw(lines: Sequence[Any], machine: str) -> Figure:
    """Draw `benchmarks/scale.py`'s lines: at least one; what it was measured on goes to the foot."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 4.4), facecolor=LIGHT.paper, layout="constrained")
    seconds, memory = figure.subplots(1, 2)
    _axes(seconds, "seconds until the gap is there", "seconds")
    _axes(memory, "memory of the process that learns", "MB")
    ways = list(dict.fromkeys(line.where for line in lines))
    first = next((way for way in ways if way.isdecimal()), ways[0])
    handles = {}
    for place, way in enumerate(sorted(ways, key=lambda one: one != first)):
        found = sorted((line for line in lines if line.where == way), key=lambda line: line.rows)
        rows = [line.rows for line in found]
        look: dict[str, Any] = {
            "color": LIGHT.favour if way == first else LIGHT.series[1:][(place - 1) % (len(LIGHT.series) - 1)],
            "linewidth": 3.0 if way == first else 1.6,
            "linestyle": "solid" if way == first else DASHES[place % len(DASHES)],
            "marker": MARKERS[place % len(MARKERS)], "markersize": 6, "zorder": 4 if way == first else 3,
        }  # fmt: skip
        handles[name(way)] = seconds.plot(rows, [line.seconds for line in found], **look)[0]
        memory.plot(rows, [line.memory for line in found], **look)
        if way == first and len(found) > 1:
            handles["as many times longer as there are more rows"] = _proportional(seconds, found)
    for ax in (seconds, memory):
        ax.set_ylim(bottom=ax.get_ylim()[0] / 1.5, top=ax.get_ylim()[1] * 1.5)
    figure.legend(
        list(handles.values()), list(handles), loc="outside upper left", ncols=2, fontsize=SMALL, frameon=False,
        labelcolor=LIGHT.ink, handlelength=3.4,
    )  # fmt: skip
    figure.supxlabel(machine, fontsize=SMALL, color=LIGHT.soft)
    return figure


def write(lines: Sequence[Any], machine: str, path: Path) -> Path:
    """Draw into a file, .svg or .png."""
    return save(draw(lines, machine), path)


def _axes(ax: Axes, title: str, unit: str) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    ax.set_facecolor(LIGHT.paper)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_title(title, fontsize=TEXT, color=LIGHT.ink, loc="left")
    ax.set_xlabel("rows", fontsize=SMALL, color=LIGHT.ink)
    ax.set_ylabel(unit, fontsize=SMALL, color=LIGHT.ink)
    ax.tick_params(which="both", labelsize=SMALL, colors=LIGHT.soft)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(
            FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")
        )
        axis.set_minor_formatter(NullFormatter())
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(LIGHT.rule)


def _proportional(ax: Axes, found: Sequence[Any]) -> Any:
    ends = [found[0].rows, found[-1].rows]
    times = [found[-1].seconds * rows / found[-1].rows for rows in ends]
    return ax.plot(ends, times, color=LIGHT.rule, linewidth=1.2, linestyle=(0, (1, 2)), zorder=2)[0]
