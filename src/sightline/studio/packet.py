"""Packets: one JSON value and named arrays in one run of bytes, laid out so that a page views them without a copy.

bytes 0–3   "SLP1"
bytes 4–7   H, uint32 little endian, a multiple of 8
8 … 8+H     {"value": …, "arrays": [{"name", "dtype", "shape", "offset"}]}, UTF-8, padded with spaces
from 8+H    the arrays, little endian, C order, each at a multiple of 8
"""

from __future__ import annotations

import dataclasses
import json
import math
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.errors import DataError

MAGIC = b"SLP1"
DTYPES = {"uint8": "u1", "uint16": "<u2", "uint32": "<u4", "int32": "<i4", "float32": "<f4"}
Array = npt.NDArray[Any]


def plain(value: Any) -> Any:
    """Records, tuples and numbers as JSON knows them; what is not finite becomes None."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def to_json(value: Any) -> bytes:
    """A record as JSON."""
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def packed(value: Any, **arrays: Array) -> bytes:
    """Pack a record and arrays.

    Parameters
    ----------
    value : record of `wire`, or None
    **arrays : of uint8, uint16, uint32, int32 or float32

    Notes
    -----
    Law: ``unpacked(packed(value, **arrays))`` gives back `plain(value)` and the arrays, bit for bit.
    """
    table, parts, offset = [], [], 0
    for name, array in arrays.items():
        content = np.ascontiguousarray(array, dtype=DTYPES[array.dtype.name]).tobytes()
        table.append({"name": name, "dtype": array.dtype.name, "shape": list(array.shape), "offset": offset})
        gap = -len(content) % 8
        parts += [content, b"\0" * gap]
        offset += len(content) + gap
    header = to_json({"value": value, "arrays": table})
    header += b" " * (-len(header) % 8)
    return b"".join([MAGIC, struct.pack("<I", len(header)), header, *parts])


def unpacked(content: bytes) -> tuple[Any, dict[str, Array]]:
    """Return the value and the arrays (views) of a packet.

    Raises
    ------
    DataError
        It is no packet, or is cut off.
    """
    try:
        if content[:4] != MAGIC:
            raise ValueError("it does not begin with SLP1")  # noqa: TRY301 - one message for all of them
        (length,) = struct.unpack("<I", content[4:8])
        header = json.loads(content[8 : 8 + length])
        arrays = {
            str(one["name"]): np.frombuffer(
                content, DTYPES[one["dtype"]], math.prod(one["shape"]), 8 + length + one["offset"]
            ).reshape(one["shape"])
            for one in header["arrays"]
        }
        return header["value"], arrays
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise DataError(f"these bytes are no packet ({error})", "See web/API.md.") from error


def codes(values: npt.ArrayLike, n_classes: int) -> Array:
    """Class numbers in the narrowest type: uint8, or uint16 beyond 250 classes."""
    return np.asarray(values).astype(np.uint8 if n_classes <= 250 else np.uint16)


def singles(values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Numbers as float32."""
    return np.asarray(values, dtype=np.float32)
