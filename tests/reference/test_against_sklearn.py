"""The same optimum as scikit-learn's solvers, driven to the end."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.linear_model import LogisticRegression as Peer

from sightline.logistic import LogisticRegression


def peer(X, y, C, mass=None, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lbfgs says that it cannot reach 1e-12
        return Peer(C=C, tol=1e-12, max_iter=20_000, **options).fit(X, y, sample_weight=mass)


@pytest.mark.parametrize("K", [2, 3, 7])
@pytest.mark.parametrize("C", [1e-4, 1.0, 1e3])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_random_problems(problem, made, K, C, weighted, fit_intercept):
    X, y = made(250, 6, K, seed=K)
    X = X * np.array([0.1, 1, 1, 3, 10, 1]) + np.array([0, 0, 5, 0, -20, 0])
    mass = np.random.default_rng(0).uniform(0, 2, 250) if weighted else None
    theirs = peer(X, y, C, mass, solver="newton-cholesky", fit_intercept=fit_intercept)
    ours = LogisticRegression(C=C, fit_intercept=fit_intercept).fit(X, y, sample_weight=mass)
    same = problem(X, y, C, mass)
    best = same.value(theirs.coef_, theirs.intercept_)
    assert ours.converged_
    assert same.value(ours.coef_, ours.intercept_) <= best * (1 + 1e-9)
    assert ours.history_.passes[-1].objective == pytest.approx(best, rel=1e-9)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("load", [load_breast_cancer, load_wine, load_iris])
@pytest.mark.parametrize("C", [1e-3, 1.0, 1e3])
def test_data_in_their_own_units(problem, load, C):
    """Columns from 1e-3 to 1e3, unscaled: where plain gradient methods run out of iterations."""
    X, y = load(return_X_y=True)
    theirs = peer(X, y, C, solver="newton-cholesky")
    ours = LogisticRegression(C=C, tol=1e-10).fit(X, y)
    same = problem(X, y, C)
    assert ours.converged_
    assert ours.n_iter_[0] < 100
    best = same.value(theirs.coef_, theirs.intercept_)
    assert same.value(ours.coef_, ours.intercept_) <= best * (1 + 1e-9)


@pytest.fixture(scope="module")
def digits():
    return load_digits(return_X_y=True)


@pytest.mark.parametrize("C", [1e-3, 0.1])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_digits(problem, digits, C, dtype):
    X, y = digits
    theirs = peer(X, y, C, solver="newton-cholesky")
    ours = LogisticRegression(C=C, tol=1e-10 if dtype == np.float64 else 1e-6).fit(X.astype(dtype), y)
    same = problem(X, y, C)
    best = same.value(theirs.coef_, theirs.intercept_)
    assert ours.converged_
    relative = same.value(ours.coef_, ours.intercept_) / best - 1
    assert relative <= (1e-9 if dtype == np.float64 else 1e-5)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5 if dtype == np.float64 else 3e-3)
    assert (ours.predict(X) == theirs.predict(X)).mean() > 0.999


def test_raw_pixels_reach_the_optimum_of_scaled_ones_in_as_many_passes(problem, digits):
    X, y = digits
    raw = np.round(X * 255 / 16).astype(np.uint8)
    scaled = raw / 255.0
    ours = LogisticRegression(C=0.5 / 255**2, tol=1e-6).fit(raw, y)
    other = LogisticRegression(C=0.5, tol=1e-6).fit(scaled, y)
    theirs = peer(scaled, y, 0.5, solver="lbfgs")
    same = problem(scaled, y, 0.5)
    best = same.value(theirs.coef_, theirs.intercept_)
    assert ours.converged_
    assert same.value(ours.coef_.astype(float) * 255, ours.intercept_) == pytest.approx(best, rel=1e-5)
    np.testing.assert_allclose(ours.coef_ * 255, theirs.coef_, atol=5e-3)
    assert ours.n_iter_[0] <= other.n_iter_[0] + 5
