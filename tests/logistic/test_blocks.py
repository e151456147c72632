"""Learning from blocks of rows is learning from the rows."""

from __future__ import annotations

import signal
import tracemalloc

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits

from sightline.engine.blocks import ArrayBlocks
from sightline.engine.sums import LocalSums
from sightline.errors import DataError, UsageError
from sightline.logistic import LogisticRegression, LogisticRegressionCV
from sightline.logistic.survey import SurveyTask

DIGITS = load_digits(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
SAMPLE = 900
"""Rows in memory: half of the digits."""


class Watched:
    """Blocks that count how often they are read, and do something at a certain reading."""

    def __init__(self, X, y, rows=256, *, at=None, then=None):
        self.inner = ArrayBlocks(X, y, rows)
        self.shape, self.n_blocks = self.inner.shape, self.inner.n_blocks
        self.read, self.at, self.then = 0, at, then

    def block(self, index):
        self.read += 1
        if self.read == self.at:
            self.then()
        return self.inner.block(index)


def objective(model, X, y, *, scale=1.0, class_weight=None):
    """F of a model in float64, written once more."""
    X = X.astype(np.float64)
    codes = np.searchsorted(model.classes_, y)
    K = len(model.classes_)
    mass = np.ones(len(y))
    if class_weight == "balanced":
        mass = (len(y) / (K * np.bincount(codes)))[codes]
    W, b = model.coef_.astype(np.float64), model.intercept_.astype(np.float64)
    Z = X @ W.T + b
    if K == 2:
        Z = np.column_stack([np.zeros(len(X)), Z])
    losses = np.logaddexp.reduce(Z, axis=1) - Z[np.arange(len(y)), codes]
    return (mass @ losses + ((W / scale) ** 2).sum() / (2 * model.C)) / mass.sum()


def learned(X, y, *, rows=256, sample_rows=SAMPLE, scale=None, classes=None, **settings):
    blocks = ArrayBlocks(X, y, rows)
    model = LogisticRegression(**{"C": 0.01, "tol": 1e-4, **settings})
    return model.fit_blocks(blocks, sample_rows=sample_rows, scale=scale, classes=classes)


# -- the same minimum ----------------------------------------------------------------------------------


@pytest.mark.parametrize("tol", [1e-3, 1e-4])
@pytest.mark.parametrize("data", [DIGITS, CANCER], ids=["ten classes", "two"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_as_low_as_the_fit_in_memory(data, dtype, tol):
    X, y = data[0].astype(dtype), data[1]
    lowest = objective(LogisticRegression(C=0.01, tol=1e-7).fit(X, y), X, y)
    model = learned(X, y, tol=tol, sample_rows=300, rows=100)
    assert model.converged_
    assert objective(model, X, y) <= lowest * (1 + tol)
    assert model.coef_.dtype == dtype
    assert model.n_features_in_ == X.shape[1]
    assert model.history_.passes[-1].objective == pytest.approx(objective(model, X, y), rel=1e-5)


@pytest.mark.parametrize(
    "settings", [{"class_weight": "balanced"}, {"fit_intercept": False}, {"C": 0.1}, {"C": 1e-5}], ids=str
)
def test_bytes_with_other_settings(settings):
    X, y = DIGITS[0].astype(np.uint8), DIGITS[1]
    keep = (y != 3) | (np.arange(len(y)) % 10 == 0)  # one class is rare
    X, y = X[keep], y[keep]
    model = learned(X, y, **settings)
    exact = LogisticRegression(**{"C": 0.01, **settings}, tol=1e-7).fit(X, y)
    weight = settings.get("class_weight")
    assert model.converged_
    assert objective(model, X, y, class_weight=weight) <= objective(exact, X, y, class_weight=weight) * 1.0001


@pytest.mark.parametrize("scale", [1 / 16, np.geomspace(0.05, 2, 64)], ids=["one number", "one a column"])
def test_columns_multiplied_on_the_way(scale):
    X, y = DIGITS[0].astype(np.uint8), DIGITS[1]
    model = learned(X, y, scale=scale, C=1.0)
    exact = LogisticRegression(C=1.0, tol=1e-7).fit(X * scale, y)
    exact.coef_ = exact.coef_ * scale
    assert objective(model, X, y, scale=scale) <= objective(exact, X, y, scale=scale) * 1.0001
    np.testing.assert_allclose(model.predict_proba(X), exact.predict_proba(X), atol=0.02)


def test_columns_far_from_zero():
    X, y = DIGITS[0].astype(np.float32) + 1000, DIGITS[1]
    model = learned(X, y)
    exact = LogisticRegression(C=0.01, tol=1e-7).fit(DIGITS[0], y)
    exact.intercept_ = exact.intercept_ - 1000 * exact.coef_.sum(axis=1)
    assert objective(model, X, y) <= objective(exact, X, y) * 1.0002


def test_a_column_that_few_rows_have():
    """One row in 600 has it: a sample that is drawn evenly may have none of them."""
    X, y = DIGITS[0].astype(np.float32), DIGITS[1].copy()
    X[:, 0] = 0
    X[1500:1503, 0], y[1500:1503] = 100, 7
    model = learned(X, y, sample_rows=400)
    exact = LogisticRegression(C=0.01, tol=1e-7).fit(X, y)
    assert exact.coef_[7, 0] > 0.01
    assert objective(model, X, y) <= objective(exact, X, y) * 1.0001


def test_a_constant_column_gets_no_weight():
    X, y = DIGITS[0].astype(np.float32), DIGITS[1]
    X[:, 5] = 7
    assert not learned(X, y).coef_[:, 5].any()


def test_same_bits_on_any_number_of_threads():
    X, y = DIGITS[0].astype(np.uint8), DIGITS[1]
    one, three = (learned(X, y, rows=64, n_threads=n) for n in (1, 3))
    np.testing.assert_array_equal(one.coef_, three.coef_)
    np.testing.assert_array_equal(one.intercept_, three.intercept_)


def test_where_all_rows_are_in_the_sample_they_are_read_once():
    X, y = DIGITS[0].astype(np.uint8), DIGITS[1]
    blocks = Watched(X, y)
    model = LogisticRegression(C=0.01).fit_blocks(blocks)
    assert blocks.read == blocks.n_blocks
    exact = LogisticRegression(C=0.01).fit(X, y)
    assert objective(model, X, y) <= objective(exact, X, y) * 1.0001


def test_a_pass_reads_every_block_once():
    blocks = Watched(*DIGITS)
    model = LogisticRegression(C=0.01, tol=1e-4).fit_blocks(blocks, sample_rows=SAMPLE)
    assert blocks.read == (1 + model.n_iter_[0]) * blocks.n_blocks
    numbers = model.history_.column("number").tolist()
    assert numbers == sorted(set(numbers))
    assert (np.diff(model.history_.column("objective")) <= 1e-6).all()


def test_the_start_spares_passes():
    """A fit that begins at the minimum of a sample needs few passes over all rows."""
    X, y = DIGITS[0].astype(np.uint8), DIGITS[1]
    assert learned(X, y, sample_rows=1500, tol=1e-3).n_iter_[0] <= 6
    warm = LogisticRegression(C=0.01, tol=1e-3, warm_start=True)
    blocks = ArrayBlocks(X, y, rows=256)
    warm.fit_blocks(blocks, sample_rows=SAMPLE)
    assert warm.fit_blocks(blocks, sample_rows=SAMPLE).n_iter_[0] <= 3


# -- classes --------------------------------------------------------------------------------------------


def test_names_of_classes_and_those_that_do_not_occur():
    X, y = DIGITS
    X, y = X[y != 4], y[y != 4]
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    plain, named = learned(X, y), learned(X, y, classes=names)
    assert plain.classes_.tolist() == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert named.classes_.tolist() == [name for name in names if name != "four"]
    np.testing.assert_array_equal(plain.coef_, named.coef_)
    assert (named.predict(X) == np.asarray(names)[y]).mean() > 0.97


def test_weights_by_name():
    X, y = CANCER
    heavy = learned(X, y, classes=["bad", "good"], class_weight={"bad": 50.0})
    even = learned(X, y, classes=["bad", "good"])
    assert heavy.predict_proba(X)[:, 0].mean() > even.predict_proba(X)[:, 0].mean() + 0.02


def test_a_rare_class_is_in_the_sample():
    X = np.random.default_rng(0).random((4000, 3)).astype(np.float32)
    y = np.zeros(4000, int)
    y[[10, 3000]] = 1
    sums = LocalSums(ArrayBlocks(X, y, rows=500))
    survey = sums.sum(SurveyTask(3, 0.05, 10, 0.0, 0))
    sums.close()
    drawn, codes, stands = survey.sample()
    assert survey.counts.tolist() == [3998, 2]
    assert np.bincount(codes)[1] == 2
    assert 150 < len(drawn) < 260
    assert 3400 < stands.sum() < 4600
    np.testing.assert_allclose(survey.mean, X.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(survey.squares / 4000, X.var(axis=0), rtol=1e-4)


# -- memory, events, what goes wrong ------------------------------------------------------------------------


class Made:
    """Rows that are made when they are read, and never written: `n` of 20 columns, two classes."""

    def __init__(self, n, rows=2000):
        self.shape, self.n_blocks, self.rows = (n, 20), n // rows, rows

    def block(self, index):
        rng = np.random.default_rng(index)
        X = rng.standard_normal((self.rows, 20))
        return X, (X @ np.arange(-9.5, 10) / 20 + rng.logistic(size=self.rows) > 0).astype(np.int64)


def test_memory_does_not_grow_with_the_rows():
    def peak(n):
        tracemalloc.start()
        LogisticRegression(tol=1e-3).fit_blocks(Made(n), sample_rows=2000)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    few, many = peak(20_000), peak(200_000)
    assert many < 1.3 * few + 500_000
    assert many < 200_000 * 20 * 8 / 3


def test_events_and_stopping():
    heard = []
    model = LogisticRegression(C=0.01, tol=1e-8)
    blocks = ArrayBlocks(*DIGITS, rows=256)
    model.fit_blocks(
        blocks,
        sample_rows=SAMPLE,
        keep_weights=True,
        scale=0.1,
        listeners=[lambda one: heard.append(one) or len(heard) == 3],
    )
    assert len(heard) == len(model.history_) == 3
    assert not model.converged_
    np.testing.assert_allclose(model.coef_, heard[-1].coef)
    assert all(one.seconds > 0 for one in heard)


@pytest.mark.parametrize("at", [12, 60])
def test_ctrl_c_keeps_the_best(at):
    """In the survey nothing is there yet; in a pass, coefficients are."""
    blocks = Watched(*DIGITS, at=at, then=lambda: signal.raise_signal(signal.SIGINT))
    model = LogisticRegression(C=0.01, tol=1e-7)
    with pytest.raises(KeyboardInterrupt):
        model.fit_blocks(blocks, sample_rows=SAMPLE)
    if at > 12:
        assert model.history_.outcome.startswith("interrupted")
        assert model.score(*DIGITS) > 0.9


def test_a_disk_that_fails_keeps_the_best():
    def fail():
        raise OSError("the disk is gone")

    model = LogisticRegression(C=0.01, tol=1e-7)
    with pytest.raises(OSError, match="the disk is gone"):
        model.fit_blocks(Watched(*DIGITS, at=60, then=fail), sample_rows=SAMPLE)
    assert model.score(*DIGITS) > 0.9
    assert not model.converged_
    assert "the disk is gone" in model.history_.outcome


def replaced(what):
    X, y = DIGITS[0].copy(), DIGITS[1].copy()
    if what == "NaN":
        X[700, 9] = np.nan
    elif what == "huge":
        X[700, 9] = 1e300
    elif what == "negative":
        y[700] = -1
    elif what == "one class":
        y[:] = 3
    return ArrayBlocks(X, y, rows=256)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("NaN", "column 9 of block 2"),
        ("huge", "column 9 of block 2"),
        ("negative", "block 2 has 256 rows and codes"),
        ("one class", "one class, code 3"),
    ],
)
def test_rows_that_cannot_be_learned_from(what, said):
    with pytest.raises(DataError, match=said):
        LogisticRegression().fit_blocks(replaced(what), sample_rows=SAMPLE)


def test_blocks_that_are_not_what_they_say():
    class Odd(Watched):
        def block(self, index):
            X, y = super().block(index)
            return (X[:, 1:], y) if index == 3 else (X, y)

    with pytest.raises(DataError, match="block 3 has rows of shape"):
        LogisticRegression().fit_blocks(Odd(*DIGITS))
    blocks = Watched(*DIGITS)
    blocks.shape = (9000, 64)
    with pytest.raises(DataError, match="1797 rows in all, and say that they have 9000"):
        LogisticRegression().fit_blocks(blocks)
    blocks.shape = (0, 64)
    with pytest.raises(DataError, match="nothing to learn from"):
        LogisticRegression().fit_blocks(blocks)


def test_blocks_that_change_between_readings():
    class Changing(Watched):
        def block(self, index):
            X, y = super().block(index)
            return X, y + 20 * (self.read > 2 * self.n_blocks)

    with pytest.raises(DataError, match="a class that it did not have"):
        LogisticRegression(C=0.01, tol=1e-7).fit_blocks(Changing(*DIGITS), sample_rows=SAMPLE)


@pytest.mark.parametrize(
    ("settings", "wishes", "said"),
    [
        ({"l1_ratio": 0.5}, {}, "l1_ratio = 0.5"),
        ({}, {"scale": -1}, "scale = -1"),
        ({}, {"scale": [1, 2]}, "scale = "),
        ({}, {"sample_rows": 0}, "sample_rows = 0"),
        ({}, {"readers": 0}, "readers = 0"),
        ({"n_threads": 0}, {}, "n_threads = 0"),
        ({}, {"classes": list("aabcdefghi")}, "more than once"),
        ({}, {"cluster": "here"}, "names no cluster"),
        ({}, {"cluster": "local:none"}, "how many workers"),
    ],
)
def test_wishes_that_make_no_sense(settings, wishes, said):
    with pytest.raises(UsageError, match=said):
        LogisticRegression(**settings).fit_blocks(ArrayBlocks(*DIGITS), **wishes)


def test_more_codes_than_names():
    with pytest.raises(DataError, match="code 9, and there are names for 3"):
        LogisticRegression().fit_blocks(ArrayBlocks(*DIGITS), classes=["a", "b", "c"])


def test_cross_validation_is_not_for_blocks():
    with pytest.raises(UsageError, match="cannot learn from blocks"):
        LogisticRegressionCV().fit_blocks(ArrayBlocks(*DIGITS))
