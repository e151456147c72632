"""Rows of pixels and images: the one place that knows how one becomes the other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.errors import UsageError

Shape = tuple[int, ...]
DTYPES = [np.float64, np.float32, np.uint8]
"""What every transformer takes without converting; float64 stays, the rest becomes float32."""


def float_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """float64 for float64, else float32."""
    return np.dtype(np.float64 if dtype == np.float64 else np.float32)


def resolve_shape(shape: Shape | None, n_features: int) -> Shape:
    """(height, width) or (height, width, 3) of images flattened to `n_features` numbers.

    Parameters
    ----------
    shape : tuple or None
        None takes a grey square, else a colour square, else a single row of pixels.

    Raises
    ------
    UsageError
        The shape has another number of pixels.
    """
    if shape is None:
        for channels in (1, 3):
            side = math.isqrt(n_features // channels)
            if side * side * channels == n_features and side:
                return (side, side) if channels == 1 else (side, side, 3)
        return 1, n_features
    found = tuple(int(side) for side in shape)
    if len(found) not in (2, 3) or (len(found) == 3 and found[2] != 3) or math.prod(found) != n_features:
        raise UsageError(
            f"rows of {n_features} numbers are not images of shape {found}",
            "Give (height, width) or (height, width, 3) whose product is the number of columns.",
        )
    return found


def border(images: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Pixels along the four sides of images (n, height, width, channels): (n, 2 (height + width), channels)."""
    return np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)


def as_images(X: npt.NDArray[Any], shape: Shape) -> npt.NDArray[Any]:
    """(n, d) rows as (n, height, width, channels), a view."""
    channels = shape[2] if len(shape) == 3 else 1
    return X.reshape(len(X), shape[0], shape[1], channels)
