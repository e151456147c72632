"""Images drawn in the terminal: two pixels a character, or shades of ASCII where there is no colour."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rich.table import Table
from rich.text import Text

Image = npt.NDArray[np.uint8]

UPPER_HALF = "▀"
SHADES = " .:-=+*#%@"
"""From black to white, as seen on a dark terminal."""


def has_colour() -> bool:
    """Tell whether standard output is a terminal that shows colour (https://no-color.org is honoured)."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and sys.stdout.isatty()


def render(image: Image, columns: int | None = None, *, colour: bool | None = None) -> Text:
    """Draw one image with characters, each standing for one pixel across and two down.

    Parameters
    ----------
    image : (h, w) or (h, w, 3) uint8
    columns : int, optional
        Width in characters, by default the image's own, 32 at most; shrinking averages, enlarging repeats.
    colour : bool, optional
        True draws half blocks in the pixels' own colours, False ASCII shades; None asks the terminal.

    Returns
    -------
    rich.text.Text
        ⌈height / 2⌉ lines of equal length.
    """
    columns = max(1, min(image.shape[1], 32) if columns is None else columns)
    pixels = _resized(image, columns)
    if colour if colour is not None else has_colour():
        return _half_blocks(pixels)
    return _shades(pixels)


def strip(
    images: Sequence[Image],
    captions: Sequence[str],
    columns: int | None = None,
    *,
    colour: bool | None = None,
) -> Table:
    """Draw images side by side, each with a caption under it."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for _ in images:
        grid.add_column(justify="center", overflow="ellipsis", no_wrap=True)
    grid.add_row(*(render(image, columns, colour=colour) for image in images))
    grid.add_row(*(Text(caption, style="dim") for caption in captions))
    return grid


def numbers(values: npt.NDArray[np.float64]) -> Table:
    """Draw a grid of signed numbers (rows, columns), what is above 0 in blue and what is below in orange."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    for _ in range(values.shape[1]):
        grid.add_column(justify="right", no_wrap=True)
    top = float(np.abs(values).max(initial=0)) or 1.0
    for row in values.tolist():
        grid.add_row(*(_number(value, top) for value in row))
    return grid


def _number(value: float, top: float) -> Text:
    colour = "dim" if abs(value) < 0.1 * top else "dodger_blue1" if value > 0 else "dark_orange"
    style = f"bold {colour}" if abs(value) > 0.6 * top else colour
    return Text(f"{value:+.2f}".replace("-", "−") if round(value, 2) else "0.00", style=style)


def _resized(image: Image, columns: int) -> Image:
    """(rows, columns, 3) uint8 with an even number of rows, the sides' proportion kept."""
    from PIL import Image as Pillow

    height, width = image.shape[:2]
    rows = max(1, round(height * columns / width))
    whole = Pillow.fromarray(np.ascontiguousarray(image)).convert("RGB")
    how = Pillow.Resampling.BOX if columns < width else Pillow.Resampling.NEAREST
    pixels = np.asarray(whole.resize((columns, rows), how), dtype=np.uint8)
    return np.concatenate([pixels, np.zeros_like(pixels[:1])]) if rows % 2 else pixels


def _half_blocks(pixels: Image) -> Text:
    """Foreground for the upper pixel, background for the lower."""
    lines = []
    for upper, lower in zip(pixels[::2], pixels[1::2], strict=True):
        line = Text()
        for top, bottom in zip(upper.tolist(), lower.tolist(), strict=True):
            line.append(
                UPPER_HALF,
                style=f"rgb({top[0]},{top[1]},{top[2]}) on rgb({bottom[0]},{bottom[1]},{bottom[2]})",
            )
        lines.append(line)
    return Text("\n").join(lines)


def _shades(pixels: Image) -> Text:
    """One shade for the mean of the two pixels."""
    grey = pixels.astype(np.float64).mean(axis=2)
    level = (grey[::2] + grey[1::2]) / 2 * ((len(SHADES) - 1) / 255)
    return Text("\n".join("".join(SHADES[i] for i in row) for row in np.rint(level).astype(int)))
