"""Downloads from a real server: resumed, checked, locked, and clear when they fail."""

import hashlib
import http.server
import socket
import subprocess
import sys
import threading

import pytest

from sightline.errors import DownloadError, StorageError
from sightline.sources.catalog import RemoteFile
from sightline.sources.fetch import CHUNK, fetch, fetch_json

BODY = bytes(range(256)) * 3000


def digest(body, algorithm="sha256"):
    return f"{algorithm}:{hashlib.new(algorithm, body).hexdigest()}"


@pytest.mark.parametrize("known", [digest(BODY), digest(BODY, "md5"), None])
def test_a_file_is_fetched_once_and_then_offline(web, tmp_path, known):
    web.files["/data.bin"] = BODY
    told = []
    file = RemoteFile("data.bin", known, len(BODY))
    for _ in range(2):
        path = fetch(file, (f"{web.address}/data.bin",), tmp_path / "d", lambda *now: told.append(now))
        assert path.read_bytes() == BODY
    assert web.count("/data.bin") == 1
    assert told[-1] == (len(BODY), len(BODY))
    assert len(told) >= len(BODY) // CHUNK
    assert not list((tmp_path / "d").glob("*.part"))


def test_mirrors_are_tried_in_turn(web, tmp_path):
    web.files["/good"] = BODY
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        addresses = (
            f"http://127.0.0.1:{closed.getsockname()[1]}/x",
            f"{web.address}/missing",
            f"{web.address}/good",
        )
        path = fetch(RemoteFile("f", digest(BODY)), addresses, tmp_path)
    assert path.read_bytes() == BODY


def test_no_mirror_answers(web, tmp_path):
    with pytest.raises(DownloadError, match="404") as caught:
        fetch(RemoteFile("f", None), (f"{web.address}/a", "ftp://127.0.0.1/b"), tmp_path)
    assert "not an http" in caught.value.what
    assert "digits" in caught.value.remedy


def test_an_interrupted_download_is_resumed(web, tmp_path):
    web.files["/f"] = BODY
    web.break_after = 300_000
    file = RemoteFile("f", digest(BODY))
    with pytest.raises(DownloadError, match="interrupted"):
        fetch(file, (f"{web.address}/f",), tmp_path)
    have = (tmp_path / "f.part").stat().st_size
    assert 0 < have <= 300_000
    assert not (tmp_path / "f").exists()
    assert fetch(file, (f"{web.address}/f",), tmp_path).read_bytes() == BODY
    assert web.asked[-1] == ("/f", f"bytes={have}-")


def test_a_server_that_cannot_resume_sends_all_again(web, tmp_path):
    web.files["/f"], web.ranges = BODY, False
    (tmp_path / "f.part").write_bytes(BODY[:1000])
    assert fetch(RemoteFile("f", digest(BODY)), (f"{web.address}/f",), tmp_path).read_bytes() == BODY


@pytest.mark.parametrize("kept", [BODY[:-5] + b"wrong", b"other" * 10, BODY + b"longer", BODY])
def test_a_kept_part_of_something_else_is_dropped(web, tmp_path, kept):
    web.files["/f"] = BODY
    (tmp_path / "f.part").write_bytes(kept)
    assert fetch(RemoteFile("f", digest(BODY)), (f"{web.address}/f",), tmp_path).read_bytes() == BODY


def test_without_a_digest_nothing_is_resumed(web, tmp_path):
    web.files["/f"] = BODY
    (tmp_path / "f.part").write_bytes(b"old")
    assert fetch(RemoteFile("f"), (f"{web.address}/f",), tmp_path).read_bytes() == BODY


def test_a_mirror_with_something_else_is_passed_over(web, tmp_path):
    web.files |= {"/changed": b"<html>log in first</html>", "/good": BODY}
    addresses = (f"{web.address}/changed", f"{web.address}/good")
    assert fetch(RemoteFile("f", digest(BODY)), addresses, tmp_path).read_bytes() == BODY


def test_a_damaged_note_of_a_digest_is_made_anew(web, tmp_path):
    web.files["/f"] = BODY
    for note in ("", "nonsense", "sha256:12"):
        (tmp_path / "f.digest").write_text(note)
        (tmp_path / "f").unlink(missing_ok=True)
        assert fetch(RemoteFile("f"), (f"{web.address}/f",), tmp_path).read_bytes() == BODY
        assert (tmp_path / "f.digest").read_text() == digest(BODY)


@pytest.mark.parametrize("address", ["http://[half/f", "http://127.0.0.1:port/f", "ftp://127.0.0.1/f", "f"])
def test_an_address_that_is_none(tmp_path, address):
    with pytest.raises(DownloadError, match="cannot fetch f"):
        fetch(RemoteFile("f"), (address,), tmp_path)
    with pytest.raises(DownloadError, match="cannot reach"):
        fetch_json(address)


