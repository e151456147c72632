"""Pictures of images on their way to the classifier: scaled, restored, and the directions of PCA."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sightline.figures import lettering
from sightline.figures.page import MARGIN, Page, shape_in
from sightline.figures.style import SMALL, TEXT, find_theme
from sightline.figures.tiles import Sheet, Tile, draw_sheet, left_out
from sightline.results import Stages

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_COLUMNS = 8
TOP, GAP = 0.95, 0.12
MOST_DIRECTIONS = 24


def stages(
    stages_: Stages,
    classes: Sequence[str] | None = None,
    labels: Sequence[object] | npt.NDArray[Any] | None = None,
    *,
    theme: str = "light",
) -> Figure:
    """Draw the same images three times: as they came, scaled, and restored from a few numbers.

    Parameters
    ----------
    stages_ : Stages
        At most 8 of its images are drawn.
    classes : (K,) str, optional
        Names of the classes.
    labels : (m,) optional
        Label of each image: class numbers where `classes` are given, else shown as they are.
    theme : "light" or "dark"

    Returns
    -------
    Figure
    """
    m = min(len(stages_.original), MOST_COLUMNS)
    rows: tuple[tuple[str, str, npt.NDArray[Any]], ...] = (
        ("original", "0 to 255", stages_.original[:m]),
        ("standardised", "per pixel", 255 * stages_.scaled[:m]),
        ("restored from", lettering.plural(stages_.n_components, "number"), 255 * stages_.restored[:m]),
    )
    width, height = shape_in(stages_.original[0], 1.0) if m else (1.0, 1.0)
    room, step = max(width, 0.8), height + 0.14
    left = MARGIN + lettering.widest([word for row in rows for word in row[:2]], TEXT) + 0.2
    wide = left + max(m * (room + GAP) - GAP, 2.4) + MARGIN
    page = Page.blank(wide, TOP + 3 * step + 0.1, find_theme(theme))
    page.title("The same images on their way to the classifier")
    for i, (kind, detail, images) in enumerate(rows):
        top, soft = TOP + i * step, page.theme.soft
        page.write(left - 0.2, top + height / 2 - 0.03, kind, align="right")
        page.write(left - 0.2, top + height / 2 + 0.15, detail, size=SMALL, colour=soft, align="right")
        for j, image in enumerate(images):
            page.picture(image, left + j * (room + GAP) + (room - width) / 2, top, width, height)
    for j in range(m if labels is not None else 0):
        name = _name(labels, classes, j)
        page.write(left + j * (room + GAP) + room / 2, TOP - 0.1, name, align="center", within=room)
    return page.figure


def eigen_images(stages_: Stages, *, theme: str = "light") -> Figure:
    """Draw the principal directions as images, all on one signed scale.

    Parameters
    ----------
    stages_ : Stages
        At most 24 of its directions are drawn.
    theme : "light" or "dark"

    Returns
    -------
    Figure
    """
    shown = stages_.components[:MOST_DIRECTIONS]
    flat = np.abs(shown.sum(axis=3) if shown.ndim == 4 else shown)
    limit = float(np.nan_to_num(flat).max(initial=0.0)) or 1.0
    tiles = [Tile(component, f"{i:,}", limit=limit) for i, component in enumerate(shown, start=1)]
    sheet = Sheet(
        title="The directions in which images differ most" if tiles else "No principal directions",
        subtitle="each image is the mean image plus so much of every one of these" if tiles else "",
        footnote=left_out(len(tiles), len(stages_.components), "direction"),
        scale=("negative", "positive") if tiles else None,
        columns=6,
        side=1.0,
        narrowest=0.5,
    )
    return draw_sheet(tiles, sheet, find_theme(theme)).figure


def _name(labels: Any, classes: Sequence[str] | None, j: int) -> str:
    return str(labels[j]) if classes is None else classes[int(labels[j])]
