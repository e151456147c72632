"""Direction and step."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.logistic.objective import Objective
from sightline.logistic.search import MEMORY, Pairs, advance


class Identity:
    def solve(self, gradient):
        return gradient.copy()


def quadratic(d: int = 6):
    root = np.random.default_rng(0).standard_normal((d, d))
    return root @ root.T + np.eye(d)


def test_without_steps_the_direction_is_the_preconditioners():
    gradient = np.array([[1.0, -2.0]])
    np.testing.assert_array_equal(Pairs().direction(gradient, Identity(), rescale=True), -gradient)


def test_as_many_independent_steps_as_dimensions_give_newtons_direction():
    """On a quadratic, with exact steps along conjugate directions, the memory is the whole Hessian."""
    H, pairs = quadratic(), Pairs()
    _, vectors = np.linalg.eigh(H)
    for s in vectors.T:
        pairs.add(s[None], (H @ s)[None])
    gradient = np.random.default_rng(1).standard_normal((1, 6))
    found = pairs.direction(gradient, Identity(), rescale=True)
    np.testing.assert_allclose(found, -np.linalg.solve(H, gradient[0])[None], rtol=1e-10)


def test_the_last_step_is_obeyed():
    """Secant equation: H y = s."""
    pairs, rng = Pairs(), np.random.default_rng(0)
    for _ in range(4):
        s = rng.standard_normal((2, 3))
        pairs.add(s, s * 2 + 0.1 * rng.standard_normal((2, 3)))
    s, y, _ = pairs.steps[-1]
    np.testing.assert_allclose(-pairs.direction(y, Identity(), rescale=True), s, rtol=1e-10)


def test_steps_without_curvature_are_not_remembered_and_the_oldest_is_forgotten():
    pairs, s = Pairs(), np.ones((1, 2))
    pairs.add(s, -s)
    pairs.add(s, 0 * s)
    assert len(pairs.steps) == 0
    for i in range(MEMORY + 3):
        pairs.add(s * (i + 1), s)
    assert len(pairs.steps) == MEMORY
    assert pairs.steps[0][0][0, 0] == 4


@pytest.fixture
def objective():
    rng = np.random.default_rng(0)
    one = Objective(rng.standard_normal((100, 3)), rng.integers(0, 2, 100), 2, np.ones(100), 0.1)
    yield one
    one.close()


@pytest.mark.parametrize("length", [1e-3, 1.0, 1e3, 1e9, 1e200])
def test_a_step_decreases_the_objective_however_long_the_first_try(objective, length):
    point = objective.start() + 1
    now = objective.at(point)
    move = advance(objective, point, now, -now.gradient, length=length, budget=100)
    if length == 1e200:
        assert move is None  # twenty tries do not come down from there
        return
    assert move.at.value < now.value
    np.testing.assert_array_equal(move.point, point - move.length * now.gradient)


def test_there_is_no_step_uphill(objective):
    point = objective.start() + 1
    now = objective.at(point)
    assert advance(objective, point, now, now.gradient, length=1.0, budget=100) is None


def test_the_budget_is_kept(objective):
    point = objective.start() + 1
    now, before = objective.at(point), objective.n_passes
    assert advance(objective, point, now, -now.gradient, length=1e200, budget=3) is None
    assert objective.n_passes == before + 3
    assert advance(objective, point, now, -now.gradient, length=1.0, budget=0) is None