def test_a_folder_where_the_file_should_be(web, tmp_path):
    web.files["/f"] = BODY
    (tmp_path / "f").mkdir()
    with pytest.raises(StorageError, match="cannot store"):
        fetch(RemoteFile("f", digest(BODY)), (f"{web.address}/f",), tmp_path)


@pytest.mark.parametrize("size", [None, 100, len(BODY)])
def test_a_wrong_digest_is_named_and_the_file_removed(web, tmp_path, size):
    web.files["/f"] = BODY
    expected = digest(b"something else")
    with pytest.raises(DownloadError, match="digest") as caught:
        fetch(RemoteFile("f", expected, size), (f"{web.address}/f",), tmp_path)
    assert expected in caught.value.what
    if size != 100:
        assert digest(BODY) in caught.value.what
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] in ([".lock"], [])


def test_what_was_trusted_first_is_checked_from_then_on(web, tmp_path):
    web.files["/f"] = BODY
    fetch(RemoteFile("f"), (f"{web.address}/f",), tmp_path)
    (tmp_path / "f").write_bytes(b"tampered")
    assert fetch(RemoteFile("f"), (f"{web.address}/f",), tmp_path).read_bytes() == BODY
    (tmp_path / "f").unlink()
    web.files["/f"] = b"changed"
    with pytest.raises(DownloadError, match="digest"):
        fetch(RemoteFile("f"), (f"{web.address}/f",), tmp_path)


def test_a_damaged_file_is_fetched_again(web, tmp_path):
    web.files["/f"] = BODY
    (tmp_path / "f").write_bytes(BODY[:-1])
    assert fetch(RemoteFile("f", digest(BODY)), (f"{web.address}/f",), tmp_path).read_bytes() == BODY


def test_two_processes_at_once_fetch_it_once(web, tmp_path):
    web.files["/f"], web.delay = BODY, 0.3
    code = (
        "import hashlib, pathlib, sys\n"
        "from sightline.sources.catalog import RemoteFile\n"
        "from sightline.sources.fetch import fetch\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "path = fetch(RemoteFile('f', sys.argv[1]), (sys.argv[2],), pathlib.Path(sys.argv[3]))\n"
        "print('sha256:' + hashlib.sha256(path.read_bytes()).hexdigest())\n"
    )
    command = [sys.executable, "-c", code, digest(BODY), f"{web.address}/f", str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as one, subprocess.Popen(command, **pipes) as other:
        for process in (one, other):
            assert process.stdout.readline() == "ready\n"
        for process in (one, other):
            process.stdin.write("\n")
            process.stdin.flush()
        assert [process.communicate(timeout=60)[0].strip() for process in (one, other)] == [digest(BODY)] * 2
    assert (one.returncode, other.returncode, web.count("/f")) == (0, 0, 1)


def test_a_killed_process_leaves_no_lock(web, tmp_path):
    web.files["/f"] = BODY
    code = (
        "import os, pathlib, sys\n"
        "from sightline.sources.locking import locked\n"
        "with locked(pathlib.Path(sys.argv[1])):\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / ".lock")], check=False)
    assert (tmp_path / ".lock").exists()
    assert fetch(RemoteFile("f", digest(BODY)), (f"{web.address}/f",), tmp_path).read_bytes() == BODY


def test_a_folder_that_cannot_be_written(web, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot write"):
        fetch(RemoteFile("f"), (f"{web.address}/f",), tmp_path / "file" / "d")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
def test_a_full_disk_is_one_clear_message(web, tmp_path):
    web.files["/f"] = BODY
    code = (
        "import resource, signal, sys, pathlib\n"
        "from sightline.errors import StorageError\n"
        "from sightline.sources.fetch import fetch\n"
        "from sightline.sources.catalog import RemoteFile\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n"
        "    fetch(RemoteFile('f'), (sys.argv[1],), pathlib.Path(sys.argv[2]))\n"
        "except StorageError as error:\n"
        "    print(error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, f"{web.address}/f", str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "cannot store" in run.stdout
    assert "SIGHTLINE_HOME" in run.stdout
    assert not (tmp_path / "f").exists()


def test_json(web):
    web.files |= {"/good": b'{"a": 1}', "/bad": b"<html>"}
    assert fetch_json(f"{web.address}/good") == {"a": 1}
    assert fetch_json(f"{web.address}/none") is None
    with pytest.raises(DownloadError, match="JSON"):
        fetch_json(f"{web.address}/bad")
    with pytest.raises(DownloadError, match="cannot reach"):
        fetch_json("file:///etc/hostname")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(DownloadError, match="cannot reach"):
            fetch_json(f"http://127.0.0.1:{closed.getsockname()[1]}/")


def test_a_server_with_a_fault_of_its_own(tmp_path):
    class Broken(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(503)

        def log_message(self, *_args):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Broken) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with pytest.raises(DownloadError, match="503"):
            fetch_json(f"http://127.0.0.1:{server.server_port}/")
        thread.join()
