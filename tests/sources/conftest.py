"""A real web server on this machine, a cache folder of its own for every test, and small writers."""

from __future__ import annotations

import contextlib
import http.server
import os
import re
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest


@dataclass
class Web:
    """What the server has, how it behaves, and what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    ranges: bool = True
    break_after: int | None = None
    stall_after: int | None = None
    delay: float = 0.0
    address: str = ""
    stalled: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def count(self, path: str) -> int:
        return sum(1 for one, _ in self.asked if one == path)


@pytest.fixture
def web():
    state = Web()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            wanted = self.headers.get("Range")
            state.asked.append((self.path, wanted))
            body = state.files.get(self.path)
            time.sleep(state.delay)
            if body is None:
                self.send_error(404)
                return
            start = int(re.findall(r"\d+", wanted)[0]) if wanted and state.ranges else 0
            if start and start >= len(body):
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            piece = body[start:]
            if state.break_after is not None:
                piece, state.break_after = piece[: state.break_after], None
            if state.stall_after is not None:
                self.wfile.write(piece[: state.stall_after])
                piece = piece[state.stall_after :]
                state.stalled.set()
                state.go_on.wait(30)
            with contextlib.suppress(ConnectionError):  # whoever asked is gone
                self.wfile.write(piece)

        def log_message(self, *_args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.address = f"http://127.0.0.1:{server.server_port}"
    yield state
    state.go_on.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    monkeypatch.setenv("SIGHTLINE_HOME", str(folder))
    monkeypatch.delenv("SIGHTLINE_MIRROR", raising=False)
    monkeypatch.delenv("SIGHTLINE_OPENML", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return folder


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.fixture
def real_data():
    given = os.environ.get("SIGHTLINE_TEST_DATA")
    folder = Path(given) if given else Path(__file__).parents[3] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("real data are not here: set SIGHTLINE_TEST_DATA to their folder")
    return folder
