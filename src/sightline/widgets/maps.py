"""What a model looks for: the weights of every class as images."""

from __future__ import annotations

import numpy as np
import traitlets

from sightline.errors import UsageError
from sightline.explanation.linear import pixel_weights
from sightline.model import Model
from sightline.widgets.front import Widget


class WeightMaps(Widget):
    """The weights of every class on the pixels, on one scale: blue speaks for a class, orange against it.

    Parameters
    ----------
    model : Model
        Linear in the pixels.

    Attributes
    ----------
    pixel : [row, column] or None
        The pixel that is pointed at, in all pictures at once.

    Raises
    ------
    UsageError
        The model is not linear in the pixels, and has no weights on them.
    """

    front = "weight-maps"
    weights = traitlets.Bytes().tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    shape = traitlets.List(traitlets.Int()).tag(sync=True)
    pixel = traitlets.List(traitlets.Int(), None, minlen=2, maxlen=2, allow_none=True).tag(sync=True)

    def __init__(self, model: Model) -> None:
        W = pixel_weights(model, int(np.prod(model.shape)))
        if W is None:
            raise UsageError(
                f"the recipe '{model.recipe}' is not linear in the pixels, and has no weights on them",
                "Give a model of 'pixels', 'minmax', 'standard' or 'pca'.",
            )
        names = list(model.classes) if len(W) > 1 else [f"{model.classes[1]} rather than {model.classes[0]}"]
        height, width = model.shape[:2]
        super().__init__(
            weights=W.astype("<f4").tobytes(),
            names=names,
            shape=[height, width, 3 if len(model.shape) == 3 else 1],
        )
