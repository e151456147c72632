"""Headers of NPY files from anywhere: what they promise is not believed before it is seen to be possible."""

from __future__ import annotations

import io
import warnings
from typing import IO, Any

import numpy as np

HEADER = 1024
"""Most bytes of an NPY file's header; plain arrays have 118. A wrong long one takes NumPy seconds."""


def read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read the header of an NPY file: shape, whether columns come first, and kind of number.

    Raises
    ------
    ValueError, and whatever NumPy raises on damaged ones
        It is none. A length that lies is not believed: nothing is made ready for it.
    """
    start = file.read(8)
    if start[:6] != b"\x93NUMPY" or start[6:] not in (b"\1\0", b"\2\0", b"\3\0"):
        raise ValueError("it does not begin as NPY files do")
    size = file.read(2 if start[6] == 1 else 4)
    length = int.from_bytes(size, "little")
    if length > HEADER:
        raise ValueError(f"a header of {length:,} bytes")
    header = io.BytesIO(size + file.read(length))
    read = np.lib.format.read_array_header_1_0 if start[6] == 1 else np.lib.format.read_array_header_2_0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # NumPy's remark on headers that Python 2 wrote
        shape, fortran, dtype = read(header)
    if dtype.itemsize == 0 or min(shape, default=0) < 0:
        raise ValueError(f"an impossible array: {dtype} of shape {shape}")
    return shape, fortran, dtype
