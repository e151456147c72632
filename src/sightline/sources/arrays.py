"""Arrays in memory, NPZ archives and pairs of NPY files. Pickled objects are never loaded."""

from __future__ import annotations

import lzma
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from sightline.dataset import Dataset
from sightline.errors import DataError, SightlineError
from sightline.npy import read_header
from sightline.sources.idx import DEFLATE_LIMIT
from sightline.sources.pixels import Shape, encode_labels, to_images
from sightline.sources.unpacking import see_unpacked

SPLIT_KEYS = (
    ("x_train", "y_train", "x_test", "y_test"),
    ("train_images", "train_labels", "test_images", "test_labels"),
)
PLAIN_KEYS = (("images", "labels"), ("x", "y"), ("data", "target"), ("data", "labels"), ("arr_0", "arr_1"))
CLASS_KEYS = ("classes", "class_names", "target_names")

CANNOT_READ = (
    ValueError,
    OSError,
    EOFError,
    RuntimeError,
    SyntaxError,
    TypeError,
    LookupError,
    ArithmeticError,
    MemoryError,
    lzma.LZMAError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What zipfile and NumPy raise on damaged files; RuntimeError on encrypted ones, MemoryError on absurd headers."""


def from_arrays(
    images: npt.ArrayLike,
    labels: npt.ArrayLike,
    classes: Sequence[str] | None = None,
    *,
    shape: Shape | None = None,
    name: str = "arrays",
    source: str = "memory",
    licence: str = "unknown",
    n_train: int | None = None,
) -> Dataset:
    """Make a data set of arrays (NumPy, pandas, or anything that NumPy understands).

    Parameters
    ----------
    images : (n, d), (n, height, width), (n, height, width, 3) or (n, 3, height, width)
        Intensities: uint8, whole numbers 0…255, or real numbers 0…1 or 0…255 (see `to_images`).
    labels : (n,)
        Numbers or names of the classes.
    classes : K names, optional
        Names for the numbers 0…K−1.
    shape : (height, width), optional
        Layout of flat rows that are not square.
    name, source, licence : str
        Kept with the data.
    n_train : int, optional
        The first `n_train` rows are for training, the rest for testing.

    Raises
    ------
    DataError
        NaN, intensities outside 0…255, columns that make no rectangle, lengths that differ.

    Examples
    --------
    >>> from_arrays([[0, 255, 255, 0], [255, 0, 0, 255]], ["down", "up"], name="diagonals")
    Dataset 'diagonals': 2 images of 2×2, 2 classes
    """
    pixels = to_images(images, shape=shape, name=name)
    codes, names = encode_labels(labels, classes=classes, name=name)
    notes: tuple[str, ...] = ()
    if int(pixels[: 1 << 14].max()) <= 32 and int(pixels.max()) <= 32:
        notes = (f"The brightest pixel is {int(pixels.max())} of 255: these images are nearly black.",)
    return Dataset(pixels, codes, names, name, source, licence, n_train, notes=notes)


def load_npz(path: Path, *, shape: Shape | None = None) -> Dataset:
    """Load an NPZ archive with images and labels under any of the usual names.

    Accepted (upper or lower case): images/labels, X/y, data/target, and with a given split
    x_train/y_train/x_test/y_test (Keras) or train_images/train_labels/test_images/test_labels (MedMNIST).
    An array `classes` gives the names.

    Raises
    ------
    DataError
        Not an NPZ archive, damaged, pickled objects inside, or no such names.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            size = path.stat().st_size
            see_unpacked(sum(one.file_size for one in members), size, path)
            if any(one.compress_size > size for one in members):  # as much would be made ready for it
                raise zipfile.BadZipFile("a member is longer than the file")
            if any(one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for one in members):
                raise zipfile.BadZipFile("a member is packed as NumPy never does")  # LZMA asks for gigabytes
            keys = {i.filename.removesuffix(".npy").lower(): i for i in members}
            return _from_archive(archive, keys, path, shape)
    except SightlineError:
        raise
    except CANNOT_READ as error:
        raise DataError(
            f"{path} is not a readable NPZ archive ({reason_of(error)})", "Write it with numpy.savez."
        ) from error


def _from_archive(
    archive: zipfile.ZipFile, keys: Mapping[str, zipfile.ZipInfo], path: Path, shape: Shape | None
) -> Dataset:
    def read(key: str) -> npt.NDArray[Any]:
        return _member(archive, keys[key], path)

    names = [read(key) for key in CLASS_KEYS if key in keys]
    if names and names[0].ndim != 1:
        raise DataError(
            f"the names of classes in {path} have shape {names[0].shape}", "Give one for each class."
        )
    classes = [str(c) for c in names[0].tolist()] if names else None
    for four in SPLIT_KEYS:
        if all(key in keys for key in four):
            images, labels, test_images, test_labels = (read(key) for key in four)
            if images.shape[1:] != test_images.shape[1:]:
                raise DataError(
                    f"the training and test images of {path} differ in size",
                    "Bring all images into one size.",
                )
            _same_length(images, labels, path)
            _same_length(test_images, test_labels, path)
            both = np.concatenate([images, test_images]), np.concatenate([labels, test_labels])
            return from_arrays(
                *both, classes, shape=shape, name=path.stem, source=str(path), n_train=len(images)
            )
    for two in PLAIN_KEYS:
        if all(key in keys for key in two):
            images, labels = read(two[0]), read(two[1])
            _same_length(images, labels, path)
            return from_arrays(images, labels, classes, shape=shape, name=path.stem, source=str(path))
    raise DataError(
        f"{path} holds {', '.join(keys) or 'nothing'}, not images and labels",
        "Name the arrays images and labels, X and y, or x_train, y_train, x_test and y_test.",
    )


def load_npy_pair(images: Path, labels: Path, *, shape: Shape | None = None) -> Dataset:
    """Load images from one NPY file and labels from another.

    Raises
    ------
    DataError
        Either is not an NPY file, is truncated or pickled, or the lengths differ.
    """
    pixels, values = _read_npy(images), _read_npy(labels)
    _same_length(pixels, values, images)
    return from_arrays(pixels, values, shape=shape, name=images.stem, source=str(images))


def _read_npy(path: Path) -> npt.NDArray[Any]:
    try:
        with path.open("rb") as file:
            return _read_array(file, path.stat().st_size, str(path))
    except SightlineError:
        raise
    except CANNOT_READ as error:
        raise DataError(
            f"{path} is not a readable NPY file ({reason_of(error)})", "Write it with numpy.save."
        ) from error


def reason_of(error: BaseException) -> str:
    """The beginning of what an error says, or its kind where it says nothing."""
    return f"{str(error).strip().partition(chr(10))[0]:.200}".strip() or type(error).__name__


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> npt.NDArray[Any]:
    """Read one array, once its header, the archive's index and what deflate can do agree on its size."""
    at_most = min(info.file_size, info.compress_size * DEFLATE_LIMIT)
    with archive.open(info) as file:
        return _read_array(file, at_most, f"{info.filename} in {path}")


def _read_array(file: IO[bytes], at_most: int, where: str) -> npt.NDArray[Any]:
    shape, fortran, dtype = read_header(file)
    if dtype.hasobject:
        raise DataError(
            f"{where} holds pickled Python objects, which Sightline never loads",
            "Save plain arrays of numbers or strings.",
        )
    if prod(shape) * dtype.itemsize > at_most:
        raise DataError(
            f"{where} is too short: its header promises an array of shape {shape}",
            "The file is truncated or its header is wrong.",
        )
    array = np.empty(prod(shape), dtype)
    data = array.view(np.uint8).data if array.nbytes else memoryview(b"")
    done = 0
    while done < len(data) and (piece := file.read(min(1 << 22, len(data) - done))):
        data[done : done + len(piece)] = piece
        done += len(piece)
    if done < len(data):
        raise DataError(f"{where} is too short: {done:,} of {len(data):,} bytes", "The file is truncated.")
    if dtype.kind == "U" and array.size and not _are_letters(array):
        raise DataError(f"{where} holds letters that do not exist", "The file is damaged.")
    return array.reshape(shape[::-1]).T if fortran else array.reshape(shape)


def _are_letters(text: npt.NDArray[Any]) -> bool:
    """Whether an array of text holds letters alone: Python dies of numbers beyond Unicode's last."""
    numbers = text.view(np.dtype(np.uint32).newbyteorder(text.dtype.byteorder))
    return not ((numbers > 0x10FFFF) | ((numbers >= 0xD800) & (numbers < 0xE000))).any()


def _same_length(images: npt.NDArray[Any], labels: npt.NDArray[Any], path: Path) -> None:
    if images.ndim == 0 or labels.ndim == 0 or len(images) != len(labels):
        raise DataError(
            f"{path} holds images of shape {images.shape} but labels of shape {labels.shape}",
            "Every image needs exactly one label.",
        )
