"""One look for every picture: two themes and their colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sightline.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

FloatArray = npt.NDArray[np.float64]

TITLE = 11.5
TEXT = 10.0
SMALL = 9.0
"""Sizes of letters in points; nothing is smaller than `SMALL`."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of one theme, as ``#rrggbb``.

    `paper` the ground; `ink` words, `soft` words that step back; `rule` axes and frames; `sunken` fills that
    only carry something else; `favour` speaks for, `against` against, told apart with any kind of colour
    vision; `series` lines that belong to nobody's side; `deep_favour` and `deep_against` the far ends of the
    signed scale. All but `paper` and `sunken` have a contrast of at least 3 on `paper`.
    """

    name: str
    paper: str
    ink: str
    soft: str
    rule: str
    sunken: str
    favour: str
    against: str
    deep_favour: str
    deep_against: str
    series: tuple[str, ...]


LIGHT = Theme(
    name="light",
    paper="#fbfaf7",
    ink="#1c2127",
    soft="#545b64",
    rule="#8a8d92",
    sunken="#e9e6de",
    favour="#257abe",
    against="#d66014",
    deep_favour="#0c3c69",
    deep_against="#7c2f04",
    series=("#257abe", "#d66014", "#1b8a6b", "#a8448c", "#8a6d00", "#4b4fb0", "#6a7078"),
)
DARK = Theme(
    name="dark",
    paper="#14171b",
    ink="#e8e5df",
    soft="#a9b0b8",
    rule="#737a82",
    sunken="#2a3038",
    favour="#5aa9e6",
    against="#f08c4a",
    deep_favour="#d3eaff",
    deep_against="#ffdcc2",
    series=("#5aa9e6", "#f08c4a", "#3fbf9b", "#e07cc0", "#cfae3a", "#9aa0ff", "#a9b0b8"),
)

DASHES: tuple[str | tuple[float, tuple[float, ...]], ...] = (
    "solid",
    (0, (5, 1.6)),
    (0, (1.4, 1.4)),
    (0, (6, 1.5, 1.4, 1.5)),
)
"""Lines differ in dashes as well, for those who do not see the colours apart."""


def find_theme(name: str) -> Theme:
    """Return the theme called `name`.

    Parameters
    ----------
    name : "light" or "dark"

    Returns
    -------
    Theme

    Raises
    ------
    UsageError
        There is no theme of that name.
    """
    for theme in (LIGHT, DARK):
        if theme.name == name:
            return theme
    raise UsageError(f"there is no theme {name!r}", "Choose 'light' or 'dark'.")


def diverging(theme: Theme) -> Colormap:
    """Return the signed scale: orange below zero, paper at zero, blue above."""
    from matplotlib.colors import LinearSegmentedColormap

    stops = [theme.deep_against, theme.against, theme.paper, theme.favour, theme.deep_favour]
    places = [0.0, 0.2, 0.5, 0.8, 1.0]
    return LinearSegmentedColormap.from_list("signed", list(zip(places, stops, strict=True)), N=512)


def sequential(theme: Theme) -> Colormap:
    """Return the scale of one direction: from hardly visible to strong blue."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("amount", [theme.sunken, theme.favour, theme.deep_favour], N=256)


def rgb(colour: str) -> FloatArray:
    """Return a colour ``#rrggbb`` as (3,) floats in [0, 1]."""
    return np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])


def mix(colour: str, ground: str, share: npt.ArrayLike) -> FloatArray:
    """Return `share` of `colour` on `ground`: (..., 3) floats in [0, 1] for shares of shape (...)."""
    part = np.asarray(share, dtype=np.float64)[..., None]
    mixed: FloatArray = part * rgb(colour) + (1 - part) * rgb(ground)
    return mixed


def contrast(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """Return the contrast of two colours, 1…21.

    Parameters
    ----------
    one, other : (3,) floats in [0, 1], red, green, blue

    Notes
    -----
    Source: WCAG 2.2, relative luminance and contrast ratio.
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def readable(ground: npt.ArrayLike, theme: Theme) -> str:
    """Return ink or paper, whichever is easier to read on `ground`, (3,) floats in [0, 1]."""
    return max((theme.ink, theme.paper), key=lambda colour: contrast(rgb(colour), ground))


def _luminance(colour: npt.ArrayLike) -> float:
    value = np.asarray(colour, dtype=np.float64)
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))
