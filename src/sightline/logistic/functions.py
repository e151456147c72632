"""Sigmoid and softmax, exact to the last bits for any finite input, without warnings."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]


def sigmoid(z: npt.ArrayLike) -> FloatArray:
    """σ(z) = 1 / (1 + e⁻ᶻ), the probability that belongs to the log odds z.

    Parameters
    ----------
    z : array_like, any shape; float32 stays float32, all else becomes float64

    Returns
    -------
    array of the same shape, in [0, 1]

    Notes
    -----
    Only e^(−|z|) is ever computed, so nothing overflows: for z < 0, σ(z) = e^z / (1 + e^z).
    Law: σ(z) + σ(−z) = 1.

    Examples
    --------
    >>> sigmoid([-1000.0, 0.0, 1000.0])
    array([0. , 0.5, 1. ])
    """
    values = _floating(z)
    with np.errstate(under="ignore"):
        small = np.exp(-np.abs(values))
        result: FloatArray = np.where(values >= 0, np.ones_like(small), small) / (1 + small)
    return result


def softmax(z: npt.ArrayLike, axis: int = -1) -> FloatArray:
    """e^{z_k} / Σ_j e^{z_j}, the probabilities that belong to the scores z along `axis`.

    Parameters
    ----------
    z : array_like, any shape; float32 stays float32, all else becomes float64
    axis : int
        The axis of the classes.

    Returns
    -------
    array of the same shape, summing to 1 along `axis`

    Notes
    -----
    The largest score is subtracted first. Law: softmax(z + c) = softmax(z).

    Examples
    --------
    >>> softmax([1000.0, 1000.0])
    array([0.5, 0.5])
    """
    values = _floating(z)
    with np.errstate(under="ignore", over="ignore"):
        exponential = np.exp(values - values.max(axis=axis, keepdims=True))
        result: FloatArray = exponential / exponential.sum(axis=axis, keepdims=True)
    return result


def log_softmax(Z: FloatArray) -> FloatArray:
    """log(e^{z_k} / Σ_j e^{z_j}) along each row of Z (n, K), exact even where the probability rounds to 1.

    Law: exp of it is the softmax.
    """
    rows, top = np.arange(len(Z)), Z.argmax(axis=1)
    with np.errstate(under="ignore", over="ignore"):
        below = Z - Z[rows, top][:, None]
        others = np.exp(below)
        others[rows, top] = 0
        result: FloatArray = below - np.log1p(others.sum(axis=1, keepdims=True))
    return result


def log_probability(Z: FloatArray) -> FloatArray:
    """Log probabilities (n, K) of scores (n, R): of the sigmoid where R = 1, else of the softmax."""
    return log_softmax(np.column_stack([np.zeros_like(Z), Z]) if Z.shape[1] == 1 else Z)


def _floating(z: npt.ArrayLike) -> FloatArray:
    values = np.asarray(z)
    return values if values.dtype in (np.float32, np.float64) else values.astype(np.float64)
