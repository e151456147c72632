"""The minimiser: events, ends, determinism."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from sightline.logistic import lbfgs
from sightline.logistic.lbfgs import minimise
from sightline.logistic.objective import Objective
from sightline.logistic.precondition import ExactHessian


def rows(n=600, d=12, K=4, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) * 10.0 ** rng.uniform(-2, 2, d)
    labels = (X / X.std(axis=0) @ rng.standard_normal((d, K)) + rng.gumbel(size=(n, K))).argmax(axis=1)
    return X.astype(dtype), labels


@pytest.fixture
def make():
    made = []

    def one(X, labels, K, *, mass=None, penalty=1e-3, **options) -> Objective:
        made.append(Objective(X, labels, K, np.ones(len(X)) if mass is None else mass, penalty, **options))
        return made[-1]

    yield one
    for objective in made:
        objective.close()


def test_every_pass_is_told_in_order(make):
    heard = []
    ticks = itertools.count()
    solution = minimise(make(*rows(), 4), listeners=[heard.append], clock=lambda: next(ticks))
    history = solution.history
    assert tuple(heard) == history.passes
    assert history.converged
    assert history.outcome.startswith("converged")
    numbers = [one.number for one in heard]
    assert numbers[0] == 1
    assert all(a < b for a, b in itertools.pairwise(numbers))
    assert all(a.seconds < b.seconds for a, b in itertools.pairwise(heard))
    assert heard[0].step == 0
    assert all(one.coef is None and one.intercept is None for one in heard)


@pytest.mark.parametrize("K", [2, 5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_objective_falls_at_every_pass_within_rounding(make, K, dtype):
    history = minimise(make(*rows(K=K, dtype=dtype), K)).history
    objective = history.column("objective")
    assert (np.diff(objective) <= np.finfo(dtype).eps * objective[:-1]).all()
    assert history.converged


@pytest.mark.parametrize("K", [2, 5])
def test_weights_are_kept_on_request_and_belong_to_the_pass(make, K):
    X, labels = rows(K=K)
    objective = make(X, labels, K)
    solution = minimise(objective, keep_weights=True)
    for one in solution.history:
        assert one.coef.shape == (objective.R, 12)
        assert one.intercept.shape == (objective.R,)
        value = objective.at(objective.point(one.coef, one.intercept)).value
        assert value == pytest.approx(one.objective, rel=1e-12)
    last = solution.history.passes[-1]
    np.testing.assert_array_equal(last.coef, objective.coefficients(solution.point)[0])


def test_a_listener_that_returns_true_ends_the_fit(make):
    heard = []

    def enough(one):
        heard.append(one)
        return len(heard) == 4

    objective = make(*rows(), 4)
    solution = minimise(objective, listeners=[enough, lambda _: None])
    assert len(heard) == len(solution.history) == 4
    assert not solution.history.converged
    assert solution.history.outcome.startswith("stopped by a listener")
    assert objective.at(solution.point).value == heard[-1].objective


def test_other_answers_of_listeners_do_not(make):
    assert minimise(make(*rows(), 4), listeners=[lambda _: 1, lambda _: "stop"]).history.converged


@pytest.mark.parametrize("at", [1, 5])
def test_an_interruption_leaves_the_best_so_far(make, at):
    heard = []

    def interrupt(one):
        heard.append(one)
        if len(heard) == at:
            raise KeyboardInterrupt

    objective = make(*rows(), 4)
    solution = minimise(objective, listeners=[interrupt])
    assert not solution.history.converged
    assert solution.history.outcome.startswith("interrupted")
    assert objective.at(solution.point).value == heard[-1].objective == min(h.objective for h in heard)


def test_an_interruption_before_the_first_pass_leaves_the_start(make, monkeypatch):
    objective = make(*rows(), 4)

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(objective, "at", interrupt)
    solution = minimise(objective)
    assert len(solution.history) == 0
    np.testing.assert_array_equal(solution.point, objective.start())


@pytest.mark.parametrize("max_iter", [1, 2, 3, 9, 15])
def test_max_iter_counts_every_pass_over_the_data(make, max_iter):
    objective = make(*rows(), 4)
    history = minimise(objective, max_iter=max_iter, tol=1e-12).history
    assert objective.n_passes <= max_iter
    assert not history.converged
    assert f"max_iter = {max_iter} " in history.outcome
    assert "estimated gap" in history.outcome
    assert "raise max_iter" in history.outcome


@pytest.mark.parametrize("K", [2, 3])
def test_the_bound_holds_once_the_intercept_is_optimal(make, K):
    X, labels = rows(K=K)
    objective = make(X, labels, K, penalty=0.1)
    solution = minimise(objective, keep_weights=True)
    best = solution.history.passes[-1].objective
    for one in solution.history.passes[:6]:
        # Newton steps in the intercept alone, W held.
        point = objective.point(one.coef, one.intercept)
        offsets = X / X.std(axis=0)
        assert offsets.shape == X.shape
        for _ in range(200):
            now = objective.at(point)
            point[:, -1] -= 2 * now.gradient[:, -1]
        bound = (now.gradient[:, :-1] ** 2).sum() / (2 * 0.1)
        assert now.value - best <= bound * (1 + 1e-9) + 1e-12
    assert np.isinf(minimise(make(X, labels, K, penalty=0.0)).history.passes[0].bound)


@pytest.mark.parametrize("K", [2, 5])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_same_bits_on_any_number_of_threads_and_every_time(make, K, dtype):
    X, labels = rows(n=6000, d=60, K=K)
    X = X / np.abs(X).max(axis=0) * 100 + 120
    X = X.astype(dtype)
    points = [minimise(make(X, labels, K, n_threads=threads), max_iter=40).point for threads in (1, 2, 3, 1)]
    for other in points[1:]:
        np.testing.assert_array_equal(other, points[0])


def test_small_fits_give_the_same_bits_whatever_the_threads_of_blas(make):
    X, labels = rows(n=1000, d=64, K=10)
    points = []
    for count in (1, 2):
        with threadpool_limits(count, user_api="blas"):
            points.append(minimise(make(X, labels, 10)).point)
    np.testing.assert_array_equal(points[0], points[1])


@pytest.mark.parametrize("n", [500, 8000])
def test_fits_at_the_same_time_do_not_disturb_each_other(make, n):
    X, labels = rows(n=n, d=60, K=3)
    alone = minimise(make(X, labels, 3)).point
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: minimise(make(X, labels, 3)).point, range(4)))
    for point in together:
        np.testing.assert_allclose(point, alone, rtol=1e-6, atol=1e-9)


def test_another_seed_gives_the_same_optimum(make):
    X, labels = rows(n=20_000, d=16, K=3)
    values = [minimise(make(X, labels, 3), seed=seed).history.passes[-1].objective for seed in (0, 1)]
    assert values[0] != values[1]
    assert values[0] == pytest.approx(values[1], rel=2e-5)


def test_a_start_at_the_optimum_is_seen_as_such(make):
    objective = make(*rows(n=3000, d=20), 4)
    solution = minimise(objective, tol=1e-7)
    again = minimise(objective, tol=1e-5, start=solution.point)
    assert again.history.converged
    assert len(again.history) <= 4 < len(solution.history)


def test_it_goes_on_to_sampled_and_refreshed_curvature(make, monkeypatch):
    """With every stage made early and the exact one out of reach, the optimum is the same."""
    X, labels = rows(n=3000, d=20, K=5)
    expected = minimise(make(X, labels, 5), tol=1e-9).history.passes[-1].objective
    monkeypatch.setattr(lbfgs, "CLASS_AT", 2)
    monkeypatch.setattr(lbfgs, "SAMPLED_AT", 4)
    monkeypatch.setattr(lbfgs, "REFRESH_EVERY", 3)
    monkeypatch.setattr(ExactHessian, "PRODUCTS", 0)
    history = minimise(make(X, labels, 5), tol=1e-9).history
    assert history.converged
    assert history.passes[-1].objective == pytest.approx(expected, rel=1e-8)


def test_separated_classes_without_a_penalty_have_no_optimum_and_it_says_so(make):
    X = np.random.default_rng(0).standard_normal((50, 2))
    objective = make(X, (X[:, 0] > 0).astype(np.int64), 2, penalty=0.0)
    solution = minimise(objective)
    assert not solution.history.converged
    assert "pass a finite C" in solution.history.outcome
    predicted = (
        X @ solution.point[0, :-1] + solution.point[0, -1] - solution.point[0, :-1] @ objective.mean > 0
    )
    np.testing.assert_array_equal(predicted, X[:, 0] > 0)


class Stuck(Objective):
    """An objective whose gradient lies: no step ever decreases it."""

    def at(self, point, keep=None):
        now = super().at(point, keep)
        return type(now)(now.value, -now.gradient)


@pytest.mark.parametrize(
    ("dtype", "remedy"), [(np.float32, "pass float64 data or lower C"), (np.float64, "lower C")]
)
def test_when_no_step_decreases_it_it_says_so(dtype, remedy):
    X, labels = rows(dtype=dtype)
    objective = Stuck(X, labels, 4, np.ones(len(X)), 1e-3)
    history = minimise(objective).history
    objective.close()
    assert not history.converged
    assert f"{np.dtype(dtype)} cannot resolve" in history.outcome
    assert history.outcome.endswith(remedy)


class Crooked:
    """A preconditioner that points uphill."""

    def solve(self, gradient):
        return -gradient


@pytest.mark.parametrize("exact", [True, False])
def test_a_spoilt_preconditioner_is_replaced(make, monkeypatch, exact):
    monkeypatch.setattr(lbfgs, "SharedCurvature", lambda *_: Crooked())
    if not exact:
        monkeypatch.setattr(ExactHessian, "PRODUCTS", 0)
    objective = make(*rows(), 4)
    history = minimise(objective).history
    assert history.converged


def test_constant_data_are_done_at_once(make):
    history = minimise(make(np.ones((30, 3)), np.arange(30) % 3, 3)).history
    assert history.converged
    assert len(history) == 1
