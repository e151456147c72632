"""McNemar's test against the binomial by hand, and how often it cries wolf."""

from dataclasses import replace
from math import comb

import numpy as np
import pytest

from sightline.errors import UsageError
from sightline.evaluation import compare, evaluate_probabilities


def judged(right):
    labels = np.zeros(len(right), dtype=np.int64)
    p = np.where(right, 0.9, 0.1)
    return evaluate_probabilities(np.column_stack([p, 1 - p]), labels, ("x", "y"))


def test_by_hand():
    a = np.array([True] * 90 + [False] * 3 + [True] * 7)
    b = np.array([True] * 90 + [True] * 3 + [False] * 7)
    found = compare(judged(a), judged(b))
    assert (found.both_right, found.only_a, found.only_b, found.both_wrong) == (90, 7, 3, 0)
    by_hand = 2 * sum(comb(10, i) for i in range(4)) / 2**10
    np.testing.assert_allclose(found.p_value, by_hand)
    np.testing.assert_allclose(found.difference.value, 0.04)
    assert "chance" in str(found)


def test_a_clear_winner_is_named_and_turning_the_sides_turns_the_sign():
    a, b = np.ones(200, bool), np.arange(200) % 3 > 0
    found, turned = compare(judged(a), judged(b)), compare(judged(b), judged(a))
    assert found.p_value == turned.p_value < 1e-10
    assert found.difference.value == -turned.difference.value
    assert found.difference.low == pytest.approx(-turned.difference.high)
    assert "Model a is better" in str(found)
    assert "Model b is better" in str(turned)


def test_equal_models_do_not_differ():
    right = np.arange(50) % 5 > 0
    found = compare(judged(right), judged(right))
    assert found.p_value == 1
    assert found.difference.low < 0 < found.difference.high


def test_it_cries_wolf_no_more_often_than_it_says():
    rng = np.random.default_rng(0)
    base = judged(np.ones(300, bool))

    def drawn():
        return replace(base, predicted=(rng.random(300) > 0.8).astype(np.int64))

    wolf = [compare(drawn(), drawn()).p_value < 0.05 for _ in range(1000)]
    assert np.mean(wolf) < 0.06


def test_different_images_are_refused():
    a, b = judged(np.ones(4, bool)), judged(np.ones(5, bool))
    with pytest.raises(UsageError, match="different images"):
        compare(a, b)
