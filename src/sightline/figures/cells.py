"""The picture of one decision, cell by cell: where which atoms were found, and what they add to z."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sightline.anatomy import CellGrid, CellShares, Found
from sightline.figures import lettering
from sightline.figures.axes import trace
from sightline.figures.overlay import by_cell, by_place, overlaid
from sightline.figures.page import MARGIN, Page, shape_in
from sightline.figures.reasons import verdict
from sightline.figures.style import SMALL, TEXT, Theme, find_theme, mix

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIDE, GAP = 1.42, 0.2
TOP = 0.98
BOX, LEVEL = 0.46, 0.25
"""Room in inches that a number has: across, and at least down."""
MOST_NUMBERS = 8
"""Cells a side up to which each has its number written."""
FOUND, MARKED = 1.0, 7
"""Side of the pictures of single features in inches, and the most of them."""
DOTS = 40
"""Most patches that are dotted, the strongest."""
TINT = 0.4
"""Of full colour below a number, so that it can be read."""

SAID = "what each cell of the grid adds to z; all of them and the bias make z, exactly"


def cell_shares(shares: CellShares, *, theme: str = "light") -> Figure:
    """Draw what each cell of the grid adds to z, and the features that do most.

    Parameters
    ----------
    shares : CellShares
    theme : "light" or "dark"

    Returns
    -------
    Figure
        Above, for each grid: the cells in favour of the class decided and of the runner-up (two classes share one
        z, so one), both on one scale; what separates them patch by patch, and in numbers, which add up. Below: the
        atoms that do most, as a filter where they are of pixels, the patch that answers most, and where.
    """
    one, look = shares, find_theme(theme)
    rivals = [one.predicted] if len(one.z) == 1 else [one.predicted, one.runner_up]
    width, height = shape_in(one.seen, SIDE)
    tables = [_table_size(grid, height) for grid in one.grids]
    panels = 2 + len(rivals)
    wide = panels * (SIDE + GAP) + max((w for w, _ in tables), default=0.0)
    found = one.found[:MARKED]
    sums = _sums(one, rivals)
    rows = [max(height, tall) + 0.75 for _, tall in tables]
    below = 0.2 * len(sums) + 0.4
    page_width = max(2 * MARGIN + wide, 2 * MARGIN + MARKED * (FOUND + GAP) - GAP)
    tiles = _tiles_height(found, one) if found else 0.0
    page = Page.blank(page_width, TOP + sum(rows) + below + tiles, look)
    page.title(*verdict(one, SAID))
    numbers = _rounded(one)[1:]
    top = TOP
    for i, row in enumerate(rows):
        _draw_grid(page, one, i, rivals, numbers[i], (top, width, height))
        top += row
    page.scale_bar(MARGIN + SIDE + GAP, top - 0.3, len(rivals) * (SIDE + GAP) - GAP, "against", "for")
    for i, line in enumerate(sums):
        page.write(MARGIN, top + 0.28 + 0.2 * i, line, size=TEXT, within=page_width - 2 * MARGIN)
    if found:
        _draw_found(page, one, found, top + below)
    return page.figure


def _draw_grid(
    page: Page, one: CellShares, i: int, rivals: list[int], numbers: Any, place: tuple[float, float, float]
) -> None:
    """Draw the panels of one grid, the upper edge of the pictures 0.22 inches below `top`."""
    grid, (top, width, height) = one.grids[i], place
    picture = top + 0.22
    first = ("the image", one.image) if i == 0 else ("as it is seen", one.seen)
    _caption(page, MARGIN, top, *(first[0], _label(one) if i == 0 else ""))
    page.picture(first[1], MARGIN, picture, width, height)
    limit = max(float(np.abs(one.of(g.shares, k)).max(initial=0)) for g in one.grids for k in rivals) or 1.0
    for n, k in enumerate(rivals, start=1):
        x = MARGIN + n * (SIDE + GAP)
        _caption(page, x, top, f"for {one.classes[k]}", grid.name)
        spread = by_cell(one.of(grid.shares, k), grid, one.seen.shape)
        page.picture(overlaid(one.seen, spread, limit, page.theme), x, picture, width, height)
        _lines(page, grid, one, (x, picture, width, height))
    x = MARGIN + (1 + len(rivals)) * (SIDE + GAP)
    decided, rival = (one.classes[k] for k in (one.predicted, one.runner_up))
    _caption(page, x, top, f"{decided} against {rival}", "patch by patch")
    apart = one.against(grid.places)
    strongest = float(np.quantile(np.abs(apart), 0.99)) or float(np.abs(apart).max(initial=0))
    page.picture(
        overlaid(one.seen, by_place(apart, grid, one.seen.shape), strongest, page.theme),
        x,
        picture,
        width,
        height,
    )
    x += SIDE + GAP
    if _table_size(grid, height)[0]:
        _caption(page, x, top, "in numbers", "cell by cell")
        _table(page, numbers, x, picture, _table_size(grid, height))


def _caption(page: Page, x: float, top: float, caption: str, detail: str) -> None:
    page.write(x, top, caption, within=SIDE + 0.1)
    page.write(x, top + 0.16, detail, size=SMALL, colour=page.theme.soft, within=SIDE + 0.1)


def _label(one: CellShares) -> str:
    return "without a label" if one.label is None else f"labelled {one.classes[one.label]}"


def _lines(page: Page, grid: CellGrid, one: CellShares, place: tuple[float, float, float, float]) -> None:
    """Draw the lines between the cells."""
    left, top, width, height = place
    high, wide = one.seen.shape[:2]
    for edge in grid.rows[1:-1]:
        y = top + height * edge / high
        trace(page.canvas, [left, left + width], [y, y], colour=page.theme.rule, width=0.6, zorder=2)
    for edge in grid.columns[1:-1]:
        x = left + width * edge / wide
        trace(page.canvas, [x, x], [top, top + height], colour=page.theme.rule, width=0.6, zorder=2)


def _table_size(grid: CellGrid, height: float) -> tuple[float, float]:
    """Width and height in inches of the numbers of a grid; nothing where there are too many."""
    down, across = grid.shares.shape[1:]
    if max(down, across) > MOST_NUMBERS:
        return 0.0, 0.0
    return across * BOX, max(down * LEVEL, height)


def _rounded(one: CellShares) -> list[Any]:
    """What separates the two: the bias, then every grid's cells, rounded so that all add up to the lead."""
    parts = [np.atleast_1d(one.against(one.bias)), *(one.against(grid.shares) for grid in one.grids)]
    flat = lettering.adding_up(np.concatenate([part.ravel() for part in parts]))
    cuts = np.cumsum([part.size for part in parts])[:-1]
    return [found.reshape(part.shape) for found, part in zip(np.split(flat, cuts), parts, strict=True)]


