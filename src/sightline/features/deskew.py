"""Deskew: straighten slanted writing by the second moments of its ink."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sightline.engine.threads import ThreadTeam, blocks
from sightline.errors import UsageError
from sightline.features.images import DTYPES, Shape, as_images, border, float_type, resolve_shape

Floats = npt.NDArray[Any]
BLOCK = 128
STEEPEST = 1.0
"""Most columns that a row may be moved against the next one: beyond 45° it is no longer a slant."""


class Geometry(NamedTuple):
    """How far each row of each image is moved: `whole` (n, h) columns and `part` (n, h) of one, in [0, 1)."""

    whole: npt.NDArray[np.int64]
    part: Floats


class Deskew(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    r"""Shear each image until its ink stands upright, and put it in the middle.

    With ink a = |x − background|, its centre (μ_r, μ_c) and central moments m_rr, m_rc, the slant is
    s = m_rc / m_rr columns a row. Row r of the result reads the image at column c + s (r − μ_r) + μ_c −
    (width − 1)/2, between two pixels in proportion. For a given image this is linear in its pixels.

    Parameters
    ----------
    shape : (height, width[, 3]) or None
        None takes a grey square, else a colour square, else one row of pixels.
    strength : float in 0…1, default 1.0
        How much of the slant is taken out.
    centre : bool, default True
        Move the centre of the ink to the middle column.

    Attributes
    ----------
    shape_ : tuple
    background_ : float
        Median intensity of the border over the images of the fit; what is moved in from outside has it.

    Notes
    -----
    Source: LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition, 1998.
    Law: a sheared copy of an upright image gives the upright image back, but for interpolation.
    """

    def __init__(self, shape: Shape | None = None, *, strength: float = 1.0, centre: bool = True) -> None:
        self.shape = shape
        self.strength = strength
        self.centre = centre

    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:
        """Learn the background.

        Raises
        ------
        UsageError
            `strength` is not within 0…1, or `shape` does not fit the rows.
        """
        if not 0 <= self.strength <= 1:
            raise UsageError(f"a strength of {self.strength!r} is not within 0…1")
        rows = validate_data(self, X, dtype=DTYPES)
        self.shape_ = resolve_shape(self.shape, rows.shape[1])
        images = as_images(rows[:: max(1, len(rows) // 2000)], self.shape_)
        self.background_ = float(np.median(border(images)))
        return self

    def transform(self, X: npt.ArrayLike) -> Floats:
        """(n, d) rows to (n, d) rows of straightened images; float64 stays, the rest becomes float32."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=DTYPES, reset=False)
        out = np.empty(rows.shape, dtype=float_type(rows.dtype))
        team = ThreadTeam(*rows.shape)

        def part(slab: slice) -> None:
            for block in blocks(slab, BLOCK):
                images = as_images(rows[block].astype(out.dtype), self.shape_)
                moved = _move(images, self._geometry(images), self.background_)
                out[block] = moved.reshape(len(moved), -1)

        team.map(part)
        team.close()
        return out

    def geometry(self, x: Floats) -> Geometry:
        """How far the rows of one image (d,) are moved."""
        return self._geometry(as_images(x[None].astype(float_type(x.dtype)), self.shape_))

    def adjoint(self, geometry: Geometry, W: Floats) -> Floats:
        """Take weights (R, d) on the straightened image back to the pixels they read: A*, (R, d)."""
        images = as_images(W, self.shape_)
        whole = np.repeat(geometry.whole, len(W), axis=0)
        part = np.repeat(geometry.part, len(W), axis=0)[:, :, None, None]
        back = _read(images, -whole, 0.0) * (1 - part) + _read(images, -whole - 1, 0.0) * part
        result: Floats = back.reshape(len(W), -1)
        return result

    def constant(self, geometry: Geometry) -> Floats:
        """What comes in from outside, (d,): the straightened image is A x + constant."""
        pixels = int(np.prod(self.shape_))
        inside = _move(as_images(np.ones((1, pixels)), self.shape_), geometry, 0.0)
        result: Floats = self.background_ * (1 - inside.reshape(-1))
        return result

    def _geometry(self, images: Floats) -> Geometry:
        ink = np.abs(images.mean(axis=3) - images.dtype.type(self.background_)).astype(np.float64)
        _, height, width = ink.shape
        r, c = np.arange(height), np.arange(width)
        total = ink.sum(axis=(1, 2))
        mass = np.where(total > 0, total, 1)
        by_row = ink.sum(axis=2)
        row = np.where(total > 0, by_row @ r / mass, (height - 1) / 2)
        column = np.where(total > 0, ink.sum(axis=1) @ c / mass, (width - 1) / 2)
        from_row = r - row[:, None]
        upright = (by_row * from_row**2).sum(axis=1) / mass
        slanted = ((ink @ c - by_row * column[:, None]) * from_row).sum(axis=1) / mass
        slant = np.where(upright > 1e-9, slanted / np.maximum(upright, 1e-9), 0)
        slant = self.strength * np.clip(slant, -STEEPEST, STEEPEST)
        shift = slant[:, None] * from_row
        if self.centre:
            shift += (column - (width - 1) / 2)[:, None]
        shift = np.round(shift, 6)  # a centred image stays as it is, to the last bit
        whole = np.floor(shift)
        return Geometry(whole.astype(np.int64), (shift - whole).astype(images.dtype))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _move(images: Floats, geometry: Geometry, outside: float) -> Floats:
    left = _read(images, geometry.whole, outside)
    right = _read(images, geometry.whole + 1, outside)
    result: Floats = left + (right - left) * geometry.part[:, :, None, None]
    return result


def _read(images: Floats, shift: npt.NDArray[np.int64], outside: float) -> Floats:
    """Every row r of image i (n, h, w, channels) moved by shift[i, r] whole columns."""
    width = images.shape[2]
    column = np.arange(width) + shift[:, :, None]
    beyond = (column < 0) | (column >= width)
    read = np.take_along_axis(images, np.clip(column, 0, width - 1)[..., None], axis=2)
    read[beyond] = outside
    return read
