"""Loss and residual against their definitions in more digits, and against finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.logistic.loss import curvatures, probabilities, sigmoid_residual, softmax_residual


def exact(Z: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Loss (m,) and residual (K, m) of softmax in longdouble, straight from the definition."""
    columns = np.arange(Z.shape[1])
    wide = Z.astype(np.longdouble)
    wide = wide - wide[labels, columns]
    powers = np.exp(wide)
    powers[labels, columns] = 0
    others = powers.sum(axis=0)
    residual = powers / (1 + others)
    residual[labels, columns] = -others / (1 + others)
    return np.log1p(others), residual


def problem(R: int, scale: float, dtype: type, m: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(R)
    Z = (rng.standard_normal((R, m)) * scale).astype(dtype)
    return Z, rng.integers(0, max(R, 2), m)


def both(R: int):
    return sigmoid_residual if R == 1 else softmax_residual


def as_softmax(Z: np.ndarray) -> np.ndarray:
    return np.vstack([np.zeros_like(Z), Z]) if len(Z) == 1 else Z


@pytest.mark.parametrize("R", [1, 2, 3, 10])
@pytest.mark.parametrize("scale", [1e-3, 1, 30, 1000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_against_the_definition(R, scale, dtype):
    Z, labels = problem(R, scale, dtype)
    loss, residual = exact(as_softmax(Z), labels)
    residual = residual[1:] if R == 1 else residual
    found_loss, found = both(R)(Z.copy(), labels)
    assert found.dtype == found_loss.dtype == dtype
    info = np.finfo(dtype)
    slack = 10 * info.eps * (1 + np.abs(as_softmax(Z)).max(axis=0).astype(np.longdouble))
    assert (np.abs(found_loss - loss) <= slack * np.maximum(loss, info.tiny)).all()
    assert (np.abs(found - residual) <= slack * np.maximum(np.abs(residual), info.tiny)).all()


@pytest.mark.parametrize("R", [1, 4])
def test_residual_is_the_slope_of_the_loss(R):
    Z, labels = problem(R, 2, np.float64)
    _, residual = both(R)(Z.copy(), labels)
    h = 1e-5
    for k in range(R):
        ahead, behind = Z.copy(), Z.copy()
        ahead[k] += h
        behind[k] -= h
        slope = (both(R)(ahead, labels)[0] - both(R)(behind, labels)[0]) / (2 * h)
        np.testing.assert_allclose(slope, residual[k], atol=1e-9)


@pytest.mark.parametrize("R", [1, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_finite_and_silent_at_a_thousand(R, dtype):
    Z, labels = problem(R, 1, dtype)
    Z = np.sign(Z) * dtype(1000)
    with np.errstate(all="raise", under="ignore"):
        loss, residual = both(R)(Z.copy(), labels)
    assert np.isfinite(loss).all()
    assert np.isfinite(residual).all()
    assert loss.max() == (1000 if R == 1 else 2000) or loss.max() == pytest.approx(2000, abs=2)


@pytest.mark.parametrize("R", [1, 3])
def test_a_sure_and_right_row_still_has_loss_and_residual(R):
    Z = np.full((R, 1), 0.0)
    Z[-1] = 50
    label = np.array([max(R, 2) - 1])
    loss, residual = both(R)(Z, label)
    assert loss[0] == pytest.approx((1 if R == 1 else 2) * np.exp(-50), rel=1e-14)
    assert residual[-1, 0] == pytest.approx(-loss[0], rel=1e-14)


@pytest.mark.parametrize("R", [1, 3])
def test_residuals_hold_probabilities_and_curvatures(R):
    Z, labels = problem(R, 3, np.float64)
    _, residual = both(R)(Z.copy(), labels)
    before = residual.copy()
    P = probabilities(residual, labels)
    np.testing.assert_array_equal(residual, before)
    assert (P >= 0).all()
    assert (P <= 1).all()
    if R > 1:
        np.testing.assert_allclose(P.sum(axis=0), 1, atol=1e-14)
    np.testing.assert_allclose(curvatures(residual), P * (1 - P), atol=1e-15)


def test_curvature_survives_where_the_probability_rounds_to_one():
    Z = np.array([[40.0]], dtype=np.float32)
    _, residual = sigmoid_residual(Z, np.array([1]))
    assert probabilities(residual, np.array([1]))[0, 0] == 1
    assert curvatures(residual)[0, 0] == pytest.approx(np.exp(-40), rel=1e-5)
