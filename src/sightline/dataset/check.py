"""Whether the parts of a Dataset fit together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sightline.errors import DataError

if TYPE_CHECKING:
    from sightline.dataset.record import Dataset


def check(dataset: Dataset) -> None:
    """See that shapes, dtypes, label range and lengths fit together.

    Raises
    ------
    DataError
        They do not; the message says which.
    """
    images, labels, n = dataset.images, dataset.labels, len(dataset.images)
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] != 3):
        raise DataError(
            f"the images of '{dataset.name}' are {images.dtype} of shape {images.shape}",
            "Expected uint8 of shape (n, height, width) or (n, height, width, 3).",
        )
    if n == 0 or images.shape[1] == 0 or images.shape[2] == 0:
        raise DataError(
            f"'{dataset.name}' holds no pixels: its images have shape {images.shape}",
            "Give one image or more.",
        )
    if len(set(dataset.classes)) < len(dataset.classes):
        raise DataError(f"two classes of '{dataset.name}' have the same name", "Give each class its own.")
    if labels.shape != (n,):
        raise DataError(
            f"'{dataset.name}' has {n} images but labels of shape {labels.shape}",
            "Every image needs exactly one label.",
        )
    if not np.issubdtype(labels.dtype, np.integer):
        raise DataError(f"the labels of '{dataset.name}' are {labels.dtype}", "Expected class numbers 0…K−1.")
    if int(labels.min()) < 0 or int(labels.max()) >= len(dataset.classes):
        raise DataError(
            f"the labels of '{dataset.name}' run from {labels.min()} to {labels.max()}",
            f"With {len(dataset.classes)} class names they must lie in 0…{len(dataset.classes) - 1}.",
        )
    if dataset.n_train is not None and not 0 <= dataset.n_train <= n:
        raise DataError(
            f"'{dataset.name}' has {n} images but claims {dataset.n_train} for training",
            f"Give n_train of 0…{n}.",
        )
    if dataset.files and len(dataset.files) != n:
        raise DataError(
            f"'{dataset.name}' has {n} images but {len(dataset.files)} file names",
            "Give one for each, or none.",
        )
    if dataset.rows is not None and dataset.rows.shape != (n,):
        raise DataError(
            f"'{dataset.name}' has {n} images but row numbers of shape {dataset.rows.shape}",
            "Give one for each.",
        )
