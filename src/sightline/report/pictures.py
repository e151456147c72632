"""Pictures inside the page: each becomes a data address, so that the file needs no other."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image as PillowImage

Pixels = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float64]

FOR = (37, 122, 190)
AGAINST = (214, 96, 20)
MARK = (240, 150, 40)
INK = (128, 128, 128)
"""Blue speaks for, orange against: told apart with any kind of colour vision, on white and on black."""

LARGEST = 48
"""Longest side of a thumbnail in pixels; small images keep theirs."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image in the page: its address, what it shows in words, and its size in its own pixels."""

    src: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn figure, once for a light and once for a dark page."""

    light: str
    dark: str
    alt: str
    width: int
    height: int


def photo(image: npt.ArrayLike, alt: str, *, largest: int = LARGEST) -> Picture:
    """Show an image, pixel by pixel where it is small.

    Parameters
    ----------
    image : (h, w) or (h, w, 3), intensities 0…255 (floats are rounded and clipped)
    alt : str
        What is to be seen.
    largest : int
        Longest side in pixels; a larger image is shrunk.
    """
    from PIL import Image

    pixels = np.clip(np.rint(np.asarray(image, dtype=np.float64)), 0, 255).astype(np.uint8)
    return _encoded(Image.fromarray(pixels), alt, largest)


def scaled(values: FloatArray, alt: str, *, largest: int = LARGEST) -> Picture:
    """Show values of any range, the smallest black and the largest white."""
    low, high = float(values.min()), float(values.max())
    return photo((values - low) * (255 / (high - low) if high > low else 0.0), alt, largest=largest)


def signed(
    values: FloatArray,
    alt: str,
    *,
    limit: float | None = None,
    under: Pixels | None = None,
    largest: int = LARGEST,
) -> Picture:
    """Show signed values: blue above zero, orange below, transparent at zero.

    Parameters
    ----------
    values : (h, w) or (h, w, 3); the channels are added up
    limit : float, optional
        Value shown in full colour; the largest magnitude by default.
    under : (h, w) or (h, w, 3) uint8, optional
        Image shown faintly below, so that one sees what the colours lie on.
    """
    from PIL import Image

    flat = values.sum(axis=2) if values.ndim == 3 else values
    limit = limit or float(np.abs(flat).max()) or 1.0
    colour = np.where(flat[..., None] >= 0, np.array(FOR, float), np.array(AGAINST, float))
    over = np.clip(np.abs(flat) / limit, 0, 1) ** 0.7
    grey = np.zeros_like(flat)
    if under is not None:
        grey = (under.mean(axis=2) if under.ndim == 3 else under.astype(np.float64)) / 255 * 0.35
    alpha = over + grey * (1 - over)
    mixed = colour * over[..., None] + np.array(INK, float) * (grey * (1 - over))[..., None]
    mixed /= np.maximum(alpha, 1e-9)[..., None]
    rgba = np.concatenate([mixed, 255 * alpha[..., None]], axis=2)
    return _encoded(Image.fromarray(np.rint(rgba).astype(np.uint8), "RGBA"), alt, largest)


def marked(image: Pixels, mask: npt.NDArray[np.bool_], alt: str) -> Picture:
    """Show an image with the pixels of `mask` tinted."""
    colour = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    tinted = colour * 0.55 + np.array(MARK) * 0.45
    return photo(np.where(mask[..., None], tinted, colour), alt, largest=96)


def chart(draw: Callable[[str], Figure], alt: str, *, vector: bool = True) -> Chart:
    """Draw a figure for both themes.

    Parameters
    ----------
    draw : function from a theme, "light" or "dark", to a Figure
    alt : str
        What is to be seen.
    vector : bool
        SVG where there are lines, PNG where there are thousands of points.
    """
    light, width, height = _drawn(draw("light"), vector)
    dark, _, _ = _drawn(draw("dark"), vector)
    return Chart(light=light, dark=dark, alt=alt, width=width, height=height)


def _drawn(figure: Figure, vector: bool) -> tuple[str, int, int]:
    """Return the figure's data address and its size in CSS pixels."""
    import matplotlib as mpl

    width, height = (round(96 * float(side)) for side in figure.get_size_inches())
    buffer = io.BytesIO()
    if vector:
        # Text as text: the reader's own fonts, a third of the size. A fixed salt: same run, same file.
        with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "sightline"}):
            figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        return _address(buffer.getvalue(), "svg+xml"), width, height
    figure.savefig(buffer, format="png", dpi=150, metadata={"Software": None})
    return _address(_fewer_colours(buffer), "png"), width, height


def _fewer_colours(buffer: io.BytesIO) -> bytes:
    """Store a drawn figure with 256 colours: a third of the size, and nobody sees it.

    An octree keeps rare colours, such as the end of a scale, where the median cut gives them away; the paper, in the
    corner, is put back to its exact colour, or it would stand out from the page's.
    """
    from PIL import Image

    buffer.seek(0)
    out = io.BytesIO()
    with Image.open(buffer) as whole:
        colours = whole.convert("RGB")
        few = colours.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        palette, paper = few.getpalette() or [], int(np.asarray(few)[0, 0])
        palette[3 * paper : 3 * paper + 3] = np.asarray(colours)[0, 0].tolist()
        few.putpalette(palette)
        few.save(out, "PNG", optimize=True)
    return out.getvalue()


def _encoded(image: PillowImage, alt: str, largest: int) -> Picture:
    """Shrink where needed; PNG keeps small images exact, JPEG keeps photographs small."""
    from PIL import Image

    width, height = image.size
    if max(width, height) > largest:
        factor = largest / max(width, height)
        width, height = max(1, round(width * factor)), max(1, round(height * factor))
        image = image.resize((width, height), Image.Resampling.BOX)
    buffer = io.BytesIO()
    if image.mode == "RGB" and width * height > 1024:
        image.save(buffer, "JPEG", quality=88, subsampling=0)
        return Picture(_address(buffer.getvalue(), "jpeg"), alt, width, height)
    image.save(buffer, "PNG", optimize=True)
    return Picture(_address(buffer.getvalue(), "png"), alt, width, height)


def _address(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
