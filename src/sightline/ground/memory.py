"""All images in memory."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline

from sightline.dataset import Dataset
from sightline.evaluation import Evaluation, evaluate
from sightline.features import Recipe, StreamedPipeline
from sightline.ground.record import Learned, Steps
from sightline.model import Model
from sightline.selection import Selection, quiet_convergence, select


class MemoryGround:
    """A data set in memory, split, and the threads of this machine, or its graphics card as `device`."""

    def __init__(self, dataset: Dataset, seed: int, device: str = "cpu") -> None:
        self.dataset, self.seed, self.device = dataset, seed, device

    def expect(self, recipes: Sequence[Recipe], parts: tuple[Dataset, ...]) -> None:
        """Nothing begins before it is asked for."""

    def select(self, recipe: Recipe, parts: tuple[Dataset, ...], told: Steps) -> Selection:
        """See `Ground`."""
        return select(recipe, parts, seed=self.seed, told=told.tried, device=self.device)

    def learn(self, pipeline: Pipeline, told: Steps) -> Learned:
        """See `Ground`."""
        features, labels = self._features(pipeline, told)
        with quiet_convergence():
            began = time.perf_counter()
            pipeline[-1].fit(features, labels, listeners=[told.passed])
            return Learned(features.shape[1], time.perf_counter() - began)

    def _features(self, pipeline: Pipeline, told: Steps) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
        """What the classifier is to learn from: features and labels, of changed copies too."""
        X, labels = self.dataset.train.X, self.dataset.train.labels
        if isinstance(pipeline, StreamedPipeline):
            return pipeline.training_features(X, labels, told.looked)
        return pipeline[:-1].fit_transform(X), labels

    def judge(self, model: Model) -> Evaluation:
        """See `Ground`."""
        return evaluate(model, self.dataset, seed=self.seed)

    def close(self) -> None:
        """There is nothing to let go of."""
