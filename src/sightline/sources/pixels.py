"""From the numbers people have to the numbers a Dataset holds: uint8 intensities and class codes 0…K−1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.dataset import ImageArray, LabelArray
from sightline.errors import DataError, UsageError

BLOCK = 4096
LONGEST = 1000
NAMES = "Give one class number or one name for each image."
UNLABELLED = "Fill them in, or leave those images out."
Shape = tuple[int, ...]


def to_images(values: npt.ArrayLike, *, shape: Shape | None = None, name: str = "data") -> ImageArray:
    """Return the intensities as uint8 images, grey or RGB.

    One rule for every number format: uint8 stays as it is, truth values become 0 and 255, whole numbers must
    lie in 0…255; real numbers are multiplied by 255 where none exceeds 1 and taken as 0…255 where one does,
    then rounded.

    Parameters
    ----------
    values : (n, d), (n, height, width), (n, height, width, 1 or 3) or (n, 1 or 3, height, width)
        Pixel intensities, one image a row.
    shape : (height, width), (height, width, 3), (3, height, width) or None
        How the d columns of flat rows are laid out; None for a square.
    name : str
        What to call the data in a message.

    Returns
    -------
    (n, height, width) or (n, height, width, 3) uint8

    Raises
    ------
    DataError
        Text, NaN, infinities, intensities outside 0…255, or columns that make no rectangle.
    """
    array = _regular(values, "pixels", name)
    if array.dtype.kind not in "buif":
        found = "text" if array.dtype.kind in "SUO" else array.dtype
        raise DataError(
            f"the pixels of '{name}' are {found}, not numbers",
            "Leave out columns of text, or name the label column with label=.",
        )
    if array.ndim < 2 or 0 in array.shape:
        raise DataError(f"'{name}' holds no images: its pixels have shape {array.shape}", "Give one or more.")
    return _arrange(_bytes(array, name), shape, name)


def _regular(values: npt.ArrayLike, what: str, name: str) -> npt.NDArray[Any]:
    try:
        return np.asarray(values)
    except ValueError as error:  # lists of different lengths
        raise DataError(
            f"the {what} of '{name}' make no array: they are not all of one length",
            "Give rows of one length.",
        ) from error


def _bytes(array: npt.NDArray[Any], name: str) -> ImageArray:
    """Convert the numbers to uint8 block by block, so that 8-byte reals never need a second full copy."""
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    low, high = array.min(), array.max()  # NaN spreads to both
    if not (np.isfinite(low) and np.isfinite(high)):
        raise DataError(
            f"the pixels of '{name}' contain {_kinds_of_hole(array)}",
            "Every pixel needs an intensity: fill the gaps (0 is black) or drop those images.",
        )
    if low < 0 or high > 255:
        raise DataError(
            f"the pixels of '{name}' run from {low:g} to {high:g}",
            "Expected intensities 0…255, or real numbers 0…1: shift and scale them first.",
        )
    if array.dtype.kind in "ui":
        return array.astype(np.uint8)
    factor = 255.0 if high <= 1 else 1.0
    out = np.empty(array.shape, np.uint8)
    for start in range(0, len(array), BLOCK):
        out[start : start + BLOCK] = np.rint(array[start : start + BLOCK] * factor)
    return out


def _kinds_of_hole(array: npt.NDArray[Any]) -> str:
    counts = {"NaN": int(np.isnan(array).sum()), "infinite values": int(np.isinf(array).sum())}
    return " and ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)


def _arrange(array: ImageArray, shape: Shape | None, name: str) -> ImageArray:
    """Give flat rows their height and width, and put channels last."""
    if array.ndim == 2:
        return _unflatten(array, shape, name)
    if array.ndim == 4 and array.shape[1] in (1, 3) and array.shape[3] not in (1, 3):
        array = np.ascontiguousarray(np.moveaxis(array, 1, 3))
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if array.ndim not in (3, 4) or (array.ndim == 4 and array.shape[3] != 3):
        raise DataError(
            f"the pixels of '{name}' have shape {array.shape}",
            "Expected (n, columns), (n, height, width) or (n, height, width, 3).",
        )
    if shape is not None and tuple(shape) != array.shape[1:]:
        raise UsageError(
            f"the images of '{name}' are {array.shape[1:]}, not shape={tuple(shape)}",
            "Leave shape= out, or resize them with size=.",
        )
    return array


def _unflatten(rows: ImageArray, shape: Shape | None, name: str) -> ImageArray:
    n, d = rows.shape
    if shape is None:
        shape = _guess_shape(d, name)
    sides = tuple(int(side) for side in shape)
    if len(sides) not in (2, 3) or min(sides) < 1 or (len(sides) == 3 and 3 not in (sides[0], sides[2])):
        raise UsageError(
            f"shape={shape} is not the shape of an image",
            "Give (height, width), (height, width, 3) or (3, height, width).",
        )
    if len(sides) == 2 and d == 3 * sides[0] * sides[1]:
        sides = _colour_layout(rows, sides)
    if int(np.prod(sides)) != d:
        raise DataError(
            f"'{name}' has {d} pixel columns, not the {np.prod(sides)} of {'×'.join(map(str, sides))} images",
            "Give the true shape=(height, width), or name the label column with label=.",
        )
    images = rows.reshape(n, *sides)
    planar = len(sides) == 3 and sides[2] != 3
    return np.ascontiguousarray(np.moveaxis(images, 1, 3)) if planar else images


def _guess_shape(d: int, name: str) -> tuple[int, int]:
    side = isqrt(d)
    if side * side == d:
        return side, side
    if d % 3 == 0 and isqrt(d // 3) ** 2 == d // 3:
        return isqrt(d // 3), isqrt(d // 3)
    raise DataError(
        f"'{name}' has {d} pixel columns, which is neither a square nor three",
        "Give shape=(height, width), or name the label column with label=.",
    )


def _colour_layout(rows: ImageArray, sides: tuple[int, ...]) -> tuple[int, int, int]:
    """Tell rows that hold three planes (all red, all green, all blue) from rows of RGB triples.

    The pixel below lies `width` columns on in a plane and 3·`width` columns on among triples. Neighbours
    resemble each other, so the distance with the smaller mean difference is the true one.
    """
    height, width = sides
    some = rows[:512].astype(np.int16)
    below_in_plane = np.abs(some[:, width:] - some[:, :-width]).mean()
    below_in_triples = np.abs(some[:, 3 * width :] - some[:, : -3 * width]).mean() if height > 1 else np.inf
    return (3, height, width) if below_in_plane < below_in_triples else (height, width, 3)


def encode_labels(
    labels: npt.ArrayLike, *, classes: Sequence[str] | None = None, name: str = "data"
) -> tuple[LabelArray, tuple[str, ...]]:
    """Number the classes: by value if they are numbers, else by name ("2" before "10").

    Parameters
    ----------
    labels : (n,) or (n, 1) numbers or text, or (n, K) one-hot
        The class of each image.
    classes : K names, optional
        Then numeric labels are indices into them, and text must be among them.
    name : str
        What to call the data in a message.

    Returns
    -------
    codes : (n,) int64, 0…K−1
    names : tuple of K str

    Raises
    ------
    DataError
        Missing or fractional labels, labels that `classes` does not name, or labels of a wrong shape.
    """
    array = _regular(labels, "labels", name)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2 and array.dtype.kind in "buif" and bool(((array != 0).sum(axis=1) == 1).all()):
        array = array.argmax(axis=1)
    if array.ndim != 1:
        raise DataError(f"the labels of '{name}' have shape {array.shape}", "Expected one label per image.")
    values = _plain(array, name)
    if classes is not None:
        return _codes_of(values, tuple(str(c) for c in classes), name)
    found, codes = np.unique(values, return_inverse=True)
    order = np.array(sorted(range(len(found)), key=lambda k: natural_key(str(found[k]))), dtype=np.int64)
    if values.dtype.kind in "iu":
        order = np.arange(len(found))
    rank = np.empty(len(found), np.int64)
    rank[order] = np.arange(len(found))
    return rank[codes], tuple(str(found[k]) for k in order)


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sorting key under which '2' comes before '10' and 'img2' before 'img10'."""
    pieces: list[tuple[int, int, str]] = []
    for is_digit, run in _runs(text):
        number = run.lstrip(
            "0"
        )  # of two the longer is the larger one; Python refuses to convert very long ones
        pieces.append(
            (0, len(number), f"{number}\0{run}") if is_digit else (1, 0, f"{run.casefold()}\0{run}")
        )
    return tuple(pieces)


