"""Where a layer stands: what comes into it, and which pixels of the image its places look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import OneToOneFeatureMixin

from sightline.explanation.linear import split
from sightline.features import Orientation, Patches
from sightline.features.layer import Layer
from sightline.features.layer_at import LayerAt
from sightline.model import Model

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Frame:
    """How rows and columns of a map lie on the pixels: number i has its middle at `origin` + `stride` i.

    Pixel j has its middle at j; each number depends on `reach` pixels a side.
    """

    origin: float = 0.0
    stride: float = 1.0
    reach: float = 1.0

    def patch(self, size: int, pad: int) -> Frame:
        """The frame of the positions of patches."""
        middle = (size - 1) / 2 - pad
        return Frame(self.origin + self.stride * middle, self.stride, self.reach + self.stride * (size - 1))

    def pooled(self, pool: float) -> Frame:
        """The frame of cells of `pool` of these."""
        return Frame(
            self.origin + self.stride * (pool - 1) / 2,
            self.stride * pool,
            self.reach + self.stride * (pool - 1),
        )

    def edges(self, cuts: npt.NDArray[np.int64], length: int) -> Doubles:
        """Where cuts between numbers lie, in pixels from the edge of an image of `length`, the outermost on edges.

        The patches of the outermost cells reach to the border, so the cells are drawn to it.
        """
        found = np.clip(self.origin + self.stride * (np.asarray(cuts) - 0.5) + 0.5, 0, length)
        found[0], found[-1] = 0, length
        result: Doubles = found
        return result


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """One layer of a step: `name`; `layer`; `step`; `frame` of the positions of its patches on the pixels.

    `first` number of the step's first feature that is of this layer; `on_pixels` whether it sees pixels.
    """

    name: str
    step: Any
    layer: Layer
    frame: Frame
    first: int
    on_pixels: bool


def sights(model: Any) -> list[Sight]:
    """Every layer of the steps of a model, in order."""
    found: list[Sight] = []
    frame = Frame()
    for step in split(model)[0]:
        if isinstance(step, Patches):
            layer = step._layer
            here = frame.patch(step.size, step.pad)
            pixels = frame == Frame()
            found.append(Sight(f"patches of {_side(here)}", step, layer, here, 0, pixels))
            frame = here.pooled(layer.positions[0] / layer.grid[0] if step.grid else step.pool)
        elif isinstance(step, Orientation):
            first = 0
            for size, layer in zip(step.sizes, step.layers, strict=True):
                here = frame.patch(size, 0)
                found.append(Sight(f"windows of {_side(here)}", step, layer, here, first, True))
                first += layer.width
    return found


def _side(frame: Frame) -> str:
    side = round(frame.reach)
    return f"{side} × {side}"


def passing(model: Any, rows: npt.NDArray[Any]) -> Iterator[tuple[Any, npt.NDArray[Any], npt.NDArray[Any]]]:
    """Yield each transformer of a model with what comes into it and what comes out of it, for rows (n, d)."""
    for step in split(model)[0]:
        after = step.transform(rows)
        yield step, rows, after
        rows = after


def shape_of(model: Any) -> tuple[int, ...]:
    """Shape of the images that a model takes, or that the first step takes which knows of one."""
    if isinstance(model, Model):
        return model.shape
    return shape_into(next(step for step in split(model)[0] if hasattr(step, "shape_")))


def shape_into(step: Any) -> tuple[int, ...]:
    """Shape of the images that come into a step, one channel not counted."""
    shape = tuple(int(side) for side in step.shape_)
    return shape[:2] if shape[2:] == (1,) else shape


def before_layers(model: Any, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What the first layer of a model gets to see of rows (n, d): straightened, say; same shape."""
    for step, before, _ in passing(model, rows):
        if isinstance(step, (Patches, Orientation)):
            return before
    return rows


def intensities(rows: npt.NDArray[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """Rows on the scale of a step as images, intensities 0…255: of 0…1, of 0…255, else stretched to fit."""
    values = np.asarray(rows, np.float64).reshape(-1, *shape)
    low, high = float(values.min(initial=0)), float(values.max(initial=0))
    if low >= -1e-6 and high <= 1 + 1e-6:
        return np.clip(255 * values, 0, 255)
    if low >= 0 and high <= 255:
        return values
    return (values - low) * (255 / max(high - low, 1e-12))


def only_rescaled(steps: list[Any]) -> bool:
    """Whether steps leave every number its place: only then is a feature still an atom in a cell."""
    return all(isinstance(step, OneToOneFeatureMixin) for step in steps)


def layer_at(sight: Sight, row: npt.NDArray[Any]) -> LayerAt:
    """The layer at one image (d,), as it comes into the step."""
    at = sight.step.at(np.asarray(row, np.float64))
    if isinstance(at, LayerAt):
        return at
    found: LayerAt = at[[one is sight.layer for one in sight.step.layers].index(True)]
    return found


def cut_out(picture: npt.NDArray[Any], middle: tuple[float, float], side: float) -> npt.NDArray[Any]:
    """The square of `side` pixels round `middle` of an image; beyond its border that is repeated."""
    length = max(1, round(side))
    rows, columns = (
        np.clip(round(at - (length - 1) / 2) + np.arange(length), 0, end - 1)
        for at, end in zip(middle, picture.shape[:2], strict=True)
    )
    return np.asarray(picture[np.ix_(rows, columns)])


def pattern(filters: Doubles, size: int) -> Doubles:
    """Filters (entries, m) of a layer on pixels as signed images (m, size, size[, 3])."""
    images: Doubles = filters.T.reshape(filters.shape[1], size, size, -1)
    return images[..., 0] if images.shape[3] == 1 else images
