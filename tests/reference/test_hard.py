"""Problems that break solvers: no warning but an honest one, and an answer that is what it says.

`converged_` is a promise: the objective is within ten times `tol` of the optimum's.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine

from sightline.logistic import LogisticRegression

TOL = LogisticRegression().tol
DTYPES = ["float64", "float32"]


def keeps_its_promise(problem, X, y, C=1.0, mass=None, *, optimum=None, passes=120, coef_tolerance=10.0):
    """Fit without a warning, converge in few passes, and be at the optimum, F as told and F in truth."""
    model = LogisticRegression(C=C).fit(X, y, sample_weight=mass)
    same = problem(X, y, C, mass)
    best = same.optimum() if optimum is None else optimum
    assert model.converged_
    assert model.n_iter_[0] <= passes
    told = model.history_.passes[-1].objective
    true = same.value(model.coef_, model.intercept_)
    assert abs(told / best - 1) <= 10 * TOL, (told, best)
    assert abs(true / best - 1) <= coef_tolerance * TOL, (true, best)
    return model


@pytest.mark.parametrize("C", [1e-8, 1e-4, 1.0, 1e4, 1e8, np.inf])
@pytest.mark.parametrize("K", [2, 3, 10])
@pytest.mark.parametrize("dtype", DTYPES)
def test_any_penalty(problem, made, C, K, dtype):
    X, y = made(300, 8, K, seed=K)
    keeps_its_promise(problem, X.astype(dtype), y, C)


@pytest.mark.parametrize("C", [1.0, 1e4, np.inf])
@pytest.mark.parametrize("K", [2, 4])
@pytest.mark.parametrize("dtype", DTYPES)
class TestColumns:
    @pytest.fixture
    def case(self, made, K):
        return made(200, 10, K, scale=1.0, seed=1)

    def test_constant(self, problem, case, C, dtype):
        X, y = case
        X[:, 3], X[:, 4] = 7, 0
        model = keeps_its_promise(problem, X.astype(dtype), y, C)
        assert not model.coef_[:, [3, 4]].any()

    def test_duplicated(self, problem, case, C, dtype):
        X, y = case
        model = keeps_its_promise(problem, np.hstack([X, X, X[:, :2]]).astype(dtype), y, C)
        assert np.abs(model.coef_).max() < 1e3
        if np.isfinite(C):
            np.testing.assert_allclose(model.coef_[:, :10], model.coef_[:, 10:20], atol=2e-2)

    def test_of_scales_from_a_millionth_to_a_million(self, problem, case, C, dtype):
        X, y = case
        keeps_its_promise(problem, (X * 10.0 ** np.linspace(-6, 6, 10)).astype(dtype), y, C)

    def test_far_from_zero(self, problem, case, C, dtype):
        """1e6 ± 1 in float64; 1e3 ± 1 in float32, whose own rounding is then a ten-thousandth."""
        X, y = case
        keeps_its_promise(problem, (X + (1e6 if dtype == "float64" else 1e3)).astype(dtype), y, C)

    def test_all_zero(self, problem, case, C, dtype):
        X, y = case
        model = keeps_its_promise(problem, np.zeros_like(X, dtype=dtype), y, C, passes=1)
        share = np.bincount(y) / len(y)
        np.testing.assert_allclose(model.predict_proba(X[:1])[0], share, rtol=1e-6)


def test_float32_far_from_zero_is_fitted_as_well_as_told(problem, made):
    """At 1e5 ± 1 a float32 intercept cannot hold the answer, but the minimiser's own numbers are right."""
    X, y = made(200, 10, 4, scale=1.0, seed=1)
    keeps_its_promise(problem, (X + 1e5).astype(np.float32), y, 1.0, coef_tolerance=1000)


@pytest.mark.parametrize("C", [1e-3, 1.0, 1e3, 1e6, 1e8])
@pytest.mark.parametrize("K", [2, 3])
@pytest.mark.parametrize("dtype", DTYPES)
def test_more_columns_than_rows(problem, made, C, K, dtype):
    X, y = made(40, 100, K, scale=0.3, seed=3)
    keeps_its_promise(problem, X.astype(dtype), y, C)


@pytest.mark.parametrize("K", [2, 3])
@pytest.mark.parametrize("dtype", DTYPES)
def test_far_more_columns_than_rows(problem, made, K, dtype):
    X, y = made(40, 3000, K, scale=0.03, seed=3)
    keeps_its_promise(problem, X.astype(dtype), y, passes=40)


@pytest.mark.parametrize("C", [1e-3, 1.0, 1e3, 1e6, 1e8])
@pytest.mark.parametrize("K", [2, 3])
@pytest.mark.parametrize("dtype", DTYPES)
def test_separable_classes(problem, made, C, K, dtype):
    X, _ = made(100, 2, K, seed=3)
    y = (X @ np.random.default_rng(1).standard_normal((2, K))).argmax(axis=1)
    model = keeps_its_promise(problem, X.astype(dtype), y, C)
    assert C < 1 or model.score(X.astype(dtype), y) > 0.9


