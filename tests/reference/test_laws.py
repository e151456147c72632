"""What must hold at the optimum of any logistic regression, whoever computes it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sightline.logistic import LogisticRegression
from sightline.logistic.objective import Objective

laws = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def problems(draw, classes=(2, 3, 4, 6)):
    """Rows of any scale and offset, labels of which no class is empty, masses, C."""
    K = draw(st.sampled_from(classes))
    n = draw(st.integers(2 * K, 60))
    d = draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    scale = 10.0 ** rng.uniform(-1.5, 1.5, d)
    X = rng.standard_normal((n, d)) * scale + rng.uniform(-5, 5, d) * scale
    y = rng.permutation(np.arange(n) % K)
    mass = rng.uniform(0.1, 3, n) if draw(st.booleans()) else np.ones(n)
    C = 10.0 ** draw(st.integers(-3, 3))
    return X, y, mass, C


def fit(X, y, mass, C, **options) -> LogisticRegression:
    model = LogisticRegression(C=C, **options).fit(X, y, sample_weight=mass)
    assert model.converged_
    return model


def size(X, model) -> np.ndarray:
    """How far one digit of each weight reaches: scores are what can be compared, W x on the rows' spread."""
    return np.abs(model.coef_) * X.std(axis=0) + 1e-3


def assert_close(X, model, coef, tolerance=1e-5) -> None:
    difference = np.abs(model.coef_ - coef) * X.std(axis=0)
    assert (difference <= tolerance * (1 + size(X, model).max())).all()


@laws
@given(problems(classes=(3, 4, 6)))
def test_weights_sum_to_zero_over_the_classes(case):
    X, y, mass, C = case
    model = fit(X, y, mass, C)
    assert np.abs(model.coef_.sum(axis=0)).max() <= 1e-14 * (1 + np.abs(model.coef_).max())
    assert abs(model.intercept_.sum()) <= 1e-13 * (1 + np.abs(model.intercept_).max())


@laws
@given(problems())
def test_weights_are_the_rows_weighted_by_their_residuals(case):
    """λ W = Σ m_i (onehot − p)_i x_iᵀ / M, and the mean probability of a class is its frequency."""
    X, y, mass, C = case
    model = fit(X, y, mass, C)
    p = model.predict_proba(X)
    residual = (np.eye(p.shape[1])[y] - p) * mass[:, None] / mass.sum()
    if p.shape[1] == 2:
        residual = residual[:, 1:]
    np.testing.assert_allclose(residual.sum(axis=0), 0, atol=1e-6)
    centred = X - np.average(X, axis=0, weights=mass)
    spread = X.std(axis=0)
    np.testing.assert_allclose(
        residual.T @ centred / spread, model.coef_ / (C * mass.sum()) / spread, atol=2e-6
    )
    share = np.bincount(y, weights=mass) / mass.sum()
    np.testing.assert_allclose(np.average(p, axis=0, weights=mass), share, atol=1e-6)


@laws
@given(problems(), st.randoms(use_true_random=False))
def test_relabelling_the_classes_permutes_the_rows(case, random):
    X, y, mass, C = case
    K = len(np.unique(y))
    order = list(range(K))
    random.shuffle(order)
    model, other = fit(X, y, mass, C), fit(X, np.array(order)[y], mass, C)
    if K == 2:
        assert_close(X, model, other.coef_ if order == [0, 1] else -other.coef_)
    else:
        assert_close(X, model, other.coef_[order])


@laws
@given(problems(), st.integers(0, 1000))
def test_rotating_the_rows_rotates_the_weights(case, seed):
    X, y, mass, C = case
    X = X / X.std(axis=0)
    Q, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((X.shape[1], X.shape[1])))
    assert_close(X, fit(X, y, mass, C), fit(X @ Q, y, mass, C).coef_ @ Q.T)


@laws
@given(problems(), st.sampled_from([1e-6, 1e-3, 1 / 255, 7.0, 1e4]))
def test_scaling_rows_by_c_and_penalty_by_c_squared_scales_weights_by_its_inverse(case, c):
    X, y, mass, C = case
    assert_close(X, fit(X, y, mass, C), fit(X * c, y, mass, C / c**2).coef_ * c)


