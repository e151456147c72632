"""Inverses against dense linear algebra, draws against their expectation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.logistic.gram import InverseGram, draw, factor, inverse


def dense(A: np.ndarray, ridge: np.ndarray) -> np.ndarray:
    return np.linalg.inv(A.T @ A + np.diag(np.append(ridge, 0)))


def rows(m: int, d: int, *, intercept: bool = True) -> np.ndarray:
    A = np.random.default_rng(m + d).standard_normal((m, d + 1))
    A[:, -1] = 1 if intercept else 0
    return A


@pytest.mark.parametrize(("m", "d", "wide"), [(60, 5, False), (6, 5, False), (5, 40, True), (30, 31, True)])
def test_equals_the_dense_inverse_in_both_cases(m, d, wide):
    A, ridge = rows(m, d), np.random.default_rng(0).uniform(0.1, 2, d)
    made = InverseGram(A, ridge)
    assert made.wide == wide
    q = np.random.default_rng(1).standard_normal((3, d + 1))
    np.testing.assert_allclose(made.solve(q), q @ dense(A, ridge), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("m", "d"), [(60, 5), (5, 40)])
def test_without_an_intercept_the_weights_are_the_same(m, d):
    A, ridge = rows(m, d, intercept=False), np.full(d, 0.3)
    q = np.random.default_rng(1).standard_normal((2, d + 1))
    q[:, -1] = 0
    found = InverseGram(A, ridge).solve(q)
    expected = q[:, :-1] @ np.linalg.inv(A[:, :-1].T @ A[:, :-1] + np.diag(ridge))
    np.testing.assert_allclose(found[:, :-1], expected, rtol=1e-9, atol=1e-12)
    assert not found[:, -1].any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_wide_case_bears_ridges_far_below_the_curvature(dtype):
    """A direction that no row sees gets 1/ridge, one that they see 1/curvature, nine decades apart."""
    A, ridge = rows(8, 40).astype(dtype), np.full(40, 1e-9)
    made = InverseGram(A, ridge)
    centred = (A[:, :-1] - A[:, :-1].mean(axis=0)).astype(float)
    _, s, Vt = np.linalg.svd(centred, full_matrices=True)
    seen, unseen = np.append(Vt[0], 0), np.append(Vt[-1], 0)
    share = A[:, :-1].astype(float).mean(axis=0)
    assert made.solve(seen[None])[0, :-1] @ Vt[0] == pytest.approx(1 / (s[0] ** 2 + 1e-9), rel=1e-3)
    assert made.solve(unseen[None])[0, :-1] @ Vt[-1] == pytest.approx(1e9, rel=1e-3)
    solved = made.solve(np.eye(41)[-1:])[0]
    assert solved[-1] + solved[:-1] @ share == pytest.approx(1 / 8, rel=1e-3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_columns_of_any_scale(dtype):
    scale = 10.0 ** np.arange(-6, 7)
    A = (np.random.default_rng(0).standard_normal((100, 13)) * scale).astype(dtype)
    gram = (A.T @ A).astype(dtype)
    product = inverse(gram).astype(float) * scale[:, None] @ (gram.astype(float) * scale**-1)
    np.testing.assert_allclose(product, np.eye(13), atol=2e-3 if dtype == np.float32 else 1e-9)


def test_columns_that_repeat_or_vanish_do_not_stop_it():
    A = rows(50, 6)
    A[:, 1], A[:, 2] = A[:, 0], 0
    solved = InverseGram(A, np.zeros(6)).solve(A[:1])
    assert np.isfinite(solved).all()
    assert (A[:1] * solved).sum() > 0


def test_factor_gives_the_matrix_back():
    B = rows(30, 7)
    lower, scale = factor(B.T @ B)
    lower = np.tril(lower)
    np.testing.assert_allclose((lower @ lower.T) * scale * scale[:, None], B.T @ B, rtol=1e-12, atol=1e-12)


def test_factor_adds_jitter_until_there_is_a_factor():
    lower, _ = factor(np.array([[1.0, 2.0], [2.0, 1.0]]))  # an eigenvalue of −1
    assert np.isfinite(lower).all()


def test_asking_for_at_least_as_many_rows_gives_all():
    chosen, weight = draw(np.array([0.0, 1.0, 5.0]), 3, np.random.default_rng(0))
    assert chosen.tolist() == [0, 1, 2]
    assert weight.tolist() == [1, 1, 1]


def test_draw_is_unbiased_and_of_the_size_asked_for():
    rng = np.random.default_rng(0)
    weights, values = rng.exponential(size=300) ** 2, rng.standard_normal(300) + 1
    sums, sizes = [], []
    for _ in range(3000):
        chosen, factor_ = draw(weights, 60, rng)
        sums.append((values[chosen] * weights[chosen] * factor_).sum())
        sizes.append(len(chosen))
    error = np.std(sums) / np.sqrt(len(sums))
    assert abs(np.mean(sums) - (values * weights).sum()) < 4 * error
    assert np.mean(sizes) == pytest.approx(60, rel=0.02)


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=40), st.integers(1, 10), st.integers(0, 100))
def test_draw_gives_rows_of_some_weight_once_each(weights, size, seed):
    chosen, factor_ = draw(np.array(weights), size, np.random.default_rng(seed))
    assert len(set(chosen.tolist())) == len(chosen) > 0
    assert np.isfinite(factor_).all()
    assert (factor_ > 0.999).all()
