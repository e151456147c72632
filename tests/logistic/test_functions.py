"""Sigmoid and softmax against arithmetic of more digits."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sightline.logistic import sigmoid, softmax
from sightline.logistic.functions import log_softmax

GRID = np.concatenate([np.linspace(-1000, 1000, 4001), np.linspace(-40, 40, 4001), [1e-300, -1e-300, 1e-17]])
DTYPES = [np.float32, np.float64]


def exact_sigmoid(z: np.ndarray) -> np.ndarray:
    small = np.exp(-np.abs(z.astype(np.longdouble)))
    return np.where(z >= 0, 1, small) / (1 + small)


def exact_softmax(z: np.ndarray) -> np.ndarray:
    wide = z.astype(np.longdouble)
    powers = np.exp(wide - wide.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def assert_last_bits(found: np.ndarray, exact: np.ndarray, ulps: int) -> None:
    """Within `ulps` roundings of the exact value, or of the smallest normal number below that."""
    info = np.finfo(found.dtype)
    slack = ulps * info.eps * np.maximum(exact, info.tiny)
    assert (np.abs(found.astype(np.longdouble) - exact) <= slack).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_sigmoid_to_the_last_bits(dtype):
    z = GRID.astype(dtype)
    found = sigmoid(z)
    assert found.dtype == dtype
    assert_last_bits(found, exact_sigmoid(z), 3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax_to_the_last_bits(dtype):
    rng = np.random.default_rng(0)
    z = (rng.standard_normal((500, 7)) * 10 ** rng.uniform(-3, 3, (500, 1))).astype(dtype)
    found = softmax(z)
    assert found.dtype == dtype
    # Within a few roundings of each probability, and of each score's difference from the largest.
    exact, info = exact_softmax(z), np.finfo(dtype)
    spread = 1 + np.abs(z - z.max(axis=1, keepdims=True)).astype(np.longdouble)
    assert (np.abs(found - exact) <= 8 * info.eps * spread * np.maximum(exact, info.tiny)).all()


def test_at_a_thousand():
    assert sigmoid([-1000.0, 1000.0]).tolist() == [0.0, 1.0]
    assert softmax([-1000.0, 1000.0]).tolist() == [0.0, 1.0]
    assert softmax([1000.0, 1000.0]).tolist() == [0.5, 0.5]
    assert log_softmax(np.array([[-1000.0, 1000.0]])).tolist() == [[-2000.0, 0.0]]


@pytest.mark.parametrize("function", [sigmoid, softmax, lambda z: log_softmax(z[None])])
@pytest.mark.parametrize("dtype", DTYPES)
def test_no_warning_whatever_numpy_is_told(function, dtype):
    largest = np.finfo(dtype).max
    z = np.array([-largest, -1000, -1, 0, 1, 1000, largest], dtype=dtype)
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        function(z)


def test_other_dtypes_become_float64_and_shapes_stay():
    assert sigmoid([[0, 1], [2, 3]]).dtype == np.float64
    assert sigmoid(np.float16([1.0])).dtype == np.float64
    assert float(sigmoid(0)) == 0.5
    assert sigmoid(np.zeros((2, 0, 3))).shape == (2, 0, 3)
    assert softmax(np.zeros((2, 3, 4)), axis=1)[0, :, 0].tolist() == pytest.approx([1 / 3] * 3)


scores = hnp.arrays(np.float64, st.integers(2, 8), elements=st.floats(-1000, 1000))


@given(st.floats(-1000, 1000))
def test_law_sigmoid_of_both_signs_sums_to_one(z):
    assert float(sigmoid(z) + sigmoid(-z)) == pytest.approx(1, abs=3e-16)


@given(scores, st.integers(-1000, 1000))
def test_law_softmax_does_not_see_a_shift(z, shift):
    z = np.round(z)  # whole numbers, so that the shift itself is exact
    np.testing.assert_array_equal(softmax(z + shift), softmax(z))


@given(scores)
def test_law_softmax_sums_to_one_and_keeps_order(z):
    p = softmax(z)
    assert p.sum() == pytest.approx(1, abs=1e-15)
    assert (np.diff(p[np.argsort(z, kind="stable")]) >= 0).all()


@given(st.floats(-700, 700))
def test_law_softmax_of_two_is_sigmoid_of_the_difference(z):
    np.testing.assert_allclose(softmax([0.0, z])[1], sigmoid(z), rtol=1e-15)


@given(scores)
def test_law_log_softmax_is_the_log_of_softmax(z):
    found = log_softmax(z[None])[0]
    assert np.isfinite(found).all()
    wide = z.astype(np.longdouble)
    exact = wide - wide.max() - np.log(np.exp(wide - wide.max()).sum())
    np.testing.assert_allclose(found.astype(np.longdouble), exact, rtol=1e-14, atol=1e-18)


def test_log_softmax_keeps_what_a_probability_near_one_lacks():
    near_one = log_softmax(np.array([[0.0, 45.0]]))[0, 1]
    assert near_one == pytest.approx(-np.exp(-45.0), rel=1e-14)
