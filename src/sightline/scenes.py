"""Two small results on the way: images passing through the features, and a line in a plane."""

from __future__ import annotations

import numpy as np

from sightline.dataset import Dataset
from sightline.exploration import Exploration
from sightline.features import PCA, IntensitySymmetry, RangeScaler
from sightline.logistic import LogisticRegression
from sightline.results import Stages, TwoFeatures
from sightline.selection import quiet_convergence

SHOWN = 8
MOST_COMPONENTS = 200
POINTS = 400
"""Images of each class that the plane shows."""

ROWS_FOR_PCA = 20_000
FARTHEST = 3.0
"""Standard deviations that are shown as black and white."""


def make_stages(dataset: Dataset, found: Exploration) -> Stages:
    """Take a few training images, one of each class in turn, through scaling and principal components.

    As many components are kept as carry 95 % of the variance (at most `MOST_COMPONENTS`).
    """
    train = dataset.train
    rows = _one_of_each(train)
    step = -(-len(train) // ROWS_FOR_PCA)
    X = RangeScaler().fit_transform(train.X[::step])
    n_components = int(np.clip(found.rank[0.95], 1, MOST_COMPONENTS))
    pca = PCA(n_components).fit(X)
    shown = RangeScaler().fit_transform(train.X[rows])
    restored = np.clip(pca.inverse_transform(pca.transform(shown)), 0, 1)
    shape = dataset.shape
    spread = np.sqrt(found.variance_image).reshape(-1)
    standard = (train.X[rows] - found.mean_image.reshape(-1)) / np.where(spread > 0, spread, 1)
    scaled = (np.clip(standard, -FARTHEST, FARTHEST) + FARTHEST) / (2 * FARTHEST)
    return Stages(
        rows=rows,
        original=np.asarray(train.images[rows]),
        scaled=scaled.reshape(-1, *shape),
        restored=restored.reshape(-1, *shape).astype(np.float64),
        n_components=pca.n_components_,
        components=pca.components_.reshape(-1, *shape).astype(np.float64),
    )


def _one_of_each(train: Dataset) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the first rows of the first classes, then the second rows, until there are `SHOWN`."""
    nth = np.zeros(len(train), dtype=np.int64)
    for k in range(train.n_classes):
        of_class = np.flatnonzero(train.labels == k)
        nth[of_class] = np.arange(len(of_class))
    order = np.lexsort((train.labels, nth))
    return order[:SHOWN].astype(np.int64)


def make_two_features(dataset: Dataset, *, seed: int = 0) -> TwoFeatures:
    """Reduce images to intensity and symmetry, and part two classes by the line of a logistic regression.

    Of all pairs of classes the one that the two numbers tell apart best is shown.
    """
    train, rng = dataset.train, np.random.default_rng(seed)
    chosen = [
        rng.permutation(np.flatnonzero(train.labels == k))[:POINTS] for k in range(min(train.n_classes, 50))
    ]
    rows = np.sort(np.concatenate(chosen))
    labels = train.labels[rows]
    X = RangeScaler().fit_transform(train.X[rows])
    values = IntensitySymmetry(dataset.shape).fit_transform(X).astype(np.float64)
    a, b = _best_pair(values, labels)
    of_pair = (labels == a) | (labels == b)
    values, codes = values[of_pair], (labels[of_pair] == b).astype(np.int64)
    with quiet_convergence():
        model = LogisticRegression(C=1000.0, random_state=seed).fit(values, codes)
    return TwoFeatures(
        classes=(dataset.classes[a], dataset.classes[b]),
        values=values,
        labels=codes,
        weights=model.coef_[0].astype(np.float64),
        bias=float(model.intercept_[0]),
        accuracy=float(model.score(values, codes)),
    )


def _best_pair(
    values: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    labels: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> tuple[int, int]:
    """Return the classes whose means lie farthest apart, measured in standard deviations within classes."""
    known = np.unique(labels)
    means = np.array([values[labels == k].mean(axis=0) for k in known])
    within = np.concatenate([values[labels == k] - mean for k, mean in zip(known, means, strict=True)])
    spread = np.cov(within.T) + 1e-12 * np.eye(2)
    root = np.linalg.cholesky(np.linalg.inv(spread))
    turned = means @ root
    distance = np.linalg.norm(turned[:, None] - turned[None], axis=2)
    i, j = np.unravel_index(int(distance.argmax()), distance.shape)
    if i == j:
        i, j = np.intp(0), np.intp(1)
    return int(known[min(i, j)]), int(known[max(i, j)])
