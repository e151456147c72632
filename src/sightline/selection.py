"""Choosing by validation: how many components, how strong a penalty. Test images are never looked at.

A stratified part of the training images is kept aside; where there are few of them, each third in turn. First
the number of components is chosen at the recipe's own C, then C is moved by factors of √10 to where it does
best (`climb`). Most images right wins; among equals the lower log loss.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline

from sightline.dataset import Dataset, LabelArray
from sightline.evaluation.judge import SMALLEST
from sightline.features import Recipe, StreamedPipeline, find_recipe, make_recipe, on_device
from sightline.logistic import LogisticRegression, Pass
from sightline.logistic.history import Listener

SHARE, MOST = 0.15, 10_000
"""Part of the training images kept aside, and the most of them."""

FEW, FOLDS = 5_000, 3
"""Below so many training images, one part kept aside would decide by the luck of a handful: cross-validation."""

TOLERANCE = 1e-3
"""Candidates are fitted to this relative gap: far below the differences that validation can see."""

FACTOR = 10**0.5
MOST_MOVES = 4

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


def keep_aside(train: Dataset, seed: int) -> tuple[Dataset, ...]:
    """Split training images, once or in folds: ``.train`` to fit candidates on, ``.test`` to choose among them by.

    At least one image of each class is always there to be learned from.
    """
    whole = replace(train, n_train=None)
    if len(train) >= FEW:
        return (whole.split(test_size=min(MOST, round(SHARE * len(train))), seed=seed),)
    fold = _fold_of(train.labels, seed)
    parts = []
    for i in range(FOLDS):
        kept, aside = np.flatnonzero(fold != i), np.flatnonzero(fold == i)
        if len(aside):
            parts.append(replace(whole.take(np.concatenate([kept, aside])), n_train=len(kept)))
    return tuple(parts) or (replace(whole, n_train=len(whole)),)


def _fold_of(labels: LabelArray, seed: int) -> LabelArray:
    """Fold of each image, each class dealt out evenly; −1, always learned from, for the only one of its class."""
    rng, fold, dealt = np.random.default_rng(seed), np.full(len(labels), -1, dtype=np.int64), 0
    for k in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == k))
        if len(rows) > 1:
            fold[rows] = (np.arange(len(rows)) + dealt) % FOLDS
            dealt += len(rows)
    return fold


def select(
    recipe: Recipe,
    parts: tuple[Dataset, ...],
    *,
    seed: int = 0,
    told: Told | None = None,
    device: str = "cpu",
) -> Selection:
    """Choose what a recipe leaves open.

    Parameters
    ----------
    recipe : Recipe
    parts : tuple of Dataset
        From `keep_aside`.
    seed : int
    told : callable, optional
        Told what is being tried, and every pass of its fits.
    device : str
        See `on_device` of `sightline.features`.

    Returns
    -------
    Selection
    """
    trials: list[Trial] = []
    sizes = component_counts(recipe, parts)
    grounds = [_Ground(recipe, part, sizes[-1], seed, device) for part in parts]
    candidates: _Candidates | None = None
    for size in sizes:
        choices = {**recipe.defaults, **({} if size is None else {"n_components": size})}
        candidates = _Candidates(grounds, choices, told)
        trials.append(candidates.at(float(choices["C"])))
    best = max(trials, key=lambda trial: trial.rank)
    if recipe.tune_C:
        if candidates is None or len(sizes) > 1:  # else the features are here
            candidates = _Candidates(grounds, best.choices, told)
        climbed = climb(candidates.at, best)
        trials += climbed
        best = max([best, *climbed], key=lambda trial: trial.rank)
    return Selection(best, tuple(trials))


def settled(recipe: Recipe) -> Selection:
    """Of a recipe that leaves nothing open: nothing tried, its rank unknown."""
    return Selection(Trial(dict(recipe.defaults), np.nan, np.nan), ())


def component_counts(recipe: Recipe, parts: tuple[Dataset, ...]) -> Sequence[int | None]:
    """Numbers of components worth trying, no more than there are; one None where there is no choice."""
    if not recipe.sizes:
        return [None]
    most = min(parts[0].n_features, *(len(part.train) for part in parts))
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
    """One set of features, computed when first needed, and classifiers fitted on them for any C."""

    def __init__(self, grounds: Sequence[_Ground], choices: dict[str, float], told: Told | None) -> None:
        self.choices, self.told = choices, told
        self.folds = [_Fold(ground, choices) for ground in grounds]

    def at(self, C: float) -> Trial:
        """Fit with penalty C, starting from where the last fits ended, and judge on the images kept aside."""
        told, choices = self.told, {**self.choices, "C": C}
        words = ", ".join(f"{key} = {value:.3g}" for key, value in choices.items() if key != "degree")
        if told is not None:
            told(words, None)
        listeners: list[Listener] = [] if told is None else [lambda one: told(words, one)]
        own = [fold.probability_of_truth(C, listeners) for fold in self.folds]
        right = np.concatenate([one for one, _ in own])
        loss = -np.log(np.maximum(np.concatenate([p for _, p in own]), SMALLEST))
        return Trial(choices, float(right.mean()), float(loss.mean()))


class _Ground:
    """One split of the training images, and what all candidates of a recipe have in common on it.

    The first k of many principal components are the k principal components: they are found once, for the
    largest number that is to be tried.
    """

    def __init__(
        self, recipe: Recipe, part: Dataset, largest: int | None, seed: int, device: str = "cpu"
    ) -> None:
        self.recipe, self.part, self.largest = recipe, part, largest
        self.seed, self.device = seed, device
        self.components: tuple[Any, Any] | None = None

    def features(self, choices: dict[str, float]) -> tuple[Any, Any]:
        """Features to fit on, of copies too where the recipe makes them, and to judge on."""
        pipeline = self._pipeline(choices)
        if isinstance(pipeline, StreamedPipeline):
            seen, _ = pipeline.training_features(self.part.train.X, self.part.train.labels)
            return seen, pipeline.features(self.part.X[self.part.n_train :])
        steps = self._steps(choices)
        first = 0 if self.largest is None else 1 + [name for name, _ in steps].index("pca")
        fit_on, judge_on = self.part.train.X, self.part.X[self.part.n_train :]
        if first:
            if self.components is None:
                most = {**choices, "n_components": float(self.largest or 0)}
                self.components = _through(self._steps(most)[:first], fit_on, judge_on)
            k = int(choices["n_components"])
            fit_on, judge_on = (np.ascontiguousarray(one[:, :k]) for one in self.components)
        return _through(steps[first:], fit_on, judge_on)

    def _steps(self, choices: dict[str, float]) -> list[tuple[str, Any]]:
        return list(self._pipeline(choices).steps[:-1])

    def _pipeline(self, choices: dict[str, float]) -> Pipeline:
        made = make_recipe(self.recipe.name, shape=self.part.shape, seed=self.seed, **choices)
        return on_device(made, self.device)


def _through(steps: list[tuple[str, Any]], fit_on: Any, judge_on: Any) -> tuple[Any, Any]:
    if not steps:
        return fit_on, judge_on
    pipeline = Pipeline(steps)
    return pipeline.fit_transform(fit_on), pipeline.transform(judge_on)


class _Fold:
    """One set of features on one split, and the classifier that was fitted last."""

    def __init__(self, ground: _Ground, choices: dict[str, float]) -> None:
        self.ground, self.choices = ground, choices
        self.features: tuple[Any, Any] | None = None
        self.classifier = LogisticRegression(
            random_state=ground.seed, tol=TOLERANCE, warm_start=True, device=ground.device
        )

    def probability_of_truth(
        self, C: float, listeners: Sequence[Listener]
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
        """Whether each image kept aside is decided rightly, and the probability of its true class."""
        if self.features is None:
            self.features = self.ground.features(self.choices)
        (fit_on, judge_on), ground, part = self.features, self.ground, self.ground.part
        labels_on = np.tile(part.train.labels, len(fit_on) // len(part.train))
        with quiet_convergence():
            self.classifier.set_params(C=ground.recipe.penalty(C)).fit(fit_on, labels_on, listeners=listeners)
        probability = np.asarray(self.classifier.predict_proba(judge_on), dtype=np.float64)
        labels = part.labels[part.n_train :]
        codes = np.searchsorted(self.classifier.classes_, labels)
        right = self.classifier.classes_[probability.argmax(axis=1)] == labels
        return right, probability[np.arange(len(labels)), codes]


TRAITS_FROM = 4_000
"""Most images that traits are found on: they show early."""


def find_traits(part: Dataset, *, seed: int = 0) -> dict[str, float]:
    """Find what may be done to images of this kind, by what it does to the recipe `orientation`.

    Parameters
    ----------
    part : Dataset
        ``.train`` to learn from, ``.test`` to choose by; from `keep_aside`.
    seed : int

    Returns
    -------
    dict
        "straighten" 1 where taking out the slant helps or does no harm, else 0; "mirror" 0.5 where learning from
        mirrored copies helps, else 0.
    """
    rng, recipe = np.random.default_rng(seed), find_recipe("orientation")
    kept = np.sort(rng.permutation(part.n_train or 0)[:TRAITS_FROM])
    aside = np.sort(rng.permutation(np.arange(part.n_train or 0, len(part)))[:TRAITS_FROM])
    aside = aside[np.isin(part.labels[aside], part.labels[kept])]
    small = replace(part.take(np.concatenate([kept, aside])), n_train=len(kept))

    def rank(straighten: float, mirror: float) -> tuple[float, float]:
        choices = {**recipe.defaults, "straighten": straighten, "mirror": mirror}
        return _Candidates([_Ground(recipe, small, None, seed)], choices, None).at(choices["C"]).rank

    traits = {"straighten": 1.0, "mirror": 0.0}
    best = rank(1, 0)
    plain = rank(0, 0)
    if plain > best:
        traits["straighten"], best = 0.0, plain
    if rank(traits["straighten"], 1) > best:
        traits["mirror"] = 0.5
    return traits


@contextmanager
def quiet_convergence() -> Iterator[None]:
    """Silence the warning of a fit whose outcome is kept and shown elsewhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield
