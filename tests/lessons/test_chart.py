"""The drawing of a chart holds what was given, in its place, and is sound XML whatever the names are."""

import xml.etree.ElementTree as Tree

import numpy as np
import pytest

from sightline.lessons import chart

SVG = "{http://www.w3.org/2000/svg}"


def drawn(**options):
    options = {"x": "across", "y": "up", **options}
    return Tree.fromstring(chart(options.pop("series"), **options).svg)


def places(root):
    lines = [one.attrib["points"].split() for one in root.iter(f"{SVG}polyline")]
    return [np.array([[float(v) for v in pair.split(",")] for pair in line]) for line in lines]


def test_lines_rise_where_values_rise_and_stay_in_the_frame():
    x = np.linspace(-3, 9, 40)
    [line] = places(drawn(series={"rising": (x, 2 * x + np.sin(x))}))
    assert (np.diff(line[:, 0]) > 0).all()
    assert (np.diff(line[:, 1]) < 0).all()  # down the page is up
    assert line.min() >= 0
    assert line[:, 0].max() <= 680
    assert line[:, 1].max() <= 320


def test_points_are_one_circle_each_and_one_in_the_key():
    root = drawn(series={"a": ([1, 2, 3], [4, 5, 6]), "b": ([1, 2], [1, 2])}, points=("a",))
    assert len(list(root.iter(f"{SVG}circle"))) == 3 + 1
    assert len(places(root)) == 1


def test_powers_of_ten_are_evenly_spaced():
    [line] = places(drawn(series={"a": ([1, 10, 100, 1000], [0, 1, 2, 3])}, log_x=True))
    assert np.ptp(np.diff(line[:, 0])) < 0.2
    words = {one.text for one in drawn(series={"a": ([1, 1000], [0, 1])}, log_x=True).iter(f"{SVG}text")}
    assert {"1", "10", "100", "1,000"} <= words


@pytest.mark.parametrize("value", [0.0, 5.0, -2.0])
def test_one_value_is_drawn_too(value):
    [line] = places(drawn(series={"flat": ([1.0, 2.0], [value, value])}))
    assert np.isfinite(line).all()
    assert (line[:, 1] > 0).all()


def test_names_are_words_and_never_markup():
    root = drawn(series={"<b>&\"'": ([0, 1], [0, 1])}, x="<script>", marks={"<i>": 0.5}, levels={"&": 0.5})
    assert "<script>" in {one.text for one in root.iter(f"{SVG}text")}
    assert not list(root.iter(f"{SVG}script"))


def test_a_mark_stands_at_its_value():
    root = drawn(series={"a": ([0, 10], [0, 1])}, marks={"here": 5})
    [line] = places(root)
    [mark] = [
        one
        for one in root.iter(f"{SVG}line")
        if one.attrib.get("stroke-dasharray") == "4 3" and one.attrib["x1"] == one.attrib["x2"]
    ]
    assert float(mark.attrib["x1"]) == pytest.approx(line[:, 0].mean(), abs=0.2)
