"""The picture of one image on its way through the steps of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sightline.anatomy import FeatureMaps, Stage
from sightline.figures import lettering
from sightline.figures.page import MARGIN, Page, shape_in
from sightline.figures.style import SMALL, TEXT, find_theme, sequential

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIDE, TILE, GAP = 1.5, 0.78, 0.12
TOP = 0.98
MOST = 8


def feature_maps(maps: FeatureMaps, *, theme: str = "light") -> Figure:
    """Draw one image, step by step: as it came, straightened or scaled, then what each layer finds in it.

    Parameters
    ----------
    maps : FeatureMaps
    theme : "light" or "dark"

    Returns
    -------
    Figure
        Of each layer the atoms that answer this image most: what they look for, where they were found best, their
        answers patch by patch, and the cells that these are summed in. Answers of a row share one scale.
    """
    whole = [Stage("the image", "as it came", maps.image[None], ("",), "pixels")]
    whole += [
        stage for stage in maps.stages if len(stage.pictures) == 1 and stage.name and stage.kind != "amount"
    ]
    layers = [stage for stage in maps.stages if not any(stage is one for one in whole)]
    width, height = shape_in(maps.image, SIDE)
    room = [max(SIDE, lettering.widest([one.name, one.note], TEXT)) + GAP for one in whole]
    left = MARGIN + lettering.widest([stage.note for stage in layers], SMALL) + 0.14
    heights = [_height(stage) for stage in layers]
    most = max((min(len(stage.pictures), MOST) for stage in layers), default=0)
    wide = max(MARGIN + sum(room), left + most * (TILE + GAP), 4.5) + MARGIN
    page = Page.blank(wide, TOP + height + 0.25 + sum(heights) + 0.1, find_theme(theme))
    page.title("One image, step by step", f"as the recipe {maps.recipe} sees it" if maps.recipe else "")
    x = MARGIN
    for stage, inches in zip(whole, room, strict=True):
        page.write(x, TOP - 0.02, stage.name, within=inches)
        page.write(x, TOP + 0.14, stage.note, size=SMALL, colour=page.theme.soft, within=inches)
        page.picture(stage.pictures[0], x, TOP + 0.22, width, height, **_scale(stage, page))
        x += inches
    top = TOP + height + 0.25
    for stage, tall in zip(layers, heights, strict=True):
        _draw_row(page, stage, left, top)
        top += tall
    return page.figure


def _height(stage: Stage) -> float:
    tile = shape_in(stage.pictures[0], TILE)[1]
    return tile + GAP + (0.42 if stage.name else 0.0) + (0.2 if any(stage.captions) else 0.0)


def _draw_row(page: Page, stage: Stage, left: float, top: float) -> None:
    """Draw one row of small pictures, its name above and its note at the left."""
    if stage.name:
        page.write(MARGIN, top + 0.3, stage.name, bold=True)
        top += 0.42
    captions = any(stage.captions)
    top += 0.2 * captions
    width, height = shape_in(stage.pictures[0], TILE)
    soft = page.theme.soft
    page.write(left - 0.12, top + height / 2 + 0.04, stage.note, size=SMALL, colour=soft, align="right")
    limit = max(float(np.abs(stage.pictures).max(initial=0)), 1e-12)
    for i, picture in enumerate(stage.pictures[:MOST]):
        x = left + i * (TILE + GAP)
        scale = _scale(stage, page, picture)
        if stage.kind == "amount":
            scale["vmax"] = limit
        page.picture(picture, x + (TILE - width) / 2, top, width, height, **scale)
        if captions:
            page.write(
                x + TILE / 2, top - 0.06, stage.captions[i], size=SMALL, align="center", within=TILE + GAP
            )


def _scale(stage: Stage, page: Page, picture: Any = None) -> dict[str, Any]:
    shown = stage.pictures[0] if picture is None else picture
    if stage.kind == "signed":
        flat = shown.sum(axis=2) if shown.ndim == 3 else shown
        return {"limit": float(np.abs(flat).max(initial=0)) or 1.0}
    if stage.kind == "amount":
        return {"cmap": sequential(page.theme), "vmin": 0.0, "vmax": 1.0}
    return {}
