"""The door: who may ask, under which name, and what every answer forbids the browser."""

from __future__ import annotations

import ipaddress
import secrets
import socket
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.responses import JSONResponse, RedirectResponse, Response

from sightline.studio.packet import plain
from sightline.studio.wire import Problem

COOKIE = "sightline-studio"
HERE = frozenset({"localhost", "127.0.0.1", "::1"})
BODIES = ("application/json", "application/octet-stream", "text/plain")
"""What a body may call itself; beacons are text/plain, and may only say good-bye."""

ONCE = frozenset({"host", "origin", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", "authorization", "cookie",
                  "content-type", "content-length"})  # fmt: skip
"""Headers that decide; of two that do not agree it would be a matter of chance which is believed."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True, slots=True)
class Policy:
    """Under which `names` the studio may be reached, and the `token` that every request must show, or None.

    `any_address`: any IP address will do as a name. A name that an attacker owns can be made to point here (DNS
    rebinding); an address cannot.
    """

    names: frozenset[str] = HERE
    token: str | None = None
    any_address: bool = False
    headers: dict[str, str] = field(default_factory=lambda: dict(HEADERS))


def policy_for(host: str, names: tuple[str, ...] = ()) -> Policy:
    """The policy for a server that listens on `host`: open on this machine alone, else only with a token."""
    if host in HERE or _is_loopback(host):
        return Policy(HERE | {host} | {name.lower() for name in names})
    own = {host.lower(), socket.gethostname().lower(), socket.getfqdn().lower()}
    return Policy(HERE | own | {name.lower() for name in names}, secrets.token_urlsafe(24), any_address=True)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """Asks every request for its papers before the application sees it.

    1. Host: one of the policy's names. A page of another name that was made to point here is refused.
    2. Origin and Sec-Fetch-Site: what a page of another site sends is refused, but for a plain link to the page.
    3. The token, where there is one: as a cookie, or `Authorization: Bearer`; from the printed link it is turned
       into a cookie that no script can read and no other site can make the browser send.
    4. A body must say that it is JSON or bytes, which no form of another site can.

    WebSockets are refused: there are none.
    """

    def __init__(self, app: Any, policy: Policy) -> None:
        self.app, self.policy = app, policy
        self._extra = [(name.lower().encode(), value.encode()) for name, value in policy.headers.items()]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return

        async def marked(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *self._extra]
            await send(message)

        named = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        once = [name for name, _ in named if name in ONCE]
        if len(set(once)) < len(once):
            refusal: Any = refused(400, "a header that may come once came twice", "Send it once.")
        elif not scope.get("query_string", b"").isascii():
            refusal = refused(400, "the address holds letters that are not escaped", "Write them as %XX.")
        else:
            refusal = self._refusal(scope, dict(named))
        # Files are small, and a range may be ignored (RFC 9110, 14.2): wrong ones were answered in plain text.
        whole = [(name, value) for name, value in scope["headers"] if name != b"range"]
        await (self.app if refusal is None else refusal)({**scope, "headers": whole}, receive, marked)

    def _refusal(self, scope: Any, headers: dict[str, str]) -> Response | None:
        if not self._known(headers.get("host", "")):
            return refused(
                403,
                f"this studio does not go by the name '{headers.get('host', '')[:100]}'",
                "Open it under the address that it printed.",
            )
        if not self._same_site(scope, headers):
            return refused(403, "this request comes from another site", "Open the studio's own page.")
        if self.policy.token is not None:
            query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
            shown = query.get("token", [""])[0]
            if scope["path"] == "/" and shown and self._right(shown):
                return self._let_in()
            if not self._right(_bearer(headers)) and not self._right(_cookie(headers)):
                return refused(
                    403,
                    "this studio is only open with its token",
                    "Open the link that it printed at its start.",
                )
        if scope["method"] not in ("GET", "HEAD"):
            kind = headers.get("content-type", "").split(";")[0].strip().lower()
            empty = headers.get("content-length", "") == "0" or (
                "content-length" not in headers and "transfer-encoding" not in headers
            )
            leaving = scope["path"].endswith("/leave")
            if not (kind in BODIES[: 3 if leaving else 2] or (empty and not kind)):
                return refused(
                    415, f"a body of '{kind[:60]}' is not taken", f"Send {' or '.join(BODIES[:2])}."
                )
        return None

    def _known(self, host: str) -> bool:
        name = (urlsplit(f"//{host}").hostname or "") if _sane(host) else ""
        if name in self.policy.names:
            return True
        if not self.policy.any_address:
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _same_site(self, scope: Any, headers: dict[str, str]) -> bool:
        reading = scope["method"] in ("GET", "HEAD")
        origin, host = headers.get("origin"), headers.get("host", "")
        if origin is not None and origin.partition("://")[::2] not in (("http", host), ("https", host)):
            return False
        site = headers.get("sec-fetch-site", "none")
        if site in ("same-origin", "none"):
            return True
        linked = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        return reading and linked and scope["path"] == "/"

    def _right(self, shown: str) -> bool:
        token = self.policy.token
        return token is not None and secrets.compare_digest(shown.encode(), token.encode())

    def _let_in(self) -> Response:
        response = RedirectResponse("./", 303)
        assert self.policy.token is not None
        response.set_cookie(
            COOKIE, self.policy.token, max_age=7 * 86400, httponly=True, samesite="strict", path="/"
        )
        response.headers["Cache-Control"] = "no-store"
        return response


def refused(status: int, error: str, remedy: str) -> Response:
    """A `Problem` as an answer."""
    code: Any = {403: "forbidden", 413: "too-large"}.get(status, "usage")
    return JSONResponse(plain(Problem(error, remedy, code)), status, {"Cache-Control": "no-store"})


def _sane(host: str) -> bool:
    try:
        urlsplit(f"//{host}").port  # noqa: B018 - raises for what is no port
    except ValueError:
        return False
    return not set(host) & set("/?#@\\ ")


def _bearer(headers: dict[str, str]) -> str:
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _cookie(headers: dict[str, str]) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None else ""
