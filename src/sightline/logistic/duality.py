"""How far a point is from the minimum of the elastic net: duality gap, least subgradient, best intercept."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.logistic.loss import probabilities
from sightline.logistic.objective import Doubles, Evaluated, Objective

Floats = npt.NDArray[np.floating[Any]]


def duality_gap(objective: Objective, point: Doubles, now: Evaluated, residual: Floats, l1: float) -> float:
    r"""Upper bound of G − G* from a point whose intercept is the best for its weights.

    Fenchel's dual of min (1/M) Σ m_i ℓ_i(z_i) + Σ h(W_kj), h(w) = μ w²/2 + l1 |w|, z = W (x − x̄) + c, is

        max over r of  −(1/M) Σ m_i ℓ_i*(r_i) − Σ h*(−g_kj),      g = (1/M) Σ m_i r_i (x_i − x̄)ᵀ,

    with Σ m_i r_i = 0 where there is an intercept. ℓ_i*(r) = Σ_k q_k log q_k, q = r + onehot_i, wherever q is
    a probability; h*(v) = max(|v| − l1, 0)² / 2μ, and for μ = 0 it is 0 where |v| ≤ l1, else infinite.
    Any such r bounds G* from below. We take r = s (p − onehot), 0 < s ≤ 1: then q = (1 − s) onehot + s p is a
    probability, and Σ m_i r_i = 0 as ∂F/∂c = 0. The difference of G and the bound is a sum of terms ≥ 0,

        (1/M) Σ m_i KL(q_i ‖ p_i) + Σ [h(W_kj) + h*(−s g_kj) + s g_kj W_kj],

    so nothing cancels. s = 1 will do where μ > 0, s = l1 / max |g| always; the smaller of the two gaps counts.

    Parameters
    ----------
    objective, point, l1 : as in `minimise_sparse`
    now : F and its gradient at the point
    residual : (R, n), p − onehot at the point
    """
    W, mu = point[:, :-1], objective.penalty
    slope = now.gradient[:, :-1] - mu * W
    loss = now.value - 0.5 * mu * float((W * W).sum())
    top = float(np.abs(slope).max(initial=0))

    def gap(s: float) -> float:
        v = s * slope
        terms = l1 * np.abs(W) + 0.5 * mu * W * W + v * W
        if mu > 0:
            terms += np.maximum(np.abs(v) - l1, 0) ** 2 / (2 * mu)
        return float(np.maximum(terms, 0).sum()) + _divergence(objective, residual, loss, s)

    feasible = gap(min(1.0, l1 / top) if top > 0 else 1.0)
    return min(feasible, gap(1.0)) if mu > 0 else feasible


def _divergence(objective: Objective, residual: Floats, loss: float, s: float) -> float:
    """(1/M) Σ m_i KL(q_i ‖ p_i): with a = 1 − p of the row's own class, s a log s + (1 − s a) log((1 − s a)/(1 − a)).

    Where a is within rounding of 1, what is left of the loss after all other rows stands in for −log(1 − a).
    """
    if s == 1:
        return 0.0
    a = np.abs(residual[0] if len(residual) == 1 else residual[objective.labels, np.arange(objective.n)])
    a = a.astype(np.float64)
    far = a > 1 - 16 * np.finfo(residual.dtype).eps
    losses = -np.log1p(-np.where(far, 0, a))
    rest = max(loss * objective.total_mass - float(objective.mass @ losses), 0.0)
    kept = 1 - s * a
    known = s * a * np.log(s) + kept * (np.log1p(-s * a) + losses)
    total = float(objective.mass @ known) + float(kept[far].max(initial=0)) * rest
    return max(total / objective.total_mass, 0.0)


def best_shift(objective: Objective, residual: Floats) -> Doubles:
    """What to add to the intercepts (R,) so that Σ m_i r_i = 0, by Newton steps on the residuals (R, n) alone.

    Adding δ to the scores turns probabilities p into p e^δ / Σ p e^δ: no product with the rows is needed.
    """
    P = probabilities(residual.astype(np.float64), objective.labels)
    P = np.clip(np.concatenate([1 - P, P]) if len(P) == 1 else P, 0, 1)
    mass = objective.mass / objective.total_mass
    share = objective.share
    shift, step = np.zeros(len(P)), np.zeros(len(P))
    before, length, eps = 1e300, 1.0, float(np.finfo(np.float64).eps)
    for _ in range(50):
        new = shift + length * step
        tilted = P * np.exp(new)[:, None]
        total = tilted.sum(axis=0)
        value = float(mass @ np.log(total) - share @ new)
        # Near the end a step gains less than rounding shows, and is still right: there Newton's steps need no test.
        if not value <= before + 4 * eps * (1 + abs(before)):
            length *= 0.5
            if length < 1e-3:
                break
            continue
        shift, before, length = new, value, 1.0
        tilted /= total
        mean = tilted @ mass
        hessian = np.diag(mean) - (tilted * mass) @ tilted.T + 1 / len(P)  # the 1 / K: all scores alike
        step = np.clip(-np.linalg.lstsq(hessian, mean - share)[0], -5, 5)
        if np.abs(step).max() <= eps:
            break
    result: Doubles = shift[1:] - shift[0] if len(residual) == 1 else shift - shift.mean()
    return result


def least_subgradient(point: Doubles, gradient: Doubles, l1: float) -> Doubles:
    """The smallest member of ∂G at a point, from the gradient of F, both (R, d+1): zero only at the minimum."""
    W, g = point[:, :-1], gradient[:, :-1]
    at_zero = np.sign(g) * np.maximum(np.abs(g) - l1, 0)
    return np.column_stack([np.where(W == 0, at_zero, g + l1 * np.sign(W)), gradient[:, -1]])


def norm1(point: Doubles) -> float:
    """‖W‖₁ of a point."""
    return float(np.abs(point[:, :-1]).sum())
