"""The studio asked over ASGI, without a socket: requests as bytes, changed like any other file."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import unquote_to_bytes

from hostile.mutate import EDGES, ODD, WORDS, edit_json

SESSION = b"SESSION"
"""Stands for the name of a session that is there."""

ADDRESSES = (
    "GET /", "GET /data/manifest.json", "GET /assets/none.js", "GET /api/hello", "GET /api/thumbs/0",
    "GET /api/images/0",
    "GET /api/columns", "GET /api/exploration", "GET /api/scatter", "GET /api/pca", "GET /api/stages/0",
    "POST /api/stages PIXELS", "POST /api/uploads PNG", "POST /api/sessions", "POST /api/sessions SETUP",
    "GET /api/sessions/SESSION", "POST /api/sessions/SESSION/train TRAIN", "POST /api/sessions/SESSION/pace 2.5",
    "POST /api/sessions/SESSION/play", "POST /api/sessions/SESSION/pause", "POST /api/sessions/SESSION/step",
    "POST /api/sessions/SESSION/stop", "GET /api/sessions/SESSION/passes", "GET /api/sessions/SESSION/events",
    "GET /api/sessions/SESSION/file", "GET /api/sessions/SESSION/model", "GET /api/sessions/SESSION/predictions",
    "GET /api/sessions/SESSION/evaluation", "GET /api/sessions/SESSION/suspects",
    "GET /api/sessions/SESSION/weights/last",
    "GET /api/sessions/SESSION/weights/0", "GET /api/sessions/SESSION/compare/1/2",
    "GET /api/sessions/SESSION/cells/0",
    "POST /api/sessions/SESSION/explain PIXELS", "GET /api/sessions/SESSION/explain/3?change=1&neighbours=2",
    "POST /api/sessions/SESSION/predict PIXELS", "POST /api/sessions/SESSION/model/x",
    "POST /api/sessions/NONE/leave",
)  # fmt: skip
KNOWN = {200, 201, 202, 204, 303, 304, 307, 400, 403, 404, 405, 413, 415, 422, 429}


def _setup() -> dict[str, Any]:
    import dataclasses

    from sightline.studio.packet import plain

    setup = plain(dataclasses.asdict(studio().service.hello().setup))
    assert isinstance(setup, dict)
    return setup


def _requests() -> list[bytes]:
    from hostile.seeds import images

    setup = _setup()
    bodies = {
        "PIXELS": bytes(range(36)), "PNG": images("png")[0], "SETUP": json.dumps(setup).encode(), "2.5": b"2.5",
        "TRAIN": json.dumps({"setup": setup, "warm": False, "paused": False, "pace": None}).encode(),
    }  # fmt: skip
    found = []
    for one in ADDRESSES:
        method, path, *rest = one.split(" ")
        body = bodies[rest[0]] if rest else b""
        kind = "application/json" if body[:1] in b"{2" else "application/octet-stream"
        about = f"content-type: {kind}\r\ncontent-length: {len(body)}\r\n" if rest else ""
        found.append(f"{method} {path} HTTP/1.1\r\nhost: localhost:7860\r\n{about}\r\n".encode() + body)
    return found


class _Lazy(list[bytes]):
    """The requests, made when they are first asked for."""

    def __iter__(self) -> Any:
        if not len(self):
            self.extend(_requests())
        return super().__iter__()


REQUESTS = _Lazy()


def edit_request(rng: Random, data: bytes) -> bytes:
    """The method, a piece of the address, a header, or the JSON in the body."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *headers = head.split(b"\r\n")
    method, _, address = first.partition(b" ")
    address = address.partition(b" HTTP")[0]
    kind = rng.randrange(7)
    if kind == 0:
        method = rng.choice(
            (b"GET", b"POST", b"PUT", b"DELETE", b"HEAD", b"OPTIONS", b"PATCH", b"get", b"", b"X" * 99)
        )
    elif kind < 3:
        pieces = address.split(b"/")
        odd = (
            *WORDS,
            *(str(edge).encode() for edge in EDGES),
            b"..",
            b"%2e%2e",
            b"%00",
            b"%ff",
            b"x" * 3000,
            b"last",
        )
        pieces[rng.randrange(len(pieces))] = rng.choice(odd)
        address = b"/".join(pieces)
    elif kind == 3:
        names = (b"host", b"origin", b"content-length", b"content-type", b"cookie", b"authorization",
                 b"last-event-id", b"sec-fetch-site", b"if-none-match", b"range", b"transfer-encoding",
                 b"accept-encoding")  # fmt: skip
        values = (*WORDS, *(str(edge).encode() for edge in EDGES), b"localhost", b"[::1", b"http://evil", b"\xff" * 9,
                  b"x" * 9000, b"application/json", b"sightline-studio=x", b"Bearer \xe4",
                  "\u00b2".encode("latin-1"))  # fmt: skip
        headers.append(rng.choice(names) + b": " + rng.choice(values))
    elif kind == 4 and body[:1] in (b"{", b"["):
        body = edit_json(rng, body)
    elif kind == 5:
        one = rng.choice(ODD)
        body = rng.choice((json.dumps(one).encode(), bytes(36), bytes(36 * 300), rng.choice(WORDS)))
    else:
        address += rng.choice((b"?", b"?change=x", b"?neighbours=-1", b"?neighbours=99999999999999999999",
                               b"?token=%ff", b"/", b"//", b"/../../etc/passwd", b"#x",
                               b"?change=1&change=2"))  # fmt: skip
    if rng.random() < 0.7:
        headers = [one for one in headers if not one.startswith(b"content-length")]
        headers.append(b"content-length: %d" % len(body))
    return b"\r\n".join([method + b" " + address + b" HTTP/1.1", *headers]) + b"\r\n\r\n" + body


