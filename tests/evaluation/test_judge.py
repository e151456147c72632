"""Numbers of an evaluation against scikit-learn's, and against what must hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.linear_model import LogisticRegression

from sightline.errors import ModelError, UsageError
from sightline.evaluation import evaluate, evaluate_probabilities, thresholds
from sightline.evaluation.curves import MOST_POINTS, curve
from sightline.evaluation.intervals import bootstrap, wilson
from sightline.features import make_recipe
from sightline.model import Model

NAMES = ("a", "b", "c")


def made(n=400, K=3, seed=0, sharp=1.5):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, K, n)
    z = rng.standard_normal((n, K))
    z[np.arange(n), labels] += sharp
    p = np.exp(z)
    return p / p.sum(axis=1, keepdims=True), labels


@pytest.fixture(scope="module")
def case():
    probability, labels = made()
    return probability, labels, evaluate_probabilities(probability, labels, NAMES)


def test_scores_are_scikit_learns(case):
    probability, labels, judged = case
    guess = probability.argmax(axis=1)
    np.testing.assert_array_equal(judged.confusion, metrics.confusion_matrix(labels, guess))
    reference = metrics.precision_recall_fscore_support(labels, guess)
    for ours, theirs in zip(
        (judged.precision, judged.recall, judged.f1, judged.support), reference, strict=True
    ):
        np.testing.assert_allclose(ours, theirs)
    for average, ours in (("macro", judged.macro), ("weighted", judged.weighted)):
        theirs = metrics.precision_recall_fscore_support(labels, guess, average=average)[:3]
        np.testing.assert_allclose([ours["precision"], ours["recall"], ours["f1"]], theirs)
    np.testing.assert_allclose(judged.accuracy.value, metrics.accuracy_score(labels, guess))
    np.testing.assert_allclose(judged.log_loss.value, metrics.log_loss(labels, probability))
    brier = ((probability - np.eye(3)[labels]) ** 2).sum(axis=1).mean()
    np.testing.assert_allclose(judged.brier.value, brier)
    for k in range(3):
        np.testing.assert_allclose(
            judged.curves[k].roc_auc, metrics.roc_auc_score(labels == k, probability[:, k])
        )


def test_errors_are_the_wrong_ones_most_confident_first(case):
    probability, labels, judged = case
    assert set(judged.errors) == set(np.flatnonzero(judged.predicted != labels))
    sureness = probability[judged.errors, judged.predicted[judged.errors]]
    assert (np.diff(sureness) <= 0).all()


def test_calibration_error_by_hand(case):
    probability, labels, judged = case
    top, right = probability.max(axis=1), probability.argmax(axis=1) == labels
    total = 0.0
    for low in np.arange(10) / 10:
        inside = (top >= low) & ((top < low + 0.1) | (low == 0.9))
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - top[inside].mean())
    np.testing.assert_allclose(judged.calibration_error.value, total)
    assert judged.reliability.count.sum() == len(labels)


def test_every_interval_holds_its_value_and_names_its_method(case):
    judged = case[2]
    for one in (judged.accuracy, judged.log_loss, judged.brier, judged.calibration_error):
        assert one.low <= one.value <= one.high
        assert one.level == 0.95
    assert judged.accuracy.method == "Wilson score"
    assert judged.brier.method == "bootstrap, 1,000 draws"
    assert judged.calibration_error.method == "inverted test, 1,000 draws"


def test_same_seed_same_intervals():
    probability, labels = made()
    one, other = (evaluate_probabilities(probability, labels, NAMES, seed=4) for _ in range(2))
    assert one.log_loss == other.log_loss
    assert evaluate_probabilities(probability, labels, NAMES, seed=5).log_loss != one.log_loss


def test_wilson_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    for share in (0.5, 0.9, 0.99):
        hits = rng.binomial(200, share, 20_000)
        low, high = wilson(hits, 200)
        assert 0.93 < ((low <= share) & (share <= high)).mean() < 0.98


def test_wilson_at_the_ends():
    low, high = wilson([0, 10, 0], [10, 10, 0])
    assert low[0] == 0 < high[0] < 0.4
    assert high[1] == 1 > low[1] > 0.6
    assert (low[2], high[2]) == (0, 1)


def test_the_bootstrap_of_a_mean_is_the_normal_interval():
    rng = np.random.default_rng(1)
    values = rng.standard_normal(2000) + 9
    found = bootstrap({"mean": values}, np.random.default_rng(0), most={"mean": 99})["mean"]
    half = 1.96 * values.std() / np.sqrt(len(values))
    np.testing.assert_allclose([found.low, found.high], values.mean() + np.array([-half, half]), atol=0.01)


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_the_curve_is_scikit_learns(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 60))
    positive = rng.random(n) < 0.5
    positive[:2] = True, False
    score = np.round(rng.random(n), int(rng.integers(1, 4)))
    ours = curve(positive, score)
    fpr, tpr, _ = metrics.roc_curve(positive, score)
    np.testing.assert_allclose(
        metrics.auc(ours.false_positive_rate, ours.true_positive_rate), metrics.auc(fpr, tpr)
    )
    np.testing.assert_allclose(ours.average_precision, metrics.average_precision_score(positive, score))
    assert (ours.false_positive_rate[0], ours.true_positive_rate[0]) == (0, 0)
    assert (ours.false_positive_rate[-1], ours.true_positive_rate[-1]) == (1, 1)
    assert (np.diff(ours.threshold) < 0).all()
    for t, recall, precision in zip(
        ours.threshold[1:], ours.true_positive_rate[1:], ours.precision[1:], strict=True
    ):
        called = score >= t
        np.testing.assert_allclose(recall, positive[called].sum() / positive.sum())
        np.testing.assert_allclose(precision, positive[called].mean())


def test_a_long_curve_is_thinned_and_keeps_its_area():
    rng = np.random.default_rng(0)
    positive = rng.random(20_000) < 0.4
    score = rng.random(20_000) + 0.3 * positive
    ours = curve(positive, score)
    assert len(ours.threshold) <= MOST_POINTS
    area = metrics.auc(ours.false_positive_rate, ours.true_positive_rate)
    np.testing.assert_allclose(area, metrics.roc_auc_score(positive, score), atol=1e-3)


def test_a_class_without_images_has_no_curve_but_does_not_fail():
    probability, labels = made()
    judged = evaluate_probabilities(probability[labels < 2], labels[labels < 2], NAMES)
    assert np.isnan(judged.curves[2].roc_auc)
    assert judged.recall[2] == 0
    assert judged.support[2] == 0


# -- thresholds --------------------------------------------------------------------------------------------


def test_thresholds_count_what_they_say(case):
    probability, labels, judged = case
    found = thresholds(judged, 1, false_alarm=2, miss=5)
    for i in (0, 30, 77, 100):
        called, positive = probability[:, 1] >= found.threshold[i], labels == 1
        assert found.true_positive[i] == (called & positive).sum()
        assert found.false_positive[i] == (called & ~positive).sum()
        assert found.cost[i] == 2 * found.false_positive[i] + 5 * found.false_negative[i]
    assert found.cost[found.best] == found.cost.min()
    total = found.true_positive + found.false_positive + found.false_negative + found.true_negative
    assert (total == len(labels)).all()


def test_with_true_probabilities_the_best_threshold_follows_from_the_prices():
    rng = np.random.default_rng(0)
    p = rng.random(60_000)
    labels = (rng.random(60_000) < p).astype(np.int64)
    judged = evaluate_probabilities(np.column_stack([1 - p, p]), labels, ("no", "yes"))
    for false_alarm, miss in ((1, 1), (1, 3), (4, 1)):
        found = thresholds(judged, 1, false_alarm=false_alarm, miss=miss)
        assert abs(found.threshold[found.best] - false_alarm / (false_alarm + miss)) < 0.05


def test_an_unknown_class_is_refused(case):
    with pytest.raises(UsageError, match="no class 3"):
        thresholds(case[2], 3)


# -- models ------------------------------------------------------------------------------------------------


def test_any_classifier_can_be_judged(digits):
    train = digits.train
    by_number = make_recipe("pixels").fit(train.X, train.y)
    names = np.array(digits.classes)[train.y]
    by_name = LogisticRegression(max_iter=2000).fit(train.X / 255, names)
    one = evaluate(by_number, digits)
    wrapped = evaluate(Model(by_number, digits.classes, digits.shape), digits)
    assert one.accuracy == wrapped.accuracy
    scaled = evaluate(_Divided(by_name), digits)
    assert scaled.accuracy.value > 0.93


class _Divided:
    def __init__(self, model):
        self.model, self.classes_ = model, model.classes_

    def predict_proba(self, X):
        return self.model.predict_proba(X / 255)


def test_foreign_classes_are_refused(digits, three_bars):
    model = make_recipe("pixels").fit(digits.train.X, digits.train.y)
    with pytest.raises(ModelError, match="knows a class 3"):
        evaluate(model, three_bars)
    with pytest.raises(ModelError, match="knows the classes"):
        evaluate(Model(model, digits.classes, digits.shape), three_bars)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(UsageError, match="do not fit"):
        evaluate_probabilities(np.ones((3, 2)), np.zeros(3, int), NAMES)
    with pytest.raises(UsageError, match="do not fit"):
        evaluate_probabilities(np.ones((0, 3)), np.zeros(0, int), NAMES)
