"""Folders of parts that others wrote: NPZ, Parquet or IDX files, all of the same kind of image."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sightline.dataset import Dataset, ImageArray
from sightline.errors import DataError
from sightline.sources.idx import FILE_NAME
from sightline.sources.parts import Part
from sightline.sources.pixels import natural_key
from sightline.sources.shards import ShardedDataset

TEST = re.compile(r"(^|[^a-z])(test|t10k)([^a-z]|$)", re.IGNORECASE)
KINDS = {".npz": "npz", ".parquet": "parquet", ".pq": "parquet"}


@dataclass(frozen=True, eq=False, slots=True)
class ForeignPart(Part):
    """The images of one file to train on, or those to test on; read and converted as a whole, each time.

    Parameters
    ----------
    partner : Path or None
        The file with the labels, where they have one of their own.
    view : int
        Which images of the file: the first, or those apart from them.
    """

    partner: Path | None = None
    view: int = 0

    def block_rows(self, most: int) -> int:
        """All of them, as the file is read whole."""
        return max(1, len(self.codes))

    def images(self, shape: tuple[int, ...]) -> ImageArray:
        """Read and convert the pixels (m, *shape); see `Part.images`."""
        found = [view.images for _, view in _views(read_file(self.path, self.partner), self.path)]
        images = found[self.view] if self.view < len(found) else np.empty((0, *shape), np.uint8)
        if images.shape != (len(self.codes), *shape):
            raise DataError(
                f"{self.path} holds images of shape {images.shape}, not {(len(self.codes), *shape)}",
                "It was changed while it was in use, or its images are of another size than those of its folder.",
            )
        return images


def open_foreign(folder: Path, rows: int = 8192) -> ShardedDataset:
    """Open a folder of NPZ, Parquet or IDX files; all are read once, one at a time, to see what they hold.

    Parameters
    ----------
    folder : Path
        Each file holds images and labels as `sightline.load` understands them. Those with "test" or "t10k" in
        their names, and arrays for testing in NPZ files, are for testing.
    rows : int
        As for `open_shards`; of no use here, as a file is one block. `write_shards` makes a folder that is read in
        smaller ones.

    Raises
    ------
    DataError
        There are no such files, one cannot be read, or they differ in size of image.
    """
    files = list(_files(folder))
    if not files:
        raise DataError(
            f"{folder} holds no manifest.json, and no NPZ, Parquet or IDX files",
            "Make a folder of shards with write_shards or `sightline data make`.",
        )
    held: list[tuple[ForeignPart, tuple[str, ...], str]] = []
    shape: tuple[int, ...] | None = None
    for path, partner in files:
        dataset = read_file(path, partner)
        if shape is not None and dataset.shape != shape:
            raise DataError(
                f"the images in {path} are of shape {dataset.shape}, those before of {shape}",
                "Give all parts images of one size.",
            )
        shape = dataset.shape
        for which, (test, view) in enumerate(_views(dataset, path)):
            held.append((ForeignPart(path, view.labels, test, "", partner, which), view.classes, view.digest))
    assert shape is not None
    names = {classes for _, classes, _ in held}
    union = {name for classes in names for name in classes}
    classes = names.pop() if len(names) == 1 else tuple(sorted(union, key=natural_key))
    number = {name: code for code, name in enumerate(classes)}
    narrow = np.min_scalar_type(len(classes) - 1)
    parts = sorted(
        (
            replace(part, codes=np.array([number[name] for name in own], narrow)[part.codes])
            for part, own, _ in held
        ),
        key=lambda part: part.test,
    )
    digest = hashlib.sha256(repr((classes, [(part.test, one) for part, _, one in held])).encode())
    return ShardedDataset(
        tuple(parts), classes, shape, folder.resolve().name, str(folder), digest=digest.hexdigest(), rows=rows
    )


def read_file(path: Path, partner: Path | None) -> Dataset:
    """Read one file, and the one with its labels where there is one.

    Raises
    ------
    DataError
        It is missing, or cannot be read.
    """
    if not path.is_file():
        raise DataError(f"the part {path} is missing", "Copy it again.")
    if partner is not None:
        from sightline.sources.idx import load_pair

        return load_pair(path, partner)
    if KINDS[path.suffix.lower()] == "npz":
        from sightline.sources.arrays import load_npz

        return load_npz(path)
    from sightline.sources.table import load_table

    return load_table(path, kind="parquet")


def _files(folder: Path) -> Iterator[tuple[Path, Path | None]]:
    """Files with pixels, and with their labels, in natural order of their names."""
    try:
        inside = sorted(folder.iterdir(), key=lambda path: natural_key(path.name))
    except OSError as error:
        raise DataError(
            f"{folder} cannot be read ({error.strerror})", "Name one that may be read."
        ) from error
    labels: dict[tuple[str, str], Path] = {}
    for path in inside:
        found = FILE_NAME.match(path.name)
        if found and found["what"] == "labels":
            labels[found["stem"], found["part"] or ""] = path
    for path in inside:
        found = FILE_NAME.match(path.name)
        if found and found["what"] == "images":
            partner = labels.get((found["stem"], found["part"] or ""))
            if partner is None:
                raise DataError(f"{path} has no partner in {folder}", "Add its labels.")
            yield path, partner
        elif path.suffix.lower() in KINDS and not path.name.startswith(".") and path.is_file():
            yield path, None


def _views(dataset: Dataset, path: Path) -> Iterator[tuple[bool, Dataset]]:
    """Images to train on and to test on: (whether to test, they)."""
    if dataset.n_train is None or dataset.n_train == len(dataset):
        yield bool(TEST.search(path.name)), dataset.take(slice(None))
        return
    if dataset.n_train:
        yield False, dataset.train
    yield True, dataset.test
