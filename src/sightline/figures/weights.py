"""The picture of a linear model: one signed map a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sightline.errors import UsageError
from sightline.figures.page import Page
from sightline.figures.style import find_theme
from sightline.figures.tiles import Sheet, Tile, draw_sheet, left_out
from sightline.results import RecipeResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_CLASSES = 60


def weight_maps(recipe_result: RecipeResult, classes: Sequence[str], *, theme: str = "light") -> Figure:
    """Draw the weight of every pixel, one map a class, all on one scale.

    Parameters
    ----------
    recipe_result : RecipeResult
        Of a recipe that is linear in the pixels.
    classes : (K,) str
        Two classes share one map: blue speaks for the second, orange for the first.
    theme : "light" or "dark"

    Returns
    -------
    Figure

    Raises
    ------
    UsageError
        The recipe is not linear in the pixels, or there is no such theme.
    """
    if recipe_result.weight_maps is None:
        raise UsageError(
            f"the recipe '{recipe_result.name}' is not linear in the pixels, so no pixel has one weight",
            "Draw a recipe whose weight_maps are not None.",
        )
    return draw_weights(recipe_result.weight_maps, classes, theme=theme).figure


def draw_weights(
    maps: npt.NDArray[np.float64], classes: Sequence[str], *, theme: str = "light", ax: Axes | None = None
) -> Page:
    """Draw weight maps (R, h, w[, 3]), R = K or 1 for two classes, on a page of their own or into `ax`."""
    single = len(maps) == 1 and len(classes) == 2
    names = [str(classes[1])] if single else [str(name) for name in classes]
    flat = np.abs(np.nan_to_num(maps.sum(axis=3) if maps.ndim == 4 else maps))
    limit = float(np.quantile(flat, 0.995)) or float(flat.max(initial=0.0)) or 1.0
    shown = maps[:MOST_CLASSES]
    many = len(shown) > 10
    tiles = [Tile(one, name, limit=limit) for one, name in zip(shown, names, strict=False)]
    ends = (f"for {str(classes[0])[:24]}", f"for {str(classes[1])[:24]}") if single else ("against", "for")
    sheet = Sheet(
        title="What each pixel says where there is ink",
        subtitle="one scale for all classes" if len(tiles) > 1 else "",
        footnote=left_out(len(tiles), len(maps), "class", "classes"),
        scale=ends,
        columns=10 if many else 5,
        side=3.0 if single else 0.8 if many else 1.25,
    )
    return draw_sheet(tiles, sheet, find_theme(theme), ax)
