"""LogisticRegression as scikit-learn and its users expect it."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from sightline.errors import DataError, UsageError
from sightline.logistic import LogisticRegression

IRIS = load_iris(return_X_y=True)
TWO = (IRIS[0][:100], IRIS[1][:100])


@parametrize_with_checks([LogisticRegression()], expected_failed_checks={})
def test_scikit_learn_contract(estimator, check):
    check(estimator)


def assert_same(one: LogisticRegression, other: LogisticRegression) -> None:
    np.testing.assert_array_equal(one.coef_, other.coef_)
    np.testing.assert_array_equal(one.intercept_, other.intercept_)


# -- what comes out ------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [IRIS, TWO], ids=["three classes", "two"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_shapes_and_dtypes(data, dtype):
    X, y = data[0].astype(dtype), data[1]
    model = LogisticRegression().fit(X, y)
    K = len(np.unique(y))
    R = 1 if K == 2 else K
    wide = np.float64 if dtype == np.float64 else np.float32
    assert model.coef_.shape == (R, 4)
    assert model.intercept_.shape == (R,)
    assert model.coef_.dtype == model.intercept_.dtype == wide
    assert model.classes_.tolist() == list(range(K))
    assert model.n_features_in_ == 4
    assert model.n_iter_.shape == (1,)
    assert model.n_iter_[0] == model.history_.passes[-1].number
    assert model.converged_ is True
    z = model.decision_function(X)
    assert z.shape == ((len(X),) if K == 2 else (len(X), K))
    assert z.dtype == wide
    assert model.predict_proba(X).shape == model.predict_log_proba(X).shape == (len(X), K)
    assert model.predict_proba(X).dtype == model.predict_log_proba(X).dtype == wide


@pytest.mark.parametrize("data", [IRIS, TWO], ids=["three classes", "two"])
def test_decisions_agree_with_each_other(data):
    X, y = data
    model = LogisticRegression(C=10).fit(X, y)
    z, p = model.decision_function(X), model.predict_proba(X)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-15)
    np.testing.assert_allclose(np.log(p), model.predict_log_proba(X), rtol=1e-10)
    np.testing.assert_array_equal(model.predict(X), model.classes_[p.argmax(axis=1)])
    expected = z > 0 if z.ndim == 1 else z.argmax(axis=1)
    np.testing.assert_array_equal(model.predict(X), model.classes_[expected.astype(int)])
    np.testing.assert_allclose(z, np.squeeze(X @ model.coef_.T + model.intercept_), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("data", [IRIS, TWO], ids=["three classes", "two"])
def test_probabilities_of_rows_far_away_are_finite_and_silent(data):
    model = LogisticRegression(C=1e3).fit(*data)
    far = np.array([[1e6, -1e6, 1e6, -1e6], [-1e6, 1e6, -1e6, 1e6]])
    with np.errstate(all="raise"):
        p, logs = model.predict_proba(far), model.predict_log_proba(far)
    assert np.isfinite(logs).all()
    assert set(p.ravel().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize(
    "labels",
    [np.array(["cat", "dog", "cow"]), np.array([7, -3, 100]), np.array(["b", "a", "c"], dtype=object)],
    ids=["text", "numbers", "objects"],
)
def test_labels_of_any_sortable_kind(labels):
    X, y = IRIS
    model = LogisticRegression().fit(X, labels[y])
    assert model.classes_.tolist() == sorted(labels.tolist())
    assert set(model.predict(X).tolist()) == set(labels.tolist())
    assert model.score(X, labels[y]) > 0.95
    order = np.argsort(labels)
    expected = LogisticRegression().fit(X, y).coef_[order]
    np.testing.assert_allclose(model.coef_, expected, rtol=1e-5, atol=1e-6)


def test_booleans_are_labels():
    model = LogisticRegression().fit(TWO[0], TWO[1] == 1)
    assert model.predict(TWO[0]).dtype == bool


# -- as an estimator -----------------------------------------------------------------------------------


def test_pickle_and_clone():
    model = LogisticRegression(C=3, tol=1e-6).fit(*IRIS)
    again = pickle.loads(pickle.dumps(model))
    assert_same(model, again)
    assert again.history_.converged
    assert len(again.history_) == len(model.history_)
    fresh = clone(model)
    assert fresh.get_params() == model.get_params()
    assert not hasattr(fresh, "coef_")
    assert_same(fresh.fit(*IRIS), model)


def test_parameters_can_be_set_and_are_not_touched_by_fit():
    model = LogisticRegression().set_params(C=0.01, fit_intercept=False, max_iter=50, n_threads=1)
    before = model.get_params()
    model.fit(*IRIS)
    assert model.get_params() == before
    assert not model.intercept_.any()
    with pytest.raises(ValueError, match="Invalid parameter 'colour'"):
        model.set_params(colour=1)


def test_inside_pipelines_grids_and_cross_validation():
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    assert cross_val_score(pipeline, *IRIS, cv=3).mean() > 0.9
    grid = GridSearchCV(LogisticRegression(), {"C": [0.01, 1.0]}, cv=3).fit(*IRIS)
    assert grid.best_params_ == {"C": 1.0}


def test_data_are_used_without_a_copy_and_left_alone():
    X = load_digits(return_X_y=True)[0].astype(np.uint8)
    y = load_digits(return_X_y=True)[1]
    X.flags.writeable = False
    y.flags.writeable = False
    before = X.copy()
    LogisticRegression(C=1e-3).fit(X, y)
    np.testing.assert_array_equal(X, before)


def test_other_layouts_and_dtypes_give_the_same_model():
    X, y = IRIS
    model = LogisticRegression().fit(X, y)
    assert_same(model, LogisticRegression().fit(np.asfortranarray(X), y))
    assert_same(model, LogisticRegression().fit(X.tolist(), y.tolist()))
    assert_same(model, LogisticRegression().fit(X.astype(">f8"), y))
    whole = (X * 10).astype(np.int64)
    assert_same(LogisticRegression().fit(whole, y), LogisticRegression().fit(whole.astype(float), y))


def test_feature_names_are_remembered_and_checked():
    frame = pd.DataFrame(IRIS[0], columns=["a", "b", "c", "d"])
    model = LogisticRegression().fit(frame, IRIS[1])
    assert model.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame.rename(columns={"a": "z"}))


# -- weights -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [IRIS, TWO], ids=["three classes", "two"])
def test_class_weight_is_a_factor_of_the_sample_weight(data):
    X, y = data
    rng = np.random.default_rng(0)
    weight = rng.uniform(0.1, 2, len(y))
    factors = {0: 3.0, 1: 0.5, 2: 1.0}
    by_class = LogisticRegression(class_weight=factors).fit(X, y, sample_weight=weight)
    by_hand = LogisticRegression().fit(X, y, sample_weight=weight * np.array([factors[k] for k in y]))
    assert_same(by_class, by_hand)


def test_balanced_gives_every_class_the_same_mass():
    X, y = IRIS[0][20:130], IRIS[1][20:130]
    weight = np.random.default_rng(0).uniform(0.1, 2, len(y))
    model = LogisticRegression(class_weight="balanced").fit(X, y, sample_weight=weight)
    share = np.bincount(y, weights=weight)
    mass = weight / share[y]
    means = (model.predict_proba(X) * mass[:, None]).sum(axis=0) / mass.sum()
    np.testing.assert_allclose(means, 1 / 3, atol=1e-9)
    by_hand = LogisticRegression().fit(X, y, sample_weight=mass * weight.sum() / 3)
    np.testing.assert_allclose(model.coef_, by_hand.coef_, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_scaling_weights_and_c_against_each_other_changes_nothing(factor):
    X, y = IRIS
    model = LogisticRegression(C=2.0).fit(X, y)
    other = LogisticRegression(C=2.0 / factor).fit(X, y, sample_weight=np.full(len(y), factor))
    np.testing.assert_allclose(other.coef_, model.coef_, rtol=1e-7, atol=1e-10)


# -- warm starts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [load_digits(return_X_y=True), TWO], ids=["ten classes", "two"])
def test_a_warm_start_begins_where_the_last_fit_ended(data):
    model = LogisticRegression(C=1e-3, warm_start=True).fit(*data)
    cold = model.n_iter_[0]
    last = model.history_.passes[-1].objective
    model.fit(*data)
    assert model.history_.passes[0].objective == pytest.approx(last, rel=1e-9)
    assert model.n_iter_[0] <= cold / 2
    assert model.converged_


def test_without_warm_start_every_fit_is_new():
    model = LogisticRegression().fit(*IRIS)
    coef = model.coef_
    np.testing.assert_array_equal(model.fit(*IRIS).coef_, coef)


@pytest.mark.parametrize("changed", ["classes", "columns"])
def test_a_warm_start_that_does_not_fit_is_a_cold_one(changed):
    X, y = IRIS
    model = LogisticRegression(warm_start=True).fit(X, y)
    data = (X, y + 1) if changed == "classes" else (X[:, :3], y)
    assert_same(model.fit(*data), LogisticRegression().fit(*data))


def test_a_warm_start_may_change_the_intercept():
    model = LogisticRegression(warm_start=True).fit(*IRIS)
    model.set_params(fit_intercept=False).fit(*IRIS)
    expected = LogisticRegression(fit_intercept=False).fit(*IRIS)
    np.testing.assert_allclose(model.coef_, expected.coef_, atol=1e-6)
    assert not model.intercept_.any()


# -- events --------------------------------------------------------------------------------------------


def test_listeners_hear_and_may_stop_without_a_warning():
    heard = []

    def stop(one):
        heard.append(one)
        return len(heard) == 3

    model = LogisticRegression().fit(*IRIS, listeners=[stop], keep_weights=True)
    assert len(heard) == len(model.history_) == 3
    assert not model.converged_
    np.testing.assert_allclose(model.coef_, heard[-1].coef)
    np.testing.assert_allclose(model.intercept_, heard[-1].intercept)


def test_an_interruption_leaves_a_model_that_predicts():
    heard = []

    def interrupt(one):
        heard.append(one)
        if len(heard) == 5:
            raise KeyboardInterrupt

    model = LogisticRegression()
    with pytest.raises(KeyboardInterrupt):
        model.fit(*IRIS, listeners=[interrupt], keep_weights=True)
    np.testing.assert_allclose(model.coef_, heard[-1].coef)
    assert model.score(*IRIS) > 0.8
    assert not model.converged_


def test_a_listener_s_error_is_the_caller_s():
    def fail(_):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        LogisticRegression().fit(*IRIS, listeners=[fail])


# -- refusals and warnings -----------------------------------------------------------------------------


def test_too_few_passes_warn_at_the_caller_and_name_the_remedy():
    with pytest.warns(
        ConvergenceWarning, match=r"max_iter = 3 passes.*estimated gap of .*raise max_iter"
    ) as caught:
        model = LogisticRegression(max_iter=3).fit(*IRIS)
    assert caught[0].filename == __file__
    assert not model.converged_
    assert model.n_iter_[0] <= 3


@pytest.mark.parametrize("C", [0, -1, float("nan"), -np.inf])
def test_c_must_be_positive(C):
    with pytest.raises(UsageError, match="is not a positive number"):
        LogisticRegression(C=C).fit(*IRIS)


@pytest.mark.parametrize("tol", [0, -1e-5, float("nan")])
def test_tol_must_be_positive(tol):
    with pytest.raises(UsageError, match=r"tol = .* is not a positive number"):
        LogisticRegression(tol=tol).fit(*IRIS)


@pytest.mark.parametrize("max_iter", [0, -3])
def test_max_iter_must_be_one_or_more(max_iter):
    with pytest.raises(UsageError, match=f"max_iter = {max_iter} is below 1"):
        LogisticRegression(max_iter=max_iter).fit(*IRIS)


def test_threads_must_be_one_or_more():
    with pytest.raises(UsageError, match="n_threads = 0 is below 1"):
        LogisticRegression(n_threads=0).fit(*IRIS)


def test_one_class_is_refused():
    with pytest.raises(DataError, match=r"n_samples = 5.*one class, 'cat'.*at least two"):
        LogisticRegression().fit(np.ones((5, 2)), ["cat"] * 5)


def test_weights_that_leave_one_class_are_refused():
    with pytest.raises(DataError, match="fewer than two classes with any mass"):
        LogisticRegression().fit(*TWO, sample_weight=(TWO[1] == 1).astype(float))
    with pytest.raises(DataError, match="fewer than two classes with any mass"):
        LogisticRegression(class_weight={0: 0, 1: 1}).fit(*TWO)


def test_negative_weights_are_refused():
    with pytest.raises(ValueError, match="Negative values"):
        LogisticRegression().fit(*TWO, sample_weight=-np.ones(100))
    for weight in (-1.0, np.inf, np.nan):
        with pytest.raises(UsageError, match="negative or not finite"):
            LogisticRegression(class_weight={0: weight, 1: 1.0}).fit(*TWO)


@pytest.mark.parametrize(("class_weight", "message"), [("heavy", "balanced"), ([1, 2], "class_weight")])
def test_unknown_class_weights_are_refused(class_weight, message):
    with pytest.raises(ValueError, match=message):
        LogisticRegression(class_weight=class_weight).fit(*TWO)


def test_numbers_that_overflow_are_refused():
    X = np.ones((4, 2), np.float32)
    X[0, 1] = 1e30
    with pytest.raises(DataError, match="column 1 of X is too large for float32"):
        LogisticRegression().fit(X, [0, 1, 0, 1])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_infinity_are_refused(bad):
    X = TWO[0].copy()
    X[3, 1] = bad
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        LogisticRegression().fit(X, TWO[1])


def test_the_number_of_columns_must_match():
    model = LogisticRegression().fit(*IRIS)
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        with pytest.raises(
            ValueError, match="X has 3 features, but LogisticRegression is expecting 4 features"
        ):
            getattr(model, method)(IRIS[0][:, :3])


def test_the_number_of_rows_must_match():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        LogisticRegression().fit(IRIS[0], IRIS[1][:-1])
    with pytest.raises(ValueError, match=r"sample_weight.shape"):
        LogisticRegression().fit(*IRIS, sample_weight=np.ones(3))


def test_continuous_labels_are_refused():
    with pytest.raises(ValueError, match="Unknown label type"):
        LogisticRegression().fit(IRIS[0], np.linspace(0, 1, 150))


def test_predicting_before_learning_is_refused():
    with pytest.raises(NotFittedError):
        LogisticRegression().predict(IRIS[0])


# -- penalties at the ends of the range ------------------------------------------------------------------


def test_no_penalty_on_classes_that_overlap_is_maximum_likelihood():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 3))
    y = (X[:, 0] + rng.logistic(size=300) > 0).astype(int)
    model = LogisticRegression(C=np.inf).fit(X, y)
    assert model.converged_
    score = (model.predict_proba(X)[:, 1] - y) @ np.column_stack([X, np.ones(300)])
    np.testing.assert_allclose(score, 0, atol=1e-4)


def test_no_penalty_on_separable_classes_warns_that_there_is_no_optimum():
    X = np.array([[0.0], [1.0], [2.0], [3.0]])
    with pytest.warns(ConvergenceWarning, match=r"separated without error.*pass a finite C"):
        model = LogisticRegression(C=np.inf).fit(X, [0, 0, 1, 1])
    assert not model.converged_
    assert model.score(X, [0, 0, 1, 1]) == 1


@pytest.mark.parametrize("C", [1e-300, 1e-100, 1e100, 1e300])
def test_absurd_penalties_are_borne(C):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 2)), np.arange(60) % 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = LogisticRegression(C=C).fit(X, y)
    assert np.isfinite(model.coef_).all()
    if C < 1:
        np.testing.assert_allclose(model.predict_proba(X), 1 / 3, atol=1e-12)


def test_the_docstring_s_example_is_true():
    X, y = load_digits(return_X_y=True)
    model = LogisticRegression(C=0.1).fit(X, y)
    assert (model.converged_, model.coef_.shape) == (True, (10, 64))
