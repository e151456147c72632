"""A real server in a thread, asked over real sockets."""

import contextlib
import json
import threading
import time

import httpx
import numpy as np
import pytest
import uvicorn

from sightline.studio.guard import Policy
from sightline.studio.packet import unpacked
from sightline.studio.server import SETTINGS, listen, make_app
from sightline.studio.service import Service
from sightline.studio.sessions import Patience

BYTES = {"content-type": "application/octet-stream"}


class Studio:
    """A running studio, and what tests ask of it."""

    def __init__(self, service, address):
        self.service, self.address = service, address
        self.client = httpx.Client(base_url=address, timeout=60)

    def packet(self, path, body=None):
        answer = (
            self.client.get(path) if body is None else self.client.post(path, content=body, headers=BYTES)
        )
        assert answer.status_code == 200, answer.text
        return unpacked(answer.content)

    def session(self, **setup):
        """The address of a new session whose model is there."""
        made = self.client.post("/api/sessions", json=setup or None)
        assert made.status_code == 201, made.text
        address = f"/api/sessions/{made.json()['session']}"
        if not setup:
            self.until(address, lambda state: state["model"] is not None)
        return address

    def state(self, address):
        return self.client.get(address).json()

    def until(self, address, wanted, seconds=60):
        """Wait for a state."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            state = self.state(address)
            if wanted(state):
                return state
            time.sleep(0.01)
        raise AssertionError(f"it never came: {state}")

    def setup(self, base="pixels", **changes):
        hello = self.client.get("/api/hello").json()
        return {**next(one["setup"] for one in hello["recipes"] if one["name"] == base), **changes}

    def train(self, address, base="pixels", *, request=None, **changes):
        body = {"setup": self.setup(base, **changes), **(request or {})}
        return self.client.post(f"{address}/train", json=body)

    def trained(self, address, recipe="pixels", *, request=None, **changes):
        """Train, and wait for the end."""
        begun = self.train(address, recipe, request=request, **changes)
        assert begun.status_code == 202, begun.text
        return self.until(address, lambda state: state["training"]["phase"] in ("done", "stopped", "failed"))

    def phase(self, address, phase):
        return self.until(address, lambda state: state["training"] and state["training"]["phase"] == phase)

    @contextlib.contextmanager
    def listening(self, address, headers=None):
        """The events of a session as they come."""
        with self.client.stream("GET", f"{address}/events", headers=headers or {}) as answer:
            yield events(answer)


def events(answer):
    number = None
    for line in answer.iter_lines():
        if line.startswith("id: "):
            number = int(line[4:])
        if line.startswith("data: "):
            yield number, json.loads(line[6:])


@contextlib.contextmanager
def opened(dataset, patience=None, policy=None, page=None):
    """Run a studio for as long as the block lasts."""
    service = Service(dataset, patience or Patience(look=0.05))
    options = {} if page is None else {"page": page}
    with listen("127.0.0.1", 0, strict=True) as one:
        app = make_app(service, policy or Policy(), **options)
        config = uvicorn.Config(app, timeout_graceful_shutdown=1, **SETTINGS)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [one]}, daemon=True)
        thread.start()
        studio = Studio(service, f"http://127.0.0.1:{one.getsockname()[1]}")
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        try:
            yield studio
        finally:
            studio.client.close()
            server.should_exit = True
            thread.join(20)


@pytest.fixture(scope="module")
def studio(digits):
    with opened(digits) as one:
        yield one


@pytest.fixture(scope="session")
def page(tmp_path_factory):
    """A page that stands for the built one: what is in it does not matter here, only that it is served."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "assets").mkdir()
    (folder / "index.html").write_text("<!doctype html><title>page</title>")
    (folder / "assets" / "app-1a2b.js").write_text("export {};")
    (folder.parent / "secret.txt").write_text("secret")
    (folder / "assets" / "link.txt").symlink_to(folder.parent / "secret.txt")
    return folder


@pytest.fixture(scope="session")
def many():
    """So many rows that a training lasts some seconds, with a hard problem."""
    from sightline.dataset import Dataset

    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 6000)
    centres = rng.integers(90, 160, (10, 14, 14))
    images = np.clip(centres[labels] + rng.normal(0, 60, (6000, 14, 14)), 0, 255).astype(np.uint8)
    return Dataset(images, labels.astype(np.int64), tuple("abcdefghij"), name="many").split(seed=0)