def _table(page: Page, numbers: Any, left: float, top: float, size: tuple[float, float]) -> None:
    """Write a number into each cell, on a tint of its colour."""
    down, across = numbers.shape
    wide, tall = size[0] / across, size[1] / down
    limit = float(np.abs(numbers).max(initial=0)) or 1.0
    for r in range(down):
        for c in range(across):
            value = float(numbers[r, c])
            x, y = left + c * wide, top + r * tall
            page.box(x, y, wide, tall, fill=_tint(value / limit, page.theme), edge=page.theme.paper, line=1.5)
            page.write(x + wide / 2, y + tall / 2 + 0.045, signed(value), size=SMALL, align="center")


def _tint(share: float, theme: Theme) -> Any:
    return tuple(mix(theme.favour if share > 0 else theme.against, theme.paper, TINT * abs(share)))


def signed(value: float) -> str:
    """Write a number with its sign: +0.42, −1.30, 0.00."""
    return f"{value:+.2f}".replace("-", "−") if round(value, 2) else "0.00"


def _sums(one: CellShares, rivals: list[int]) -> list[str]:
    """Write how the cells and the bias make z of each rival, and what separates the two."""
    said = []
    for k in rivals:
        parts = [float(one.of(grid.shares, k).sum()) for grid in one.grids]
        name = lettering.fit(one.classes[k], 1.6, TEXT)
        said.append(_sum(f"z of {name}", lettering.adding_up([*parts, float(one.of(one.bias, k))])))
    if len(rivals) > 1:
        bias, *cells = _rounded(one)
        said.append(_sum("the lead", np.array([*(part.sum() for part in cells), bias.sum()])))
    return said


