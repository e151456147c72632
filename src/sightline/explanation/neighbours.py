"""The training images nearest to an image."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sightline.dataset import Dataset
from sightline.explanation.record import Neighbours

BLOCK_NUMBERS = 2_000_000


def nearest(image: npt.NDArray[np.uint8], train: Dataset, m: int = 6) -> Neighbours:
    """Find the `m` training images with the smallest RMS difference from an image.

    Parameters
    ----------
    image : (h, w[, 3]) uint8
    train : Dataset
        Images of the same shape.
    m : int

    Returns
    -------
    Neighbours
        Nearest first; `distance` in intensities 0…255.
    """
    x = image.reshape(-1).astype(np.float32)
    square = np.empty(len(train))
    size = max(1, BLOCK_NUMBERS // train.n_features)
    for start in range(0, len(train), size):
        difference = train.X[start : start + size] - x
        square[start : start + size] = np.einsum("nd,nd->n", difference, difference)
    m = min(m, len(train))
    rows = np.argpartition(square, m - 1)[:m]
    rows = rows[np.lexsort((rows, square[rows]))]
    return Neighbours(
        rows=rows.astype(np.int64),
        labels=train.labels[rows],
        distance=np.sqrt(square[rows] / train.n_features),
        images=np.asarray(train.images[rows]),
    )