@laws
@given(problems(), st.floats(-1e4, 1e4))
def test_shifting_the_rows_moves_only_the_intercept(case, shift):
    X, y, mass, C = case
    offset = shift * X.std(axis=0)
    model, other = fit(X, y, mass, C), fit(X + offset, y, mass, C)
    assert_close(X, model, other.coef_)
    expected = model.intercept_ - other.coef_ @ offset
    expected = expected - (expected.mean() if len(expected) > 1 else 0)
    reach = 1 + np.abs(other.coef_ * offset).max()
    np.testing.assert_allclose(
        other.intercept_, expected, atol=1e-5 * (1 + size(X, model).max()) + 1e-9 * reach
    )


@laws
@given(problems(), st.data())
def test_a_row_twice_is_a_row_of_weight_two(case, data):
    X, y, mass, C = case
    again = np.array(data.draw(st.lists(st.integers(0, len(y) - 1), min_size=1, max_size=8)))
    repeated = fit(np.vstack([X, X[again]]), np.append(y, y[again]), np.append(mass, mass[again]), C)
    heavier = mass.copy()
    np.add.at(heavier, again, mass[again])
    assert_close(X, repeated, fit(X, y, heavier, C).coef_)


@laws
@given(problems())
def test_a_row_of_weight_zero_is_no_row(case):
    X, y, mass, C = case
    wild = np.random.default_rng(0).standard_normal((3, X.shape[1])) * 1e3
    ignored = fit(np.vstack([wild, X]), np.append(y[:3], y), np.append(np.zeros(3), mass), C)
    assert_close(X, ignored, fit(X, y, mass, C).coef_)


@laws
@given(problems())
def test_a_strong_penalty_leaves_the_class_frequencies(case):
    X, y, mass, _ = case
    X = X / X.std(axis=0)
    share = np.bincount(y, weights=mass) / mass.sum()
    model = fit(X, y, mass, 1e-12)
    np.testing.assert_allclose(model.predict_proba(X), np.tile(share, (len(X), 1)), atol=1e-8)


@laws
@given(problems(), st.integers(0, 1000))
def test_no_perturbation_lowers_the_objective(problem, case, seed):
    X, y, mass, C = case
    model, rng = fit(X, y, mass, C), np.random.default_rng(seed)
    same = problem(X, y, C, mass)
    best = same.value(model.coef_, model.intercept_)
    for scale in (1e-1, 1e-2, 1e-3, 1e-4):
        step = rng.standard_normal(model.coef_.shape) / X.std(axis=0) * scale
        shift = rng.standard_normal(model.intercept_.shape) * scale - step @ X.mean(axis=0)
        assert same.value(model.coef_ + step, model.intercept_ + shift) >= best * (1 - 1e-12)


@laws
@given(problems())
def test_it_is_the_optimum(problem, case):
    X, y, mass, C = case
    model = fit(X, y, mass, C)
    same = problem(X, y, C, mass)
    assert same.value(model.coef_, model.intercept_) <= same.optimum() * (1 + 1e-9)


@laws
@given(problems(), st.sampled_from([np.float32, np.float64]))
def test_the_loss_is_finite_at_logits_of_a_thousand(case, dtype):
    X, y, mass, C = case
    K = len(np.unique(y))
    objective = Objective(X.astype(dtype), y, K, mass, 1 / C)
    point = objective.start()
    point[:, :-1] = 1000 / np.abs(X).max() / X.shape[1]
    point[:, -1] = 1000 * (-1.0) ** np.arange(len(point))
    with np.errstate(all="raise"):
        now = objective.at(point)
    assert np.isfinite(now.value)
    assert np.isfinite(now.gradient).all()


@laws
@given(problems(), st.sampled_from([np.float32, np.float64]))
def test_two_identical_runs_give_the_same_bits(case, dtype):
    X, y, mass, C = case
    one, other = (
        LogisticRegression(C=C, max_iter=100).fit(X.astype(dtype), y, sample_weight=mass) for _ in "ab"
    )
    np.testing.assert_array_equal(one.coef_, other.coef_)
    np.testing.assert_array_equal(one.intercept_, other.intercept_)
    assert [p.objective for p in one.history_] == [p.objective for p in other.history_]


@pytest.mark.parametrize("K", [2, 5])
def test_without_an_intercept_only_the_origin_is_fixed(made, K):
    X, y = made(300, 5, K)
    model = LogisticRegression(fit_intercept=False).fit(X, y)
    assert not model.intercept_.any()
    np.testing.assert_allclose(model.predict_proba(np.zeros((1, 5))), 1 / K)
    residual = np.eye(K)[y] - model.predict_proba(X)
    residual = residual[:, 1:] if K == 2 else residual
    np.testing.assert_allclose(residual.T @ X, model.coef_, atol=1e-4)
