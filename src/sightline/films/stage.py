"""A stage: the page on which a scene is drawn, what stands still on it, and what moves."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sightline.figures import lettering
from sightline.figures.axes import round_ticks, trace, word
from sightline.figures.page import MARGIN, Page
from sightline.figures.style import SMALL, TEXT, Theme, find_theme
from sightline.films.picture import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.patches import Circle, Rectangle
    from matplotlib.text import Text

Pixels = npt.NDArray[np.uint8]

TALL_WIDE, TALL_SQUARE = 4.32, 5.2
"""Inches from top to bottom, whatever the number of dots: letters of 9 points are a 35th of a wide frame."""

TOP, BAND, LINE = 0.84, 0.72, 0.235
HEADING, LARGE = 14.5, 20.0
CAPTION_SIZES = (12.5, 11.0, 10.0, SMALL)


@dataclass(frozen=True, slots=True)
class Look:
    """`width`, `height` of a frame in dots, both even; name of the `theme`; whether captions are `burnt` in."""

    width: int
    height: int
    theme: str = "light"
    burnt: bool = True

    @property
    def dpi(self) -> float:
        """Dots per inch of the page."""
        return self.height / (TALL_WIDE if self.width > self.height else TALL_SQUARE)


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the page in inches from its top left corner."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height

    @property
    def middle(self) -> float:
        """Half-way between left and right."""
        return self.left + self.width / 2

    def beside(self, share: float = 0.5, gap: float = 0.3) -> tuple[Box, Box]:
        """Cut it into a left part, `share` of it, and a right one."""
        wide = share * (self.width - gap)
        rest = Box(self.left + wide + gap, self.top, self.width - wide - gap, self.height)
        return Box(self.left, self.top, wide, self.height), rest

    def stacked(self, share: float = 0.5, gap: float = 0.25) -> tuple[Box, Box]:
        """Cut it into an upper part, `share` of it, and a lower one."""
        tall = share * (self.height - gap)
        rest = Box(self.left, self.top + tall + gap, self.width, self.height - tall - gap)
        return Box(self.left, self.top, self.width, tall), rest

    def cells(self, rows: int, columns: int, gap: float = 0.1, below: float = 0.0) -> list[Box]:
        """Cut it into rows × columns equal boxes, row by row, with room `below` each for a word."""
        wide = (self.width - (columns - 1) * gap) / columns
        tall = (self.height - (rows - 1) * gap) / rows
        return [
            Box(self.left + j * (wide + gap), self.top + i * (tall + gap), wide, tall - below)
            for i in range(rows)
            for j in range(columns)
        ]

    def fitted(self, ratio: float = 1.0) -> Box:
        """The largest box of width / height `ratio` in its middle."""
        wide = min(self.width, self.height * ratio)
        tall = wide / ratio
        return Box(self.left + (self.width - wide) / 2, self.top + (self.height - tall) / 2, wide, tall)


class Stage:
    """A page of the right size and theme, and what moves on it, in the order in which it is drawn.

    Parameters
    ----------
    look : Look
    say : callable
        Text of the scene by its key; more keyword arguments fill {names}.
    """

    def __init__(self, look: Look, say: Callable[..., str]) -> None:
        self.look, self.say = look, say
        self.theme: Theme = find_theme(look.theme)
        self.wide = look.width > look.height
        dpi = look.dpi
        self.page = Page.blank((look.width + 0.01) / dpi, (look.height + 0.01) / dpi, self.theme)
        self.page.figure.set_dpi(dpi)
        self.moving: list[Any] = []
        self.pictures: list[Picture] = []

    # -- places ----------------------------------------------------------------------------------------

    @property
    def content(self) -> Box:
        """The part between title and caption."""
        page = self.page
        return Box(MARGIN, TOP, page.width - 2 * MARGIN, page.height - TOP - BAND - 0.08)

    def parts(self, wide: float = 0.62, square: float = 0.74, gap: float = 0.35) -> tuple[Box, Box]:
        """Two parts of the content: side by side on a wide page, one above the other on a square one."""
        return self.content.beside(wide, gap) if self.wide else self.content.stacked(square, 0.6 * gap)

    def slots(self, box: Box, count: int, tall: float = 0.88) -> list[Box]:
        """Places for `count` readings: below each other on a wide page, else side by side."""
        if not self.wide:
            return box.cells(1, count, 0.2)
        top = box.top + max(0.0, (box.height - tall * count) / 2)
        return [Box(box.left, top + i * tall, box.width, tall) for i in range(count)]

    # -- what stands still -----------------------------------------------------------------------------

    def head(self, title: str, scene: str) -> None:
        """Write the title of the film, and quieter that of the scene."""
        page = self.page
        room = page.width - 2 * MARGIN
        page.write(MARGIN, 0.42, title, size=HEADING, bold=True, within=room)
        page.write(MARGIN, 0.65, scene, size=TEXT, colour=self.theme.soft, within=room)

    def chart(
        self,
        box: Box,
        xlim: tuple[float, float],
        ylim: tuple[float, float],
        *,
        x: str = "",
        y: str = "",
        left: float = 0.42,
        most: tuple[int, int] = (8, 5),
    ) -> Axes:
        """Return axes within `box`, `y` written above and `x` below it; round ticks unless the axis is changed."""
        page, look = self.page, {"size": SMALL, "colour": self.theme.soft}
        above, below = (0.24 if y else 0.06), (0.42 if x else 0.22)
        ax = page.plot(box.left + left, box.top + above, box.width - left - 0.08, box.height - above - below)
        ax.set(xlim=xlim, ylim=ylim)
        round_ticks(ax, "x", most=most[0])
        round_ticks(ax, "y", most=most[1])
        page.write(box.left, box.top + 0.11, y, within=box.width, size=SMALL, colour=self.theme.soft)
        page.write(box.left + left + (box.width - left) / 2, box.bottom - 0.02, x, align="center", **look)  # type: ignore[arg-type]
        return ax

    def note(self, x: float, y: float, text: str, **look: Any) -> None:
        """Write a quiet word that stands still, baseline at `y` inches."""
        self.page.write(x, y, text, **{"size": SMALL, "colour": self.theme.soft, **look})

    # -- what moves ------------------------------------------------------------------------------------

    def line(self, ax: Axes, **look: Any) -> Line2D:
        """Return a line, or points, that moves: `set_data(x, y)`; looks as `figures.axes.trace` takes them."""
        trace(ax, [], [], **{"colour": self.theme.ink, **look})
        return self._moves(ax.lines[-1])  # type: ignore[no-any-return]

    def spot(self, ax: Axes, colour: str, size: float = 12.0) -> Spot:
        """Return a large point, `size` letter points across, that moves by less than a dot."""
        from matplotlib.patches import Circle

        circle = Circle(
            (0.0, 0.0), size / 2 / 72, facecolor=colour, edgecolor=self.theme.paper, linewidth=1.4
        )
        self.page.canvas.add_patch(circle)
        return Spot(ax, self.page.canvas, self._moves(circle))

    def words(self, x: float, y: float, text: str = "", *, size: float = TEXT, **look: Any) -> Text:
        """Return a line of words that changes: `set_text(…)`; its baseline lies at `y` inches."""
        canvas = self.page.canvas
        word(canvas, x, y, text, size=size, va="baseline", **{"colour": self.theme.ink, **look})
        return self._moves(canvas.texts[-1])  # type: ignore[no-any-return]

    def reading(self, box: Box, name: str, colour: str | None = None) -> Text:
        """Return a large number that changes, below its name, at the top of `box`."""
        self.note(box.left, box.top + 0.14, name, within=box.width + 0.15)
        return self.words(box.left, box.top + 0.5, size=LARGE, bold=True, colour=colour or self.theme.ink)

    def tag(self, ax: Axes, text: str = "", *, size: float = SMALL, **look: Any) -> Text:
        """Return words that move in the coordinates of `ax`: `set_position((x, y))`."""
        word(ax, 0.0, 0.0, text, size=size, **{"colour": self.theme.ink, **look})
        return self._moves(ax.texts[-1])  # type: ignore[no-any-return]

    def bar(self, box: Box, colour: str) -> Rectangle:
        """Return a bar that grows: `set_bounds(left, top, width, height)` in inches."""
        self.page.box(box.left, box.top, box.width, box.height, fill=colour, line=0)
        return self._moves(self.page.canvas.patches[-1])  # type: ignore[no-any-return]

    def dots(self, ax: Axes) -> tuple[int, int, int, int]:
        """Return top, bottom, left and right of `ax` in dots of the frame."""
        place, look = ax.get_position(), self.look
        top, bottom = round((1 - place.y1) * look.height), round((1 - place.y0) * look.height)
        return top, bottom, round(place.x0 * look.width), round(place.x1 * look.width)

    def field(self, ax: Axes) -> Picture:
        """Return the ground of `ax` as an image that changes, its pixels blended."""
        picture = Picture(self.dots(ax), self.theme, smooth=True)
        self.pictures.append(picture)
        return picture

    def picture(
        self, box: Box, *, limit: float | None = None, frame: bool = True, smooth: bool = False
    ) -> Picture:
        """Return an image that changes: `show(pixels)`; with `limit` its values are signed."""
        dpi = self.look.dpi
        edges = [round(value * dpi) for value in (box.top, box.bottom, box.left, box.right)]
        picture = Picture((edges[0], edges[1], edges[2], edges[3]), self.theme, limit=limit, smooth=smooth)
        if frame:
            thin = 0.8 / dpi
            self.page.box(
                box.left - thin,
                box.top - thin,
                box.width + 2 * thin,
                box.height + 2 * thin,
                edge=self.theme.rule,
            )
        self.pictures.append(picture)
        return picture

    def _moves(self, artist: Any) -> Any:
        artist.set_animated(True)
        self.moving.append(artist)
        return artist


@dataclass(frozen=True, slots=True)
class Spot:
    """A point in the coordinates of `ax`, drawn as a circle: markers keep to whole dots, and would tremble."""

    ax: Axes
    canvas: Axes
    circle: Circle

    def put(self, x: float, y: float, *, seen: bool = True, colour: str | None = None) -> None:
        """Put it at (x, y), or hide it; change its colour."""
        place = self.canvas.transData.inverted().transform(self.ax.transData.transform((x, y)))
        self.circle.set(center=place, visible=seen)
        if colour is not None:
            self.circle.set_facecolor(colour)


def write_caption(page: Page, text: str) -> None:
    """Write a caption of one or two lines at the foot of the page, smaller where it is long."""
    room = page.width - 2 * MARGIN
    for size in CAPTION_SIZES:
        lines = wrapped(text, room, size)
        if len(lines) <= 2:
            break
    top = page.height - BAND + 0.3
    for i, line in enumerate(lines[:3]):
        page.write(page.width / 2, top + LINE * i, line, size=size, align="center", within=room)


def wrapped(text: str, inches: float, size: float) -> list[str]:
    """Break a text into lines of at most `inches`, of about equal length; scripts without spaces break anywhere."""
    pieces = re.findall(r"[\u3000-\uffef]|[^\s\u3000-\uffef]+\s*", lettering.plain(text))

    def broken(room: float) -> list[str]:
        lines = [""]
        for piece in pieces:
            if lines[-1] and lettering.measure((lines[-1] + piece).rstrip(), size) > room:
                lines.append("")
            lines[-1] += piece
        return [line.rstrip() for line in lines]

    lines = broken(inches)
    for share in np.linspace(0.5, 1.0, 11):
        narrower = broken(share * inches)
        if len(narrower) == len(lines):
            return narrower
    return lines
