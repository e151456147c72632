"""What fits a time: recipes measured on a handful of images, and the dearest that is done in time taken."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sightline.dataset import Dataset
from sightline.errors import UsageError
from sightline.features import RECIPES, StreamedPipeline, make_recipe
from sightline.logistic.objective import Objective

CLIMB: tuple[tuple[str, dict[str, float]], ...] = (
    ("orientation", {"scales": 1}),
    ("orientation", {}),
    ("two-layers", {}),
    ("patches-augmented", {}),
    ("best", {}),
)
"""From the cheapest to the dearest; where none of them fits, `pixels` does."""
HANDFUL = 600
PASSES = 40
"""Of a fit, over all rows."""
SPARE = 1.25
"""An estimate takes so much more than what was measured: machines are busy at times."""

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Pick:
    """What fits: `recipe`, `choices` of it, and `why` in a sentence, with `estimates` in seconds by name."""

    recipe: str
    choices: dict[str, float]
    why: str
    estimates: dict[str, float]


def pick_within(
    seconds: float, dataset: Dataset, *, traits: dict[str, float], seed: int = 0, told: Told | None = None
) -> Pick:
    """Choose the best recipe that learns from all training images, and judges all others, in so many seconds.

    Parameters
    ----------
    seconds : float
    dataset : Dataset
        Divided.
    traits : dict
        From `sightline.selection.find_traits`.
    seed : int
    told : callable, optional
        Told what is being measured.

    Returns
    -------
    Pick
    """
    began, estimates = time.perf_counter(), dict[str, float]()
    fitting: tuple[str, dict[str, float], float] | None = None
    for name, own in CLIMB:
        if told is not None:
            told(f"measuring {name} on {min(HANDFUL, len(dataset.train))} images")
        choices = {**own, **{key: value for key, value in traits.items() if key in RECIPES[name].defaults}}
        try:
            measured = _measured(name, choices, dataset, seed)
        except UsageError:  # too small for patches
            break
        left = seconds - (time.perf_counter() - began)
        copies = int(RECIPES[name].defaults.get("copies", 0))
        while copies > 1 and measured.seconds(copies) > left:
            copies -= 1
        if copies:
            choices["copies"] = copies
        estimate = measured.seconds(copies or int(choices.get("mirror", 0) > 0))
        estimates[_named(name, choices)] = estimate
        if estimate > left:
            break
        fitting = (name, choices, estimate)
    return _said(seconds, fitting, estimates)


def _said(
    seconds: float, fitting: tuple[str, dict[str, float], float] | None, estimates: dict[str, float]
) -> Pick:
    if fitting is None:
        return Pick(
            "pixels", {}, f"pixels: nothing dearer is sure to be done in {_words(seconds)}", estimates
        )
    name, choices, estimate = fitting
    copies = f" with {choices['copies']:g} copies of each image" if "copies" in choices else ""
    why = f"{_named(name, choices)}{copies}: about {_words(estimate)} of the {_words(seconds)} given"
    late = [f"{other} would take {_words(one)}" for other, one in estimates.items() if one > seconds]
    return Pick(name, choices, "; ".join([why, *late]), estimates)


def _named(name: str, choices: dict[str, float]) -> str:
    return f"{name} at one scale" if choices.get("scales") == 1 else name


def _words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


@dataclass(frozen=True, slots=True)
class _Measured:
    """Seconds: `learning` the steps, `an_image` through them, `a_pass` over one row; of so many rows and columns."""

    learning: float
    an_image: float
    a_pass: float
    product: float
    n_train: int
    n_test: int
    width: int

    def seconds(self, copies: int) -> float:
        """From images to test predictions, with so many copies of each."""
        rows = self.n_train * (1 + copies)
        images = self.an_image * (rows + self.n_test)
        d = self.width
        curvature = self.product * min(rows, (6 if d <= 5000 else 2) * d) * d * d
        return SPARE * (self.learning + images + PASSES * self.a_pass * rows + 3 * curvature)


def _measured(name: str, choices: dict[str, float], dataset: Dataset, seed: int) -> _Measured:
    """Put a handful of images through a recipe, and one pass over what comes out."""
    train, clock = dataset.train, time.perf_counter
    rows = np.random.default_rng(seed).permutation(len(train))[:HANDFUL]
    X, labels = train.X[rows], train.labels[rows]
    pipeline = make_recipe(name, shape=dataset.shape, seed=seed, **{**choices, "mirror": 0.0})
    assert isinstance(pipeline, StreamedPipeline)
    pipeline.set_params(copies=0)
    start = clock()
    features, _ = pipeline.training_features(X, labels)
    learned = clock()
    pipeline.features(X)
    passed = clock() - learned
    objective = Objective(features, labels, dataset.n_classes, np.ones(len(rows)), 1.0)
    try:
        point = objective.start()
        objective.at(point)
        before = clock()
        objective.at(point)
        a_pass = clock() - before
    finally:
        objective.close()
    square = features[:256].astype(np.float32)
    before = clock()
    square @ square.T
    product = (clock() - before) / (len(square) ** 2 * square.shape[1])
    return _Measured(
        learning=learned - start - passed,
        an_image=passed / len(rows),
        a_pass=a_pass / len(rows),
        product=product,
        n_train=len(train),
        n_test=len(dataset.test),
        width=features.shape[1],
    )
