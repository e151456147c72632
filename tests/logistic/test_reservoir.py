"""Batches that come and go: the minimum over all of them, or over a uniform sample of bounded size."""

from __future__ import annotations

import pickle
import signal
import tracemalloc

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.exceptions import NotFittedError

from sightline.engine.blocks import ArrayBlocks
from sightline.errors import DataError, UsageError
from sightline.logistic import LogisticRegression, LogisticRegressionCV
from sightline.logistic import reservoir as room
from sightline.logistic.reservoir import Reservoir

DIGITS = load_digits(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)


def streamed(model, X, y, cuts, weight=None, **settings):
    """`partial_fit` on the rows between `cuts`."""
    for one, next_one in zip([0, *cuts], [*cuts, len(X)], strict=True):
        part = slice(one, next_one)
        model.partial_fit(
            X[part], y[part], sample_weight=None if weight is None else weight[part], **settings
        )
    return model


def objective(model, X, y, mass=None):
    """F in float64, written once more."""
    codes = np.searchsorted(model.classes_, y)
    W, b = model.coef_.astype(np.float64), model.intercept_.astype(np.float64)
    Z = X.astype(np.float64) @ W.T + b
    if len(model.classes_) == 2:
        Z = np.column_stack([np.zeros(len(X)), Z])
    losses = np.logaddexp.reduce(Z, axis=1) - Z[np.arange(len(y)), codes]
    mass = np.ones(len(y)) if mass is None else mass
    return (mass @ losses + (W**2).sum() / (2 * model.C)) / mass.sum()


# -- fewer rows than the reservoir has room for: the minimum of all -------------------------------------------


@pytest.mark.parametrize("cuts", [[900], [40, 41, 500, 1790]], ids=str)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_batches_are_their_rows(cuts, dtype):
    X, y = DIGITS[0].astype(dtype), DIGITS[1]
    model = streamed(LogisticRegression(C=0.01, tol=1e-6), X, y, cuts, classes=range(10))
    exact = LogisticRegression(C=0.01, tol=1e-6).fit(X, y)
    assert objective(model, X, y) <= objective(exact, X, y) * (1 + 1e-6)
    assert objective(exact, X, y) <= objective(model, X, y) * (1 + 1e-6)
    np.testing.assert_allclose(model.coef_, exact.coef_, atol=2e-3)
    assert model.converged_
    assert model.coef_.dtype == exact.coef_.dtype
    assert model.n_samples_seen_ == len(X)


@pytest.mark.parametrize(
    "settings",
    [
        {"class_weight": "balanced"},
        {"class_weight": {0: 3.0}},
        {"fit_intercept": False},
        {"l1_ratio": 0.5, "tol": 1e-7},
    ],
    ids=str,
)
def test_with_other_settings_and_weights(settings):
    X, y = (CANCER[0] - CANCER[0].mean(0)) / CANCER[0].std(0), CANCER[1]
    weight = np.random.default_rng(0).integers(0, 4, len(y)).astype(float)
    model = streamed(LogisticRegression(C=0.1, **settings), X, y, [100, 300], weight)
    exact = LogisticRegression(C=0.1, **settings).fit(X, y, weight)
    np.testing.assert_allclose(model.decision_function(X), exact.decision_function(X), atol=0.02)
    assert model.n_samples_seen_ == np.count_nonzero(weight)  # a row of weight 0 has not come


def test_a_call_begins_where_the_last_one_ended():
    X, y = DIGITS[0].astype(np.float32), DIGITS[1]
    model = LogisticRegression(C=0.01).partial_fit(X[:1700], y[:1700])
    cold = model.n_iter_[0]
    model.partial_fit(X[1700:], y[1700:])
    assert model.n_iter_[0] <= cold / 2


# -- more rows: the minimum of a uniform sample -----------------------------------------------------------------


def test_every_place_in_the_stream_is_drawn_as_often():
    """800 samples of 50 of 400 places, in batches: each is there 100 times, give or take 9.4."""
    there = np.zeros(400)
    for seed in range(800):
        some = Reservoir(1, seed, rows=50)
        for start, stop in ((0, 30), (30, 200), (200, 201), (201, 400)):
            places = np.arange(start, stop)
            some.add(places[:, None].astype(np.float64), places, np.ones(len(places)))
        X, codes, _ = some.held
        np.testing.assert_array_equal(X[:, 0], codes)
        assert len(set(codes.tolist())) == 50
        there[codes] += 1
    expected = 800 * 50 / 400
    spread = np.square(there - expected).sum() / (expected * (1 - 50 / 400))
    assert abs(spread - 399) < 5 * np.sqrt(2 * 399)  # chi-squared of 399 degrees
    assert abs(there[:40].mean() - expected) < 8  # those that came first, last
    assert abs(there[-40:].mean() - expected) < 8


