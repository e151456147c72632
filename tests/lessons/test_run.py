"""Every lesson runs top to bottom on the bundled digits, without an exception or a warning; what it says is true."""

import re

import numpy as np
import pytest

from sightline.lessons import lessons

from .conftest import ran, turned

NUMBERS = [one.number for one in lessons()]
KEPT = {9: ("fixed", "rungs", "story", "of", "augmented", "examples", "plain", "seconds", "with_copies",
            "without_copies")}  # fmt: skip
"""What takes long and depends on nothing that moves: taken from the first run of a lesson."""


@pytest.mark.parametrize("number", NUMBERS)
def test_runs_on_the_bundled_digits(lesson, number):
    found = lesson(number)
    assert found.seconds < 30
    assert len(found.shown) > 8
    assert not re.search(r"\bnan\b", " ".join(re.sub(r"data:[^\"'&]+", "", one) for one in found.shown))


@pytest.mark.parametrize("to", [0, -1], ids=["first", "last"])
@pytest.mark.parametrize("number", NUMBERS)
def test_runs_wherever_its_sliders_are(lesson, number, to):
    defs = lesson(number).defs
    changes = turned(defs, to)
    assert changes, "a lesson without anything to move"
    ran(number, "digits", {**changes, **{name: defs[name] for name in KEPT.get(number, ())}})


# -- what the prose claims --------------------------------------------------------------------------------


def test_1_all_pixels_do_better_than_one_number(lesson):
    defs = lesson(1).defs
    assert defs["all_pixels"] >= defs["tested"]
    assert defs["all_classes"] > 0.9
    assert defs["pairs"]["all pixels"].mean() > defs["pairs"]["middle"].mean()


def test_2_dark_columns_can_go(lesson):
    defs = lesson(2).defs
    assert defs["lossless"]
    assert defs["found"].zero_share == pytest.approx((defs["X"] == 0).mean())
    assert (~defs["varies"]).sum() == defs["found"].constant.sum()


def test_3_averages_are_a_classifier(lesson):
    defs = lesson(3).defs
    assert defs["right"] > 5 / defs["images"].n_classes
    assert defs["taken_for"].sum() == len(defs["images"].test)


def test_4_two_bells_make_a_sigmoid(lesson):
    defs = lesson(4).defs
    assert defs["largest_miss"] < 0.08
    np.testing.assert_allclose(defs["mirrored"]["sum"], 1)
    assert defs["steepness"].max() == pytest.approx(0.25, abs=1e-6)
    assert len(defs["complaints"]) == 1
    assert float(defs["two"]) == pytest.approx(float(defs["sl"].sigmoid(1.3)))


def test_5_descent_and_the_solver_arrive_at_one_place(lesson):
    defs = lesson(5).defs
    assert defs["losses"][-1] < defs["log_loss"](defs["drawn"].weights, defs["drawn"].bias)
    assert defs["farthest"] < 0.05
    assert (np.diff(defs["nearer"]["distance"]) < 0).all()
    assert np.log(defs["odds"][1] / defs["odds"][0]) == pytest.approx(defs["weight"])


def test_6_scrambled_pixels_are_learned_as_well(lesson):
    defs = lesson(6).defs
    assert defs["agree"] > 0.99
    assert abs(defs["scores"][0] - defs["scores"][1]) < 0.01
    table = defs["table"]
    assert (table["Sightline says"] == "converged").all()
    assert (table["scikit-learn says"] != "converged").any()
    assert table["κ"].iloc[1] == table["κ"].iloc[2]


def test_7_what_the_judge_says(lesson):
    defs = lesson(7).defs
    low, high = defs["wilson"](defs["judged"].accuracy.value, len(defs["test"]))
    assert (low, high) == pytest.approx((defs["judged"].accuracy.low, defs["judged"].accuracy.high), abs=1e-6)
    np.testing.assert_allclose(defs["scores"]["F1"], defs["judged"].f1)
    assert defs["leak"].iloc[2] > defs["leak"].iloc[1]
    assert defs["lead"]["first exam"] > defs["lead"]["second exam"]
    assert defs["flips"]


def test_8_products_are_better_numbers(lesson):
    defs = lesson(8).defs
    assert defs["products"].iloc[-1]["and products"] > defs["products"].iloc[-1]["components"]
    assert defs["by_sum"] < 0.6
    assert defs["tail_right"] > 2 / defs["small"].n_classes


def test_9_the_ladder_climbs_and_adds_up(lesson):
    defs = lesson(9).defs
    climbed = [one.evaluation.accuracy.value for one in defs["story"].recipes]
    assert climbed[-1] > climbed[0]
    why = defs["why"]
    np.testing.assert_allclose(why.contributions.sum(axis=(1, 2)) + why.bias, why.z, atol=1e-3)


def test_10_rows_on_the_disk_need_little_memory(lesson):
    defs = lesson(10).defs
    assert defs["peak"] < defs["as_floats"] / 2
    assert (defs["again"].predict(defs["own"].images) == defs["model"].predict(defs["own"].images)).all()
    assert any("notes.png" in note for note in defs["own"].notes)
    assert defs["order_agrees"] > 0.99
    assert defs["twins"] > defs["strangers"]
