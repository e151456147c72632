"""Scaling over the fixed range of intensities; scaling per column is scikit-learn's own.

`StandardScaler` (mean 0, variance 1) and `MinMaxScaler` (0…1) learn from the columns; `RangeScaler` knows the
range of a pixel beforehand, so it learns nothing, keeps empty pixels at zero, and treats all pixels alike.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sightline.engine.threads import ThreadTeam, blocks
from sightline.errors import UsageError
from sightline.features.images import DTYPES, float_type

BLOCK = 512


class RangeScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """x' = (x − low) / (high − low): intensities 0…255 to 0…1.

    Parameters
    ----------
    low, high : float, default 0 and 255
        The intensities that become 0 and 1.

    Notes
    -----
    uint8 and float32 give float32, float64 gives float64. Law: ``inverse_transform(transform(X)) == X``.

    Examples
    --------
    >>> RangeScaler().fit_transform(np.array([[0, 51, 255]], dtype=np.uint8))
    array([[0. , 0.2, 1. ]], dtype=float32)
    """

    def __init__(self, low: float = 0.0, high: float = 255.0) -> None:
        self.low = low
        self.high = high

    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:
        """Check the columns; there is nothing to learn.

        Raises
        ------
        UsageError
            `low` is not below `high`.
        """
        if not self.low < self.high:
            raise UsageError(
                f"a range from {self.low!r} to {self.high!r} is empty", "`low` must be below `high`."
            )
        validate_data(self, X, dtype=DTYPES)
        return self

    def transform(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """(n, d) intensities to (n, d) numbers in 0…1."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=DTYPES, reset=False)
        dtype = float_type(rows.dtype)
        out = np.empty(rows.shape, dtype=dtype)
        low, factor = dtype.type(self.low), dtype.type(1 / (self.high - self.low))
        team = ThreadTeam(*rows.shape)

        def part(slab: slice) -> None:
            for block in blocks(slab, BLOCK):
                np.subtract(rows[block], low, out=out[block], dtype=dtype)
                out[block] *= factor

        team.map(part)
        team.close()
        return out

    def inverse_transform(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """(n, d) numbers in 0…1 back to intensities."""
        check_is_fitted(self)
        rows = np.asarray(X)
        rows = rows.astype(float_type(rows.dtype), copy=False)
        result: npt.NDArray[Any] = rows * rows.dtype.type(self.high - self.low) + rows.dtype.type(self.low)
        return result

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "n_features_in_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
