"""Recipes: named pipelines from pixels to a decision, all ending in the same classifier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures

from sightline.errors import UsageError, meant
from sightline.features import layered
from sightline.features.deskew import Deskew
from sightline.features.images import Shape
from sightline.features.patches import Patches
from sightline.features.pca import PCA
from sightline.features.scale import RangeScaler, StandardScaler
from sightline.features.shape import IntensitySymmetry
from sightline.features.streamed import StreamedPipeline
from sightline.logistic import LogisticRegression

Choices = Mapping[str, float]
Step = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class Recipe:
    """A way from pixels to features.

    `name`; `summary` one line; `steps` builds the transformers from the shape of the images and the choices;
    `defaults` the choices where nobody makes others; `sizes` the numbers of components that validation
    chooses among, if any; `tune_C` whether validation also chooses the strength of the penalty; `unit` what a
    standard deviation of its features is: C is meant for 1.
    """

    name: str
    summary: str
    steps: Callable[[Shape | None, Choices], list[Step]]
    defaults: Choices
    sizes: tuple[int, ...] = ()
    tune_C: bool = False
    unit: float = 1.0

    @property
    def open_choices(self) -> set[str]:
        """Names of what validation chooses."""
        return {name for name, is_open in (("n_components", self.sizes), ("C", self.tune_C)) if is_open}

    @property
    def cost(self) -> float:
        """Seconds on MNIST, see `MEASURED`."""
        return MEASURED[self.name][0]

    @property
    def error(self) -> float:
        """Test error on MNIST in percent, see `MEASURED`."""
        return MEASURED[self.name][1]

    def penalty(self, C: float) -> float:
        """C for the classifier itself: what was meant for features of variance 1."""
        return C / self.unit**2


MEASURED = {
    "symmetry": (0.72, 75.3),
    "pixels": (2.1, 7.44),
    "minmax": (2.1, 7.45),
    "standard": (7.1, 7.37),
    "pca": (1.4, 7.81),
    "pca-poly": (3.7, 1.63),
    "deskew-pca-poly": (5.2, 1.24),
    "orientation": (7.9, 0.78),
    "patches": (63, 0.7),
    "two-layers": (43, 0.54),
    "patches-augmented": (118, 0.48),
    "best": (459, 0.48),
}
"""What a recipe takes and reaches on MNIST: seconds on two cores from 60,000 images to 10,000 predictions, and
the test error in percent. ``benchmarks/frontier.py mnist --test`` wrote benchmarks/measured/frontier.json."""


def _pixels(_shape: Shape | None, _choices: Choices) -> list[Step]:
    return [("range", RangeScaler())]


def _standard(_shape: Shape | None, _choices: Choices) -> list[Step]:
    return [("range", RangeScaler()), ("standard", StandardScaler(copy=False))]


def _minmax(_shape: Shape | None, _choices: Choices) -> list[Step]:
    return [("range", RangeScaler()), ("minmax", MinMaxScaler(copy=False))]


def _symmetry(shape: Shape | None, _choices: Choices) -> list[Step]:
    return [("range", RangeScaler()), ("pair", IntensitySymmetry(shape)), ("standard", StandardScaler())]


def _pca(_shape: Shape | None, choices: Choices) -> list[Step]:
    return [("range", RangeScaler()), ("pca", PCA(int(choices["n_components"])))]


def _products(choices: Choices) -> list[Step]:
    return [
        ("pca", PCA(int(choices["n_components"]), whiten=0.5)),
        ("products", PolynomialFeatures(int(choices.get("degree", 2)), include_bias=False)),
    ]


def _pca_poly(_shape: Shape | None, choices: Choices) -> list[Step]:
    return [("range", RangeScaler()), *_products(choices)]


def _deskew_pca_poly(shape: Shape | None, choices: Choices) -> list[Step]:
    return [("range", RangeScaler()), ("deskew", Deskew(shape)), *_products(choices)]


_PATCHES: Choices = {"C": 0.03, "n_atoms": 200, "straighten": 1, "mirror": 0}
_COPIED: Choices = {**_PATCHES, "C": 0.01, "copies": 4}
_POLY: Choices = {"C": 0.1, "n_components": 45, "degree": 2}

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("symmetry", "two numbers: intensity and symmetry", _symmetry, {"C": 1.0}),
        Recipe("pixels", "every pixel, scaled to 0…1", _pixels, {"C": 1.0}),
        Recipe("minmax", "every pixel, scaled to 0…1 by its own extremes", _minmax, {"C": 1.0}),
        Recipe("standard", "every pixel, scaled to mean 0, variance 1", _standard, {"C": 0.01}, tune_C=True),
        Recipe(
            "pca",
            "the principal components of the pixels",
            _pca,
            {"C": 1.0, "n_components": 100},
            sizes=(50, 100, 200),
        ),
        Recipe(
            "pca-poly",
            "principal components and their products in pairs",
            _pca_poly,
            _POLY,
            sizes=(30, 45, 60),
            tune_C=True,
        ),
        Recipe(
            "deskew-pca-poly",
            "straightened first; then components and their products",
            _deskew_pca_poly,
            _POLY,
            sizes=(30, 45, 60),
            tune_C=True,
        ),
        Recipe(
            "orientation",
            "which way intensity rises in each part, at two scales",
            layered.orientation,
            {"C": 0.03, "scales": 2, "straighten": 1, "mirror": 0},
            tune_C=True,
            unit=layered.STEPS,
        ),
        Recipe(
            "patches",
            "atoms of a learned dictionary, found in each part",
            layered.patches,
            _PATCHES,
            tune_C=True,
            unit=layered.STEPS,
        ),
        Recipe(
            "two-layers",
            "patches of patches: parts, and how they lie together",
            layered.two_layers,
            _PATCHES,
            tune_C=True,
            unit=layered.STEPS,
        ),
        Recipe(
            "patches-augmented",
            "the finer of both, learned from changed copies of each image too",
            layered.finest,
            _COPIED,
            unit=layered.STEPS,
        ),
        Recipe(
            "best",
            "the same, with more atoms and more copies",
            layered.finest,
            {**_COPIED, "n_atoms": 400, "copies": 9},
            unit=layered.STEPS,
        ),
    )
}

LOOSE = 1e-3
"""Relative gap to which thousands of features are fitted: what is left moves no decision that validation can see."""

LADDER = ("pixels", "minmax", "standard", "pca", "pca-poly", "deskew-pca-poly", "orientation", "two-layers")
"""The rungs that ``sightline learn`` climbs unless told otherwise."""


def recipes() -> dict[str, str]:
    """Return every recipe's name with its one line, the plainest first.

    Examples
    --------
    >>> recipes()["pixels"]
    'every pixel, scaled to 0…1'
    """
    return {recipe.name: recipe.summary for recipe in RECIPES.values()}


def find_recipe(name: str) -> Recipe:
    """Return the recipe of that name.

    Raises
    ------
    UsageError
        There is none; the message lists those that there are.
    """
    if name not in RECIPES:
        raise UsageError(
            f"there is no recipe '{name}'", f"{meant(name, RECIPES)}The recipes are {', '.join(RECIPES)}."
        )
    return RECIPES[name]


def make_recipe(name: str, *, shape: Shape | None = None, seed: int = 0, **choices: float) -> Pipeline:
    """Build a scikit-learn pipeline that ends in our classifier.

    Parameters
    ----------
    name : str
        One of `recipes()`.
    shape : (height, width[, 3]), optional
        Shape of an image, ``dataset.shape``; None takes square images.
    seed : int
        Same seed, same model.
    **choices : float
        ``C``, ``n_components``, ``degree``: what the recipe lets one choose.

    Returns
    -------
    sklearn.pipeline.Pipeline
        To be fitted on rows of pixels 0…255, ``dataset.train.X``; its last step is called ``classifier``.

    Raises
    ------
    UsageError
        No such recipe, or it has no such choice.

    Examples
    --------
    >>> from sightline.sources import load
    >>> digits = load("digits")
    >>> model = make_recipe("pca-poly", n_components=20).fit(digits.train.X, digits.train.y)
    >>> bool(model.score(digits.test.X, digits.test.y) > 0.97)
    True
    """
    recipe = find_recipe(name)
    unknown = [choice for choice in choices if choice not in recipe.defaults]
    if unknown:
        raise UsageError(
            f"recipe '{name}' has no choice '{unknown[0]}'",
            f"It lets you choose {', '.join(recipe.defaults)}.",
        )
    chosen = {**recipe.defaults, **choices}
    tol = 1e-5 if recipe.unit == 1 else LOOSE
    classifier = LogisticRegression(C=recipe.penalty(float(chosen["C"])), tol=tol, random_state=seed)
    steps = [*recipe.steps(shape, chosen), ("classifier", classifier)]
    if recipe.unit == 1:
        return Pipeline(steps)
    return StreamedPipeline(
        steps,
        augmentation=layered.augmentation(chosen),
        copies=layered.copies(chosen),
        shape=shape,
        random_state=seed,
    )


def on_device(pipeline: Pipeline, device: str) -> Pipeline:
    """Let the classifier of a pipeline learn, and its patches be made, on a device; returns the pipeline itself.

    Parameters
    ----------
    pipeline : Pipeline
        From `make_recipe`, not fitted.
    device : str
        "cpu", or "cuda" for a graphics card; see `LogisticRegression`.
    """
    for _, step in pipeline.steps:
        if isinstance(step, LogisticRegression | Patches):
            step.set_params(device=device)
    return pipeline
