"""The atoms of a dictionary: what each looks for, and what excites it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.anatomy.record import Atoms, Doubles
from sightline.anatomy.way import Sight, cut_out, intensities, passing, pattern, shape_into, sights
from sightline.errors import ModelError
from sightline.explanation.linear import split
from sightline.features import Patches

POSITIONS = 60_000
"""Patches that are searched for those that excite an atom."""
MOST_IMAGES, FEWEST_IMAGES = 400, 20
MEAN_OF = 12
"""Images whose best patch makes the mean."""
NUMBERS = 20_000_000
"""Numbers that the patches of a block of images may have, one image at least."""
FOR_COVARIANCE = 12_000
"""Patches that the covariance is measured on, or nearly."""


def count_dictionaries(model: Any) -> int:
    """Return how many dictionaries of patches a model has, one a layer."""
    return sum(isinstance(step, Patches) for step in split(model)[0])


def find_atoms(model: Any, images: npt.NDArray[np.uint8], layer: int = 0) -> Atoms:
    """Find what the atoms of a layer look for, and the patches of images that excite them.

    An atom c of the whitened patches is put back among the pixels as (Σ + r) f, with f its filter, Σ the covariance
    of the patches and r the ridge of the whitening: the patch that the dictionary learned. Of each of the images,
    the patch that answers most is kept; `excited` is the mean of the 12 strongest of them.

    Parameters
    ----------
    model : Model or fitted pipeline
    images : (n, h, w[, 3]) uint8
        Training images; as many are searched as hold some 60,000 patches.
    layer : int
        Which of the model's dictionaries, counted from 0.

    Returns
    -------
    Atoms
        Law: `use` sums to 1.

    Raises
    ------
    ModelError
        There is no such dictionary in the model.
    """
    known = [one for one in sights(model) if isinstance(one.step, Patches)]
    if not -len(known) <= layer < len(known):
        raise ModelError(
            f"the model has {len(known)} dictionaries of patches, none of number {layer}",
            "Recipes such as patches and two-layers have them.",
        )
    sight = known[layer]
    positions = int(np.prod(sight.layer.positions))
    few = images[: int(np.clip(POSITIONS // positions, FEWEST_IMAGES, MOST_IMAGES))]
    rows, seen = _into(model, few, sight)
    best, where, sums, covariance = _searched(sight, rows)
    order = np.argsort(-sums.sum(axis=1), kind="stable")
    return Atoms(
        which=order,
        use=sums[order] / max(float(sums.sum()), 1e-12),
        patterns=_patterns(sight, covariance)[order] if sight.on_pixels else None,
        excited=np.stack(
            [[_mean(sight, seen, best[s][:, k], where[s][:, k]) for s in (0, 1)] for k in order]
        ),
        n_images=len(few),
    )


def _into(
    model: Any, images: npt.NDArray[np.uint8], sight: Sight
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """What comes into the layer, (n, d), and what the first one sees, as images."""
    first: npt.NDArray[Any] | None = None
    for step, before, _ in passing(model, images.reshape(len(images), -1)):
        if first is None and isinstance(step, Patches):
            first = intensities(before, shape_into(step))
        if step is sight.step and first is not None:
            return before, first
    raise ModelError("the layer is none of the model's", "Give one of those that `sights` finds.")


def _searched(sight: Sight, rows: npt.NDArray[Any]) -> tuple[Any, Any, Doubles, Doubles]:
    """Best answer of each image with each sign (n, K) and where, sums of all answers (K, 2), covariance of x̃."""
    layer = sight.layer
    best, where = ([], []), ([], [])  # type: tuple[list[Any], list[Any]], tuple[list[Any], list[Any]]
    sums = np.zeros((layer.n_atoms, 2))
    gram, mean, n = np.zeros((len(layer.filters),) * 2), np.zeros(len(layer.filters)), 0
    positions = int(np.prod(layer.positions))
    block = max(1, NUMBERS // (positions * len(layer.filters)))
    every = -(-len(rows) * positions // FOR_COVARIANCE)
    for at in range(0, len(rows), block):
        patches = layer.patches(sight.step.images(np.asarray(rows[at : at + block], np.float32)))
        normal = layer.normalised(patches)[0].reshape(-1, len(layer.filters))
        if sight.on_pixels:
            few = normal[::every]
            alive = few[np.abs(few).max(axis=1) > 0.05].astype(np.float64)
            gram, mean, n = gram + alive.T @ alive, mean + alive.sum(axis=0), n + len(alive)
        scores = (normal @ layer.filters + layer.offset).reshape(len(patches), -1, layer.n_atoms)
        for s, signed in enumerate((scores, -scores)):
            where[s].append(signed.argmax(axis=1))
            best[s].append(signed.max(axis=1))
            sums[:, s] += np.maximum(signed - layer.threshold, 0).sum(axis=(0, 1))
    joined = [np.concatenate(one) for one in best], [np.concatenate(one) for one in where]
    mean /= max(n, 1)
    return *joined, sums, gram / max(n, 1) - np.outer(mean, mean)


def _patterns(sight: Sight, covariance: Doubles) -> Doubles:
    filters = sight.layer.filters.astype(np.float64)
    return pattern(covariance @ filters + sight.step.ridge * filters, sight.layer.size)


def _mean(sight: Sight, seen: npt.NDArray[Any], best: npt.NDArray[Any], where: npt.NDArray[Any]) -> Any:
    """Mean of the patches round the places (n,) of the images that answer most."""
    chosen = np.argsort(-best, kind="stable")[:MEAN_OF]
    across, frame = sight.layer.positions[1], sight.frame
    middles = [[frame.origin + frame.stride * at for at in divmod(int(where[i]), across)] for i in chosen]
    cuts = [
        cut_out(seen[i], (row, column), frame.reach) for i, (row, column) in zip(chosen, middles, strict=True)
    ]
    return np.mean(cuts, axis=0)
