"""A fitted recipe with what it takes to use it: the names of its classes, the shape of an image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline

from sightline.errors import ModelError

Floats = npt.NDArray[np.floating[Any]]
BLOCK = 2048
COLUMNWISE = {"RangeScaler", "MinMaxScaler", "StandardScaler"}
"""Steps after which every column still is a pixel."""
MOST_MAPS = 20
TOLD = ("dataset", "n_train", "accuracy", "chosen", "seed", "version")
"""What a notebook shows of `about`."""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """What `model.sightline` holds.

    `pipeline` a fitted pipeline on rows of pixels 0…255 whose classes are the numbers 0…K−1; `classes` their
    K names; `shape` (height, width[, 3]) of an image; `recipe` the name of its recipe; `about` where it came
    from and how good it was, as JSON.
    """

    pipeline: Pipeline
    classes: tuple[str, ...]
    shape: tuple[int, ...]
    recipe: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def channels(self) -> int:
        """1 for grey, 3 for colour."""
        return 3 if len(self.shape) == 3 else 1

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of an image."""
        return self.shape[0], self.shape[1]

    def rows(self, images: npt.ArrayLike) -> npt.NDArray[Any]:
        """One image (h, w[, 3]), several (n, h, w[, 3]) or rows (n, d) as rows (n, d).

        Raises
        ------
        ModelError
            They have another shape than the images of the training.
        """
        found = np.asarray(images)
        if found.shape == self.shape:
            return found.reshape(1, -1)
        if found.shape[1:] == self.shape:
            return found.reshape(len(found), -1)
        if found.ndim == 2 and found.shape[1] == np.prod(self.shape):
            return found
        wanted = "×".join(str(side) for side in self.shape)
        raise ModelError(
            f"images of shape {found.shape} do not fit this model", f"It learned from images of {wanted}."
        )

    def decision_function(self, images: npt.ArrayLike) -> Floats:
        """z of each image: (n, K), or (n,) for two classes."""
        z: Floats = self._by_blocks(self.pipeline.decision_function, images)
        return z

    def predict_proba(self, images: npt.ArrayLike) -> Floats:
        """Probability of each class: (n, K)."""
        p: Floats = self._by_blocks(self.pipeline.predict_proba, images)
        return p

    def predict(self, images: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Class numbers (n,), indices into `classes`."""
        codes: npt.NDArray[np.int64] = self._by_blocks(self.pipeline.predict, images)
        return codes

    def _by_blocks(self, method: Callable[[Any], Any], images: npt.ArrayLike) -> Any:
        """A method of the pipeline on a block of images at a time: steps on the way may widen them manifold."""
        rows = self.rows(images)
        if len(rows) <= BLOCK:
            return method(rows)
        return np.concatenate([method(rows[at : at + BLOCK]) for at in range(0, len(rows), BLOCK)])

    def __repr__(self) -> str:
        size = "×".join(str(side) for side in self.shape)
        return f"Model '{self.recipe}' for images of {size}: {', '.join(self.classes[:10])}" + (
            " …" if len(self.classes) > 10 else ""
        )

    def _repr_html_(self) -> str:
        """The steps and where they came from; weights as images where each belongs to a pixel. For notebooks."""
        from sightline.notebook import card as framed
        from sightline.notebook import paragraph, table, text

        size = "×".join(str(side) for side in self.shape)
        steps = [[text(name), text(" ".join(repr(step).split()))] for name, step in self.pipeline.steps]
        told = [[text(key), text(self.about[key])] for key in TOLD if key in self.about]
        return framed(
            f"Model '{self.recipe}' for images of {size}",
            table(["step", "what it is"], steps, left=2),
            self._weights_html(),
            table(["", "where it came from"], told, left=2) if told else "",
            paragraph(f"Classes: {', '.join(self.classes)}"),
        )

    def _weights_html(self) -> str:
        """Weights of each class as an image, where every column is a pixel to the last."""
        from sightline.notebook import figure, signed

        *steps, (_, last) = self.pipeline.steps
        weights = getattr(last, "coef_", np.zeros((0, 0)))
        columns = all(type(step).__name__ in COLUMNWISE for _, step in steps)
        if not columns or weights.shape[1] != np.prod(self.shape):
            return ""
        top = float(np.abs(weights).max(initial=0))
        names = self.classes if len(weights) > 1 else self.classes[1:]
        maps = (
            figure(signed(row.reshape(self.shape), f"Weights for {name}", top, height=56), f"for {name}")
            for row, name in zip(weights[:MOST_MAPS], names, strict=False)
        )
        return f"<div>{''.join(maps)}</div>"
