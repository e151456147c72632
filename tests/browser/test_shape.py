"""Shape, as a person does: one image as each step leaves it, and all of them as points."""

import re

import numpy as np
import pytest

from sightline.sources import load
from sightline.studio.packet import unpacked

DIGITS = load("digits")
ROW = 1500


def opened(visit, address, more="", **options):
    page = visit(f"{address}/#room=shape{more}", **options)
    page.get_by_role("application", name="original").wait_for()
    plot(page).wait_for()
    return page


def plot(page):
    return page.get_by_role("application", name="Scatter of")


def asked(page, path):
    """Value and arrays of a packet, as the page is given them."""
    address = page.evaluate("location.href").split("#")[0].rstrip("/")
    return unpacked(page.request.get(f"{address}/api/{path}").body())


def within(page):
    return int(re.match(r"[\d,]+", page.locator(".chosen .line p").inner_text())[0].replace(",", ""))


def lost(page):
    return float(re.search(r"missing here is ([\d.]+) %", page.locator(".restore").inner_text())[1])


def test_more_components_restore_more(visit, studio):
    page = opened(visit, studio, f"&row={ROW}")
    slider = page.get_by_role("slider", name="Components that it is restored from")
    slider.focus()
    missing = []
    page.keyboard.press("Home")
    for _ in range(12):
        page.wait_for_timeout(40)
        missing.append(lost(page))
        for _ in range(20):
            page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    page.wait_for_timeout(100)
    missing.append(lost(page))
    assert missing == sorted(missing, reverse=True)
    assert missing[0] > 5 > 0.5 > missing[-1]


def test_the_same_pixel_is_lit_in_every_stage(visit, studio):
    page = opened(visit, studio, f"&row={ROW}")
    stages = page.locator("section[aria-labelledby=side]")
    stages.get_by_role("application", name="original").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    assert stages.locator(".lit").count() == 5
    values = dict(
        zip(
            stages.locator("figcaption strong").all_inner_texts(),
            stages.locator("figcaption .value").all_inner_texts(),
            strict=True,
        )
    )
    place = int(DIGITS.images[ROW, 3, 4])
    assert int(values["original"]) == place
    assert float(values["scaled"]) == pytest.approx(place / 255, rel=1e-2)
    assert set(values) == {"original", "scaled", "standardised", "straightened", "restored"}


def test_another_image_has_other_stages(visit, studio):
    page = opened(visit, studio, f"&row={ROW}")
    picture = "() => document.querySelector('section[aria-labelledby=side] canvas').toDataURL()"
    before = page.evaluate(picture)
    page.get_by_role("button", name="Next image").click()
    page.get_by_text(f"image {ROW + 1:,}, labelled {DIGITS.labels[ROW + 1]}").wait_for()
    page.wait_for_timeout(200)
    assert page.evaluate(picture) != before


def test_a_point_is_an_image(visit, studio):
    page = opened(visit, studio, reduced_motion="reduce")
    _, arrays = asked(page, "scatter")
    x, y = arrays["scatter"][:2]
    alone = int(np.argmax(x))  # nothing lies further to the right
    plot(page).scroll_into_view_if_needed()
    box = plot(page).bounding_box()
    reach = (x.max() - x.min()) * 0.03
    low, high = x.min() - reach, x.max() + reach
    rise = (y.max() - y.min()) * 0.03
    left, top = 46, 12
    across = left + (x[alone] - low) / (high - low) * (box["width"] - left - 14)
    share = (y[alone] - y.min() + rise) / (y.max() - y.min() + 2 * rise)
    page.mouse.move(
        float(box["x"] + across), float(box["y"] + top + (1 - share) * (box["height"] - top - 38))
    )
    page.locator(".tag").wait_for()
    assert page.locator(".tag strong").inner_text() == str(DIGITS.labels[alone])
    page.mouse.down()
    page.mouse.up()
    page.get_by_text(f"image {alone:,}, labelled").wait_for()


def test_a_lasso_chooses_the_same_images_everywhere(visit, studio):
    page = opened(visit, studio, reduced_motion="reduce")
    assert within(page) == len(DIGITS)
    plot(page).scroll_into_view_if_needed()
    box = plot(page).bounding_box()
    corners = [(0.3, 0.3), (0.7, 0.25), (0.75, 0.6), (0.5, 0.8), (0.3, 0.6)]
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in [*places[1:], places[0]]:
        page.mouse.move(*place, steps=10)
    page.mouse.up()
    page.get_by_text("within the line").wait_for()
    chosen = within(page)
    page.wait_for_function("() => location.hash.includes('lasso=')")
    polygon = np.array(re.search(r"lasso=([^&]+)", page.evaluate("location.hash"))[1].split("_"), float)
    _, arrays = asked(page, "scatter")
    assert chosen == inside(polygon.reshape(-1, 2), *arrays["scatter"][:2]).sum()
    assert 20 < chosen < len(DIGITS) - 20
    page.get_by_role("link", name=re.compile("Judge")).click()
    wrong = page.locator("[data-images]")
    wrong.wait_for()
    few = int(wrong.get_attribute("data-images"))
    page.get_by_role("link", name=re.compile("Look")).click()
    page.get_by_role("listbox", name=f"All images: {chosen:,} images").wait_for()
    button = page.get_by_role("group", name="What the model made of it").get_by_role(
        "button", name="wrong", exact=True
    )
    button.click()
    page.get_by_role("group", name="Split").get_by_role("button", name="test").click()
    page.wait_for_function("n => document.querySelector('.result strong').textContent === n", arg=str(few))
    page.get_by_role("button", name="Show all", exact=True).click()
    page.get_by_role("listbox", name=f"All images: {len(DIGITS):,} images").wait_for()


