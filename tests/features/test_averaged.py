"""Averaging over changed copies: laws of `averaged`."""

import numpy as np
import pytest

from sightline.errors import UsageError
from sightline.features import Augmentation, averaged, make_recipe

STRONG = Augmentation()


@pytest.fixture(scope="module")
def model(digits):
    return make_recipe("pixels", shape=digits.shape).fit(digits.train.X, digits.train.labels)


def test_without_views_it_is_the_decision_itself(model, digits):
    X = digits.test.X[:50]
    np.testing.assert_array_equal(
        averaged(model.predict_proba, X, digits.shape, views=0), model.predict_proba(X)
    )


def test_probabilities_stay_probabilities_and_change(model, digits):
    X = digits.test.X[:50]
    found = averaged(model.predict_proba, X, digits.shape, views=3, augmentation=STRONG)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert np.abs(found - model.predict_proba(X)).max() > 0.01


def test_an_image_is_judged_alike_whatever_comes_with_it(model, digits):
    X = digits.test.X[:30]
    together = averaged(model.predict_proba, X, digits.shape, views=2)
    alone = np.concatenate(
        [averaged(model.predict_proba, X[i : i + 1], digits.shape, views=2) for i in range(30)]
    )
    np.testing.assert_allclose(alone, together, atol=1e-6)
    again = averaged(model.predict_proba, X, digits.shape, views=2)
    np.testing.assert_array_equal(again, together)


def test_changes_of_strength_zero_change_nothing(model, digits):
    X, still = digits.test.X[:20], Augmentation().times(0)
    found = averaged(model.predict_proba, X, digits.shape, views=3, augmentation=still)
    np.testing.assert_allclose(found, model.predict_proba(X), atol=1e-6)


def test_colour_on_any_ground(digits):
    rng = np.random.default_rng(0)
    images = np.full((4, 9, 12, 3), (200, 30, 90), np.uint8)
    images[:, 3:6, 3:9] = rng.integers(0, 256, (4, 3, 6, 3))
    seen = []

    def decide(rows):
        seen.append(rows.reshape(-1, 9, 12, 3))
        return np.ones((len(rows), 2)) / 2

    averaged(decide, images.reshape(4, -1), (9, 12, 3), views=2, augmentation=STRONG)
    for block in seen:
        np.testing.assert_array_equal(block[:, 0, 0], [(200, 30, 90)] * 4)


def test_fewer_than_none_is_refused(model, digits):
    with pytest.raises(UsageError, match="views = -1"):
        averaged(model.predict_proba, digits.test.X, digits.shape, views=-1)
