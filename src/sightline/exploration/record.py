"""What a look at the images found: one frozen record of numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Exploration:
    """What a look at a data set found; `h`, `w` height and width, C channels, d = h·w·C columns.

    `counts` (K,) images per class, `train_counts`, `test_counts` (K,) or None; `balance` smallest count
    over largest; `minimum`, `maximum`, `mean`, `std` of all intensities; `histogram` (256,) how often each
    intensity occurs; `zero_share` share of numbers that are 0; `constant` (h, w) bool: pixels that are the
    same in every image; `band` (lo, hi): the columns lo…hi−1 of X shown as numbers (400:500 where d > 500,
    else the middle eighth) and `band_values` (5, hi−lo) uint8 their first five rows;
    `mean_image` (h, w[, C]), `variance_image` (h, w[, C]); `class_mean`, `class_variance` (K, h, w[, C]);
    `explained` (m,) cumulative share of variance by principal direction (largest first), `rank` dict
    {0.90: …, 0.95: …, 0.99: …} directions needed; `exact_duplicates` list of groups (tuples of rows),
    `near_duplicates` list of (row, row, distance) with distance the RMS difference in intensities 0…255;
    `leaks` those pairs, exact or near, that have one row in train and one in test; `conflicts` exact
    duplicates whose labels differ; `typical`, `atypical` (K, m) rows nearest to and farthest from their
    class mean (rows, −1 where a class has fewer); `blank` rows whose pixels are all the same;
    `sampled` None, or how many rows the rank was computed from; `near_threshold` the largest RMS difference
    that counts as near; `near_sampled` None, or how many different images were searched for near duplicates.
    `shown` None, or how many of more images were looked at one by one: directions, duplicates, typical and odd
    images are found among these. Row numbers count in the given data set, training rows first.
    """

    name: str
    classes: tuple[str, ...]
    shape: tuple[int, ...]
    n: int
    n_train: int | None
    counts: IntArray
    train_counts: IntArray | None
    test_counts: IntArray | None
    balance: float
    minimum: int
    maximum: int
    mean: float
    std: float
    histogram: IntArray
    zero_share: float
    constant: npt.NDArray[np.bool_]
    band: tuple[int, int]
    band_values: npt.NDArray[np.uint8]
    mean_image: FloatArray
    variance_image: FloatArray
    class_mean: FloatArray
    class_variance: FloatArray
    explained: FloatArray
    rank: dict[float, int]
    exact_duplicates: list[tuple[int, ...]]
    near_duplicates: list[tuple[int, int, float]]
    leaks: list[tuple[int, int, float]]
    conflicts: list[tuple[int, ...]]
    typical: IntArray
    atypical: IntArray
    blank: IntArray
    sampled: int | None = None
    near_threshold: float = 0.0
    near_sampled: int | None = None
    shown: int | None = None

    @property
    def n_features(self) -> int:
        """Numbers in one image, d = height × width × channels."""
        return math.prod(self.shape)

    def __repr__(self) -> str:
        size = "×".join(str(side) for side in self.shape)
        return f"Exploration of '{self.name}': {self.n:,} images of {size}, {len(self.classes)} classes"

    def _repr_html_(self) -> str:
        """Sentences, and each class with its mean image, for notebooks."""
        from sightline.exploration.card import card

        return card(self)
