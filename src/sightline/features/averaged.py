"""Test-time averaging: what a model says of an image and of a few changed copies of it, on average."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.errors import UsageError
from sightline.features.augment import Augmentation, places
from sightline.features.images import Shape, as_images, border
from sightline.features.warp import warp

Decide = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]
BLOCK = 512


def averaged(
    decide: Decide,
    X: npt.NDArray[Any],
    shape: Shape,
    *,
    views: int = 8,
    augmentation: Augmentation | None = None,
    seed: int = 0,
) -> npt.NDArray[np.float64]:
    """Average a decision over each image and `views` changed copies of it.

    p̄(x) = (p(x) + Σ_v p(T_v x)) / (1 + views)      T_v the same changes for every image

    Parameters
    ----------
    decide : callable
        Rows (m, d) to probabilities (m, K), such as a model's `predict_proba`.
    X : (n, d) uint8 or floats
    shape : (height, width[, channels])
    views : int ≥ 0
    augmentation : Augmentation or None
        How much the copies differ; None takes half of what copies for training differ by.
    seed : int
        Draws the changes.

    Returns
    -------
    (n, K) float64

    Notes
    -----
    Laws: without views it is `decide` · what is said of an image depends on no other image · rows add up to 1
    where those of `decide` do. A decision so averaged is no longer one z: `sightline.explain` explains that of the
    image itself.
    """
    if views < 0:
        raise UsageError(f"views = {views!r} is below 0")
    how = augmentation or Augmentation().times(0.5)
    high, wide = shape[0], shape[1]
    changes = places(views, high, wide, how, np.random.default_rng(seed))
    parts = []
    for start in range(0, len(X), BLOCK):
        rows = X[start : start + BLOCK]
        total = np.asarray(decide(rows), np.float64)
        images = as_images(np.asarray(rows, np.float32), shape)
        outside = _outside(images)
        for change in changes:
            moved = warp(images - outside, np.broadcast_to(change, (len(rows), *change.shape)), 0.0) + outside
            moved = moved.reshape(len(rows), -1)
            if X.dtype == np.uint8:
                moved = np.clip(np.rint(moved), 0, 255).astype(np.uint8)
            total = total + decide(moved)
        parts.append(total / (1 + views))
    return np.concatenate(parts)


def _outside(images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Median of each image's border, by channel: (n, 1, 1, channels)."""
    return np.asarray(np.median(border(images), axis=1)[:, None, None, :], np.float32)
