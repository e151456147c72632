"""Strangers at the door: each test is an attack that a browser or a script can make."""

import io
import os
import socket
import struct
import time
import zlib

import httpx
import numpy as np
import pytest

from sightline.studio import uploads
from sightline.studio.guard import COOKIE, policy_for

from .conftest import BYTES, opened

TOKEN = "t0ken-of-this-test"


@pytest.fixture(scope="module")
def paged(digits, page):
    with opened(digits, page=page) as one:
        yield one


@pytest.fixture(scope="module")
def locked(digits, page):
    import dataclasses

    policy = dataclasses.replace(policy_for("0.0.0.0"), token=TOKEN)
    with opened(digits, policy=policy, page=page) as one:
        yield one


# -- names: DNS rebinding -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "localhost.evil.example", "10.1.2.3", "",
     "evil.example#127.0.0.1", "user@127.0.0.1", "127.0.0.1/x", "[::1", "127.0.0.1:port"],
)  # fmt: skip
def test_a_page_of_another_name_that_points_here_is_refused(paged, host):
    answer = paged.client.get("/api/hello", headers={"host": host})
    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden"


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1:8888", "[::1]:7860", "LOCALHOST"])
def test_this_machine_may_be_called_by_its_names_through_any_tunnel(paged, host):
    assert paged.client.get("/api/hello", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("asked", ["bytes=0-3", "bytes=9-1", "bytes=zz", "letters=1-2"])
def test_files_come_whole_whatever_range_is_asked_for(paged, asked):
    answer = paged.client.get("/", headers={"range": asked})
    assert answer.status_code == 200
    assert answer.content == paged.client.get("/").content


# -- other sites ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost"])
def test_what_a_page_of_another_site_sends_is_refused(paged, origin):
    for send in (
        lambda: paged.client.post("/api/sessions", headers={"origin": origin}),
        lambda: paged.client.get("/api/hello", headers={"origin": origin}),
        lambda: paged.client.post("/api/uploads", content=b"x", headers={"origin": origin, **BYTES}),
    ):
        assert send().status_code == 403


def test_the_own_page_may_ask(paged):
    origin = paged.address
    assert paged.client.post("/api/sessions", headers={"origin": origin}).status_code == 201


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_images_scripts_and_frames_of_other_sites_get_nothing(paged, site):
    for path, mode, dest in (
        ("/api/images/0", "no-cors", "image"),
        ("/assets/app-1a2b.js", "no-cors", "script"),
        ("/", "navigate", "iframe"),
        ("/api/hello", "navigate", "document"),
    ):
        headers = {"sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest}
        assert paged.client.get(path, headers=headers).status_code == 403, path
    headers = {"sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert paged.client.get("/", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_forms_of_other_sites_cannot_speak_to_it(paged, kind):
    answer = paged.client.post("/api/sessions", content=b"{}", headers={"content-type": kind})
    assert answer.status_code == 415


def test_a_websocket_is_refused(paged):
    port = int(paged.address.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), 10) as one:
        one.sendall(
            b"GET /api/hello HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Origin: https://evil.example\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            b"Sec-WebSocket-Version: 13\r\n\r\n"
        )
        assert b" 403 " in one.recv(200)


# -- the token ------------------------------------------------------------------------------------------


def test_only_this_machine_needs_no_token():
    assert policy_for("127.0.0.1").token is None
    assert policy_for("::1").token is None
    assert policy_for("localhost").token is None
    for host in ("0.0.0.0", "::", "192.168.1.5", "some-host"):
        token = policy_for(host).token
        assert token is not None
        assert len(token) >= 32
        assert token != policy_for(host).token


def test_without_the_token_nothing_is_open(locked):
    for path in (
        "/",
        "/api/hello",
        "/assets/app-1a2b.js",
        "/data/manifest.json",
        "/api/sessions",
        "/?token=",
        "/?token=x",
    ):
        assert locked.client.get(path).status_code == 403, path
    for headers in (
        {"authorization": "Bearer wrong"},
        {"authorization": f"Basic {TOKEN}"},
        {"cookie": f"{COOKIE}=wrong"},
        {"cookie": f"other={TOKEN}"},
        {"cookie": 'a b;;=;"x'},
        {"x-forwarded-for": "127.0.0.1", "x-forwarded-host": "localhost"},
    ):
        assert locked.client.get("/api/hello", headers=headers).status_code == 403, headers
    assert locked.client.get(f"/api/hello?token={TOKEN}").status_code == 403, "the link opens the page alone"


def test_the_printed_link_lets_in_and_leaves_no_token_in_the_address(locked):
    with httpx.Client(base_url=locked.address) as client:
        answer = client.get(f"/?token={TOKEN}")
        assert answer.status_code == 303
        assert answer.headers["location"] == "./"
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert client.get("/").status_code == 200
        assert client.get("/api/hello").status_code == 200
        assert client.get("/api/hello", headers={"host": "evil.example"}).status_code == 403
        assert client.get("/api/hello", headers={"host": "192.168.1.5:80"}).status_code == 200
    bearer = {"authorization": f"Bearer {TOKEN}"}
    assert locked.client.get("/api/hello", headers=bearer).status_code == 200


# -- what every answer says -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/api/hello", "/nothing", "/assets/app-1a2b.js"])
def test_every_answer_forbids_foreign_and_inline_scripts_and_frames(paged, path):
    headers = paged.client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers or "uvicorn" not in headers["server"]


# -- paths ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets/link.txt",
     "/assets/..\\..\\secret.txt", "//etc/passwd", "/etc/passwd", "/assets/%00", "/assets/", "/assets",
     "/file:///etc/passwd", "/C:/Windows/win.ini", "/api/../../secret.txt", "/__init__.py", "/server.py"],
)  # fmt: skip
def test_no_path_of_the_disk_is_served(paged, path):
    port = int(paged.address.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), 10) as one:  # as it is: a client library would tidy it
        one.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while part := one.recv(65536):
            answer += part
    assert answer.split(b" ", 2)[1] in (b"404", b"400"), answer[:200]
    assert b"secret" not in answer.split(b"\r\n\r\n", 1)[1].replace(b"secret.txt", b"")
    assert b"root:" not in answer


