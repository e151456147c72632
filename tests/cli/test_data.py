"""``sightline data``: what each command prints, for people and for programs."""

import functools
import hashlib
import http.server
import json
import re
import socket
import threading
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from sightline.cli.data import app
from sightline.errors import DataError, DownloadError, NotFoundError
from sightline.sources import catalog


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    monkeypatch.setenv("SIGHTLINE_HOME", str(folder))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("SIGHTLINE_MIRROR", raising=False)
    return folder


@pytest.fixture
def call():
    """Run a command; returns what it printed. Errors come out as they are."""

    def run(*arguments):
        return CliRunner().invoke(app, list(arguments), catch_exceptions=False).stdout

    return run


@pytest.fixture
def usps(tmp_path, monkeypatch):
    """A tiny USPS on a server of its own."""
    import bz2

    folder = tmp_path / "web" / "usps"
    folder.mkdir(parents=True)
    files = []
    for name, n in (("usps.bz2", 30), ("usps.t.bz2", 10)):
        rows = (
            f"{k % 10 + 1} " + " ".join(f"{j + 1}:{(j + k) % 3 - 1}" for j in range(256)) for k in range(n)
        )
        body = bz2.compress("\n".join(rows).encode())
        (folder / name).write_bytes(body)
        files.append(catalog.RemoteFile(name, f"sha256:{hashlib.sha256(body).hexdigest()}"))
    entry = replace(catalog.CATALOG["usps"], files=tuple(files))
    monkeypatch.setattr(catalog, "CATALOG", dict(catalog.CATALOG) | {"usps": entry})

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_args):
            pass

    handler = functools.partial(Quiet, directory=folder.parent)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("SIGHTLINE_MIRROR", f"http://127.0.0.1:{server.server_port}")
        yield entry
        server.shutdown()
        thread.join()


def test_list_shows_every_name(call):
    shown = call("list")
    for name, entry in catalog.CATALOG.items():
        assert re.search(rf"^\s*{name}\s+.*{entry.n_train + entry.n_test:,}", shown, re.MULTILINE)
    assert "openml:NAME" in shown
    assert "11.6 MB" in shown


def test_list_for_programs(call):
    found = json.loads(call("list", "--json"))["datasets"]
    assert [one["name"] for one in found] == list(catalog.CATALOG)
    mnist = next(one for one in found if one["name"] == "mnist")
    assert mnist == {
        "name": "mnist",
        "title": "Handwritten digits, 28×28",
        "n_train": 60_000,
        "n_test": 10_000,
        "shape": [28, 28],
        "bytes": 11_594_722,
        "here": False,
    }
    assert [one["name"] for one in found if one["here"]] == ["digits"]


@pytest.mark.parametrize("name", ["mnist", "usps", "digits", "fashion", "EMNIST_letters"])
def test_info_shows_licence_addresses_and_digests(call, name):
    entry = catalog.find(name)
    shown, found = call("info", name), json.loads(call("info", name, "--json"))
    assert (found["name"], found["licence"], found["classes"]) == (
        entry.name,
        entry.licence,
        list(entry.classes),
    )
    assert [file["digest"] for file in found["files"]] == [file.digest for file in entry.files]
    for text in (entry.name, entry.licence, entry.citation, *(file.digest for file in entry.files)):
        assert text in shown
    for mirror in entry.mirrors:
        assert mirror in shown
        assert mirror + entry.files[0].name in found["files"][0]["addresses"]
    assert ("none needed" in shown) == (name == "digits")
    assert ("size not known" in shown) == (name == "usps")


@pytest.mark.parametrize("command", ["info", "get"])
def test_a_name_that_is_not_there(call, command):
    with pytest.raises(NotFoundError, match="Did you mean mnist"):
        call(command, "mnits")


def test_get_where_and_clear(call, home, usps):
    assert call("where") == f"{home}\n"
    shown = call("get", "usps")
    assert "Dataset 'usps': 40 images of 16×16, 10 classes" in shown
    found = json.loads(call("get", "usps", "--json"))
    assert (found["name"], found["n"], found["shape"]) == ("usps", 40, [16, 16])
    assert re.fullmatch("[0-9a-f]{64}", found["digest"])
    listed = json.loads(call("list", "--json"))["datasets"]
    assert {one["name"] for one in listed if one["here"]} == {"digits", "usps"}
    assert re.search(r"usps.*yes", call("list"))
    assert re.search(r"here\s+yes", call("info", "usps"))
    stored = json.loads(call("where", "--json"))
    assert stored["home"] == str(home)
    assert set(stored["stored"]) == {"ready/usps", "downloads/usps"}
    assert stored["stored"]["ready/usps"] > 40 * 256
    assert re.search(r"^  ready/usps  0\.0 MB$", call("where"), re.MULTILINE)
    assert "ready/usps, downloads/usps" in call("clear", "USPS")
    assert json.loads(call("where", "--json"))["stored"] == {}


def test_clear_everything(call, home, usps):
    assert call("clear") == f"Removed 0 MB from {home}: nothing was stored.\n"
    call("get", "usps")
    assert set(json.loads(call("clear", "--json"))["removed"]) == {"ready/usps", "downloads/usps"}
    with pytest.raises(DataError, match="nothing named 'usps' is stored"):
        call("clear", "usps")


def test_get_shows_notes(call, tmp_path):
    np.savez(tmp_path / "dim.npz", images=np.ones((10, 4, 4), np.uint8), labels=np.arange(10) % 2)
    assert "nearly black" in call("get", str(tmp_path / "dim.npz"))


def test_get_without_a_network(call, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("SIGHTLINE_MIRROR", f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(DownloadError, match="cannot fetch"):
            call("get", "mnist")


def test_without_a_command_help_is_shown():
    shown = CliRunner().invoke(app, [])
    for command in ("list", "info", "get", "where", "clear"):
        assert command in shown.output
