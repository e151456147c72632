"""Ctrl-C in the middle of a download: nothing half-written takes the place of something whole."""

import hashlib
import os
import signal
import subprocess
import sys
import time

import pytest

from sightline.sources.catalog import RemoteFile
from sightline.sources.fetch import fetch
from sightline.sources.locking import locked

BODY = os.urandom(1 << 20)
FETCH = """
import pathlib, sys
from sightline.sources.catalog import RemoteFile
from sightline.sources.fetch import fetch
fetch(RemoteFile("f", sys.argv[1]), (sys.argv[2],), pathlib.Path(sys.argv[3]))
"""
GET = "from sightline.cli.data import app; app(['get', 'mnist'])"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals between processes")


def digest(body):
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def interrupt(web, part, code, *arguments):
    """Start a download, wait until a part of it has come and the server stalls, press Ctrl-C."""
    web.stall_after = 600_000
    command = [sys.executable, "-c", code, *map(str, arguments)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert web.stalled.wait(30)
        until = time.monotonic() + 30
        while not (part.exists() and part.stat().st_size):
            assert time.monotonic() < until
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    web.go_on.set()
    web.stall_after = None
    assert process.returncode != 0
    return said


@pytest.mark.parametrize("before", [None, b"whole, but of another version"])
def test_what_was_there_stays_and_the_rest_is_resumed(web, tmp_path, before):
    web.files["/f"] = BODY
    if before is not None:
        (tmp_path / "f").write_bytes(before)
    interrupt(web, tmp_path / "f.part", FETCH, digest(BODY), f"{web.address}/f", tmp_path)
    assert ((tmp_path / "f").read_bytes() if (tmp_path / "f").exists() else None) == before
    have = (tmp_path / "f.part").stat().st_size
    assert BODY.startswith((tmp_path / "f.part").read_bytes())
    assert {path.name for path in tmp_path.iterdir()} - {"f"} - {"home"} == {".lock", "f.part"}
    with locked(tmp_path / ".lock"):
        pass  # whoever held it is gone
    assert fetch(RemoteFile("f", digest(BODY)), (f"{web.address}/f",), tmp_path).read_bytes() == BODY
    assert web.asked[-1] == ("/f", f"bytes={have}-")


def test_the_command_ends_without_a_traceback_and_stores_nothing(web, home, monkeypatch):
    web.files["/mnist/train-images-idx3-ubyte.gz"] = BODY
    monkeypatch.setenv("SIGHTLINE_MIRROR", web.address)
    part = home / "downloads" / "mnist" / "train-images-idx3-ubyte.gz.part"
    assert "Traceback" not in interrupt(web, part, GET)
    assert not (home / "ready").exists() or not list((home / "ready").iterdir())
    assert not (home / "downloads" / "mnist" / "train-images-idx3-ubyte.gz").exists()
