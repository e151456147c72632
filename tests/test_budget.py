"""What fits a time: measured, never beyond it by much, and said."""

import time

import pytest

from sightline.budget import CLIMB, pick_within
from sightline.cli.learn import parse_seconds
from sightline.errors import UsageError
from sightline.story import Config, run

TRAITS = {"straighten": 0.0, "mirror": 0.0}


def divided(digits):
    return digits if digits.n_train else digits.split(test_size=0.2, seed=0)


def test_no_time_takes_pixels(digits):
    pick = pick_within(0, divided(digits), traits=TRAITS)
    assert (pick.recipe, pick.choices) == ("pixels", {})


def test_more_time_never_takes_less(digits):
    order = ["pixels", *dict.fromkeys(name for name, _ in CLIMB)]
    picks = [pick_within(seconds, divided(digits), traits=TRAITS) for seconds in (0, 20, 10_000)]
    places = [order.index(pick.recipe) for pick in picks]
    assert places == sorted(places)
    assert picks[-1].recipe == "best"
    assert picks[-1].choices["copies"] == 9
    assert "with 9 copies" in picks[-1].why


def test_traits_are_taken_on(digits):
    pick = pick_within(10_000, divided(digits), traits={"straighten": 1.0, "mirror": 0.5})
    assert pick.choices["straighten"] == 1
    assert pick.choices["mirror"] == 0.5


def test_images_too_small_for_patches_fall_back_to_pixels(digits):
    tiny = divided(digits)
    from dataclasses import replace

    cut = replace(tiny, images=tiny.images[:, :5, :5])
    assert pick_within(10_000, cut, traits=TRAITS).recipe == "pixels"


def test_a_run_keeps_to_its_budget_and_says_what_it_picked():
    began = time.perf_counter()
    story = run(Config(data="digits", budget=30))
    assert len(story.recipes) == 1
    assert story.recipes[0].name in story.remark
    assert story.recipes[0].evaluation.accuracy.value > 0.97
    assert time.perf_counter() - began < 90  # generous: machines are busy at times


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("60s", 60), ("10m", 600), ("1.5 min", 90), ("1h", 3600)]
)
def test_times_are_read(text, seconds):
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "0s", "-3m", "soon", "10 parsecs"])
def test_no_times_are_refused(text):
    with pytest.raises(UsageError, match="is no time"):
        parse_seconds(text)
