"""Many rows in memory: a fit that begins with a sample of them ends where one that begins with zero does."""

from __future__ import annotations

import signal
import warnings
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning

from sightline.engine.blocks import ArrayBlocks
from sightline.logistic import LogisticRegression, beginning, classifier

MANY = beginning.MANY * beginning.SAMPLE_ROWS


@contextmanager
def few(rows=40, each=4):
    """A few hundred rows are many, and a sample has some dozens."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(beginning, "SAMPLE_ROWS", rows)
        patch.setattr(beginning, "EACH", each)
        patch.setattr(beginning, "MANY", 2)
        yield


def cold(X, y, weights=None, **settings):
    """A fit that begins with zero, whatever the number of rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classifier, "are_many", lambda *_: False)
        return LogisticRegression(**settings).fit(X, y, weights)


def objective(model, X, y, weights=None):
    """F of a model in float64, written once more."""
    W, b = model.coef_.astype(np.float64), model.intercept_.astype(np.float64)
    codes, mass = np.searchsorted(model.classes_, y), np.ones(len(y)) if weights is None else weights
    Z = X.astype(np.float64) @ W.T + b
    Z = np.column_stack([np.zeros(len(Z)), Z]) if Z.shape[1] == 1 else Z
    losses = np.logaddexp.reduce(Z, axis=1) - Z[np.arange(len(Z)), codes]
    return (mass @ losses + (W**2).sum() / (2 * model.C)) / mass.sum()


