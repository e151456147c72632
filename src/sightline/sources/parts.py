"""One part of many: an NPY file of pixels, mapped into memory, and its labels."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.dataset import ImageArray
from sightline.errors import DataError
from sightline.npy import read_header
from sightline.sources.arrays import CANNOT_READ, reason_of

Codes = NDArray[Any]
"""(m,) class numbers in the narrowest type."""
REMAKE = "Make or copy it again; what makes a folder of shards goes on from the parts that are whole."


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """One part: its labels, and where its pixels are.

    Parameters
    ----------
    path : Path
        The file with the pixels.
    codes : (m,) integers
        Class of each image.
    test : bool
        Whether its images are for testing.
    digest : str
        SHA-256 of the file with the pixels, or empty where nobody has stated one.
    """

    path: Path
    codes: Codes
    test: bool = False
    digest: str = ""

    def __len__(self) -> int:
        return len(self.codes)

    def block_rows(self, most: int) -> int:
        """Rows that are best read together, where at most `most` are wanted: the pixels of one are mapped."""
        return most

    def images(self, shape: tuple[int, ...]) -> ImageArray:
        """Map the pixels (m, *shape).

        Raises
        ------
        DataError
            They are missing, truncated, or other than was promised.
        """
        return mapped_images(self.path, (len(self.codes), *shape))


def mapped_images(path: Path, shape: tuple[int, ...]) -> ImageArray:
    """Map an NPY file of uint8 that must have `shape`; errors as `Part.images`."""
    array = _npy(path)
    if array.dtype != np.uint8 or array.shape != shape or not array.flags.c_contiguous:
        raise DataError(f"{path} holds {array.dtype} of shape {array.shape}, not uint8 of {shape}", REMAKE)
    return array


def _npy(path: Path) -> NDArray[Any]:
    """Map an NPY file, once its header and its length agree."""
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise DataError(f"the part {path} is no file", REMAKE)
    try:
        with path.open("rb") as file:
            shape, fortran, dtype = read_header(file)
            offset, size = file.tell(), path.stat().st_size
        if dtype.hasobject or offset + prod(shape) * dtype.itemsize > size:
            raise ValueError(f"its header promises {dtype} of shape {shape}")
        array = np.memmap(path, dtype, "r", offset, shape, "F" if fortran else "C")
    except FileNotFoundError as error:
        raise DataError(f"the part {path} is missing", REMAKE) from error
    except CANNOT_READ as error:
        raise DataError(
            f"{path} is truncated or no NPY file of numbers ({reason_of(error)})", REMAKE
        ) from error
    if offset + array.nbytes != size:
        raise DataError(f"{path} is longer than its header says ({size:,} bytes)", REMAKE)
    return array


def read_codes(path: Path, rows: int, n_classes: int, digest: str) -> Codes:
    """Read the labels of a part.

    Parameters
    ----------
    path : Path
        NPY file of whole numbers.
    rows, n_classes : int
        How many they must be, and of how many classes.
    digest : str
        SHA-256 that the file must have.

    Raises
    ------
    DataError
        It is missing, truncated, damaged, or other than was promised.
    """
    codes = np.array(_npy(path))
    if codes.shape != (rows,) or codes.dtype.kind not in "iu":
        raise DataError(
            f"{path} holds {codes.dtype} of shape {codes.shape}, not {rows} class numbers", REMAKE
        )
    if sha256(path) != digest:
        raise DataError(f"{path} is damaged: its SHA-256 is not the one stated", REMAKE)
    if int(codes.min()) < 0 or int(codes.max()) >= n_classes:
        raise DataError(
            f"the labels in {path} run from {codes.min()} to {codes.max()}",
            f"With {n_classes} class names they must lie in 0…{n_classes - 1}.",
        )
    return codes


def sha256(path: Path) -> str:
    """SHA-256 (hexadecimal) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