class Studio:
    """A studio over the tiny data, its application and the loop that it runs in."""

    def __init__(self) -> None:
        from hostile.seeds import tiny
        from sightline.studio.guard import Policy
        from sightline.studio.server import make_app
        from sightline.studio.service import Service
        from sightline.studio.sessions import Patience

        self.service = Service(
            tiny().split(seed=0), Patience(look=0.5, sessions=50, memory=5, grace=1, pause=2)
        )
        self.app = make_app(self.service, Policy())
        self.runner = asyncio.Runner()
        self.live = ""
        self.runner.run(self._begin())

    async def _begin(self) -> None:
        inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        started = asyncio.Event()

        async def send(_message: Any) -> None:
            started.set()

        inbox.put_nowait({"type": "lifespan.startup"})
        self.life = asyncio.create_task(self.app({"type": "lifespan", "state": {}}, inbox.get, send))
        await started.wait()

    async def ask(self, request: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
        """The answer to one request: status, headers, body."""
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        method, _, address = first.partition(b" ")
        address = address.partition(b" HTTP")[0].partition(b"#")[0]
        path, _, query = address.partition(b"?")
        pairs = [line.partition(b":") for line in lines if b":" in line]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": "",
            "method": method.decode("latin-1").upper(), "path": unquote_to_bytes(path).decode("utf-8", "replace"),
            "raw_path": path, "query_string": query, "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 7860),
            "headers": [(name.strip().lower(), value.strip()) for name, _, value in pairs], "state": {},
        }  # fmt: skip
        inbox = [{"type": "http.request", "body": body, "more_body": False}]
        status, headers, parts = 0, {}, []

        async def receive() -> dict[str, Any]:
            if inbox:
                return inbox.pop()
            await asyncio.sleep(0.005)
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers.update(message["headers"])
            else:
                parts.append(message.get("body", b""))

        await self.app(scope, receive, send)
        return status, headers, b"".join(parts)

    async def session(self) -> str:
        """The name of a session that is there and has a model, a new one where the last has gone."""
        for _ in range(400):
            if self.live:
                status, _, body = await self.ask(
                    b"GET /api/sessions/%s HTTP/1.1\r\nhost: localhost\r\n\r\n" % self.live.encode()
                )
                if status == 200 and json.loads(body)["model"] is not None:
                    return self.live
                if status == 200 and json.loads(body)["training"] is not None:
                    await asyncio.sleep(0.005)
                    continue
            _, _, body = await self.ask(b"POST /api/sessions HTTP/1.1\r\nhost: localhost\r\n\r\n")
            self.live = str(json.loads(body).get("session", ""))
            if not self.live:
                await asyncio.sleep(0.05)
        return self.live


@cache
def studio() -> Studio:
    """The one of this process."""
    return Studio()


def asked(folder: Path) -> tuple[int, dict[bytes, bytes], bytes]:
    """The answer to the request in a folder; refusals are errors as elsewhere."""
    from sightline.errors import UsageError

    one = studio()
    request = (folder / "contents").read_bytes()

    async def do() -> tuple[int, dict[bytes, bytes], bytes]:
        name = await one.session() if SESSION in request else ""
        return await one.ask(request.replace(SESSION, name.encode()))

    status, headers, body = one.runner.run(do())
    if 400 <= status < 500:
        answered((status, headers, body), {})
        raise UsageError(str(json.loads(body)["error"]), str(json.loads(body)["remedy"]))
    return status, headers, body


def answered(found: Any, _files: Any) -> None:
    """A status that API.md knows, the guard's headers, and a problem as JSON."""
    from hostile.readers import WrongError

    status, headers, body = found
    if status not in KNOWN:
        raise WrongError(f"status {status}: {body[:300]!r}")
    if headers.get(b"x-content-type-options") != b"nosniff":
        raise WrongError("an answer without the guard's headers")
    if status >= 400:
        try:
            problem = json.loads(body)
            fine = (
                isinstance(problem["error"], str) and problem["error"] and isinstance(problem["remedy"], str)
            )
        except (ValueError, KeyError, TypeError):
            fine = False
        if not fine:
            raise WrongError(f"status {status} without a problem: {body[:300]!r}")
