"""Images that come with scikit-learn, so that everything works with no network at all."""

from __future__ import annotations

import numpy as np

from sightline.dataset import Dataset


def load_digits(licence: str) -> Dataset:
    """Return the 1,797 digits of 8×8 pixels, their 17 intensities 0…16 spread over 0…255."""
    from sklearn.datasets import load_digits as from_scikit_learn

    found = from_scikit_learn()
    return Dataset(
        images=np.rint(found.images * (255 / 16)).astype(np.uint8),
        labels=found.target.astype(np.int64),
        classes=tuple("0123456789"),
        name="digits",
        source="sklearn.datasets.load_digits",
        licence=licence,
    )
