"""The objective against the definition in more digits and against finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.errors import DataError
from sightline.logistic.objective import Objective


def naive(X, labels, K, mass, penalty, coef, intercept) -> float:
    """F from the definition, one row at a time in effect, in longdouble."""
    wide = np.longdouble
    Z = X.astype(wide) @ coef.T.astype(wide) + intercept.astype(wide)
    if K == 2:
        Z = np.column_stack([np.zeros(len(X), wide), Z[:, 0]])
    top = Z.max(axis=1)
    loss = np.log(np.exp(Z - top[:, None]).sum(axis=1)) + top - Z[np.arange(len(X)), labels]
    return float((mass * loss).sum() / mass.sum() + penalty / 2 * (coef.astype(wide) ** 2).sum())


def problem(dtype, K: int, *, weighted: bool, n: int = 150, d: int = 6, seed: int = 0):
    rng = np.random.default_rng(seed)
    if dtype == np.uint8:
        X = rng.integers(0, 256, (n, d)).astype(np.uint8)
    else:
        X = (rng.standard_normal((n, d)) * rng.uniform(0.1, 5, d) + rng.uniform(-3, 3, d)).astype(dtype)
    mass = rng.uniform(0, 3, n) if weighted else np.ones(n)
    return X, rng.integers(0, K, n), mass


@pytest.fixture
def made():
    """Objectives that are closed after the test."""
    all_made = []

    def make(*args, **options) -> Objective:
        all_made.append(Objective(*args, **options))
        return all_made[-1]

    yield make
    for one in all_made:
        one.close()


CASES = [
    pytest.param(dtype, K, weighted, fit_intercept, id=f"{np.dtype(dtype)}-{K}-{weighted=}-{fit_intercept=}")
    for dtype in (np.uint8, np.float32, np.float64)
    for K in (2, 4)
    for weighted in (False, True)
    for fit_intercept in (True, False)
]


@pytest.mark.parametrize(("dtype", "K", "weighted", "fit_intercept"), CASES)
def test_value_and_gradient(made, dtype, K, weighted, fit_intercept):
    X, labels, mass = problem(dtype, K, weighted=weighted)
    objective = made(X, labels, K, mass, 0.03, fit_intercept=fit_intercept)
    rng = np.random.default_rng(1)
    spread = X.astype(float).std(axis=0)
    point = rng.standard_normal((objective.R, 7)) / np.append(spread, 1)
    if not fit_intercept:
        point[:, -1] = 0
    found = objective.at(point)

    def exact(at: np.ndarray) -> float:
        # Not through `coefficients`, which takes out what is common to all classes.
        W, c = at[:, :-1], at[:, -1]
        return naive(X, labels, K, mass, 0.03, W, c - W @ objective.mean)

    tolerance = 1e-13 if dtype == np.float64 else 3e-6
    assert found.value == pytest.approx(exact(point), rel=tolerance)
    for index in np.ndindex(*point.shape):
        if not fit_intercept and index[1] == 6:
            assert found.gradient[index] == 0
            continue
        h = 1e-5 / np.append(spread, 1)[index[1]]
        ahead, behind = point.copy(), point.copy()
        ahead[index] += h
        behind[index] -= h
        slope = (exact(ahead) - exact(behind)) / (2 * h)
        scale = np.append(spread, 1)[index[1]]
        assert found.gradient[index] == pytest.approx(
            slope, abs=(1e-8 if dtype == np.float64 else 1e-5) * scale
        )


@pytest.mark.parametrize("K", [2, 5])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_same_bits_on_any_number_of_threads(made, dtype, K):
    X, labels, mass = problem(dtype, K, weighted=True, n=5000, d=80)
    point = np.random.default_rng(2).standard_normal((1 if K == 2 else K, 81)) * 1e-3
    results = [made(X, labels, K, mass, 0.01, n_threads=t).at(point) for t in (1, 2, 3)]
    for other in results[1:]:
        assert other.value == results[0].value
        np.testing.assert_array_equal(other.gradient, results[0].gradient)


def test_keep_receives_the_residuals_and_changes_nothing(made):
    X, labels, mass = problem(np.float64, 3, weighted=True)
    objective = made(X, labels, 3, mass, 0.1)
    point = objective.start() + 0.1
    residual = np.empty((3, 150))
    kept = objective.at(point, keep=residual)
    assert kept.value == objective.at(point).value
    np.testing.assert_allclose(residual.sum(axis=0), 0, atol=1e-15)
    mass = objective.mass / objective.total_mass
    np.testing.assert_allclose((residual * mass).sum(axis=1), kept.gradient[:, -1], atol=1e-15)
    assert objective.n_passes == 2


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("offset", [0.0, 1e3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_moments(made, dtype, offset, fit_intercept):
    X, labels, mass = problem(dtype, 2, weighted=True)
    X = X + dtype(offset)
    objective = made(X, labels, 2, mass, 0.1, fit_intercept=fit_intercept)
    mean = np.average(X.astype(float), axis=0, weights=mass)
    about = mean if fit_intercept else 0
    variance = np.average((X.astype(float) - about) ** 2, axis=0, weights=mass)
    np.testing.assert_allclose(objective.mean, mean if fit_intercept else 0, rtol=1e-5)
    np.testing.assert_allclose(objective.variance, variance, rtol=1e-4)
    rows = np.array([3, 1, 4])
    expected = np.column_stack([X[rows].astype(float) - about, np.full(3, float(fit_intercept))])
    np.testing.assert_allclose(objective.centred(rows), expected, rtol=1e-5, atol=1e-4)
    curvature = np.random.default_rng(0).random((1, 150)).astype(dtype)
    diagonal = (curvature[0].astype(float)[:, None] * (X.astype(float) - about) ** 2).sum(axis=0) / 150
    np.testing.assert_allclose(objective.diagonal(curvature)[0], diagonal, rtol=2e-4)


def test_columns_far_from_zero_lose_no_digits(made):
    """What 1e6 ± 1 says, it says as well as 0 ± 1: the same slope and value, in float64 and in float32."""
    rng = np.random.default_rng(0)
    X = np.round(rng.standard_normal((200, 4)) * 8) / 8  # exact when 1e6 is added, in float32 too
    labels = rng.integers(0, 3, 200)
    point = rng.standard_normal((3, 5))
    for dtype, tolerance in ((np.float64, 1e-10), (np.float32, 1e-6)):
        near = made(X.astype(dtype), labels, 3, np.ones(200), 0.1)
        far = made((X + 1e6).astype(dtype), labels, 3, np.ones(200), 0.1)
        assert far.at(point).value == pytest.approx(near.at(point).value, rel=tolerance)
        np.testing.assert_allclose(far.at(point).gradient, near.at(point).gradient, atol=10 * tolerance)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_a_constant_column_moves_nothing(made, fit_intercept):
    X, labels, mass = problem(np.float32, 2, weighted=False)
    X[:, 2], X[:, 4] = 0.1, 0
    objective = made(X, labels, 2, mass, 0.0, fit_intercept=fit_intercept)
    gradient = objective.at(objective.start() + 1).gradient
    assert gradient[0, 4] == 0
    assert (gradient[0, 2] == 0) == fit_intercept
    assert np.count_nonzero(gradient[0]) == 5


@pytest.mark.parametrize("K", [2, 3])
def test_only_ratios_of_masses_matter(made, K):
    X, labels, mass = problem(np.float32, K, weighted=True)
    first = made(X, labels, K, mass, 0.1)
    point = first.start() + 0.01
    for factor in (1e-200, 1e-9, 2.0, 1e9, 1e200):
        other = made(X, labels, K, mass * factor, 0.1)
        assert other.at(point).value == pytest.approx(first.at(point).value, rel=1e-6)


@pytest.mark.parametrize("K", [2, 4])
def test_start_is_the_best_intercept_for_no_weights(made, K):
    X, labels, mass = problem(np.float64, K, weighted=True)
    objective = made(X, labels, K, mass, 1.0)
    start = objective.start()
    assert not start[:, :-1].any()
    np.testing.assert_allclose(objective.at(start).gradient[:, -1], 0, atol=1e-15)
    assert not made(X, labels, K, mass, 1.0, fit_intercept=False).start().any()


@pytest.mark.parametrize("K", [2, 4])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_point_and_coefficients_are_inverse(made, K, fit_intercept):
    X, labels, mass = problem(np.float64, K, weighted=True)
    objective = made(X, labels, K, mass, 1.0, fit_intercept=fit_intercept)
    point = np.random.default_rng(0).standard_normal((objective.R, 7))
    if K > 2:
        point -= point.mean(axis=0)
    if not fit_intercept:
        point[:, -1] = 0
    coef, intercept = objective.coefficients(point)
    if K > 2:
        np.testing.assert_allclose(coef.sum(axis=0), 0, atol=1e-14)
        assert intercept.sum() == pytest.approx(0, abs=1e-14)
    again = objective.point(coef, intercept)
    assert objective.at(again).value == pytest.approx(objective.at(point).value, rel=1e-14)
    np.testing.assert_allclose(again[:, :-1], point[:, :-1], atol=1e-14)


def test_separated_is_a_proof(made):
    X, labels = np.array([[-1.0], [-2.0], [1.0]]), np.array([0, 0, 1])
    objective = made(X, labels, 2, np.array([1.0, 5.0, 2.0]), 0.0)
    assert not objective.separated(objective.at(objective.start()).value)
    assert objective.separated(objective.at(objective.point(np.array([[9.0]]), np.array([0.0]))).value)


@pytest.mark.parametrize(("dtype", "huge"), [(np.float32, 1e25), (np.float64, 1e200)])
def test_squares_that_overflow_are_refused(dtype, huge):
    X = np.ones((4, 3), dtype=dtype)
    X[2, 1] = huge
    with pytest.raises(DataError, match=rf"column 1 of X is too large for {np.dtype(dtype)}.*Divide it"):
        Objective(X, np.array([0, 1, 0, 1]), 2, np.ones(4), 1.0)


def test_a_step_into_overflow_is_not_finite_and_silent(made):
    X, labels, mass = problem(np.float32, 3, weighted=True)
    objective = made(X, labels, 3, mass, 1.0)
    with np.errstate(all="raise"):
        assert not np.isfinite(objective.at(np.full((3, 7), 1e300)).value)
