"""A page: one figure measured in inches from its top left corner, on which words and pictures are placed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sightline.figures import lettering
from sightline.figures.axes import word
from sightline.figures.style import SMALL, TEXT, TITLE, Theme, diverging, find_theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARGIN = 0.3
DOTS = 150
"""Dots per inch of a saved PNG; larger images are shrunk to it."""

STRETCH = 8
"""An image longer than this many times its width is drawn wider than it is, or one could not see it."""


@dataclass(frozen=True, slots=True)
class Page:
    """`figure`, and `canvas`: an axes over all of it whose coordinates are inches, (0, 0) at the top left."""

    figure: Figure
    canvas: Axes
    width: float
    height: float
    theme: Theme

    @classmethod
    def blank(cls, width: float, height: float, theme: Theme) -> Page:
        """Return an empty page of `width` × `height` inches."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(width, height), facecolor=theme.paper, edgecolor="none")
        figure.set_layout_engine("none")
        return cls.on(figure.add_axes((0.0, 0.0, 1.0, 1.0)), width, height, theme)

    @classmethod
    def on(cls, ax: Axes, width: float, height: float, theme: Theme) -> Page:
        """Return a page that lies within the axes `ax` of somebody else's figure."""
        ax.set_axis_off()
        ax.set_autoscale_on(False)
        ax.set(xlim=(0, width), ylim=(height, 0))
        ax.set_aspect("equal")
        figure: Any = ax.figure
        return cls(figure, ax, width, height, theme)

    def write(
        self,
        x: float,
        y: float,
        text: object,
        *,
        size: float = TEXT,
        colour: str | None = None,
        align: str = "left",
        bold: bool = False,
        turned: bool = False,
        within: float = np.inf,
    ) -> str:
        """Write one line with its baseline at `y`, cut to `within` inches; return what was written."""
        line = lettering.fit(text, within, size, bold=bold)
        word(
            self.canvas,
            x,
            y,
            line,
            colour=colour or self.theme.ink,
            size=size,
            align=align,
            bold=bold,
            va="bottom" if turned else "baseline",
            rotation=90 if turned else 0,
        )
        return line

    def title(self, text: str, note: str = "") -> None:
        """Write the title, and below it a quieter line."""
        room = self.width - 2 * MARGIN
        self.write(MARGIN, 0.38, text, size=TITLE, within=room)
        self.write(MARGIN, 0.6, note, size=SMALL, colour=self.theme.soft, within=room)

    def footnote(self, text: str) -> None:
        """Write a quiet line at the foot of the page."""
        room = self.width - 2 * MARGIN
        self.write(MARGIN, self.height - 0.16, text, size=SMALL, colour=self.theme.soft, within=room)

    def plot(self, left: float, top: float, width: float, height: float) -> Axes:
        """Return axes with thin lines at the left and below, `left` and `top` inches from the corner."""
        place = (
            left / self.width,
            1 - (top + height) / self.height,
            width / self.width,
            height / self.height,
        )
        ax = self.figure.add_axes(place, facecolor="none")
        ax.grid(visible=False)
        ax.set_axisbelow("line")
        for side, spine in ax.spines.items():
            spine.set_visible(side in ("left", "bottom"))
            spine.set(linewidth=0.8, color=self.theme.rule)
        ax.tick_params(
            which="both",
            direction="out",
            length=3,
            width=0.8,
            color=self.theme.rule,
            labelcolor=self.theme.soft,
            top=False,
            right=False,
            bottom=True,
            left=True,
        )
        ax.set_label("plot")
        return ax

    def picture(
        self,
        pixels: npt.NDArray[Any],
        left: float,
        top: float,
        width: float,
        height: float,
        *,
        limit: float | None = None,
        frame: bool = True,
        **scale: Any,
    ) -> None:
        """Draw an image pixel by pixel.

        Parameters
        ----------
        pixels : (h, w) or (h, w, 3), intensities 0…255; or with `limit` signed values, channels added up
        left, top, width, height : inches
        limit : float, optional
            Signed value shown in full colour.
        frame : bool
            Draw a thin line around it.
        scale : `cmap`, `vmin`, `vmax` of a scale of its own
        """
        if limit is not None:
            pixels = pixels.sum(axis=2) if pixels.ndim == 3 else pixels
            bound = limit if np.isfinite(limit) and limit > 0 else 1.0
            scale = {"cmap": diverging(self.theme), "vmin": -bound, "vmax": bound}
        elif not scale:
            scale = {"cmap": "gray", "vmin": 0, "vmax": 255}
            pixels = np.clip(np.rint(np.nan_to_num(pixels)), 0, 255).astype(np.uint8)
        self.canvas.imshow(
            _shrunk(pixels, width, height),
            extent=(left, left + width, top + height, top),
            # Nearest neighbour; in SVG "none" also keeps the image's own pixels instead of drawing them anew.
            interpolation="none",
            origin="upper",
            aspect=self.canvas.get_aspect(),
            zorder=1,
            **scale,
        )
        if frame:
            self.box(left, top, width, height, edge=self.theme.rule)

    def box(self, left: float, top: float, width: float, height: float, **look: Any) -> None:
        """Draw a rectangle: `fill` and `edge` are colours, none by default; `line` the width of the edge."""
        from matplotlib.patches import Rectangle

        self.canvas.add_patch(
            Rectangle(
                (left, top),
                width,
                height,
                facecolor=look.get("fill", "none"),
                edgecolor=look.get("edge", "none"),
                linewidth=look.get("line", 0.6),
                zorder=2,
            )
        )

    def scale_bar(self, left: float, top: float, width: float, below: str, above: str) -> None:
        """Draw the signed scale as a bar, with what its two ends mean."""
        self.picture(np.linspace(-1, 1, 101)[None], left, top, width, 0.1, limit=1.0)
        look: Any = {"size": SMALL, "colour": self.theme.soft}
        self.write(left, top + 0.27, below, **look, within=width / 2)
        self.write(left + width, top + 0.27, above, **look, align="right", within=width / 2)


