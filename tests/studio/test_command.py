"""The command as a person starts it: a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

START = [sys.executable, "-c", "from sightline.cli import main; main()", "studio", "--no-open"]


def started(*arguments):
    process = subprocess.Popen(
        [*START, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    return process, process.stdout.readline()


def ended(process, how=signal.SIGINT):
    process.send_signal(how)
    try:
        _, said = process.communicate(timeout=20)
    finally:
        process.kill()
    return said


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_one_command_and_it_is_open_and_ctrl_c_closes_it():
    process, line = started("--port", "0")
    address = line.split()[-1]
    assert address.startswith("http://127.0.0.1:")
    hello = httpx.get(f"{address}api/hello", timeout=30).json()
    assert hello["dataset"]["name"] == "digits"
    said = ended(process)
    assert "Traceback" not in said
    assert process.returncode in (0, 130)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{address}api/hello")


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_it_closes_while_pages_listen_and_train():
    process, line = started("--port", "0")
    address = line.split()[-1]
    with httpx.Client(base_url=address, timeout=30) as client:
        session = client.post("/api/sessions").json()["session"]
        setup = client.get("/api/hello").json()["setup"]
        client.post(f"/api/sessions/{session}/train", json={"setup": setup, "paused": True})
        with client.stream("GET", f"/api/sessions/{session}/events") as answer:
            next(answer.iter_lines())
            began = time.monotonic()
            said = ended(process)
            assert time.monotonic() - began < 10
    assert "Traceback" not in said
    assert process.returncode in (0, 130)


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_elsewhere_than_on_this_machine_it_is_open_with_its_token_alone():
    process, line = started("--port", "0", "--host", "0.0.0.0")
    address = line.split()[-1]
    assert "?token=" in address
    bare = address.split("?")[0]
    assert httpx.get(f"{bare}api/hello", timeout=30).status_code == 403
    with httpx.Client(follow_redirects=False, timeout=30) as client:
        assert client.get(address).status_code == 303
        assert client.get(f"{bare}api/hello").status_code == 200
    ended(process)


def run(*arguments):
    return subprocess.run([*START, *arguments], capture_output=True, text=True, timeout=60, encoding="utf-8")


def test_a_port_that_is_taken_is_one_message():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        answer = run("--port", str(port))
    assert answer.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no-such-data"], "no-such-data"),
        (["--host", "256.1.1.1"], "cannot listen"),
        (["--port", "99999"], "--port"),
    ],
)
def test_what_is_not_possible_is_one_message(arguments, words):
    answer = run(*arguments)
    assert answer.returncode == 2
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr


def test_without_its_extra_it_says_how_to_get_it():
    code = (
        "import sys, importlib.util as u; found = u.find_spec;"
        "u.find_spec = lambda name, *a: None if name == 'fastapi' else found(name, *a);"
        "from sightline.cli import main; sys.argv = ['sightline', 'studio']; main()"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8")
    assert answer.returncode == 2
    assert "pip install 'sightline[studio]'" in answer.stderr


def test_two_hundred_people_at_once():
    benchmark = Path(__file__).parents[2] / "benchmarks" / "studio_load.py"
    command = [sys.executable, str(benchmark), "--seconds", "2", "--every", "0.5"]
    answer = subprocess.run(
        command, capture_output=True, text=True, timeout=120, encoding="utf-8", check=True
    )
    import json

    found = json.loads(answer.stdout)
    assert found["people"] == 200
    assert found["wrong"] == []
    assert found["a_second"] > 300
    assert found["p50_ms"] < 50, (
        "the 99th percentile is for machines with nothing else to do; see the benchmark"
    )
