"""Validation chooses on training images alone, and what it chooses is the best of what it tried."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.dataset import Dataset
from sightline.features import find_recipe, make_recipe
from sightline.selection import (
    FEW,
    FOLDS,
    MOST,
    SHARE,
    Trial,
    _Ground,
    climb,
    component_counts,
    keep_aside,
    select,
)


def trial(C, accuracy, log_loss=1.0):
    return Trial({"C": C}, accuracy, log_loss)


def test_few_images_are_kept_aside_in_turn(digits):
    parts = keep_aside(digits.train, seed=0)
    assert len(parts) == FOLDS
    aside = np.concatenate([part.test.rows for part in parts])
    np.testing.assert_array_equal(np.sort(aside), np.sort(digits.train.rows))
    assert not set(aside) & set(digits.test.rows)
    for part in parts:
        assert len(part) == len(digits.train)
        assert not set(part.train.rows) & set(part.test.rows)
        counts = np.bincount(part.test.labels, minlength=10)
        assert counts.max() - counts.min() <= 3


def test_of_many_images_one_part_is_kept_aside():
    n = FEW + 10
    labels = np.arange(n) % 4
    images = np.zeros((n, 2, 2), np.uint8)
    (part,) = keep_aside(Dataset(images, labels, tuple("abcd")), seed=0)
    assert len(part.test) == round(SHARE * n) < MOST
    assert (np.bincount(part.train.labels) > 0).all()


@given(st.lists(st.integers(0, 5), min_size=2, max_size=40))
def test_every_class_can_always_be_learned(labels):
    labels = np.unique(labels, return_inverse=True)[1]
    images = np.zeros((len(labels), 1, 1), np.uint8)
    names = tuple(str(k) for k in range(max(2, labels.max() + 1)))
    for part in keep_aside(Dataset(images, labels, names), seed=1):
        assert set(part.train.labels) == set(labels)


@pytest.mark.parametrize("best", [0.001, 0.03, 1.0, 30.0])
def test_climbing_finds_the_top_of_a_hill(best):
    tried = climb(
        lambda C: trial(C, 1 - 0.01 * abs(np.log(C / best))), trial(0.03, 1 - 0.01 * abs(np.log(0.03 / best)))
    )
    found = max(tried, key=lambda one: one.rank)
    start = abs(np.log(0.03 / best))
    assert abs(np.log(found.choices["C"] / best)) <= max(start, 1.2)
    assert len(tried) <= 6


def test_equal_accuracy_is_decided_by_log_loss():
    assert trial(1, 0.9, 0.3).rank > trial(1, 0.9, 0.4).rank
    assert trial(1, 0.91, 9.0).rank > trial(1, 0.9, 0.1).rank


def test_select_returns_the_best_of_what_it_tried(digits):
    parts = keep_aside(digits.train, seed=0)
    told = []
    found = select(find_recipe("pca-poly"), parts, told=lambda words, one: told.append((words, one)))
    assert found.best in found.tried
    assert found.best.rank == max(one.rank for one in found.tried)
    assert {one.choices["n_components"] for one in found.tried} == {30, 45, 60}
    starts = [words for words, one in told if one is None]
    assert len(starts) == len(found.tried) == len({tuple(one.choices.items()) for one in found.tried})
    assert any(one is not None for _, one in told)


@pytest.mark.parametrize("name", ["pca", "pca-poly", "deskew-pca-poly", "pixels"])
def test_components_found_once_are_those_found_anew(name, digits):
    part = keep_aside(digits.train, seed=0)[0]
    recipe = find_recipe(name)
    ground = _Ground(recipe, part, 50 if recipe.sizes else None, 0)
    choices = {**recipe.defaults, **({"n_components": 20} if recipe.sizes else {})}
    fit_on, judge_on = ground.features(choices)
    steps = make_recipe(name, shape=part.shape, **choices)[:-1]
    np.testing.assert_allclose(fit_on, steps.fit_transform(part.train.X), atol=2e-4)
    np.testing.assert_allclose(judge_on, steps.transform(part.test.X), atol=2e-4)


def test_same_seed_same_choice(digits):
    parts = keep_aside(digits.train, seed=1)
    one, other = (select(find_recipe("standard"), parts, seed=1) for _ in range(2))
    assert one == other


def test_no_more_components_than_there_are(three_bars):
    parts = keep_aside(three_bars.train, seed=0)
    assert component_counts(find_recipe("pca-poly"), parts) == [30, 45, 60]
    few = (parts[0], parts[1].take(np.arange(40)))
    assert component_counts(find_recipe("pca-poly"), few) == [30, 40]
    assert component_counts(find_recipe("pixels"), few) == [None]
