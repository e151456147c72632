"""One layer at one image: the way back from its features to the pixels.

φ = √S, S the sum over the patches of a cell of what a score s exceeds the threshold by. As a share, φ = S/√S: each
patch above the threshold has its part of the sum, and each pixel of the patch what it adds to the score
s = x̃ · f + o, given the patch's mean and contrast. As a slope, dφ = dS / 2√S, and mean and contrast move with the
pixels: dx̃ = (I − 1 1ᵀ/D − x̃ x̃ᵀ/D) dx / δ for D entries and the deviation δ.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.features.layer import Layer

Doubles = npt.NDArray[np.float64]


class LayerAt:
    """`layer` at one image.

    Parameters
    ----------
    layer : Layer
    image : (1, height, width, channels) float64
    """

    def __init__(self, layer: Layer, image: Doubles) -> None:
        self.layer = layer
        self.normal, self.deviation = layer.normalised(layer.patches(image)[0])
        self.F, self.offset = layer.filters.astype(np.float64), layer.offset.astype(np.float64)
        scores = self.normal @ self.F + self.offset
        self.signed = (scores - layer.threshold, -scores - layer.threshold)
        self.active = [one > 0 for one in self.signed]
        above = np.stack([np.maximum(one, 0) for one in self.signed])
        root = np.sqrt(layer.summed(above).transpose(1, 0, 2))  # (cells, 2, K)
        self.inverse = np.divide(1, root, out=np.zeros_like(root), where=root > 0)
        self.cell = layer.cell

    def share(self, W: Doubles) -> Doubles:
        """W (R, cells · 2 · K) on the features to weights (R, h, w, c) on the pixels; see `constant`."""
        pull = self._on_patches(W, self.inverse)
        return self._scattered(self._centred(pull) if self.layer.contrast else pull)

    def slope(self, W: Doubles) -> Doubles:
        """W times the derivative of the features by the pixels, (R, h, w, c)."""
        pull = self._on_patches(W, 0.5 * self.inverse)
        if self.layer.contrast:
            pull = self._centred(pull - (pull * self.normal).mean(axis=2, keepdims=True) * self.normal)
        return self._scattered(pull)

    @property
    def constant(self) -> Doubles:
        """What the shares leave of each feature, (cells · 2 · K): offsets and thresholds of the active patches."""
        layer, inside = self.layer, self.cell >= 0
        counts = [layer.summed((one & inside[:, None])[None].astype(np.float64))[0] for one in self.active]
        offsets = (self.offset - layer.threshold, -self.offset - layer.threshold)
        rest = np.stack([n * o for n, o in zip(counts, offsets, strict=True)], axis=1)
        result: Doubles = (rest * self.inverse).reshape(-1)
        return result

    def _on_patches(self, W: Doubles, factor: Doubles) -> Doubles:
        """Weights on x̃ of every patch, (R, positions, entries)."""
        per_cell = W.reshape(len(W), *factor.shape) * factor
        inside = np.flatnonzero(self.cell >= 0)
        weight = np.zeros((len(W), len(self.cell), self.layer.n_atoms))
        for s, sign in enumerate((1.0, -1.0)):
            weight[:, inside] += sign * per_cell[:, self.cell[inside], s] * self.active[s][inside]
        result: Doubles = weight @ self.F.T
        return result

    def _centred(self, pull: Doubles) -> Doubles:
        result: Doubles = (pull - pull.mean(axis=2, keepdims=True)) / self.deviation
        return result

    def _scattered(self, pull: Doubles) -> Doubles:
        """Weights on patches added up on the pixels that they cover."""
        (high, wide, channels), p = self.layer.shape, self.layer.size
        down, across = self.layer.positions
        parts: Any = pull.reshape(len(pull), down, across, p, p, channels)
        image = np.zeros((len(pull), high, wide, channels))
        for r in range(p):
            for c in range(p):
                image[:, r : r + down, c : c + across] += parts[:, :, :, r, c]
        return image
