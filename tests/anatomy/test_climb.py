"""The ladder, rung by rung: which images change sides."""

import numpy as np
import pytest

from sightline.anatomy import climb, sees
from sightline.anatomy.climb import SEES
from sightline.features import RECIPES
from sightline.story import Config, run


@pytest.fixture(scope="module")
def story():
    return run(Config(recipes=("symmetry", "pixels", "pca")))


def test_errors_are_those_before_less_the_fixed_with_the_broken(story):
    rungs = climb(story)
    assert [(one.before, one.after) for one in rungs] == [("symmetry", "pixels"), ("pixels", "pca")]
    for rung, a, b in zip(rungs, story.recipes, story.recipes[1:], strict=False):
        former, later = set(a.evaluation.errors.tolist()), set(b.evaluation.errors.tolist())
        assert (former - set(rung.fixed.tolist())) | set(rung.broken.tolist()) == later
        assert (rung.comparison.only_a, rung.comparison.only_b) == (len(rung.fixed), len(rung.broken))


def test_the_clearest_come_first(story):
    first = climb(story)[0]
    former, later = (one.evaluation for one in story.recipes[:2])
    gain = later.probability - former.probability
    gain = gain[np.arange(len(gain)), later.labels]
    assert (np.diff(gain[first.fixed]) <= 0).all()
    assert (np.diff(gain[first.broken]) >= 0).all()


def test_every_recipe_says_what_it_sees(story):
    assert set(SEES) == set(RECIPES)
    assert all(line.endswith(".") and "\n" not in line and len(line) < 110 for line in SEES.values())
    assert [sees(one) for one in story.recipes] == [SEES[one.name] for one in story.recipes]
