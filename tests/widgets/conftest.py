"""A small model, and a page around the browser's half of a widget."""

import base64

import pytest

from sightline.evaluation import evaluate
from sightline.features import make_recipe
from sightline.model import Model
from sightline.widgets.front import BUILT

from ..browser.conftest import browser, violations  # noqa: F401 - fixtures


@pytest.fixture(autouse=True)
def built():
    if not (BUILT / "draw-pad.js").is_file():
        pytest.skip("the browser's half of the widgets is not built: cd web && npm ci && npm run build")


def learned(data, recipe="pixels", **options):
    pipeline = make_recipe(recipe, shape=data.shape, **options).fit(data.train.X, data.train.y)
    return Model(pipeline, data.classes, data.shape, recipe, {})


@pytest.fixture(scope="session")
def model(digits):
    return learned(digits)


@pytest.fixture(scope="session")
def judged(digits, model):
    return evaluate(model, digits)


class Shown:
    """A widget in a browser, its traits tied to those in Python as a notebook ties them."""

    def __init__(self, page, widget):
        self.page, self.widget = page, widget
        self.heard = False
        page.expose_function("told", self._told)
        page.route("**/*", lambda route: route.fulfill(status=200, content_type="text/html", body=PAGE))
        page.route(
            "**/widget.js",
            lambda route: route.fulfill(content_type="text/javascript", body=widget._esm),
        )
        page.goto("http://notebook.example/")
        state = {
            name: packed(value) for name, value in widget.get_state().items() if not name.startswith("_")
        }
        page.evaluate(SHOW, state)

    def _told(self, name, value):
        self.heard = True
        self.widget.set_state({name: unpacked(value)})

    def tell(self, name):
        """Send a trait that Python set to the browser."""
        self.page.evaluate(
            "([name, value]) => window.hear(name, value)", [name, packed(self.widget.get_state(name)[name])]
        )

    def wait(self):
        """Wait until the browser has said something."""
        for _ in range(200):
            if self.heard:
                self.heard = False
                return
            self.page.wait_for_timeout(10)
        raise AssertionError("nothing came from the browser")


PAGE = "<!doctype html><html lang=en><title>Notebook</title><body><main id=el></main>"

SHOW = """async state => {
  const bytes = text => new DataView(Uint8Array.from(atob(text), one => one.charCodeAt(0)).buffer);
  const inner = value => (value && value.base64 !== undefined ? bytes(value.base64) : value);
  const outer = value => value instanceof DataView
    ? {base64: btoa(String.fromCharCode(...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)))}
    : value;
  const values = new Map(Object.entries(state).map(([name, value]) => [name, inner(value)]));
  const heard = new Map(), dirty = new Set();
  const change = (name, value) => {
    values.set(name, value);
    (heard.get(`change:${name}`) ?? []).forEach(one => one());
  };
  const model = {
    get: name => values.get(name),
    set: (name, value) => { dirty.add(name); change(name, value); },
    save_changes: () => { for (const name of dirty) window.told(name, outer(values.get(name))); dirty.clear(); },
    on: (name, callback) => heard.set(name, [...(heard.get(name) ?? []), callback]),
    off: (name, callback) => heard.set(name, (heard.get(name) ?? []).filter(one => one !== callback)),
  };
  window.hear = (name, value) => change(name, inner(value));
  const { default: widget } = await import("http://notebook.example/widget.js");
  window.clear = widget.render({ model, el: document.getElementById("el") });
}"""


def packed(value):
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, (bytes, memoryview)) else value


def unpacked(value):
    return (
        memoryview(base64.b64decode(value["base64"]))
        if isinstance(value, dict) and "base64" in value
        else value
    )


@pytest.fixture
def show(browser):  # noqa: F811
    contexts, complaints = [], []

    def shown(widget, **options):
        contexts.append(browser.new_context(viewport={"width": 1000, "height": 700}, **options))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        return Shown(page, widget)

    yield shown
    for one in contexts:
        one.close()
    assert not complaints
