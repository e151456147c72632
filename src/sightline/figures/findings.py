"""Pictures of what the look at the data found: means, variances, intensities, directions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sightline.exploration import Exploration
from sightline.figures import lettering
from sightline.figures.axes import decade_ticks, round_ticks, ticks, trace
from sightline.figures.page import MARGIN, Page, chart_page, shape_in
from sightline.figures.style import SMALL, find_theme, sequential
from sightline.figures.tiles import Sheet, Tile, draw_sheet, left_out

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_CLASSES = 60


def class_means(exploration: Exploration, *, theme: str = "light") -> Figure:
    """Draw the mean image of each class, with how many images it is the mean of.

    Parameters
    ----------
    exploration : Exploration
    theme : "light" or "dark"

    Returns
    -------
    Figure
        Classes without an image are left out; of more than 60 the first 60 are drawn. It says so.
    """
    found, counts = exploration, exploration.counts
    filled = [k for k in range(len(found.classes)) if counts[k] > 0]
    tiles = [
        Tile(found.class_mean[k], found.classes[k], (lettering.plural(int(counts[k]), "image"),))
        for k in filled[:MOST_CLASSES]
    ]
    many = len(tiles) > 10
    sheet = Sheet(
        title="The mean image of each class",
        footnote=left_out(len(tiles), len(found.classes), "class", "classes"),
        columns=8 if many else 5,
        side=0.95 if many else 1.15,
        narrowest=0.95,
    )
    return draw_sheet(tiles, sheet, find_theme(theme)).figure


def variance_map(exploration: Exploration, *, theme: str = "light") -> Figure:
    """Draw how much each pixel varies, and which never do.

    Parameters
    ----------
    exploration : Exploration
    theme : "light" or "dark"

    Returns
    -------
    Figure
        Standard deviation of each pixel (colour: root of the mean variance of its channels); a pixel that is
        the same in every image carries a dot.
    """
    look = find_theme(theme)
    variance = exploration.variance_image
    deviation = np.sqrt(np.maximum(variance.mean(axis=2) if variance.ndim == 3 else variance, 0))
    top = float(np.nanmax(deviation, initial=0.0)) or 1.0
    width, height = shape_in(deviation, 3.2)
    page = Page.blank(2 * MARGIN + max(width, 4.0), height + 1.4, look)
    still = int(exploration.constant.sum())
    verb = "is" if still == 1 else "are"
    said = (
        f"{lettering.plural(still, 'pixel')} of {exploration.constant.size:,} {verb} the same in every image"
    )
    page.title("How much each pixel varies", said + (" (dots)" if still else ""))
    scale: Any = {"cmap": sequential(look), "vmin": 0.0, "vmax": top}
    page.picture(deviation, MARGIN, 0.78, width, height, **scale)
    rows, columns = np.nonzero(exploration.constant)
    if still and max(deviation.shape) <= 64:
        x = MARGIN + (columns + 0.5) * width / deviation.shape[1]
        y = 0.78 + (rows + 0.5) * height / deviation.shape[0]
        trace(page.canvas, x, y, colour=look.soft, marker="o", dashes="none", size=2.5, zorder=3, gid="still")
    bar = height + 0.78 + 0.18
    page.picture(np.linspace(0, top, 101)[None], MARGIN, bar, 3.2, 0.1, **scale)
    page.write(MARGIN, bar + 0.27, "0", size=SMALL, colour=look.soft)
    end = f"standard deviation {lettering.fixed(top, 1)}"
    page.write(MARGIN + 3.2, bar + 0.27, end, size=SMALL, colour=look.soft, align="right")
    return page.figure


def intensity_histogram(exploration: Exploration, *, theme: str = "light") -> Figure:
    """Draw how often each intensity 0…255 occurs among all numbers of all images.

    Parameters
    ----------
    exploration : Exploration
    theme : "light" or "dark"

    Returns
    -------
    Figure
        The counts on a logarithmic scale; the mean is marked.
    """
    counts = exploration.histogram.astype(np.float64)
    mean, deviation = (lettering.fixed(value, 1) for value in (exploration.mean, exploration.std))
    page, ax = chart_page(
        theme,
        "How bright the numbers are",
        x="intensity, 0 black to 255 white",
        y=f"how often each occurs: {lettering.percent(exploration.zero_share)} are 0; mean {mean}, "
        f"standard deviation {deviation}",
        left=0.95,
    )
    ax.set_yscale("log")
    ax.set(xlim=(-1.5, 256.5), ylim=(0.7, max(2.0, 2 * float(counts.max(initial=0)))))
    edges, floor = np.arange(257) - 0.5, np.maximum(counts, 0.1)
    ax.stairs(floor, edges, baseline=0.1, fill=True, color=page.theme.favour, linewidth=0, gid="counts")
    ticks(ax, "x", [0, 64, 128, 192, 255], ["0", "64", "128", "192", "255"])
    decade_ticks(ax, "y")
    trace(
        ax,
        [exploration.mean],
        [0.0],
        colour=page.theme.against,
        marker="^",
        dashes="none",
        size=8,
        transform=ax.get_xaxis_transform(),
        clip_on=False,
        zorder=4,
        gid="mean",
    )
    return page.figure


def scree(exploration: Exploration, *, theme: str = "light") -> Figure:
    """Draw the share of variance that the first principal directions carry together.

    Parameters
    ----------
    exploration : Exploration
    theme : "light" or "dark"

    Returns
    -------
    Figure
        The cumulative curve, with the number of directions that reach each of `rank` marked.
    """
    explained = exploration.explained
    m = len(explained)
    marks = [(share, n) for share, n in sorted(exploration.rank.items()) if 0 < n <= m]
    far = max([12, *(int(1.45 * n) for _, n in marks)])
    far = m if far > 0.7 * m else far
    whole = f" (of {m:,})" if far < m else ""
    page, ax = chart_page(
        theme,
        "A few directions carry most of the variance" if marks else "Nothing varies",
        x=f"principal directions, largest first{whole}",
        y="share of the variance that they carry together",
        right=MARGIN + 1.5,
    )
    ax.set(xlim=(0, 1.02 * max(far, 1)), ylim=(0, 1.03))
    shares = np.concatenate([[0.0], explained])[: far + 1]
    trace(ax, np.arange(len(shares)), shares, colour=page.theme.favour, width=2, gid="explained")
    ticks(ax, "y", [0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    round_ticks(ax, "x", whole=True)
    _mark_ranks(page, ax, marks)
    return page.figure


def _mark_ranks(page: Page, ax: Axes, marks: list[tuple[float, int]]) -> None:
    """Mark each (share, directions) with a dot, and lead from it to words beside the axes."""
    place, (_, high) = ax.get_position(), ax.get_ylim()
    top, tall = page.height * (1 - place.y1), page.height * place.height
    left, wide = page.width * place.x0, page.width * place.width
    ends = [top + tall * (1 - share / high) for share, _ in marks]
    levels = lettering.apart(ends, 0.19, top, top + tall)
    for (share, n), end, level in zip(marks, ends, levels, strict=True):
        x, edge = left + wide * n / ax.get_xlim()[1], left + wide
        trace(
            page.canvas,
            [x, edge, edge + 0.15],
            [end, end, level],
            colour=page.theme.rule,
            width=0.8,
            zorder=1,
        )
        trace(ax, [n, n], [0, share], colour=page.theme.rule, width=0.8, zorder=1)
        trace(
            ax,
            [n],
            [share],
            colour=page.theme.against,
            marker="o",
            dashes="none",
            size=6,
            zorder=4,
            gid="rank",
        )
        page.write(edge + 0.22, level + 0.05, f"{lettering.percent(share, 0)} with {n:,}", within=1.3)
