"""Why it decides so: the exact share of every pixel, and the smallest change that would flip it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The training images nearest to one image: `rows`, `labels` (m,), `distance` (m,), `images` uint8."""

    rows: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    distance: FloatArray
    images: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """The smallest change of the image found that flips the decision.

    `delta` like the image, float64, in intensities 0…255 (add it to the image); `image` the changed image,
    float64, 0…255; `norm` Euclidean length of `delta`; `target` class it flips to; `flips` True where
    applying it was seen to flip; `method` how it was found and whether it is the smallest possible.
    """

    delta: FloatArray
    image: FloatArray
    norm: float
    target: int
    flips: bool
    method: str


@dataclass(frozen=True, slots=True, eq=False)
class FeatureShares:
    """What the classifier itself saw, after all steps, and what each of it adds to z.

    `names` (m,); `values` (m,); `contributions` (R, m); `bias` (R,):
    ``contributions[r].sum() + bias[r] == z[r]``.
    """

    names: tuple[str, ...]
    values: FloatArray
    contributions: FloatArray
    bias: FloatArray

    def largest(self, r: int, m: int = 5) -> list[tuple[str, float]]:
        """Name and contribution to z[r] of the `m` features that add or take the most."""
        order = np.argsort(-np.abs(self.contributions[r]), kind="stable")[:m]
        return [(self.names[i], float(self.contributions[r, i])) for i in order]


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """One decision, taken apart.

    `image` uint8 (height, width[, 3]); `classes` the K names; `z` (R,) and `bias` (R,) where R = K, or 1
    for two classes (then the one row speaks for ``classes[1]``, positive z = in favour); `probability`
    (K,); `predicted`, `runner_up` class numbers; `contributions` (R, height, width[, 3]) the exact share of
    each pixel: ``contributions[r].sum() + bias[r] == z[r]``; `path` one line per step of the model that
    says how its share was taken back to the pixels; `smallest_change` or None; `neighbours` or None; `label`
    the true class where it is known; `features` what the classifier itself saw.
    """

    image: npt.NDArray[np.uint8]
    classes: tuple[str, ...]
    z: FloatArray
    bias: FloatArray
    probability: FloatArray
    predicted: int
    runner_up: int
    contributions: FloatArray
    path: tuple[str, ...]
    smallest_change: Change | None
    neighbours: Neighbours | None
    label: int | None = None
    features: FeatureShares | None = None

    def row(self, k: int) -> FloatArray:
        """Contributions in favour of class `k`, (height, width[, 3]); two classes share one, sign turned."""
        if len(self.z) > 1:
            row: FloatArray = self.contributions[k]
        else:
            row = self.contributions[0] if k == 1 else -self.contributions[0]
        return row

    @property
    def separating(self) -> FloatArray:
        """What separates the decision from the runner-up, pixel by pixel: (height, width[, 3])."""
        if len(self.z) == 1:
            return self.row(self.predicted)
        return self.row(self.predicted) - self.row(self.runner_up)

    def __repr__(self) -> str:
        from sightline.explanation.card import title

        return f"Explanation: {title(self)}"

    def _repr_html_(self) -> str:
        """The image, the share of every pixel, and sentences, for notebooks."""
        from sightline.explanation.card import card

        return card(self)
