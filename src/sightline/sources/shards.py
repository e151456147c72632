"""A folder of parts: more images than fit into memory, read a block at a time.

Layout: ``part-00000.images.npy`` uint8 (m, height, width[, 3]) and ``part-00000.labels.npy`` class numbers (m,), part
by part, and ``manifest.json``, which says what they are and what each must hold. Pixels are mapped into memory and
read when a block is; labels are few bytes and read when the folder is opened. Nothing is ever unpickled. `sharding`
writes such folders. A folder without a manifest is read as parts that others wrote, NPZ, Parquet or IDX: `foreign`.
"""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.dataset import Dataset, LabelArray
from sightline.engine.blocks import Block, at_block, touch
from sightline.errors import DataError, NotFoundError, UsageError, visible
from sightline.sources.manifest import MANIFEST, Manifest, image_file, label_file
from sightline.sources.parts import REMAKE, Part, read_codes, sha256
from sightline.sources.sampling import drawn

Progress = Callable[[int, int], None]
"""Told (images so far, images in all)."""


def open_shards(folder: str | os.PathLike[str], *, rows: int = 8192) -> ShardedDataset:
    """Open a folder of parts. Labels are read, pixels are not.

    Parameters
    ----------
    folder : path
        What `write_shards` or ``sightline data make`` wrote, or NPZ, Parquet or IDX files whose names sort in order;
        those with "test" in their names, or with arrays for testing, are kept apart.
    rows : int ≥ 1
        Most rows in a block; files that others wrote are read whole.

    Raises
    ------
    NotFoundError
        There is no such folder.
    DataError
        It is not finished, or holds something else; a part is missing, truncated, or not what the manifest says.
    """
    from sightline.sources.opening import path_of  # which opens folders of parts as well

    path = path_of(folder).absolute()
    if not path.exists():
        raise NotFoundError(f"there is no folder '{path}'", "Name a folder of parts.")
    if not path.is_dir():
        raise DataError(f"{path} is a file, not a folder of parts", "sightline.load reads single files.")
    if not (path / MANIFEST).exists():
        from sightline.sources.foreign import open_foreign

        return open_foreign(path, rows)
    manifest = Manifest.read(path)
    if not manifest.complete:
        have, of = sum(one.rows for one in manifest.parts), manifest.n_train + manifest.n_test
        raise DataError(
            f"{path} is not finished: {have:,} of {of:,} images are there",
            "What made it goes on where it was stopped, when it is run again.",
        )
    parts = tuple(
        Part(
            path / image_file(number),
            read_codes(path / label_file(number), one.rows, len(manifest.classes), one.labels),
            one.test,
            one.images,
        )
        for number, one in enumerate(manifest.parts)
    )
    for part in parts:
        part.images(manifest.shape)
    about = (visible(manifest.name), visible(manifest.source), visible(manifest.licence), manifest.digest)
    return ShardedDataset(parts, tuple(map(visible, manifest.classes)), manifest.shape, *about, rows)