def chart_page(
    theme: str,
    title: str,
    *,
    x: str,
    y: str,
    width: float = 6.6,
    height: float = 4.0,
    left: float = 0.75,
    right: float = MARGIN,
    foot: float = 0.0,
) -> tuple[Page, Axes]:
    """Return a page with one pair of axes: `y` is written above its axis, level, and `x` below its own.

    `foot` inches at the bottom are left free for a footnote.
    """
    page = Page.blank(width, height + foot, find_theme(theme))
    page.title(title, y)
    ax = page.plot(left, 0.78, width - left - right, height - 0.78 - 0.68)
    page.write(
        left + (width - left - right) / 2,
        height - 0.2,
        x,
        size=SMALL,
        colour=page.theme.soft,
        align="center",
        within=width - 2 * MARGIN,
    )
    return page, ax


def shape_in(pixels: npt.NDArray[Any], side: float) -> tuple[float, float]:
    """Return width and height in inches at which an image just fits a square of `side` inches."""
    height, width = pixels.shape[:2]
    ratio = min(max(width / height, 1 / STRETCH), STRETCH)
    return (side, side / ratio) if ratio >= 1 else (side * ratio, side)


def _shrunk(pixels: npt.NDArray[Any], width: float, height: float) -> npt.NDArray[Any]:
    """Average an image that has more pixels than the page has dots; otherwise leave it as it is."""
    from PIL import Image

    rows, columns = max(1, round(height * DOTS)), max(1, round(width * DOTS))
    if pixels.shape[0] <= rows and pixels.shape[1] <= columns:
        return pixels
    size = (min(columns, pixels.shape[1]), min(rows, pixels.shape[0]))
    bands = pixels[..., None] if pixels.ndim == 2 else pixels
    small = [
        np.asarray(Image.fromarray(band.astype(np.float32)).resize(size, Image.Resampling.BOX))
        for band in np.moveaxis(bands, 2, 0)
    ]
    joined = np.stack(small, axis=2) if pixels.ndim == 3 else small[0]
    return np.rint(joined).astype(np.uint8) if pixels.dtype == np.uint8 else joined
