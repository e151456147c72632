"""`load`: find out what was asked for, hand it to the source that knows, and split what comes back."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sightline.dataset import Dataset
from sightline.errors import DataError, NotFoundError, UsageError, visible
from sightline.sources import arrays, catalog, idx
from sightline.sources.dividing import Split, divided, parse_split
from sightline.sources.fetch import Progress
from sightline.sources.fit import Size, parse_size, resized
from sightline.sources.manifest import MANIFEST, label_file
from sightline.sources.pixels import Shape

What = str | os.PathLike[str] | Dataset | Sequence[Any]
PARTS = (".npz", ".parquet", ".pq")
MOST_PARTS = 2_000_000_000
"""Bytes of pixels that a folder of parts may hold to be read as a whole."""
IMAGE_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")


def load(
    what: What,
    *,
    size: Size = None,
    shape: Shape | None = None,
    split: Split = None,
    seed: int = 0,
    label: str | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Load labelled images from wherever they are.

    Parameters
    ----------
    what : str, path, Dataset or pair
        A name of the catalogue (``digits``, ``mnist`` …), ``openml:NAME[@VERSION]`` or ``openml:ID``;
        a folder of images or of IDX files; an NPZ, CSV, TSV, Parquet or ARFF file; ``"IMAGES,LABELS"`` or a
        pair of paths (IDX or NPY); a pair of arrays; or a Dataset.
    size : int, ``"HEIGHTxWIDTH"`` or (height, width), optional
        Fit and pad every image to this size.
    shape : (height, width), optional
        How flat rows of pixels are laid out, where they make no square.
    split : None, 'seed', 'none' or float
        None keeps a given split and otherwise draws a stratified fifth for testing; 'seed' draws the
        tutorial's own, ``train_test_split(test_size=0.2, random_state=42)``, over all rows; 'none' leaves the
        rows unsplit; a number is the share (0…1) of all rows to draw for testing, stratified.
    seed : int
        Draws the stratified split; same seed, same split.
    label : str, optional
        Name of the label column of a table.
    progress : callable, optional
        Told (bytes so far, bytes in all or None) during a download.

    Returns
    -------
    Dataset
        Training rows first; what was left out or adapted is in its `notes`.

    Raises
    ------
    NotFoundError
        Neither a name of the catalogue nor a path.
    DataError
        The data cannot be used; the message names the file and what to do.
    DownloadError
        The data are not here and cannot be fetched.
    StorageError
        The cache cannot be written.
    UsageError
        An option is impossible, or does not fit this kind of source.

    Examples
    --------
    >>> load("digits")
    Dataset 'digits': 1,797 images of 8×8, 10 classes, 1,437 for training and 360 for testing
    """
    parse_split(split)
    parse_size(size)
    dataset = _open(what, size=size, shape=shape, label=label, progress=progress)
    dataset = resized(dataset, size)
    return _readable(divided(dataset, split, seed=seed))


def _readable(dataset: Dataset) -> Dataset:
    """The same, its names such as can be shown anywhere."""
    told = {
        "classes": tuple(map(visible, dataset.classes)),
        "files": tuple(map(visible, dataset.files)),
        "notes": tuple(map(visible, dataset.notes)),
        **{key: visible(getattr(dataset, key)) for key in ("name", "source", "licence")},
    }
    changed: dict[str, Any] = {key: new for key, new in told.items() if new != getattr(dataset, key)}
    return replace(dataset, **changed) if changed else dataset


def _open(
    what: What, *, size: Size, shape: Shape | None, label: str | None, progress: Progress | None
) -> Dataset:
    if isinstance(what, Dataset):
        _no_layout(shape, label, what.name)
        return what
    if isinstance(what, (tuple, list)) and len(what) == 2:
        if all(isinstance(one, (str, os.PathLike)) for one in what):
            _no_layout(None, label, "a pair of files")
            return _open_pair(path_of(what[0]), path_of(what[1]), shape)
        _no_layout(None, label, "a pair of arrays")
        return arrays.from_arrays(what[0], what[1], shape=shape)
    if not isinstance(what, (str, os.PathLike)):
        raise UsageError(
            f"cannot load a {type(what).__name__}",
            "Give a name, a path, or a pair of arrays (images, labels).",
        )
    text = what.strip() if isinstance(what, str) else os.fsdecode(what)
    if not text:
        raise UsageError(
            "no data set is named", f"Give one, such as {' or '.join(list(catalog.CATALOG)[:2])}."
        )
    if text.lower().startswith("openml:"):
        from sightline.sources.openml import load_openml

        return load_openml(text[7:], shape=shape, label=label, progress=progress)
    entry = catalog.lookup(text) if isinstance(what, str) else None
    if entry is not None:
        from sightline.sources.published import load_entry

        _no_layout(shape, label, text)
        return load_entry(entry, progress=progress)
    return _open_path(text, size, shape, label)


def _no_layout(shape: Shape | None, label: str | None, what: str) -> None:
    if shape is not None or label is not None:
        option = "shape" if shape is not None else "label"
        raise UsageError(
            f"{option}= does not apply to '{what}'", "It is for tables and arrays of flat pixel rows."
        )


