"""A studio as a person starts it, a process of its own, and bytes as an attacker sends them."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass

HEAD, BODY, REST, STALL = 1.0, 0.8, 0.4, 1.0
"""Seconds of patience here; a person's studio has 20, 30, 5 and 60."""
JSON = "Content-Type: application/json"
POST = b"POST /api/sessions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
START = f"""
from sightline.studio import connection, service
connection.HEAD_SECONDS, service.BODY_SECONDS = {HEAD}, {BODY}
connection.REST_SECONDS, connection.STALL_SECONDS = {REST}, {STALL}
from sightline.cli import main
main()
"""


@dataclass
class Door:
    """Where it listens, its process, what it has written."""

    process: subprocess.Popen
    printed: str
    said: str
    lines: list[str]

    @property
    def link(self):
        return self.printed.split()[-1]

    @property
    def port(self):
        return int(self.link.split("?")[0].rstrip("/").rsplit(":", 1)[1])

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def call(self, timeout=20):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def send(self, data, timeout=20):
        """Everything that comes back until the server hangs up; and that it does hang up."""
        with self.call(timeout) as one:
            with contextlib.suppress(ConnectionError):  # it may hang up in the middle
                one.sendall(data)
            return drained(one)

    def ask(self, method="GET", path="/api/hello", headers=(), body=b"", host="127.0.0.1"):
        """One request as it is, no client library to tidy it: status, body."""
        lines = [f"{method} {path} HTTP/1.1", *([f"Host: {host}"] if host is not None else []), *headers]
        lines += [f"Content-Length: {len(body)}"] * bool(body) + ["Connection: close", "", ""]
        return parted(self.send("\r\n".join(lines).encode("utf-8", "surrogateescape") + body))

    def session(self):
        """The address of a new session whose model is there."""
        _, made = self.ask("POST", "/api/sessions")
        path = f"/api/sessions/{json.loads(made)['session']}"
        ends = time.monotonic() + 60
        while json.loads(self.ask("GET", path)[1])["model"] is None:
            assert time.monotonic() < ends
            time.sleep(0.05)
        return path

    def answers(self, within=5.0):
        """Whether others are answered, and soon."""
        began = time.monotonic()
        return self.ask()[0] == 200 and time.monotonic() - began < within

    def complaints(self):
        """What it has written about itself since it opened."""
        with open(self.said, encoding="utf-8") as file:  # noqa: PTH123 - while the other writes
            return file.read()


def drained(one):
    found = b""
    try:
        while part := one.recv(1 << 16):
            found += part
    except ConnectionError:  # with bytes of ours unread, hanging up is a reset
        pass
    return found


def parted(answer):
    """Status and body; 0 where nothing was said."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return (int(head.split(b" ", 2)[1]) if head.startswith(b"HTTP/") else 0), body


@contextlib.contextmanager
def studio(folder, *arguments, before="", data="digits"):
    """A running studio; at the end it closes like one that nothing has happened to."""
    said = folder / "said.txt"
    command = [sys.executable, "-c", before + START, "studio", str(data), "--no-open", "--port", "0"]
    with said.open("w") as errors:
        process = subprocess.Popen(
            [*command, *arguments], stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8",
            env={**os.environ, "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
    try:
        lines = [process.stdout.readline()]
        while "Ctrl-C" not in lines[-1]:
            assert lines[-1], said.read_text()
            lines.append(process.stdout.readline())
        door = Door(process, lines[0], str(said), lines)
        yield door
        assert process.poll() is None, "it has died"
        assert "Traceback" not in door.complaints()
    finally:
        process.terminate()
        process.communicate(timeout=20)
