"""Every message of the studio's server, provoked: most of them by asking it over HTTP."""

import asyncio
import contextlib
import io
import socket
import threading
import time
from dataclasses import asdict, replace

import httpx
import numpy as np
import pytest
import uvicorn
from PIL import Image

from sightline.features import find_recipe
from sightline.studio import judging, setups
from sightline.studio.export import export
from sightline.studio.guard import Policy
from sightline.studio.library import Library
from sightline.studio.packet import unpacked
from sightline.studio.routes.models import weights_after
from sightline.studio.server import SETTINGS, listen, make_app
from sightline.studio.service import Service
from sightline.studio.sessions import Patience, Sessions
from sightline.studio.turns import Turns
from sightline.studio.uploads import read_upload
from sightline.studio.wire.learning import TrainRequest

from . import words

ROOMS = ("studio",)
ROUGH = "tests/studio and tests/faults break connections in the middle"
APART = {
    "studio/server.py::serve": "a server that cannot start, though its port is free",
    "studio/service.py::body_of: the body broke off": ROUGH,
    "studio/service.py::body_of: the body did not come": ROUGH,
    "studio/judging.py::weights_at": "a model that came without a single pass",
    "studio/uploads.py::read_upload: ×": "pictures that large are refused while their header is read",
    "studio/routes/sessions.py::events": "nine streams that stay open",
}
"""Messages that no test here can provoke, and why."""


class Studio:
    """A server of a data set, a session that has a model, and one that never learned."""

    def __init__(self, client, service):
        self.client, self.service = client, service
        self.library, self.sessions = service.library, service.sessions
        self.address = self.begun()
        self.until(lambda state: state["model"] is not None)
        self.fresh = self.begun(C=0.5)
        self.session = self.sessions.get(self.address.rsplit("/", 1)[1])

    def begun(self, **changes):
        made = self.client.post("/api/sessions", json=self.setup(**changes) if changes else None)
        return f"/api/sessions/{made.json()['session']}"

    def setup(self, recipe="pixels", **changes):
        return asdict(replace(setups.defaults(find_recipe(recipe), self.library), **changes))

    def until(self, wanted, seconds=60):
        ends = time.monotonic() + seconds
        while not wanted(state := self.client.get(self.address).json()):
            assert time.monotonic() < ends, state
            time.sleep(0.02)
        return state

    def get(self, path, fresh=False):
        path = path if path.startswith("/") else f"{self.fresh if fresh else self.address}/{path}"
        return self.client.get(path).text

    def post(self, path, content=b"", fresh=False):
        path = path if path.startswith("/") else f"{self.fresh if fresh else self.address}/{path}"
        kind = "json" if isinstance(content, bytes) and content[:1] in (b"-", b"{") else "octet-stream"
        return self.client.post(path, content=content, headers={"content-type": f"application/{kind}"}).text

    def train(self, recipe="pixels", address=None, request=None, **changes):
        body = {"setup": self.setup(recipe, **changes), **(request or {})}
        return self.client.post(f"{address or self.fresh}/train", json=body).text

    def learned(self, recipe="pixels", **changes):
        """Train in the session that has a model, and wait."""
        before = self.client.get(self.address).json()["model"]["id"]
        self.train(recipe, self.address, **changes)
        self.until(lambda state: state["model"]["id"] != before)
        return self.session.learned


