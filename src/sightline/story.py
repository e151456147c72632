"""The whole story on one screen: load, explore, climb the ladder of recipes, judge, explain.

Config ──▶ run ──▶ Run        the record that figures, report and films read
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sightline import sources
from sightline.budget import pick_within
from sightline.dataset import Dataset
from sightline.errors import SightlineError, UsageError
from sightline.explanation import Explanation, explain, pixel_weights
from sightline.exploration import Exploration, explore
from sightline.features import LADDER, find_recipe, make_recipe, on_device
from sightline.ground import BlockGround, Ground, MemoryGround, Unfinished, large_scene
from sightline.ground.place import Place
from sightline.logistic import Pass
from sightline.machine import machine, version
from sightline.model import Model
from sightline.results import RecipeResult, Run
from sightline.scenes import make_stages, make_two_features
from sightline.selection import Trial, find_traits, keep_aside, settled
from sightline.sources.dividing import Split
from sightline.sources.fit import Size
from sightline.sources.large import Large, of_dataset, open_large
from sightline.sources.opening import What
from sightline.sources.pixels import Shape


@dataclass(frozen=True, slots=True)
class Config:
    """What a run is made of.

    `data` whatever `load` takes; `recipes` names, tried in this order; `seed` draws every split and sample;
    `split`, `size`, `shape`, `label` as `load` takes them; `choices` fixed by the user, by recipe, instead of
    by validation; `budget` seconds from images to predictions: the best recipe that fits is taken instead of
    `recipes`; `cluster` where to learn: None on this machine, "tcp://…" a Dask scheduler, "local:N" N workers
    started here, or a `distributed.Client`; `device` "cpu", or "cuda" to fit and to make patches on a graphics card;
    `command` the line that reproduces the run.
    """

    data: What | Large = "digits"
    recipes: tuple[str, ...] = LADDER
    seed: int = 0
    split: Split = None
    size: Size = None
    shape: Shape | None = None
    label: str | None = None
    choices: dict[str, dict[str, float]] = field(default_factory=dict)
    budget: float | None = None
    cluster: object = None
    device: str = "cpu"
    command: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a run: `stage` "load", "explore", "recipe" or "explain"; `what` in words; `done` share 0…1.

    `result` is set when a recipe is done, `one_pass` while one is being fitted.
    """

    stage: str
    what: str
    done: float
    result: RecipeResult | None = None
    one_pass: Pass | None = None


Listener = Callable[[Event], None]


def run(config: Config, listener: Listener | None = None) -> Run:
    """Tell the whole story of one data set.

    Parameters
    ----------
    config : Config
    listener : callable, optional
        Told every step.

    Returns
    -------
    Run
        Same config, same numbers (but for the times).

    Raises
    ------
    SightlineError
        The data cannot be used, or a recipe does not exist.

    Examples
    --------
    >>> story = run(Config(data="digits", recipes=("pixels",)))
    >>> story.best, story.winner.converged
    ('pixels', True)
    """
    began = time.perf_counter()
    if not config.recipes:
        raise UsageError("no recipe was named", "Leave --recipe out to climb the whole ladder.")
    names = tuple(dict.fromkeys(find_recipe(name).name for name in config.recipes))
    tell = listener or (lambda _: None)

    tell(Event("load", f"loading {config.data if isinstance(config.data, str) else 'the data'}", 0.0))
    with closing(_opened(config, tell)) as opened:
        return _told(config, names, opened, tell, began)


def _told(config: Config, names: tuple[str, ...], opened: _Opened, tell: Listener, began: float) -> Run:
    dataset, found = opened.dataset, opened.found
    stages = make_stages(dataset, found)
    two_features = make_two_features(dataset, seed=config.seed)

    names = _possible(names, dataset) if config.recipes == LADDER else names
    parts = keep_aside(dataset.train, config.seed)
    names, config, traits, remark = _picked(names, config, dataset, parts, tell)
    costs = np.array([_cost(name, dataset) for name in names])
    open_recipes = [find_recipe(name) for name in names if name not in config.choices]
    opened.ground.expect([one for one in open_recipes if one.open_choices or len(names) > 1], parts)
    recipes, trials = [], {}
    for i, name in enumerate(names):
        shares = costs[: i + 1].cumsum() / costs.sum()
        progress = _Progress(tell, name, float(shares[i] - costs[i] / costs.sum()), float(shares[i]))
        result, trials[name] = climb_rung(
            name, opened.ground, dataset, parts, config, progress, traits, alone=len(names) == 1
        )
        recipes.append(result)
        tell(Event("recipe", name, float(shares[i]), result=result))

    best = max(names, key=lambda name: trials[name].rank)  # the first of equals: the plainest
    winner = next(result for result in recipes if result.name == best)
    tell(Event("explain", f"taking decisions of {best} apart", 1.0))
    return Run(
        dataset=dataset,
        test=dataset.test,
        exploration=found,
        recipes=tuple(recipes),
        best=best,
        explanations=explain_examples(winner, dataset),
        stages=stages,
        two_features=two_features,
        seed=config.seed,
        version=version(),
        machine=machine(),
        seconds=time.perf_counter() - began,
        command=config.command,
        remark=remark,
    )


