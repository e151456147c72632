"""The estimate of wrong labels, against cases that can be counted by hand and a model of noise that is known."""

import numpy as np
import pytest

from sightline.disputes import thresholds_of, wrong_share


def test_a_case_counted_by_hand():
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.3, 0.7], [0.2, 0.8], [0.75, 0.25]])
    labels = np.array([0, 0, 0, 1, 1, 1])
    t = thresholds_of(p, labels)
    np.testing.assert_allclose(t, [0.6, (0.7 + 0.8 + 0.25) / 3])
    # Each class has one of three that speaks for the other.
    assert wrong_share(p, labels, t) == pytest.approx(1 / 3)


def test_an_image_that_speaks_for_no_class_does_not_count():
    p = np.array([[0.9, 0.1], [0.9, 0.1], [0.5, 0.5], [0.1, 0.9], [0.1, 0.9]])
    labels = np.array([0, 0, 0, 1, 1])
    assert wrong_share(p, labels, np.array([0.6, 0.6])) == 0
    labels[0] = 1
    assert wrong_share(p, labels, np.array([0.6, 0.6])) == pytest.approx(1 / 3 * 3 / 5)


def test_sure_and_right_is_none_wrong_and_no_image_is_no_number():
    p = np.eye(4)[np.arange(20) % 4]
    labels = np.arange(20) % 4
    assert wrong_share(p, labels, thresholds_of(p, labels)) == 0
    assert np.isnan(wrong_share(p[:0], labels[:0], np.ones(4)))


def test_equal_probabilities_reach_their_own_mean():
    p = np.full((7, 3), 0.1) + 0.7 * np.eye(3)[np.zeros(7, int)]
    labels = np.zeros(7, int)
    assert (p[:, 0] >= thresholds_of(p, labels)[0]).all()


def test_a_class_without_images_is_never_spoken_for():
    p = np.array([[0.4, 0.1, 0.5], [0.1, 0.4, 0.5]])
    labels = np.array([0, 1])
    assert np.isinf(thresholds_of(p, labels)[2])
    assert wrong_share(p, labels, thresholds_of(p, labels)) == 0


@pytest.mark.parametrize("share", [0.0, 0.02, 0.1, 0.3])
def test_noise_of_a_known_share_is_estimated_from_the_true_probabilities(share):
    """A model that knows the noise and separates the classes: the estimate is the share, but for chance."""
    rng = np.random.default_rng(0)
    n, K = 6000, 5
    true = rng.integers(0, K, n)
    p = np.full((n, K), share / (K - 1))
    p[np.arange(n), true] = 1 - share
    noise = rng.random(n) < share
    labels = np.where(noise, (true + rng.integers(1, K, n)) % K, true)
    assert wrong_share(p, labels, thresholds_of(p, labels)) == pytest.approx(noise.mean(), abs=1e-12)


def test_renaming_the_classes_changes_nothing():
    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.full(4, 0.4), 300)
    labels = rng.integers(0, 4, 300)
    order = np.array([2, 0, 3, 1])
    renamed = np.argsort(order)[labels]
    one = wrong_share(p, labels, thresholds_of(p, labels))
    assert wrong_share(p[:, order], renamed, thresholds_of(p[:, order], renamed)) == pytest.approx(one)
    assert 0 < one < 1