def path_of(text: str | os.PathLike[str]) -> Path:
    """Text as a path; `~` is the home folder, where there is one."""
    try:
        return Path(text).expanduser()
    except RuntimeError:  # ~ of somebody who has no home here
        return Path(text)


def _open_path(text: str, size: Size, shape: Shape | None, label: str | None) -> Dataset:
    path = path_of(text)
    if not _exists(path):
        first, comma, second = text.partition(",")
        if comma and _exists(path_of(first.strip())):
            _no_layout(None, label, "a pair of files")
            return _open_pair(path_of(first.strip()), path_of(second.strip()), shape)
        raise NotFoundError(
            f"there is no data set or file '{text}'", catalog.suggestion(path.name, _beside(path))
        )
    kind = kind_of(path)
    if kind in ("images", "idx folder"):
        _no_layout(shape, label, text)
        if kind == "idx folder":
            return idx.load_folder(path)
        from sightline.sources.folder import load_folder

        return load_folder(path, size=size)
    if kind == "npz":
        _no_layout(None, label, text)
        return arrays.load_npz(path, shape=shape)
    if kind in ("csv", "arff", "parquet"):
        from sightline.sources.table import load_table

        return load_table(path, kind=kind, label=label, shape=shape)
    if kind == "shards":
        _no_layout(shape, label, text)
        return _open_parts(path)
    raise DataError(f"{path} is {ALONE[kind][0]}", ALONE[kind][1])


def _open_parts(path: Path) -> Dataset:
    """All images of a folder of parts, where memory has room for them."""
    from sightline.sources.shards import open_shards

    parts = open_shards(path)
    size = math.prod(parts.shape)
    if size > MOST_PARTS:
        raise DataError(
            f"{path} holds {len(parts):,} images, {size / 1e9:.1f} GB: too many to have all in memory",
            "`sightline learn`, `explore` and `predict` read them block by block; in Python, "
            "sightline.sources.shards.open_shards(FOLDER).sample(10_000) takes some.",
        )
    return parts.take(np.arange(len(parts)))


ALONE = {
    "npy": ("one array, and the labels are missing", "Give both files: IMAGES.npy,LABELS.npy."),
    "idx": ("one IDX file, and its partner is missing", "Give both files, IMAGES,LABELS, or their folder."),
    "image": ("a single image", "Give a folder with one subfolder of images for each class."),
    "other": ("neither a file nor a folder that can be read", "Give a regular file or a folder."),
}


def foreign_files(path: Path) -> bool:
    """Whether a folder holds NPZ or Parquet files, parts that others wrote, and no folders of images."""
    try:
        inside = list(path.iterdir())
    except OSError:
        return False
    return any(one.suffix.lower() in PARTS for one in inside) and not any(one.is_dir() for one in inside)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name too long for the system, or with a zero byte
        return False


def _beside(path: Path) -> tuple[str, ...]:
    """Names in the folder of `path`, to suggest one of them; none where it cannot be listed."""
    try:
        return tuple(sorted(other.name for other in path.parent.iterdir()))
    except (OSError, ValueError):
        return ()


def kind_of(path: Path) -> str:
    """Tell the kind of a source by its first bytes, not by its name."""
    if path.is_dir():
        if (path / label_file(0)).is_file() or (path / MANIFEST).is_file():
            return "shards"
        if idx.find_pairs(path):
            return "idx folder"
        return "shards" if foreign_files(path) else "images"
    if not path.is_file():
        return "other"
    head = _head(path)
    if head.startswith(b"PK\x03\x04"):
        return "npz"
    if head.startswith(b"\x93NUMPY"):
        return "npy"
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(IMAGE_MAGIC):
        return "image"
    if len(head) >= 4 and head[:2] == b"\0\0" and head[2] in idx.TYPES:
        return "idx"
    statements = [line.strip().lower() for line in head.splitlines() if not line.strip().startswith(b"%")]
    return "arff" if any(line.startswith(b"@relation") for line in statements) else "csv"


def _head(path: Path) -> bytes:
    import gzip
    import zlib

    try:
        with path.open("rb") as file:
            head = file.read(1 << 16)
        if head[:2] == b"\x1f\x8b":
            with gzip.open(path) as unpacked:
                return unpacked.read(4096)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is a damaged or truncated gzip file ({error})", "Fetch it again.") from error
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error})", "Name one that may be read."
        ) from error
    return head


def _open_pair(images: Path, labels: Path, shape: Shape | None) -> Dataset:
    for path in (images, labels):
        if not _exists(path):
            raise NotFoundError(f"there is no file '{path}'", "Give two files: images, then labels.")
    kinds = {kind_of(images), kind_of(labels)}
    if kinds == {"npy"}:
        return arrays.load_npy_pair(images, labels, shape=shape)
    if "idx" in kinds:
        _no_layout(shape, None, f"{images}")
        return idx.load_pair(images, labels)
    raise DataError(f"{images} and {labels} are not a pair of IDX or NPY files", "Give images, then labels.")
