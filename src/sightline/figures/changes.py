"""Pictures of what is done to images on purpose: straightened, and changed for more of them to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sightline.anatomy import Copies, Straightened
from sightline.figures import lettering
from sightline.figures.axes import trace
from sightline.figures.page import MARGIN, Page, shape_in
from sightline.figures.style import SMALL, TEXT, find_theme
from sightline.figures.tiles import left_out

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_COLUMNS, MOST_ROWS = 8, 8
GAP = 0.12
TOP = 0.95


def straightened(
    straight: Straightened, labels: Sequence[object] | None = None, *, theme: str = "light"
) -> Figure:
    """Draw images before and after their slant was taken out.

    Parameters
    ----------
    straight : Straightened
        At most 8 of its images are drawn.
    labels : (m,) optional
        A word above each.
    theme : "light" or "dark"

    Returns
    -------
    Figure
        The line is the slant of the ink through its middle: afterwards it stands upright in the middle.
    """
    m = min(len(straight.before), MOST_COLUMNS)
    width, height = shape_in(straight.before[0], 1.0) if m else (1.0, 1.0)
    room = max(width, 0.95)
    kinds = (("as it came", straight.before), ("straightened", straight.after))
    left = MARGIN + lettering.widest([kind for kind, _ in kinds], TEXT) + 0.15
    foot = 0.35 if m < len(straight.before) else 0.05
    page = Page.blank(
        left + max(m * (room + GAP), 3.2) + MARGIN, TOP + 2 * (height + GAP) + 0.25 + foot, find_theme(theme)
    )
    page.title("Straightened by the second moments of the ink" if m else "No images", "the line: its slant")
    high, wide = straight.before.shape[1:3]
    for n, (kind, images) in enumerate(kinds):
        y = TOP + n * (height + GAP)
        page.write(left - 0.13, y + height / 2 + 0.05, kind, align="right")
        for i in range(m):
            x = left + i * (room + GAP) + (room - width) / 2
            page.picture(images[i], x, y, width, height)
            column = straight.line[i] if n == 0 else np.full(high, wide / 2)
            row = np.arange(high) + 0.5
            kept = (column >= 0) & (column <= wide)
            across, down = x + width * column[kept] / wide, y + height * row[kept] / high
            trace(
                page.canvas, across, down, colour=page.theme.against, width=1.4, zorder=4, gid=f"line-{n}-{i}"
            )
    for i in range(m):
        x = left + i * (room + GAP) + room / 2
        word = str(labels[i]) if labels is not None else ""
        page.write(x, TOP - 0.08, word, align="center", within=room)
        lean = _leaning(float(straight.slant[i]))
        y = TOP + 2 * (height + GAP) + 0.08
        page.write(x, y, lean, size=SMALL, colour=page.theme.soft, align="center", within=room + GAP)
    page.footnote(left_out(m, len(straight.before), "image"))
    return page.figure


def _leaning(slant: float) -> str:
    """Say how many degrees the ink leans, and where its head is: "leans 12° right"."""
    degrees = round(float(np.degrees(np.arctan(abs(slant)))))
    return f"leans {degrees}° {'left' if slant > 0 else 'right'}" if degrees else "upright"


def augmentation_examples(
    copies: Copies, labels: Sequence[object] | npt.NDArray[Any] | None = None, *, theme: str = "light"
) -> Figure:
    """Draw images, and beside each the changed copies that a model learns from as well.

    Parameters
    ----------
    copies : Copies
        At most 8 images with 8 copies each are drawn.
    labels : (m,) optional
        A word at the left of each image.
    theme : "light" or "dark"

    Returns
    -------
    Figure
    """
    m, c = min(len(copies.originals), MOST_ROWS), min(copies.copies.shape[1], MOST_COLUMNS)
    width, height = shape_in(copies.originals[0], 0.9) if m else (0.9, 0.9)
    words = ["" if labels is None else lettering.fit(str(labels[i]), 1.4, TEXT) for i in range(m)]
    left = MARGIN + max(lettering.widest(words, TEXT) + 0.12, 0.0) * any(words)
    foot = 0.35 if m < len(copies.originals) else 0.05
    apart = left + max(width, 0.85) + 0.3
    note = f"{copies.words}, drawn anew for every copy"
    wide = max(apart + c * (width + GAP), MARGIN + lettering.measure(note, SMALL) + 0.02) + MARGIN
    page = Page.blank(wide, TOP + m * (height + GAP) + foot, find_theme(theme))
    page.title(
        "Images, and copies that say the same" if m else "No images",
        note,
    )
    if m:
        look: Any = {"size": SMALL, "colour": page.theme.soft}
        page.write(left, TOP - 0.08, "as it came", **look)
        page.write(apart, TOP - 0.08, lettering.plural(copies.copies.shape[1], "copy", "copies"), **look)
    for i in range(m):
        y = TOP + i * (height + GAP)
        page.write(left - 0.12, y + height / 2 + 0.05, words[i], align="right")
        page.picture(copies.originals[i], left, y, width, height)
        for j in range(c):
            page.picture(copies.copies[i, j], apart + j * (width + GAP), y, width, height)
    page.footnote(left_out(m, len(copies.originals), "image"))
    return page.figure
