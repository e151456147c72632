"""The path agrees with fits one by one; the C that it names is the one that its numbers name."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression as Theirs
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupKFold, StratifiedKFold, TimeSeriesSplit

from sightline import LogisticRegression, LogisticRegressionCV
from sightline.errors import DataError, UsageError
from sightline.logistic import path as following
from sightline.logistic.path import Path

CS = [1e-4, 1e-3, 1e-2, 1e-1, 1.0]


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:700] / 16, y[:700]


@pytest.fixture(scope="module")
def fitted(digits):
    return LogisticRegressionCV(Cs=CS, cv=3, tol=1e-7, fold_tol=1e-6).fit(*digits)


def test_every_point_of_the_path_is_the_fit_of_its_c(digits, fitted):
    path = fitted.path_
    for i, C in enumerate(CS):
        alone = LogisticRegression(C=C, tol=1e-8).fit(*digits)
        assert path.objective[i] == pytest.approx(alone.history_.passes[-1].objective, rel=1e-6)
        np.testing.assert_allclose(path.coef[i], alone.coef_, atol=2e-3 * np.abs(alone.coef_).max())
    assert path.converged.all()
    assert (np.diff(path.objective) < 0).all()


def test_folds_are_judged_as_if_they_had_been_left_out(digits, fitted):
    X, y = digits
    for j, (train, test) in enumerate(StratifiedKFold(3).split(X, y)):
        for i, C in enumerate(CS):
            theirs = Theirs(C=C, tol=1e-8, max_iter=5000).fit(X[train], y[train])
            expected = log_loss(y[test], theirs.predict_proba(X[test]))
            assert fitted.path_.loss[i, j] == pytest.approx(expected, rel=1e-3)
            assert fitted.path_.accuracy[i, j] == pytest.approx(theirs.score(X[test], y[test]), abs=0.01)


def test_two_classes_and_weights_of_rows(digits):
    X, y = digits[0], digits[1] % 2
    weight = np.where(y == 1, 2.0, 1.0)
    model = LogisticRegressionCV(Cs=[0.01, 1.0], cv=3, tol=1e-7).fit(X, y, sample_weight=weight)
    alone = LogisticRegression(C=model.C_, tol=1e-8).fit(X, y, sample_weight=weight)
    assert model.coef_.shape == (1, 64)
    np.testing.assert_allclose(model.coef_, alone.coef_, atol=2e-3)
    assert (model.predict(X) == alone.predict(X)).mean() > 0.995


def path(loss, accuracy=None) -> Path:
    loss = np.asarray(loss, float)
    m = len(loss)
    return Path(
        C=np.logspace(-2, 2, m), coef=np.zeros((m, 1, 1)), intercept=np.zeros((m, 1)), objective=np.zeros(m),
        converged=np.ones(m, bool), passes=np.ones(m, np.int64), loss=loss,
        accuracy=1 - loss if accuracy is None else np.asarray(accuracy, float),
    )  # fmt: skip


def test_the_rules():
    made = path([[0.9, 1.1], [0.5, 0.7], [0.4, 0.6], [0.38, 0.6], [0.8, 0.8]])
    assert made.best() == 3
    assert made.one_standard_error() == 1  # 0.49 + 0.11 reaches the second, whose mean is 0.6
    assert made.standard_error()[0] == pytest.approx(0.1)
    assert path([[1, 1], [1, 1]]).best("accuracy") == 0


def test_the_rule_and_the_scoring_choose(digits):
    best = LogisticRegressionCV(Cs=CS, cv=3).fit(*digits)
    simple = clone(best).set_params(rule="one-se").fit(*digits)
    assert simple.C_ <= best.C_
    assert CS[simple.path_.one_standard_error()] == simple.C_
    right = clone(best).set_params(scoring="accuracy").fit(*digits)
    assert CS[right.path_.best("accuracy")] == right.C_


def test_same_seed_same_path_on_any_number_of_threads():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((6000, 60)).astype(np.float32)
    y = (X @ rng.standard_normal((60, 4)) + rng.standard_normal((6000, 4))).argmax(axis=1)
    one, two, again = (LogisticRegressionCV(Cs=4, cv=2, n_threads=n).fit(X, y) for n in (1, 2, 2))
    np.testing.assert_array_equal(two.path_.coef, again.path_.coef)
    np.testing.assert_allclose(one.path_.coef, two.path_.coef, rtol=1e-6, atol=1e-6)


def test_progress_counts_to_the_end(digits):
    seen: list[tuple[int, int]] = []
    LogisticRegressionCV(Cs=[0.01, 0.1], cv=3).fit(*digits, progress=lambda done, of: seen.append((done, of)))
    assert seen[-1] == (8, 8)
    assert seen == sorted(seen)


def test_groups_reach_the_splitter(digits):
    groups = np.arange(len(digits[1])) // 100
    model = LogisticRegressionCV(Cs=[0.01], cv=GroupKFold(4)).fit(*digits, groups=groups)
    assert model.path_.loss.shape == (1, 4)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Cs": 0}, "below 1"), ({"Cs": [1.0, -1.0]}, "positive and finite"), ({"Cs": []}, "positive"),
        ({"rule": "first"}, "best, one-se"), ({"scoring": "f1"}, "log_loss, accuracy"),
        ({"fold_tol": 0}, "fold_tol"), ({"tol": -1.0}, "tol"),
    ],
)  # fmt: skip
def test_wrong_parameters_are_named(digits, changed, said):
    with pytest.raises(UsageError, match=said):
        LogisticRegressionCV(**changed).fit(*digits)


def test_a_fold_that_takes_a_class_away_is_named():
    X, y = np.arange(8.0)[:, None], np.array([0, 0, 0, 0, 0, 0, 1, 1])
    with pytest.raises(DataError, match="fold 1"):
        LogisticRegressionCV(Cs=[1.0], cv=[(np.arange(6), np.array([6, 7]))]).fit(X, y)


def test_fits_that_do_not_converge_are_named(digits):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = LogisticRegressionCV(Cs=[0.1], cv=3, max_iter=2).fit(*digits)
    assert [one.category for one in caught] == [ConvergenceWarning]
    assert not model.converged_


def test_a_fold_learns_from_what_the_splitter_names_and_nothing_else(digits):
    """Not from all that is not held out: that would be the future, here; a row named twice counts twice."""
    X, y = digits
    folds = [(np.append(train, train[:50]), test) for train, test in TimeSeriesSplit(3).split(X)]
    model = LogisticRegressionCV(Cs=[0.1], cv=folds, fold_tol=1e-7).fit(X, y)
    for j, (train, test) in enumerate(folds):
        alone = LogisticRegression(C=0.1, tol=1e-8).fit(X[train], y[train])
        expected = log_loss(y[test], alone.predict_proba(X[test]))
        assert model.path_.loss[0, j] == pytest.approx(expected, rel=1e-3)


def test_one_fold_or_an_empty_one_is_refused(digits):
    half = np.arange(350)
    with pytest.raises(UsageError, match="two or more"):
        LogisticRegressionCV(Cs=[1.0], cv=[(half, half + 350)]).fit(*digits)
    with pytest.raises(DataError, match="fold 1"):
        LogisticRegressionCV(Cs=[1.0], cv=[(half, half[:0])]).fit(*digits)


def test_ctrl_c_ends_the_whole_path(digits, monkeypatch):
    began = []
    plain = following.minimise

    def interrupted(objective, **settings):
        began.append(1)

        def listener(_):
            if len(began) == 3:
                raise KeyboardInterrupt

        return plain(objective, **settings, listeners=[listener])

    monkeypatch.setattr(following, "minimise", interrupted)
    model = LogisticRegressionCV(Cs=5, cv=3)
    with pytest.raises(KeyboardInterrupt):
        model.fit(*digits)
    assert len(began) == 3
    assert not hasattr(model, "coef_")
