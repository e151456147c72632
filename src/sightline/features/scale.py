"""Scaling over the fixed range of intensities, and per column.

`StandardScaler` (mean 0, variance 1) and scikit-learn's `MinMaxScaler` (0…1) learn from the columns;
`RangeScaler` knows the range of a pixel beforehand, so it learns nothing, keeps empty pixels at zero, and
treats all pixels alike.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.preprocessing import StandardScaler as _StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from sightline.engine.threads import ThreadTeam, blocks
from sightline.errors import UsageError
from sightline.features.images import DTYPES, float_type

BLOCK = 512
RARE = 1e-3


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
        low, span = dtype.type(self.low), dtype.type(self.high - self.low)
        team = ThreadTeam(*rows.shape)

        def part(slab: slice) -> None:
            for block in blocks(slab, BLOCK):
                np.subtract(rows[block], low, out=out[block], dtype=dtype)
                out[block] /= span

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


class StandardScaler(_StandardScaler):  # type: ignore[misc]
    """x' = (x − mean) / standard deviation, column by column: scikit-learn's, learned block by block.

    scikit-learn's own `fit` makes two whole copies of the columns on its way to their variance. This one makes
    none, which is what lets 60,000 rows of 1,890 products be learned from in little memory; all else, the
    parameters included, is inherited.

    Notes
    -----
    Law: `mean_`, `var_` and `scale_` equal scikit-learn's within rounding. Columns that never change keep a
    scale of 1.
    """

    def fit(self, X: Any, y: object = None, sample_weight: npt.ArrayLike | None = None) -> Self:
        """Learn mean and variance of each column."""
        if sample_weight is not None or issparse(X) or not (self.with_mean or self.with_std):
            super().fit(X, y, sample_weight)
            return self
        rows = validate_data(self, X, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan")
        n = len(rows)
        mean, variance = _moments(rows)
        if not np.isfinite(mean + variance).all():  # gaps: counted column by column there
            super().fit(X, y)
            return self
        eps = np.finfo(np.float64).eps
        constant = variance <= n * eps * variance + (n * mean * eps) ** 2
        self.n_samples_seen_ = np.int64(n)
        self.mean_ = mean
        self.var_ = variance if self.with_std else None
        self.scale_ = np.where(constant, 1.0, np.sqrt(variance)) if self.with_std else None
        return self


def _moments(rows: npt.NDArray[Any]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Mean and variance (d,) of the columns; the first row is taken off, so that large means cost no digits."""
    n, d = rows.shape
    shift = rows[0]
    team = ThreadTeam(n, d)

    def part(slab: slice) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        first, second = np.zeros(d), np.zeros(d)
        with np.errstate(all="ignore"):
            for block in blocks(slab, BLOCK):
                x = rows[block] - shift
                first += x.sum(axis=0, dtype=np.float64)
                second += np.einsum("nd,nd->d", x, x, dtype=np.float64)
        return first, second

    parts = team.map(part)
    team.close()
    with np.errstate(all="ignore"):
        first = np.sum([one for one, _ in parts], axis=0) / n
        second = np.sum([other for _, other in parts], axis=0) / n
        return shift + first, np.maximum(second - first**2, 0)


class ByteScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """x' = min(255, round(steps · x / s)), one byte: features ≥ 0 in a quarter of the memory.

    s is a column's standard deviation, and a thousandth of the largest, lest rare marks drown all others. What
    rounding changes, 1/√12 of a step, is 1 % of s; no centre is taken off, for the intercept of a classifier takes
    it. A classifier on bytes needs C / steps² where it would need C on
    columns of variance 1.

    Parameters
    ----------
    steps : float
        To a standard deviation: 32 leaves room for 8 of them.

    Attributes
    ----------
    scale_ : (d,) float32
        steps / s; 0 for columns that never change.

    Notes
    -----
    Law: ``x' · s / steps`` is within half a step of x wherever that is below 255 steps.
    """

    def __init__(self, steps: float = 32.0) -> None:
        self.steps = steps

    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:
        """Learn the standard deviation of each column.

        Raises
        ------
        UsageError
            There are numbers below 0, or `steps` is not above 0.
        """
        if not self.steps > 0:
            raise UsageError(f"steps = {self.steps!r} is not above 0")
        rows = validate_data(self, X, dtype=DTYPES)
        rows = rows.astype(float_type(rows.dtype), copy=False)
        if rows.min() < 0:
            raise UsageError(
                "ByteScaler takes numbers ≥ 0, and there are others", "StandardScaler takes all."
            )
        spread = np.sqrt(_moments(rows)[1])
        varies = spread > 1e-9 * max(float(spread.max()), 1e-30)
        floor = RARE * float(spread.max())
        self.scale_ = np.where(varies, self.steps / np.maximum(spread + floor, 1e-30), 0).astype(np.float32)
        return self

    def transform(self, X: npt.ArrayLike) -> npt.NDArray[np.uint8]:
        """(n, d) numbers ≥ 0 to (n, d) bytes."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=DTYPES, reset=False)
        out = np.empty(rows.shape, np.uint8)
        team = ThreadTeam(*rows.shape)

        def part(slab: slice) -> None:
            for block in blocks(slab, 64):
                scaled = rows[block] * self.scale_
                np.rint(scaled, out=scaled)
                np.clip(scaled, 0, 255, out=scaled)
                out[block] = scaled

        team.map(part)
        team.close()
        return out