@dataclass(frozen=True, eq=False)
class ShardedDataset:
    """Labelled images of one size in parts on disk, read a block at a time; `open_shards` makes it.

    Satisfies `RowBlocks`: a block lies within one part, and its pixels are a view of the mapped file.

    Parameters
    ----------
    parts : tuple of Part
        Those to train on first.
    classes : tuple of str
        The K class names.
    image_shape : (height, width) or (height, width, 3)
    name, source, licence : str
    digest : str
        SHA-256 over classes, shape, split and the digests of the parts. Where parts state none (files that others
        wrote), their names, sizes and labels stand in, and it says nothing of the pixels.
    rows : int ≥ 1
        Most rows in a block.

    Raises
    ------
    UsageError
        `rows` is below 1.
    DataError
        There are no images.
    """

    parts: tuple[Part, ...]
    classes: tuple[str, ...]
    image_shape: tuple[int, ...]
    name: str = "shards"
    source: str = ""
    licence: str = "unknown"
    digest: str = ""
    rows: int = 8192

    def __post_init__(self) -> None:
        if self.rows < 1:
            raise UsageError(
                f"blocks of {self.rows!r} rows are not possible", "Give 1 or more, such as 8192."
            )
        if not any(map(len, self.parts)):
            raise DataError(f"'{self.name}' holds no images", "Give one part or more.")

    # -- sizes -----------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return sum(self.counts)

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Images in each part."""
        return tuple(map(len, self.parts))

    @property
    def shape(self) -> tuple[int, int]:
        """(n, height·width·channels)."""
        return len(self), prod(self.image_shape)

    @property
    def n_train(self) -> int | None:
        """Images to train on, the first ones; None where nobody has split."""
        tests = [part.test for part in self.parts]
        return sum(len(part) for part in self.parts if not part.test) if any(tests) else None

    def __repr__(self) -> str:
        size = "×".join(map(str, self.image_shape))
        said = f"{len(self):,} images of {size}, {len(self.classes)} classes, in {len(self.parts):,} parts"
        if self.n_train is not None:
            said += f", {self.n_train:,} for training and {len(self) - self.n_train:,} for testing"
        return f"ShardedDataset '{self.name}': {said}"

    # -- rows, block by block --------------------------------------------------------------------------

    @cached_property
    def _blocks_before(self) -> list[int]:
        """Blocks before each part, and in all."""
        sizes = (-(-len(part) // part.block_rows(self.rows)) for part in self.parts)
        return list(accumulate(sizes, initial=0))

    @cached_property
    def _rows_before(self) -> list[int]:
        return list(accumulate(self.counts, initial=0))

    @property
    def n_blocks(self) -> int:
        """Blocks of all parts."""
        return self._blocks_before[-1]

    def block(self, index: int) -> Block:
        """Read block `index`: X (m, d) uint8, y (m,); see `RowBlocks.block`.

        Raises
        ------
        DataError
            Its part is missing, truncated, or other than was promised.
        """
        number = bisect_right(self._blocks_before, at_block(index, self.n_blocks)) - 1
        part = self.parts[number]
        size = part.block_rows(self.rows)
        start = (index - self._blocks_before[number]) * size
        X = part.images(self.image_shape)[start : start + size]
        touch(X)
        return X.reshape(len(X), -1), part.codes[start : start + size].astype(np.int64)

    @cached_property
    def block_sizes(self) -> tuple[int, ...]:
        """Rows in each block."""
        sizes: list[int] = []
        for part in self.parts:
            most = part.block_rows(self.rows)
            sizes += [min(most, len(part) - start) for start in range(0, len(part), most)]
        return tuple(sizes)

    @property
    def labels(self) -> LabelArray:
        """(n,) class numbers of all images, in memory."""
        return np.concatenate([part.codes for part in self.parts]).astype(np.int64)

    # -- views -----------------------------------------------------------------------------------------

    @property
    def train(self) -> ShardedDataset:
        """The parts to train on; all of them where nobody has split."""
        return self._only(False) if self.n_train is not None else self

    @property
    def test(self) -> ShardedDataset:
        """The parts to test on.

        Raises
        ------
        DataError
            There are none.
        """
        if self.n_train is None:
            raise DataError(
                f"'{self.name}' has no test images",
                "Call .split(test_parts=1), or keep some of its files apart.",
            )
        return self._only(True)

    def _only(self, test: bool) -> ShardedDataset:
        kept = tuple(part for part in self.parts if part.test == test)
        what = "test" if test else "train"
        digest = hashlib.sha256(f"{what} of {self.digest}".encode()).hexdigest()
        return replace(
            self,
            parts=tuple(replace(p, test=False) for p in kept),
            name=f"{self.name} ({what})",
            digest=digest,
        )

    def split(self, test_parts: int = 1) -> ShardedDataset:
        """Return the same images, the last `test_parts` parts for testing, whatever the split was.

        Raises
        ------
        UsageError
            That leaves none to train on, or none to test on.
        """
        if not 1 <= test_parts < len(self.parts):
            raise UsageError(
                f"cannot keep {test_parts} of the {len(self.parts)} parts of '{self.name}' for testing",
                "Keep one or more, and leave one or more to train on.",
            )
        edge = len(self.parts) - test_parts
        parts = tuple(replace(part, test=i >= edge) for i, part in enumerate(self.parts))
        digest = hashlib.sha256(f"last {test_parts} parts apart of {self.digest}".encode()).hexdigest()
        return replace(self, parts=parts, digest=digest)

    def take(self, rows: Sequence[int] | NDArray[Any]) -> Dataset:
        """Read the images of the given numbers, in increasing order, as a data set in memory.

        Raises
        ------
        IndexError
            There is no such image.
        DataError
            None are asked for, or a part cannot be read.
        """
        index = np.unique(np.asarray(rows, np.int64))
        if index.size and not 0 <= index[0] <= index[-1] < len(self):
            raise IndexError(f"images are numbered 0…{len(self) - 1}")
        edges = np.searchsorted(index, self._rows_before)
        images, labels = [np.empty((0, *self.image_shape), np.uint8)], [np.empty(0, np.int64)]
        for part, before, low, high in zip(
            self.parts, self._rows_before, edges[:-1], edges[1:], strict=False
        ):
            if high > low:
                inside = index[low:high] - before
                images.append(part.images(self.image_shape)[inside])
                labels.append(part.codes[inside].astype(np.int64))
        n_train = None if self.n_train is None else int(np.searchsorted(index, self.n_train))
        both = np.concatenate(images), np.concatenate(labels)
        return Dataset(*both, self.classes, self.name, self.source, self.licence, n_train, rows=index)

    def sample(self, n: int, seed: int = 0) -> Dataset:
        """Draw `n` different images as a data set in memory, a split kept; same seed, same images.

        Raises
        ------
        UsageError
            There are not so many.
        """
        return self.take(drawn(len(self), n, seed, self.name))

    def verify(self, progress: Progress | None = None) -> None:
        """Read every part, and see that it holds, byte for byte, what was written.

        Raises
        ------
        DataError
            A part does not, or nobody has stated what it must hold.
        """
        done = 0
        for part in self.parts:
            if not part.digest:
                raise DataError(
                    f"nobody has stated what {part.path} must hold", "Write it with write_shards."
                )
            part.images(self.image_shape)
            if sha256(part.path) != part.digest:
                raise DataError(f"{part.path} is damaged: its SHA-256 is not the one stated", REMAKE)
            done += len(part)
            if progress is not None:
                progress(done, len(self))
