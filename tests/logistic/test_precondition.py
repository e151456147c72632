"""Every picture of the curvature against the Hessian itself, by finite differences of the gradient."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.logistic import precondition
from sightline.logistic.objective import Objective
from sightline.logistic.precondition import ClassCurvature, ExactHessian, SharedCurvature
from sightline.logistic.sampled import SampledHessian


def problem(R: int, *, n: int = 400, d: int = 5, weighted: bool = True, dtype=np.float64, fit_intercept=True):
    rng = np.random.default_rng(R)
    X = (rng.standard_normal((n, d)) * rng.uniform(0.5, 3, d) + 2).astype(dtype)
    labels = rng.integers(0, max(R, 2), n)
    mass = rng.uniform(0.2, 3, n) if weighted else np.ones(n)
    objective = Objective(X, labels, max(R, 2), mass, 0.05, fit_intercept=fit_intercept)
    point = rng.standard_normal((objective.R, d + 1)) * 0.5
    if R > 1:
        point -= point.mean(axis=0)
    if not fit_intercept:
        point[:, -1] = 0
    residual = np.empty((objective.R, n), dtype=objective.dtype)
    objective.at(point, keep=residual)
    return objective, point, residual, rng


def hessian_product(objective: Objective, point: np.ndarray, direction: np.ndarray) -> np.ndarray:
    h = 1e-5
    ahead, behind = objective.at(point + h * direction), objective.at(point - h * direction)
    return (ahead.gradient - behind.gradient) / (2 * h)


def directions(R: int, rng, *, fit_intercept: bool = True) -> np.ndarray:
    direction = rng.standard_normal((R, 6))
    if R > 1:
        direction -= direction.mean(axis=0)
    if not fit_intercept:
        direction[:, -1] = 0
    return direction


@pytest.mark.parametrize("R", [1, 2, 4])
def test_the_product_on_all_rows_is_the_hessians(R):
    R = max(R, 1) if R != 2 else 3
    objective, point, residual, rng = problem(R)
    made = SampledHessian(objective, residual, SharedCurvature(objective, rng), 10**6, rng)
    direction = directions(R, rng)
    expected = hessian_product(objective, point, direction)
    np.testing.assert_allclose(made.product(direction), expected, atol=1e-7)


@pytest.mark.parametrize("R", [1, 4])
def test_conjugate_gradients_solve_the_system(R):
    objective, _, residual, rng = problem(R)
    inner = SharedCurvature(objective, rng)
    made = SampledHessian(objective, residual, inner, 10**6, rng, steps=200, tolerance=1e-10)
    gradient = directions(R, rng)
    np.testing.assert_allclose(made.product(made.solve(gradient)), gradient, atol=1e-8)


@pytest.mark.parametrize("R", [1, 4])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_the_exact_hessian_is_exact(R, fit_intercept, weighted):
    objective, point, residual, rng = problem(R, fit_intercept=fit_intercept, weighted=weighted)
    assert ExactHessian.pays(objective)
    gradient = directions(R, rng, fit_intercept=fit_intercept)
    solved = ExactHessian(objective, residual).solve(gradient)
    np.testing.assert_allclose(hessian_product(objective, point, solved), gradient, atol=1e-6)


def test_the_exact_hessian_is_for_few_weights():
    rng = np.random.default_rng(0)
    wide = Objective(rng.standard_normal((4, 1300)), np.array([0, 1, 0, 1]), 2, np.ones(4), 1.0)
    assert not ExactHessian.pays(wide)


def test_for_two_classes_the_class_curvature_of_all_rows_is_the_hessian(monkeypatch):
    monkeypatch.setattr(precondition, "KEEP", 0)
    objective, point, residual, rng = problem(1)
    made = ClassCurvature(objective, residual, rng, least=10**6)
    gradient = directions(1, rng)
    np.testing.assert_allclose(hessian_product(objective, point, made.solve(gradient)), gradient, atol=1e-6)


def test_at_the_start_the_shared_curvature_of_two_classes_is_nearly_the_hessian():
    objective, _, _, rng = problem(1)
    made = SharedCurvature(objective, rng)
    gradient = directions(1, rng)
    again = hessian_product(objective, objective.start(), made.solve(gradient))
    np.testing.assert_allclose(again, gradient, atol=0.05)


@pytest.mark.parametrize("R", [1, 4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "d"), [(4000, 5), (30, 60)])
def test_every_picture_is_symmetric_and_points_downhill(R, dtype, n, d):
    objective, _, residual, rng = problem(R, n=n, d=d, dtype=dtype)
    shared = SharedCurvature(objective, rng)
    by_class = ClassCurvature(objective, residual, rng, least=1000)
    pictures = [shared, by_class, ExactHessian(objective, residual)]
    a, b = rng.standard_normal((2, R, d + 1))
    if R > 1:
        a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    for picture in [*pictures, SampledHessian(objective, residual, by_class, 1000, rng)]:
        assert (a * picture.solve(a)).sum() > 0
    for picture in pictures:
        one, other = (a * picture.solve(b)).sum(), (b * picture.solve(a)).sum()
        size = np.sqrt((a * picture.solve(a)).sum() * (b * picture.solve(b)).sum())
        assert one == pytest.approx(other, abs=(1e-3 if dtype == np.float32 else 1e-7) * size)


@pytest.mark.parametrize("R", [1, 3])
def test_curvature_of_rows_that_are_nearly_sure_is_not_lost(R):
    """float32, p within 1e-11 of 1: p (1 − p) would be 0 and the picture all penalty."""
    objective, point, _, rng = problem(R, dtype=np.float32, weighted=False)
    Z = np.full((max(R, 2), objective.n), -26.0, dtype=np.float32)
    labels = objective.labels
    residual = np.exp(Z)
    residual[labels, np.arange(objective.n)] = -np.exp(-26.0) * (max(R, 2) - 1)
    residual = residual[-objective.R :]
    objective.penalty = 0.0
    made = SampledHessian(objective, residual, SharedCurvature(objective, rng), 10**6, rng)
    direction = directions(R, rng)
    curvature = float((direction * made.product(direction)).sum())
    X = objective.centred(np.arange(objective.n)).astype(float)
    z = direction @ X.T
    own = 0 if R == 1 else z[labels, np.arange(objective.n)]
    expected = np.exp(-26.0) * np.square(z - own).sum() / objective.n
    assert curvature == pytest.approx(expected, rel=1e-3)
    assert point.shape == direction.shape


def test_columns_by_the_thousand_take_a_small_sample():
    """Where d² is too much to hold, the shared curvature goes through few rows instead."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 6000)).astype(np.float32)
    objective = Objective(X, rng.integers(0, 2, 300), 2, np.ones(300), 0.1)
    assert SharedCurvature(objective, rng).gram.wide
    objective.close()


def test_columns_with_less_curvature_than_the_penalty_are_divided_by_their_own():
    """Half of the columns hardly vary: the picture leaves them out of its product, and is nearly as good."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((3000, 20)) * np.repeat([1.0, 1e-4], 10)
    objective = Objective(X, rng.integers(0, 3, 3000), 3, np.ones(3000), 1e-4)
    residual = np.empty((3, 3000))
    objective.at(objective.start(), keep=residual)
    for made in (SharedCurvature(objective, rng), ClassCurvature(objective, residual, rng, least=10**6)):
        assert made.columns.kept is not None
        np.testing.assert_array_equal(made.columns.kept, np.arange(10))
        gradient = rng.standard_normal((3, 21))
        gradient -= gradient.mean(axis=0)
        again = hessian_product(objective, objective.start(), made.solve(gradient))
        assert np.linalg.norm(again - gradient) < 0.7 * np.linalg.norm(gradient)
