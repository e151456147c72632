"""Steps of the recipes that look at patches: every number follows from the size of the images.

The numbers were chosen by validation on training images, see benchmarks/frontier.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sightline.errors import UsageError
from sightline.features.augment import Augmentation
from sightline.features.deskew import Deskew
from sightline.features.images import Shape
from sightline.features.orientation import Orientation
from sightline.features.patches import Patches
from sightline.features.scale import ByteScaler, RangeScaler
from sightline.features.shrink import Shrink, shrunken

Choices = Mapping[str, float]
Step = tuple[str, Any]

STEPS = 32.0
"""Bytes to a standard deviation, see `ByteScaler`."""
MAP = 14
"""Cells a side that a first layer leaves of an image, or a few more."""
DIRECTIONS = 16
"""In which the numbers of a cell of that map differ most."""
PER_ATOM = 150
"""Patches that an atom is learned from: with more it hardly changes."""
LARGE = 40
"""Images of more pixels a side are shrunk before large patches are looked for in them."""
SMALLEST = 6
"""Below so many pixels a side there is nothing to put a grid on."""
COPIES = Augmentation(rotation=0.12)


def copies(choices: Choices) -> int:
    """How many copies of each image: as many as asked for, or its mirror image where that helps."""
    return int(choices.get("copies", 0)) or int(choices.get("mirror", 0) > 0)


def augmentation(choices: Choices) -> Augmentation:
    """How copies differ; photos, unlike writing, may be mirrored: half of many copies, or the only one."""
    mirror = float(choices.get("mirror", 0))
    if choices.get("copies", 0):
        return replace(COPIES, mirror=mirror)
    return replace(COPIES.times(0), mirror=float(mirror > 0))


def orientation(shape: Shape | None, choices: Choices) -> list[Step]:
    """Gradient directions on two grids, or on the coarser alone."""
    side = _side(shape)
    fine, coarse = (3, 5) if side >= 12 else (3, 3)
    grids = (7, 4) if side >= 20 else (5, 3) if side >= 12 else (4, 2)
    if side > 40:
        fine, coarse = (_odd(side * 3 / 32), _odd(side * 5 / 32))
    steps: list[Step] = [*_opening(shape, choices)]
    if choices.get("scales", 2) < 2:
        layer = Orientation(shape, sizes=(coarse,), grids=grids[1:])
    else:
        layer = Orientation(shape, sizes=(fine, coarse), grids=grids)
    steps += [("orientation", layer)]
    return [*steps, ("bytes", ByteScaler(STEPS))]


def patches(shape: Shape | None, choices: Choices) -> list[Step]:
    """One dictionary: of large patches for writing, of small and whitened ones for photos."""
    factor = -(-_side(shape) // LARGE)
    shrink: list[Step] = []
    small = shape
    if factor > 1:
        shrink, small = [("shrink", Shrink(shape, factor=factor))], shrunken(shape or (), factor)
    side, n_atoms = _side(small), int(choices["n_atoms"])
    if _photos(shape, choices):
        layer = Patches(small, size=max(3, round(side * 6 / 32)), n_atoms=n_atoms, grid=3, ridge=0.1)
    else:
        size, grid, pad = max(3, round(side * 9 / 28)), 4 if side >= 12 else 3, int(side < 12)
        layer = Patches(small, size=size, n_atoms=n_atoms, grid=grid, pad=pad)
    return [*_opening(shape, choices), *shrink, ("patches", layer), ("bytes", ByteScaler(STEPS))]


def finest(shape: Shape | None, choices: Choices) -> list[Step]:
    """What sees most of such images: two layers of writing, one of photos with twice the atoms."""
    if _photos(shape, choices):
        return patches(shape, {**choices, "n_atoms": 2 * choices["n_atoms"]})
    return two_layers(shape, choices)


def _photos(shape: Shape | None, choices: Choices) -> bool:
    """Whether such images are photos rather than writing: they have colour, or may be mirrored."""
    return (shape is not None and len(shape) == 3) or float(choices.get("mirror", 0)) > 0


def two_layers(shape: Shape | None, choices: Choices) -> list[Step]:
    """Small patches, pooled to a map; patches of that map, pooled on a grid; half the atoms for small images."""
    side = _side(shape)
    n_atoms = int(choices["n_atoms"]) if side >= 12 else max(1, int(choices["n_atoms"]) // 2)
    size = 3 if side < 12 else _odd(max(5, side * 5 / 40))
    pool = max(1, round(side / MAP))
    maps = Patches(
        shape,
        size=size,
        n_atoms=64,
        grid=None,
        pool=pool,
        pad=size // 2,
        n_components=DIRECTIONS,
        n_patches=PER_ATOM * 64,
    )
    high, wide = _size(shape)
    map_shape = (high // pool, wide // pool, DIRECTIONS)
    second = Patches(
        map_shape,
        size=5 if min(map_shape[:2]) >= 12 else 3,
        n_atoms=n_atoms,
        n_patches=PER_ATOM * n_atoms,
        grid=3,
        ridge=0.1,
        threshold=0.35,
    )
    return [*_opening(shape, choices), ("maps", maps), ("patches", second), ("bytes", ByteScaler(STEPS))]


def _opening(shape: Shape | None, choices: Choices) -> list[Step]:
    straight = float(choices.get("straighten", 1))
    deskew = [("deskew", Deskew(shape, strength=straight))] if straight else []
    return [("range", RangeScaler()), *deskew]


def _size(shape: Shape | None) -> tuple[int, int]:
    if shape is None:
        raise UsageError(
            "this recipe has to know the shape of the images",
            "Say make_recipe(name, shape=dataset.shape).",
        )
    return int(shape[0]), int(shape[1])


def _side(shape: Shape | None) -> int:
    side = min(_size(shape))
    if side < SMALLEST:
        raise UsageError(
            f"images of {_size(shape)[0]}×{_size(shape)[1]} pixels are too small for patches",
            f"They need {SMALLEST} pixels a side; take another recipe, such as pca-poly.",
        )
    return side


def _odd(size: float) -> int:
    return 2 * int(size // 2) + 1
