"""IDX, the format MNIST is published in: a header of sizes, then the bytes.

The header is not believed until the file's own length agrees with it; only then is memory taken.
"""

from __future__ import annotations

import gzip
import re
import zlib
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from sightline.dataset import Dataset
from sightline.errors import DataError
from sightline.sources.pixels import encode_labels, to_images
from sightline.sources.unpacking import Unpacked, see_unpacked

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
DEFLATE_LIMIT = 1032  # no deflate stream grows by more than this factor (zlib's technical notes)
FILE_NAME = re.compile(
    r"^(?P<stem>.*?)(?P<part>train|t10k|test)?[-_.]?(?P<what>images|labels)[-_.]idx[0-9][-_.]ubyte(?P<gz>\.gz)?$"
)
# SHA-256 of the unpacked official MNIST: labels that identify it, and the images that belong to them.
MNIST_LABELS = "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
MNIST_IMAGES = "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"


def read_idx(path: Path) -> npt.NDArray[Any]:
    """Read one IDX file, raw or gzipped.

    Parameters
    ----------
    path : Path
        The file; whether it is gzipped is told from its first bytes, not its name.

    Returns
    -------
    array of the shape and kind of number that the header states, in native byte order

    Raises
    ------
    DataError
        Not IDX, or the header promises more or fewer bytes than the file holds, or the gzip is damaged.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            if not packed:
                return _read(file, path, path.stat().st_size)
        with Unpacked(path) as unpacked:
            return _read(unpacked, path, path.stat().st_size * DEFLATE_LIMIT)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is a damaged or truncated gzip file ({error})", "Fetch it again.") from error
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error})", "Name one that may be read."
        ) from error


def _read(file: IO[bytes] | gzip.GzipFile, path: Path, at_most: int) -> npt.NDArray[Any]:
    dtype, shape, header = _header(file, path)
    expected = prod(shape) * dtype.itemsize
    if header + expected > at_most:
        raise DataError(
            f"{path} is too short: its header promises {_times(shape)} values, {expected:,} bytes",
            "The file is truncated or its header is wrong; fetch it again.",
        )
    if isinstance(file, Unpacked):
        see_unpacked(header + expected, path.stat().st_size, path)
    try:
        array = np.empty(shape, dtype)
    except (ValueError, MemoryError) as error:  # nothing times more than can be counted
        raise DataError(
            f"the header of {path} promises {_times(shape)} values, too many for an array",
            "The header is wrong; fetch the file again.",
        ) from error
    view = array.reshape(-1).view(np.uint8).data
    done = 0
    while done < expected and (count := file.readinto(view[done : done + (1 << 20)])):  # type: ignore[union-attr]
        done += count
    if done < expected:
        raise DataError(
            f"{path} is too short: its header promises {_times(shape)} values, {expected:,} bytes, "
            f"but {done:,} follow",
            "The file is truncated or its header is wrong; fetch it again.",
        )
    if file.read(1):  # for gzip this also checks the stream's own checksum
        raise DataError(
            f"{path} is longer than its header says ({_times(shape)} values)",
            "The header or the file is damaged; fetch it again.",
        )
    return array.astype(dtype.newbyteorder("="), copy=False)


def _header(file: IO[bytes] | gzip.GzipFile, path: Path) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES or not 1 <= magic[3] <= 4:
        raise DataError(
            f"{path} is not an IDX file: it begins with {magic.hex(' ') or 'nothing'}",
            "Expected 00 00, a number type (08 for bytes) and 1 to 4 dimensions.",
        )
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DataError(f"{path} ends inside its IDX header", "The file is truncated; fetch it again.")
    shape = tuple(int(side) for side in np.frombuffer(sizes, ">u4"))
    return np.dtype(TYPES[magic[2]]), shape, 4 + len(sizes)


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(f"{side:,}" for side in shape)


def find_pairs(folder: Path) -> dict[str, tuple[Path, Path]]:
    """Find the IDX files of a folder: {'train' or 'test': (images, labels)}, empty if it holds none.

    Raises
    ------
    DataError
        Images without labels (or the reverse), files of more than one data set, or it cannot be listed.
    """
    found: dict[tuple[str, str], dict[str, Path]] = {}
    try:
        inside = sorted(folder.iterdir(), key=lambda p: p.name, reverse=True)  # raw after .gz: raw wins
    except OSError as error:
        raise DataError(
            f"{folder} cannot be read ({error.strerror})", "Name one that may be read."
        ) from error
    for path in inside:
        match = FILE_NAME.match(path.name)
        if match and path.is_file():
            part = "test" if match["part"] in ("t10k", "test") else "train"
            found.setdefault((match["stem"], part), {})[match["what"]] = path
    stems = sorted({stem for stem, _ in found})
    if len(stems) > 1:
        raise DataError(
            f"{folder} holds IDX files of {len(stems)} data sets: {', '.join(s or 'unnamed' for s in stems)}",
            "Give the two files as images,labels.",
        )
    for files in found.values():
        if len(files) == 1:
            raise DataError(
                f"{next(iter(files.values()))} has no partner in {folder}", "Add its images or labels."
            )
    return {part: (files["images"], files["labels"]) for (_, part), files in found.items()}


def load_folder(folder: Path) -> Dataset:
    """Load a folder of IDX files, train and t10k (or test) where both are there.

    Raises
    ------
    DataError
        See `read_idx` and `find_pairs`; or the numbers of images and labels differ.
    """
    pairs = find_pairs(folder)
    parts = [read_pair(*pairs[part]) for part in ("train", "test") if part in pairs]
    if len({images.shape[1:] for images, _ in parts}) > 1:
        raise DataError(
            f"the training and test images of {folder} differ in size: "
            f"{_times(parts[0][0].shape[1:])} and {_times(parts[1][0].shape[1:])}",
            "They do not belong together: fetch both again.",
        )
    codes, classes = encode_labels(np.concatenate([labels for _, labels in parts]), name=folder.name)
    return Dataset(
        images=to_images(np.concatenate([images for images, _ in parts]), name=folder.name),
        labels=codes,
        classes=classes,
        name=folder.resolve().name,
        source=str(folder),
        n_train=len(parts[0][1]) if len(parts) == 2 else None,
        notes=_official(*parts[0]) if "train" in pairs else (),
    )


def load_pair(images: Path, labels: Path) -> Dataset:
    """Load one file of images and one of labels.

    Raises
    ------
    DataError
        See `read_idx`; or the numbers of images and labels differ.
    """
    pixels, values = read_pair(images, labels)
    codes, classes = encode_labels(values, name=labels.name)
    name = re.sub(r"[-_.]?(images|idx).*$", "", images.name) or images.stem
    return Dataset(to_images(pixels, name=images.name), codes, classes, name=name, source=str(images))


def read_pair(images: Path, labels: Path) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Read images (n, …) and labels (n,) and see that they belong together.

    Raises
    ------
    DataError
        See `read_idx`; or they are swapped, or their numbers differ.
    """
    values, pixels = read_idx(labels), read_idx(images)
    if values.ndim != 1:
        raise DataError(f"{labels} does not hold labels: it has {values.ndim} dimensions", "Expected one.")
    if pixels.ndim < 2:
        raise DataError(f"{images} does not hold images: it has one dimension", "Expected three.")
    if len(pixels) != len(values):
        raise DataError(
            f"{images} holds {len(pixels):,} images but {labels} {len(values):,} labels",
            "They do not belong together.",
        )
    return pixels, values


def _official(images: npt.NDArray[Any], labels: npt.NDArray[Any]) -> tuple[str, ...]:
    """Say so where MNIST's own training labels come with other pixels than the official ones."""
    import hashlib
    import struct

    if images.shape != (60_000, 28, 28) or images.dtype != np.uint8:
        return ()
    head = struct.pack(">II", 0x801, 60_000)
    if hashlib.sha256(head + labels.tobytes()).hexdigest() != MNIST_LABELS:
        return ()
    sha = hashlib.sha256(struct.pack(">IIII", 0x803, 60_000, 28, 28))
    sha.update(images.data)
    if sha.hexdigest() == MNIST_IMAGES:
        return ()
    return ("The labels are MNIST's, but the training images are not byte for byte the official ones.",)