def _runs(text: str) -> list[tuple[bool, str]]:
    from itertools import groupby

    return [(digit, "".join(run)) for digit, run in groupby(text, key=lambda c: c.isascii() and c.isdigit())]


def _plain(array: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    """Return the labels as int64 or str; refuse gaps and fractions."""
    if array.dtype.kind == "f":
        if not np.isfinite(array).all():
            lacking = int((~np.isfinite(array)).sum())
            raise DataError(f"'{name}' has no label for {lacking:,} of {len(array):,} images", UNLABELLED)
        if (array != np.rint(array)).any():
            raise DataError(
                f"the labels of '{name}' are fractions such as {array[array != np.rint(array)][0]:g}",
                "Expected classes; name the label column with label= if this is a column of pixels.",
            )
        return array.astype(np.int64)
    if array.dtype.kind in "bui":
        return array.astype(np.int64)
    if array.dtype.kind not in "SUOMm":
        raise DataError(f"the labels of '{name}' are {array.dtype}, neither numbers nor text", NAMES)
    if array.dtype.kind == "S":
        return np.char.decode(array, "utf-8", "replace")
    labels = array.tolist()
    odd = next((one for one in labels if isinstance(one, (list, tuple, dict, set, np.ndarray))), None)
    if odd is not None:
        raise DataError(f"the labels of '{name}' are no names: one is a {type(odd).__name__}", NAMES)
    missing = [i for i, label in enumerate(labels) if label is None or label != label]
    if missing:
        raise DataError(
            f"'{name}' has no label for {len(missing):,} of {len(labels):,} images, the first row {missing[0] + 1}",
            UNLABELLED,
        )
    see_names(labels, name)
    return array.astype(str)


def see_names(labels: Iterable[Any], name: str) -> None:
    """See that labels are no longer than names are: an array of text gives every row the room of the longest.

    Raises
    ------
    DataError
        One is.
    """
    longest = max((len(label) for label in labels if isinstance(label, (str, bytes))), default=0)
    if longest > LONGEST:
        raise DataError(
            f"a label of '{name}' is {longest:,} characters long",
            f"Names of classes have at most {LONGEST:,}; name the label column with label= if this is not it.",
        )


def _codes_of(
    values: npt.NDArray[Any], classes: tuple[str, ...], name: str
) -> tuple[LabelArray, tuple[str, ...]]:
    if values.dtype.kind in "iu":
        if len(values) and not 0 <= values.min() <= values.max() < len(classes):
            raise DataError(
                f"the labels of '{name}' run from {values.min()} to {values.max()}",
                f"With {len(classes)} class names they must lie in 0…{len(classes) - 1}.",
            )
        return values.astype(np.int64), classes
    unknown = sorted(set(values.tolist()) - set(classes))
    if unknown:
        raise DataError(
            f"'{name}' has labels that are not among its classes: {', '.join(unknown[:5])}",
            f"Its classes are {', '.join(classes[:20])}.",
        )
    index = {label: k for k, label in enumerate(classes)}
    return np.array([index[label] for label in values.tolist()], dtype=np.int64), classes
