"""Script where none should run: names that want to be markup, and pages of other sites, in a real browser.

Names come from a folder that anybody may have made; the studio and the command line are processes of their own.
"""

import http.server
import os
import re
import shutil
import threading

import numpy as np
import pytest

from sightline.cli import status_of
from sightline.cli.app import app
from sightline.report import write_report
from sightline.story import Config, run
from sightline.studio.page import page_files

from .door import studio

pytestmark = pytest.mark.skipif(os.name == "nt", reason="such names are no names there")
NAMES = (
    "<img src=x onerror=window.hit=1>", "\"'><svg onload=window.hit=2>", "</script><script>window.hit=3</script>",
    "\x1b[2J\x1b]0;owned\x07[bold red]\x9b31m", "{{7*7}}${7*7}{@html 1}", "=1+1|x\u202etxt.exe",
    "javascript:window.hit=4",
)  # fmt: skip
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
READY = {"look": "[role=listbox]", "shape": ".scatter canvas", "learn": "section.weights canvas",
         "judge": "[data-cell]", "ask": "[data-predicted]"}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Images that can be told apart, under names that nobody should be able to tell from markup."""
    from PIL import Image

    root = tmp_path_factory.mktemp("names") / "<b onclick=window.hit=5>[red]"
    rng = np.random.default_rng(0)
    for number, name in enumerate(NAMES):
        (root / name.replace("/", "∕")).mkdir(parents=True)
        for i in range(12):
            image = rng.integers(0, 60, (8, 8)).astype(np.uint8)
            image[number, 1:7] = 200
            Image.fromarray(image).save(root / name.replace("/", "∕") / f"{i}<b onload=x>\x1b[31m'\".png")
    (root / NAMES[0] / "broken<script>window.hit=6<∕script>\x1b[2J.png").write_bytes(b"no image")
    return root


@pytest.fixture(scope="module")
def browser():
    sync = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is not installed: pip install sightline[dev]"
    )
    found = [one for name in ("chromium", "chromium-browser", "google-chrome") if (one := shutil.which(name))]
    if not found:
        pytest.skip("there is no Chromium here: apt install chromium")
    with sync.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found[0], args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def watched(browser):
    """Open an address; what ran, was asked elsewhere, or offended the page's policy is written down."""
    contexts = []

    def opened(address):
        contexts.append(browser.new_context(viewport={"width": 1440, "height": 960}))
        page = contexts[-1].new_page()
        page.offences = []
        page.on("pageerror", lambda error: page.offences.append(str(error)))
        page.on("dialog", lambda dialog: page.offences.append(dialog.message))
        page.on("console", lambda said: page.offences.append(said.text) if said.type == "error" else None)
        page.add_init_script(
            "addEventListener('securitypolicyviolation', e => (window.broken ??= []).push(e.violatedDirective))"
        )
        page.goto(address)
        return page

    yield opened
    for one in contexts:
        one.close()


def harmless(page):
    assert page.evaluate("window.hit") is None
    assert page.evaluate("window.broken") is None
    assert not page.evaluate(
        "document.querySelectorAll('main script, main [onerror], main [onload], [onclick]').length"
    )
    assert not [one for one in page.offences if "/weights/" not in one and "422" not in one], page.offences


def told(capsys, *arguments):
    """What the command line writes, and its exit status."""
    status = status_of(lambda: app(list(arguments), standalone_mode=False, prog_name="sightline"))
    written = capsys.readouterr()
    return status, written.out, written.err


def test_names_in_the_page_are_text(folder, watched, tmp_path):
    if not page_files():
        pytest.skip("the studio's page is not built: cd web && npm ci && npm run build")
    with studio(tmp_path, data=folder) as door:
        page = watched(f"http://{door.address}/#room=look")
        for room, ready in READY.items():
            page.evaluate("room => { location.hash = `room=${room}&row=3` }", room)
            page.locator(ready).first.wait_for(timeout=60_000)
            page.wait_for_timeout(200)
            harmless(page)
            assert not CONTROL.search(page.evaluate("document.body.innerText + document.body.innerHTML")), (
                room
            )
            if room in ("look", "judge"):
                assert "<img src=x onerror=window.hit=1>" in page.evaluate("document.body.innerText"), room


def test_names_in_the_report_are_text(folder, watched, tmp_path):
    write_report(
        run(Config(folder, ("pixels",), command=f"sightline learn {folder}")), tmp_path / "report.html"
    )
    page = watched((tmp_path / "report.html").as_uri())
    harmless(page)
    said = page.evaluate("document.body.innerText")
    assert "<img src=x onerror=window.hit=1>" in said
    assert "\\x1b[2J" in said
    for link in page.evaluate("[...document.querySelectorAll('a')].map(one => one.getAttribute('href'))"):
        assert link.startswith("#"), link
    assert not CONTROL.search((tmp_path / "report.html").read_text(encoding="utf-8"))