def test_the_page_is_served_with_its_kinds(paged):
    assert paged.client.get("/").headers["content-type"].startswith("text/html")
    script = paged.client.get("/assets/app-1a2b.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]


def test_where_the_page_is_not_built_it_says_what_to_do(digits, tmp_path):
    with opened(digits, page=tmp_path) as studio:
        answer = studio.client.get("/")
        assert answer.status_code == 503
        assert "npm run build" in answer.text
        assert studio.client.get("/api/hello").status_code == 200


# -- bodies ---------------------------------------------------------------------------------------------


def test_a_huge_upload_is_not_even_read(paged):
    port = int(paged.address.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), 10) as one:
        one.sendall(
            b"POST /api/uploads HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\n"
            b"Content-Length: 99999999999\r\n\r\n"
        )
        assert b" 413 " in one.recv(300)


def test_a_body_that_does_not_say_its_length_is_cut_off(paged, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_BYTES", 1 << 20)
    sent = []

    def endless():
        for _ in range(400):
            sent.append(1)
            yield b"\0" * 65536

    try:
        answer = paged.client.post("/api/uploads", content=endless(), headers=BYTES)
        assert answer.status_code == 413
    except httpx.HTTPError:  # the server hung up in the middle, which is as good
        pass
    assert len(sent) < 400 or os.name == "nt"
    assert paged.client.get("/api/hello").status_code == 200


def png(width, height, data):
    def chunk(kind, content):
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_a_pixel_bomb_is_refused_before_it_is_decoded(paged):
    bomb = png(60_000, 60_000, zlib.compress(b"\0" * 1000))
    began = time.perf_counter()
    answer = paged.client.post("/api/uploads", content=bomb, headers=BYTES)
    assert answer.status_code == 422
    assert answer.json()["code"] == "data"
    assert time.perf_counter() - began < 2


def good_png():
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.arange(4096, dtype=np.uint8).reshape(64, 64)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")  # Pillow's own; `serve` silences it
@pytest.mark.parametrize(
    "content",
    [b"", b"\0", b"GIF89a", b"\x89PNG\r\n\x1a\n", good_png()[:60], good_png().replace(b"IDAT", b"IDAX"),
     b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"%PDF-1.7", b"RIFF\0\0\0\0WEBP",
     b"II*\0" + b"\xff" * 64,
     np.random.default_rng(0).bytes(5000), png(0, 0, b""), png(64, 64, b"not zlib")],
    ids=range(13),
)  # fmt: skip
def test_bytes_that_are_no_image_are_one_message(paged, content):
    answer = paged.client.post("/api/uploads", content=content, headers=BYTES)
    assert answer.status_code == 422
    assert answer.json()["code"] == "data"
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("content", [b"", b"\0" * 63, b"\0" * 65, b"\0" * 64 * 257])
def test_images_of_a_wrong_size_are_refused(paged, content):
    address = paged.session()
    for path in ("predict", "explain"):
        answer = paged.client.post(f"{address}/{path}", content=content, headers=BYTES)
        assert answer.status_code in (413, 422), (path, len(content))


BAD_SETUPS = [
    {"recipe": "no-such"}, {"C": 0}, {"C": -1}, {"C": 1e300}, {"C": "1"}, {"C": None}, {"recipe": 5},
    {"classes": ["3"]}, {"classes": ["3", "no"]}, {"classes": "38"}, {"n_train": 1}, {"n_train": 10**9},
    {"n_train": -5}, {"seed": -1}, {"seed": 10**20}, {"recipe": "pca", "n_components": 0},
    {"recipe": "pca", "n_components": 10**6}, {"recipe": "pca-poly", "degree": 9},
    {"recipe": "pca-poly", "n_components": 64, "degree": 3},
]  # fmt: skip


@pytest.mark.parametrize("change", BAD_SETUPS, ids=str)
def test_impossible_setups_are_refused_in_one_message(paged, change):
    address = paged.session()
    base = change["recipe"] if change.get("recipe") in ("pca", "pca-poly") else "pixels"
    answer = paged.train(address, base, **change)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "usage"
    assert paged.state(address)["training"] is None


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"null", b'{"setup": {}}', b'{"setup": NaN}', b"\xff\xfe", b"[" * 5000]
)
def test_bodies_that_are_no_requests_are_refused(paged, body):
    address = paged.session()
    headers = {"content-type": "application/json"}
    answer = paged.client.post(f"{address}/train", content=body, headers=headers)
    assert answer.status_code == 422, answer.text
    assert paged.client.post(f"{address}/pace", content=b'"x"', headers=headers).status_code == 422
    assert paged.client.post(f"{address}/pace", content=b"-1", headers=headers).status_code == 422
    large = b" " * (1 << 20)
    assert paged.client.post(f"{address}/train", content=large, headers=headers).status_code == 413