@dataclass(frozen=True, slots=True)
class _Opened:
    """The data set, or the sample of it that is shown; what was found in it; and where recipes are learned."""

    dataset: Dataset
    found: Exploration
    ground: Ground

    def close(self) -> None:
        self.ground.close()


def _opened(config: Config, tell: Listener) -> _Opened:
    """Load the data; or open what does not fit into memory, or is to go to other machines."""
    how: dict[str, Any] = {
        name: getattr(config, name) for name in ("size", "shape", "split", "seed", "label")
    }
    large = open_large(config.data, **how)
    if large is None:
        assert not isinstance(config.data, Large)
        dataset = sources.load(config.data, **how)
        if dataset.n_train is None or dataset.n_train == len(dataset):
            dataset = dataset.split(test_size=0.2, seed=config.seed)
        if config.cluster is None:
            tell(Event("explore", f"looking at {len(dataset):,} images", 0.0))
            ground = MemoryGround(dataset, config.seed, config.device)
            return _Opened(dataset, explore(dataset, seed=config.seed), ground)
        large = of_dataset(dataset)
    if config.device != "cpu":
        raise UsageError(
            f"'{large.name}' cannot be learned on {config.device}: it goes block by block",
            "Leave the device out.",
        )
    if config.budget is not None:
        raise UsageError(
            f"a budget cannot be kept for '{large.name}'",
            "It is measured in memory: name a --recipe instead.",
        )
    words = f"looking at {len(large):,} images"
    tell(Event("explore", words, 0.0))
    place = Place(config.cluster)
    place.watch = lambda share: tell(Event("explore", f"{words}, {share:.0%}", 0.0))
    try:
        scene = large_scene(large, place, seed=config.seed)
        place.watch = None
    except BaseException:
        place.close()
        raise
    return _Opened(scene.shown, scene.found, BlockGround(large, scene.shown, place, config.seed))


def climb_rung(
    name: str,
    ground: Ground,
    dataset: Dataset,
    parts: tuple[Dataset, ...],
    config: Config,
    progress: _Progress,
    traits: Mapping[str, float],
    *,
    alone: bool = False,
) -> tuple[RecipeResult, Trial]:
    """Choose, fit and judge one recipe; the second value is how it did on the images kept aside.

    A recipe that leaves nothing open and has no rival, `alone`, is not tried on them.
    """
    began = time.perf_counter()
    recipe = find_recipe(name)
    found = {key: value for key, value in traits.items() if key in recipe.defaults}
    recipe = replace(recipe, defaults={**recipe.defaults, **found})
    fixed = config.choices.get(name)
    if fixed:
        recipe = replace(recipe, defaults={**recipe.defaults, **fixed}, sizes=(), tune_C=False)
        make_recipe(
            name, shape=dataset.shape, seed=config.seed, **fixed
        )  # refuses choices that the recipe does not have
    tried = recipe.open_choices or not alone
    selection = ground.select(recipe, parts, progress) if tried else settled(recipe)
    chosen = selection.best.choices
    pipeline = make_recipe(name, shape=dataset.shape, seed=config.seed, **chosen)
    classifier = pipeline[-1]
    model = Model(pipeline, dataset.classes, dataset.shape, name)
    try:
        learned = ground.learn(on_device(pipeline, config.device), progress)
    except SightlineError as error:
        if hasattr(classifier, "coef_"):
            raise Unfinished(error, model) from error
        raise
    evaluation = ground.judge(model)
    weights = pixel_weights(model, dataset.n_features)
    return (
        RecipeResult(
            name=name,
            summary=recipe.summary,
            n_features=learned.n_features,
            fit_seconds=learned.seconds,
            total_seconds=time.perf_counter() - began,
            n_passes=int(classifier.n_iter_[0]),
            converged=classifier.converged_,
            history=classifier.history_,
            evaluation=evaluation,
            chosen={key: chosen[key] for key in recipe.open_choices | set(found) | set(fixed or ())},
            tried=tuple((trial.choices, trial.accuracy) for trial in selection.tried),
            weight_maps=None if weights is None else weights.reshape(-1, *dataset.shape),
            model=model,
        ),
        selection.best,
    )


