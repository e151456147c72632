"""A folder of image files, one subfolder per class, perhaps under ``train/`` and ``test/``."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from sightline.dataset import Dataset, ImageArray
from sightline.errors import DataError
from sightline.sources.decode import Header, read_header, read_pixels
from sightline.sources.fit import Size, default_size, parse_size
from sightline.sources.pixels import natural_key

SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif")
TRAIN = ("train", "training")
TEST = ("test", "testing")
VALIDATION = ("val", "valid", "validation")
IGNORED = ("__macosx", "thumbs.db", "desktop.ini")
AT_ONCE = 64

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    label: str
    name: str


def load_folder(root: Path, *, size: Size = None) -> Dataset:
    """Load a folder of images.

    Subfolders are classes; ``train/`` and ``test/`` (or ``val/``, where there is no ``test/``) hold a given
    split. PNG, JPEG, WebP, BMP, TIFF and GIF (its first frame) are read, turned as EXIF says, transparency
    laid on white; the result is grey if every pixel is, else RGB. Files that cannot be read are left out and
    named in `Dataset.notes`. Hidden files are ignored, links followed once.

    Parameters
    ----------
    root : Path
        The folder.
    size : int, str or (height, width), optional
        Size to fit and pad every image to (see `parse_size`); by default see `default_size`.

    Raises
    ------
    DataError
        No images, no class subfolders, fewer than two classes, or nothing readable.
    """
    wanted = parse_size(size)
    parts, notes = _parts(root)
    files: list[_File] = []
    n_first = 0
    for position, part in enumerate(parts):
        found, left_out = _scan(part, root)
        files += found
        notes += left_out
        n_first = len(files) if position == 0 else n_first
    if not files:
        raise DataError(
            f"{root} holds no images", f"Expected files such as {', '.join(SUFFIXES[:4])} in subfolders."
        )
    headers, images, readable = _read_all(files, wanted)
    bad = {files[i].name: why for i, why in enumerate(headers) if isinstance(why, str)}
    if not len(readable):
        raise DataError(
            f"none of the {len(files):,} images in {root} can be read ({_some(bad)})",
            "Give PNG, JPEG or other pictures.",
        )
    if bad:
        notes.append(
            f"{len(bad):,} of {len(files):,} files could not be read and were left out: {_some(bad)}."
        )
    if len({(h.height, h.width) for h in headers if isinstance(h, Header)}) > 1:
        notes.append(
            f"The images had different sizes; each was fitted into {images.shape[1]}×{images.shape[2]}."
        )
    classes = tuple(sorted({file.label for file in files}, key=natural_key))
    code = {label: k for k, label in enumerate(classes)}
    return Dataset(
        images=images,
        labels=np.array([code[files[i].label] for i in readable], dtype=np.int64),
        classes=classes,
        name=root.resolve().name or "folder",
        source=str(root),
        n_train=int(np.searchsorted(readable, n_first)) if len(parts) == 2 else None,
        files=tuple(files[i].name for i in readable),
        notes=tuple(notes),
    )


def _some(bad: dict[str, str]) -> str:
    shown = "; ".join(f"{name} ({why})" for name, why in islice(bad.items(), 5))
    return shown + ("; …" if len(bad) > 5 else "")


def _parts(root: Path) -> tuple[list[Path], list[str]]:
    """Return [folder of classes] or [training, test], and what the reader should know."""
    below = _subfolders(root)
    named = {folder.name.lower(): folder for folder in below}

    def first(names: Iterable[str]) -> Path | None:
        return next((named[name] for name in names if name in named), None)

    train, test, validation = first(TRAIN), first(TEST), first(VALIDATION)
    if train is None or (test is None and validation is None):
        if len(below) == 1 and not _images_in(below[0]) and len(_subfolders(below[0])) > 1:
            return _parts(below[0])
        return [root], []
    if test is not None and validation is not None:
        return [train, test], [f"{validation.name}/ was left aside; {test.name}/ is the test set."]
    chosen = test or validation
    assert chosen is not None
    return [train, chosen], [] if test else [f"{chosen.name}/ is used as the test set."]


def _subfolders(folder: Path) -> list[Path]:
    try:
        below = [path for path in folder.iterdir() if not _hidden(path.name) and path.is_dir()]
    except OSError as error:
        raise DataError(
            f"{folder} cannot be read ({error.strerror})", "Name one that may be read."
        ) from error
    return sorted(below, key=lambda path: natural_key(path.name))


def _hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in IGNORED


def _images_in(folder: Path) -> int:
    """Count the images that lie in a folder itself."""
    return sum(path.suffix.lower() in SUFFIXES and not _hidden(path.name) for path in folder.iterdir())


def _scan(part: Path, root: Path) -> tuple[list[_File], list[str]]:
    """Return the image files of every class of a folder, and what was left out beside them."""
    classes, stray = _subfolders(part), _images_in(part)
    if not classes and stray:
        raise DataError(
            f"{part} holds images but no subfolders, so their classes are not known",
            "Put the images of each class into a subfolder named after it.",
        )
    found: list[_File] = []
    strange = 0
    for folder in classes:
        for path in _walk(folder, set()):
            if path.suffix.lower() in SUFFIXES:
                found.append(_File(path, folder.name, path.relative_to(root).as_posix()))
            else:
                strange += 1
    left_out = {
        f"{strange:,} files in {part.name}/ are not images by their names": strange,
        f"{stray:,} images in {part.name}/ lie in no class's folder": stray,
    }
    return found, [f"{what} and were left out." for what, count in left_out.items() if count]


def _walk(folder: Path, seen: set[tuple[int, int]]) -> Iterator[Path]:
    """Yield the files below a folder in natural order, each folder once, however links lead back to it."""
    try:
        stat = folder.stat()
        entries = sorted(os.scandir(folder), key=lambda entry: natural_key(entry.name))
    except OSError as error:
        raise DataError(
            f"{folder} cannot be read ({error.strerror})", "Allow it to be read, or move it away."
        ) from error
    if (stat.st_dev, stat.st_ino) in seen:
        return
    seen.add((stat.st_dev, stat.st_ino))
    for entry in entries:
        if _hidden(entry.name):
            continue
        try:
            below, regular = entry.is_dir(), entry.is_file()
        except OSError:  # a link that leads to itself: told of as a file that cannot be read
            below = regular = False
        if below:
            yield from _walk(Path(entry.path), seen)
        elif regular or entry.is_symlink():
            yield Path(entry.path)


def _read_all(
    files: list[_File], wanted: tuple[int, int] | None
) -> tuple[list[Header | str], ImageArray, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Read headers, choose the size, then decode: two passes, so that memory is taken once and for good.

    Returns the header of each file or why it failed, the images, and the rows of `files` they belong to.
    """
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # Pillow's remarks on odd metadata and on sizes that we judge ourselves
        headers = list(_in_threads(lambda file: read_header(file.path), files))
        good = [(i, header) for i, header in enumerate(headers) if isinstance(header, Header)]
        if not good:
            return headers, np.empty((0, 1, 1), np.uint8), np.empty(0, np.int64)
        size = wanted or default_size(np.array([(h.height, h.width) for _, h in good], dtype=np.int64))
        grey = all(header.grey for _, header in good)
        images = np.empty((len(good), *size, *(() if grey else (3,))), np.uint8)

        def decode(position: int) -> str | None:
            found = read_pixels(files[good[position][0]].path, size, grey)
            if isinstance(found, str):
                return found
            images[position] = found
            return None

        keep = np.ones(len(good), bool)
        for position, failure in enumerate(_in_threads(decode, range(len(good)))):
            if failure is not None:
                headers[good[position][0]] = failure
                keep[position] = False
    readable = np.array([i for i, _ in good], dtype=np.int64)[keep]
    images = images if keep.all() else images[keep]
    return headers, _grey_if_possible(images), readable


def _grey_if_possible(images: ImageArray) -> ImageArray:
    """Drop the colours where no pixel has any."""
    if images.ndim == 3 or not len(images):
        return images
    for start in range(0, len(images), 256):
        block = images[start : start + 256]
        if (block[..., 0] != block[..., 1]).any() or (block[..., 0] != block[..., 2]).any():
            return images
    return np.ascontiguousarray(images[..., 0])


def _in_threads(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Map in threads, in order, a batch of files a task; an interruption drops what has not begun."""
    pending = list(items)
    batches = [pending[start : start + AT_ONCE] for start in range(0, len(pending), AT_ONCE)]
    pool = ThreadPoolExecutor(max_workers=os.cpu_count() or 1)
    try:
        for batch in pool.map(lambda batch: [function(item) for item in batch], batches):
            yield from batch
    finally:
        pool.shutdown(cancel_futures=True)
