"""Pictures of the images themselves: the first one, a gallery, and the band of columns read as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sightline.dataset import Dataset
from sightline.errors import UsageError
from sightline.exploration import Exploration
from sightline.figures import lettering
from sightline.figures.page import MARGIN, Page, shape_in
from sightline.figures.style import SMALL, TITLE, Theme, find_theme
from sightline.figures.tiles import Sheet, Tile, draw_sheet, left_out

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_IMAGES = 100
MOST_STRIPS = 5


def first_image(dataset: Dataset, row: int = 0, *, theme: str = "light") -> Figure:
    """Draw one image, large, with its label.

    Parameters
    ----------
    dataset : Dataset
    row : int
        Which image.
    theme : "light" or "dark"

    Returns
    -------
    Figure

    Raises
    ------
    UsageError
        There is no such row, or no such theme.
    """
    _check_rows(dataset, [row])
    size = " × ".join(str(side) for side in dataset.shape[:2])
    kind = "red, green and blue" if dataset.channels == 3 else "0 black to 255 white"
    name = dataset.classes[int(dataset.labels[row])]
    sheet = Sheet(
        title=lettering.fit(f"Labelled {name}", 3.4, TITLE),
        subtitle=f"image {row:,}: {size} pixels, {kind}",
        side=3.4,
    )
    return draw_sheet([Tile(dataset.images[row])], sheet, find_theme(theme)).figure


def gallery(
    dataset: Dataset, rows: npt.ArrayLike | None = None, n: int = 10, *, theme: str = "light"
) -> Figure:
    """Draw the first images, or those asked for, with their labels.

    Parameters
    ----------
    dataset : Dataset
    rows : (m,) int, optional
        Which images; the first `n` by default. At most 100 are drawn, and the picture says so.
    n : int
        How many, where no rows are named.
    theme : "light" or "dark"

    Returns
    -------
    Figure

    Raises
    ------
    UsageError
        There is no such row, or no such theme.
    """
    asked = (
        np.arange(min(max(n, 0), len(dataset))) if rows is None else np.asarray(rows, dtype=np.int64).ravel()
    )
    _check_rows(dataset, asked.tolist())
    shown = asked[:MOST_IMAGES]
    tiles = [Tile(dataset.images[row], dataset.classes[int(dataset.labels[row])]) for row in shown]
    title = f"{lettering.plural(len(shown), 'image')} with their labels" if len(shown) else "No images"
    if len(shown) == 1:
        title = "1 image with its label"
    sheet = Sheet(
        title=title,
        footnote=left_out(len(shown), len(asked), "image"),
        columns=5 if len(shown) <= 10 else 10,
        side=1.15 if len(shown) <= 10 else 0.8,
    )
    return draw_sheet(tiles, sheet, find_theme(theme)).figure


def pixel_band(dataset: Dataset, exploration: Exploration, row: int = 0, *, theme: str = "light") -> Figure:
    """Mark the band of columns that the tutorial reads as numbers, and show its first rows as strips.

    Parameters
    ----------
    dataset : Dataset
    exploration : Exploration
        Of the same data set; its `band` says which columns.
    row : int
        The image in which they are marked.
    theme : "light" or "dark"

    Returns
    -------
    Figure

    Raises
    ------
    UsageError
        There is no such row or theme, or the exploration is of images of another size.
    """
    _check_rows(dataset, [row])
    if exploration.shape != dataset.shape:
        raise UsageError(
            f"the exploration is of images of {exploration.shape}, the data set holds {dataset.shape}",
            "Explore the data set that is to be drawn.",
        )
    low, high = exploration.band
    width, height = shape_in(dataset.images[row], 2.6)
    strips = exploration.band_values[:MOST_STRIPS]
    left, top = MARGIN + max(width, 0.9) + 0.4, 1.05
    page = Page.blank(left + 4.3 + MARGIN, top + max(height, 2.1) + 0.4, find_theme(theme))
    marked = lettering.plural(high - low, "column")
    page.title(
        f"Columns {low:,} to {high - 1:,} of {dataset.n_features:,}",
        f"marked in one image, and read off the first {lettering.plural(len(strips), 'image')}",
    )
    page.picture(dataset.images[row], MARGIN, top, width, height)
    _outline(page, _band_mask(dataset, low, high), (MARGIN, top, width, height))
    look: Any = {"size": SMALL, "colour": page.theme.soft}
    page.write(MARGIN, top - 0.1, f"image {row:,}", **look, within=max(width, 0.9))
    page.write(left, top - 0.1, f"{marked}, one strip an image", **look)
    _strips(page, strips, (left, top), (low, high - 1))
    return page.figure


def _strips(
    page: Page, strips: npt.NDArray[np.uint8], corner: tuple[float, float], ends: tuple[int, int]
) -> None:
    """Draw each row of numbers as a strip 4.3 inches wide, with the first and last column below."""
    (left, top), room = corner, 4.3
    for i, strip in enumerate(strips):
        page.picture(strip[None], left, top + 0.36 * i, room, 0.26)
    foot = top + 0.36 * len(strips) + 0.1
    look: Any = {"size": SMALL, "colour": page.theme.soft}
    page.write(left, foot, f"column {ends[0]:,}", **look, within=room)
    if ends[1] > ends[0]:
        page.write(left + room, foot, f"column {ends[1]:,}", **look, align="right", within=room / 2)


def _band_mask(dataset: Dataset, low: int, high: int) -> npt.NDArray[np.bool_]:
    """(h, w) True for the pixels that have a column in the band."""
    mask = np.zeros(dataset.height * dataset.width, dtype=bool)
    mask[low // dataset.channels : (high - 1) // dataset.channels + 1] = True
    return mask.reshape(dataset.height, dataset.width)


def _outline(page: Page, mask: npt.NDArray[np.bool_], place: tuple[float, float, float, float]) -> None:
    """Draw a line around the pixels of `mask`, and tint them."""
    from matplotlib.collections import LineCollection

    left, top, width, height = place
    step = np.array([width / mask.shape[1], height / mask.shape[0]])
    wide = np.pad(mask, 1)
    rows, columns = np.nonzero(wide[1:, 1:-1] != wide[:-1, 1:-1])
    level = np.stack([np.stack([columns, rows], 1), np.stack([columns + 1, rows], 1)], 1)
    rows, columns = np.nonzero(wide[1:-1, 1:] != wide[1:-1, :-1])
    upright = np.stack([np.stack([columns, rows], 1), np.stack([columns, rows + 1], 1)], 1)
    segments = np.concatenate([level, upright]) * step + np.array([left, top])
    tint = np.zeros((*mask.shape, 4))
    tint[mask] = (*_orange(page.theme), 0.35)
    page.canvas.imshow(
        tint,
        extent=(left, left + width, top + height, top),
        interpolation="none",
        origin="upper",
        aspect=page.canvas.get_aspect(),
        zorder=2,
    )
    lines = LineCollection(
        list(segments), colors=page.theme.against, linewidths=1.6, zorder=3, capstyle="round"
    )
    lines.set_gid("band")
    page.canvas.add_collection(lines, autolim=False)


def _orange(theme: Theme) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    return to_rgb(theme.against)


def _check_rows(dataset: Dataset, rows: list[int]) -> None:
    wrong = [row for row in rows if not 0 <= row < len(dataset)]
    if wrong:
        raise UsageError(
            f"'{dataset.name}' has no row {wrong[0]}", f"Its rows are numbered 0 to {len(dataset) - 1}."
        )
