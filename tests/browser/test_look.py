"""Look, as a person does: scroll, filter, open an image, read its numbers, ask why."""

import re

import numpy as np
import pytest

from sightline.exploration.look import band_of
from sightline.sources import load

DIGITS = load("digits")


def opened(visit, address, more="", **options):
    page = visit(f"{address}/#room=look{more}", **options)
    page.locator(".gallery canvas").first.wait_for()
    page.get_by_role("heading", name="What looks wrong?").wait_for()
    return page


def gallery(page):
    return page.get_by_role("listbox", name="All images")


def shown(page):
    """How many images pass the filters, as the page says."""
    page.wait_for_timeout(50)
    return int(page.locator(".result strong").inner_text().replace(",", ""))


def until_shown(page, number):
    page.wait_for_function(
        "n => document.querySelector('.result strong').textContent.replaceAll(',', '') === String(n)",
        arg=int(number),
    )


def button(page, group, name):
    return page.get_by_role("group", name=group).get_by_role("button", name=name, exact=True)


def test_filters_leave_the_images_that_pass_and_no_others(visit, studio):
    page = opened(visit, studio)
    labels, n_train = DIGITS.labels, DIGITS.n_train
    until_shown(page, len(labels))
    button(page, "Classes to show", "3").click()
    until_shown(page, (labels == 3).sum())
    button(page, "Classes to show", "8").click()
    until_shown(page, np.isin(labels, (3, 8)).sum())
    button(page, "Split", "test").click()
    until_shown(page, np.isin(labels[n_train:], (3, 8)).sum())
    page.get_by_role("button", name="Show all", exact=True).click()
    until_shown(page, len(labels))


def test_more_filters_stay_unfolded_while_a_slider_goes_back(visit, studio):
    page = opened(visit, studio)
    page.get_by_text("more filters").click()
    low = page.get_by_label("ink, at least")
    low.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    ink = DIGITS.images.reshape(len(DIGITS), -1).astype(np.float32).mean(axis=1) / np.float32(255)
    until_shown(page, (ink >= 0.3).sum())
    page.keyboard.press("Home")
    until_shown(page, len(DIGITS))
    assert low.is_visible()


def test_right_and_wrong_part_the_images(visit, studio):
    page = opened(visit, studio)
    page.wait_for_function("() => document.querySelector('.status .number:last-child')")
    button(page, "Split", "test").click()
    counts = {}
    for name in ("wrong", "right"):
        button(page, "What the model made of it", name).click()
        page.wait_for_timeout(300)
        counts[name] = shown(page)
    assert counts["wrong"] + counts["right"] == len(DIGITS) - DIGITS.n_train
    assert 0 < counts["wrong"] < counts["right"]


def test_the_surest_errors_come_first(visit, studio):
    page = opened(visit, studio, "&outcome=wrong&split=test&sort=sure")
    gallery(page).focus()
    sure = []
    for _ in range(6):
        page.keyboard.press("ArrowRight")
        said = gallery(page).get_by_role("option").get_attribute("aria-label")
        sure.append(int(re.search(r"taken for \S+ with (\d+) %", said)[1]))
    assert sure == sorted(sure, reverse=True)


def test_only_what_is_seen_is_drawn(visit, studio):
    page = opened(visit, studio, "&zoom=120")
    seen = (
        "() => [...document.querySelectorAll('.gallery canvas')].map(one => one.getBoundingClientRect().top)"
    )
    whole = page.evaluate("document.querySelector('.gallery .all').clientHeight")
    for part in (0, 0.5, 1):
        page.evaluate(f"document.querySelector('.gallery').scrollTop = {part * whole}")
        page.wait_for_timeout(200)
        box = gallery(page).bounding_box()
        tops = page.evaluate(seen)
        assert len(tops) < 12
        assert min(tops) <= box["y"] + 1
    assert whole > 10 * box["height"]