def clouds(n, d, K, *, dtype=np.float64, seed=0, apart=1.0):
    """Rows (n, d) around K centres, and their labels."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, K, n)
    y[:K] = np.arange(K)
    X = rng.normal(size=(K, d))[y] * apart + rng.normal(size=(n, d))
    return (np.clip(X * 30 + 128, 0, 255) if dtype == np.uint8 else X).astype(dtype), y


# -- the same minimum ------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(90, 400),
    d=st.integers(1, 6),
    K=st.integers(2, 4),
    dtype=st.sampled_from([np.uint8, np.float32, np.float64]),
    C=st.sampled_from([1e-3, 1.0, 1e3]),
    weighted=st.booleans(),
    fit_intercept=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_it_ends_where_a_cold_fit_ends(n, d, K, dtype, C, weighted, fit_intercept, seed):
    X, y = clouds(n, d, K, dtype=dtype, seed=seed)
    weights = None
    if weighted:
        weights = np.random.default_rng(seed).integers(0, 4, n).astype(float)
        weights[:K] = 1
    how = {"C": C, "tol": 1e-6, "fit_intercept": fit_intercept}
    with few(), warnings.catch_warnings():
        if dtype != np.float64:  # a loss of a thousandth has less than six digits in float32
            warnings.simplefilter("ignore", ConvergenceWarning)
        model, other = LogisticRegression(**how).fit(X, y, weights), cold(X, y, weights, **how)
    assert model.converged_ or dtype != np.float64
    least = objective(other, X, y, weights)
    assert objective(model, X, y, weights) <= least * (1 + 3e-6 if dtype == np.float64 else 1 + 1e-4)


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(90, 400),
    d=st.integers(1, 6),
    K=st.integers(2, 4),
    C=st.sampled_from([1e-3, 1.0, 1e3]),
    sample_rows=st.integers(120, 200),
    fit_intercept=st.booleans(),
    seed=st.integers(0, 1000),
)
@example(
    n=155, d=6, K=4, C=1e-3, sample_rows=150, fit_intercept=False, seed=80
)  # all are drawn, none for itself
def test_so_does_a_fit_in_blocks(n, d, K, C, sample_rows, fit_intercept, seed):
    X, y = clouds(n, d, K, seed=seed)
    how = {"C": C, "tol": 1e-6, "fit_intercept": fit_intercept}
    model = LogisticRegression(**how).fit_blocks(ArrayBlocks(X, y, 50), sample_rows=sample_rows)
    assert model.converged_
    assert objective(model, X, y) <= objective(cold(X, y, **how), X, y) * (1 + 1e-5)


def test_sixty_thousand_rows_take_a_fraction_of_the_passes():
    X, y = clouds(MANY, 8, 5, dtype=np.float32)
    model, other = LogisticRegression(tol=1e-5).fit(X, y), cold(X, y, tol=1e-5)
    assert model.n_iter_[0] <= other.n_iter_[0] / 2
    assert objective(model, X, y) <= objective(other, X, y) * (1 + 1e-5)
    assert cold(X[:-1], y[:-1]).n_iter_ == LogisticRegression().fit(X[:-1], y[:-1]).n_iter_  # not that many


def test_a_weak_penalty_is_come_to_in_stages():
    X, y = clouds(MANY, 250, 10, dtype=np.float32, apart=0.1)
    X *= np.geomspace(0.05, 20, X.shape[1]).astype(np.float32)
    told = []
    model = LogisticRegression(C=1e3).fit(X, y, listeners=[told.append])
    other = cold(X, y, C=1e3)
    assert np.isinf(told[0].gap)  # it is not known under the penalty that was asked for
    assert objective(model, X, y) <= objective(other, X, y) * (1 + 1e-4)
    assert model.n_iter_[0] <= other.n_iter_[0]


def test_classes_that_one_row_each_has_and_columns_that_one_row_has():
    X, y = clouds(MANY, 6, 3, dtype=np.float32)
    y[[100, 200, 300]] = [7, 8, 9]
    X[:, 4] = 0
    X[500, 4] = 50
    X[:, 5] = 3.0
    model, other = LogisticRegression(C=10.0).fit(X, y), cold(X, y, C=10.0)
    assert list(model.classes_) == [0, 1, 2, 7, 8, 9]
    assert objective(model, X, y) <= objective(other, X, y) * (1 + 1e-4)
    assert not model.coef_[:, 5].any()
    assert model.coef_[:, 4].any()


def test_columns_far_from_zero():
    X, y = clouds(MANY, 5, 3, dtype=np.float64)
    X[:, 2] += 1e5
    model, other = LogisticRegression().fit(X, y), cold(X, y)
    assert objective(model, X, y) <= objective(other, X, y) * (1 + 2e-5)


def test_classes_that_can_be_separated_have_no_minimum_without_a_penalty():
    X, y = clouds(MANY, 3, 2, dtype=np.float64, apart=60)
    with pytest.warns(UserWarning, match="separated without error"):
        model = LogisticRegression(C=np.inf).fit(X, y)
    assert not model.converged_


# -- how it goes -----------------------------------------------------------------------------------------------


def test_the_same_bytes_on_any_number_of_threads():
    X, y = clouds(MANY, 12, 4, dtype=np.float32)
    one, *others = (LogisticRegression(n_threads=threads).fit(X, y) for threads in (1, 2, 4, 2))
    assert one.n_iter_[0] < 10
    for other in others:
        np.testing.assert_array_equal(other.coef_, one.coef_)
        np.testing.assert_array_equal(other.intercept_, one.intercept_)


def test_the_passes_are_those_over_all_rows():
    X, y = clouds(MANY, 8, 5)
    told = []
    model = LogisticRegression().fit(X, y, listeners=[told.append])
    assert tuple(told) == model.history_.passes
    assert [one.number for one in told] == sorted({one.number for one in told})
    assert told[-1].objective == pytest.approx(objective(model, X, y), rel=1e-9)
    assert told[0].seconds > 0  # with the sample's
    assert told[0].objective < 1.2 * told[-1].objective  # near the minimum from the beginning


def test_a_sample_that_leads_nowhere_is_let_go():
    X, y = clouds(MANY, 40, 10, dtype=np.float32, apart=0.4)
    told = []
    with few(20, 2):  # of sixty thousand
        model = LogisticRegression().fit(X, y, listeners=[told.append])
    assert beginning.LONG < model.n_iter_[0] < beginning.LONG + 20
    assert model.converged_
    assert objective(model, X, y) <= objective(cold(X, y), X, y) * (1 + 1e-4)
    numbers, seconds = zip(*((one.number, one.seconds) for one in told), strict=True)
    assert list(numbers) == [one.number for one in model.history_.passes]
    assert list(numbers) == sorted(set(numbers))
    assert list(seconds) == sorted(seconds)


def test_who_wants_to_see_it_learn_sees_it_from_zero():
    X, y = clouds(MANY, 8, 5)
    model = LogisticRegression().fit(X, y, keep_weights=True)
    assert not model.history_.passes[0].coef.any()


def test_a_warm_start_is_not_looked_for():
    X, y = clouds(MANY, 8, 5)
    model = LogisticRegression(warm_start=True).fit(X, y)
    least = model.history_.passes[-1].objective
    assert model.fit(X, y).history_.passes[0].objective == pytest.approx(least, rel=1e-5)
    assert model.n_iter_[0] <= 3


def test_one_pass_is_one_pass():
    X, y = clouds(MANY, 8, 5)
    with pytest.warns(UserWarning, match="max_iter"):
        model = LogisticRegression(max_iter=1).fit(X, y)
    assert model.n_iter_[0] == 1


@pytest.mark.parametrize("place", ["_sample", "curvature"])
def test_ctrl_c_leaves_nothing_before_the_sample_is_fitted_and_its_coefficients_after(monkeypatch, place):
    X, y = clouds(MANY, 8, 5)
    monkeypatch.setattr(beginning, place, lambda *_: signal.raise_signal(signal.SIGINT))
    model = LogisticRegression()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    if place == "_sample":
        assert not hasattr(model, "coef_")
        return
    assert model.history_.outcome == beginning.INTERRUPTED
    assert objective(model, X, y) < 1.2 * objective(cold(X, y), X, y)


@pytest.mark.parametrize("at", [1, 2])
def test_ctrl_c_in_a_pass_leaves_the_best_so_far(at):
    X, y = clouds(MANY, 8, 5)
    model = LogisticRegression()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y, listeners=[lambda one: one.number == at and signal.raise_signal(signal.SIGINT)])
    assert not model.converged_
    assert objective(model, X, y) < 1.2 * objective(cold(X, y), X, y)
