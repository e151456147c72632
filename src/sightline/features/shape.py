"""The textbook pair: how much ink an image has, and how symmetric it is."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted, validate_data

from sightline.features.images import DTYPES, Shape, as_images, float_type, resolve_shape

Floats = npt.NDArray[Any]
BLOCK = 1024


class IntensitySymmetry(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    r"""Two numbers an image: mean intensity, and minus its mean difference from its mirror images.

        intensity = mean(x),    symmetry = −(mean|x − x↔| + mean|x − x↕|) / 2

    Parameters
    ----------
    shape : (height, width[, 3]) or None
        None takes a grey square, else a colour square, else one row of pixels.

    Notes
    -----
    Both are in the units of the input; symmetry is 0 for a perfectly symmetric image and negative otherwise.
    Source: Abu-Mostafa, Magdon-Ismail and Lin, Learning from Data, 2012, example 3.1.

    Examples
    --------
    >>> IntensitySymmetry(shape=(1, 2)).fit_transform([[1.0, 1.0], [0.0, 1.0]])
    array([[ 1. , -0. ],
           [ 0.5, -0.5]])
    """

    def __init__(self, shape: Shape | None = None) -> None:
        self.shape = shape

    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:
        """Check the shape; there is nothing to learn.

        Raises
        ------
        UsageError
            `shape` does not fit the rows.
        """
        rows = validate_data(self, X, dtype=DTYPES)
        self.shape_ = resolve_shape(self.shape, rows.shape[1])
        return self

    def transform(self, X: npt.ArrayLike) -> Floats:
        """(n, d) rows to (n, 2): intensity, symmetry."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=DTYPES, reset=False)
        dtype = float_type(rows.dtype)
        out = np.empty((len(rows), 2), dtype=dtype)
        for start in range(0, len(rows), BLOCK):
            part = slice(start, start + BLOCK)
            images = as_images(rows[part].astype(dtype), self.shape_)
            out[part, 0] = images.mean(axis=(1, 2, 3))
            sideways = np.abs(images - images[:, :, ::-1]).mean(axis=(1, 2, 3))
            upright = np.abs(images - images[:, ::-1]).mean(axis=(1, 2, 3))
            out[part, 1] = -(sideways + upright) / 2
        return out

    def get_feature_names_out(self, input_features: npt.ArrayLike | None = None) -> npt.NDArray[np.object_]:
        """Names of the two columns."""
        check_is_fitted(self)
        _check_feature_names_in(self, input_features)
        return np.array(["intensity", "symmetry"], dtype=object)

    def adjoint(self, x: Floats, W: Floats) -> Floats:
        """Take weights (R, 2) on the pair back to the pixels of one image x (d,): A*, (R, d).

        |u| = sign(u)·u, so at this image the pair is linear in the pixels.
        """
        image = as_images(x[None], self.shape_)
        d = image.size
        back = np.zeros((2, *image.shape[1:]))
        back[0] = 1 / d
        for flip in (np.s_[:, :, ::-1], np.s_[:, ::-1]):
            sign = np.sign(image - image[flip])
            back[1] -= ((sign - sign[flip]) / (2 * d))[0]
        result: Floats = W @ back.reshape(2, -1)
        return result

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
