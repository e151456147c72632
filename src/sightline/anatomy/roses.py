"""Histograms of directions, cell by cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.anatomy.record import Directions
from sightline.anatomy.way import intensities, passing, shape_into, sights
from sightline.errors import ModelError
from sightline.explanation.linear import split
from sightline.features import Orientation
from sightline.model import Model


def has_directions(model: Any) -> bool:
    """Tell whether a model looks at directions of gradients."""
    return any(isinstance(step, Orientation) for step in split(model)[0])


def find_directions(model: Any, image: npt.ArrayLike) -> Directions:
    """Return how much of every direction a model's `Orientation` finds in each cell of one image.

    Parameters
    ----------
    model : Model or fitted pipeline
    image : (h, w[, 3]) uint8

    Returns
    -------
    Directions
        Law: joined, the values are the features of the step.

    Raises
    ------
    ModelError
        The model looks at no directions, or the image does not fit.
    """
    pixels = np.asarray(image)
    row = model.rows(pixels) if isinstance(model, Model) else pixels.reshape(1, -1)
    for step, before, after in passing(model, row):
        if isinstance(step, Orientation):
            seen = intensities(before, shape_into(step))[0]
            own = [one for one in sights(model) if one.step is step]
            values = np.split(np.asarray(after[0], np.float64), [one.first for one in own[1:]])
            return Directions(
                seen=seen,
                windows=tuple(one.layer.size for one in own),
                rows=tuple(one.frame.edges(one.layer.rows, seen.shape[0]) for one in own),
                columns=tuple(one.frame.edges(one.layer.columns, seen.shape[1]) for one in own),
                values=tuple(v.reshape(*one.layer.grid, -1) for v, one in zip(values, own, strict=True)),
            )
    raise ModelError("this model looks at no directions", "The recipe orientation does.")
