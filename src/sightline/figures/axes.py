"""What is drawn into axes: words, lines and ticks, none of which depend on the reader's own settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sightline.figures import lettering
from sightline.figures.style import SMALL

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def word(
    ax: Axes,
    x: float,
    y: float,
    text: object,
    *,
    colour: str,
    size: float = SMALL,
    align: str = "left",
    va: str = "center",
    bold: bool = False,
    **more: Any,
) -> None:
    """Write into `ax` at data coordinates; $ and backslash are letters like any other."""
    ax.text(
        x,
        y,
        lettering.plain(text),
        color=colour,
        ha=align,
        va=va,
        parse_math=False,
        usetex=False,
        fontproperties=lettering.font(size, bold=bold),
        clip_on=False,
        zorder=5,
        **more,
    )


def trace(
    ax: Axes,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    colour: str,
    width: float = 1.8,
    dashes: str | tuple[float, tuple[float, ...]] = "solid",
    marker: str = "None",
    size: float = 6.0,
    edge: str | None = None,
    edge_width: float = 0.0,
    **more: Any,
) -> None:
    """Draw a line, or with `dashes` "none" points, that owe nothing to the reader's own settings."""
    ax.plot(
        np.asarray(x),
        np.asarray(y),
        color=colour,
        linewidth=width,
        linestyle=dashes,
        marker=marker,
        markersize=size,
        markerfacecolor=colour,
        markeredgecolor=edge or colour,
        markeredgewidth=edge_width,
        fillstyle="full",
        solid_capstyle="round",
        solid_joinstyle="round",
        dash_capstyle="butt",
        dash_joinstyle="round",
        antialiased=True,
        **more,
    )


def ticks(ax: Axes, along: str, values: npt.ArrayLike, labels: list[str]) -> None:
    """Put ticks at `values` with `labels`, along "x" or "y"."""
    axis = ax.xaxis if along == "x" else ax.yaxis
    axis.set_ticks(
        list(np.asarray(values, dtype=np.float64)),
        [lettering.plain(label) for label in labels],
        fontproperties=lettering.font(SMALL),
        parse_math=False,
        usetex=False,
    )
    axis.set_ticks([], minor=True)


def round_ticks(ax: Axes, along: str, *, most: int = 6, whole: bool = False, unit: float = 1.0) -> None:
    """Put about `most` ticks at round numbers within the limits; labels are divided by `unit`."""
    from matplotlib.ticker import MaxNLocator

    low, high = sorted(ax.get_xlim() if along == "x" else ax.get_ylim())
    places = MaxNLocator(nbins=most, integer=whole, steps=[1, 2, 5, 10]).tick_values(low, high)
    slack = 1e-9 * (high - low)
    kept = [float(place) for place in places if low - slack <= place <= high + slack]
    ticks(ax, along, kept, [lettering.number(round(place / unit, 12)) for place in kept])


def decade_ticks(ax: Axes, along: str, *, most: int = 6) -> None:
    """Put ticks at powers of ten of a logarithmic axis, about `most` of them."""
    low, high = sorted(ax.get_xlim() if along == "x" else ax.get_ylim())
    first, last = int(np.ceil(np.log10(low) - 1e-9)), int(np.floor(np.log10(high) + 1e-9))
    step = max(1, -(-(last - first) // most))
    powers = range(first, last + 1, step)
    short = first >= -3 and last <= 6
    labels = [lettering.decade(power, raised=not short) for power in powers]
    ticks(ax, along, [10.0**power for power in powers], labels)