def _possible(names: tuple[str, ...], dataset: Dataset) -> tuple[str, ...]:
    """Those rungs of the ladder that images of this size allow."""

    def allowed(name: str) -> bool:
        try:
            make_recipe(name, shape=dataset.shape)
        except UsageError:
            return False
        return True

    return tuple(name for name in names if allowed(name))


def _picked(
    names: tuple[str, ...], config: Config, dataset: Dataset, parts: tuple[Dataset, ...], tell: Listener
) -> tuple[tuple[str, ...], Config, dict[str, float], str]:
    """The recipes to climb, with their choices; what may be done to the images; what fits a budget, and why."""
    began, traits = time.perf_counter(), dict[str, float]()
    asks = config.budget is not None or any("straighten" in find_recipe(name).defaults for name in names)
    if asks and _possible(("orientation",), dataset):
        tell(Event("explore", "may images be straightened, or mirrored?", 0.0))
        traits = find_traits(parts[0], seed=config.seed)
    if config.budget is None:
        return names, config, traits, ""
    left = config.budget - (time.perf_counter() - began)

    def told(what: str) -> None:
        tell(Event("explore", what, 0.0))

    pick = pick_within(left, dataset, traits=traits, seed=config.seed, told=told)
    choices = {**config.choices, pick.recipe: pick.choices}
    return (pick.recipe,), replace(config, choices=choices), traits, pick.why


def explain_examples(result: RecipeResult, dataset: Dataset) -> tuple[Explanation, ...]:
    """Explain six telling decisions: two that were sure and right, two close calls, two that went wrong."""
    judged, test = result.evaluation, dataset.test
    right = np.flatnonzero(judged.predicted == judged.labels)
    ordered = np.sort(judged.probability[right], axis=1)
    lead = ordered[:, -1] - ordered[:, -2]
    order = right[np.argsort(lead, kind="stable")]
    rows = [*order[::-1][:2], *order[:2], *judged.errors[:2]]
    return tuple(
        explain(result.model, test.images[row], train=dataset, label=int(test.labels[row]))
        for row in dict.fromkeys(int(row) for row in rows)
    )


def _cost(name: str, dataset: Dataset) -> float:
    """Guess how many seconds a recipe takes, only to tell how far a run is."""
    recipe, n, d = find_recipe(name), len(dataset), dataset.n_features
    if recipe.unit != 1:
        return 1 + recipe.cost * n / 60_000 * d / 784 * (5 if recipe.tune_C else 2)
    sizes = [min(size, d) for size in recipe.sizes] or [d]
    columns = [k * (k + 3) / 2 if "degree" in recipe.defaults else k for k in sizes]
    fits = sum(columns) + max(columns) * (4 if recipe.tune_C else 1)
    return 0.5 + 4e-8 * n * fits


class _Progress:
    """Turns what selection and fit tell into events, moving from `start` towards `end`."""

    def __init__(self, tell: Listener, name: str, start: float, end: float) -> None:
        self.tell, self.name, self.start, self.end, self.fits = tell, name, start, end, 0

    def tried(self, words: str, one_pass: Pass | None) -> None:
        self.fits += one_pass is None
        self._say(f"{self.name}: {words}", one_pass)

    def looked(self, share: float) -> None:
        self._say(f"{self.name}: features of all training images, {share:.0%}", None)

    def passed(self, one_pass: Pass) -> None:
        self._say(f"{self.name}: learning from all training images", one_pass)

    def _say(self, words: str, one_pass: Pass | None) -> None:
        share = 1 - 0.75**self.fits  # how many fits there will be is not known: never quite there
        self.tell(Event("recipe", words, self.start + (self.end - self.start) * share, one_pass=one_pass))
