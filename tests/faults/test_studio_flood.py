"""What comes slowly, never ends, or comes in hundreds: cut off in time, kept nowhere, and nobody waits for it."""

import json
import os
import socket
import time

import pytest

from .door import BODY, HEAD, POST, REST, STALL, drained, parted, studio

pytestmark = pytest.mark.skipif(os.name == "nt", reason="processes are ended as POSIX ends them")
FEW_FILES = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 4096))\n"
TYPED = POST + b"Content-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    with studio(tmp_path_factory.mktemp("slow"), before=FEW_FILES) as one:
        assert one.answers(60)
        yield one


DRIP = {
    "nothing": (b"", b"", HEAD),
    "empty lines": (b"\r\n", b"\r\n", HEAD),
    "a head": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ", b"a", HEAD),
    "a second head": (b"GET /api/sessions/none HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET", b" ", HEAD),
    "a body": (TYPED + b"Content-Length: 9000\r\n\r\n", b" ", BODY),
    "chunks": (TYPED + CHUNKED, b"1\r\n \r\n", BODY),
    "a body unread": (POST + b"Content-Type: text/html\r\nContent-Length: 9000\r\n\r\n", b" ", BODY + REST),
}  # fmt: skip


def test_what_drips_is_cut_off_in_time_and_holds_nobody_up(door):
    began, open_, closed, waits = time.monotonic(), {}, {}, []
    for name, (start, _, _) in DRIP.items():
        open_[name] = door.call()
        open_[name].sendall(start)
        open_[name].setblocking(False)
    while open_ and time.monotonic() - began < 20:
        for name, one in list(open_.items()):
            try:
                one.send(DRIP[name][1])
                if not one.recv(1 << 16):
                    raise ConnectionError  # noqa: TRY301 - both ways of hanging up
            except BlockingIOError:
                continue
            except ConnectionError:
                closed[name] = time.monotonic() - began
                open_.pop(name).close()
        asked = time.monotonic()
        assert door.ask()[0] == 200
        waits.append(time.monotonic() - asked)
        time.sleep(0.05)
    assert not open_, f"still open: {sorted(open_)}"
    for name, (_, _, due) in DRIP.items():
        assert due - 0.1 < closed[name] < due + 3, (name, closed)
    assert sorted(waits)[len(waits) // 2] < 0.5


def test_a_body_that_does_not_come_is_told_so(door):
    with door.call() as one:
        one.sendall(TYPED + b"Content-Length: 9\r\n\r\n ")
        status, body = parted(drained(one))
    assert status == 408
    assert json.loads(body)["remedy"]


def pour(one, more, seconds=20.0, pause=0.0):
    """Send until it is refused; bytes sent, seconds that it took."""
    began, sent = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        try:
            one.sendall(more)
        except ConnectionError:
            return sent, time.monotonic() - began
        sent += len(more)
        time.sleep(pause)
    raise AssertionError(f"{sent:,} bytes were taken, and there would have been more")


def test_who_takes_no_answers_is_hung_up_on(door):
    with door.call() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        pour(one, b"GET /api/exploration HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 50, pause=STALL / 20)
    assert door.answers()
    assert "Traceback" not in door.complaints()


def test_who_leaves_in_the_middle_of_a_body_is_no_news(door):
    for _ in range(3):
        with door.call() as one:
            one.sendall(TYPED + b"Content-Length: 9\r\n\r\n ")
            assert door.answers()
    assert door.answers()
    assert "Traceback" not in door.complaints()


def memory(door):
    try:
        with open(f"/proc/{door.process.pid}/statm") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return 0.0  # no such figures here: what is judged is that it is cut off


BYTES = b"Content-Type: application/octet-stream\r\n"
ENDLESS = {
    "a header": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ", b"a" * 65536),
    "headers": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"X: a\r\n" * 9000),
    "a path": (b"GET /", b"a" * 65536),
    "chunks": (POST.replace(b"sessions", b"uploads") + BYTES + CHUNKED, b"8000\r\n" + b"a" * 32768 + b"\r\n"),
    "chunks of JSON": (TYPED + CHUNKED, b"8000\r\n" + b" " * 32768 + b"\r\n"),
    "a chunk's length": (TYPED + CHUNKED + b"1", b"0" * 65536),
    "chunks refused": (POST + b"Content-Type: text/html\r\n" + CHUNKED, b"8000\r\n" + b" " * 32768 + b"\r\n"),
    "a body of 99 GB": (TYPED + b"Content-Length: 99999999999\r\n\r\n", b"a" * 65536),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_never_ends_is_cut_off_and_not_kept(door, name):
    start, more = ENDLESS[name]
    before = memory(door)
    with door.call() as one:
        one.sendall(start)
        sent, seconds = pour(one, more)
    assert seconds < BODY + REST + 5
    assert memory(door) - before < 80, f"{sent / 1e6:.0f} MB were sent"
    assert door.answers()


def test_hundreds_of_idle_connections_keep_nobody_out(door):
    before = handles(door)
    idle = [door.call() for _ in range(400)]  # the process was let have 256 files when it began
    for one in idle[::2]:
        one.sendall(b"GET / HTTP/1.1\r\nX: ")
    assert door.answers()
    ends = time.monotonic() + HEAD + 10
    for one in idle:
        one.settimeout(max(0.1, ends - time.monotonic()))
        drained(one)
        one.close()
    assert door.answers()
    assert handles(door) <= before + 3
    assert "out of system resource" not in door.complaints()


def handles(door):
    try:
        return len(os.listdir(f"/proc/{door.process.pid}/fd"))  # noqa: PTH208 - names are enough
    except OSError:
        return 0
