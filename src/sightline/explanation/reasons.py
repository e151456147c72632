"""`explain`: one decision taken apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.dataset import Dataset
from sightline.engine.threads import single_threaded_blas
from sightline.errors import ModelError
from sightline.explanation.change import smallest_change
from sightline.explanation.linear import feature_names, take_back
from sightline.explanation.neighbours import nearest
from sightline.explanation.record import Explanation, FeatureShares
from sightline.logistic.classifier import probability_of
from sightline.model import Model


@single_threaded_blas()
def explain(
    model: Any,
    image: npt.ArrayLike,
    *,
    train: Dataset | None = None,
    label: int | None = None,
    change: bool = True,
    n_neighbours: int = 6,
) -> Explanation:
    """Say why a model decides as it does about one image.

    Parameters
    ----------
    model : Model, or a fitted pipeline or linear classifier on rows of pixels 0…255
    image : (h, w) or (h, w, 3) uint8
    train : Dataset, optional
        Where to look for the nearest training images; its test rows are left out.
    label : int, optional
        The true class number, where it is known.
    change : bool
        Look for the smallest change that flips the decision.
    n_neighbours : int

    Returns
    -------
    Explanation
        Law: ``contributions[r].sum() + bias[r] == z[r]`` within 1e-4, for every recipe.

    Raises
    ------
    ModelError
        The image does not fit, or a step of the model cannot be taken back.

    Examples
    --------
    >>> from sightline.features import make_recipe
    >>> from sightline.sources import load
    >>> digits = load("digits")
    >>> model = make_recipe("pca").fit(digits.train.X, digits.train.y)
    >>> found = explain(model, digits.test.images[0])
    >>> bool(np.allclose(found.contributions.sum(axis=(1, 2)) + found.bias, found.z))
    True
    """
    pixels = _checked(model, image)
    taken = take_back(model, pixels.reshape(-1))
    probability = probability_of(taken.z[None])[0]
    classes = _class_names(model, len(probability))
    z = taken.z if len(taken.z) > 1 else np.array([0.0, taken.z[0]])
    order = np.argsort(-z, kind="stable")  # where probabilities round to 0 and 1, z still tells the runner-up
    predicted = int(order[0])
    shares = taken.weights * pixels.reshape(-1)
    return Explanation(
        image=pixels,
        classes=classes,
        z=taken.z,
        bias=taken.bias,
        probability=probability,
        predicted=predicted,
        runner_up=int(order[1]),
        contributions=shares.reshape(len(shares), *pixels.shape),
        path=taken.path,
        smallest_change=smallest_change(model, pixels, taken, predicted) if change else None,
        neighbours=None if train is None else nearest(pixels, train.train, n_neighbours),
        label=label,
        features=FeatureShares(
            names=feature_names(model, len(taken.features)),
            values=taken.features,
            contributions=taken.feature_weights * taken.features,
            bias=taken.feature_bias,
        ),
    )


def _checked(model: Any, image: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    pixels = np.asarray(image)
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3):
        raise ModelError(
            f"cannot explain an array of {pixels.dtype} of shape {pixels.shape}",
            "Give one image: uint8, (height, width) or (height, width, 3).",
        )
    if isinstance(model, Model):
        model.rows(pixels)
    elif getattr(model, "n_features_in_", pixels.size) != pixels.size:
        raise ModelError(
            f"an image of {pixels.size} numbers does not fit this model", f"It takes {model.n_features_in_}."
        )
    return pixels


def _class_names(model: Any, K: int) -> tuple[str, ...]:
    if isinstance(model, Model):
        return model.classes
    return tuple(str(name) for name in getattr(model, "classes_", range(K)))
