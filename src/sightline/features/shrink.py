"""Shrink: fewer pixels, each the mean of a square of them."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sightline.engine.threads import single_threaded_blas
from sightline.errors import UsageError
from sightline.features.images import DTYPES, Shape, as_images, float_type, resolve_shape

Floats = npt.NDArray[Any]
BLOCK = 256


class Shrink(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    r"""x' = A x Bᵀ: means over squares of `factor` × `factor` pixels, over fewer at the right and lower edge.

    Parameters
    ----------
    shape : (height, width[, 3]) or None
        None takes a grey square, else a colour square, else one row of pixels.
    factor : int ≥ 1

    Attributes
    ----------
    shape_ : (height, width[, 3])
    small_shape_ : (⌈height / factor⌉, ⌈width / factor⌉[, 3])

    Notes
    -----
    Linear. Laws: a factor of 1 changes nothing · an even image stays as bright as it was.
    """

    def __init__(self, shape: Shape | None = None, *, factor: int = 2) -> None:
        self.shape = shape
        self.factor = factor

    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:
        """Check the images; there is nothing to learn.

        Raises
        ------
        UsageError
            `factor` is below 1, or `shape` does not fit the rows.
        """
        if self.factor < 1:
            raise UsageError(f"a factor of {self.factor!r} is below 1")
        rows = validate_data(self, X, dtype=DTYPES)
        self.shape_ = resolve_shape(self.shape, rows.shape[1])
        self.small_shape_ = shrunken(self.shape_, self.factor)
        return self

    @single_threaded_blas()
    def transform(self, X: npt.ArrayLike) -> Floats:
        """(n, d) rows to (n, d') rows of smaller images; float64 stays, the rest becomes float32."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=DTYPES, reset=False)
        out = np.empty((len(rows), int(np.prod(self.small_shape_))), float_type(rows.dtype))
        A, B = self._means(out.dtype)
        for start in range(0, len(rows), BLOCK):
            images = as_images(rows[start : start + BLOCK].astype(out.dtype, copy=False), self.shape_)
            narrow = np.matmul(B, images).reshape(len(images), A.shape[1], -1)
            out[start : start + BLOCK] = np.matmul(A, narrow).reshape(len(images), -1)
        return out

    def adjoint(self, W: Floats) -> Floats:
        """Weights (R, d') on small images taken back to the pixels, (R, d)."""
        A, B = self._means(W.dtype)
        images = as_images(W, self.small_shape_)
        back: Floats = np.einsum("ih,rijc,jw->rhwc", A, images, B, optimize=True)
        return back.reshape(len(W), -1)

    def _means(self, dtype: Any) -> tuple[Floats, Floats]:
        sides = zip(self.small_shape_, self.shape_, strict=True)
        A, B = (_means(small, side, self.factor, dtype) for small, side in list(sides)[:2])
        return A, B

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def shrunken(shape: Shape, factor: int) -> Shape:
    """Shape of the images that are left."""
    return (*(-(-int(side) // factor) for side in shape[:2]), *shape[2:])


def _means(small: int, side: int, factor: int, dtype: Any) -> Floats:
    """(small, side): row i is 1 / m over the m pixels that become pixel i."""
    member = np.arange(side) // factor == np.arange(small)[:, None]
    return np.asarray(member / member.sum(axis=1, keepdims=True), dtype)
