"""Scores of new rows, block by block: 8-bit input is never widened as a whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.engine.threads import ThreadTeam
from sightline.logistic.rows import BlockRows

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
    weights = np.ascontiguousarray(coef, dtype=dtype)
    bias = intercept.astype(dtype)
    result = np.empty((len(X), len(coef)), dtype=dtype)
    rows, team = BlockRows(X, dtype), ThreadTeam(len(X), X.shape[1], n_threads)
    team.map(lambda slab: rows.forward(slab, weights, bias, result))
    team.close()
    return result