def test_names_on_a_terminal_are_text(folder, capsys):
    status, explored, errors = told(capsys, "explore", str(folder))
    assert status == 0
    assert "\\x1b[2J" in explored
    status, said, complaint = told(capsys, "predict", "none\x1b[2J\u202e.sightline", "a\x9bb")
    assert status == 2
    assert "none\\x1b[2J\\u202e" in complaint
    for stream in (explored, errors, said, complaint):
        assert not CONTROL.search(stream)


# -- pages of other sites -------------------------------------------------------------------------------

TRIED = """async ([studio, path]) => {
  const soon = (make) => new Promise((done) => { make(done); setTimeout(() => done("silence"), 1000); });
  const put = (tag, name, value) => soon((done) => {
    const one = document.createElement(tag);
    one.onload = () => done("loaded");
    one.onerror = () => done("error");
    one[name] = value;
    document.body.append(one);
  });
  const get = (path, how) => fetch(studio + path, { credentials: "include", ...how })
    .then((a) => a.type === "opaque" ? "opaque" : a.text(), () => "error");
  const post = { method: "POST", body: "{}" }, json = { "content-type": "application/json" };
  const tried = {
    plain: get("/api/hello", { credentials: "omit" }),
    cookies: get("/api/hello", {}),
    train: get(path + "/train", post),
    json: get("/api/sessions", { ...post, headers: json }),
    blind: get(path + "/leave", { ...post, mode: "no-cors" }),
    beacon: navigator.sendBeacon(studio + path + "/leave", "bye") ? "sent" : "error",
    events: soon((done) => {
      const one = new EventSource(studio + path + "/events", { withCredentials: true });
      one.onmessage = () => done("message");
      one.onerror = () => { one.close(); done("error"); };
    }),
    socket: soon((done) => {
      const one = new WebSocket(studio.replace("http", "ws") + "/api/hello");
      one.onopen = () => done("open");
      one.onerror = () => done("error");
    }),
    picture: put("img", "src", studio + "/icon.svg"),
    bytes: put("img", "src", studio + "/api/images/0"),
    script: put("script", "src", studio + "/data/manifest.json"),
    module: import(studio + "/data/manifest.json").then(() => "loaded", () => "error"),
    window: soon((done) => {
      const one = open(studio + "/");
      setTimeout(() => { try { done(one.document.body.innerText || "blank"); } catch { done("foreign"); } }, 600);
    }),
  };
  const names = Object.keys(tried), found = await Promise.all(Object.values(tried));
  return Object.fromEntries(names.map((name, i) => [name, found[i]]));
}"""
FRAMED = (
    "it => { const one = document.createElement('iframe'); one.src = it + '/'; document.body.append(one) }"
)


class Evil(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>evil</title><body>")

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture(scope="module")
def evil():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Evil)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_pages_of_other_sites_get_nothing_and_do_nothing(browser, evil, tmp_path):
    with studio(tmp_path, "--host", "0.0.0.0") as door:
        token = door.link.split("token=")[1]
        context = browser.new_context()
        page, sent = context.new_page(), []
        page.on("request", lambda one: sent.append((one.url, one.headers.get("referer", ""))))
        page.goto(door.link)
        assert token not in page.url, "it is not left in the address bar"
        assert token not in page.evaluate(
            "document.cookie + JSON.stringify({...localStorage, ...sessionStorage})"
        )
        assert all(token not in url for url, _ in sent[1:])
        assert all(token not in referer for _, referer in sent)
        path = page.evaluate(
            "fetch('/api/sessions', { method: 'POST' }).then(a => a.json()).then(a => `/api/sessions/${a.session}`)"
        )
        for host in (
            "127.0.0.1",
            "localhost",
        ):  # another port of the same site, to which cookies go; another site
            other = context.new_page()
            other.goto(f"http://{host}:{evil}/")
            found = other.evaluate(TRIED, [f"http://{door.address}", path])
            nothing = {"error", "silence", "opaque", "sent", "foreign", "blank"}
            assert {name: what for name, what in found.items() if what not in nothing} == {}, host
            other.evaluate(FRAMED, f"http://{door.address}")
            other.wait_for_timeout(500)
            assert all(
                frame.url.startswith(("http://" + host, "chrome-error:")) for frame in other.frames[1:]
            )
            assert not [one for one in other.frames[1:] if "studio" in one.content().lower()]
        status, state = page.evaluate("path => fetch(path).then(async a => [a.status, await a.json()])", path)
        assert status == 200, "nobody else could end the session"
        assert state["training"] is None or state["training"]["id"] == 1, "or train in it"
        context.close()
