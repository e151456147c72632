"""Scores of new rows, block by block: 8-bit input is never widened as a whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.engine.threads import ThreadTeam, blocks
from sightline.logistic.rows import BLOCK_BYTES

Floats = npt.NDArray[np.floating[Any]]


def scores(X: npt.NDArray[Any], coef: Floats, intercept: Floats, n_threads: int | None = None) -> Floats:
    """Z = X Wᵀ + b.

    Parameters
    ----------
    X : (n, d) uint8, float32 or float64
    coef : (R, d) floating
    intercept : (R,) floating

    Returns
    -------
    (n, R) float64 for float64 input, else float32
    """
    dtype = np.dtype(np.float64 if X.dtype == np.float64 else np.float32)
    weights = np.ascontiguousarray(coef.T, dtype=dtype)
    bias = intercept.astype(dtype)
    result = np.empty((len(X), len(coef)), dtype=dtype)
    team = ThreadTeam(len(X), X.shape[1], n_threads)
    size = max(64, BLOCK_BYTES // (X.shape[1] * dtype.itemsize + 1))

    def part(slab: slice) -> None:
        for rows in blocks(slab, size):
            np.matmul(X[rows].astype(dtype, copy=False), weights, out=result[rows])
            result[rows] += bias

    team.map(part)
    team.close()
    return result
