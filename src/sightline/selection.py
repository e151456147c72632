"""Choosing by validation: how many components, how strong a penalty. Test images are never looked at.

A stratified part of the training images is kept aside. First the number of components is chosen at the
recipe's own C, then C is moved by factors of √10 to where it does best (`climb`). Most images right wins;
among equals the lower log loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from sightline.dataset import Dataset
from sightline.evaluation.judge import SMALLEST
from sightline.features import Recipe, make_recipe
from sightline.logistic import LogisticRegression, Pass

SHARE, MOST = 0.15, 10_000
"""Part of the training images kept aside, and the most of them."""

TOLERANCE = 1e-3
"""Candidates are fitted to this relative gap: far below the differences that validation can see."""

FACTOR = 10**0.5
MOST_MOVES = 6

Told = Callable[[str, Pass | None], None]


@dataclass(frozen=True, slots=True)
class Trial:
    """One candidate: its `choices`, the `accuracy` and `log_loss` it reached on the images kept aside."""

    choices: dict[str, float]
    accuracy: float
    log_loss: float

    @property
    def rank(self) -> tuple[float, float]:
        """Sorts the better candidate higher."""
        return self.accuracy, -self.log_loss


@dataclass(frozen=True, slots=True)
class Selection:
    """What validation chose, and every candidate it tried, in order."""

    best: Trial
    tried: tuple[Trial, ...]


def keep_aside(train: Dataset, seed: int) -> Dataset:
    """Split training images in two: ``.train`` to fit candidates on, ``.test`` to choose among them by.

    At least one image of each class stays to be learned from.
    """
    wanted = max(1, min(MOST, round(SHARE * len(train))))
    return replace(train, n_train=None).split(test_size=wanted, seed=seed)


def select(recipe: Recipe, parts: Dataset, *, seed: int = 0, told: Told | None = None) -> Selection:
    """Choose what a recipe leaves open.

    Parameters
    ----------
    recipe : Recipe
    parts : Dataset
        From `keep_aside`.
    seed : int
    told : callable, optional
        Told what is being tried, and every pass of its fit.

    Returns
    -------
    Selection
    """
    trials: list[Trial] = []
    for size in component_counts(recipe, parts.train):
        choices = {**recipe.defaults, **({} if size is None else {"n_components": size})}
        trials.append(_Candidates(recipe, parts, choices, seed, told).at(float(choices["C"])))
    best = max(trials, key=lambda trial: trial.rank)
    if recipe.tune_C:
        candidates = _Candidates(recipe, parts, best.choices, seed, told)
        climbed = climb(candidates.at, best)
        trials += climbed
        best = max([best, *climbed], key=lambda trial: trial.rank)
    return Selection(best, tuple(trials))


def component_counts(recipe: Recipe, train: Dataset) -> Sequence[int | None]:
    """Numbers of components worth trying, no more than there are; one None where there is no choice."""
    if not recipe.sizes:
        return [None]
    most = min(len(train), train.n_features)
    return sorted({min(size, most) for size in recipe.sizes})


def climb(at: Callable[[float], Trial], start: Trial) -> list[Trial]:
    """Try √10 times more and √10 times less C, then go on in the better direction while it gets better."""
    C = start.choices["C"]
    tried = [at(C / FACTOR), at(C * FACTOR)]
    ahead = max(tried, key=lambda trial: trial.rank)
    factor = 1 / FACTOR if ahead is tried[0] else FACTOR
    best = start
    while ahead.rank > best.rank and len(tried) < MOST_MOVES:
        best, ahead = ahead, at(ahead.choices["C"] * factor)
        tried.append(ahead)
    return tried


class _Candidates:
    """One set of features, computed when first needed, and a classifier fitted on them for any C."""

    def __init__(
        self, recipe: Recipe, parts: Dataset, choices: dict[str, float], seed: int, told: Told | None
    ) -> None:
        self.recipe, self.parts, self.choices, self.seed, self.told = recipe, parts, choices, seed, told
        self.features: tuple[Any, Any] | None = None
        self.classifier: LogisticRegression | None = None

    def at(self, C: float) -> Trial:
        """Fit with penalty C, starting from where the last fit ended, and judge on the images kept aside."""
        told, choices = self.told, {**self.choices, "C": C}
        words = ", ".join(f"{key} = {value:.3g}" for key, value in choices.items() if key != "degree")
        if told is not None:
            told(words, None)
        fit_on, judge_on = self._features()
        if self.classifier is None:
            self.classifier = LogisticRegression(random_state=self.seed, tol=TOLERANCE, warm_start=True)
        self.classifier.set_params(C=C)
        listeners = [] if told is None else [lambda one: told(words, one)]
        with quiet_convergence():
            self.classifier.fit(fit_on, self.parts.train.labels, listeners=listeners)
        probability = np.asarray(self.classifier.predict_proba(judge_on), dtype=np.float64)
        labels = self.parts.test.labels
        codes = np.searchsorted(self.classifier.classes_, labels)
        own = probability[np.arange(len(labels)), codes]
        right = self.classifier.classes_[probability.argmax(axis=1)] == labels
        return Trial(choices, float(right.mean()), float(-np.log(np.maximum(own, SMALLEST)).mean()))

    def _features(self) -> tuple[Any, Any]:
        if self.features is None:
            pipeline = make_recipe(self.recipe.name, shape=self.parts.shape, seed=self.seed, **self.choices)
            steps = Pipeline([(name, clone(step)) for name, step in pipeline.steps[:-1]])
            self.features = steps.fit_transform(self.parts.train.X), steps.transform(self.parts.test.X)
        return self.features


def quiet_convergence() -> Any:
    """Silence the warning of a fit whose outcome is kept and shown elsewhere."""
    import warnings
    from contextlib import contextmanager

    from sklearn.exceptions import ConvergenceWarning

    @contextmanager
    def quiet() -> Iterator[None]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            yield

    return quiet()
