"""The picture of a dictionary: its atoms, and what excites them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sightline.anatomy import Atoms
from sightline.figures import lettering
from sightline.figures.page import MARGIN, Page, shape_in
from sightline.figures.style import SMALL, TEXT, find_theme
from sightline.figures.tiles import left_out

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BUSIEST, MOST, COLUMNS = 8, 200, 20
LARGE, SMALL_SIDE = 0.8, 0.36
GAP = 0.1
TOP = 0.98


def dictionary_atoms(atoms: Atoms, *, theme: str = "light") -> Figure:
    """Draw the atoms of a dictionary, the busiest first.

    Parameters
    ----------
    atoms : Atoms
    theme : "light" or "dark"

    Returns
    -------
    Figure
        Above, the eight busiest: what each looks for, where it looks at pixels, and the mean of the image patches
        that answer most with + and with −. Below, all others up to 200: what they look for, else what excites them.
    """
    K = len(atoms.which)
    large, rest = range(min(BUSIEST, K)), range(min(BUSIEST, K), min(MOST, K))
    kinds = [("looks for", atoms.patterns)] if atoms.patterns is not None else []
    kinds += [("answers + to", atoms.excited[:, 0]), ("answers − to", atoms.excited[:, 1])]
    left = MARGIN + lettering.widest([kind for kind, _ in kinds], SMALL) + 0.14
    width, height = shape_in(atoms.excited[0, 0], LARGE)
    small = shape_in(atoms.excited[0, 0], SMALL_SIDE)
    lower = TOP + len(kinds) * (height + GAP) + 0.62
    rows = -(-len(rest) // COLUMNS)
    wide = max(left + BUSIEST * (LARGE + GAP), MARGIN + COLUMNS * (SMALL_SIDE + 0.06)) + MARGIN
    tall = lower + rows * (small[1] + 0.06) + (0.35 if K > MOST else 0.05)
    page = Page.blank(wide, tall, find_theme(theme))
    side = atoms.excited.shape[2]
    page.title(
        f"{lettering.plural(K, 'atom')} of {side} × {atoms.excited.shape[3]} pixels, the busiest first",
        "learned without labels; below each its share of all answers, above each its number",
    )
    for n, (kind, pictures) in enumerate(kinds):
        y = TOP + n * (height + GAP)
        page.write(
            left - 0.12, y + height / 2 + 0.04, kind, size=SMALL, colour=page.theme.soft, align="right"
        )
        for i in large:
            x = left + i * (LARGE + GAP) + (LARGE - width) / 2
            page.picture(pictures[i], x, y, width, height, **_scale(kind, pictures[i]))
    for i in large:
        x = left + i * (LARGE + GAP) + LARGE / 2
        page.write(x, TOP - 0.07, f"{atoms.which[i]:,}", size=TEXT, align="center")
        share = lettering.percent(float(atoms.use[i].sum()))
        page.write(x, lower - 0.52, share, size=SMALL, colour=page.theme.soft, align="center")
    kind, pictures = kinds[0]
    if len(rest):
        page.write(
            MARGIN,
            lower - 0.12,
            f"and the others: what each {'looks for' if kind == 'looks for' else 'answers to most'}",
            size=SMALL,
            colour=page.theme.soft,
        )
    for i in rest:
        row, column = divmod(i - BUSIEST, COLUMNS)
        x, y = MARGIN + column * (SMALL_SIDE + 0.06), lower + row * (small[1] + 0.06)
        page.picture(pictures[i], x, y, *small, frame=False, **_scale(kind, pictures[i]))
    page.footnote(left_out(len(large) + len(rest), K, "atom"))
    return page.figure


def _scale(kind: str, picture: Any) -> dict[str, Any]:
    """Signed patterns are each drawn on a scale of its own: their lengths say nothing."""
    if kind != "looks for":
        return {}
    flat = picture.sum(axis=2) if picture.ndim == 3 else picture
    return {"limit": float(np.abs(flat).max(initial=0)) or 1.0}
