"""Catalogue entries as their authors publish them: each reader turns fetched files into one Dataset."""

from __future__ import annotations

import bz2
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.dataset import Dataset, ImageArray, LabelArray
from sightline.errors import DataError
from sightline.sources import bundled, cache, idx
from sightline.sources.catalog import Entry
from sightline.sources.fetch import Progress, fetch

Arrays = tuple[npt.NDArray[Any], npt.NDArray[Any]]
UNREADABLE = (OSError, ValueError, LookupError, EOFError, zlib.error, tarfile.TarError, zipfile.BadZipFile)


def load_entry(entry: Entry, *, progress: Progress | None = None) -> Dataset:
    """Load a catalogue entry: from the cache, or fetched, checked, converted and cached.

    Parameters
    ----------
    entry : Entry
        From `sightline.sources.catalog`.
    progress : callable, optional
        Told (bytes so far, bytes in all) over all files while they are fetched.

    Raises
    ------
    DownloadError
        Not in the cache, and no mirror delivers the files as expected.
    StorageError
        The cache cannot be written.
    DataError
        A file that was fetched cannot be read.
    """
    if entry.reader == "bundled":
        return bundled.load_digits(entry.licence)
    return cache.cached(entry.name, lambda: _make(entry, progress))


def addresses(entry: Entry, file: str) -> tuple[str, ...]:
    """Where to ask for a file of an entry; ``SIGHTLINE_MIRROR`` replaces all mirrors by ``$…/ENTRY/FILE``."""
    mirror = os.environ.get("SIGHTLINE_MIRROR")
    if mirror:
        return (f"{mirror.rstrip('/')}/{entry.folder or entry.name}/{file}",)
    return tuple(f"{base}{file}" for base in entry.mirrors)


def _make(entry: Entry, progress: Progress | None) -> Dataset:
    folder = cache.home() / "downloads" / (entry.folder or entry.name)
    before = 0
    paths: list[Path] = []
    for file in entry.files:
        told = _offset(progress, before, entry.size)
        paths.append(fetch(file, addresses(entry, file.name), folder, told))
        before += paths[-1].stat().st_size
    try:
        train, test = READERS[entry.reader](entry, paths)
        return _joined(entry, train, test)
    except UNREADABLE as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"the files of '{entry.name}' cannot be read ({error})",
            f"`sightline data clear {entry.name}` removes them, and they are fetched again when asked for.",
        ) from error


def _offset(progress: Progress | None, before: int, total: int) -> Progress | None:
    if progress is None:
        return None
    return lambda done, of: progress(before + done, total or (before + of if of else None))


def _joined(entry: Entry, train: Arrays, test: Arrays) -> Dataset:
    images: ImageArray = np.concatenate([train[0], test[0]])
    labels: LabelArray = np.concatenate([train[1], test[1]]).astype(np.int64)
    source = entry.homepage
    return Dataset(images, labels, entry.classes, entry.name, source, entry.licence, n_train=len(train[1]))


def _idx(_entry: Entry, paths: list[Path]) -> tuple[Arrays, Arrays]:
    train_images, train_labels, test_images, test_labels = paths
    return idx.read_pair(train_images, train_labels), idx.read_pair(test_images, test_labels)


def _libsvm(entry: Entry, paths: list[Path]) -> tuple[Arrays, Arrays]:
    """``label 1:v 2:v …`` with v in −1…1 and labels 1…K (USPS)."""
    from sklearn.datasets import load_svmlight_file

    def read(path: Path) -> Arrays:
        height, width = entry.shape
        with bz2.open(path) as file:
            rows, labels = load_svmlight_file(file, n_features=height * width, zero_based=False)
        images = np.rint((rows.toarray() + 1) * 127.5).clip(0, 255).astype(np.uint8)
        return images.reshape(-1, height, width), labels.astype(np.int64) - 1

    return read(paths[0]), read(paths[1])


def _cifar(_entry: Entry, paths: list[Path]) -> tuple[Arrays, Arrays]:
    """The binary version (the Python one is pickled): a byte of label, then planes of red, green, blue."""
    batches: dict[str, Arrays] = {}
    with tarfile.open(paths[0]) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(".bin") else None
            if file is not None:
                rows = np.frombuffer(file.read(), np.uint8).reshape(-1, 3073)
                planes = rows[:, 1:].reshape(-1, 3, 32, 32)
                name = Path(member.name).stem
                batches[name] = np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), rows[:, 0].copy()
    train = [batches[name] for name in sorted(batches) if name.startswith("data_batch")]
    images, labels = zip(*train, strict=True)
    return (np.concatenate(images), np.concatenate(labels)), batches["test_batch"]


def _svhn(_entry: Entry, paths: list[Path]) -> tuple[Arrays, Arrays]:
    """MATLAB arrays X (32, 32, 3, n) and y (n, 1), where class 10 is the digit 0."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    def read(path: Path) -> Arrays:
        try:
            found = loadmat(path, variable_names=["X", "y"])
        except (MatReadError, TypeError) as error:
            raise ValueError(str(error)) from error
        return np.ascontiguousarray(np.moveaxis(found["X"], 3, 0)), found["y"].ravel().astype(np.int64) % 10

    return read(paths[0]), read(paths[1])


def _emnist(entry: Entry, paths: list[Path]) -> tuple[Arrays, Arrays]:
    """IDX files inside one archive; the images lie on their side, and letters count from 1."""
    import shutil
    import tempfile

    def read(part: str) -> Arrays:
        with zipfile.ZipFile(paths[0]) as archive, tempfile.TemporaryDirectory() as folder:
            local = []
            for kind in ("images-idx3", "labels-idx1"):
                name = f"{entry.name}-{part}-{kind}-ubyte.gz"
                with archive.open(f"gzip/{name}") as packed, (Path(folder) / name).open("wb") as out:
                    shutil.copyfileobj(packed, out)
                local.append(Path(folder) / name)
            images, labels = idx.read_pair(*local)
        first = 1 if entry.name == "emnist-letters" else 0
        return np.ascontiguousarray(images.transpose(0, 2, 1)), labels.astype(np.int64) - first

    return read("train"), read("test")


READERS: dict[str, Callable[[Entry, list[Path]], tuple[Arrays, Arrays]]] = {
    "idx": _idx,
    "libsvm": _libsvm,
    "cifar": _cifar,
    "svhn": _svhn,
    "emnist": _emnist,
}
