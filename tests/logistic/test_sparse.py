"""The elastic net: optimality, certificates, exact zeros, ends."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression as Saga

from sightline import LogisticRegression
from sightline.errors import UsageError
from sightline.logistic import sparse
from sightline.logistic.lbfgs import minimise
from sightline.logistic.objective import Objective
from sightline.logistic.sparse import coefficients, duality_gap, minimise_sparse, point_of


def rows(n=300, d=10, K=3, *, dtype=np.float64, spread=0.5, seed=0):
    """Columns of unlike scale, far from zero; labels that few of them decide."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    truth = rng.standard_normal((d, K)) * (np.arange(d) % 2 == 0)[:, None]
    labels = (X @ truth + rng.gumbel(size=(n, K))).argmax(axis=1)
    labels[:K] = np.arange(K)
    X = X * 10.0 ** rng.uniform(-spread, spread, d) + rng.uniform(-1, 1, d)
    return X.astype(dtype), labels


@pytest.fixture
def make():
    made = []

    def one(X, labels, K, *, mass=None, penalty=0.0, **options) -> Objective:
        made.append(Objective(X, labels, K, np.ones(len(X)) if mass is None else mass, penalty, **options))
        return made[-1]

    yield one
    for objective in made:
        objective.close()


def value(objective, point, l1):
    return objective.at(point).value + l1 * np.abs(point[:, :-1]).sum()


def check_optimal(objective, point, l1, within):
    """|∂F/∂w| ≤ l1 where w = 0, = −l1 sign(w) elsewhere, ∂F/∂c = 0; in units of l1."""
    gradient = objective.at(point).gradient
    W, g = point[:, :-1], gradient[:, :-1]
    assert (np.abs(g[W == 0]) <= l1 * (1 + within)).all()
    np.testing.assert_allclose(g[W != 0], -l1 * np.sign(W[W != 0]), rtol=0, atol=within * l1)
    np.testing.assert_allclose(gradient[:, -1], 0, atol=within * l1)


CASES = [
    pytest.param(K, ratio, fit_intercept, weighted, id=f"{K}-{ratio}-{fit_intercept=}-{weighted=}")
    for K in (2, 3)
    for ratio in (1.0, 0.5)
    for fit_intercept, weighted in ((True, False), (True, True), (False, False))
]


@pytest.mark.parametrize(("K", "ratio", "fit_intercept", "weighted"), CASES)
@pytest.mark.parametrize("C", [0.05, 1.0])
def test_the_minimum_is_that_of_scikit_learn(make, K, ratio, fit_intercept, weighted, C):
    X, labels = rows(n=120, d=6, K=K, spread=0.2)
    mass = np.random.default_rng(1).integers(0, 3, len(X)).astype(float) if weighted else np.ones(len(X))
    penalty = 1 / (C * mass.sum())
    objective = make(X, labels, K, mass=mass, penalty=penalty * (1 - ratio), fit_intercept=fit_intercept)
    l1 = penalty * ratio
    solution = minimise_sparse(objective, l1=l1, tol=1e-9)
    other = Saga(
        C=C, l1_ratio=ratio, solver="saga", tol=1e-10, max_iter=20_000, fit_intercept=fit_intercept
    ).fit(X, labels, sample_weight=mass)
    theirs = value(objective, point_of(objective, other.coef_, other.intercept_), l1)
    ours = value(objective, solution.point, l1)
    assert solution.history.converged
    assert ours == pytest.approx(theirs, rel=1e-6)
    assert ours <= theirs * (1 + 1e-9)
    np.testing.assert_allclose(coefficients(objective, solution.point)[0], other.coef_, atol=1e-3)


