"""The picture of directions: a rose in every cell, its rays as long as intensity rises that way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sightline.anatomy import Directions
from sightline.figures.page import MARGIN, Page, shape_in
from sightline.figures.style import DARK, SMALL, find_theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIDE, GAP, TOP = 3.0, 0.3, 1.02
DIMMED = 0.5
"""Of its light that the image keeps below its roses; rays point where it is brighter, so it must not be turned."""


def orientation_roses(directions: Directions, *, theme: str = "light") -> Figure:
    """Draw which way intensity rises in each cell, one picture for each scale.

    Parameters
    ----------
    directions : Directions
    theme : "light" or "dark"

    Returns
    -------
    Figure
        Each ray points where it becomes brighter; the longest of a scale reaches the border of its cell.
    """
    one, look = directions, find_theme(theme)
    width, height = shape_in(one.seen, SIDE)
    n = len(one.windows)
    page = Page.blank(max(2 * MARGIN + n * (SIDE + GAP) - GAP, 4.2), TOP + height + 0.2, look)
    page.title("Which way it becomes brighter, cell by cell", "the longer a ray, the more of its direction")
    for i, window in enumerate(one.windows):
        x = MARGIN + i * (SIDE + GAP)
        note = f"windows of {window} × {window} pixels"
        page.write(x, TOP - 0.09, note, size=SMALL, colour=look.soft, within=SIDE)
        page.picture(DIMMED * one.seen, x, TOP, width, height)
        _draw_roses(page, one, i, (x, TOP, width, height))
    return page.figure


def _draw_roses(page: Page, one: Directions, i: int, place: tuple[float, float, float, float]) -> None:
    from matplotlib.collections import LineCollection

    left, top, width, height = place
    scale = np.array([width / one.seen.shape[1], height / one.seen.shape[0]])
    values, rows, columns = one.values[i], one.rows[i], one.columns[i]
    angle = 2 * np.pi * np.arange(values.shape[2]) / values.shape[2]
    ray = np.stack([np.cos(angle), np.sin(angle)], axis=1)  # right, down
    middle = np.stack(
        np.broadcast_arrays((columns[1:] + columns[:-1])[None] / 2, (rows[1:] + rows[:-1])[:, None] / 2),
        axis=2,
    ) * scale + [left, top]
    reach = 0.5 * min(float((np.diff(columns) * scale[0]).min()), float((np.diff(rows) * scale[1]).min()))
    length = reach * values / max(float(values.max(initial=0)), 1e-12)
    start: npt.NDArray[np.float64] = np.broadcast_to(middle[:, :, None], (*length.shape, 2))
    ends = start + length[..., None] * ray
    segments = np.stack([start, ends], axis=-2)[length > 0]
    for colour, thickness, gid in (("#000000", 3.2, f"halo-{i}"), (DARK.favour, 1.5, f"roses-{i}")):
        lines = LineCollection(
            list(segments), colors=[colour], linewidths=thickness, capstyle="round", zorder=3
        )
        lines.set_gid(gid)
        page.canvas.add_collection(lines, autolim=False)
    for edge in rows[1:-1]:
        page.box(left, top + edge * scale[1], width, 0.0, edge=page.theme.rule, line=0.4)
    for edge in columns[1:-1]:
        page.box(left + edge * scale[0], top, 0.0, height, edge=page.theme.rule, line=0.4)
