"""A photo from outside: read with suspicion, laid out as ink, and framed as the training images were."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sightline.errors import DataError
from sightline.sources.decode import read_header, read_pixels
from sightline.sources.fit import fit_and_pad
from sightline.studio.framing import frame
from sightline.studio.packet import packed
from sightline.studio.wire import Framing, UploadSummary

Pixels = npt.NDArray[np.uint8]
MOST_BYTES, MOST_PIXELS = 20 << 20, 50_000_000
PAD = 280
"""Longest side of what is given back."""

PAPER, PEN = 0.15, 0.75
"""Shares of the contrast below which all is paper, and above which all is ink."""

_one_at_a_time = threading.Lock()


def read_upload(body: bytes, framing: Framing) -> bytes:
    """Read an image file.

    Parameters
    ----------
    body : bytes of a PNG, JPEG, GIF, BMP, WebP or TIFF file
    framing : Framing

    Returns
    -------
    bytes
        Packet with `pad` and `image`.

    Raises
    ------
    DataError
        It cannot be read as an image, or has too many pixels; nothing is decoded then.
    """
    grey = framing.channels == 1
    with _one_at_a_time, tempfile.TemporaryDirectory(prefix="sightline-") as folder:
        path = Path(folder, "upload")
        path.write_bytes(body)
        header = read_header(path)
        if isinstance(header, str):
            raise DataError(f"the file cannot be read as an image ({header})", "Send a PNG or JPEG file.")
        if header.height * header.width > MOST_PIXELS:
            raise DataError(
                f"{header.width:,}×{header.height:,} pixels are too many", "Send a smaller image."
            )
        scale = min(1.0, PAD / max(header.height, header.width))
        size = max(1, round(header.height * scale)), max(1, round(header.width * scale))
        pixels = read_pixels(path, size, grey)
    if isinstance(pixels, str):
        raise DataError(f"the file cannot be read as an image ({pixels})", "Send a PNG or JPEG file.")
    notes = [f"{header.width:,}×{header.height:,} pixels"]
    if not framing.ink:
        from PIL import Image

        image = fit_and_pad(Image.fromarray(pixels), (framing.height, framing.width))
        notes.append(f"fitted into {framing.width}×{framing.height}")
        return packed(UploadSummary(tuple(notes)), pad=pixels, image=image)
    pad, turned = _inked(pixels)
    notes.append("dark on light, taken as a negative" if turned else "light on dark")
    notes.append("paper made even, ink made full; scaled and moved as the training images were")
    return packed(UploadSummary(tuple(notes)), pad=pad, image=frame(pad, framing))


def _inked(pixels: Pixels) -> tuple[Pixels, bool]:
    """Ink bright on 0, whatever the paper; whether it was dark on light.

    Paper in a photo is uneven: its brightness is taken to be that of the median around each place, and ink is what
    departs from it, stretched to full contrast.
    """
    from scipy.ndimage import median_filter, zoom

    grey = pixels.mean(axis=2) if pixels.ndim == 3 else pixels.astype(np.float64)
    border = np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]))
    turned = bool(border > grey.mean()) if abs(border - grey.mean()) > 2 else bool(border > 127)
    step = max(1, max(grey.shape) // 40)
    coarse = median_filter(grey[::step, ::step], size=21, mode="nearest")
    scale = grey.shape[0] / coarse.shape[0], grey.shape[1] / coarse.shape[1]
    paper = zoom(coarse, scale, order=1, mode="nearest", grid_mode=True)
    depth = np.maximum(paper - grey if turned else grey - paper, 0)
    full = float(np.percentile(depth, 99.5))
    if full < 8:  # nothing but noise on paper
        return np.zeros(pixels.shape, np.uint8), turned
    share = np.clip((depth / full - PAPER) / (PEN - PAPER), 0, 1)
    ink = np.rint(share * 255).astype(np.uint8)
    return (np.repeat(ink[:, :, None], 3, axis=2) if pixels.ndim == 3 else ink), turned