@pytest.mark.parametrize("K", [2, 4])
@pytest.mark.parametrize("ratio", [1.0, 0.9, 0.1])
def test_the_gap_is_never_less_than_what_is_left(make, K, ratio):
    X, labels = rows(K=K)
    objective = make(X, labels, K, penalty=0.01 * (1 - ratio))
    l1 = 0.01 * ratio
    best = value(objective, minimise_sparse(objective, l1=l1, tol=1e-12).point, l1)
    history = minimise_sparse(objective, l1=l1, tol=1e-8).history
    left = history.column("objective") - best
    assert (history.column("gap") >= left - 1e-14).all()
    assert history.passes[-1].gap <= 1e-8 * history.passes[-1].objective
    np.testing.assert_array_equal(history.column("gap"), history.column("bound"))
    assert (np.diff(history.column("gap")) <= 1e-14).all()
    assert (np.diff(history.column("objective")) <= 1e-14).all()


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    K=st.integers(2, 4),
    ratio=st.sampled_from([1.0, 0.7, 0.2]),
    far=st.floats(0, 60),
)
def test_the_gap_bounds_from_any_weights_with_their_best_intercept(seed, K, ratio, far):
    """Weights as wild as these leave rows whose own class has no probability in float64 at all."""
    X, labels = rows(n=40, d=4, K=K, seed=seed)
    objective = Objective(X, labels, K, np.ones(40), 0.05 * (1 - ratio))
    l1 = 0.05 * ratio
    best = value(objective, minimise_sparse(objective, l1=l1, tol=1e-12).point, l1)
    point = objective.start()
    point[:, :-1] = far * np.random.default_rng(seed).standard_normal((objective.R, 4))
    residual = np.empty((objective.R, 40))
    for _ in range(4):
        now = objective.at(point, keep=residual)
        if np.abs(now.gradient[:, -1]).max() < 1e-13:
            break
        point[:, -1] += sparse.best_shift(objective, residual)
    now = objective.at(point, keep=residual)
    if np.abs(now.gradient[:, -1]).max() < 1e-13:
        here = value(objective, point, l1)
        assert duality_gap(objective, point, now, residual, l1) >= (here - best) * (1 - 1e-9) - 1e-13


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    K=st.integers(2, 4),
    n=st.integers(8, 60),
    d=st.integers(1, 80),
    ratio=st.sampled_from([1.0, 0.5, 0.05]),
    strength=st.floats(0.002, 0.5),
    fit_intercept=st.booleans(),
    spread=st.sampled_from([0.0, 3.0]),
)
def test_any_small_problem_ends_at_its_minimum(seed, K, n, d, ratio, strength, fit_intercept, spread):
    X, labels = rows(n=n, d=d, K=K, seed=seed, spread=spread)
    objective = Objective(X, labels, K, np.ones(n), 0.0, fit_intercept=fit_intercept)
    scale = np.abs(objective.at(objective.start()).gradient).max()
    objective.penalty = strength * scale * (1 - ratio)
    l1 = strength * scale * ratio
    solution = minimise_sparse(objective, l1=l1, tol=1e-7)
    assert solution.history.converged, solution.history.outcome
    assert np.isfinite(solution.point).all()
    assert solution.history.passes[-1].gap <= 1e-7 * solution.history.passes[-1].objective


@pytest.mark.parametrize("K", [2, 3])
@pytest.mark.parametrize("ratio", [1.0, 0.5])
def test_optimality_conditions(make, K, ratio):
    X, labels = rows(K=K)
    objective = make(X, labels, K, penalty=0.02 * (1 - ratio))
    point = minimise_sparse(objective, l1=0.02 * ratio, tol=1e-13).point
    assert 0 < np.count_nonzero(point[:, :-1]) < point[:, :-1].size
    check_optimal(objective, point, 0.02 * ratio, 1e-5)


@pytest.mark.parametrize("K", [2, 3])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_largest_gradient_at_zero_is_the_l1_from_which_all_weights_are_zero(make, K, fit_intercept):
    X, labels = rows(K=K)
    objective = make(X, labels, K, fit_intercept=fit_intercept)
    most = float(np.abs(objective.at(objective.start()).gradient[:, :-1]).max())
    none = minimise_sparse(objective, l1=most * (1 + 1e-12), tol=1e-12)
    assert none.history.converged
    assert not none.point[:, :-1].any()
    some = minimise_sparse(objective, l1=most * (1 - 1e-3), tol=1e-12)
    assert some.history.converged
    assert some.point[:, :-1].any()