def test_the_gallery_shows_the_images_of_the_data(visit, studio):
    """The first image of the gallery is, pixel by pixel, the first of the data."""
    page = opened(visit, studio)
    page.wait_for_timeout(300)
    drawn = page.evaluate(
        "() => Array.from(document.querySelector('.gallery canvas').getContext('2d').getImageData(0, 0, 8, 8).data)"
    )
    red = np.array(drawn).reshape(8, 8, 4)[..., 0]
    order = np.argsort(DIGITS.images[0].ravel(), kind="stable")
    assert (np.diff(red.ravel()[order]) >= 0).all()  # brighter pixels are drawn brighter
    assert np.ptp(red) > 200


def test_an_image_is_read_number_by_number(visit, studio):
    page = opened(visit, studio)
    gallery(page).focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    last = len(DIGITS) - 1
    panel = page.get_by_role("complementary", name=f"Image {last}")
    large = panel.get_by_role("application")
    box = large.bounding_box()
    row, column = 2, 3
    page.mouse.move(
        box["x"] + box["width"] * (column + 0.5) / 8,
        box["y"] + box["width"] * (row + 0.5) / 8,
    )
    said = panel.locator("dl.readout").inner_text().split()
    value = DIGITS.images[last, row, column]
    assert said == [
        "row", str(row), "column", str(column), "intensity", str(value), "column", "of", "X", str(8 * row + column)
    ]  # fmt: skip
    page.keyboard.press("Escape")
    assert panel.count() == 0


def test_the_band_of_columns_is_shown_on_wish(visit, studio):
    page = opened(visit, studio, "&row=0")
    low, high = band_of(DIGITS.n_features)
    veil = "() => document.querySelector('aside.focus .large > div:not([role]) canvas')?.toDataURL()"
    before = page.evaluate(veil)
    page.get_by_label(f"columns {low}:{high} of X").check()
    page.get_by_text(f"X[0, {low}:{high}]").wait_for()
    assert page.evaluate(veil) != before
    page.wait_for_function("() => location.hash.includes('band=1')")


def test_an_image_named_by_a_link_is_in_view(visit, studio):
    page = opened(visit, studio, "&row=1500&zoom=100")
    page.wait_for_function("() => document.querySelector('.gallery').scrollTop > 1000")
    mark, window = page.locator(".gallery .focus").bounding_box(), gallery(page).bounding_box()
    assert window["y"] <= mark["y"]
    assert mark["y"] + mark["height"] <= window["y"] + window["height"]


def test_a_class_of_the_balance_lights_and_shows_its_images(visit, studio):
    page = opened(visit, studio)
    page.wait_for_timeout(300)
    pixels = "() => document.querySelector('.gallery canvas').toDataURL()"
    before = page.evaluate(pixels)
    bar = page.get_by_role("button", name=re.compile("^4 181 images, "))
    bar.hover()
    page.wait_for_timeout(150)
    assert page.evaluate(pixels) != before
    bar.click()
    until_shown(page, (DIGITS.labels == 4).sum())


def test_maps_say_mean_variance_and_what_never_changes(visit, studio):
    page = opened(visit, studio)
    pixels = DIGITS.images.reshape(len(DIGITS), -1).astype(np.float64)
    constant = int((pixels == pixels[0]).all(axis=0).sum())
    page.get_by_text(f"{constant} of 64 pixels never change").wait_for()
    walk = page.get_by_role("application", name=re.compile("mean of each pixel"))
    walk.focus()
    page.keyboard.press("ArrowRight")
    said = page.locator("section[aria-labelledby=maps] .large .hint").inner_text()
    row, column, mean, variance = re.search(
        r"row (\d+), column (\d+): mean ([\d.]+), variance ([\d.]+)", said
    ).groups()
    j = 8 * int(row) + int(column)
    assert float(mean) == pytest.approx(pixels[:, j].mean(), rel=5e-3)
    assert float(variance) == pytest.approx(pixels[:, j].var(), rel=5e-3)


