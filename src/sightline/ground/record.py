"""What a ground must offer, whatever its size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sklearn.pipeline import Pipeline

from sightline.dataset import Dataset
from sightline.errors import SightlineError
from sightline.evaluation import Evaluation
from sightline.features import Recipe
from sightline.logistic import Pass
from sightline.model import Model
from sightline.selection import Selection


class Steps(Protocol):
    """Who is told how far the work on a recipe is."""

    def tried(self, words: str, one_pass: Pass | None) -> None:
        """A candidate is tried; or a pass of its fit is done."""
        ...

    def looked(self, share: float) -> None:
        """So much (0…1) of the features has been made."""
        ...

    def passed(self, one_pass: Pass) -> None:
        """A pass of the fit is done."""
        ...


@dataclass(frozen=True, slots=True)
class Learned:
    """How a pipeline learned: what its classifier sees of an image, and the seconds of its own fit."""

    n_features: int
    seconds: float


class Unfinished(SightlineError):
    """Learning ended early, for a reason that its text tells; `model` has the best coefficients so far."""

    def __init__(self, cause: SightlineError, model: Model) -> None:
        super().__init__(cause.what, cause.remedy)
        self.model = model


class Ground(Protocol):
    """Images, and who works on them."""

    def expect(self, recipes: Sequence[Recipe], parts: tuple[Dataset, ...]) -> None:
        """Be told which recipes `select` will be asked about: where there are many machines, all begin at once."""
        ...

    def select(self, recipe: Recipe, parts: tuple[Dataset, ...], told: Steps) -> Selection:
        """Choose what a recipe leaves open, on images kept aside."""
        ...

    def learn(self, pipeline: Pipeline, told: Steps) -> Learned:
        """Fit a pipeline to all images to learn from."""
        ...

    def judge(self, model: Model) -> Evaluation:
        """Judge it on all images to test on."""
        ...

    def close(self) -> None:
        """Let go of threads, machines and files."""
        ...
