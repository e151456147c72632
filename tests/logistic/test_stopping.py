"""When a fit is done."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.logistic.history import Pass
from sightline.logistic.stopping import near, outlook, still, stuck

EPS = 2e-16


def passes(objectives, gaps=None):
    gaps = np.zeros(len(objectives)) if gaps is None else gaps
    return [
        Pass(i, 0.0, float(f), 0.0, float(g), np.inf, 1.0)
        for i, (f, g) in enumerate(zip(objectives, gaps, strict=True))
    ]


@pytest.mark.parametrize("ratio", [0.1, 0.5, 0.9, 0.99])
def test_the_outlook_of_a_geometric_descent_is_exact(ratio):
    steps = np.arange(12)
    objectives = 1 + ratio**steps
    assert outlook(passes(objectives), EPS) == pytest.approx(ratio ** steps[-1], rel=1e-3)


def test_a_steady_descent_has_no_end_in_sight():
    assert outlook(passes(10 - 0.01 * np.arange(20)), EPS) > 1e6
    assert not near(passes(10 - 1e-4 * np.arange(20)), 1e-3, EPS)


def test_a_descent_within_rounding_is_over():
    assert outlook(passes([1, 0.5, 0.4, 0.4, 0.4, 0.4, 0.4]), EPS) == 0


def test_one_pass_has_no_outlook_but_its_prediction():
    assert near(passes([1.0], [1e-9]), 1e-5, EPS)
    assert not near(passes([1.0], [5e-6]), 1e-5, EPS)
    assert not near(passes([1.0], [1e-3]), 1e-5, EPS)


def test_a_prediction_counts_when_twice_or_by_far():
    flat = [1.0] * 4
    assert not near(passes(flat, [1, 1, 1, 5e-6]), 1e-5, EPS)
    assert near(passes(flat, [1, 1, 5e-6, 5e-6]), 1e-5, EPS)
    assert near(passes(flat, [1, 1, 1, 5e-7]), 1e-5, EPS)


def test_an_unknown_gap_is_not_near():
    assert not near(passes([1.0, 1.0], [np.inf, np.inf]), 1e-5, EPS)


def test_ten_passes_without_a_gain_are_stuck():
    assert not stuck(passes([1.0] * 10), EPS)
    assert not stuck(passes([1.1, *[1.0] * 10]), EPS)
    assert stuck(passes([1.1, *[1.0] * 11]), EPS)


def test_still():
    assert not still(passes([1.0]), EPS)
    assert not still(passes([1.0, 0.9]), EPS)
    assert still(passes([1.0, 1.0]), EPS)
