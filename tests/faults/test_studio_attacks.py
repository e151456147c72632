"""Attacks on the studio as it is run: raw bytes over real sockets to a process of its own.

`tests/studio/test_guard.py` knocks at the guard; here are attacks that a tidy HTTP client cannot send, or that need a
whole process to be judged: what it answers and what it writes.
"""

import ast
import inspect
import json
import os
import random
import re
import socket
import textwrap

import pytest

from .door import BODY, HEAD, JSON, POST, REST, drained, parted, studio

pytestmark = pytest.mark.skipif(os.name == "nt", reason="processes are ended as POSIX ends them")


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    with studio(tmp_path_factory.mktemp("open")) as one:
        one.path = one.session()
        yield one


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    with studio(tmp_path_factory.mktemp("locked"), "--host", "0.0.0.0") as one:
        one.token = one.link.split("?token=")[1]
        yield one


# -- paths ----------------------------------------------------------------------------------------------

UP = ["../", "..%2f", "..%2F", "%2e%2e/", "%2e%2e%2f", ".%2e/", "..%252f", "%252e%252e%252f", "..%5c",
      "..\\", "....//", "%c0%ae%c0%ae/", "..%c0%af", "..;/", "%00../", "/"]  # fmt: skip


@pytest.mark.parametrize("up", UP)
def test_no_spelling_of_a_path_leaves_the_page(door, up):
    for start in ("/", "/assets/", "/widgets/"):
        for depth, file in (
            (12, "etc/passwd"),
            (1, "server.py"),
            (2, "server.py"),
            (1, "page.py"),
            (3, "errors.py"),
        ):
            status, body = door.ask(path=f"{start}{up * depth}{file}")
            assert status in (400, 404), (start, up, file)
            assert b"root:" not in body
            assert b"import" not in body


@pytest.mark.parametrize(
    "path",
    ["/index.html%00.png", "/index.html/", "/index.html%2f", "//index.html/..", "/api/sessions/..%2f..%2findex.html",
     "/api/images/0%2f..%2f1", "/api/images/1e1", "/api/images/0x1", "/api/hello%00", "/%", "/%zz", "/%u002e",
     "/a%0d%0aX: y", "/CON", "/aux.js", "/::$DATA", "/~root", "/.git/config", "/proc/self/environ", "*"],
)  # fmt: skip
def test_odd_paths_are_not_found(door, path):
    assert door.ask(path=path)[0] in (400, 404, 422)


@pytest.mark.parametrize("target", ["http://evil.example/api/hello", "http://127.0.0.1/api/hello", "file:///etc/passwd",
                                    "evil.example:443", "//evil.example:1@x", "http:/api/hello"])  # fmt: skip
def test_a_request_names_no_server_but_in_its_host(door, target):
    assert door.ask(path=target)[0] in (400, 404)
    assert door.ask("CONNECT", target)[0] in (400, 404, 405)


# -- names and sites ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1", 200), ("127.0.0.1:80", 200), ("LocalHost:5", 200), ("[::1]", 200), ("[::1]:9", 200),
     ("localhost.", 403), ("127.0.0.1.", 403), ("127.1", 403), ("2130706433", 403), ("0x7f000001", 403),
     ("0.0.0.0", 403), ("[::]", 403), ("[::ffff:127.0.0.1]", 403), ("[::1%25lo]", 403), ("127.0.0.1:65536", 403),
     ("127.0.0.1:-1", 403), ("127.0.0.1:", 200), ("127.0.0.1.nip.io", 403), ("localtest.me", 403),
     ("lo\u0131calhost", 403), ("localhost, evil.example", 403), ("localhost\tevil", 403),
     ("evil@localhost", 403), (None, 403), ("", 403)],
)  # fmt: skip
def test_only_names_of_this_machine_are_answered(door, host, status):
    assert door.ask(host=host)[0] == status
    assert door.ask("POST", "/api/sessions", host=host)[0] == (201 if status == 200 else status)


@pytest.mark.parametrize("name", ["Host", "Origin", "Sec-Fetch-Site", "Content-Type", "Authorization"])
def test_a_header_that_decides_comes_once(door, name):
    good = {"Host": "127.0.0.1", "Origin": "http://127.0.0.1", "Sec-Fetch-Site": "same-origin",
            "Content-Type": "text/html", "Authorization": "Bearer x"}[name]  # fmt: skip
    for pair in ((good, "evil.example"), ("evil.example", good), (good, good)):
        headers = [f"{name}: {one}" for one in pair]
        status, body = door.ask(headers=headers, host=None if name == "Host" else "127.0.0.1")
        assert status == 400, pair
        assert json.loads(body)["remedy"]


def test_old_http_is_held_to_the_same(door):
    assert parted(door.send(b"GET /api/hello HTTP/1.0\r\n\r\n"))[0] == 403
    assert parted(door.send(b"GET /api/hello HTTP/1.0\r\nHost: evil.example\r\n\r\n"))[0] == 403
    assert parted(door.send(b"GET /api/hello HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n"))[0] == 200
    assert parted(door.send(b"GET /api/hello\r\n\r\n"))[0] in (0, 400, 403)