def test_the_same_stream_cut_otherwise_leaves_the_same_rows():
    X, y = DIGITS
    held = []
    for cuts in ([1000], [1, 7, 300, 301, 1500], list(range(5, 1797, 5))):
        some = Reservoir(64, 3, rows=200)
        for one, next_one in zip([0, *cuts], [*cuts, len(X)], strict=True):
            some.add(X[one:next_one], np.arange(one, next_one), y[one:next_one].astype(float))
        order = np.argsort(some.held[1])
        held.append([part[order] for part in some.held])
        np.testing.assert_array_equal(held[-1][0], X[held[-1][1]])
        np.testing.assert_array_equal(held[-1][2], y[held[-1][1]])
        for one, other in zip(held[0], held[-1], strict=True):
            np.testing.assert_array_equal(one, other)


def test_beyond_it_is_the_fit_to_the_reservoir_each_row_counting_more():
    X, y = DIGITS[0].astype(np.uint8), DIGITS[1]
    model = streamed(
        LogisticRegression(C=0.01, tol=1e-6), X, y, [600, 1200], classes=range(10), reservoir_rows=500
    )
    rows, codes, weights = model._stream.reservoir.held
    exact = LogisticRegression(C=0.01, tol=1e-6).fit(rows, codes, weights * (1797 / 500))
    np.testing.assert_allclose(model.coef_, exact.coef_, atol=2e-3)
    weaker = LogisticRegression(C=0.01, tol=1e-6).fit(rows, codes)
    assert (
        np.square(model.coef_).sum() > 1.2 * np.square(weaker.coef_).sum()
    )  # C means what it means for n rows


