"""Features of rows that are read block by block: steps learned from sums, and applied where a block is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures

from sightline.engine.blocks import Block, OverBlocks, RowBlocks, at_block
from sightline.engine.sums import Sums
from sightline.features.augment import Augmentation, background, deformed
from sightline.features.columns import RangeTask, SpreadTask
from sightline.features.deskew import Deskew
from sightline.features.images import Shape
from sightline.features.pca import PCA
from sightline.features.scale import RangeScaler, StandardScaler
from sightline.features.shape import IntensitySymmetry
from sightline.features.shrink import Shrink
from sightline.features.streamed import StreamedPipeline

Steps = Sequence[tuple[str, Any]]
Over = Callable[[RowBlocks], AbstractContextManager[Sums]]
"""Blocks to who goes over them; lets go of them afterwards."""

LEARN_NOTHING = (RangeScaler, Deskew, IntensitySymmetry, PolynomialFeatures, Shrink)
"""Steps that look at the shape of rows alone."""
FEW = 100
TOGETHER = 2048
"""Rows that pass through the steps at once: between them they may be much wider."""


class FeatureBlocks(OverBlocks):
    """What fitted steps make of every block.

    Parameters
    ----------
    blocks : RowBlocks
    steps : fitted transformers, by name
    width : int
        Numbers that they leave of a row.
    """

    def __init__(self, blocks: RowBlocks, steps: Steps, width: int) -> None:
        super().__init__(blocks)
        self.steps, self.width = list(steps), width

    @property
    def shape(self) -> tuple[int, int]:
        """(n, numbers a row)."""
        return self.blocks.shape[0], self.width

    def block(self, index: int) -> Block:
        """Features of block `index` (m, width), and its labels; see `RowBlocks.block`."""
        X, y = self.blocks.block(index)
        parts = [through(self.steps, X[at : at + TOGETHER]) for at in range(0, len(X), TOGETHER)]
        return np.ascontiguousarray(parts[0] if len(parts) == 1 else np.concatenate(parts)), y


class CopiedBlocks(OverBlocks):
    """Blocks of images, then of changed copies of them, copy by copy.

    Parameters
    ----------
    blocks : RowBlocks of uint8
    augmentation : Augmentation
    copies : int ≥ 1
    shape : (height, width[, 3]) of an image
    outside : float, what moves in from outside the image
    seed : int

    Notes
    -----
    Law: a copy depends on its block, the number of the copy and `seed` alone.
    """

    def __init__(
        self,
        blocks: RowBlocks,
        augmentation: Augmentation,
        copies: int,
        shape: Shape,
        outside: float,
        seed: int,
    ) -> None:
        super().__init__(blocks)
        self.augmentation, self.copies = augmentation, copies
        self.image_shape, self.outside, self.seed = shape, outside, seed

    @property
    def shape(self) -> tuple[int, int]:
        """(n (1 + copies), d)."""
        n, d = self.blocks.shape
        return n * (1 + self.copies), d

    @property
    def n_blocks(self) -> int:
        """Those of the images, and of every copy."""
        return self.blocks.n_blocks * (1 + self.copies)

    def block(self, index: int) -> Block:
        """Images as they are, or changed; see `RowBlocks.block`."""
        copy, number = divmod(at_block(index, self.n_blocks), self.blocks.n_blocks)
        X, y = self.blocks.block(number)
        if copy == 0:
            return X, y
        changed = [
            deformed(
                X[at : at + TOGETHER], self.image_shape, self.augmentation,
                np.random.default_rng([self.seed, copy, number, at]), self.outside,
            )
            for at in range(0, len(X), TOGETHER)
        ]  # fmt: skip
        return np.concatenate(changed), y


def through(steps: Steps, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What fitted steps make of rows (m, d), one after the other."""
    for _, step in steps:
        rows = np.asarray(step.transform(rows))
    return rows


def learn_steps(
    pipeline: Pipeline, blocks: RowBlocks, X: npt.NDArray[Any], y: npt.NDArray[np.int64], over: Over
) -> int:
    """Learn all steps but the last, the classifier, from blocks of rows.

    Directions, ranges, means and variances are those of all rows: one pass over the blocks for each step that learns
    such. Dictionaries, and steps that are not ours, learn from a sample, as dictionaries do in memory.

    Parameters
    ----------
    pipeline : Pipeline
        Of `make_recipe`, or of your own; its steps are fitted in place.
    blocks : RowBlocks
    X, y : (m, d), (m,)
        The sample.
    over : callable
        Blocks to who goes over them.

    Returns
    -------
    int
        Numbers that the classifier will see of a row.
    """
    if isinstance(pipeline, StreamedPipeline):
        return pipeline.learn_steps(X, y)
    steps: list[tuple[str, Any]] = []
    for name, step in pipeline.steps[:-1]:
        few = through(steps, X[:FEW])
        seen = FeatureBlocks(blocks, steps, few.shape[1])
        if isinstance(step, LEARN_NOTHING):
            step.fit(few)
        elif isinstance(step, (PCA, StandardScaler, MinMaxScaler)):
            with over(seen) as sums:
                _from_sums(step, sums, seen.shape[0], through(steps, X[: FEW * FEW]))
        else:
            step.fit(through(steps, X), y)
        steps.append((name, step))
    return int(through(steps, X[:2]).shape[1])


def _from_sums(step: Any, sums: Sums, n: int, some: npt.NDArray[Any]) -> None:
    """Learn one step; `some` (m, d) of the rows tell about where their mean is."""
    near = some.mean(axis=0, dtype=np.float64).astype(some.dtype if some.dtype.kind == "f" else np.float32)
    if isinstance(step, PCA):
        step.fit_sums(sums, n, near)
    elif isinstance(step, MinMaxScaler):
        low, high = sums.sum(RangeTask())
        step.fit(np.stack([low, high]))  # two rows of the same range
    else:
        first, second = (one / n for one in sums.sum(SpreadTask(near)))
        mean, sigma = near + first, np.sqrt(np.maximum(second - first**2, 0))
        step.fit(np.stack([mean - sigma, mean + sigma]))  # two rows of the same mean and variance
        step.n_samples_seen_ = np.int64(n)


def copied(pipeline: StreamedPipeline, blocks: RowBlocks, X: npt.NDArray[Any], shape: Shape) -> RowBlocks:
    """Blocks with the changed copies that a pipeline learns from too; X (m, d), a sample, tells what is outside."""
    if pipeline.copies == 0:
        return blocks
    how = pipeline.augmentation or Augmentation()
    outside = float(background(X, shape))
    return CopiedBlocks(blocks, how, pipeline.copies, shape, outside, pipeline.random_state)
