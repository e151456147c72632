"""Validation chooses on training images alone, and what it chooses is the best of what it tried."""

import numpy as np
import pytest

from sightline.features import find_recipe
from sightline.selection import MOST, SHARE, Trial, climb, component_counts, keep_aside, select


def trial(C, accuracy, log_loss=1.0):
    return Trial({"C": C}, accuracy, log_loss)


def test_what_is_kept_aside_is_part_of_the_training_images(digits):
    parts = keep_aside(digits.train, seed=0)
    assert len(parts.test) == round(SHARE * len(digits.train))
    rows = np.sort(np.concatenate([parts.train.rows, parts.test.rows]))
    np.testing.assert_array_equal(rows, np.sort(digits.train.rows))
    assert not set(rows) & set(digits.test.rows)
    assert (np.bincount(parts.train.labels, minlength=10) > 0).all()
    assert MOST == 10_000


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


def test_same_seed_same_choice(digits):
    parts = keep_aside(digits.train, seed=1)
    one, other = (select(find_recipe("standard"), parts, seed=1) for _ in range(2))
    assert one == other


def test_no_more_components_than_there_are(three_bars):
    parts = keep_aside(three_bars.train, seed=0)
    assert component_counts(find_recipe("pca-poly"), parts.train) == [30, 45, 60]
    few = parts.train.take(np.arange(40))
    assert component_counts(find_recipe("pca-poly"), few) == [30, 40]
    assert component_counts(find_recipe("pixels"), few) == [None]
