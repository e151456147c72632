"""More images than fit into memory: what is known of them, and the blocks to learn from and to test on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from sightline.dataset import Dataset
from sightline.engine.blocks import ArrayBlocks, Block, RowBlocks, at_block
from sightline.engine.kept import KeptBlocks
from sightline.errors import UsageError
from sightline.sources.dividing import Split, parse_split
from sightline.sources.infinite import Infinite
from sightline.sources.shards import ShardedDataset, open_shards

ENDLESS = "infinite:"
"""``infinite:BASE`` or ``infinite:BASE:N``: N endless deformed copies of the images of BASE."""
IN_MEMORY = 100_000_000
"""Bytes of pixels from which on a folder of parts is read block by block. Features are many times as large."""
SHARE = 0.2
"""Of the images, for testing, where nobody has split them."""
ROWS = 4096
"""Rows in a block: what features make of them must fit, too."""


@dataclass(frozen=True, eq=False, slots=True)
class Large:
    """Labelled images that are read in blocks.

    `train`, `test` blocks of uint8 rows with class numbers; `classes` K names; `image_shape` (h, w[, 3]); `name`,
    `source`, `licence`, `digest` as of a Dataset; `notes` what the reader should know.
    """

    train: RowBlocks
    test: RowBlocks
    classes: tuple[str, ...]
    image_shape: tuple[int, ...]
    name: str = "data"
    source: str = ""
    licence: str = "unknown"
    digest: str = ""
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.train.shape[0] + self.test.shape[0]

    def __repr__(self) -> str:
        size = "×".join(map(str, self.image_shape))
        return (
            f"Large '{self.name}': {len(self):,} images of {size}, {len(self.classes)} classes, "
            f"{self.train.shape[0]:,} for training and {self.test.shape[0]:,} for testing"
        )


class Apart:
    """Some rows of every block: those to test on, or all the others.

    Parameters
    ----------
    blocks : RowBlocks
    sizes : rows in each block
    share : float, 0…1, of the rows, for testing; at least one in each block of two or more, and never all
    seed : int ≥ 0
    test : bool, which of both

    Notes
    -----
    Law: what belongs to which depends on (seed, number of the block, its rows) alone.
    """

    def __init__(
        self, blocks: RowBlocks, sizes: Sequence[int], share: float, seed: int, *, test: bool
    ) -> None:
        self.blocks, self.share, self.seed, self.test = blocks, share, seed, test
        of = [min(m - 1, max(1, round(share * m))) if m > 1 else 0 for m in sizes]
        counts = of if test else [m - k for m, k in zip(sizes, of, strict=True)]
        self.used = np.flatnonzero(counts)
        self.counts, self.n = np.array(of), int(sum(counts))

    @property
    def shape(self) -> tuple[int, int]:
        """(rows of these, d)."""
        return self.n, self.blocks.shape[1]

    @property
    def n_blocks(self) -> int:
        """Blocks that have any."""
        return len(self.used)

    def block(self, index: int) -> Block:
        """Those rows of a block, in their order; see `RowBlocks.block`."""
        number = int(self.used[at_block(index, self.n_blocks)])
        X, y = self.blocks.block(number)
        drawn = np.random.default_rng([self.seed, number]).permutation(len(y))
        kept = np.sort(drawn[: self.counts[number]] if self.test else drawn[self.counts[number] :])
        return np.ascontiguousarray(X[kept]), y[kept]


def open_large(what: object, *, split: Split = None, seed: int = 0, **given: object) -> Large | None:
    """Open what is to be read block by block; None where `load` is to be asked.

    Parameters
    ----------
    what : Large, ShardedDataset, Infinite, path of a folder of parts, or ``"infinite:BASE[:N]"``
        A folder of less than 100 MB of pixels is for `load`.
    split : None or a share 0…1
        None keeps a given split, and otherwise draws a fifth; a share is drawn of all rows.
    seed : int
        Draws the split, and what an endless data set looks like.
    **given
        Other options of `load`: size, shape, label. None of them is for these.

    Raises
    ------
    UsageError
        The split is 'seed', or an option is not for these.
    SightlineError
        They cannot be opened.
    """
    if isinstance(what, Large):
        return what
    from sightline.sources.opening import kind_of, path_of

    opened: ShardedDataset | Infinite | None = None
    if isinstance(what, (ShardedDataset, Infinite)):
        opened = what
    elif isinstance(what, str) and what.lower().startswith(ENDLESS):
        opened = _endless(what, seed)
    elif isinstance(what, (str, os.PathLike)) and (folder := path_of(what)).is_dir():
        opened = open_shards(folder, rows=ROWS) if kind_of(folder) == "shards" else None
        if opened is not None and prod(opened.shape) < IN_MEMORY:
            return None
    if opened is None:
        return None
    wrong = next((name for name, value in given.items() if value is not None), None)
    if wrong is not None:
        raise UsageError(
            f"{wrong}= does not apply to '{opened.name}'", "Its images are as they were written."
        )
    if split == "seed":
        raise UsageError(
            f"the tutorial's split is not for '{opened.name}'",
            "Its rows are many: give a share, such as 0.2.",
        )
    return _endlessly(opened, split) if isinstance(opened, Infinite) else _divided(opened, split, seed)


def pieces(what: str) -> Iterator[Dataset] | None:
    """Images of a folder of parts, or of an endless data set, one block after the other; None for all else."""
    opened = _endless(what, 0) if what.lower().startswith(ENDLESS) else None
    if opened is None:
        from sightline.sources.opening import kind_of, path_of

        folder = path_of(what)
        if not (folder.is_dir() and kind_of(folder) == "shards"):
            return None
    return _pieces(opened or open_shards(folder, rows=ROWS))


def _pieces(opened: ShardedDataset | Infinite) -> Iterator[Dataset]:
    start = 0
    for index in range(opened.n_blocks):
        X, y = opened.block(index)
        rows = np.arange(start, start + len(y))
        start += len(y)
        yield Dataset(X.reshape(-1, *opened.image_shape), y, opened.classes, opened.name, rows=rows)


def of_dataset(dataset: Dataset) -> Large:
    """Blocks of a data set in memory that is split."""
    train, test = dataset.train, dataset.test
    return Large(
        ArrayBlocks(train.X, train.labels, ROWS),
        ArrayBlocks(test.X, test.labels, ROWS),
        dataset.classes,
        dataset.shape,
        dataset.name,
        dataset.source,
        dataset.licence,
        dataset.digest,
        dataset.notes,
    )


def _divided(opened: ShardedDataset, split: Split, seed: int) -> Large:
    share = parse_split(split)
    about = (opened.classes, opened.image_shape, opened.name, opened.source, opened.licence, opened.digest)
    if share is None and opened.n_train is not None:
        return Large(opened.train, opened.test, *about)
    whole = replace(opened, parts=tuple(replace(part, test=False) for part in opened.parts))
    sizes = whole.block_sizes
    train, test = (Apart(whole, sizes, share or SHARE, seed, test=which) for which in (False, True))
    if not train.n or not test.n:
        raise UsageError(f"'{opened.name}' has too few images to keep some for testing", "Add images.")
    note = f"{test.n:,} of {len(whole):,} images, drawn at random, are kept for testing"
    return Large(train, test, *about, (note,))


def _endlessly(opened: Infinite, split: Split) -> Large:
    if parse_split(split) is not None:
        raise UsageError(
            f"a split is not for '{opened.name}'", "Its test images are the real ones of what it is made of."
        )
    test = opened.test
    return Large(
        KeptBlocks(replace(opened, rows=ROWS)),  # a pass over files is twenty times as quick
        ArrayBlocks(test.X, test.labels, ROWS),
        opened.classes,
        opened.image_shape,
        opened.name,
        opened.source,
        opened.licence,
        opened.digest,
        (f"images beyond the first {len(opened.originals):,} are deformed copies; tests are real images",),
    )


def _endless(what: str, seed: int) -> Infinite:
    from sightline.sources.opening import load

    base, colon, last = what[len(ENDLESS) :].rpartition(":")
    sized = bool(colon) and last.replace("_", "").replace(",", "").isdecimal()
    name = base if sized else what[len(ENDLESS) :]
    given: dict[str, Any] = {"n": int(last.replace("_", "").replace(",", ""))} if sized else {}
    if not name.strip():
        raise UsageError(f"'{what}' does not say what to make copies of", "Such as infinite:mnist:1000000.")
    return Infinite(load(name, seed=seed), seed=seed, rows=ROWS, **given)
