"""Writing a folder of parts: each aside and then renamed, so that who is stopped goes on where it was."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sightline.dataset import Dataset
from sightline.engine.blocks import ArrayBlocks, Block, RowBlocks, read_ahead
from sightline.engine.threads import available_threads
from sightline.errors import DataError, StorageError, UsageError
from sightline.files import made_folder, remove_left, written_aside
from sightline.sources.locking import locked
from sightline.sources.manifest import MANIFEST, Entry, Manifest, image_file, label_file
from sightline.sources.parts import mapped_images, read_codes
from sightline.sources.shards import Progress, ShardedDataset, open_shards

PART = 1 << 26
"""Bytes of pixels in a part, about."""
ROWS = 8192
"""Rows in a block of a data set that is in memory."""
LOCK = ".lock"


@runtime_checkable
class ImageBlocks(RowBlocks, Protocol):
    """Rows in blocks that are images of known classes: `ShardedDataset`, `Infinite`."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The K class names."""
        ...

    @property
    def image_shape(self) -> tuple[int, ...]:
        """(height, width) or (height, width, 3)."""
        ...

    @property
    def name(self) -> str:
        """What they are called."""
        ...

    @property
    def source(self) -> str:
        """Where they came from."""
        ...

    @property
    def licence(self) -> str:
        """Under which terms."""
        ...

    @property
    def digest(self) -> str:
        """What tells them from others."""
        ...


class DatasetBlocks(ArrayBlocks):
    """A data set in memory as `ImageBlocks`: its training images, or its test images where `test`."""

    def __init__(self, dataset: Dataset, rows: int = 8192) -> None:
        super().__init__(dataset.X, dataset.y, rows)
        self.classes, self.image_shape = dataset.classes, dataset.shape
        self.name, self.source, self.licence = dataset.name, dataset.source, dataset.licence
        self.digest = dataset.digest


def write_shards(
    images: ImageBlocks | Dataset,
    folder: str | os.PathLike[str],
    *,
    test: ImageBlocks | Dataset | None = None,
    part_bytes: int = PART,
    threads: int | None = None,
    progress: Progress | None = None,
) -> ShardedDataset:
    """Write images as a folder of parts. Stopped and called again, it goes on from the parts that are whole.

    Parameters
    ----------
    images : ImageBlocks or Dataset
        `Infinite`, a `ShardedDataset`, or images in memory; of a data set that is split, those to train on.
    folder : path
        A new or empty folder, or one that the same call has begun.
    test : ImageBlocks or Dataset, optional
        Images to test on, in parts of their own; by default those of a data set that is split.
    part_bytes : int ≥ 1
        About how many bytes of pixels go into a part; whole blocks do.
    threads : int, optional
        How many blocks are made at once; all cores by default. The files are the same on any number.
    progress : callable, optional
        Told (images so far, images in all).

    Returns
    -------
    ShardedDataset
        The folder, opened.

    Raises
    ------
    UsageError
        The folder holds something else, or `test` has other classes or sizes.
    StorageError
        It cannot be written, or there is not enough space.
    DataError
        The rows are not uint8, or cannot be read.
    """
    name = images.name
    if isinstance(images, (Dataset, ShardedDataset)) and images.n_train is not None:
        test = images.test if test is None and images.n_train < len(images) else test
        images = images.train
    both = [
        DatasetBlocks(one, ROWS) if isinstance(one, Dataset) else one
        for one in (images, test)
        if one is not None
    ]
    plan = _plan(name, both, part_bytes)
    from sightline.sources.opening import path_of

    path = made_folder(path_of(folder))
    with locked(path / LOCK):
        remove_left(path / MANIFEST)  # of somebody who was killed; only who has the lock writes here
        for left in path.glob(".part-*.part"):
            left.unlink(missing_ok=True)
        manifest = _begun(path, plan)
        _enough_space(path, manifest, both[0].shape[1])
        workers = available_threads() if threads is None else threads
        for test_part, blocks in enumerate(both):
            manifest = _write(path, manifest, blocks, bool(test_part), part_bytes, workers, progress)
    return open_shards(path)


