"""``sightline lessons`` as a person uses it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from sightline.lessons.shelf import HERE

SIGHTLINE = [sys.executable, "-c", "from sightline.cli import main; main()", "lessons"]


def sightline(*args, cwd):
    return subprocess.run(
        [*SIGHTLINE, *map(str, args)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "COLUMNS": "140", "NO_COLOR": "1"},
    )


def test_lists_ten_lessons(tmp_path):
    done = sightline(cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "The sigmoid" in done.stdout
    found = json.loads(sightline("--json", cwd=tmp_path).stdout)["lessons"]
    assert [one["number"] for one in found] == list(range(1, 11))


def test_copies_and_says_what_to_do_next(tmp_path):
    done = sightline("copy", "mine", "-l", 4, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "marimo edit mine/chapter_04_the_sigmoid.py" in done.stdout.replace("\\", "/")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["chapter_04_the_sigmoid.py"]


def test_wrong_requests_are_one_message(tmp_path):
    for given in (("open", 11), ("export", "out", "--to", "pdf"), ("copy", "mine", "-l", 0)):
        done = sightline(*given, cwd=tmp_path)
        assert done.returncode == 2
        assert done.stderr.startswith("sightline: ")
        assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_one_message(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = sightline("open", 4, "--no-open", "--port", taken.getsockname()[1], cwd=tmp_path)
    assert done.returncode == 2
    assert "is taken" in done.stderr


def test_opens_a_lesson_until_ctrl_c(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [*SIGHTLINE, "open", "4", "--no-open", "--port", str(port)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        page = wait_for(f"http://127.0.0.1:{port}/", server)
        assert "marimo" in page
        os.killpg(server.pid, signal.SIGINT)  # as a terminal does: to all of the group
        said, _ = server.communicate(timeout=30)
        assert server.returncode == 0, said.decode()
        assert b"Traceback" not in said
        assert f"is open: http://127.0.0.1:{port}/".encode() in said
        assert not [*HERE.rglob("__marimo__")]  # what is installed stays as it is
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
            server.communicate()


def wait_for(address, server):
    for _ in range(300):
        assert server.poll() is None, server.stdout.read().decode()
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            time.sleep(0.1)
    return pytest.fail("the lesson did not open")