@pytest.mark.parametrize("K", [2, 3])
def test_next_to_no_l1_is_the_ridge(make, K):
    X, labels = rows(K=K)
    objective = make(X, labels, K, penalty=1e-2)
    ridge = minimise(objective, tol=1e-14).point
    point = minimise_sparse(objective, l1=1e-9, tol=1e-12).point
    if K > 2:
        np.testing.assert_allclose(point[:, :-1].sum(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(
        coefficients(objective, point)[0], coefficients(objective, ridge)[0], atol=1e-5
    )


def test_constant_columns_have_no_weight_and_columns_that_repeat_do_no_harm(make):
    X, labels = rows()
    wide = np.column_stack([X, X, np.full(len(X), 3.0), np.zeros(len(X))])
    one, two = make(X, labels, 3), make(wide, labels, 3)
    start = np.ones((3, 23))
    twice = minimise_sparse(two, l1=0.01, tol=1e-10, start=start)
    once = minimise_sparse(one, l1=0.01, tol=1e-10)
    assert twice.history.converged
    assert not twice.point[:, -3:-1].any()
    assert (start == 1).all()
    assert twice.history.passes[-1].objective == pytest.approx(once.history.passes[-1].objective, rel=1e-9)


def test_scaling_the_columns_and_l1_with_them_scales_the_weights(make):
    X, labels = rows()
    first = minimise_sparse(make(X, labels, 3), l1=0.01, tol=1e-12).point
    second = minimise_sparse(make(X * 1000, labels, 3), l1=10.0, tol=1e-12).point
    np.testing.assert_allclose(second[:, :-1] * 1000, first[:, :-1], atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
@pytest.mark.parametrize("K", [2, 3])
def test_narrow_rows(make, dtype, K):
    X, labels = rows(K=K, spread=0.0)
    if dtype == np.uint8:
        X = np.clip(X * 40 + 128, 0, 255)
    narrow = X.astype(dtype)
    l1 = 0.01 * float(narrow.std())
    solution = minimise_sparse(make(narrow, labels, K), l1=l1, tol=1e-4)
    wide = minimise_sparse(make(narrow.astype(np.float64), labels, K), l1=l1, tol=1e-10)
    assert solution.history.converged
    assert solution.history.passes[-1].objective == pytest.approx(wide.history.passes[-1].objective, rel=2e-4)


def test_rows_that_separate_the_classes_and_fewer_rows_than_columns(make):
    X, labels = rows(n=30, d=200)
    solution = minimise_sparse(make(X, labels, 3), l1=1e-3, tol=1e-6)
    assert solution.history.converged
    assert np.count_nonzero(solution.point[:, :-1]) < 100


@pytest.mark.parametrize("K", [2, 3])
def test_proximal_steps_alone_get_there_too(make, monkeypatch, K):
    X, labels = rows(K=K, spread=1.5)
    fast = minimise_sparse(make(X, labels, K), l1=0.01, tol=1e-8)
    monkeypatch.setattr(sparse._Run, "_newton", lambda *_: None)
    slow = minimise_sparse(make(X, labels, K), l1=0.01, tol=1e-6, max_iter=20_000)
    assert slow.history.converged, slow.history.outcome
    assert slow.history.passes[-1].objective == pytest.approx(fast.history.passes[-1].objective, rel=1e-6)
    np.testing.assert_array_equal(slow.point == 0, fast.point == 0)


def test_where_the_model_is_steep_the_scaled_slope_is_taken(make, monkeypatch):
    """Newton steps that lead nowhere leave the model to gradients, and the fit still ends where it should."""
    X, labels = rows()
    monkeypatch.setattr(sparse.FaceModel, "_newton", lambda _, v, free: np.zeros_like(v))
    solution = minimise_sparse(make(X, labels, 3), l1=0.02, tol=1e-5)
    assert solution.history.converged


def test_a_sample_of_the_rows_is_enough_for_the_curvature(make, monkeypatch):
    X, labels = rows(n=3000)
    monkeypatch.setattr(sparse._Run, "_size", lambda run: 200 * run.growth)
    solution = minimise_sparse(make(X, labels, 3), l1=0.002, tol=1e-8)
    assert solution.history.converged


def test_every_pass_is_told_in_order_and_holds_weights_on_request(make):
    X, labels = rows()
    objective = make(X, labels, 3)
    heard = []
    ticks = itertools.count()
    solution = minimise_sparse(
        objective, l1=0.01, listeners=[heard.append], keep_weights=True, clock=lambda: next(ticks)
    )
    assert tuple(heard) == solution.history.passes
    assert heard[0].step == 0
    assert all(a.number < b.number and a.seconds < b.seconds for a, b in itertools.pairwise(heard))
    for one in heard:
        assert value(objective, point_of(objective, one.coef, one.intercept), 0.01) == pytest.approx(
            one.objective
        )
    np.testing.assert_array_equal(heard[-1].coef == 0, solution.point[:, :-1] == 0)


def test_same_seed_same_result(make):
    X, labels = rows()
    first, second = (minimise_sparse(make(X, labels, 3), l1=0.01, seed=3).point for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_it_begins_where_it_is_told_to(make):
    X, labels = rows()
    objective = make(X, labels, 3)
    end = minimise_sparse(objective, l1=0.01, tol=1e-8).point
    again = minimise_sparse(objective, l1=0.01, tol=1e-7, start=end)
    assert len(again.history) == 1
    np.testing.assert_array_equal(again.point[:, :-1], end[:, :-1])


def test_ends(make):
    X, labels = rows()
    stopped = minimise_sparse(
        make(X, labels, 3), l1=1e-3, listeners=[lambda one: one.number > 2, lambda _: 1]
    )
    assert not stopped.history.converged
    assert stopped.history.outcome.startswith("stopped by a listener")
    for most in range(1, 8):
        objective = make(X, labels, 3)
        short = minimise_sparse(objective, l1=1e-3, tol=1e-10, max_iter=most)
        assert not short.history.converged
        assert short.history.outcome.startswith("not converged: max_iter")
        assert objective.n_passes <= most
        assert value(objective, short.point, 1e-3) == pytest.approx(short.history.passes[-1].objective)

    def interrupt(one):
        raise KeyboardInterrupt

    broken = minimise_sparse(make(X, labels, 3), l1=1e-3, listeners=[interrupt])
    assert broken.history.outcome.startswith("interrupted")
    assert len(broken.history) == 1


def test_more_than_the_dtype_can_tell_is_said_so(make):
    X, labels = rows(dtype=np.float32)
    history = minimise_sparse(make(X, labels, 3), l1=1e-3, tol=1e-14).history
    assert history.outcome.startswith("not converged: float32 cannot resolve")
    assert history.passes[-1].gap < 1e-3


@pytest.mark.parametrize("l1", [0.0, -1.0, np.inf, np.nan])
def test_l1_has_to_be_positive(make, l1):
    with pytest.raises(UsageError, match="not a positive number"):
        minimise_sparse(make(*rows(), 3), l1=l1)


# -- the estimator ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("l1_ratio", [0.3, 1.0])
@pytest.mark.parametrize("K", [2, 3])
def test_the_estimator_means_what_scikit_learn_means(l1_ratio, K):
    rng = np.random.default_rng(K)
    X = rng.standard_normal((200, 12))
    y = (X @ rng.standard_normal((12, K)) + rng.standard_normal((200, K))).argmax(axis=1)
    ours = LogisticRegression(C=0.1, l1_ratio=l1_ratio, tol=1e-10).fit(X, y)
    theirs = Saga(C=0.1, l1_ratio=l1_ratio, solver="saga", tol=1e-12, max_iter=100_000).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-4)
    np.testing.assert_array_equal(ours.coef_ == 0, np.abs(theirs.coef_) < 1e-6)
    assert ours.history_.passes[-1].gap <= 1e-10 * ours.history_.passes[-1].objective


def test_the_estimator_begins_where_it_ended_and_refuses_shares_beyond_one():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((300, 8)), rng.integers(0, 3, 300)
    model = LogisticRegression(C=0.05, l1_ratio=0.8, warm_start=True).fit(X, y)
    before = model.coef_.copy()
    again = len(model.fit(X, y).history_)
    assert again <= 3
    np.testing.assert_allclose(model.coef_, before, atol=1e-4)
    for wrong in (-0.1, 1.5, np.nan):
        with pytest.raises(UsageError, match="l1_ratio"):
            LogisticRegression(l1_ratio=wrong).fit(X, y)


def test_without_a_penalty_its_kind_does_not_matter():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((300, 4)), rng.integers(0, 2, 300)
    one, other = (LogisticRegression(C=np.inf, l1_ratio=ratio).fit(X, y) for ratio in (0.0, 1.0))
    np.testing.assert_array_equal(one.coef_, other.coef_)
