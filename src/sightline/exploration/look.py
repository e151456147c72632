"""The look itself: everything about a data set in a few passes over its images."""

from __future__ import annotations

from typing import Any

import numpy as np

from sightline.dataset import Dataset
from sightline.engine.threads import single_threaded_blas
from sightline.exploration import duplicates, moments
from sightline.exploration.record import Exploration

SHARES = (0.90, 0.95, 0.99)
EXAMPLES = 5
NEAR = 0.1
"""Two images are nearly the same if their RMS difference is at most this share of the data's own spread:
less than a re-compression changes, so that a low contrast does not make everything a duplicate."""


@single_threaded_blas()
def explore(dataset: Dataset, *, seed: int = 0) -> Exploration:
    """Look at the images: how many, how bright, how varied, how alike.

    Parameters
    ----------
    dataset : Dataset
        Split or not; leaks can only be found where it is split.
    seed : int
        Draws the rows where the data are too large to use all (`sampled`, `near_sampled` then say how many).

    Returns
    -------
    Exploration

    Notes
    -----
    Law: with all rows used, every number equals that of NumPy on the whole float64 matrix.

    Examples
    --------
    >>> import numpy as np
    >>> images = np.zeros((4, 2, 2), np.uint8)
    >>> images[1:, 0, 0] = 255
    >>> found = explore(Dataset(images, np.array([0, 1, 1, 1]), ("dark", "light")))
    >>> found.zero_share, found.exact_duplicates, found.blank.tolist(), int(found.constant.sum())
    (0.8125, [(1, 2, 3)], [0], 3)
    """
    rng = np.random.default_rng(seed)
    X, shape, K = dataset.X, dataset.shape, dataset.n_classes
    sums = moments.moments(X, dataset.labels, K, dataset.channels)
    explained, sampled = moments.explained_variance(X, sums.mean, rng)
    distance = moments.distance_to_class(X, dataset.labels, sums.class_mean)
    typical, atypical = moments.extremes(distance, dataset.labels, K, EXAMPLES)
    summed = summed_up(sums, shape)
    groups, first = duplicates.exact_groups(X)
    near, near_sampled = duplicates.near_pairs(X, first, NEAR * summed["std"], rng)
    low, high = band_of(dataset.n_features)
    train, test = _split_counts(dataset)
    return Exploration(
        name=dataset.name,
        classes=dataset.classes,
        shape=shape,
        n=len(dataset),
        n_train=dataset.n_train,
        train_counts=train,
        test_counts=test,
        band=(low, high),
        band_values=X[:5, low:high].copy(),
        explained=explained,
        rank={share: moments.rank_at(explained, share) for share in SHARES},
        exact_duplicates=groups,
        near_duplicates=near,
        leaks=duplicates.find_leaks(groups, near, dataset.n_train),
        conflicts=duplicates.find_conflicts(groups, dataset.labels),
        typical=typical,
        atypical=atypical,
        blank=sums.blank,
        sampled=sampled,
        near_threshold=NEAR * summed["std"],
        near_sampled=near_sampled,
        **summed,
    )


def summed_up(sums: moments.Moments, shape: tuple[int, ...]) -> dict[str, Any]:
    """What an `Exploration` of images of this shape says that sums over all of them tell."""
    K, (mean, std) = len(sums.counts), _spread(sums.histogram)
    levels = np.flatnonzero(sums.histogram)
    still = sums.constant.reshape(*shape[:2], -1).all(axis=2)
    return {
        "counts": sums.counts,
        "balance": float(sums.counts.min() / sums.counts.max()),
        "minimum": int(levels[0]),
        "maximum": int(levels[-1]),
        "mean": mean,
        "std": std,
        "histogram": sums.histogram,
        "zero_share": float(sums.histogram[0] / sums.histogram.sum()),
        "constant": np.asarray(still, dtype=bool),
        "mean_image": sums.mean.reshape(shape),
        "variance_image": sums.variance.reshape(shape),
        "class_mean": sums.class_mean.reshape(K, *shape),
        "class_variance": sums.class_variance.reshape(K, *shape),
    }


def band_of(d: int) -> tuple[int, int]:
    """Columns that are shown as numbers: 400…499 as in the tutorial where there are more than 500, else the
    middle eighth.
    """
    if d > 500:
        return 400, 500
    width = max(1, d // 8)
    low = (d - width) // 2
    return low, low + width


def _spread(histogram: moments.IntArray) -> tuple[float, float]:
    """Mean and standard deviation of all intensities, from how often each occurs."""
    levels, n = np.arange(256.0), histogram.sum()
    mean = float(histogram @ levels / n)
    return mean, float(np.sqrt(histogram @ (levels - mean) ** 2 / n))


def _split_counts(dataset: Dataset) -> tuple[moments.IntArray | None, moments.IntArray | None]:
    """Images per class in training and in test, or None where nobody has split."""
    if dataset.n_train is None:
        return None, None
    train = np.bincount(dataset.labels[: dataset.n_train], minlength=dataset.n_classes)
    test = np.bincount(dataset.labels[dataset.n_train :], minlength=dataset.n_classes)
    return train, test
