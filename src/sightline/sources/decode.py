"""One image file to pixels, suspiciously: the header is judged before anything is decoded.

Pillow is given an open file, never a path: of a path it maps uncompressed grey images into memory, and then
a TIFF that lies on its side comes out scrambled, and a file that shrinks meanwhile kills the process.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, TiffImagePlugin, UnidentifiedImageError

from sightline.sources.fit import fit_and_pad

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "DIB", "TIFF", "GIF")
MAX_PIXELS = 50_000_000
AT_A_TIME = 60_000_000
"""Most pixels of all images that are decoded at the same time, by however many threads."""

RUNS = 4_000_000
"""Most pixels of a BMP in runs: Pillow fills them in one by one, seconds for a file of a kilobyte."""

STRIP = 1 << 20
"""Pixels that are worked on together where an image takes several steps."""

EXIF_ORIENTATION = 0x0112
TIFF_WIDTH, TIFF_HEIGHT = 256, 257
GREY_MODES = ("1", "L", "LA", "La", "I", "F", "I;16", "I;16B", "I;16L", "I;16N")
UNREADABLE = (
    AssertionError,  # of Pillow, about palettes
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    AttributeError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What Pillow's decoders raise on damaged files, MemoryError on absurd ones."""

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class _Room:
    """Room for a number of pixels, shared by all threads."""

    def __init__(self, most: int) -> None:
        self._most, self._left, self._changed = most, most, threading.Condition()

    @contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        """Wait until there is room, and keep it during the ``with`` block."""
        wanted = min(pixels, self._most)
        with self._changed:
            self._changed.wait_for(lambda: self._left >= wanted)
            self._left -= wanted
        try:
            yield
        finally:
            with self._changed:
                self._left += wanted
                self._changed.notify_all()


_room = _Room(AT_A_TIME)


class _Held(io.BufferedReader):
    """A regular file that is asked for no more than it holds: a length that lies would have gigabytes made ready."""

    def __init__(self, path: Path) -> None:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for who writes into it
            raise OSError("not a regular file")
        super().__init__(io.FileIO(path))

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes."""
        if size is not None and size > STRIP:
            size = min(size, max(0, os.fstat(self.fileno()).st_size - self.tell()))
        return super().read(size)


@dataclass(frozen=True, slots=True)
class Header:
    """What an image file says of itself: its sides as seen (EXIF respected), and whether it is grey."""

    height: int
    width: int
    grey: bool


def read_header(path: Path) -> Header | str:
    """Return the header of an image file, or why it cannot be read."""
    try:
        with _Held(path) as file, Image.open(file, formats=FORMATS) as image:
            width, height = _stored_size(image)
            if width * height > MAX_PIXELS:
                return f"{width:,}×{height:,} pixels are more than {MAX_PIXELS // 1_000_000} million"
            if width * height > RUNS and _in_runs(image):
                return f"a run-length encoded BMP of more than {RUNS // 1_000_000} million pixels"
            if _orientation(image) >= 5:
                width, height = height, width
            return Header(height, width, image.mode in GREY_MODES)
    except Image.DecompressionBombError:
        return f"more than {MAX_PIXELS // 1_000_000} million pixels"
    except UnidentifiedImageError:
        return "not an image" if path.stat().st_size else "empty file"
    except UNREADABLE as error:
        return _reason(error)


def read_pixels(path: Path, size: tuple[int, int], grey: bool) -> npt.NDArray[np.uint8] | str:
    """Return the first frame as (height, width) or (height, width, 3), fitted into `size`, or why not.

    EXIF orientation is applied. Transparency is laid on white, the colour of the page most drawings were
    made for. Sixteen-bit intensities are scaled to 0…255.
    """
    try:
        with _Held(path) as file, Image.open(file, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                return f"more than {MAX_PIXELS // 1_000_000} million pixels"
            if image.width * image.height > RUNS and _in_runs(image):
                return f"a run-length encoded BMP of more than {RUNS // 1_000_000} million pixels"
            if image.format in ("JPEG", "MPO") and max(image.size) > 4 * max(size):
                image.draft(None, (2 * max(size), 2 * max(size)))  # decode at a fraction of the size
            with _room.taken(image.width * image.height):
                flat = _flatten(image, "L" if grey else "RGB")
                turn = TURNS.get(
                    _orientation(image)
                )  # asked now: Pillow turns a TIFF itself while decoding it
                return fit_and_pad(flat.transpose(turn) if turn is not None else flat, size)
    except UNREADABLE as error:
        return _reason(error)


def _stored_size(image: Image.Image) -> tuple[int, int]:
    """Width and height as stored; only some versions of Pillow give those of a TIFF already turned."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return int(image.tag_v2[TIFF_WIDTH]), int(image.tag_v2[TIFF_HEIGHT])
    return image.size


def _in_runs(image: Image.Image) -> bool:
    return any(tile[0] == "bmp_rle" for tile in getattr(image, "tile", ()))


def _orientation(image: Image.Image) -> int:
    if image.format not in ("JPEG", "MPO", "TIFF", "WEBP", "PNG"):
        return 1
    if image.format == "PNG" and "exif" not in image.info:  # asking further would decode the whole file
        return 1
    try:
        return int(image.getexif().get(EXIF_ORIENTATION, 1))
    except UNREADABLE:  # broken metadata do not make an image unreadable
        return 1


def _flatten(image: Image.Image, mode: str) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return _from_wide(image).convert(mode)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        image.load()
        flat = Image.new(mode, image.size)
        for box in _strips(image):
            seen = image.crop(box).convert("RGBA")
            page = Image.new("RGBA", seen.size, (255, 255, 255, 255))
            page.alpha_composite(seen)
            flat.paste(page.convert(mode), box)
        return flat
    return image if image.mode == mode and _loaded(image) else image.convert(mode)


def _strips(image: Image.Image) -> Iterator[tuple[int, int, int, int]]:
    """Boxes of whole rows, one below the other: steps on the way would take several times the memory at once."""
    rows = max(1, STRIP // image.width)
    for top in range(0, image.height, rows):
        yield 0, top, image.width, min(top + rows, image.height)


def _loaded(image: Image.Image) -> bool:
    image.load()
    return True


def _from_wide(image: Image.Image) -> Image.Image:
    """Scale 16-bit whole numbers or real numbers to 0…255; Pillow itself would cut them off at 255."""
    values = np.asarray(image)
    low, most = float(values.min()), float(values.max())  # NaN spreads to both
    if not (low >= 0 and most <= 65535):
        raise ValueError(f"intensities run from {low:g} to {most:g}")
    high = 1.0 if image.mode == "F" and most <= 1 else 255.0
    if image.mode.startswith("I;16") or most > 255:
        high = 65535.0
    flat = np.empty(values.shape, np.uint8)
    for _, top, _, below in _strips(image):
        flat[top:below] = np.rint(values[top:below].astype(np.float64) * (255.0 / high))
    return Image.fromarray(flat)


def _reason(error: BaseException) -> str:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return text if len(text) < 100 else text[:97] + "…"