def _plan(name: str, both: list[ImageBlocks], part_bytes: int) -> Manifest:
    if part_bytes < 1:
        raise UsageError(f"parts of {part_bytes!r} bytes are not possible", "Give 1 or more.")
    first = both[0]
    for other in both[1:]:
        if other.classes != first.classes or other.image_shape != first.image_shape:
            raise UsageError(
                f"the test images have other classes or another size than '{first.name}'",
                "Both must be alike.",
            )
    made_of = hashlib.sha256(repr([(one.digest, one.shape, one.n_blocks) for one in both]).encode())
    made_of.update(str(part_bytes).encode())
    return Manifest(
        name,
        first.source,
        first.licence,
        first.classes,
        first.image_shape,
        first.shape[0],
        sum(one.shape[0] for one in both[1:]),
        made_of.hexdigest(),
    )


def _begun(folder: Path, plan: Manifest) -> Manifest:
    """What is there of `plan`: the parts before the first that is missing or not whole."""
    if not (folder / MANIFEST).exists():
        if any(one.name != LOCK for one in folder.iterdir()):
            raise UsageError(f"'{folder}' is not empty, and no folder of shards", "Name a new folder.")
        plan.write(folder)
        return plan
    begun = Manifest.read(folder)
    if replace(begun, parts=()) != plan:
        raise UsageError(
            f"'{folder}' holds other images: {begun.n_train:,} of '{begun.name}', or other parts of them",
            "Name another folder, or remove this one.",
        )
    whole = []
    for number, one in enumerate(begun.parts):
        try:
            read_codes(folder / label_file(number), one.rows, len(plan.classes), one.labels)
            mapped_images(folder / image_file(number), (one.rows, *plan.shape))
        except DataError:
            break
        whole.append(one)
    return replace(begun, parts=tuple(whole))


def _enough_space(folder: Path, manifest: Manifest, width: int) -> None:
    missing = manifest.n_train + manifest.n_test - sum(one.rows for one in manifest.parts)
    free = shutil.disk_usage(folder).free
    needed = missing * (width + 1)
    if needed > free:
        raise StorageError(
            f"{needed / 1e9:,.1f} GB are to be written to '{folder}', where {free / 1e9:,.1f} GB are free",
            "Free some space, name another folder, or take fewer images.",
        )


def _write(
    folder: Path,
    manifest: Manifest,
    blocks: ImageBlocks,
    test: bool,
    part_bytes: int,
    threads: int,
    progress: Progress | None,
) -> Manifest:
    """Write the parts of `blocks` that are not there yet; a part is whole blocks."""
    together = _blocks_in_part(blocks, part_bytes)
    there = sum(one.test == test for one in manifest.parts)
    done, of = sum(one.rows for one in manifest.parts), manifest.n_train + manifest.n_test
    left = range(min(there * together, blocks.n_blocks), blocks.n_blocks)
    gathered: list[Block] = []
    if progress is not None:
        progress(done, of)
    for number, block in zip(left, read_ahead(blocks, left, threads, max(2, 2 * threads)), strict=True):
        if block[0].dtype != np.uint8:
            raise DataError(
                f"the rows of '{blocks.name}' are {block[0].dtype}, not uint8", "Scale them to bytes, 0…255."
            )
        gathered.append(block)
        done += len(block[1])
        if len(gathered) == together or number == left[-1]:
            entry = _part(folder, len(manifest.parts), gathered, manifest, test)
            manifest = replace(manifest, parts=(*manifest.parts, entry))
            manifest.write(folder)
            gathered = []
        if progress is not None:
            progress(done, of)
    return manifest


def _blocks_in_part(blocks: RowBlocks, part_bytes: int) -> int:
    n, width = blocks.shape
    return max(1, round(part_bytes / (width * max(1, n / blocks.n_blocks))))


def _part(folder: Path, number: int, gathered: list[Block], manifest: Manifest, test: bool) -> Entry:
    rows = sum(len(y) for _, y in gathered)
    images = _save(
        folder / image_file(number), (rows, *manifest.shape), np.dtype(np.uint8), (X for X, _ in gathered)
    )
    narrow = np.min_scalar_type(len(manifest.classes) - 1)
    labels = _save(folder / label_file(number), (rows,), narrow, (y.astype(narrow) for _, y in gathered))
    return Entry(rows, test, images, labels)


def _save(path: Path, shape: tuple[int, ...], dtype: np.dtype[Any], pieces: Iterator[NDArray[Any]]) -> str:
    """Write an NPY file of pieces one below the other; return its SHA-256."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    )
    sha = hashlib.sha256(head.getvalue())
    with written_aside(path, "a part") as aside, aside.open("wb") as file:
        file.write(head.getvalue())
        for piece in pieces:
            data = np.ascontiguousarray(piece, dtype)
            sha.update(data.data)
            file.write(data.data)
    return sha.hexdigest()
