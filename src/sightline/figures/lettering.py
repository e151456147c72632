"""Words in pictures: what can be drawn, how wide it is, and how it is cut to fit."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

WIDER = 1.04
"""Letters fitted to the pixel grid are a little wider than their outlines."""

LONGEST = 200
"""Characters of a name that are ever looked at."""

OTHER_SCRIPTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "PingFang SC",
    "Hiragino Sans",
    "Microsoft YaHei",
    "Yu Gothic",
    "Malgun Gothic",
    "Apple SD Gothic Neo",
    "WenQuanYi Zen Hei",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Noto Emoji",
    "Arial Unicode MS",
)
"""Fonts for scripts that DejaVu Sans lacks, used where they are installed."""


def plain(text: object) -> str:
    """Return `text` as one line that the fonts at hand can draw.

    Line breaks become spaces; invisible control characters are dropped, so that a name cannot turn the
    writing direction; a character that no font has becomes □, the sign for just that.
    """
    known, letters = _letters(), []
    for letter in str(text)[:LONGEST]:
        kind = unicodedata.category(letter)
        if kind in ("Cc", "Zl", "Zp", "Zs"):
            letters.append(" ")
        elif kind != "Cf":
            drawn = ord(letter) in known and letter.isprintable()  # DejaVu also draws some that mean nothing
            letters.append(letter if drawn else "□")
    return " ".join("".join(letters).split())


def fit(text: object, inches: float, size: float, *, bold: bool = False) -> str:
    """Return `text` cut so that it is at most `inches` wide, with … where something is missing."""
    whole = plain(text)
    if measure(whole, size, bold=bold) <= inches:
        return whole
    low, high = 0, len(whole)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(whole[:middle].rstrip() + "…", size, bold=bold) <= inches:
            low = middle
        else:
            high = middle - 1
    return whole[:low].rstrip() + "…"


def measure(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide `text`, one line of known characters, is in inches at `size` points."""
    from matplotlib.textpath import text_to_path

    if not text:
        return 0.0
    width, _, _ = text_to_path.get_text_width_height_descent(text, font(size, bold=bold), ismath=False)
    return WIDER * float(width) / 72


def widest(texts: Sequence[str], size: float, *, bold: bool = False) -> float:
    """Return the width in inches of the widest of `texts`; 0 where there are none."""
    return max((measure(text, size, bold=bold) for text in texts), default=0.0)


def font(size: float, *, bold: bool = False) -> FontProperties:
    """Return the one font of all pictures at `size` points."""
    from matplotlib.font_manager import FontProperties

    return FontProperties(
        family=[*_families(), "sans-serif"],
        style="normal",
        variant="normal",
        weight="bold" if bold else "normal",
        stretch="normal",
        size=size,
    )


def number(value: float, digits: int = 6) -> str:
    """Write a number with at most `digits` digits, thousands apart, a true minus."""
    return f"{value:,.{digits}g}".replace("-", "−")


def fixed(value: float, decimals: int = 2) -> str:
    """Write a number with `decimals` decimals and a true minus."""
    return f"{value:,.{decimals}f}".replace("-", "−")


def adding_up(values: npt.ArrayLike, decimals: int = 2) -> npt.NDArray[np.float64]:
    """Round numbers so that they still add up: their sum is the rounded sum.

    Each is rounded down, and those that lost most get the units that are missing (largest remainders).

    Parameters
    ----------
    values : (n,)
    decimals : int

    Returns
    -------
    (n,) float64
        Law: none is off by a unit of the last decimal or more.
    """
    unit = 10.0**-decimals
    exact = np.asarray(values, dtype=np.float64) / unit
    low = np.floor(exact)
    missing = round(float(exact.sum()) - float(low.sum()))
    low[np.argsort(low - exact, kind="stable")[:missing]] += 1
    result: npt.NDArray[np.float64] = np.round(low * unit, decimals) + 0.0
    return result


def percent(share: float, decimals: int = 1) -> str:
    """Write a share as a percentage; what is not quite all or nothing is never rounded to it."""
    if np.isnan(share):
        return "unknown"
    step = 10.0**-decimals
    if 0 < share < step / 200:
        return f"< {step:.{decimals}f} %"
    if 1 - step / 200 < share < 1:
        return f"> {100 - step:.{decimals}f} %"
    return f"{100 * share:.{decimals}f} %"


def decade(power: int, *, raised: bool) -> str:
    """Write 10 to the `power`: in full, or with a raised exponent."""
    if not raised:
        return f"{10**power:,}" if power >= 0 else f"{10.0**power:.{abs(power)}f}"
    return "10" + str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def plural(count: int, one: str, many: str = "") -> str:
    """Write a count with its noun: 1 image, 2 images."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def apart(places: Sequence[float], gap: float, low: float, high: float) -> npt.NDArray[np.float64]:
    """Move labels as little as possible (least squares) so that none overlaps its neighbour.

    Parameters
    ----------
    places : (n,) where the labels would like to be
    gap : distance that two labels need
    low, high : range within which they must stay; where it is too small, they start at `low`

    Returns
    -------
    (n,) float64
        Places in the order given. Law: sorted, they are `gap` apart.
    """
    wish = np.asarray(places, dtype=np.float64)
    order = np.argsort(wish, kind="stable")
    blocks: list[tuple[float, int]] = []
    for i, place in enumerate(wish[order]):
        mean, size = float(place - i * gap), 1
        while blocks and blocks[-1][0] > mean:
            before, count = blocks.pop()
            mean, size = (mean * size + before * count) / (size + count), size + count
        blocks.append((mean, size))
    slid = np.repeat([mean for mean, _ in blocks], [size for _, size in blocks])
    top = max(low, high - (len(wish) - 1) * gap)
    out = np.empty(len(wish))
    out[order] = np.clip(slid, low, top) + gap * np.arange(len(wish))
    return out


@cache
def _families() -> tuple[str, ...]:
    from matplotlib.font_manager import fontManager

    installed = {entry.name for entry in fontManager.ttflist}
    return ("DejaVu Sans", *(name for name in OTHER_SCRIPTS if name in installed))


@cache
def _letters() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    paths = [findfont(FontProperties(family=name)) for name in _families()]
    return frozenset(code for path in paths for code in get_font(path).get_charmap())