@pytest.mark.parametrize("C", [1e-8, 1.0, 1e3, 1e8])
@pytest.mark.parametrize("dtype", DTYPES)
def test_two_rows(problem, C, dtype):
    keeps_its_promise(problem, np.array([[0, 1], [1, 3]], dtype), np.array([0, 1]), C)


def test_two_rows_one_column(problem):
    keeps_its_promise(problem, np.array([[0.0], [1.0]]), np.array([0, 1]))


@pytest.mark.parametrize("C", [1e-8, 1.0, 1e3, 1e8])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_class_of_one_row(problem, made, C, dtype):
    X, y = made(100, 5, 2, scale=1.0, seed=5)
    y[0] = 2
    keeps_its_promise(problem, X.astype(dtype), y, C)


@pytest.mark.parametrize("dtype", DTYPES)
def test_fifty_classes(problem, made, dtype):
    X, y = made(600, 6, 50, seed=6)
    keeps_its_promise(problem, X.astype(dtype), y)


@pytest.mark.parametrize("C", [1.0, 1e4])
@pytest.mark.parametrize("K", [2, 4])
@pytest.mark.parametrize("dtype", DTYPES)
class TestMasses:
    @pytest.fixture
    def case(self, made, K, dtype):
        X, y = made(200, 10, K, scale=1.0, seed=1)
        return X.astype(dtype), y

    def test_some_zero(self, problem, case, C):
        mass = np.random.default_rng(0).random(200)
        mass[:50] = 0
        keeps_its_promise(problem, *case, C, mass)

    def test_a_million_to_one(self, problem, case, C):
        mass = np.ones(200)
        mass[::7] = 1e6
        keeps_its_promise(problem, *case, C, mass)

    @pytest.mark.parametrize("scale", [1e-9, 1e9])
    def test_all_tiny_or_huge(self, problem, case, C, scale):
        mass = np.random.default_rng(0).random(200) * scale
        keeps_its_promise(problem, *case, C / scale, mass)

    def test_a_class_without_any(self, problem, case, C, K):
        X, y = case
        if K == 2:
            return  # refused: nothing would be left to tell apart
        mass = np.ones(200)
        mass[y == 0] = 0
        model = keeps_its_promise(problem, X, y, C, mass)
        assert model.predict_proba(X)[:, 0].max() < 1e-20


@pytest.mark.parametrize("C", [1e-4, 1.0, 1e4, 1e8])
@pytest.mark.parametrize("load", [load_breast_cancer, load_wine, load_iris])
@pytest.mark.parametrize("dtype", DTYPES)
def test_real_data_in_their_own_units(problem, load, C, dtype):
    X, y = load(return_X_y=True)
    keeps_its_promise(problem, X.astype(dtype), y, C)


@pytest.mark.parametrize(("C", "optimum"), [(1.0, 0.00947791), (1e4, 7.26410e-06)])
@pytest.mark.parametrize("dtype", ["uint8", *DTYPES])
def test_digits_nearly_without_a_penalty(problem, C, optimum, dtype):
    """Ten classes that a plane each separates: the optimum is far away and the way there is curved."""
    X, y = load_digits(return_X_y=True)
    model = LogisticRegression(C=C, tol=1e-7 if dtype == "float64" else TOL).fit(X.astype(dtype), y)
    assert model.converged_
    assert model.n_iter_[0] <= 150
    value = problem(X, y, C).value(model.coef_, model.intercept_)
    assert value == pytest.approx(optimum, rel=1e-4)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("tol", [1e-3, 1e-5, 1e-7])
def test_the_promise_holds_for_any_tolerance(problem, seed, tol):
    """Problems too large to be driven to the last bits, of random shape, correlation, scale and penalty."""
    rng = np.random.default_rng(seed)
    K, d = int(rng.choice([2, 3, 5])), int(rng.integers(10, 25))
    n = int(rng.integers(110_000 // (d * max(K, 1)), 120_000 // d))
    X = rng.standard_normal((n, d)) @ (rng.standard_normal((d, d)) * 10.0 ** rng.uniform(-2, 1, d))
    Z = X / X.std(axis=0) @ rng.standard_normal((d, K)) * rng.uniform(0.2, 3)
    y = (Z + rng.gumbel(size=(n, K))).argmax(axis=1)
    C = 10.0 ** rng.uniform(-4, 4)
    same = problem(X, y, C)
    model = LogisticRegression(C=C, tol=tol).fit(X, y)
    assert model.converged_
    assert same.value(model.coef_, model.intercept_) <= same.optimum() * (1 + 10 * tol)


def test_what_does_not_converge_says_so(made):
    X, y = made(300, 8, 3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = LogisticRegression(max_iter=4).fit(X, y)
    assert not model.converged_
    assert len(caught) == 1
    assert str(caught[0].message) == model.history_.outcome
