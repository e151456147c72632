"""A layer of patches on a device: what `layer` computes, in arrays of the array API standard."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.engine.device import Device
from sightline.engine.threads import blocks
from sightline.features.layer import Layer

MOST = 256
"""Images at once, at the most."""


class ArrayLayer:
    """`layer` on a device, followed by `directions` (2K, m) of each cell where they are given.

    Parameters
    ----------
    layer : Layer
    pad : int
        Pixels added all round, each like the nearest of the border; `layer` is for images so padded.
    directions : (2K, m) or None
    device : Device
    """

    def __init__(self, layer: Layer, pad: int, directions: npt.NDArray[Any] | None, device: Device) -> None:
        self.layer, self.pad, self.device, self.xp = layer, pad, device, device.xp
        self.filters, self.offset = device.put(layer.filters), device.put(layer.offset)
        self.directions = None if directions is None else device.put(directions)
        down, across = layer.positions
        numbers = down * across * (len(layer.filters) + 2 * layer.n_atoms)
        self.block = min(MOST, max(1, device.rows_at_once(numbers)))

    def __call__(self, X: Any) -> Any:
        """Rows X (n, h · w · channels) of float32 or float64 on the device to features (n, numbers) there."""
        xp = self.xp
        parts = [self._block(X[rows, :]) for rows in blocks(slice(0, int(X.shape[0])), self.block)]
        return parts[0] if len(parts) == 1 else xp.concat(parts, axis=0)

    def _block(self, rows: Any) -> Any:
        xp, layer, n = self.xp, self.layer, int(rows.shape[0])
        patches = self._patches(self._padded(rows))
        if layer.contrast:
            patches = patches - xp.mean(patches, axis=-1, keepdims=True)
            patches = patches / xp.sqrt(xp.mean(patches * patches, axis=-1, keepdims=True) + layer.floor)
        scores = xp.matmul(patches, xp.astype(self.filters, rows.dtype)) + xp.astype(self.offset, rows.dtype)
        none = xp.zeros_like(scores)
        signs = [self._summed(xp.maximum(one - layer.threshold, none)) for one in (scores, -scores)]
        found = xp.sqrt(xp.stack(signs, axis=2))
        if self.directions is not None:
            flat = xp.reshape(found, (-1, 2 * layer.n_atoms))
            found = xp.matmul(flat, xp.astype(self.directions, rows.dtype))
        return xp.reshape(found, (n, -1))

    def _padded(self, rows: Any) -> Any:
        """Rows as images (n, height, width, channels), padded."""
        (high, wide, channels), pad, xp = self.layer.shape, self.pad, self.xp
        images = xp.reshape(rows, (rows.shape[0], high - 2 * pad, wide - 2 * pad, channels))
        if pad:
            first, last = images[:, :1, :, :], images[:, -1:, :, :]
            images = xp.concat([*[first] * pad, images, *[last] * pad], axis=1)
            first, last = images[:, :, :1, :], images[:, :, -1:, :]
            images = xp.concat([*[first] * pad, images, *[last] * pad], axis=2)
        return images

    def _patches(self, images: Any) -> Any:
        """Every patch of images (n, h, w, c): (n, positions, size² · channels)."""
        (down, across), size = self.layer.positions, range(self.layer.size)
        pixels = [images[:, r : r + down, c : c + across, :] for r in size for c in size]
        shape = (images.shape[0], down * across, len(self.layer.filters))
        return self.xp.reshape(self.xp.stack(pixels, axis=3), shape)

    def _summed(self, values: Any) -> Any:
        """Σ over each cell of values (n, positions, K): (n, cells, K)."""
        xp, layer = self.xp, self.layer
        n, K = int(values.shape[0]), int(values.shape[2])
        square = xp.reshape(values, (n, *layer.positions, K))
        cut = [(int(a), int(b)) for a, b in zip(layer.rows[:-1], layer.rows[1:], strict=True)]
        by_row = xp.stack([xp.sum(square[:, a:b, :, :], axis=1) for a, b in cut], axis=1)
        cut = [(int(a), int(b)) for a, b in zip(layer.columns[:-1], layer.columns[1:], strict=True)]
        cells = xp.stack([xp.sum(by_row[:, :, a:b, :], axis=2) for a, b in cut], axis=2)
        return xp.reshape(cells, (n, -1, K))


def through(layer: ArrayLayer, X: Any, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """NumPy rows (n, d) to NumPy features (n, numbers) of `dtype`, a block at a time on the device."""
    parts = []
    for start in range(0, len(X), layer.block):
        rows = layer.device.put(X[start : start + layer.block].astype(dtype, copy=False))
        parts.append(layer.device.get(layer(rows)))
    return np.concatenate(parts)
