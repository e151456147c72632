"""Augmentation: images a little moved, turned, sheared, bent, of other weight, which still say the same.

    p ↦ A (p − m) + m + shift + u(p)         where the pixel p of the copy reads the image; m its middle

A is a rotation, two scalings and a shear, u a smooth random field. Everything is drawn from normal distributions
whose standard deviations are the parameters; row and copy number seed the draw, so any part of any copy can be made
alone, in any order, on any number of threads.
Source: Simard, Steinkraus and Platt, Best practices for convolutional neural networks, 2003.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.engine.threads import ThreadTeam
from sightline.errors import UsageError
from sightline.features.images import Shape, as_images, border
from sightline.features.warp import warp

Floats = npt.NDArray[np.float32]
BLOCK = 256
"""Images that are drawn for together: the unit of the seed."""
MEASURE = 28
"""Side of the images that lengths are given for; those of others are in proportion."""
COARSE = 3.0
"""Pixels between two knots of the field, and…"""
SMOOTH = 4.0
"""…how far each is felt, a standard deviation, both on images of MEASURE pixels."""


@dataclass(frozen=True)
class Augmentation:
    """How much copies differ from their image, standard deviations all.

    `rotation` rad; `scaling` and `shear` shares; `shift`, `bending` pixels of an image 28 wide; `weight` how much of
    the way to its thinned or thickened self; `mirror` the probability that left and right are exchanged; `light`,
    share by which intensities are scaled.
    """

    rotation: float = 0.09
    scaling: float = 0.07
    shear: float = 0.08
    shift: float = 0.5
    bending: float = 0.77
    weight: float = 0.0
    mirror: float = 0.0
    light: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 <= value < np.inf:
                raise UsageError(f"{field.name} = {value!r} is not a number ≥ 0")
        if self.mirror > 1:
            raise UsageError(f"mirror = {self.mirror!r} is not a probability")

    def times(self, factor: float) -> Augmentation:
        """The same, `factor` as strong; the probability of a mirror stays."""
        return Augmentation(
            **{
                field.name: getattr(self, field.name) * (1 if field.name == "mirror" else factor)
                for field in fields(self)
            }
        )


def augmented(
    X: npt.NDArray[Any], shape: Shape, augmentation: Augmentation, *, copy: int = 1, seed: int = 0
) -> Iterator[tuple[slice, npt.NDArray[Any]]]:
    """Yield copy number `copy` of rows X (n, d), block by block: which rows, and they, float32 or uint8 as X.

    Parameters
    ----------
    X : (n, d) uint8 or floats
    shape : (height, width[, channels])
    augmentation : Augmentation
    copy : int ≥ 1
    seed : int

    Notes
    -----
    Laws: a block depends on its rows, `copy` and `seed` alone · an augmentation of zeros changes nothing.
    """
    outside = background(X, shape)
    size = BLOCK * 16
    team = ThreadTeam(min(size, len(X)), X.shape[1])
    try:
        for start in range(0, len(X), size):
            parts = [
                slice(at, min(at + BLOCK, len(X))) for at in range(start, min(start + size, len(X)), BLOCK)
            ]

            def one(part: slice) -> npt.NDArray[Any]:
                rng = np.random.default_rng([seed, copy, part.start // BLOCK])
                return deformed(X[part], shape, augmentation, rng, outside)

            made = team.each(one, parts)
            yield slice(parts[0].start, parts[-1].stop), np.concatenate(made)
    finally:
        team.close()


def deformed(
    rows: npt.NDArray[Any],
    shape: Shape,
    augmentation: Augmentation,
    rng: np.random.Generator,
    outside: float,
) -> npt.NDArray[Any]:
    """One copy of each of rows (n, d); what moves in from outside the image is `outside`."""
    high, wide = shape[0], shape[1]
    images = np.asarray(rows, np.float32).reshape(len(rows), high, wide, -1)
    if augmentation.mirror:
        turned = rng.random(len(images)) < augmentation.mirror
        images = np.where(turned[:, None, None, None], images[:, :, ::-1], images)
    moved = warp(images, places(len(images), high, wide, augmentation, rng), outside)
    if augmentation.weight:
        moved = _weighed(moved, rng.normal(0, augmentation.weight, len(moved)), outside)
    if augmentation.light:
        factor = np.exp(rng.normal(0, augmentation.light, len(moved))).astype(np.float32)
        moved = outside + (moved - np.float32(outside)) * factor[:, None, None, None]
    moved = moved.reshape(len(rows), -1)
    if rows.dtype == np.uint8:
        return np.clip(np.rint(moved), 0, 255).astype(np.uint8)
    return moved


def background(X: npt.NDArray[Any], shape: Shape) -> float:
    """Median intensity of the border."""
    return float(np.median(border(as_images(X[:: max(1, len(X) // 2000)], shape))))


def places(n: int, high: int, wide: int, how: Augmentation, rng: np.random.Generator) -> Floats:
    """Draw where each pixel of n copies reads its image: row and column in pixels, (n, high, wide, 2) float32."""
    angle, shear = rng.normal(0, how.rotation, n), rng.normal(0, how.shear, n)
    down, across = np.exp(rng.normal(0, how.scaling, (2, n)))
    unit = min(high, wide) / MEASURE
    shift = rng.normal(0, how.shift * unit, (n, 2)).astype(np.float32)
    A = np.empty((n, 2, 2), np.float32)
    A[:, 0, 0], A[:, 0, 1] = down * np.cos(angle), np.sin(angle)
    A[:, 1, 0], A[:, 1, 1] = shear - np.sin(angle), across * np.cos(angle)
    r = np.arange(high, dtype=np.float32) - np.float32((high - 1) / 2)
    c = np.arange(wide, dtype=np.float32) - np.float32((wide - 1) / 2)
    found = np.empty((n, high, wide, 2), np.float32)
    rows, columns = _felt(high, unit), _felt(wide, unit)
    knots = rng.standard_normal((n, 2, rows.shape[1], columns.shape[1]), np.float32)
    field = np.matmul(np.matmul(rows, knots), columns.T) * np.float32(how.bending * unit)
    for k, middle in enumerate(((high - 1) / 2, (wide - 1) / 2)):
        straight = A[:, k, 0, None] * r + shift[:, k, None] + np.float32(middle)
        found[..., k] = straight[:, :, None] + (A[:, k, 1, None] * c)[:, None]
        found[..., k] += field[:, k]
    return found


def _felt(length: int, unit: float) -> Floats:
    """How much each pixel feels each knot, (length, knots), so that the field has variance 1 everywhere."""
    step, width = COARSE * unit, SMOOTH * unit
    knots = np.arange(-step, length + step, step)
    felt = np.exp(-0.5 * ((np.arange(length)[:, None] - knots) / width) ** 2)
    felt /= np.linalg.norm(felt, axis=1, keepdims=True)
    return np.asarray(felt, np.float32)


def _weighed(images: Floats, amount: npt.NDArray[Any], outside: float) -> Floats:
    """Ink towards the most (amount > 0) or the least (< 0) of the four neighbours and itself."""
    ink = images - np.float32(outside)
    padded = np.pad(ink, ((0, 0), (1, 1), (1, 1), (0, 0)))
    here = slice(1, -1)
    beside = [(slice(-2), here), (slice(2, None), here), (here, slice(-2)), (here, slice(2, None))]
    around = [ink, *(padded[:, r, c] for r, c in beside)]
    if ink.min(initial=0) >= 0:  # on a black ground most is largest, which is three times as quick to find
        grown, shrunk = reduce(np.maximum, around), reduce(np.minimum, around)
    else:
        grown, shrunk = around[0], around[0]
        for one in around[1:]:
            of = np.abs(one)
            grown = np.where(of > np.abs(grown), one, grown)
            shrunk = np.where(of < np.abs(shrunk), one, shrunk)
    share = np.clip(amount, -1, 1).astype(np.float32)[:, None, None, None]
    changed: Floats = ink + np.abs(share) * (np.where(share > 0, grown, shrunk) - ink) + np.float32(outside)
    return changed
