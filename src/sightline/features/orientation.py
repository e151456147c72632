"""Orientation: which way intensity rises, how strongly, in each part of the image, at several scales."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sightline.engine.threads import ThreadTeam, blocks
from sightline.errors import UsageError
from sightline.features.images import DTYPES, Shape, float_type
from sightline.features.layer import Layer, cells
from sightline.features.layer_at import LayerAt
from sightline.features.patches import BLOCK, _shape_of

Floats = npt.NDArray[Any]


class Orientation(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    r"""Histograms of gradient directions over grids.

    The gradient at a pixel, smoothed over σ = size / 5 pixels and divided by the contrast of its surroundings, is
    compared with n directions θ all round; what exceeds a threshold is summed over the cells of a grid, and the root
    taken. It is one layer of `sightline.features.layer` whose atoms are not learned: derivatives of a Gaussian.

    Parameters
    ----------
    shape : (height, width[, channels]) or None
    sizes : tuple of int
        Sides of the windows in pixels, one for each scale.
    grids : tuple of int
        Cells a side, one for each scale.
    n_directions : int, even
    threshold : float in 0…1
        Share of the largest score that a patch can have.
    floor : float
        Of the variance in a window: fainter gradients count for less.

    Attributes
    ----------
    shape_ : (height, width, channels)

    Notes
    -----
    Source: Dalal and Triggs, Histograms of oriented gradients for human detection, 2005. Law: an image turned by 90°
    has the histograms of its cells turned by n/4 directions.
    """

    def __init__(
        self,
        shape: Shape | None = None,
        *,
        sizes: tuple[int, ...] = (3, 5),
        grids: tuple[int, ...] = (7, 4),
        n_directions: int = 16,
        threshold: float = 0.25,
        floor: float = 0.01,
    ) -> None:
        self.shape = shape
        self.sizes = sizes
        self.grids = grids
        self.n_directions = n_directions
        self.threshold = threshold
        self.floor = floor

    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:
        """Check the images; there is nothing to learn.

        Raises
        ------
        UsageError
            They are smaller than a window, or a choice does not exist.
        """
        rows = validate_data(self, X, dtype=DTYPES)
        self.shape_ = _shape_of(self.shape, rows.shape[1])
        if len(self.sizes) != len(self.grids) or not self.sizes or min(*self.sizes, *self.grids) < 1:
            raise UsageError(
                f"sizes {self.sizes!r} and grids {self.grids!r} do not go together", "One grid a size."
            )
        if self.n_directions < 2 or self.n_directions % 2:
            raise UsageError(f"n_directions = {self.n_directions!r} is not an even number")
        high, wide, _ = self.shape_
        if max(self.sizes) > min(high, wide):
            raise UsageError(
                f"images of {high}×{wide} pixels are smaller than a window of {max(self.sizes)}",
                "Choose smaller `sizes`, or another recipe.",
            )
        self.__dict__.pop("_made", None)
        return self

    def transform(self, X: npt.ArrayLike) -> Floats:
        """(n, d) rows to (n, Σ grid² · n_directions) features; float64 stays, the rest becomes float32."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=DTYPES, reset=False)
        dtype = float_type(rows.dtype)
        edges = np.cumsum([0, *(layer.width for layer in self.layers)])
        out = np.empty((len(rows), int(edges[-1])), dtype)
        team = ThreadTeam(len(rows), int(edges[-1]))

        def part(slab: slice) -> None:
            for block in blocks(slab, BLOCK):
                images = rows[block].astype(dtype, copy=False).reshape(-1, *self.shape_)
                for layer, start, stop in zip(self.layers, edges, edges[1:], strict=False):
                    out[block, start:stop] = layer(images)

        team.map(part)
        team.close()
        return out

    @property
    def layers(self) -> list[Layer]:
        """One a scale; made when first needed."""
        if "_made" not in self.__dict__:
            self._made = [self._scale(size, grid) for size, grid in zip(self.sizes, self.grids, strict=True)]
        return self._made

    def at(self, x: npt.NDArray[Any]) -> list[LayerAt]:
        """Each layer at one image (d,), for the way back from scores to pixels."""
        image = np.asarray(x, np.float64).reshape(1, *self.shape_)
        return [LayerAt(layer, image) for layer in self.layers]

    def _scale(self, size: int, grid: int) -> Layer:
        high, wide, channels = self.shape_
        filters = derivatives(size, self.n_directions // 2, channels)
        edges = (cells(high - size + 1, grid), cells(wide - size + 1, grid))
        offset = np.zeros(filters.shape[1], np.float32)
        return Layer(self.shape_, size, filters, offset, *edges, float(self.threshold), float(self.floor))

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Such as "window 3, cell 0·2, 45°", the direction in which intensity rises, from right by down."""
        names = []
        for size, layer in zip(self.sizes, self.layers, strict=True):
            half = self.n_directions // 2
            angles = [round(180 * k / half + turn) for turn in (0, 180) for k in range(half)]
            down, across = layer.grid
            window = f"window {size}" + (f" on {down}×{across}" if self.sizes.count(size) > 1 else "")
            names += [
                f"{window}, cell {r}·{c}, {angle}°"
                for r in range(down)
                for c in range(across)
                for angle in angles
            ]
        return np.array(names, dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "shape_")

    def __getstate__(self) -> Any:
        state = dict(super().__getstate__())
        state.pop("_made", None)  # holds addresses
        return state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def derivatives(size: int, n: int, channels: int) -> npt.NDArray[np.float32]:
    """Derivatives of a Gaussian in n directions over half a turn, (size² · channels, n).

    Scaled so that the patch of unit contrast that answers most scores 1.
    """
    at = np.arange(size) - (size - 1) / 2
    bell = np.exp(-0.5 * (at / max(size / 5, 0.6)) ** 2)
    slope = np.stack([np.outer(bell, at * bell), np.outer(at * bell, bell)])  # rising to the right, and down
    angle = np.pi * np.arange(n) / n
    filters = np.einsum("kn,krc->rcn", np.stack([np.cos(angle), np.sin(angle)]), slope)
    filters = np.repeat(filters.reshape(size * size, 1, n), channels, axis=1).reshape(-1, n)
    filters /= np.linalg.norm(filters, axis=0) * np.sqrt(len(filters))
    return np.ascontiguousarray(filters, np.float32)
