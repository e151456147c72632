"""Bringing an image from outside into the shape that a model learned from."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.dataset import Dataset
from sightline.errors import DataError, NotFoundError, UsageError, visible
from sightline.model import Model
from sightline.sources.decode import read_header, read_pixels

Pixels = npt.NDArray[np.uint8]
AGREED = 0.8
"""Share of training images whose border must look alike before a new one is turned into its negative."""

NEAR, FAR = 64, 128
POLARITIES = ("auto", "keep", "invert")


@dataclass(frozen=True, slots=True, eq=False)
class Brought:
    """One image in the shape of the model: `pixels` uint8, and what was done to it, in words."""

    name: str
    pixels: Pixels
    notes: tuple[str, ...] = ()


def background_of(images: Pixels) -> dict[str, float]:
    """Intensity that the borders of most images have, and the share of images whose border is near it.

    Parameters
    ----------
    images : (n, h, w[, 3]) uint8
    """
    borders = np.array([_border(image) for image in images[:: max(1, len(images) // 2000)]])
    middle = float(np.median(borders))
    return {"intensity": middle, "share": float((np.abs(borders - middle) < NEAR).mean())}


def bring(model: Model, path: Path, polarity: str = "auto") -> Brought:
    """Read an image file for a model: its size, its colours, its background.

    A model that learned from light strokes on a dark ground misreads dark strokes on white paper. With
    'auto', where the training images agree on their background and this image has the opposite one, its
    negative is taken, and the notes say so.

    Parameters
    ----------
    model : Model
    path : Path
    polarity : 'auto', 'keep' or 'invert'

    Raises
    ------
    NotFoundError, DataError
        There is no such file, or it cannot be read as an image.
    UsageError
        No such polarity.
    """
    if polarity not in POLARITIES:
        raise UsageError(f"there is no polarity '{polarity}'", f"Give one of {', '.join(POLARITIES)}.")
    if not path.is_file():
        raise NotFoundError(f"there is no image '{path}'", "Name a file that is there.")
    grey = model.channels == 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on odd metadata and on sizes that are judged there
        header = read_header(path)
        pixels = header if isinstance(header, str) else read_pixels(path, model.size, grey)
    if isinstance(header, str) or isinstance(pixels, str):
        raise DataError(
            f"'{path}' cannot be read as an image ({pixels})", "Give a PNG, JPEG or other picture."
        )
    notes = []
    if (header.height, header.width) != model.size:
        notes.append(f"fitted from {header.height}×{header.width} into {model.shape[0]}×{model.shape[1]}")
    if polarity == "invert" or (polarity == "auto" and _opposite(model.about.get("background"), pixels)):
        pixels = 255 - pixels
        notes.append("taken as a negative: its background is the opposite of the training images'")
    return Brought(visible(str(path)), pixels, tuple(notes))


def _border(image: Pixels) -> float:
    return float(np.median(np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])))


def _opposite(background: Any, pixels: Pixels) -> bool:
    if not isinstance(background, dict) or not background.get("share", 0) >= AGREED:
        return False
    ground = float(background["intensity"])
    extreme = min(ground, 255 - ground) < NEAR
    return extreme and abs(_border(pixels) - ground) > FAR


def brought_dataset(model: Model, dataset: Dataset) -> Pixels:
    """Images of a data set in the shape of the model.

    Raises
    ------
    DataError
        Grey images for a model of colours, or the other way round.
    """
    from sightline.sources.fit import resized

    if dataset.channels != model.channels:
        kinds = {1: "grey", 3: "colour"}
        raise DataError(
            f"'{dataset.name}' holds {kinds[dataset.channels]} images, the model learned from "
            f"{kinds[model.channels]} ones",
            "Give images such as those that it learned from.",
        )
    return resized(dataset, (model.shape[0], model.shape[1])).images
