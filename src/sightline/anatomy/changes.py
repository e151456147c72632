"""What is done to images on purpose: straightened, and changed a little for more of them to learn from."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.anatomy.record import Copies, Straightened
from sightline.anatomy.way import intensities, passing, shape_into
from sightline.errors import ModelError
from sightline.explanation.linear import split
from sightline.features import Augmentation, Deskew, StreamedPipeline, augmented
from sightline.model import Model

DEEDS = {
    "shift": "moved",
    "rotation": "turned",
    "scaling": "scaled",
    "shear": "sheared",
    "bending": "bent",
    "weight": "thinned or thickened",
    "mirror": "mirrored at times",
    "light": "brightened or dimmed",
}
"""What each number of an `Augmentation` does."""


def has_slant(model: Any) -> bool:
    """Tell whether a model straightens images."""
    return any(isinstance(step, Deskew) and step.strength > 0 for step in split(model)[0])


def augmentation_of(model: Any) -> tuple[Augmentation, int, int] | None:
    """Return how, and in how many copies, a model changed the images it learned from, and its seed; None if not.

    A model that was stored and loaded does not know any more.
    """
    pipeline = model.pipeline if isinstance(model, Model) else model
    if not isinstance(pipeline, StreamedPipeline) or not pipeline.copies:
        return None
    return pipeline.augmentation or Augmentation(), pipeline.copies, pipeline.random_state


def straighten(model: Any, images: npt.NDArray[np.uint8]) -> Straightened:
    """Return what a model's `Deskew` does to images.

    Parameters
    ----------
    model : Model or fitted pipeline
    images : (m, h, w[, 3]) uint8

    Returns
    -------
    Straightened
        Law: row by row, what lies d pixels beside the line in `before` lies d beside the middle in `after`.

    Raises
    ------
    ModelError
        The model straightens nothing.
    """
    rows = model.rows(images) if isinstance(model, Model) else images.reshape(len(images), -1)
    for step, before, after in passing(model, rows):
        if isinstance(step, Deskew):
            shape = shape_into(step)
            moved = [step.geometry(row) for row in before]
            shift = np.stack([(one.whole + one.part)[0] for one in moved]).astype(np.float64)
            return Straightened(
                before=intensities(before, shape),
                after=intensities(after, shape),
                line=shift + shape[1] / 2,
                slant=(shift[:, -1] - shift[:, 0]) / max(shape[0] - 1, 1),
            )
    raise ModelError("this model straightens nothing", "The recipe deskew-pca-poly does.")


def make_copies(
    images: npt.NDArray[np.uint8], augmentation: Augmentation, *, rows: Any = None, n: int = 5, seed: int = 0
) -> Copies:
    """Change images a little, as for learning.

    Parameters
    ----------
    images : (N, h, w[, 3]) uint8
    augmentation : Augmentation
    rows : (m,) int, optional
        Which images to keep, of the first 4,096; by default the first 6.
    n : int
        Copies of each.
    seed : int

    Returns
    -------
    Copies
        Law: given the training images and the model's seed, they are the very copies it learned from.
    """
    chosen = np.arange(min(6, len(images))) if rows is None else np.asarray(rows, np.int64)
    shape, flat = images.shape[1:], images.reshape(len(images), -1)
    copies = []
    for copy in range(1, n + 1):
        part, made = next(augmented(flat, shape, augmentation, copy=copy, seed=seed))
        copies.append(made[chosen - part.start].reshape(len(chosen), *shape))
    empty = np.zeros((len(chosen), 0, *shape), np.uint8)
    return Copies(images[chosen], np.stack(copies, axis=1) if copies else empty, _words(augmentation))


def _words(augmentation: Augmentation) -> str:
    done = [word for name, word in DEEDS.items() if getattr(augmentation, name) > 0]
    return " and ".join([", ".join(done[:-1]), done[-1]] if len(done) > 1 else done) or "left as they are"
