"""One size for all images: fit each into the frame, keep its proportions, pad the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sightline.dataset import Dataset
from sightline.errors import UsageError

if TYPE_CHECKING:
    from PIL import Image

Size = int | str | tuple[int, int] | None
LARGEST_SIDE = 4096
CAP = 64
KEEP_UP_TO = 256 * 256


def parse_size(size: Size) -> tuple[int, int] | None:
    """Return (height, width) of ``64``, ``"64"``, ``"48x64"`` (height × width) or ``(48, 64)``.

    Raises
    ------
    UsageError
        It is none of these, or a side is not within 1…4096.
    """
    if size is None:
        return None
    sides: Sequence[Any] = (size,) if isinstance(size, int) else size
    if isinstance(size, str):
        match = re.fullmatch(r"\s*(\d{1,6})(?:\s*[x×,]\s*(\d{1,6}))?\s*", size, re.IGNORECASE)
        sides = [side for side in match.groups() if side is not None] if match else ()
    if len(sides) in (1, 2):
        height, width = int(sides[0]), int(sides[-1])
        if 1 <= height <= LARGEST_SIDE and 1 <= width <= LARGEST_SIDE:
            return height, width
    raise UsageError(
        f"a size of {size!r} is not possible",
        f"Give 64 or 48x64 (height × width), each side 1…{LARGEST_SIDE}.",
    )


def default_size(sizes: npt.NDArray[np.int64]) -> tuple[int, int]:
    """Choose a size for images of (n, 2) heights and widths.

    Their own, where all share one of at most 256 × 256 pixels. Otherwise a square whose side is the median of
    their longer sides, at most 64: a linear classifier has one weight per pixel and class, and beyond 64 × 64
    more weights tell it less, not more.
    """
    if (sizes == sizes[0]).all() and int(sizes[0].prod()) <= KEEP_UP_TO:
        return int(sizes[0, 0]), int(sizes[0, 1])
    side = min(CAP, max(1, round(float(np.median(sizes.max(axis=1))))))
    return side, side


def fit_and_pad(image: Image.Image, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Scale an L or RGB image into (height, width), proportions kept; pad with the median of its own border.

    Black bars would be a strong, false signal around dark strokes on white paper, and white ones around
    strokes on black; the border's median is the background where there is one.
    """
    from PIL import Image as pil

    height, width = size
    if image.size == (width, height):
        return np.asarray(image)
    scale = min(height / image.height, width / image.width)
    inner = max(1, min(width, round(image.width * scale))), max(1, min(height, round(image.height * scale)))
    method = pil.Resampling.LANCZOS if scale < 1 else pil.Resampling.BICUBIC
    pixels = np.asarray(image.resize(inner, method, reducing_gap=2.0 if scale < 1 else None))
    if pixels.shape[:2] == size:
        return pixels
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    framed = np.empty((height, width, *pixels.shape[2:]), np.uint8)
    framed[:] = np.median(border, axis=0).astype(np.uint8)
    top, left = (height - inner[1]) // 2, (width - inner[0]) // 2
    framed[top : top + inner[1], left : left + inner[0]] = pixels
    return framed


def resized(dataset: Dataset, size: Size) -> Dataset:
    """Return the data set with all its images fitted into `size`; the same one if they have it already."""
    from PIL import Image

    wanted = parse_size(size)
    if wanted is None or wanted == (dataset.height, dataset.width):
        return dataset
    images = np.empty((len(dataset), *wanted, *dataset.images.shape[3:]), np.uint8)
    for i, image in enumerate(dataset.images):
        images[i] = fit_and_pad(Image.fromarray(image), wanted)
    return replace(dataset, images=images)
