"""One image on its way through the steps of a model."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.preprocessing import MinMaxScaler

from sightline.anatomy.record import FeatureMaps, Image, Stage
from sightline.anatomy.way import (
    Sight,
    cut_out,
    intensities,
    layer_at,
    passing,
    pattern,
    shape_into,
    sights,
)
from sightline.features import PCA, Deskew, Orientation, Patches, Shrink, StandardScaler
from sightline.model import Model

STRONGEST = 8


def trace_features(model: Any, image: npt.ArrayLike, *, most: int = STRONGEST) -> FeatureMaps:
    """Follow one image through the steps of a model.

    Parameters
    ----------
    model : Model or fitted pipeline
    image : (h, w[, 3]) uint8
    most : int
        Of each dictionary, the atoms that answer this image most.

    Returns
    -------
    FeatureMaps
        Steps that leave nothing to look at, such as products and scaling by one factor, are left out.

    Raises
    ------
    ModelError
        The image does not fit the model.
    """
    pixels = np.asarray(image)
    row = model.rows(pixels) if isinstance(model, Model) else pixels.reshape(1, -1)
    shape = pixels.shape
    seen: Image = pixels.astype(np.float64)
    known, stages = sights(model), []
    for step, before, after in passing(model, row):
        if isinstance(step, (Patches, Orientation)):
            own = [one for one in known if one.step is step]
            if own[0] is known[0]:
                seen = intensities(before, shape_into(own[0].step))[0]
            for sight in own:
                stages += _layer_stages(sight, before[0], seen, most)
        else:
            stages += _pixel_stage(step, before, after, shape)
    recipe = model.recipe if isinstance(model, Model) else ""
    return FeatureMaps(pixels, recipe, tuple(stages))


def _pixel_stage(
    step: Any, before: npt.NDArray[Any], after: npt.NDArray[Any], shape: tuple[int, ...]
) -> list[Stage]:
    """What a step that is not a layer makes of the image."""
    if isinstance(step, Deskew):
        return [
            Stage("straightened", "upright, and in the middle", intensities(after, shape), ("",), "pixels")
        ]
    if isinstance(step, Shrink):
        note = f"squares of {step.factor} × {step.factor} pixels, each its mean"
        return [Stage("shrunken", note, intensities(after, tuple(step.small_shape_)), ("",), "pixels")]
    if isinstance(step, PCA):
        restored = np.clip(step.inverse_transform(after), 0, 1)
        note = f"what {after.shape[1]:,} components keep of it"
        return [Stage("components", note, intensities(restored, shape), ("",), "pixels")]
    if isinstance(step, (MinMaxScaler, StandardScaler)) and after.shape[1] == np.prod(shape):
        note = (
            "over each pixel's own range" if isinstance(step, MinMaxScaler) else "above and below each mean"
        )
        return [Stage("scaled", note, after.reshape(1, *shape).astype(np.float64), ("",), "signed")]
    return []


def _layer_stages(sight: Sight, row: npt.NDArray[Any], seen: Image, most: int) -> list[Stage]:
    """The atoms that answer most, where they were found best, their answers patch by patch and cell by cell."""
    layer, frame, here = sight.layer, sight.frame, layer_at(sight, row)
    answers = np.stack([np.maximum(one, 0) for one in here.signed])  # (2, positions, K)
    cells = np.sqrt(layer.summed(answers))  # (2, cells, K)
    strength = cells.sum(axis=1)
    chosen = [divmod(int(j), layer.n_atoms) for j in np.argsort(-strength, axis=None, kind="stable")[:most]]
    chosen = [(s, k) for s, k in chosen if strength[s, k] > 0] or chosen[:1]
    names = tuple(_name(sight, s, k) for s, k in chosen)
    patches = []
    for s, k in chosen:
        place = divmod(int(answers[s, :, k].argmax()), layer.positions[1])
        row_, column = (frame.origin + frame.stride * at for at in place)
        patches.append(cut_out(seen, (row_, column), frame.reach))
    stages = []
    if sight.on_pixels:
        filters = layer.filters.astype(np.float64)
        signed = np.stack([(-1) ** s * pattern(filters[:, [k]], layer.size)[0] for s, k in chosen])
        stages.append(Stage(f"{sight.name} pixels", "its filter", signed, names, "signed"))
        names = ("",) * len(names)
    note = "its best match here"
    stages.append(Stage("" if stages else f"{sight.name} pixels", note, np.stack(patches), names, "pixels"))
    blank = ("",) * len(chosen)
    maps = np.stack([answers[s, :, k].reshape(layer.positions) for s, k in chosen])
    stages.append(Stage("", "its answers, patch by patch", maps, blank, "amount"))
    pooled = np.stack([cells[s, :, k].reshape(layer.grid) for s, k in chosen])
    stages.append(Stage("", "root of their sum in cells", pooled, blank, "amount"))
    return stages


def _name(sight: Sight, sign: int, atom: int) -> str:
    if isinstance(sight.step, Orientation):
        return f"{round(180 * atom / sight.layer.n_atoms) + 180 * sign}°"
    return f"{atom} {'+−'[sign]}"
