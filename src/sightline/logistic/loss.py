r"""Log loss of softmax and sigmoid, and its residual, on one block of rows.

Conventions, here and everywhere below: n rows, d columns, K classes; R rows of weights, R = K, or 1 for two
classes; scores are class-major, Z (R, n), because then every step of the softmax runs along rows of memory.
The objective, written here once, with masses m_i (the sample weights) and M = Σ m_i:

    F(W, b) = (1/M) Σ_i m_i ℓ_i(W x_i + b) + (λ/2) ‖W‖²,      λ = 1 / (C M)

    softmax:  ℓ = log Σ_k e^{z_k} − z_y            ∂ℓ/∂z_k = p_k − [k = y]
    sigmoid:  ℓ = log(1 + e^z) − y z               ∂ℓ/∂z   = p − y
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Labels = npt.NDArray[np.int64]


def softmax_residual(Z: Floats, labels: Labels) -> tuple[Floats, Floats]:
    """Loss of each row, and Z overwritten by its residual p − onehot.

    Parameters
    ----------
    Z : (K, m) floating, scores; overwritten
    labels : (m,) int64, 0…K−1

    Returns
    -------
    loss : (m,) same dtype, each ≥ 0 and finite for scores of any size
    residual : (K, m), the array Z

    Notes
    -----
    The residual of the true class is −Σ_{j≠y} p_j, not p_y − 1: where the model is nearly sure, p_y − 1
    would round to zero long before the fit is done. The loss is log1p for the same reason.
    """
    columns = np.arange(Z.shape[1])
    Z -= Z.max(axis=0)
    score = Z[labels, columns]
    np.exp(Z, out=Z)
    own = Z[labels, columns]
    Z[labels, columns] = 0
    others = Z.sum(axis=0)
    loss = np.where(score == 0, np.log1p(others), np.log(own + others) - score)
    Z /= own + others
    Z[labels, columns] = -others / (own + others)
    return loss, Z


def sigmoid_residual(Z: Floats, labels: Labels) -> tuple[Floats, Floats]:
    """Loss of each row, and Z overwritten by its residual σ(z) − y.

    Parameters
    ----------
    Z : (1, m) floating, scores of class 1; overwritten
    labels : (m,) int64, 0 or 1

    Returns
    -------
    loss : (m,), residual : (1, m) the array Z
    """
    sign = np.where(labels == 1, -1, 1).astype(Z.dtype)
    margin = Z[0] * sign
    small = np.exp(-np.abs(margin))
    loss = np.maximum(margin, 0) + np.log1p(small)
    Z[0] = sign * np.where(margin >= 0, 1, small) / (1 + small)
    return loss, Z


def probabilities(residual: Floats, labels: Labels) -> Floats:
    """Probabilities (R, m) behind a residual, a new array: adds the one-hot labels back."""
    result = residual.copy()
    if len(result) == 1:
        result[0] += labels
    else:
        result[labels, np.arange(result.shape[1])] += 1
    return result


def curvatures(residual: Floats) -> Floats:
    """p (1 − p) of every class and row, from the residual p − onehot: (R, m) in and out.

    |residual| is p, or 1 − p for the row's own class, so |r| (1 − |r|) is the same number; but where p is
    within rounding of 1, it is still there and p (1 − p) is not.
    """
    distance = np.abs(residual)
    result: Floats = distance * (1 - distance)
    return result
