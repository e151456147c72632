"""Training and test images: the split that was asked for, and whether it leaves something to learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sightline.dataset import Dataset
from sightline.errors import DataError, UsageError

Split = str | float | None


def parse_split(split: Split) -> float | None:
    """Return the share of images to test on if `split` is one, else None.

    Raises
    ------
    UsageError
        It is neither a share (0…1) nor 'seed', 'none' or None.
    """
    if split is None or split in ("seed", "none"):
        return None
    try:
        share = float(split)
    except (TypeError, ValueError):
        share = -1.0
    if not 0 < share < 1:
        raise UsageError(
            f"a split of {split!r} is not possible", "Give 'seed', 'none' or a share such as 0.2."
        )
    return share


def divided(dataset: Dataset, split: Split, *, seed: int) -> Dataset:
    """Return the data set with the split that `split` means (see `sightline.load`).

    A split is drawn from the rows in the order in which they were published, so that it is the same whether
    or not the data set had been split before.

    Raises
    ------
    DataError
        There is one class only, or a class without images to learn from or to test on.
    UsageError
        `split` or `seed` is impossible.
    """
    share = parse_split(split)
    _at_least_two_classes(dataset)
    if split is None and dataset.n_train is not None:
        _every_class_can_be_learned(dataset)
        return dataset
    whole = _as_published(dataset)
    if split == "none":
        return whole
    if split == "seed":
        drawn = whole.split(test_size=0.2, seed=42, permutation=True)
        _every_class_can_be_learned(drawn)
        return drawn
    _enough_of_each(whole)
    return whole.split(test_size=share or 0.2, seed=seed)


def _as_published(dataset: Dataset) -> Dataset:
    """Forget a split, and put the rows back into the order they had before it."""
    if dataset.n_train is None:
        return dataset
    if dataset.rows is None:
        return replace(dataset, n_train=None)
    return dataset.take(np.argsort(dataset.rows, kind="stable"))


def _at_least_two_classes(dataset: Dataset) -> None:
    present = np.unique(dataset.labels)
    if len(present) < 2:
        only = dataset.classes[int(present[0])]
        raise DataError(
            f"'{dataset.name}' has images of one class only: '{only}'",
            "A classifier needs two or more; a folder needs one subfolder for each.",
        )


def _enough_of_each(dataset: Dataset) -> None:
    counts = np.bincount(dataset.labels, minlength=dataset.n_classes)
    few = [f"'{dataset.classes[k]}' ({counts[k]})" for k in np.flatnonzero(counts < 2)]
    if few:
        raise DataError(
            f"'{dataset.name}' has classes with fewer than two usable images: {', '.join(few[:5])}",
            "Each class needs one to learn from and one to test on: add images or remove the class.",
        )


def _every_class_can_be_learned(dataset: Dataset) -> None:
    counts = np.bincount(dataset.labels[: dataset.n_train], minlength=dataset.n_classes)
    absent = [f"'{dataset.classes[k]}'" for k in np.flatnonzero(counts == 0)]
    if absent:
        raise DataError(
            f"'{dataset.name}' has no training images of {', '.join(absent[:5])}",
            "Add some, or draw a new split with split=0.2.",
        )
