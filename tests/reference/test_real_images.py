"""The recipes on real images: as good as is known of them, where the data are at hand."""

import numpy as np
import pytest

from sightline.explanation import explain
from sightline.sources import load
from sightline.story import Config, run


@pytest.fixture(scope="module")
def mnist(real_data):
    return load(real_data / "mnist")


@pytest.mark.slow
def test_pixels_reach_their_true_optimum(mnist):
    found = run(Config(data=mnist, recipes=("pixels",)))
    winner = found.winner
    assert winner.converged
    assert abs(winner.history.passes[-1].objective / 0.2321207 - 1) < 1e-4
    assert 0.924 < winner.evaluation.accuracy.value < 0.927


@pytest.mark.slow
def test_products_of_components_pass_the_tutorial_on_its_own_split(real_data):
    data = load(real_data / "mnist", split="seed")
    assert len(data.test) == 14_000
    choices = {"pca-poly": {"n_components": 45, "C": 0.316}}
    found = run(Config(data=data, recipes=("pca-poly",), choices=choices))
    assert found.winner.converged
    assert found.winner.evaluation.accuracy.value >= 0.9805
    for one in found.explanations:
        total = one.contributions.sum(axis=(1, 2)) + one.bias
        np.testing.assert_allclose(total, one.z, atol=1e-4)
        assert one.smallest_change is not None


def test_photographs_in_colour(real_data):
    data = load(real_data / "cats-dogs")
    assert (data.shape, len(data.train), len(data.test)) == ((32, 32, 3), 4000, 1000)
    found = run(Config(data=data, recipes=("standard",)))
    assert found.winner.evaluation.accuracy.value > 0.58
    why = explain(found.winner.model, data.test.images[0], train=data)
    assert why.contributions.shape == (1, 32, 32, 3)
    assert why.smallest_change.flips
