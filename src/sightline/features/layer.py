"""One layer of patches: what every patch of an image has in common with each atom, summed over a grid.

A patch x of size × size pixels (all channels) is freed of its mean and contrast, x̃ = (x − x̄) / √(var x + floor),
and compared with K atoms: s = F x̃ + o. Both signs of what exceeds the threshold, max(0, s − t) and max(0, −s − t),
are summed over the patches of each cell of a grid, and the root of the sum is the feature: many faint or one strong
match count for less than twice as much as half of them. A blank patch, all of one value, has x̃ = 0.

Compiled (layer.c) the scores never leave the registers; without a compiler NumPy does the same within rounding.
Source: Coates, Ng and Lee, An analysis of single-layer networks in unsupervised feature learning, 2011.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.engine import compiled
from sightline.errors import DataError

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int32]

LIBRARY = Path(__file__).with_name("_layers.so")
"""hatch_build.py puts it there."""
BLOCK = 8
"""Images whose patches and scores NumPy holds at once: more do not stay in cache."""

_P, _N = ctypes.c_void_p, ctypes.c_int64


class _Layer(ctypes.Structure):
    _fields_ = (
        *(
            (name, _N)
            for name in ("height", "width", "channels", "size", "atoms", "tiles", "across", "cells")
        ),
        ("positions", _N),
        ("cell", _P),
        ("filters", _P),
        ("offset", _P),
        ("threshold", ctypes.c_float),
        ("floor", ctypes.c_float),
        ("contrast", ctypes.c_int32),
        ("root", ctypes.c_int32),
    )


DAMAGED = "If it came from a file, the file is damaged: learn the model again."


def cells(positions: int, parts: int) -> npt.NDArray[np.int64]:
    """Edges (parts + 1,) that cut 0…positions into nearly equal parts, no more than there are positions."""
    parts = max(1, min(parts, positions))
    return (np.arange(parts + 1) * positions) // parts


@dataclass(frozen=True)
class Layer:
    """A layer for images of one shape.

    `shape` (height, width, channels); `size` of a patch; `filters` (size² · channels, K) float32 and `offset` (K,):
    the scores of a patch x̃ are ``x̃ @ filters + offset``; `rows`, `columns` edges of the grid, in positions of
    patches; `threshold` t; `floor` of the variance; `contrast` whether mean and contrast are taken out.
    """

    shape: tuple[int, int, int]
    size: int
    filters: Floats
    offset: Floats
    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    threshold: float
    floor: float
    contrast: bool = True

    def __post_init__(self) -> None:
        """See that all parts fit together; compiled code believes them.

        Raises
        ------
        DataError
            They do not.
        """
        high, wide, channels = self.shape
        whole = all(isinstance(one, (int, np.integer)) for one in (*self.shape, self.size))
        if not (whole and 1 <= self.size <= min(high, wide) and channels >= 1):
            raise DataError(
                f"there are no patches of {self.size} pixels in images of shape {self.shape}", DAMAGED
            )
        entries = self.size**2 * channels
        if self.filters.ndim != 2 or self.filters.shape[0] != entries or not self.filters.shape[1]:
            raise DataError(
                f"filters of shape {self.filters.shape} are not those of patches of {entries} numbers",
                DAMAGED,
            )
        if self.offset.shape != self.filters.shape[1:]:
            raise DataError(
                f"offsets of shape {self.offset.shape} do not belong to {self.n_atoms} atoms", DAMAGED
            )
        for edges, most in zip((self.rows, self.columns), self.positions, strict=True):
            if len(edges) < 2 or edges[0] != 0 or edges[-1] > most or (np.diff(edges) <= 0).any():
                raise DataError("the grid does not lie on the positions of the patches", DAMAGED)

    @property
    def positions(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return self.shape[0] - self.size + 1, self.shape[1] - self.size + 1

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        return len(self.rows) - 1, len(self.columns) - 1

    @property
    def n_atoms(self) -> int:
        """K."""
        return int(self.filters.shape[1])

    @property
    def width(self) -> int:
        """Features of an image: cells × 2 signs × K, in this order."""
        return self.grid[0] * self.grid[1] * 2 * self.n_atoms

    @cached_property
    def cell(self) -> Integers:
        """Cell of each position (positions,), −1 where it lies beyond the grid."""
        down, across = (np.arange(n) for n in self.positions)
        row = np.searchsorted(self.rows, down, side="right") - 1
        column = np.searchsorted(self.columns, across, side="right") - 1
        inside = (row < self.grid[0])[:, None] & (column < self.grid[1])
        return np.ascontiguousarray(
            np.where(inside, row[:, None] * self.grid[1] + column, -1).ravel(), np.int32
        )

    def __call__(self, images: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Images (n, height, width, channels) to features (n, width) ≥ 0 of the same dtype, on this thread alone."""
        images = np.ascontiguousarray(images).reshape(-1, *self.shape)
        out = np.empty((len(images), self.width), images.dtype)
        if images.dtype == np.float32 and compiled.library(LIBRARY) is not None:
            self._compiled(images, out)
        else:
            for start in range(0, len(images), BLOCK):
                self._plain(images[start : start + BLOCK], out[start : start + BLOCK])
        return out

    # -- one image, step by step --------------------------------------------------------------------------

    def patches(self, images: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Every patch of images (n, h, w, c), as it is: (n, positions, size² · channels)."""
        view = np.lib.stride_tricks.sliding_window_view(images, (self.size, self.size), axis=(1, 2))
        return view.transpose(0, 1, 2, 4, 5, 3).reshape(len(images), -1, len(self.filters))

    def normalised(self, patches: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """x̃ of patches (…, entries), and the deviation (…, 1) that x − x̄ was divided by."""
        if not self.contrast:
            return patches, np.ones((*patches.shape[:-1], 1), patches.dtype)
        centred = patches - patches.mean(axis=-1, keepdims=True)
        deviation = np.sqrt(np.square(centred).mean(axis=-1, keepdims=True) + patches.dtype.type(self.floor))
        return centred / deviation, deviation

    def scores(self, patches: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Scores (…, K) of patches as they are (…, entries)."""
        dtype = patches.dtype
        found: npt.NDArray[Any] = self.normalised(patches)[0] @ self.filters.astype(dtype)
        found += self.offset.astype(dtype)
        return found

    def summed(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Σ over each cell of values (n, positions, K): (n, cells, K)."""
        n, K = len(values), values.shape[2]
        high, wide = self.rows[-1], self.columns[-1]
        square = values.reshape(n, *self.positions, K)[:, :high, :wide]
        by_row = np.add.reduceat(square, self.rows[:-1], axis=1)
        return np.add.reduceat(by_row, self.columns[:-1], axis=2).reshape(n, -1, K)

    # -- many images --------------------------------------------------------------------------------------

    def _plain(self, images: npt.NDArray[Any], out: npt.NDArray[Any]) -> None:
        scores, t = self.scores(self.patches(images)), images.dtype.type(self.threshold)
        both = [self.summed(np.maximum(sign - t, 0)) for sign in (scores, -scores)]
        out[:] = np.sqrt(np.stack(both, axis=2)).reshape(len(images), -1)

    @cached_property
    def _packed(self) -> tuple[_Layer, tuple[Any, ...], int]:
        lanes = int(compiled.function(LIBRARY, "atoms", ctypes.c_int32, ())())
        entries, K = self.filters.shape
        tiles = -(-K // lanes)
        padded = np.zeros((entries, tiles * lanes), np.float32)
        padded[:, :K] = self.filters
        filters = np.ascontiguousarray(padded.reshape(entries, tiles, lanes).transpose(1, 0, 2))
        offset = np.zeros(tiles * lanes, np.float32)
        offset[:K] = self.offset
        cell, (down, across) = self.cell, self.positions
        layer = _Layer(
            *self.shape, self.size, K, tiles, across, self.grid[0] * self.grid[1], down * across,
            cell.ctypes.data, filters.ctypes.data, offset.ctypes.data,
            self.threshold, self.floor, int(self.contrast), 1,
        )  # fmt: skip
        room = compiled.function(LIBRARY, "room", _N, (_P,))(ctypes.addressof(layer))
        return layer, (cell, filters, offset), int(room)

    def _compiled(self, images: Floats, out: Floats) -> None:
        layer, _, size = self._packed
        room = np.empty(size, np.float32)
        call = compiled.function(LIBRARY, "layer", None, (_P, _P, _N, _N, _P, _P))
        call(ctypes.addressof(layer), images.ctypes.data, 0, len(images), room.ctypes.data, out.ctypes.data)
