"""A pad to draw on, and what a model makes of the drawing."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets

from sightline.dataset import Dataset
from sightline.errors import UsageError
from sightline.explanation.linear import pixel_weights, take_back
from sightline.model import Model
from sightline.studio.framing import measure
from sightline.studio.packet import plain
from sightline.widgets.front import Image, Widget, to_bytes, to_image


class DrawPad(Widget):
    """A pad to draw on with mouse, pen, finger or keys; a drawing is framed as the images of a data set are.

    Parameters
    ----------
    dataset : Dataset
        Its training images say how large, where and with how wide a pen a drawing is made.
    model : Model, optional
        Says what it is while the pen moves: in the browser where it is linear in the pixels, else in Python.

    Attributes
    ----------
    image : (h, w[, 3]) uint8 or None
        The drawing as a model sees it; None while there is none. Setting it lays an image on the pad.
    probabilities : list of float
        Of each class; empty without a model or an image.

    Notes
    -----
    Law: ``pad.probabilities`` are ``model.predict_proba(pad.image)``.
    """

    front = "draw-pad"
    framing = traitlets.Dict().tag(sync=True)
    image = Image(None, allow_none=True).tag(sync=True, to_json=to_bytes, from_json=to_image)
    classes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    weights = traitlets.Bytes(None, allow_none=True).tag(sync=True)
    bias = traitlets.Bytes(None, allow_none=True).tag(sync=True)
    probabilities = traitlets.List(traitlets.Float()).tag(sync=True)

    def __init__(self, dataset: Dataset, model: Model | None = None) -> None:
        framing = measure(dataset.train.images if len(dataset.train) else dataset.images)
        if not framing.ink:
            raise UsageError(
                f"the images of '{dataset.name}' are no strokes on one ground", "Give a data set of drawings."
            )
        if model is not None and tuple(model.shape) != tuple(dataset.shape):
            raise UsageError(
                f"the model learned images of {model.shape}, and those of '{dataset.name}' are {dataset.shape}",
                "Give the data set that the model learned from.",
            )
        self.model = model
        self.image_shape = tuple(dataset.shape)
        super().__init__(
            framing=plain(framing), classes=list(model.classes) if model else [], **_linear(model)
        )
        self.observe(self._judge, "image")

    def _judge(self, change: Any) -> None:
        image: npt.NDArray[np.uint8] | None = change["new"]
        if self.model is None or image is None:
            self.probabilities = []
        else:
            self.probabilities = self.model.predict_proba(image[None])[0].tolist()


def _linear(model: Model | None) -> dict[str, bytes]:
    """Weights on the pixels and biases, where that is all that there is to a model."""
    if model is None:
        return {}
    d = int(np.prod(model.shape))
    W = pixel_weights(model, d)
    if W is None:
        return {}
    bias = take_back(model, np.zeros(d)).bias
    return {"weights": W.astype("<f4").tobytes(), "bias": bias.astype("<f4").tobytes()}
