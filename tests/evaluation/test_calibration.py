"""The calibration error's interval covers the true one, where a bootstrap never would; F1's is Wilson's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from sightline.evaluation import evaluate_probabilities
from sightline.evaluation.calibration import calibration_error, calibration_interval
from sightline.evaluation.intervals import bootstrap, f1_interval, wilson


def drawn(n, seed, off=0.0):
    """Probabilities of the decided class, and whether it was the true one: true by that probability less `off`."""
    rng = np.random.default_rng(seed)
    top = rng.uniform(0.5, 1, n)
    return top, rng.random(n) < top - off


@pytest.mark.parametrize(("off", "n"), [(0.0, 60), (0.0, 500), (0.02, 500), (0.15, 200)])
def test_it_covers_the_true_error(off, n):
    found = [calibration_interval(*drawn(n, seed, off), seed=seed) for seed in range(50)]
    covered = np.mean([one.low <= off <= one.high for one in found])
    assert covered >= 0.88
    if off == 0.15:
        assert np.mean([one.low for one in found]) > 0.05


def test_a_calibrated_model_may_have_no_error_at_all():
    found = calibration_interval(*drawn(300, 1))
    assert found.low == 0 < found.value < found.high < 0.15


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 40))
def test_it_holds_the_measured_error_whatever_the_images(seed, n):
    rng = np.random.default_rng(seed)
    top = rng.choice([0.5, 0.9, 1.0, 1 / 3], n)
    right = rng.random(n) < rng.random()
    found = calibration_interval(top, right, seed=seed)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.value == calibration_error(top, right)
    assert found == calibration_interval(top, right, seed=seed)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_the_interval_of_f1_is_wilsons_of_the_share_that_is_both(hits, falsely, missed):
    found = f1_interval(hits, hits + falsely, hits + missed)
    if hits + falsely + missed == 0:
        assert (found.low, found.high) == (0, 1)
        return
    low, high = wilson(hits, hits + falsely + missed)
    np.testing.assert_allclose([found.low, found.high], [2 * low / (1 + low), 2 * high / (1 + high)])
    assert found.low - 1e-12 <= found.value <= found.high + 1e-12


def test_few_rows_make_most_of_the_loss_and_the_interval_knows():
    """One row in fifty costs 4, the others nothing: quantiles of resampled means miss the truth too often."""
    missed = 0
    for seed in range(200):
        loss = np.where(np.random.default_rng(seed).random(200) < 0.02, 4.0, 0.01)
        one = bootstrap({"loss": loss}, np.random.default_rng(seed), most={"loss": 36.0}, draws=400)["loss"]
        missed += not one.low <= 0.02 * 4 + 0.98 * 0.01 <= one.high
    assert missed <= 17


def test_a_single_image_says_nothing():
    judged = evaluate_probabilities(np.array([[0.7, 0.3]]), np.array([0]), ("a", "b"))
    assert (judged.brier.low, judged.brier.high) == (0, 2)
    assert judged.log_loss.high > 30


def test_a_probability_of_zero_costs_what_it_costs_in_scikit_learn():
    probability = np.array([[1.0, 0.0], [0.5, 0.5], [1e-16, 1.0]])
    labels = np.array([1, 0, 0])
    ours = evaluate_probabilities(probability, labels, ("a", "b")).log_loss.value
    assert ours == pytest.approx(log_loss(labels, probability), rel=1e-14)
