"""Images read at places between their pixels, in proportion to the four around: bilinear interpolation."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.engine import compiled
from sightline.features.layer import LIBRARY

Floats = npt.NDArray[np.float32]
_P, _N = ctypes.c_void_p, ctypes.c_int64


def warp(images: Floats, places: Floats, outside: float) -> Floats:
    """Read each pixel of the result at a place of its own.

    Parameters
    ----------
    images : (n, h, w, c) float32
    places : (n, h, w, 2) float32, row and column in pixels
    outside : float
        What lies beyond the border.

    Returns
    -------
    (n, h, w, c) float32
        Linear in the images and `outside`, whatever the places.
    """
    images, places = np.ascontiguousarray(images, np.float32), np.ascontiguousarray(places, np.float32)
    if compiled.library(LIBRARY) is None:
        return _plain(images, places, outside)
    out = np.empty_like(images)
    call = compiled.function(LIBRARY, "warp", None, (_P, _P, _N, _N, _N, _N, ctypes.c_float, _P))
    call(images.ctypes.data, places.ctypes.data, *images.shape, outside, out.ctypes.data)
    return out


def _plain(images: Floats, places: Floats, outside: float) -> Floats:
    n, h, w, _ = images.shape
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)), constant_values=outside)
    r, c = places[..., 0], places[..., 1]
    far = ~((r >= -1) & (r < h) & (c >= -1) & (c < w))
    row, column = (np.where(far, -2, np.floor(one)) for one in (r, c))
    down, right = (np.where(far, 0, one - at)[..., None] for one, at in ((r, row), (c, column)))
    i, j, k = np.arange(n)[:, None, None], row.astype(np.int64) + 2, column.astype(np.int64) + 2
    above = padded[i, j, k] + right * (padded[i, j, k + 1] - padded[i, j, k])
    below = padded[i, j + 1, k] + right * (padded[i, j + 1, k + 1] - padded[i, j + 1, k])
    result: Any = above + down * (below - above)
    return np.asarray(result, np.float32)
