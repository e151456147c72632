"""Setups: what may be learned here, checked and completed before anything is done."""

from __future__ import annotations

import contextlib
import math
from dataclasses import replace
from typing import Any

from sightline.errors import UsageError
from sightline.features import find_recipe, make_recipe
from sightline.features.recipes import RECIPES, Recipe
from sightline.studio.library import Library
from sightline.studio.wire import RecipeSummary, Setup

C_LOW, C_HIGH = 1e-6, 1e6
MOST_NUMBERS = 400_000_000
"""Numbers (rows × features) that one training may hold: 1.6 GB as float32."""

MOST_FEATURES = 20_000
FEW = 100
PER_SECOND, PASSES = 1.2e10, 25
"""Multiplications a second and passes of a training that the estimates reckon with (two cores of 2023)."""

OPENING = "pixels"
LINEAR = ("pixels", "minmax", "standard", "pca")


def opening(library: Library) -> Setup:
    """The setup that the studio opens with."""
    return defaults(find_recipe(OPENING), library)


def defaults(recipe: Recipe, library: Library) -> Setup:
    """A recipe's own setup, its components no more than the images can have."""
    components, degree = recipe.defaults.get("n_components"), recipe.defaults.get("degree")
    most = _most_components(library)
    return Setup(
        recipe=recipe.name,
        C=float(recipe.defaults["C"]),
        n_components=None if components is None else min(int(components), most),
        degree=None if degree is None else int(degree),
        classes=(),
        n_train=None,
        seed=0,
    )


def checked(setup: Setup, library: Library) -> Setup:
    """Return the setup as it will be used: choices filled in, classes in the order of the data set.

    Raises
    ------
    UsageError
        No such recipe or class, or a number out of its range or too large for this machine.
    """
    recipe = find_recipe(setup.recipe)
    usual = defaults(recipe, library)
    if not (math.isfinite(setup.C) and C_LOW <= setup.C <= C_HIGH):
        raise UsageError(f"C = {setup.C:g} is not possible here", f"Give a number in {C_LOW:g}…{C_HIGH:g}.")
    whole = replace(
        setup,
        n_components=_choice(
            "n_components", setup.n_components, usual.n_components, _most_components(library)
        ),
        degree=_choice("degree", setup.degree, usual.degree, 3),
        classes=_classes(setup.classes, library),
        n_train=_rows(setup.n_train, library),
    )
    if not 0 <= setup.seed < 1 << 31:
        raise UsageError(f"a seed of {setup.seed} is not possible", "Give a whole number, 0 or more.")
    features = n_features(whole, library)
    if features > MOST_FEATURES or features * (whole.n_train or library.n_train) > MOST_NUMBERS:
        raise UsageError(
            f"{features:,} features of {whole.n_train or library.n_train:,} images are too many for the studio",
            "Take fewer components, a lower degree, or fewer images.",
        )
    return whole


def _choice(name: str, asked: int | None, usual: int | None, most: int) -> int | None:
    if usual is None:
        return None
    if asked is None:
        return usual
    if not 1 <= asked <= most:
        raise UsageError(f"{name} = {asked} is not possible here", f"Give a whole number in 1…{most}.")
    return asked


def _classes(asked: tuple[str, ...], library: Library) -> tuple[str, ...]:
    names = library.dataset.classes
    unknown = [name for name in asked if name not in names]
    kept = tuple(name for name in names if name in asked)
    if unknown or (asked and len(kept) < 2):
        raise UsageError(
            f"cannot learn to tell apart the classes {', '.join(asked[:10])}",
            f"Name two or more of: {', '.join(names[:20])}.",
        )
    return () if len(kept) == len(names) else kept


def _rows(asked: int | None, library: Library) -> int | None:
    if asked is None or asked == library.n_train:
        return None
    if not 2 <= asked <= library.n_train:
        raise UsageError(
            f"cannot learn from {asked:,} images", f"Give a whole number in 2…{library.n_train:,}."
        )
    return asked


def _most_components(library: Library) -> int:
    return min(library.dataset.n_features, library.n_train, 1000)


def n_features(setup: Setup, library: Library) -> int:
    """Numbers of one image that the classifier sees."""
    if setup.recipe == "symmetry":
        return 2
    if setup.recipe in LINEAR and setup.n_components is None:
        return library.dataset.n_features
    if setup.n_components is None:
        return library.once(f"features of {setup.recipe}", lambda: _counted(setup, library))
    if setup.degree is None:
        return setup.n_components
    return math.comb(setup.n_components + setup.degree, setup.degree) - 1


def _counted(setup: Setup, library: Library) -> int:
    """The same for a recipe that only its own steps know the width of: seen on a few images."""
    train = library.dataset.train
    rows = slice(None, None, max(1, len(train) // FEW))
    X: Any = train.X[rows]
    for _, step in make_recipe(setup.recipe, shape=train.shape).steps[:-1]:
        X = step.fit(X, train.y[rows]).transform(X)
    return int(X.shape[1])


def summaries(library: Library) -> tuple[RecipeSummary, ...]:
    """Every recipe that these images are large enough for, with what it costs on them."""
    found = []
    for recipe in RECIPES.values():
        with contextlib.suppress(UsageError):  # too small for its patches
            found.append(_summary(recipe, library))
    return tuple(found)


def _summary(recipe: Recipe, library: Library) -> RecipeSummary:
    setup = defaults(recipe, library)
    features, K = n_features(setup, library), library.dataset.n_classes
    work = 2.0 * PASSES * library.n_train * features * (1 if K == 2 else K)
    if setup.n_components is not None:
        work += library.n_train * library.dataset.n_features**2
    return RecipeSummary(
        name=recipe.name,
        summary=recipe.summary,
        setup=setup,
        sizes=tuple(size for size in recipe.sizes if size <= _most_components(library)),
        linear=recipe.name in LINEAR,
        features=features,
        seconds=round(0.05 + work / PER_SECOND, 2),
    )
