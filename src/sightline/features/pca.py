"""Principal components: the few directions in which the images differ most."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy import linalg
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sightline.engine.sums import Sums
from sightline.engine.threads import ThreadTeam, blocks, single_threaded_blas
from sightline.errors import UsageError
from sightline.features.columns import ProductTask, ScatterTask, SpreadTask
from sightline.features.images import DTYPES, float_type

Floats = npt.NDArray[np.floating[Any]]
Doubles = npt.NDArray[np.float64]
BLOCK_NUMBERS = 800_000
TOGETHER = 6_000_000
"""Numbers of a block that is multiplied with itself: long enough that the product is all the work."""
FEW = 1000
"""Rows that the first guess of a mean is made from."""
LARGEST_GRAM = 4000
"""Widest matrix of products that is formed; beyond it the directions are found by random projection."""
PASSES, EXTRA = 5, 10
"""Passes over blocks of rows that are wider, and directions beyond those wanted: then the wanted ones are found."""


class PCA(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    r"""Coordinates in the directions of largest variance: p = C (x − μ) / s, C the top eigenvectors as rows.

    Parameters
    ----------
    n_components : int, float or None, default None
        How many directions; a share (0…1) takes as many as carry that much of the variance; None all. At
        most min(n, d) are kept, however many are asked for.
    whiten : float in 0…1 or None, default None
        Divides coordinate i by σ_i^w σ_1^(1−w), σ² the explained variances: the first has variance 1, and with
        w = 1 all have. Half-way, at 0.5, products of coordinates keep a prior for the larger directions.
    random_state : int, default 0
        Draws the projection that finds the directions where both rows and columns are many.

    Attributes
    ----------
    components_ : (k, d) directions, orthonormal, the largest entry of each positive
    mean_ : (d,)
    scale_ : (k,)
        What the coordinates are divided by; ones where `whiten` is None.
    explained_variance_, explained_variance_ratio_ : (k,)
    n_components_ : int

    Notes
    -----
    scikit-learn's `PCA` gives the same directions; this one reads uint8 rows block by block, without a
    float copy of them all, and never refuses for want of rows. Laws: C Cᵀ = I · the transformed columns are
    uncorrelated · what `inverse_transform` loses is the variance of the directions left out.
    """

    def __init__(
        self,
        n_components: int | float | None = None,
        *,
        whiten: float | None = None,
        random_state: int = 0,
    ) -> None:
        self.n_components = n_components
        self.whiten = whiten
        self.random_state = random_state

    @single_threaded_blas()
    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:
        """Find the directions.

        Raises
        ------
        UsageError
            `n_components` is neither a positive number of directions nor a share in 0…1, or `whiten` is not
            within 0…1.
        """
        if self.whiten is not None and not 0 <= self.whiten <= 1:
            raise UsageError(
                f"whiten = {self.whiten!r} is not within 0…1", "None leaves coordinates as they are."
            )
        rows = validate_data(self, X, dtype=DTYPES)
        n, d = rows.shape
        k = self._wanted(n, d)
        dtype = float_type(rows.dtype)
        if d <= LARGEST_GRAM and d <= 4 * n:
            mean, scatter = _scatter(rows)
            self.mean_, total = mean.astype(dtype), float(np.trace(scatter)) / max(n - 1, 1)
            values, vectors = self._from_columns(scatter / max(n - 1, 1), k)
        else:
            self.mean_ = _mean(rows).astype(dtype)
            total = _total_variance(rows, self.mean_)
            find = self._from_rows if n <= LARGEST_GRAM else self._from_projection
            values, vectors = find(rows, k)
        return self._settled(values, vectors, k, total, dtype)

    @single_threaded_blas()
    def fit_sums(self, sums: Sums, n: int, near: Floats) -> Self:
        """Find the directions of rows that are read block by block: the same as of `fit`.

        Parameters
        ----------
        sums : Sums
            Who goes over the blocks of n rows.
        n : int
        near : (d,) float32 or float64
            About the mean of the rows; where it is far off, digits are lost.
        """
        self.n_features_in_ = d = len(near)
        k = self._wanted(n, d)
        if d <= LARGEST_GRAM:
            first, scatter = sums.sum(ScatterTask(near))
            delta = first / n
            covariance = (scatter - n * np.outer(delta, delta)) / max(n - 1, 1)
            total = float(np.trace(covariance))
            values, vectors = self._from_columns(covariance, k)
        else:
            first, squares = sums.sum(SpreadTask(near))
            delta = first / n
            total = float((squares - n * delta**2).sum()) / max(n - 1, 1)
            values, vectors = self._from_passes(sums, near + delta.astype(near.dtype), n, k)
        self.mean_ = (near + delta).astype(near.dtype)
        return self._settled(values, vectors, k, total, near.dtype)

    def _from_passes(self, sums: Sums, mean: Floats, n: int, k: int) -> tuple[Doubles, Floats]:
        """Many rows of many columns: the directions that passes over them turn random ones into (Halko, 2011)."""
        rng = np.random.default_rng(self.random_state)
        some = min(len(mean), k + EXTRA)
        near, _ = linalg.qr(rng.standard_normal((len(mean), some)), mode="economic")
        for _ in range(PASSES):
            turned = sums.sum(ProductTask(mean, near.astype(mean.dtype)))
            near, _ = linalg.qr(turned, mode="economic")
        small = near.T @ sums.sum(ProductTask(mean, near.astype(mean.dtype)))
        values, vectors = linalg.eigh((small + small.T) / 2)
        order = np.argsort(-values, kind="stable")[:k]
        return values[order] / max(n - 1, 1), (near @ vectors[:, order]).T

    def _settled(self, values: Doubles, vectors: Floats, k: int, total: float, dtype: Any) -> Self:
        """Keep as many as are wanted, each with its largest entry positive."""
        if isinstance(self.n_components, float):
            reached = np.cumsum(values) / (total or 1.0)
            k = min(len(values), int(np.searchsorted(reached, self.n_components * (1 - 1e-7))) + 1)
        values, vectors = np.maximum(values[:k], 0), vectors[:k]
        largest = vectors[np.arange(k), np.abs(vectors).argmax(axis=1)]
        self.components_ = (vectors * np.where(largest < 0, -1, 1)[:, None]).astype(dtype)
        self.explained_variance_ = values
        self.explained_variance_ratio_ = values / (total or 1.0)
        self.n_components_ = k
        self.scale_ = self._scale(values).astype(dtype)
        return self

    def transform(self, X: npt.ArrayLike) -> Floats:
        """(n, d) rows to (n, k) coordinates."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=DTYPES, reset=False)
        dtype = float_type(rows.dtype)
        directions = np.ascontiguousarray(
            (self.components_.astype(dtype) / self.scale_.astype(dtype)[:, None]).T
        )
        mean = self.mean_.astype(dtype)
        out = np.empty((len(rows), len(self.components_)), dtype=dtype)
        team = ThreadTeam(*rows.shape)

        def part(slab: slice) -> None:
            for block in blocks(slab, max(64, BLOCK_NUMBERS // rows.shape[1])):
                out[block] = (rows[block] - mean) @ directions

        team.map(part)
        team.close()
        return out

    @single_threaded_blas()
    def inverse_transform(self, X: npt.ArrayLike) -> Floats:
        """(n, k) coordinates back to (n, d): the part of each row that the directions can show."""
        check_is_fitted(self)
        coordinates = np.asarray(X)
        coordinates = coordinates.astype(float_type(coordinates.dtype), copy=False)
        dtype = coordinates.dtype
        directions = (self.components_ * self.scale_[:, None]).astype(dtype)
        result: Floats = coordinates @ directions + self.mean_.astype(dtype)
        return result

    @property
    def _n_features_out(self) -> int:
        return int(self.n_components_)

    def _scale(self, variance: Doubles) -> Doubles:
        """What each coordinate is divided by; directions in which next to nothing varies are left small."""
        sigma = np.sqrt(variance)
        if self.whiten is None or not sigma[0] > 0:
            return np.ones(len(sigma))
        known = np.where(sigma > 1e-6 * sigma[0], sigma, sigma[0])
        scale: Doubles = known**self.whiten * sigma[0] ** (1 - self.whiten)
        return scale

    def _wanted(self, n: int, d: int) -> int:
        """How many directions to find: min(n, d) where a share asks for as many as it takes."""
        asked = self.n_components
        if asked is None or (isinstance(asked, float) and 0 < asked <= 1):
            return min(n, d)
        if isinstance(asked, (int, np.integer)) and asked >= 1:
            return min(int(asked), n, d)
        raise UsageError(
            f"n_components = {asked!r} is not possible", "Give a number of directions, or a share in 0…1."
        )

    # -- three ways to the same directions -------------------------------------------------------------

    def _from_columns(self, covariance: Doubles, k: int) -> tuple[Doubles, Floats]:
        """Eigenvectors of the (d, d) covariance."""
        d = len(covariance)
        values, vectors = linalg.eigh(
            covariance, subset_by_index=[d - k, d - 1], check_finite=False, overwrite_a=True
        )
        order = np.argsort(-values, kind="stable")
        return values[order].astype(np.float64), vectors[:, order].T

    def _from_rows(self, rows: npt.NDArray[Any], k: int) -> tuple[Doubles, Floats]:
        """Few rows of many columns: eigenvectors of the (n, n) products, carried over to the columns."""
        centred = rows - self.mean_
        team = ThreadTeam(*rows.shape)
        products = np.concatenate(team.map(lambda slab: centred[slab] @ centred.T)).astype(np.float64)
        team.close()
        values, left = linalg.eigh(products, subset_by_index=[len(rows) - k, len(rows) - 1])
        values, left = values[::-1], left[:, ::-1]
        directions, _ = linalg.qr((left.T @ centred).T.astype(np.float64), mode="economic")
        return values / max(len(rows) - 1, 1), directions.T

    def _from_projection(self, rows: npt.NDArray[Any], k: int) -> tuple[Doubles, Floats]:
        """Many rows of many columns: Halko, Martinsson and Tropp's randomised decomposition, 2011."""
        from sklearn.utils.extmath import randomized_svd

        _, singular, vectors = randomized_svd(
            rows - self.mean_, n_components=k, random_state=self.random_state, n_iter=6
        )
        return (singular.astype(np.float64) ** 2) / max(len(rows) - 1, 1), vectors

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _mean(rows: npt.NDArray[Any]) -> Doubles:
    size = max(64, BLOCK_NUMBERS // rows.shape[1])
    total = np.zeros(rows.shape[1])
    for block in blocks(slice(0, len(rows)), size):
        total += rows[block].sum(axis=0, dtype=np.float64)
    return total / len(rows)


def _total_variance(rows: npt.NDArray[Any], mean: Floats) -> float:
    total = 0.0
    for block in blocks(slice(0, len(rows)), max(64, BLOCK_NUMBERS // rows.shape[1])):
        centred = rows[block] - mean
        total += float(np.einsum("nd,nd->", centred, centred, dtype=np.float64))
    return total / max(len(rows) - 1, 1)


def _scatter(rows: npt.NDArray[Any]) -> tuple[Doubles, Doubles]:
    """Mean (d,) and Σ (x − μ)(x − μ)ᵀ (d, d) in one reading, block by block, blocks added up in float64.

    Rows are taken relative to the mean s of a few of them: Σ (x − s)(x − s)ᵀ = Σ (x − μ)(x − μ)ᵀ + n δ δᵀ with a
    δ = μ − s so small that the subtraction costs no digits.
    """
    n, d = rows.shape
    near = _mean(rows[:: max(1, n // FEW)])
    shift = near.astype(float_type(rows.dtype))
    team = ThreadTeam(n, d)

    def part(slab: slice) -> tuple[Doubles, Doubles]:
        total, first = np.zeros((d, d)), np.zeros(d)
        for block in blocks(slab, max(2048, TOGETHER // d)):
            centred = rows[block] - shift
            first += np.ones(len(centred), centred.dtype) @ centred
            total += centred.T @ centred
        return first, total

    parts = team.map(part)
    team.close()
    delta = sum((a for a, _ in parts), start=np.zeros(d)) / n
    scatter = sum((b for _, b in parts), start=np.zeros((d, d))) - n * np.outer(delta, delta)
    return shift + delta, scatter
