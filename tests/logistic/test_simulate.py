"""The smallest logistic regression."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.errors import UsageError
from sightline.logistic import simulate


def test_z_and_probability_follow_from_the_rest():
    simulation = simulate()
    assert simulation.X.shape == (100, 3)
    np.testing.assert_array_equal(simulation.z, simulation.X @ simulation.weights + simulation.bias)
    np.testing.assert_allclose(simulation.probability, 1 / (1 + np.exp(-simulation.z)), rtol=1e-14)


def test_same_seed_same_simulation():
    np.testing.assert_array_equal(simulate(seed=3).X, simulate(seed=3).X)
    assert not np.array_equal(simulate(seed=3).X, simulate(seed=4).X)
    assert not np.array_equal(simulate(seed=None).X, simulate(seed=None).X)


def test_inputs_are_standard_normal():
    X = simulate(20_000, 2).X
    assert abs(X.mean()) < 0.02
    assert X.std() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("sizes", [(0, 3), (5, 0), (-1, 2)])
def test_sizes_below_one_are_refused(sizes):
    with pytest.raises(UsageError, match="cannot simulate"):
        simulate(*sizes)
