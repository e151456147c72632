"""How much a packed file may become: kilobytes that unpack to all of the memory are an attack, or an accident."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

from sightline.errors import DataError

FREE = 128 << 20
"""Bytes that any file may unpack to."""

TIMES = 200
"""How many times its own size a larger one may; images of digits become 5 to 40 times as large."""


def most_unpacked(packed: int) -> int:
    """Most bytes that a file of `packed` bytes is unpacked to."""
    return max(FREE, TIMES * packed)


def see_unpacked(size: int, packed: int, where: object) -> None:
    """See that `size` bytes are not too many for a file of `packed` bytes.

    Raises
    ------
    DataError
        They are.
    """
    if size > most_unpacked(packed):
        raise DataError(
            f"{where} of {packed:,} bytes unpacks to more than {most_unpacked(packed):,}",
            "That is what a decompression bomb does. If you trust it, unpack it yourself and give what comes out.",
        )


class Unpacked(gzip.GzipFile):
    """What is in a gzip file, read no further than `most_unpacked` allows.

    Raises
    ------
    DataError
        While it is read: it becomes too large.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        self._where, self._packed = path, path.stat().st_size

    def read(self, size: int | None = -1) -> bytes:
        """The next `size` bytes, or all that follow."""
        if size is None or size < 0:
            whole = io.BytesIO()
            while piece := self.read(1 << 20):
                whole.write(piece)
            return whole.getvalue()
        piece = super().read(size)
        see_unpacked(self.tell(), self._packed, self._where)
        return piece
