"""Endless images: every image of a data set again and again, each time deformed anew, none of them stored.

Image i is image i mod N of the N that it is made of, shifted, turned, sheared, bent by a smooth field and made a
little thicker or thinner; below N it is that image unchanged. What it looks like depends on (seed, i) alone: not on
how many there are, in which block it is made, by which thread or what was made before.
Source: after the idea of Loosli, Canu and Bottou, Training invariant support vector machines using selective
sampling, 2007, whose 8.1 million digits are MNIST's 60,000 and 134 deformed copies of each. The deformations are
our own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.dataset import Dataset, ImageArray, LabelArray
from sightline.engine.blocks import Block, at_block
from sightline.engine.threads import ThreadTeam, single_threaded_blas
from sightline.errors import UsageError
from sightline.features.augment import Augmentation, background, deformed
from sightline.sources.sampling import drawn

FORMAT = 1
"""Raised whenever the same seed gives other images."""
TOGETHER = 32
"""Images i that are drawn for together, those of one i // 32: few, so that one alone is cheap; their arrays stay in
cache."""
LAST = 1 << 62
DIGITS = Augmentation(rotation=0.1, scaling=0.08, shear=0.1, shift=0.8, bending=0.9, weight=0.25)
"""Digits so changed still read as themselves."""
COLOURS = Augmentation(rotation=0.06, scaling=0.08, shear=0.04, shift=0.8, bending=0.4, light=0.1)
"""Photographs have no strokes to thicken; what is bent much looks wrong."""


def usual(base: Dataset) -> Augmentation:
    """Return how much copies of these images differ where nobody says: DIGITS for grey ones, else COLOURS."""
    return DIGITS if base.channels == 1 else COLOURS


@dataclass(frozen=True, eq=False)
class Infinite:
    """Images of a data set and endless deformed copies of them, made when they are asked for.

    image(i) = originals[i]                              i < N, the number of originals
             = deformed(originals[i mod N]; seed, i)     i ≥ N
    label(i) = labels[i mod N]

    Satisfies `RowBlocks`: whatever reads rows in blocks reads these, though they were never written.

    Parameters
    ----------
    base : Dataset
        Its training images are the originals; all of its images where it is not split. Its test images stay as
        they are, and nothing is made from them.
    n : int ≥ 1
        How many there are taken to be; image i is the same whatever `n` is.
    seed : int ≥ 0
        Draws the deformations.
    augmentation : Augmentation, optional
        How much copies differ; `usual` by default.
    rows : int ≥ 1
        Rows in a block.

    Raises
    ------
    UsageError
        `n`, `seed` or `rows` is impossible.

    Notes
    -----
    Laws: an image depends on (originals, augmentation, seed, i) alone · the first N are the originals · a block is
    the same on any thread. On another machine the copies may differ by one level of intensity in few pixels, as
    sums are rounded otherwise there.

    Examples
    --------
    >>> from sightline import load
    >>> endless = Infinite(load("digits"), n=1_000_000)
    >>> endless
    Infinite 'digits, endless': 1,000,000 images of 8×8, 10 classes, from 1,437
    >>> endless.images([10**15]).shape
    (1, 8, 8)
    """

    base: Dataset
    n: int = 8_100_000
    seed: int = 0
    augmentation: Augmentation | None = None
    rows: int = 8192

    def __post_init__(self) -> None:
        for name, least in (("n", 1), ("seed", 0), ("rows", 1)):
            value = getattr(self, name)
            if not isinstance(value, (int, np.integer)) or not least <= value < LAST:
                raise UsageError(
                    f"{name} = {value!r} is not possible", f"Give a whole number, {least} or more."
                )

    # -- what they are ---------------------------------------------------------------------------------

    @cached_property
    def originals(self) -> Dataset:
        """What the copies are made of: the training images of `base`."""
        return self.base.train

    @cached_property
    def changes(self) -> Augmentation:
        """How much copies differ."""
        return usual(self.base) if self.augmentation is None else self.augmentation

    @property
    def classes(self) -> tuple[str, ...]:
        """The K class names."""
        return self.base.classes

    @property
    def image_shape(self) -> tuple[int, ...]:
        """(height, width) or (height, width, 3)."""
        return self.base.shape

    @property
    def name(self) -> str:
        """What they are called."""
        return f"{self.base.name}, endless"

    @property
    def source(self) -> str:
        """What they are made of, and how."""
        return f"deformed copies (seed {self.seed}) of {self.base.source or self.base.name}"

    @property
    def licence(self) -> str:
        """That of the originals."""
        return self.base.licence

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hexadecimal) over what the images depend on, and how many there are."""
        depends = (
            FORMAT,
            TOGETHER,
            self.originals.digest,
            int(self.n),
            int(self.seed),
            astuple(self.changes),
        )
        return hashlib.sha256(repr(depends).encode()).hexdigest()

    @property
    def train(self) -> Infinite:
        """All of them."""
        return self

    @property
    def test(self) -> Dataset:
        """The test images of `base`, real ones.

        Raises
        ------
        DataError
            It has none.
        """
        return self.base.test

    def __len__(self) -> int:
        return int(self.n)

    def __reduce__(self) -> tuple[Any, ...]:  # without what is only kept to have it at hand
        return Infinite, (self.base, self.n, self.seed, self.augmentation, self.rows)

    def __repr__(self) -> str:
        size = "×".join(map(str, self.image_shape))
        return (
            f"Infinite '{self.name}': {self.n:,} images of {size}, {len(self.classes)} classes, "
            f"from {len(self.originals):,}"
        )

    # -- rows, block by block --------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, int]:
        """(n, height·width·channels)."""
        return int(self.n), self.base.n_features

    @property
    def n_blocks(self) -> int:
        """⌈n / rows⌉."""
        return -(-int(self.n) // self.rows)

    def block(self, index: int) -> Block:
        """Make block `index`: X (m, d) uint8, y (m,); see `RowBlocks.block`."""
        start = at_block(index, self.n_blocks) * self.rows
        rows = np.arange(start, min(start + self.rows, self.n))
        with single_threaded_blas():
            return self._made(rows), self.labels(rows)

    # -- any of them -----------------------------------------------------------------------------------

    def images(self, rows: Iterable[int] | NDArray[Any]) -> ImageArray:
        """Make images of any numbers, `n` and beyond, in any order.

        Parameters
        ----------
        rows : (m,) integers, 0 … 2⁶² − 1

        Returns
        -------
        (m, height, width) or (m, height, width, 3) uint8

        Raises
        ------
        UsageError
            One is not a number of an image.
        """
        index = _numbers(rows)
        team = ThreadTeam(len(index) * TOGETHER, self.shape[1])
        order = np.argsort(index, kind="stable")
        try:
            parts = np.array_split(order, team.n_threads)
            made = team.each(self._made, [index[part] for part in parts])
        finally:
            team.close()
        out = np.empty((len(index), self.shape[1]), np.uint8)
        out[order] = np.concatenate(made)
        return out.reshape(len(index), *self.image_shape)

    def labels(self, rows: Iterable[int] | NDArray[Any]) -> LabelArray:
        """Return the class numbers (m,) of any images, as `images`."""
        found: LabelArray = self.originals.labels[_numbers(rows) % len(self.originals)]
        return found.astype(np.int64, copy=False)

    def sample(self, n: int, seed: int = 0) -> Dataset:
        """Draw `n` different images of the first `self.n`, as a data set in memory; same seed, same images.

        Raises
        ------
        UsageError
            There are not so many.
        """
        rows = drawn(int(self.n), n, seed, self.name)
        return Dataset(
            self.images(rows),
            self.labels(rows),
            self.classes,
            self.name,
            self.source,
            self.licence,
            rows=rows,
        )

    # -- how they are made -----------------------------------------------------------------------------

    @cached_property
    def _outside(self) -> float:
        return background(self.originals.X, self.image_shape)

    def _made(self, index: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Rows (m, d) of images, their numbers in any order; those of one draw are best together."""
        originals = self.originals.X
        out = np.empty((len(index), originals.shape[1]), np.uint8)
        first = index < len(originals)
        out[first] = originals[index[first]]
        copies = np.flatnonzero(~first)
        draw = index[copies] // TOGETHER
        for places in np.split(copies, np.flatnonzero(np.diff(draw)) + 1) if len(copies) else ():
            number = int(index[places[0]]) // TOGETHER
            out[places] = self._draw(number)[index[places] % TOGETHER]
        return out

    def _draw(self, number: int) -> NDArray[Any]:
        """All images i with i // TOGETHER = `number`, (TOGETHER, d), whatever `n` is; originals deformed too."""
        originals = self.originals.X
        rows = (number * TOGETHER + np.arange(TOGETHER)) % len(originals)
        rng = np.random.default_rng([FORMAT, int(self.seed), number])
        return deformed(originals[rows], self.image_shape, self.changes, rng, self._outside)


def _numbers(rows: Iterable[int] | NDArray[Any]) -> NDArray[np.int64]:
    index = np.asarray(rows if isinstance(rows, np.ndarray) else list(rows))
    if index.ndim != 1 or (
        index.size and (index.dtype.kind not in "iu" or index.min() < 0 or index.max() >= LAST)
    ):
        raise UsageError("images are asked for that have no number", f"Give whole numbers, 0…{LAST - 1}.")
    return index.astype(np.int64, copy=False)