def _sum(name: str, parts: Any) -> str:
    """Write parts and their sum, such as "z of 3: 11.76 from the cells − 0.51 bias = 11.25"."""
    *cells, bias = [float(part) for part in parts]
    first = lettering.fixed(cells[0] + 0.0)
    more = "".join(_term(part) for part in cells[1:])
    where = "cells" if len(cells) == 1 else f"cells of {len(cells)} grids"
    return f"{name}: {first}{more} from the {where}{_term(bias)} bias = {lettering.fixed(float(sum(parts)) + 0.0)}"


def _term(value: float) -> str:
    return f" {'−' if value < 0 else '+'} {lettering.fixed(abs(value))}"


def _tiles_height(found: tuple[Found, ...], one: CellShares) -> float:
    patch = shape_in(found[0].patch, 0.62)[1]
    return 0.72 + patch + shape_in(one.seen, FOUND)[1] + 0.45


def _draw_found(page: Page, one: CellShares, found: tuple[Found, ...], top: float) -> None:
    """Draw the features that do most: the atom, the patch that answers most, where, and how much it adds."""
    theme = page.theme
    decided, rival = (lettering.fit(one.classes[k], 1.2, TEXT) for k in (one.predicted, one.runner_up))
    page.write(MARGIN, top + 0.1, f"The single features that do most between {decided} and {rival}")
    atom = "its filter, " if found[0].pattern is not None else ""
    note = f"{atom}its best match, and where: thick the patch, thin the cell; dots: the middles of all that answer"
    page.write(MARGIN, top + 0.27, note, size=SMALL, colour=theme.soft)
    width, height = shape_in(one.seen, FOUND)
    for i, feature in enumerate(found):
        x, y = MARGIN + i * (FOUND + GAP), top + 0.4
        side = 0.62 if feature.pattern is None else 0.47
        wide, tall = shape_in(feature.patch, side)
        at = x
        if feature.pattern is not None:
            flat = feature.pattern.sum(axis=2) if feature.pattern.ndim == 3 else feature.pattern
            page.picture(flat, at, y, wide, tall, limit=float(np.abs(flat).max(initial=0)) or 1.0)
            at += wide + 0.06
        page.picture(feature.patch, at, y, wide, tall)
        y += shape_in(found[0].patch, 0.62)[1] + 0.06
        page.picture(one.seen, x, y, width, height)
        _mark(page, one, feature, (x, y, width, height))
        value = float(one.against(feature.shares))
        page.write(x, y + height + 0.19, signed(value), bold=True)
        page.write(
            x, y + height + 0.36, _kind(feature.name), size=SMALL, colour=theme.soft, within=FOUND + 0.15
        )


def _kind(name: str) -> str:
    """What of the name is not the place: "atom 17 −", "window 3, 45°"."""
    return ", ".join(part for part in name.split(", ") if not part.startswith("cell "))


def _mark(page: Page, one: CellShares, feature: Found, place: tuple[float, float, float, float]) -> None:
    """Outline the cell and the strongest patch, and dot the middles of all that answer."""
    left, top, width, height = place
    high, wide = one.seen.shape[:2]
    x, y = width / wide, height / high
    grid, (r, c) = one.grids[feature.grid], feature.cell
    theme = page.theme
    colour = theme.favour if float(one.against(feature.shares)) > 0 else theme.against
    page.box(
        left + grid.columns[c] * x, top + grid.rows[r] * y,
        (grid.columns[c + 1] - grid.columns[c]) * x, (grid.rows[r + 1] - grid.rows[r]) * y,
        edge=theme.series[4], line=1.0,
    )  # fmt: skip
    row, column = feature.at[0] + 0.5
    low, far = max(0.0, row - feature.side / 2), max(0.0, column - feature.side / 2)
    page.box(
        left + far * x, top + low * y,
        (min(wide, column + feature.side / 2) - far) * x, (min(high, row + feature.side / 2) - low) * y,
        edge=colour, line=1.6,
    )  # fmt: skip
    strength = feature.answers / max(float(feature.answers.max(initial=0)), 1e-12)
    for (down, across), size in zip(feature.at[:DOTS] + 0.5, strength[:DOTS], strict=False):
        trace(
            page.canvas, [left + across * x], [top + down * y],
            colour=colour, marker="o", dashes="none", size=0.8 + 1.7 * float(np.sqrt(size)), zorder=4,
        )  # fmt: skip