@contextlib.contextmanager
def opened(dataset, patience=None):
    service = Service(dataset, patience)
    with listen("127.0.0.1", 0, strict=True) as one:
        server = uvicorn.Server(
            uvicorn.Config(make_app(service, Policy()), timeout_graceful_shutdown=1, **SETTINGS)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [one]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        address = f"http://127.0.0.1:{one.getsockname()[1]}"
        try:
            with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
                yield Studio(client, service)
        finally:
            server.should_exit = True
            thread.join(20)


HERE = []
"""The studio that is open while provocations run."""


def at():
    return HERE[0]


def without_test(h):
    one = at()
    return judging.evaluated(one.session.learned, Library(h.plain))


def not_begun(sessions):
    """A training that waits for its turn has no weights to show."""
    session = sessions.make(None)
    session.training = sessions._training(TrainRequest(session.setup), None, session)
    return weights_after(session, None)


def apart():
    """Two models of different classes, compared."""
    one = at()
    a, b = one.learned(C=0.7), one.learned(classes=("class 0", "class 1"))
    return one.get(f"compare/{a.summary.id}/{b.summary.id}")


def crowded():
    one = at()
    learned = one.learned("symmetry")
    one.service._waiting[learned.summary.id] = [None] * 256
    try:
        return asyncio.run(one.service.predict(learned, np.zeros((1, 10, 8), np.uint8)))
    finally:
        one.service._waiting.clear()


def overworked(h):
    service = Service(h.bars)
    service.at_work = 256
    return asyncio.run(service.work(len, []))


def asked(h, do, **patience):
    sessions = Sessions(Library(h.bars), Patience(**patience))
    return do(sessions)


def trained(sessions):
    setup = setups.opening(sessions.library)
    session = sessions.make(setup)
    return sessions.train(session, TrainRequest(setup))


def shared(sessions):
    """The training that all pages share cannot be paused by one of them."""

    async def do():
        sessions.open(asyncio.get_running_loop())
        try:
            sessions.control(sessions.make(None), "pause")
        finally:
            sessions.close()

    return asyncio.run(do())


def page(h):
    h.file("page/index.html", "<p>")
    return h.path / "page"


def picture(pixels, cut=None):
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "PNG")
    return held.getvalue()[:cut]


def upload(body):
    return read_upload(body, at().library.framing())


def taken():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        return listen("127.0.0.1", one.getsockname()[1], strict=True)


def of(h, recipe="pixels", **changes):
    return replace(setups.defaults(find_recipe(recipe), Library(h.bars)), **changes)


PROVOCATIONS = [
    lambda h: at().post("predict", b"1"),
    lambda h: at().post("predict", bytes(9_000_000)),
    lambda h: at().post("predict", iter([bytes(9_000_000)])),
    lambda h: at().get("explain/0?neighbours=99"),
    lambda h: at().get("explain/9999"),
    lambda h: at().get("/api/images/99"),
    lambda h: at().get("weights/x"),
    lambda h: at().get("weights/last", fresh=True),
    lambda h: at().get("model", fresh=True),
    lambda h: at().get("compare/x/y"),
    lambda h: at().post("play", fresh=True),
    lambda h: at().post("pace", b"-1", fresh=True),
    lambda h: at().post("/api/sessions", b"{}"),
    lambda h: at().get("/api/nothing"),
    lambda h: at().get("/api/sessions/none"),
    lambda h: at().train(request={"pace": -1.0}),
    lambda h: at().train(C=1e99),
    lambda h: at().train(seed=-1),
    lambda h: at().train("pca", n_components=0),
    lambda h: at().train(classes=("class 0", "dog")),
    lambda h: at().train(n_train=1),
    lambda h: at().train("pca-poly", n_components=48, degree=3),
    lambda h: asked(h, not_begun),
    lambda h: apart(),
    lambda h: crowded(),
    lambda h: overworked(h),
    lambda h: without_test(h),
    lambda h: asked(h, lambda sessions: sessions.make(None), sessions=0),
    lambda h: asked(h, trained, trainings=0),
    lambda h: asked(h, shared),
    lambda h: Turns(waiting=0).check(),
    lambda h: export(h.bars, h.path / "site", setup=of(h, "orientation"), page=page(h)),
    lambda h: export(h.bars, h.path / "site", page=h.folder("none")),
    lambda h: export(h.bars, h.file("site/x").parent, page=page(h)),
    lambda h: export(h.bars, h.path / "site", setup=of(h, n_train=2), page=page(h)),
    lambda h: unpacked(b"no"),
    lambda h: taken(),
    lambda h: upload(b"no"),
    lambda h: upload(picture(np.zeros((7100, 7100), np.bool_))),
    lambda h: upload(picture(np.random.default_rng(0).integers(0, 255, (90, 90)).astype(np.uint8), -4000)),
]


@pytest.fixture(scope="module")
def meeting(tmp_path_factory):
    with opened(words.Shared().bars) as one:
        HERE.append(one)
        try:
            yield words.meet(PROVOCATIONS, words.places(*ROOMS), tmp_path_factory.mktemp("words"))
        finally:
            HERE.clear()


test_a_message_is_provoked_and_reads_well, test_no_provocation_is_idle = words.both(APART, *ROOMS)
