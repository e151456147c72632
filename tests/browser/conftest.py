"""The page in Chromium, on a real server or on a static copy. Where one is missing, the tests skip and say so."""

import functools
import http.server
import shutil
import threading
from pathlib import Path

import pytest
import uvicorn

from sightline.sources import load
from sightline.studio.export import export
from sightline.studio.guard import Policy
from sightline.studio.page import page_files
from sightline.studio.server import SETTINGS, listen, make_app
from sightline.studio.service import Service

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))),
    None,
)
WIDE, NARROW = {"width": 1440, "height": 960}, {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def browser():
    """Chromium, for one file of tests: Playwright wants to be alone in a process."""
    sync = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is not installed: pip install sightline[dev]"
    )
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here: apt install chromium")
    if not page_files():
        pytest.skip("the studio's page is not built: cd web && npm ci && npm run build")
    with sync.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def studio():
    """Address of a running studio on the bundled digits."""
    one = listen("127.0.0.1", 0, strict=True)
    address = f"http://127.0.0.1:{one.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(make_app(Service(load("digits")), Policy()), **SETTINGS))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [one]})
    thread.start()
    yield address
    server.should_exit = True
    thread.join()
    one.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture(scope="session")
def copy(tmp_path_factory):
    """Address of a static copy behind a plain web server."""
    if not page_files():
        pytest.skip("the studio's page is not built: cd web && npm ci && npm run build")
    folder = tmp_path_factory.mktemp("copy") / "page"
    export(load("digits"), folder, most=400)
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def complaint(said):
    """Whether a line of the console is one; between two trainings there may be no weights yet, and that is none."""
    return said.type == "error" and "/weights/" not in said.location["url"]


@pytest.fixture
def visit(browser):
    """Open an address in a context of its own; at the end, the page must not have complained of anything."""
    contexts, complaints = [], []

    def opened(address, *, size=WIDE, **options):
        contexts.append(browser.new_context(viewport=size, **options))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if complaint(said) else None)
        page.goto(address)
        return page

    yield opened
    for one in contexts:
        one.close()
    assert not complaints


@pytest.fixture(scope="session")
def violations():
    """What axe-core finds wrong with a page."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: cd web && npm ci")
    source = AXE.read_text(encoding="utf-8")

    def found(page):
        page.evaluate(source)
        results = page.evaluate("axe.run()")
        return [
            f"{one['id']}: {one['help']}: {node['html'][:160]}"
            for one in results["violations"]
            for node in one["nodes"]
        ]

    return found
