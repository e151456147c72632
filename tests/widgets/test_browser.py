"""The widgets as a person sees them: in Chromium, with the traits of a real one in Python."""

import numpy as np
import pytest

import sightline as sl

from .conftest import learned


def draw(shown, places):
    box = shown.page.get_by_role("application").bounding_box()
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    shown.page.mouse.move(*at[0])
    shown.page.mouse.down()
    for place in at[1:]:
        shown.page.mouse.move(*place, steps=5)
    shown.page.mouse.up()


def test_what_is_drawn_is_in_python_at_once(show, digits, model):
    pad = sl.DrawPad(digits, model)
    shown = show(pad)
    draw(shown, [(0.5 + 0.22 * np.sin(t / 3), 0.5 - 0.33 * np.cos(t / 3)) for t in range(20)])
    shown.wait()
    assert pad.image.shape == (8, 8)
    assert model.classes[int(np.argmax(pad.probabilities))] == "0"
    assert shown.page.locator("[data-predicted]").get_attribute("data-predicted") == "0"
    shown.page.get_by_role("button", name="Clear").click()
    shown.wait()
    assert pad.image is None


def test_what_python_sets_is_on_the_pad(show, digits, model):
    pad = sl.DrawPad(digits, model)
    shown = show(pad)
    for row in np.flatnonzero(digits.labels == 7)[:1]:
        pad.image = digits.images[row]
        shown.tell("image")
        shown.page.wait_for_selector("[data-predicted='7']")
    assert shown.page.get_by_text("draw here").count() == 0


def test_a_recipe_that_is_not_linear_is_asked_in_python(show, digits):
    squared = learned(digits, "pca-poly", n_components=16)
    pad = sl.DrawPad(digits, squared)
    shown = show(pad)
    pad.image = digits.images[0]
    shown.tell("image")
    shown.tell("probabilities")
    shown.page.wait_for_selector("[data-predicted='0']")


def test_a_cell_of_the_grid_is_chosen_from_both_sides(show, judged):
    grid = sl.ConfusionGrid(judged)
    shown = show(grid)
    shown.page.locator('[data-cell="3-3"]').click()
    shown.wait()
    assert grid.cell == [3, 3]
    assert len(grid.rows) == judged.confusion[3, 3]
    grid.cell = [8, 1]
    shown.tell("cell")
    shown.page.wait_for_selector('[data-cell="8-1"][aria-pressed="true"]')


def test_an_image_of_the_gallery_is_chosen_from_both_sides(show, digits, judged):
    rows = 40 + 3 * np.arange(20)
    gallery = sl.Gallery(digits, rows, predicted=np.zeros(20, int))
    shown = show(gallery)
    box = shown.page.get_by_role("listbox").bounding_box()
    shown.page.mouse.click(box["x"] + 60, box["y"] + 15)
    shown.wait()
    assert gallery.selected == rows[1]
    assert "taken for 0" in shown.page.locator("p.hint").inner_text()
    shown.page.get_by_role("listbox").focus()
    shown.page.keyboard.press("ArrowRight")
    shown.page.keyboard.press("Enter")
    shown.wait()
    assert gallery.selected == rows[2]


def test_a_pixel_of_the_maps_is_pointed_at(show, model):
    maps = sl.WeightMaps(model)
    shown = show(maps)
    assert shown.page.locator("li").count() == 10
    shown.page.locator("li canvas").first.hover(position={"x": 3, "y": 3})
    shown.wait()
    assert maps.pixel == [0, 0]
    assert shown.page.locator(".lit").count() >= 10


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_out_of_reach(show, violations, digits, model, judged, scheme):
    for widget in (
        sl.DrawPad(digits, model),
        sl.ConfusionGrid(judged),
        sl.WeightMaps(model),
        sl.Gallery(digits, range(30)),
    ):
        shown = show(widget, color_scheme=scheme)
        shown.page.wait_for_timeout(200)
        found = [
            one for one in violations(shown.page) if not one.startswith(("page-has-heading-one", "region"))
        ]
        assert not found


def test_a_widget_that_is_closed_leaves_nothing(show, model):
    shown = show(sl.WeightMaps(model))
    shown.page.evaluate("window.clear()")
    shown.page.wait_for_function("() => document.getElementById('el').childElementCount === 0")
