"""Learn, as a person does: train, pause, step, turn the penalty, look back."""

import pytest

OVER = "document.querySelector('[data-phase]')?.dataset.phase"


WATCH = """() => {
  const output = document.querySelector(".scrub output");
  window.shown = [];
  const note = () => {
    const at = parseInt(output.textContent);
    if (window.shown.at(-1) !== at) window.shown.push(at);
  };
  new MutationObserver(note).observe(output, { childList: true, characterData: true, subtree: true });
}"""
"""Note which pass is shown, one after the other."""


def opened(visit, address, more="", **options):
    page = visit(f"{address}/#room=learn{more}", **options)
    page.locator("section.weights canvas").first.wait_for()
    return page


def passes(page):
    return int(page.locator("[data-passes]").get_attribute("data-passes"))


def phase(page, wanted):
    page.wait_for_function(f"wanted => {OVER} === wanted", arg=wanted)


def button(page, name):
    return page.get_by_role("group", name="Training").get_by_role("button", name=name, exact=True)


def picture(page):
    """The first weight image, as pixels."""
    return page.eval_on_selector(
        "section.weights canvas",
        "one => Array.from(one.getContext('2d').getImageData(0, 0, one.width, one.height).data).join()",
    )


def test_one_click_trains_one_pauses_one_steps(visit, studio):
    page = opened(visit, studio, "&pace=1&C=100")
    page.wait_for_function("() => Number(document.querySelector('[data-passes]').dataset.passes) >= 2")
    button(page, "Pause").click()
    phase(page, "paused")
    page.wait_for_timeout(300)  # what was on its way has come
    before, weights = passes(page), picture(page)
    page.wait_for_timeout(900)
    assert passes(page) == before
    button(page, "Step").click()
    page.wait_for_function(
        "before => Number(document.querySelector('[data-passes]').dataset.passes) === before + 1", arg=before
    )
    page.wait_for_timeout(700)
    assert passes(page) == before + 1
    assert picture(page) != weights
    button(page, "full speed").click()
    button(page, "Go on").click()
    phase(page, "done")
    assert passes(page) > before + 1


def test_a_link_learns_the_same(visit, studio):
    address = "&recipe=standard&C=0.05&classes=3,8"
    page = opened(visit, studio, address)
    phase(page, "done")
    other = opened(visit, studio, address)
    phase(other, "done")
    assert picture(page) == picture(other)
    names = page.locator("section.weights li").all_inner_texts()
    assert names == ["8 rather than 3"]


def test_turning_the_penalty_answers_at_once_and_shrinks_the_weights(visit, studio):
    page = opened(visit, studio)
    before = picture(page)
    slider = page.get_by_label("C: the larger, the freer the weights")
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowLeft")
    page.wait_for_function("() => location.hash.includes('C=')")
    phase(page, "done")
    page.wait_for_timeout(300)
    assert picture(page) != before


def test_looking_back_pass_by_pass(visit, studio):
    page = opened(visit, studio)
    last = picture(page)
    slider = page.get_by_role("slider", name="Pass")
    slider.focus()
    page.keyboard.press("Home")
    page.wait_for_function("() => document.querySelector('.scrub output').textContent.startsWith('1 of')")
    page.wait_for_timeout(300)
    assert picture(page) != last
    page.keyboard.press("End")
    page.wait_for_timeout(300)
    assert picture(page) == last


def test_plain_gradient_descent_is_left_behind(visit, studio):
    page = opened(visit, studio, "&descent=1")
    phase(page, "done")
    page.get_by_text("passes plain gradient descent is at").wait_for()
    solver, descent = (
        page.eval_on_selector(f"section.curves path.{name}", "one => one.getBoundingClientRect().bottom")
        for name in ("solver", "descent")
    )
    assert descent < solver  # further up on the page: a higher objective


def test_two_features_show_their_boundary(visit, studio):
    page = opened(visit, studio, "&recipe=symmetry&classes=1,5")
    plane = page.get_by_role("application", name="Images by intensity and symmetry")
    plane.wait_for()
    plane.focus()
    page.keyboard.press("ArrowRight")
    page.locator(".said", has_text="decided").wait_for()


def test_a_copy_replays_its_training(visit, copy):
    page = opened(visit, copy)
    last = page.evaluate("Number(document.querySelector('.scrub output').textContent.split(' of ')[1])")
    assert last > 5
    page.evaluate(WATCH)
    button(page, "Replay").click()
    page.wait_for_function("last => window.shown.at(-1) === last && window.shown.length > 1", arg=last)
    shown = page.evaluate("window.shown")
    assert shown == sorted(set(shown))
    assert shown[0] == 1
    assert len(shown) > last - 4  # looks at the curvature take a number, and are not shown


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_nothing_is_out_of_reach(visit, studio, violations, scheme, width):
    address = "&why=learn,plane&recipe=symmetry&descent=1"
    page = opened(visit, studio, address, size={"width": width, "height": 900}, color_scheme=scheme)
    page.get_by_role("application", name="Images by intensity").wait_for()
    phase(page, "done")
    assert not violations(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
