"""Signed values laid over an image that still shows through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.anatomy import CellGrid
from sightline.figures.style import Theme, contrast, diverging, mix, rgb

Doubles = npt.NDArray[np.float64]

FINEST = 240
"""Dots a side that an overlay has at least, where pixels are fewer: lines between cells need not lie on pixels."""
THROUGH, MOST = 0.5, 0.88
"""How much ink the image keeps below, and how much of it the strongest value covers."""
PLAIN = 0.6
"""Share of the border that has to be of one intensity for an image to be writing."""


def overlaid(seen: npt.NDArray[Any], values: Doubles, limit: float, theme: Theme) -> npt.NDArray[np.uint8]:
    """Tint an image by signed values.

    Parameters
    ----------
    seen : (h, w) or (h, w, 3), intensities 0…255
    values : (a h, a w), a whole number of values a pixel and side
    limit : float
        Value in full colour.
    theme : Theme

    Returns
    -------
    (a h, a w, 3) uint8
        The image as a ghost, see `ghost`, below the colours of the signed scale.
    """
    fine = values.shape[0] // seen.shape[0]
    below = ghost(seen, theme).repeat(fine, axis=0).repeat(fine, axis=1)
    share = np.clip(values / (limit or 1.0), -1, 1)
    colour = diverging(theme)(0.5 + 0.3 * np.sign(share) + 0.2 * share)[..., :3]
    over = (MOST * np.abs(share) ** 0.8)[..., None]
    return np.asarray(np.rint(255 * (over * colour + (1 - over) * below)), np.uint8)


def ghost(seen: npt.NDArray[Any], theme: Theme) -> Doubles:
    """Draw an image between paper and grey, (h, w, 3) in 0…1, for colours to lie on.

    Writing, known by a border of one intensity, is drawn as ink on paper whatever its own colours; a photograph keeps
    what is bright and what is dark.
    """
    grey = np.asarray(seen, np.float64) / 255
    grey = grey.mean(axis=2) if grey.ndim == 3 else grey
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ground = float(np.median(border))
    if np.mean(np.abs(border - ground) < 0.05) > PLAIN:
        amount = np.abs(grey - ground)
    else:
        amount = (
            grey if contrast(rgb(theme.ink), (0, 0, 0)) > contrast(rgb(theme.paper), (0, 0, 0)) else 1 - grey
        )
    return mix(theme.ink, theme.paper, THROUGH * np.clip(amount, 0, 1))


def fineness(shape: Sequence[int]) -> int:
    """How many values a pixel and side an overlay of an image of `shape` needs."""
    return max(1, -(-FINEST // max(shape[0], shape[1])))


def by_cell(values: Doubles, grid: CellGrid, shape: Sequence[int]) -> Doubles:
    """Spread one value a cell (down, across) over the pixels of an image of `shape`."""
    fine = fineness(shape)
    row, column = (
        np.clip(np.searchsorted(edges, (np.arange(n * fine) + 0.5) / fine, side="right") - 1, 0, most - 1)
        for edges, n, most in zip((grid.rows, grid.columns), shape[:2], values.shape, strict=True)
    )
    result: Doubles = values[np.ix_(row, column)]
    return result


def by_place(values: Doubles, grid: CellGrid, shape: Sequence[int]) -> Doubles:
    """Spread one value a patch (p, q) over the pixels round the patches' middles; 0 beyond."""
    fine = fineness(shape)
    top, left, bottom, right = grid.extent
    ends = ((top, bottom, shape[0], values.shape[0]), (left, right, shape[1], values.shape[1]))
    index, inside = [], []
    for low, high, n, m in ends:
        at = np.floor(((np.arange(n * fine) + 0.5) / fine - low) * (m / (high - low))).astype(np.int64)
        index.append(np.clip(at, 0, m - 1))
        inside.append((at >= 0) & (at < m))
    result: Doubles = np.where(inside[0][:, None] & inside[1], values[np.ix_(*index)], 0.0)
    return result