@pytest.mark.parametrize(
    "origin",
    ["null", "", "http://", "http://[", "http://[::1", "http://127.0.0.1:{other}", "http://localhost:{port}",
     "file://127.0.0.1:{port}", "127.0.0.1:{port}", "http://127.0.0.1:{port}/", "http://127.0.0.1:{port}.evil.example",
     "http://x@127.0.0.1:{port}", "http://evil.example", "http://127.0.0.1:{port} http://evil.example"],
)  # fmt: skip
def test_other_origins_reach_nothing(door, origin):
    said = origin.format(port=door.port, other=door.port + 1)
    for method, path in (
        ("GET", "/api/hello"),
        ("GET", f"{door.path}/events"),
        ("POST", "/api/sessions"),
        ("POST", f"{door.path}/stop"),
        ("OPTIONS", "/api/sessions"),
    ):
        headers = [f"Origin: {said}", *([JSON] if method == "POST" else [])]
        assert door.ask(method, path, headers, host=door.address)[0] == 403, path


def test_streams_and_sockets_of_other_sites_are_refused(door):
    stream = ["Accept: text/event-stream", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors"]
    assert door.ask(path=f"{door.path}/events", headers=stream)[0] == 403
    handshake = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                 "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]  # fmt: skip
    for headers in (["Origin: http://evil.example"], []):
        status, _ = door.ask(path=f"{door.path}/passes", headers=[*handshake, *headers], host=door.address)
        assert status == (403 if headers else 200), "never 101"
    assert "WebSocket" not in door.complaints(), "a stranger's wish is no advice to who runs it"


# -- one request hidden in another ----------------------------------------------------------------------

HIDDEN = b"GET /api/hello HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    "data",
    [POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
     POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + HIDDEN,
     POST + b"Content-Length: 0\r\nContent-Length: 80\r\n\r\n" + HIDDEN,
     POST + b"Content-Length: 0, 80\r\n\r\n" + HIDDEN,
     POST + b"Content-Length: +0\r\n\r\n" + HIDDEN,
     POST + b"Content-Length: -1\r\n\r\n" + HIDDEN,
     POST + b"Content-Length: 99999999999999999999999999\r\n\r\n" + HIDDEN,
     POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
     POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + HIDDEN,
     POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
     POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
     POST + b"X: a\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
     POST + b"X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
     POST + b"X: a\nTransfer-Encoding: chunked\n\n0\n\n" + HIDDEN,
     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 64],
    ids=range(16),
)  # fmt: skip
def test_what_two_readers_could_read_differently_is_refused_whole(door, data):
    answer = door.send(data)
    assert parted(answer)[0] in (400, 505)
    assert answer.count(b"HTTP/1.1 ") == 1, "the hidden request was answered"


# -- bodies ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    ["text/html", "text/xml", "application/xml", "image/svg+xml", "application/jsonx", "application/x-json",
     "json", "", "text/plain", "multipart/form-data; boundary=a", "application/x-www-form-urlencoded",
     "text/html;application/json", "application/json, text/html", "\x0bapplication/json", "application/csp-report"],
)  # fmt: skip
def test_other_kinds_of_body_are_not_taken(door, kind):
    for path in ("/api/sessions", f"{door.path}/train", f"{door.path}/predict", "/api/uploads"):
        assert door.ask("POST", path, [f"Content-Type: {kind}"], b"{}")[0] in (400, 415), path


def setup(**changes):
    whole = {
        "recipe": "pca",
        "C": 1.0,
        "n_components": 5,
        "degree": None,
        "classes": [],
        "n_train": None,
        "seed": 0,
    }
    return {**whole, **changes}


def body(text):
    """A train request whose C, components, seed and classes are this text, each in turn."""
    for key in ("C", "n_components", "seed", "classes", "n_train", "recipe"):
        yield json.dumps({"setup": setup(**{key: "@"})}).replace('"@"', text).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    "text",
    ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5000, "-" + "9" * 400, "0." + "0" * 400 + "1", "1e-400",
     "[" * 9000 + "]" * 9000, '{"a":' * 9000 + "1" + "}" * 9000, "[" * 60000, '"' + "\\ud800" * 50 + '"',
     '"\ud800"', '"\\u0000"', '["' + '","'.join("a" * 9 for _ in range(4000)) + '"]',
     "[[]]", "[{}]", "{}", "true", '"' + "a" * 60000 + '"'],
    ids=range(21),
)  # fmt: skip
def test_numbers_and_depths_that_are_none_are_one_message(door, text):
    for content in body(text):
        status, answer = door.ask("POST", f"{door.path}/train", [JSON], content)
        assert status == 422, (content[:90], answer[:200])
        assert json.loads(answer)["code"] == "usage"


