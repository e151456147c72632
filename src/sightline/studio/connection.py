"""One connection: what comes too slowly, or never ends, is cut off before it costs the others anything."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from sightline.studio import service

HEAD_SECONDS = 20.0
"""For a request's first line and headers, from the moment when the connection is there or the request begins."""

HEAD_BYTES = 64 << 10
"""Of a request's first line and headers; what is read at once (256 KiB) may go beyond."""

REST_SECONDS = 5.0
"""What a body may take longer than `service.BODY_SECONDS`: by then its reader has answered, or nobody reads it."""

STALL_SECONDS = 60.0
"""After which a client that takes no answers is hung up on."""


class Connection(HttpToolsProtocol):
    """Uvicorn's connection, with limits on what it waits for.

    1. The head of a request is whole within `HEAD_SECONDS` and `HEAD_BYTES`; else 408 or 431.
    2. The body is there within `service.BODY_SECONDS` and `REST_SECONDS`, whether anybody reads it or not.
    3. Who does not take what is sent is hung up on after `STALL_SECONDS`.
    4. A request names a path of this server. One that names another server as well (absolute form) is refused: two
       names that do not agree are how proxies are fooled.

    Between two requests uvicorn's own `timeout_keep_alive` holds.
    """

    _due: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _head, _in_body = 0, False
    _answered: Any = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing."""
        self._disarm()
        self._answer_nobody()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes of a head or of a body."""
        if self.transport.is_closing():
            return
        if self._due is None:
            self._await_head()
        if not self._in_body:
            self._head += len(data)
        super().data_received(data)
        if not self._in_body and self._due is not None and self._head > HEAD_BYTES:
            self._refuse(431)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        if not self.url.startswith(b"/"):
            raise ValueError(self.url)  # the parser makes a 400 of it
        self._disarm()
        self._head, self._in_body = 0, True
        self._due = self.loop.call_later(service.BODY_SECONDS + REST_SECONDS, self._hang_up)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is whole."""
        self._disarm()
        self._head, self._in_body = 0, False
        super().on_message_complete()

    def on_message_begin(self) -> None:
        """A request begins, perhaps in the middle of what was received."""
        if self._due is None:
            self._await_head()
        super().on_message_begin()

    def pause_writing(self) -> None:
        """The client does not take what is sent."""
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(STALL_SECONDS, self._drop)

    def resume_writing(self) -> None:
        """It does again."""
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _unsupported_upgrade_warning(self) -> None:
        """Who asks for a WebSocket is answered as if they had not; that is no news for who runs the studio."""

    def _await_head(self) -> None:
        self._due = self.loop.call_later(HEAD_SECONDS, self._refuse, 408)

    def _disarm(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _refuse(self, status: int) -> None:
        """Say why and hang up; where nothing was asked, or an earlier answer is on its way, only hang up."""
        self._disarm()
        answering = self.cycle is not None and not self.cycle.response_complete
        if self._head and not answering and not self.transport.is_closing():
            self.transport.write(STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n")
        self._hang_up()

    def _hang_up(self) -> None:
        self.transport.close()
        self.loop.call_later(REST_SECONDS, self._drop)  # where nobody takes what is left to send

    def _drop(self) -> None:
        self._answer_nobody()
        self.transport.abort()

    def _answer_nobody(self) -> None:
        """Let what is being answered know that nobody is there; uvicorn tells the newest request alone."""
        for cycle in (self._answered, self.cycle):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)


def room_for(connections: int) -> None:
    """Ask the system for as many open files as `connections` need, where it counts them: 256 are usual on macOS."""
    try:
        import resource
    except ImportError:  # Windows counts otherwise
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted: Any = connections + 256
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # fewer will have to do
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
