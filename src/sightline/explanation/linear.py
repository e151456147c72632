"""A model at one image: how every pixel enters z, and what a small change of it would do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline

from sightline.errors import ModelError
from sightline.features.local import LocalMap, local_map
from sightline.model import Model

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """z of one image, taken back to where it came from.

    `z`, `bias` (R,); `weights` (R, d) with ``weights @ x + bias == z`` at this image; `slope` (R, d) the
    derivative of z by each pixel; `linear` True where weights and bias are the same for every image;
    `path` one line a step; `features` (m,) values and `feature_weights` (R, m), `feature_bias` (R,) of what
    the classifier itself saw, with ``feature_weights @ features + feature_bias == z``.
    """

    z: Doubles
    weights: Doubles
    bias: Doubles
    slope: Doubles
    linear: bool
    path: tuple[str, ...]
    features: Doubles
    feature_weights: Doubles
    feature_bias: Doubles


def split(model: Any) -> tuple[list[Any], Any]:
    """Return the transformers and the classifier of a Model, a pipeline or a bare classifier.

    Raises
    ------
    ModelError
        There are no linear weights in it.
    """
    fitted = model.pipeline if isinstance(model, Model) else model
    steps = (
        [step for _, step in fitted.steps if step not in (None, "passthrough")]
        if isinstance(fitted, Pipeline)
        else [fitted]
    )
    classifier = steps[-1]
    if not hasattr(classifier, "coef_") or not hasattr(classifier, "intercept_"):
        raise ModelError(
            f"a {type(classifier).__name__} has no weights to explain",
            "Explain a fitted logistic regression, or a pipeline that ends in one.",
        )
    return steps[:-1], classifier


def take_back(model: Any, x: npt.NDArray[Any]) -> Taken:
    """Take the scores of one image back through every step of the model.

    Parameters
    ----------
    model : Model, pipeline or linear classifier
    x : (d,) pixels 0…255

    Returns
    -------
    Taken

    Raises
    ------
    ModelError
        A step is not known (`sightline.features.local`), or the classifier has no weights.
    """
    steps, classifier = split(model)
    value = np.asarray(x, dtype=np.float64)
    maps: list[LocalMap] = []
    for step in steps:
        maps.append(local_map(step, value))
        value = np.asarray(step.transform(value[None])[0], dtype=np.float64)
    weights = np.asarray(classifier.coef_, dtype=np.float64)
    bias = np.broadcast_to(np.asarray(classifier.intercept_, dtype=np.float64), len(weights)).copy()
    taken = Taken(
        z=weights @ value + bias,
        weights=weights,
        bias=bias,
        slope=weights,
        linear=all(one.linear for one in maps),
        path=tuple(one.words for one in maps),
        features=value,
        feature_weights=weights,
        feature_bias=bias,
    )
    slope = weights
    for one in reversed(maps):
        bias = bias + weights @ one.constant
        weights, slope = one.share(weights), one.slope(slope)
    return replace(taken, weights=weights, bias=bias, slope=slope)


def steepest(model: Any, x: Doubles, row: Doubles) -> tuple[Doubles, Doubles]:
    """Scores z (R,) of one image (d,), and the gradient (d,) of ``row @ z``, row (R,): a fraction of `take_back`."""
    steps, classifier = split(model)
    maps: list[LocalMap] = []
    value = x
    for step in steps:
        maps.append(local_map(step, value))
        value = np.asarray(step.transform(value[None])[0], dtype=np.float64)
    weights = np.asarray(classifier.coef_, dtype=np.float64)
    z = weights @ value + np.asarray(classifier.intercept_, dtype=np.float64)
    slope = (row @ weights)[None]
    for one in reversed(maps):
        slope = one.slope(slope)
    return z, slope[0]


def pixel_weights(model: Any, d: int) -> Doubles | None:
    """(R, d) weight of each pixel where the whole model is linear in the pixels, else None."""
    taken = take_back(model, np.zeros(d))
    return taken.weights if taken.linear else None


def feature_names(model: Any, m: int) -> tuple[str, ...]:
    """Names of the `m` features that the classifier of a model sees."""
    names: Any = None
    for step in split(model)[0]:
        names = step.get_feature_names_out(names)
    return tuple(str(name) for name in names) if names is not None else tuple(f"x{i}" for i in range(m))
