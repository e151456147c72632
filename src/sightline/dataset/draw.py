"""Drawing which rows are kept for testing: stratified, plain, or as scikit-learn draws them."""

from __future__ import annotations

from numbers import Integral

import numpy as np
import numpy.typing as npt

from sightline.errors import UsageError

Rows = npt.NDArray[np.int64]


def count_to_test(test_size: float, n: int) -> int:
    """Return how many of `n` images a share (0…1, rounded up) or a whole number of them means.

    Raises
    ------
    UsageError
        It leaves nothing to train on or nothing to test.
    """
    if isinstance(test_size, Integral):
        count = int(test_size)
    else:
        count = int(np.ceil(test_size * n)) if 0 < test_size < 1 else 0
    if not 0 < count < n:
        raise UsageError(
            f"a test size of {test_size} of {n:,} images leaves one part empty",
            "Give a share between 0 and 1, or a number of images.",
        )
    return count


def stratified(labels: Rows, n_classes: int, n_test: int, seed: int) -> tuple[Rows, Rows]:
    """Draw `n_test` rows so that each class gives its share, rounded by largest remainders.

    Every class keeps one image to learn from; what it cannot give, the others give.

    Returns
    -------
    train, test : row numbers, each in ascending order

    Raises
    ------
    UsageError
        `n_test` would leave some class without any image to learn from.
    """
    counts = np.bincount(labels, minlength=n_classes)
    at_most = np.maximum(counts - 1, 0)
    if n_test > at_most.sum():
        raise UsageError(
            f"keeping {n_test:,} of {len(labels):,} images for testing leaves a class none to learn from",
            f"At most {at_most.sum():,} can be kept for testing when the split is stratified.",
        )
    share = counts * (n_test / len(labels))
    quota = np.minimum(share.astype(np.int64), at_most)
    while quota.sum() < n_test:
        quota[np.argmax(np.where(quota < at_most, share - quota, -np.inf))] += 1
    rng = np.random.default_rng(seed)
    chosen = np.zeros(len(labels), dtype=bool)
    for k in range(n_classes):
        chosen[rng.permutation(np.flatnonzero(labels == k))[: quota[k]]] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def plain(n: int, n_test: int, seed: int) -> tuple[Rows, Rows]:
    """Draw `n_test` of `n` rows whatever their class; (train, test), each in ascending order."""
    order = np.random.default_rng(seed).permutation(n)
    return np.sort(order[n_test:]), np.sort(order[:n_test])


def permuted(n: int, n_test: int, seed: int) -> tuple[Rows, Rows]:
    """Draw as ``sklearn.model_selection.train_test_split`` does, in the order in which it returns them."""
    order = np.random.RandomState(seed).permutation(n).astype(np.int64)  # scikit-learn's own generator
    return order[n_test:], order[:n_test]
