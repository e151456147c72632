"""What a run leaves: one record per recipe, one for the whole; figures, report and films read these."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.dataset import Dataset
from sightline.evaluation import Evaluation
from sightline.explanation import Explanation
from sightline.exploration import Exploration
from sightline.logistic.history import FitHistory


@dataclass(frozen=True, slots=True, eq=False)
class RecipeResult:
    """One recipe, fitted and judged.

    `fit_seconds` the classifier's own fit; `total_seconds` everything from uint8 images to test
    predictions, the choice of `chosen` included; `chosen` what validation picked (parameter → value) and
    `tried` every candidate with its validation accuracy; `weight_maps` (R, h, w[, 3]) the weight of each
    pixel where the whole recipe is linear in the pixels, else None (R = K, or 1 for two classes).
    """

    name: str
    summary: str
    n_features: int
    fit_seconds: float
    total_seconds: float
    n_passes: int
    converged: bool
    history: FitHistory
    evaluation: Evaluation
    chosen: dict[str, float]
    tried: tuple[tuple[dict[str, float], float], ...] = ()
    weight_maps: npt.NDArray[np.float64] | None = None
    model: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """The same few images on their way through the features, for the tutorial's header picture.

    `rows` (m,) training rows; `original` (m, h, w[, 3]) uint8; `scaled` each pixel standardised
    over the training images, −3…3 standard deviations shown as 0…1; `restored` what
    PCA with `n_components` directions keeps of them, in [0, 1]; `components` (n_components, h, w[, 3]) the
    principal directions as images.
    """

    rows: npt.NDArray[np.int64]
    original: npt.NDArray[np.uint8]
    scaled: npt.NDArray[np.float64]
    restored: npt.NDArray[np.float64]
    n_components: int
    components: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TwoFeatures:
    """Intensity and symmetry of a sample of two classes, and the line a logistic regression draws there.

    `values` (m, 2): intensity in [0, 1], symmetry (0 = perfectly symmetric, more negative = less);
    `labels` (m,) 0 or 1 into `classes`; the line is ``weights @ value + bias = 0``.
    """

    classes: tuple[str, str]
    values: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]
    bias: float
    accuracy: float


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """The whole story of one data set.

    `test` is the data the evaluations were made on, row for row; `remark` what was picked for a budget, and why.
    """

    dataset: Dataset
    test: Dataset
    exploration: Exploration
    recipes: tuple[RecipeResult, ...]
    best: str
    explanations: tuple[Explanation, ...]
    stages: Stages
    two_features: TwoFeatures
    seed: int
    version: str
    machine: dict[str, Any]
    seconds: float
    command: str = ""
    remark: str = ""

    @property
    def winner(self) -> RecipeResult:
        """The recipe called `best`: the highest validation accuracy."""
        return next(recipe for recipe in self.recipes if recipe.name == self.best)

    @property
    def n_train(self) -> int:
        """Images that the models learned from: more than `dataset` holds where that is a sample."""
        return self.exploration.n_train or len(self.dataset.train)