@pytest.mark.parametrize(
    "number", ["-1", "9" * 18, "9" * 400, "9" * 5000, "0x10", "1_0", "%D9%A3", "NaN", "1e5", "+1"]
)
def test_numbers_in_addresses_are_read_with_care(door, number):
    for path in ("images/@", "thumbs/@", "stages/@", f"{door.path[5:]}/weights/@", f"{door.path[5:]}/cells/@",
                 f"{door.path[5:]}/explain/@", f"{door.path[5:]}/explain/0?neighbours=@"):  # fmt: skip
        status, body = door.ask(path=f"/api/{path.replace('@', number)}")
        assert status in (200, 404, 422), path
        assert status != 200 or b"SLP1" in body or path.startswith(("images", "thumbs"))


def test_no_bytes_at_all_are_an_error_of_its_own(door):
    """Requests with bytes changed, doubled and cut at random: refused or answered, never a failure inside."""
    rng = random.Random(0)
    fields = ("Cookie: a=b; c", "Authorization: Bearer x", "Origin: http://127.0.0.1", "Sec-Fetch-Site: none",
              "If-None-Match: x", "Last-Event-ID: 5", "Host: 127.0.0.1", "Connection: close")  # fmt: skip
    head = "\r\n".join(fields)
    seeds = [f"POST {door.path}/train?a=1 HTTP/1.1\r\n{head}\r\n{JSON}\r\nContent-Length: 2\r\n\r\n{{}}",
             f"GET {door.path}/weights/0 HTTP/1.1\r\n{head}\r\n\r\n"]  # fmt: skip
    for _ in range(300):
        data = bytearray(rng.choice(seeds).encode())
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(data))
            put = (
                rng.randbytes(1),
                b"%00",
                b"%ff",
                b"\xff",
                b"'",
                b"[",
                b"..",
                b":",
                b"\r\n",
                data[at : at + 20],
            )
            data[at : at + rng.choice((0, 0, 1, 9))] = rng.choice(put)
        with door.call() as one:
            one.sendall(data)
            one.shutdown(socket.SHUT_WR)
            one.settimeout(BODY + REST + HEAD + 5)
            assert parted(drained(one))[0] != 500, bytes(data)
    assert "Traceback" not in door.complaints()


# -- the token ------------------------------------------------------------------------------------------


def test_no_guess_opens_the_door(locked):
    token = locked.token
    guesses = [token[:-1], token[1:], token + "a", token.swapcase(), token[::-1], token + "%00", "%00" + token,
               token * 2, "*", "%", "null", "undefined", "None", "true", "0", "", "a" * 32, "a" * 30000,
               f"{token[:-1]}\u00e9", f"'{token}'", "[]"]  # fmt: skip
    rng = random.Random(1)
    for _ in range(60):  # right but for one letter
        at, letter = rng.randrange(len(token)), rng.choice("abcdefghijklmnopqrstuvwxyz")
        guesses.append(token[:at] + letter + token[at + 1 :])
    for guess in guesses:
        if guess == token:
            continue
        for path, headers in (
            (f"/?token={guess}", []),
            (f"/?token=&token={guess}", []),
            (f"/api/hello?token={token}", []),
            ("/api/hello", [f"Authorization: Bearer {guess}"]),
            ("/api/hello", [f"Cookie: sightline-studio={guess}"]),
        ):
            status, body = locked.ask(path=path, headers=headers)
            assert status in (400, 403), (path[:90], headers)
            assert token.encode() not in body
    assert locked.ask(headers=[f"Authorization: Bearer {token}"])[0] == 200
    assert locked.ask(headers=[f"Authorization: Bearer {token}"], host="evil.example")[0] == 403


def test_the_token_is_compared_in_constant_time_alone():
    from sightline.studio import guard

    tree = ast.parse(textwrap.dedent(inspect.getsource(guard.Guard)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and re.search(r"token|shown", ast.unparse(node)):
            assert ast.unparse(node) in ("self.policy.token is not None", "token is not None"), ast.unparse(
                node
            )
    assert "secrets.compare_digest(shown.encode(), token.encode())" in ast.unparse(tree)


def test_the_token_is_told_once_and_written_nowhere(locked):
    token = locked.token.encode()
    answer = locked.send(b"GET /?token=%b HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n" % token)
    lines = [line for line in answer.split(b"\r\n") if token in line]
    assert [line.split(b":")[0].lower() for line in lines] == [b"set-cookie"]
    assert b"referrer-policy: no-referrer" in answer.lower()
    assert b"no-store" in answer
    for path in (
        b"/x?token=" + token,
        b"/api/x?token=" + token,
        b"/" + token + b"?\xff",
        b"/api/sessions/?token=" + token,
    ):
        cookie = b"Cookie: sightline-studio=" + token + b"\r\n"
        found = locked.send(
            b"GET %b HTTP/1.1\r\nHost: 127.0.0.1\r\n%bConnection: close\r\n\r\n" % (path, cookie)
        )
        assert token not in found.replace(b"/" + token, b""), path
    locked.send(
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: sightline-studio=" + token + b"\r\nbroken\r\n\r\n"
    )
    assert locked.token not in locked.complaints()
    assert all("?token=" in line for line in locked.lines if locked.token in line), "the links, and no more"
