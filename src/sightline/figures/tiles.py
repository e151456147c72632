"""A sheet of small images of one size, each with a word above and words below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from sightline.figures import lettering
from sightline.figures.page import MARGIN, Page, shape_in
from sightline.figures.style import SMALL, TEXT, TITLE, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE = 0.165
"""From one line of small letters to the next, in inches."""


@dataclass(frozen=True, slots=True)
class Tile:
    """`pixels` (h, w[, 3]); one line `above`, lines `below`; with `limit` the values are signed."""

    pixels: npt.NDArray[Any]
    above: str = ""
    below: tuple[str, ...] = ()
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What surrounds the tiles: `title`, a quieter `subtitle`, a `footnote`, ends of the signed `scale`."""

    title: str
    subtitle: str = ""
    footnote: str = ""
    scale: tuple[str, str] | None = None
    columns: int = 5
    side: float = 1.15
    narrowest: float = 0.8


def draw_sheet(tiles: Sequence[Tile], sheet: Sheet, theme: Theme, ax: Axes | None = None) -> Page:
    """Draw all tiles, row by row.

    Parameters
    ----------
    tiles : may be empty; then the title alone has to say why
    sheet : Sheet
    theme : Theme
    ax : Axes, optional
        Somebody else's axes to draw into; a new figure by default.

    Returns
    -------
    Page
    """
    columns = max(1, min(sheet.columns, len(tiles)))
    rows = -(-len(tiles) // columns)
    width, height = shape_in(tiles[0].pixels, sheet.side) if tiles else (0.0, 0.0)
    pitch = max(width, sheet.narrowest) + 0.16
    above = 0.26 if any(tile.above for tile in tiles) else 0.06
    below = LINE * max((len(tile.below) for tile in tiles), default=0) + 0.14
    top = 0.78 if sheet.subtitle else 0.56
    foot = MARGIN * (sheet.footnote != "") + 0.42 * (sheet.scale is not None) + 0.08
    page_width = _width(sheet, columns * pitch - 0.16)
    page_height = top + rows * (above + height + below) + foot
    page = (
        Page.blank(page_width, page_height, theme)
        if ax is None
        else Page.on(ax, page_width, page_height, theme)
    )
    page.title(sheet.title, sheet.subtitle)
    for i, tile in enumerate(tiles):
        row, column = divmod(i, columns)
        left = MARGIN + column * pitch
        _draw_tile(
            page, tile, left, top + row * (above + height + below) + above, (width, height), pitch - 0.16
        )
    if sheet.scale is not None:
        bar = min(3.0, page_width - 2 * MARGIN)
        page.scale_bar(MARGIN, page_height - foot + 0.04, bar, *sheet.scale)
    page.footnote(sheet.footnote)
    return page


def _width(sheet: Sheet, tiles: float) -> float:
    """Return the width of a page on which both the tiles and the lines around them have room."""
    title = lettering.measure(lettering.plain(sheet.title)[:90], TITLE)
    lines = [lettering.plain(line)[:120] for line in (sheet.subtitle, sheet.footnote)]
    return 2 * MARGIN + max(tiles, title + 0.02, lettering.widest(lines, SMALL) + 0.02)


def _draw_tile(
    page: Page, tile: Tile, left: float, top: float, size: tuple[float, float], room: float
) -> None:
    """Draw one tile in the middle of its `room` inches, the image's upper edge at `top`."""
    width, height = size
    middle = left + room / 2
    page.picture(tile.pixels, middle - width / 2, top, width, height, limit=tile.limit)
    page.write(middle, top - 0.07, tile.above, size=TEXT, align="center", within=room)
    for i, line in enumerate(tile.below):
        page.write(
            middle,
            top + height + LINE * (i + 1),
            line,
            size=SMALL,
            align="center",
            within=room,
            colour=page.theme.soft,
        )


def left_out(shown: int, whole: int, one: str, many: str = "") -> str:
    """Say how many of `whole` are not shown; nothing where all are."""
    hidden = whole - shown
    if hidden <= 0:
        return ""
    verb = "is" if hidden == 1 else "are"
    return f"{lettering.plural(hidden, one, many)} of {whole:,} {verb} not shown."