def logistic(n, d, seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    return X, (X @ np.linspace(-1, 1, d) + rng.logistic(size=n) > 0).astype(np.int64)


@pytest.mark.parametrize("order", ["as drawn", "sorted by class"])
def test_what_is_lost_falls_as_one_over_the_rows_kept(order):
    """E[F(W_R) − F*] ≈ p/2 · (1/R − 1/n) where the model holds; χ² of 24·p = 264 degrees: within 40 %."""
    n, d = 8000, 10
    X, y = logistic(n, d, 0)
    if order != "as drawn":
        order = np.argsort(y, kind="stable")
        X, y = X[order], y[order]
    least = objective(LogisticRegression(C=1e6, tol=1e-10).fit(X, y), X, y)
    for kept in (400, 1600):
        lost = []
        for seed in range(24):
            model = LogisticRegression(C=1e6, tol=1e-6, random_state=seed)
            streamed(model, X, y, [n // 2], classes=[0, 1], reservoir_rows=kept)
            lost.append(objective(model, X, y) - least)
        expected = (d + 1) / 2 * (1 / kept - 1 / n)
        assert 0.6 < np.mean(lost) / expected < 1.4, kept
        assert min(lost) > 0


def test_memory_does_not_grow_with_the_stream():
    def peak(batches):
        model = LogisticRegression(tol=1e-2)
        tracemalloc.start()
        for number in range(batches):
            model.partial_fit(*logistic(2000, 20, number), reservoir_rows=3000)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    few, many = peak(4), peak(16)
    assert many < 1.1 * few + 200_000
    assert many < 16 * 2000 * 20 * 8


def test_how_many_rows_have_room(monkeypatch):
    assert Reservoir(784, 0).most == 120_000_000 // 784
    monkeypatch.setattr(room, "RESERVOIR_BYTES", 64_000)
    monkeypatch.setattr(room, "LEAST_ROWS", 10)
    some = Reservoir(64, 0)
    for start in range(0, 1500, 500):
        some.add(
            DIGITS[0][start : start + 500].astype(np.uint8), DIGITS[1][start : start + 500], np.ones(500)
        )
    assert some.kept == some.most == 1000
    before = {row.tobytes() for row in some.held[0].astype(np.float64)}
    some.add(DIGITS[0][1500:], DIGITS[1][1500:], np.ones(297))  # float64: eight times as many bytes a row
    assert some.kept == some.most == 125
    assert some.seen == 1797
    after = [row.tobytes() for row in some.held[0]]
    every = {row.tobytes() for row in DIGITS[0][1500:]}
    assert set(after) <= before | every
    assert 5 < len(set(after) & every) < 45  # 297 of 1797 rows: 21 of 125, give or take 4


# -- classes ----------------------------------------------------------------------------------------------------


def test_classes_that_have_not_come_yet():
    X, y = DIGITS
    names = np.array([f"digit {k}" for k in range(10)])
    order = np.argsort(y, kind="stable")
    X, labels = X[order], names[y[order]]
    model = LogisticRegression(C=0.01, tol=1e-6)
    model.partial_fit(X[:100], labels[:100], classes=names)  # zeros alone
    assert (model.predict(X) == "digit 0").all()
    assert model.converged_
    assert model.coef_.shape == (10, 64)
    model.partial_fit(X[100:300], labels[100:300], classes=names)  # ones, too
    two = LogisticRegression(C=0.01, tol=1e-6).fit(X[:300], labels[:300])
    chance = model.predict_proba(X)
    np.testing.assert_allclose(chance[:, :2], two.predict_proba(X), atol=1e-4)
    assert chance[:, 2:].max() < 3e-22
    np.testing.assert_allclose(model.coef_.sum(axis=0), 0, atol=1e-6)
    model.partial_fit(X[300:900], labels[300:900])
    some = LogisticRegression(C=0.01, tol=1e-6).fit(X[:900], labels[:900])
    np.testing.assert_allclose(
        model.predict_proba(X)[:, : len(some.classes_)], some.predict_proba(X), atol=5e-3
    )
    model.partial_fit(X[900:], labels[900:])
    assert model.score(X, labels) > 0.98
    assert model.classes_.tolist() == names.tolist()


@pytest.mark.parametrize("first", [0, 1])
def test_one_of_two_classes_alone(first):
    X, y = CANCER
    model = LogisticRegression().partial_fit(X[y == first], y[y == first], classes=[0, 1])
    assert model.coef_.shape == (1, 30)
    assert (model.predict(X) == first).all()
    model.partial_fit(X[y != first], y[y != first])
    assert model.score(X, y) > 0.9


def test_classes_as_they_come():
    X, y = DIGITS
    names = np.array(["a", "bb", "ccc", "dd", "e", "f", "g", "h", "i", "j"])
    order = np.argsort(-y, kind="stable")  # the last name first: codes move
    X, labels = X[order], names[y[order]]
    model = streamed(LogisticRegression(C=0.01, tol=1e-6), X, labels, [500, 1000])
    exact = LogisticRegression(C=0.01, tol=1e-6).fit(X, labels)
    assert model.classes_.tolist() == names.tolist()
    np.testing.assert_allclose(model.coef_, exact.coef_, atol=2e-3)


def test_weights_of_classes_that_come_later():
    X, y = DIGITS
    order = np.argsort(y, kind="stable")
    model = LogisticRegression(C=0.01, class_weight={9: 4.0})
    streamed(model, X[order], y[order], [700], classes=range(10))
    exact = LogisticRegression(C=0.01, class_weight={9: 4.0}).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), exact.predict_proba(X), atol=0.02)


# -- its life -----------------------------------------------------------------------------------------------------


def test_fit_lets_the_reservoir_go():
    X, y = DIGITS
    model = LogisticRegression(C=0.01).partial_fit(X, y, reservoir_rows=100)
    model.fit(X, y)
    assert not hasattr(model, "n_samples_seen_")
    model.partial_fit(X[:700], y[:700])  # begins anew
    assert model.n_samples_seen_ == 700
    model.fit_blocks(ArrayBlocks(X, y))
    assert not hasattr(model, "n_samples_seen_")
    assert not hasattr(clone(model.partial_fit(X, y)), "coef_")


def test_pickled_it_goes_on_as_if_nothing_had_been():
    X, y = DIGITS
    model = LogisticRegression(C=0.01).partial_fit(X[:900], y[:900], reservoir_rows=500)
    other = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(
        model.partial_fit(X[900:], y[900:]).coef_, other.partial_fit(X[900:], y[900:]).coef_
    )


def test_ctrl_c_keeps_the_best_and_the_rows():
    X, y = DIGITS
    model = LogisticRegression(C=0.01).partial_fit(X[:900], y[:900])
    with pytest.raises(KeyboardInterrupt):
        model.partial_fit(
            X[900:], y[900:], listeners=[lambda one: one.number >= 2 and signal.raise_signal(signal.SIGINT)]
        )
    assert model.n_samples_seen_ == 1797
    assert not model.converged_
    assert model.score(X, y) > 0.95


@pytest.mark.parametrize(
    ("first", "then", "error", "said"),
    [
        ({"classes": range(10)}, {"classes": range(9)}, UsageError, "not those of the calls before"),
        ({}, {"reservoir_rows": 7}, UsageError, "not that of the first call"),
        ({"reservoir_rows": 0}, None, UsageError, "reservoir_rows = 0"),
        ({"classes": [3]}, None, UsageError, "fewer than two"),
        ({"classes": range(5)}, None, DataError, r"label \d, which is not one of the classes"),
        ({"only": 3}, None, DataError, r"all rows so far .* one class, \[3\]"),
        ({}, {"columns": 9}, ValueError, "9 features"),
    ],
)
def test_what_makes_no_sense(first, then, error, said):
    X, y = DIGITS
    model = LogisticRegression(C=0.01)

    def call(only=None, columns=64, **settings):
        rows = slice(None) if only is None else y == only
        model.partial_fit(X[rows, :columns], y[rows], **settings)

    if then is None:
        with pytest.raises(error, match=said):
            call(**first)
        with pytest.raises(NotFittedError):
            model.predict(X)
    else:
        call(**first)
        before = model.coef_.copy()
        with pytest.raises(error, match=said):
            call(**then)
        np.testing.assert_array_equal(model.coef_, before)
        assert model.n_samples_seen_ == len(X)


def test_not_with_a_choice_of_c():
    with pytest.raises(UsageError, match="cannot learn from batches"):
        LogisticRegressionCV().partial_fit(*DIGITS)
