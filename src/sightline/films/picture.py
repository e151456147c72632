"""An image that changes from frame to frame, put straight into the frame's dots."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.figures.style import Theme, diverging, rgb

Pixels = npt.NDArray[np.uint8]
SHADES = 512


class Picture:
    """A rectangle of the frame, filled with an image pixel by pixel, without smoothing unless asked.

    Parameters
    ----------
    place : top, bottom, left, right in dots
    theme : Theme
    limit : float, optional
        Signed value shown in full colour; without it, values are intensities 0…255.
    smooth : bool
        Blend between pixels.
    """

    def __init__(
        self,
        place: tuple[int, int, int, int],
        theme: Theme,
        *,
        limit: float | None = None,
        smooth: bool = False,
    ) -> None:
        self.place, self.theme, self.limit, self.smooth = place, theme, limit, smooth
        self.shown: Pixels | None = None

    def show(self, pixels: npt.NDArray[Any], opacity: float = 1.0) -> None:
        """Show (h, w) or (h, w, 3) values; with `opacity` below 1 the paper shines through, at 0 nothing is drawn."""
        if opacity <= 0:
            self.shown = None
            return
        colours = self._colours(pixels)
        if opacity < 1:
            paper = 255 * rgb(self.theme.paper)
            colours = np.rint(opacity * colours + (1 - opacity) * paper).astype(np.uint8)
        self.shown = colours

    def paint(self, frame: Pixels) -> None:
        """Put it into the dots of a frame, (H, W, 4) uint8."""
        if self.shown is not None:
            top, bottom, left, right = self.place
            frame[top:bottom, left:right, :3] = _stretched(
                self.shown, bottom - top, right - left, self.smooth
            )

    def _colours(self, pixels: npt.NDArray[Any]) -> Pixels:
        """(h, w, 3) red, green, blue."""
        if self.limit is not None:
            flat = pixels.sum(axis=2) if pixels.ndim == 3 else pixels
            bound = self.limit if self.limit > 0 else 1.0
            shade = np.rint((np.clip(flat / bound, -1, 1) + 1) / 2 * (SHADES - 1)).astype(np.int64)
            return _signed(self.theme)[shade]
        values = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
        return values if values.ndim == 3 else np.repeat(values[..., None], 3, axis=2)


@cache
def _signed(theme: Theme) -> Pixels:
    """The signed scale as (SHADES, 3)."""
    shades: Pixels = np.rint(255 * diverging(theme)(np.linspace(0, 1, SHADES))[:, :3]).astype(np.uint8)
    return shades


def _stretched(colours: Pixels, height: int, width: int, smooth: bool) -> Pixels:
    """Return the image at height × width dots: nearest pixel, or blended; shrunk by averaging."""
    h, w = colours.shape[:2]
    if smooth or h > height or w > width:
        from PIL import Image

        way = Image.Resampling.BILINEAR if smooth else Image.Resampling.BOX
        return np.asarray(Image.fromarray(colours).resize((width, height), way))
    rows = np.arange(height) * h // height
    columns = np.arange(width) * w // width
    picked: Pixels = colours[rows[:, None], columns]
    return picked
