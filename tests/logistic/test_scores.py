"""Scores of new rows."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.logistic.scores import scores


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 70, 5000])
@pytest.mark.parametrize("R", [1, 4])
def test_against_the_product(dtype, n, R):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (n, 90)).astype(dtype)
    coef, intercept = rng.standard_normal((R, 90)), rng.standard_normal(R)
    found = scores(X, coef, intercept)
    assert found.dtype == (np.float64 if dtype == np.float64 else np.float32)
    tolerance = 1e-10 if dtype == np.float64 else 0.05
    np.testing.assert_allclose(found, X.astype(float) @ coef.T + intercept, atol=tolerance)


def test_same_bits_on_any_number_of_threads():
    rng = np.random.default_rng(0)
    X, coef = rng.standard_normal((9000, 50)).astype(np.float32), rng.standard_normal((3, 50))
    results = [scores(X, coef, np.zeros(3), threads) for threads in (1, 2, 3)]
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])
