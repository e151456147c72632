"""Patches in the operators of ONNX: gathered, freed of mean and contrast, multiplied, thresholded, summed.

Which pixels a patch reads, padding included, is a table of column numbers; so one ``Gather`` makes all patches.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.export.graph import Graph
from sightline.features import Orientation, Patches
from sightline.features.layer import Layer

Single = np.float32


def orientation(g: Graph, x: str, step: Orientation) -> str:
    """Histograms of gradient directions, scale by scale."""
    places = np.arange(int(np.prod(step.shape_))).reshape(step.shape_)
    scales = [one_layer(g, x, layer, places) for layer in step.layers]
    return scales[0] if len(scales) == 1 else g("Concat", *scales, axis=1)


def patches(g: Graph, x: str, step: Patches) -> str:
    """Atoms of a dictionary, found in each cell; or the directions in which the cells differ."""
    places = step.images(np.arange(int(np.prod(step.shape_)))[None])[0]
    layer = step._layer
    found = one_layer(g, x, layer, places)
    if step.directions_ is None:
        return found
    cells = layer.grid[0] * layer.grid[1]
    directions = np.asarray(step.directions_, Single)
    by_cell = g("MatMul", g.shaped(found, cells, 2 * layer.n_atoms), directions)
    return g.shaped(by_cell, cells * directions.shape[1])


def one_layer(g: Graph, x: str, layer: Layer, places: npt.NDArray[Any]) -> str:
    """Rows x (n, d) to features (n, width) of a layer; `places` (h, w, c) the column that each pixel is read from."""
    high, wide = int(layer.rows[-1]), int(layer.columns[-1])
    index = layer.patches(places[None])[0].reshape(*layer.positions, -1)[:high, :wide]
    found = g("Gather", x, np.ascontiguousarray(index.reshape(high * wide, -1), np.int32), axis=1)
    if layer.contrast:
        found = g("Sub", found, g.mean(found, 2, keep=True))
        variance = g.mean(g("Mul", found, found), 2, keep=True)
        found = g("Div", found, g("Sqrt", g("Add", variance, Single(layer.floor))))
    scores = g("Add", g("MatMul", found, np.asarray(layer.filters, Single)), np.asarray(layer.offset, Single))
    t = Single(layer.threshold)
    signs = [g("Relu", g("Sub", scores, t)), g("Relu", g("Sub", g("Neg", scores), t))]
    both = g("Concat", *signs, axis=2)  # (n, positions, 2K), in each cell + before −
    (down, across), numbers = layer.grid, 2 * layer.n_atoms
    by_row = g("MatMul", _belonging(layer.rows), g.shaped(both, high, wide * numbers))
    summed = g("MatMul", _belonging(layer.columns), g.shaped(by_row, down, wide, numbers))
    return g("Sqrt", g.shaped(summed, down * across * numbers))


def _belonging(edges: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """(parts, positions): 1 where a position belongs to a part."""
    at = np.arange(int(edges[-1]))
    return ((edges[:-1, None] <= at) & (at < edges[1:, None])).astype(Single)
