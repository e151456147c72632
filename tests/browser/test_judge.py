"""Judge, as a person does."""

import re

import pytest


def opened(visit, address, more="", **options):
    page = visit(f"{address}/#room=judge{more}", **options)
    page.wait_for_selector("[data-cell]")
    return page


def cells(page):
    return page.eval_on_selector_all("[data-cell]", "all => all.map(one => Number(one.textContent) || 0)")


def test_a_cell_opens_the_images_behind_it(visit, studio):
    page = opened(visit, studio)
    counts = cells(page)
    wrong = max((i for i in range(100) if i // 10 != i % 10), key=lambda i: counts[i])
    page.locator(f'[data-cell="{wrong // 10}-{wrong % 10}"]').click()
    assert page.get_by_role("heading", name=f"{wrong // 10} taken for {wrong % 10}").is_visible()
    assert page.locator("[data-images]").get_attribute("data-images") == str(counts[wrong])
    page.wait_for_function("() => location.hash.includes('cell=')")
    other = opened(
        visit,
        page.evaluate("location.href").split("#")[0].rstrip("/"),
        "&" + page.evaluate("location.hash.slice(1)"),
    )
    assert other.locator("[data-images]").get_attribute("data-images") == str(counts[wrong])


def test_the_matrix_is_walked_on_with_keys(visit, studio):
    page = opened(visit, studio)
    page.locator('[data-cell="0-0"]').focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    assert page.get_by_role("heading", name="2 taken for 1").is_visible()


def test_the_threshold_moves_matrix_curves_and_counts_together(visit, studio):
    page = opened(visit, studio)
    page.get_by_role("combobox", name="Class").select_option(label="8")
    slider = page.get_by_label(re.compile("Call it .8. from"))
    points = page.locator("circle.now")

    def seen(threshold):
        slider.fill(str(threshold))
        counts = cells(page)
        called = sum(counts[i * 10 + 8] for i in range(10))
        table = page.locator("section[aria-label=Threshold] table").inner_text()
        found, missed, alarms, _ = (
            int(n.replace(",", "")) for n in re.findall(r"([\d,]+) (?:found|missed|false|left)", table)
        )
        assert counts[88] == found
        assert called == found + alarms
        assert sum(counts[80:90]) == found + missed
        return called, points.first.get_attribute("cy"), points.last.get_attribute("cx")

    low, high = seen(0.05), seen(0.95)
    assert low[0] > high[0]
    assert float(low[1]) < float(high[1])  # further up: more are found
    assert float(low[2]) > float(high[2])


def test_two_classes_have_one_threshold(visit, studio):
    page = opened(visit, studio, "&classes=3,8&threshold=0")
    assert len(cells(page)) == 4
    assert cells(page)[0] == cells(page)[2] == 0  # at 0, all is called an 8


def test_two_recipes_are_compared_image_by_image(visit, studio):
    page = opened(visit, studio)
    before = page.locator(".tile strong").first.inner_text()
    page.get_by_label("The other recipe").select_option("symmetry")
    page.get_by_role("button", name="Learn it too").click()
    parts = page.locator(".parts button")
    parts.first.wait_for()
    counts = [int(re.match(r"[\d,]+", one.inner_text())[0].replace(",", "")) for one in parts.all()]
    assert sum(counts) == 360
    assert counts[1] > counts[2]  # pixels see more than two numbers do
    assert page.locator(".tile strong").first.inner_text() == before  # the model that was there answers again


def test_a_copy_judges_too(visit, copy):
    page = opened(visit, copy)
    assert sum(cells(page)) > 100
    page.get_by_role("combobox", name="Class").select_option(label="8")
    page.get_by_label(re.compile("Call it .8. from")).fill("0")
    counts = cells(page)
    assert sum(counts) == sum(counts[i * 10 + 8] for i in range(10))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_nothing_is_out_of_reach(visit, studio, violations, scheme, width):
    address = "&why=confusion,reliability,scores,threshold&positive=8"
    page = opened(visit, studio, address, size={"width": width, "height": 900}, color_scheme=scheme)
    assert not violations(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
