"""The built site as its reader meets it: nothing from elsewhere, no complaint, fit for a phone, found by search."""

import functools
import http.server
import re
import threading

import pytest

from .conftest import AXE

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
PAGES = ("index.html", "guides/notebooks.html", "reference/learning.html", "comparison.html", "security.html")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture(scope="module")
def address(site):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def visit(browser, address):
    """Open a page; at the end it must have complained of nothing and asked nobody else."""
    contexts, complaints, asked = [], [], []

    def opened(name, *, size=WIDE, scheme="light"):
        contexts.append(browser.new_context(viewport=size, color_scheme=scheme))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address + name)
        page.wait_for_load_state("networkidle")
        return page

    yield opened
    for one in contexts:
        one.close()
    assert not complaints
    assert not [url for url in asked if not url.startswith((address, "data:", "blob:"))]


def test_every_page_has_one_title_and_every_picture_words(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert len(re.findall(r"<h1[ >]", text)) == 1, page
        for image in re.findall(r"<img[^>]*>", text):
            assert re.search(r'alt="[^"]', image) or 'alt="logo"' in image, (page, image)


def test_no_request_for_a_figure_or_a_film_is_left_over(site):
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"<!-- (figure|film|table):", text), page
        assert "$$" not in re.sub(r"<pre.*?</pre>|<script.*?</script>", "", text, flags=re.DOTALL), page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_pages_pass_axe(visit, name, scheme):
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: cd web && npm ci")
    page = visit(name, scheme=scheme)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    assert not [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("name", PAGES)
def test_pages_fit_a_phone(visit, name):
    page = visit(name, size=NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_light_and_dark_show_their_own_pictures(visit):
    for scheme, other in (("light", "dark"), ("dark", "light")):
        page = visit("index.html", scheme=scheme)
        assert page.locator(f"figure.made .only-{scheme} img").first.is_visible()
        assert not page.locator(f"figure.made .only-{other} img").first.is_visible()


FOCUSED = """() => {
  let one = document.activeElement;
  while (one && one.shadowRoot) one = one.shadowRoot.activeElement;
  return one && one.tagName === "INPUT";
}"""


def search(page):
    """Type a word that only one page has, and wait for that page."""
    found = page.locator("a[href*='security.html?h=']:visible").first
    for _ in range(30):  # the page may not listen yet, or its index may not be there
        page.keyboard.press("/")
        page.wait_for_timeout(500)
        if not page.evaluate(FOCUSED):
            continue
        page.keyboard.press("Control+A")
        page.keyboard.insert_text("rebinding")  # the field loses letters that come too fast
        page.wait_for_timeout(2_500)
        if found.is_visible():
            break
    found.wait_for(timeout=10_000)


def test_search_finds_a_page_by_a_word_of_it(visit):
    search(visit("index.html"))


def test_search_works_in_a_folder_on_disk_too(browser, site):
    with browser.new_context(viewport=WIDE) as context:
        page = context.new_page()
        page.goto((site / "index.html").as_uri())
        page.wait_for_load_state("networkidle")
        search(page)