def inside(polygon, x, y):
    """Whether points lie in a polygon: by the angle that it goes round them."""
    turn = np.zeros(len(x))
    for (ax, ay), (bx, by) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        a, b = np.stack([ax - x, ay - y]), np.stack([bx - x, by - y])
        turn += np.arctan2(a[0] * b[1] - a[1] * b[0], (a * b).sum(axis=0))
    return np.abs(turn) > np.pi


def test_a_lasso_is_drawn_with_keys(visit, studio):
    page = opened(visit, studio, f"&row={ROW}", reduced_motion="reduce")
    plot(page).focus()
    for keys in (["ArrowRight"] * 5, ["ArrowUp"] * 5, ["ArrowLeft"] * 5):
        for key in keys:
            page.keyboard.press(key)
        page.keyboard.press("Space")
    page.get_by_text("within the line").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("within the line").wait_for(state="detached")
    assert within(page) == len(DIGITS)


def test_any_two_numbers_are_axes(visit, studio):
    page = opened(visit, studio, reduced_motion="reduce")
    names = asked(page, "scatter")[0]["names"]
    assert names[:3] == ["intensity", "symmetry", "component 1"]
    page.get_by_role("combobox", name=re.compile("^right")).select_option(index=4)
    page.get_by_role("combobox", name=re.compile("^up")).select_option(index=2)
    page.get_by_role("application", name=f"{names[4]} to the right, {names[2]} upwards").wait_for()
    page.get_by_role("button", name=re.compile("^component 6,")).click()
    page.get_by_role("application", name="component 6 to the right").wait_for()


def test_pointing_does_not_draw_all_points_again(visit, studio):
    page = opened(visit, studio, reduced_motion="reduce")
    page.wait_for_timeout(300)
    page.evaluate(
        """() => {
          window.drawn = 0;
          const put = CanvasRenderingContext2D.prototype.putImageData;
          CanvasRenderingContext2D.prototype.putImageData = function (...all) {
            if (this.canvas.width > 200) window.drawn += 1;
            return put.apply(this, all);
          };
        }"""
    )
    plot(page).focus()
    for key in ("ArrowRight", "ArrowUp", "ArrowRight"):
        page.keyboard.press(key)
    page.locator(".tag").wait_for()
    assert page.evaluate("window.drawn") == 0


def test_polynomial_terms_are_products(visit, studio):
    page = opened(visit, studio, f"&row={ROW}")
    coordinates = asked(page, f"stages/{ROW}")[1]["coordinates"]
    page.get_by_role("application", name="Products of the first components").focus()
    page.keyboard.press("ArrowDown")
    said = page.locator(".pairs figcaption").inner_text().replace("−", "-")
    i, j, value = re.search(r"a(\d+) · a(\d+) = (-?[\d.e-]+)", re.sub(r"\s+", " ", said)).groups()
    assert float(value) == pytest.approx(coordinates[int(i) - 1] * coordinates[int(j) - 1], rel=1e-2)


@pytest.mark.slow
def test_patches_are_shown_where_the_recipe_has_them(visit, studio, violations):
    page = opened(visit, studio, f"&row={ROW}&n_train=300")
    cells = page.locator("section[aria-labelledby=cells]")
    cells.get_by_text("sees no patches").wait_for()
    cells.get_by_role("button", name="Learn with patches").click()
    finds = cells.get_by_role("button", name=re.compile("rather than"))
    finds.first.wait_for(timeout=180_000)
    session = page.evaluate("sessionStorage.getItem('sightline-session')")
    summary, arrays = asked(page, f"sessions/{session}/cells/{ROW}")
    why, _ = asked(page, f"sessions/{session}/explain/{ROW}?change=0&neighbours=0")
    one, other = (why["classes"].index(summary[name]) for name in ("predicted", "runner_up"))
    shares = sum(float(arrays[f"shares{g}"].sum()) for g in range(len(summary["grids"])))
    assert shares + summary["bias"] == pytest.approx(summary["z"], rel=1e-4)
    assert summary["z"] == pytest.approx(why["z"][one] - why["z"][other], rel=1e-4)
    assert finds.count() == len(summary["found"]) > 3
    finds.nth(1).focus()
    assert cells.locator("rect.box.first").count() == 1
    assert "of the grid" in cells.locator("p[aria-live]").inner_text()
    cells.get_by_role("button", name="why?").click()
    cells.locator(".because math mn").first.wait_for()
    assert not violations(page)


def test_every_picture_says_what_to_look_at_and_why(visit, studio):
    page = opened(visit, studio, f"&row={ROW}")
    for name in ("side", "cloud", "directions"):
        panel = page.locator(f"section[aria-labelledby={name}]")
        assert len(panel.locator("p.hint").first.inner_text()) > 20
        panel.get_by_role("button", name="why?").click()
        panel.locator(".because math mn").first.wait_for()  # the current numbers are in it


def test_a_copy_has_stages_of_some(visit, copy):
    page = opened(visit, copy)
    page.get_by_role("button", name="Next image").click()
    page.wait_for_function("() => location.hash.includes('row=')")
    page.wait_for_timeout(200)
    assert page.locator("[role=alert]").count() == 0
    assert page.get_by_role("button", name="Learn with patches").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_nothing_is_out_of_reach(visit, studio, violations, scheme, width):
    address = f"&row={ROW}&why=restore,cloud,directions"
    page = opened(visit, studio, address, size={"width": width, "height": 900}, color_scheme=scheme)
    page.get_by_role("button", name="Learn with patches").wait_for()
    assert not violations(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
