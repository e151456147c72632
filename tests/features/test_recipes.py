"""Recipes are pipelines by name, the same for the same seed, and right enough to be worth their name."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

from sightline.errors import UsageError
from sightline.features import LADDER, RECIPES, make_recipe, recipes
from sightline.logistic import LogisticRegression


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_learns_and_names_its_features(name, digits):
    model = make_recipe(name, shape=digits.shape).fit(digits.train.X, digits.train.y)
    assert isinstance(model[-1], LogisticRegression)
    assert model[-1].converged_
    assert len(model[:-1].get_feature_names_out()) == model[-1].coef_.shape[1]
    floor = 0.2 if name == "symmetry" else 0.92
    assert model.score(digits.test.X, digits.test.y) > floor


@pytest.mark.parametrize("name", RECIPES)
def test_same_seed_same_model(name, digits):
    one, other = (
        make_recipe(name, shape=digits.shape, seed=3).fit(digits.train.X, digits.train.y) for _ in range(2)
    )
    np.testing.assert_array_equal(one[-1].coef_, other[-1].coef_)
    assert clone(one).get_params().keys() == one.get_params().keys()


def test_the_ladder_climbs(digits):
    scores = [
        make_recipe(name, shape=digits.shape)
        .fit(digits.train.X, digits.train.y)
        .score(digits.test.X, digits.test.y)
        for name in ("symmetry", "pixels", "deskew-pca-poly")
    ]
    assert scores == sorted(scores)


@pytest.mark.parametrize("fixture", ["two_colours", "three_bars"])
@pytest.mark.parametrize("name", RECIPES)
def test_any_shape_and_colour(name, fixture, request):
    data = request.getfixturevalue(fixture)
    model = make_recipe(name, shape=data.shape).fit(data.train.X, data.train.y)
    assert model.predict(data.test.X).shape == (len(data.test),)


def test_recipes_have_one_line_each():
    assert set(LADDER) <= set(recipes())
    assert all("\n" not in line and 5 < len(line) < 70 for line in recipes().values())


def test_unknown_names_and_choices_are_refused():
    with pytest.raises(UsageError, match=r"no recipe 'pca-pol'.*Did you mean 'pca-poly'"):
        make_recipe("pca-pol")
    with pytest.raises(UsageError, match="no choice 'n_components'"):
        make_recipe("pixels", n_components=3)


def test_what_recipes_cost_and_reach_is_what_was_measured():
    file = Path(__file__).parents[2] / "benchmarks" / "measured" / "frontier.json"
    (measured,) = json.loads(file.read_text()).values()
    for name, recipe in RECIPES.items():
        one = measured[name]
        assert recipe.error == pytest.approx(one["error"], abs=0.02), name
        assert recipe.cost == pytest.approx(one["seconds"], rel=0.06), name
