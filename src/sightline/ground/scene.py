"""The first look at images that are read in blocks: sums over all, and a sample for all that is shown."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from sightline.dataset import Dataset
from sightline.engine.blocks import RowBlocks
from sightline.errors import DataError
from sightline.exploration import Exploration
from sightline.exploration.blocks import Look, explore_totals, look
from sightline.ground.place import Place
from sightline.sources.large import Large

LEARNED_FROM, TESTED_ON = 60_000, 10_000
"""Images drawn: to choose recipes by and to show, from those to learn from; to show, from those to test on."""
MOST_BYTES = 200_000_000
"""Of pixels drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """`shown` a sample, split as the whole is; `found` what all images, and the sample, told."""

    shown: Dataset
    found: Exploration


def large_scene(large: Large, place: Place, *, seed: int = 0) -> Scene:
    """Pass over all images once, and draw those that are shown.

    Raises
    ------
    DataError
        There is one class only, or a class without images to learn from.
    """
    room = max(1000, MOST_BYTES // prod(large.image_shape))
    train = _look(large, large.train, place, min(LEARNED_FROM, room), rare=True, seed=seed)
    test = _look(large, large.test, place, min(TESTED_ON, room), rare=False, seed=seed + 1)
    _usable(large, train, test)
    X, y = train.sample()
    held, codes = test.sample()
    images = np.concatenate([X, held]).reshape(-1, *large.image_shape)
    notes = large.notes
    if len(images) < len(large):
        notes += (
            f"{len(images):,} of {len(large):,} images, drawn at random, are shown here and chosen by; what is "
            "learned is learned from all that are for learning, and scores are of all that are for testing",
        )
    shown = Dataset(
        images, np.concatenate([y, codes]), large.classes, large.name, large.source, large.licence,
        len(X), notes=notes,
    )  # fmt: skip
    return Scene(shown, explore_totals(shown, train.totals, test.totals, seed=seed))


def _look(large: Large, blocks: RowBlocks, place: Place, rows: int, *, rare: bool, seed: int) -> Look:
    with place.over(blocks) as sums:
        return look(
            sums, blocks.shape[0], blocks.n_blocks, len(large.classes), rows=rows, rare=rare, seed=seed
        )


def _usable(large: Large, train: Look, test: Look) -> None:
    counts = train.totals.counts
    if np.count_nonzero(counts + test.totals.counts) < 2:
        raise DataError(f"'{large.name}' has images of one class only", "There is nothing to tell apart.")
    if not counts.all():
        name = large.classes[int(np.argmin(counts))]
        raise DataError(
            f"'{large.name}' has no image of class “{name}” to learn from",
            "Add some, leave the class out, or let another share be drawn for testing.",
        )
