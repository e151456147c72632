"""From a drawing to the frame that the training images were put in: size and centre, as measured on them.

Digits of MNIST were scaled into 20×20 pixels and moved so that their centre of mass is in the middle of 28×28; a
model that learned from those misreads a drawing that fills the frame. `measure` finds out what was done, `frame` does
it again. The page does the same in TypeScript; both agree on `tests/golden/framing.json`.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sightline.intake import AGREED, NEAR, background_of
from sightline.studio.wire import Framing

Pixels = npt.NDArray[np.uint8]
Doubles = npt.NDArray[np.float64]
SAMPLE = 1000
THRESHOLD = 25
HALF = 0.5 + 1e-9
"""Of means over cells many end in a half; which side of it their last digit lies on must not decide."""
LARGE = 95
"""Percentile of the sides of the ink that is taken for the frame: a few blots do not widen it."""


def measure(images: Pixels) -> Framing:
    """Find out how training images were framed.

    Parameters
    ----------
    images : (n, h, w[, 3]) uint8

    Returns
    -------
    Framing
        `ink` only where the borders of most images have the same, nearly black or nearly white intensity.
    """
    height, width = images.shape[1:3]
    some = images[:: max(1, len(images) // SAMPLE)]
    ground = background_of(some)
    negative = ground["intensity"] > 127
    depth = 255 - ground["intensity"] if negative else ground["intensity"]
    ink = (255 - some if negative else some).astype(np.float64)
    flat = ink.sum(axis=3) / 3 if ink.ndim == 4 else ink
    found = [one for one in flat if (one > THRESHOLD).any()]
    known = ground["share"] >= AGREED and depth < NEAR and len(found) > 0
    boxes = [_box(one) for one in found] if known else [(0, height, 0, width)]
    tall = float(np.percentile([bottom - top for top, bottom, _, _ in boxes], LARGE))
    wide = float(np.percentile([right - left for _, _, left, right in boxes], LARGE))
    middle = np.array([((t + b - 1) / 2, (le + r - 1) / 2) for t, b, le, r in boxes])
    mass = np.array([_mass(one) for one in found]) if known else middle
    by_mass = bool(mass.var(axis=0).sum() < middle.var(axis=0).sum())
    centre = np.median(mass if by_mass else middle, axis=0)
    return Framing(
        ink=known,
        negative=negative and known,
        height=height,
        width=width,
        channels=images.shape[3] if images.ndim == 4 else 1,
        box_height=tall,
        box_width=wide,
        centre="mass" if by_mass else "box",
        centre_row=round(float(centre[0]), 4),
        centre_column=round(float(centre[1]), 4),
        stroke=round(float(np.median([_stroke(one) for one in found])), 2) if known else 1.0,
        threshold=THRESHOLD,
    )


def frame(pad: Pixels, framing: Framing) -> Pixels:
    """Bring a drawing into the frame; the steps are numbered in web/API.md.

    Parameters
    ----------
    pad : (H, W[, 3]) uint8, ink bright on 0
    framing : Framing

    Returns
    -------
    (h, w[, 3]) uint8

    Notes
    -----
    Law: where the drawing is moved on its pad, the image stays the same.
    """
    shape = (framing.height, framing.width, 3) if framing.channels == 3 else (framing.height, framing.width)
    canvas = pad if pad.ndim == 3 else np.repeat(pad[:, :, None], framing.channels, axis=2)
    result = np.zeros((framing.height, framing.width, framing.channels))
    lit = canvas.max(axis=2) > framing.threshold
    if lit.any():
        top, bottom, left, right = _box(lit.astype(np.float64) * 255)
        crop = canvas[top:bottom, left:right].astype(np.float64)
        bh, bw = crop.shape[:2]
        s = min(framing.box_height / bh, framing.box_width / bw)
        A, B = (_areas(side, max(1, _round(side * s))) for side in (bh, bw))
        out = np.einsum("ij,jkc,lk->ilc", A, crop, B, optimize=True)
        weight = out.sum(axis=2)
        row, column = (len(A) - 1) / 2, (len(B) - 1) / 2
        if framing.centre == "mass":
            row = float(weight.sum(axis=1) @ np.arange(len(A)) / weight.sum())
            column = float(weight.sum(axis=0) @ np.arange(len(B)) / weight.sum())
        _paste(result, out, _round(framing.centre_row - row), _round(framing.centre_column - column))
    pixels = np.clip(np.floor(result + HALF), 0, 255).astype(np.uint8)
    return (255 - pixels if framing.negative else pixels).reshape(shape)


def _round(x: float) -> int:
    return math.floor(x + HALF)


def _areas(n: int, m: int) -> Doubles:
    """(m, n) share of each of n pixels in the mean over each of m cells of n/m pixels."""
    edges = np.arange(m + 1) * n / m
    j = np.arange(n)
    overlap = np.minimum(edges[1:, None], j + 1) - np.maximum(edges[:-1, None], j)
    result: Doubles = np.maximum(overlap, 0) * (m / n)
    return result


def _paste(canvas: Doubles, piece: Doubles, top: int, left: int) -> None:
    """Lay a piece on the canvas; what is outside is cut off."""
    h, w = canvas.shape[:2]
    t, b = max(0, top), min(h, top + piece.shape[0])
    le, r = max(0, left), min(w, left + piece.shape[1])
    if t < b and le < r:
        canvas[t:b, le:r] = piece[t - top : b - top, le - left : r - left]


def _box(ink: Doubles) -> tuple[int, int, int, int]:
    """First and past-the-last row and column with any ink."""
    rows = np.flatnonzero((ink > THRESHOLD).any(axis=1))
    columns = np.flatnonzero((ink > THRESHOLD).any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _mass(ink: Doubles) -> tuple[float, float]:
    total = ink.sum()
    row = float(ink.sum(axis=1) @ np.arange(len(ink)) / total)
    return row, float(ink.sum(axis=0) @ np.arange(ink.shape[1]) / total)


def _stroke(ink: Doubles) -> float:
    """Width of a long stroke: twice its area over its outline, which steps along the grid overstate by 4/π."""
    around = np.pad(ink, 1)
    outline = (np.abs(np.diff(around, axis=0)).sum() + np.abs(np.diff(around, axis=1)).sum()) * math.pi / 4
    return float(2 * ink.sum() / outline)