def test_the_histogram_is_read_with_keys(visit, studio):
    page = opened(visit, studio)
    hill = page.get_by_role("slider", name="Histogram of intensities")
    hill.focus()
    page.keyboard.press("End")
    bright = int((DIGITS.images == 255).sum())
    page.get_by_text(f"intensity 255: {bright:,} pixels").wait_for()


def test_what_looks_wrong_leads_to_the_images(visit, studio):
    page = opened(visit, studio)
    page.get_by_role("button", name="Show all that are doubted").click()
    page.wait_for_function("() => document.querySelector('.result').innerText.includes('%')")
    assert 0 < shown(page) <= 200
    first = page.locator("section[aria-labelledby=doubtful] .doubted button").first
    gallery(page).focus()
    page.keyboard.press("Home")
    named = re.match(r"image (\d+)", first.get_attribute("aria-label"))[1]
    assert gallery(page).get_by_role("option").get_attribute("aria-label").startswith(f"image {named},")


def test_every_picture_says_what_to_look_at_and_why(visit, studio):
    page = opened(visit, studio)
    page.get_by_text("pixels never change").wait_for()
    panels = page.locator("section.panel:has(> h3)").all()
    assert len(panels) == 5
    for panel in panels:
        assert len(panel.locator("p.hint").first.inner_text()) > 20
        panel.get_by_role("button", name="why?").click()
        panel.locator(".because math mn").first.wait_for()  # the current numbers are in it
    why = page.locator("section[aria-labelledby=gallery] .because")
    gallery(page).focus()
    page.keyboard.press("ArrowRight")
    ink = DIGITS.images[1].mean() / 255
    assert f"{ink:.3g}" in why.inner_text()


def test_cards_set_the_page_up(visit, studio):
    page = opened(visit, studio, reduced_motion="reduce")
    cards = page.locator("section[aria-labelledby=questions] button")
    rooms = set()
    for i in range(cards.count()):
        cards.nth(i).click()
        page.wait_for_function("() => location.hash.includes('question=')")
        asked = page.get_by_role("complementary", name="Question to explore")
        assert len(asked.locator("p").inner_text()) > 40
        rooms.add(page.locator("main").get_attribute("aria-label"))
        page.get_by_role("link", name=re.compile("Look")).click()
        asked.get_by_role("button", name="Close").click()
    assert rooms == {"Look", "Shape", "Learn", "Judge"}


def test_a_card_brings_its_part_into_view(visit, studio):
    page = opened(visit, studio, "&question=useful&map=constant", reduced_motion="reduce")
    page.wait_for_function("() => scrollY > 200")
    page.wait_for_timeout(300)
    box = page.get_by_role("heading", name="What do the pixels do?").bounding_box()
    assert 0 <= box["y"] < 600
    assert page.get_by_role("complementary", name="Question to explore").bounding_box()["y"] >= 0


def test_a_copy_is_looked_at_too(visit, copy):
    page = opened(visit, copy)
    until_shown(page, 400)
    button(page, "What the model made of it", "wrong").click()
    page.wait_for_timeout(300)
    assert 0 < shown(page) < 100
    gallery(page).focus()
    page.keyboard.press("Enter")
    page.get_by_role("complementary", name="Image").get_by_role(
        "heading", name=re.compile("wrong")
    ).wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_nothing_is_out_of_reach(visit, studio, violations, scheme, width):
    address = "&why=live,gallery,balance,maps,intensities,doubtful&ink_low=0.01"
    page = opened(visit, studio, address, size={"width": width, "height": 900}, color_scheme=scheme)
    page.get_by_text("pixels never change").wait_for()
    page.locator(".doubted li").first.wait_for()
    assert not violations(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator(".doubted button").first.click()
    page.get_by_role("complementary", name="Image").wait_for()
    page.wait_for_timeout(300)
    assert not violations(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
