"""Fetching files: mirrors in turn, resumed where the server allows, believed only when the digest agrees.

Pooch names, checks and moves the finished file; but its own downloader starts again from nothing after an
interruption, so `_Downloader` takes its place: it keeps what has come in a ``.part`` file and asks for the
rest.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from ssl import SSLError
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from sightline.errors import DownloadError, StorageError
from sightline.sources.catalog import RemoteFile
from sightline.sources.locking import locked

Progress = Callable[[int, int | None], object]
TIMEOUT = 30.0
CHUNK = 1 << 18
JSON_LIMIT = 32 << 20
POOCH_ASIDE = "tmp" + 8 * "[a-z0-9_]"
"""Names of the files that pooch takes what has come through."""
REMOVED = "It was removed. Another file may have taken its place, or a proxy answered instead."
OFFLINE = "Check the connection and try again, or work offline with 'digits' or files of your own."


class _Unreachable(Exception):
    """This mirror did not deliver; the next one may. Never leaves this module."""


class _Different(_Unreachable):
    """It delivered, but something else than was expected."""


def fetch(file: RemoteFile, addresses: Sequence[str], folder: Path, progress: Progress | None = None) -> Path:
    """Return the local path of a file, fetching it if it is not there.

    Parameters
    ----------
    file : RemoteFile
        Its name, digest and size. Without a digest the first fetch is trusted: what came is recorded beside
        the file as ``NAME.digest`` and holds from then on.
    addresses : sequence of str
        Full addresses of the file, tried in turn.
    folder : Path
        Where it is kept.
    progress : callable, optional
        Told (bytes so far, bytes in all or None).

    Raises
    ------
    DownloadError
        No address delivers, or what came has another digest everywhere (then it is removed).
    StorageError
        The folder cannot be written, or the disk is full.
    """
    path, record = folder / file.name, folder / f"{file.name}.digest"
    reasons: list[_Unreachable] = []
    with locked(folder / ".lock"):
        try:
            for left in folder.glob(POOCH_ASIDE):  # of who was killed: who has the lock is alone here
                left.unlink()
            known = file.digest or _recorded(record)
            if path.exists() and known is not None and file_digest(path, known) == known:
                return path
            for address in addresses:
                try:
                    _retrieve(address, known, file.size, path, progress)
                except _Unreachable as error:
                    reasons.append(type(error)(f"{address}: {error}"))
                else:
                    if known is None:
                        record.write_text(file_digest(path, "sha256:"))
                    return path
        except OSError as error:
            raise StorageError(
                f"cannot store {path} ({error.strerror or error})",
                "Free some space, or point SIGHTLINE_HOME at a folder you can write to.",
            ) from error
    why = "; ".join(map(str, reasons))
    other = any(isinstance(reason, _Different) for reason in reasons)
    raise DownloadError(f"cannot fetch {file.name} ({why})", REMOVED if other else OFFLINE)


def _recorded(record: Path) -> str | None:
    """Return the digest noted when the file first came; None if none was, or the note is damaged."""
    text = record.read_text("utf-8", "replace").strip() if record.exists() else ""
    return text if re.fullmatch("sha256:[0-9a-f]{64}", text) else None


def _retrieve(
    address: str, known: str | None, size: int | None, path: Path, progress: Progress | None
) -> None:
    import logging

    import pooch

    pooch.get_logger().setLevel(logging.WARNING)
    downloader = _Downloader(path.with_name(path.name + ".part"), known, size, progress)
    pooch.retrieve(address, known_hash=known, fname=path.name, path=path.parent, downloader=downloader)


def file_digest(path: Path, like: str) -> str:
    """Digest of a file, written ``algorithm:hexadecimal`` with the algorithm of `like`."""
    import hashlib

    algorithm = like.partition(":")[0]
    with path.open("rb") as file:
        return f"{algorithm}:{hashlib.file_digest(file, algorithm).hexdigest()}"


@dataclass(frozen=True, slots=True)
class _Downloader:
    """What pooch calls to bring `url` to `output`; resumes `part` if a digest can check the whole."""

    part: Path
    known: str | None
    size: int | None
    progress: Progress | None

    def __call__(self, url: str, output: str, _pooch: object, check_only: bool = False) -> None:
        if self.known is None:
            self.part.unlink(missing_ok=True)
        resumed = self.part.exists() and self.part.stat().st_size > 0
        self._stream(url)
        if (
            resumed and self._mismatch()
        ):  # the kept part may have been of something else: once more from nothing
            self.part.unlink()
            self._stream(url)
        found = self._mismatch()
        if found:
            self.part.unlink()
            raise _Different(f"what came has the digest {found}, not {self.known}")
        self.part.replace(output)

    def _mismatch(self) -> str | None:
        """Digest of the part if it differs from the known one."""
        if self.known is None:
            return None
        found = file_digest(self.part, self.known)
        return None if found == self.known else found

    def _stream(self, url: str) -> None:
        have = self.part.stat().st_size if self.part.exists() else 0
        try:
            with _open(url, {"Range": f"bytes={have}-"} if have else {}) as response:
                if have and not _continues(response, have):
                    have = 0
                length = response.headers.get("Content-Length")
                total = have + int(length) if length and length.isdigit() else None
                self._write(response, have, total)
        except HTTPError as error:
            error.close()
            if error.code == 416 and have:  # nothing left to send: whole already, or longer than the original
                if self._mismatch() is None:
                    return None
                self.part.unlink()
                return self._stream(url)
            raise _Unreachable(f"the server answers {error.code} {error.reason}") from error
        except URLError as error:
            raise _Unreachable(str(error.reason)) from error
        except (http.client.HTTPException, ConnectionError, TimeoutError, SSLError) as error:
            raise _Unreachable(f"interrupted ({error or type(error).__name__})") from error

    def _write(self, response: http.client.HTTPResponse, have: int, total: int | None) -> None:
        with self.part.open("ab" if have else "wb") as file:
            while piece := response.read(CHUNK):
                file.write(piece)
                have += len(piece)
                if self.progress is not None:
                    self.progress(have, total or self.size)
                if self.size is not None and have > self.size:
                    break  # too long: the digest will tell, and an endless answer must not fill the disk
        if total is not None and have < total and (self.size is None or have < self.size):
            raise _Unreachable(f"interrupted after {have:,} of {total:,} bytes")


def _continues(response: http.client.HTTPResponse, have: int) -> bool:
    start = (response.headers.get("Content-Range") or "").removeprefix("bytes ").partition("-")[0]
    return response.status == 206 and start == str(have)


def _open(url: str, headers: dict[str, str]) -> http.client.HTTPResponse:
    from importlib.metadata import PackageNotFoundError, version

    try:
        number = version("sightline")
    except PackageNotFoundError:  # run from its sources, not installed
        number = "0"
    if not url.startswith(("http://", "https://")):
        raise _Unreachable("not an http or https address")
    agent = {"User-Agent": f"sightline/{number}", "Accept-Encoding": "identity"}
    try:
        response: http.client.HTTPResponse = urlopen(Request(url, headers=agent | headers), timeout=TIMEOUT)
    except ValueError as error:
        raise _Unreachable(f"not an address ({error})") from error
    return response


def fetch_json(url: str) -> Any | None:
    """Return the JSON at an address, or None where the server says that there is nothing (404, 412).

    Raises
    ------
    DownloadError
        The server cannot be reached, or its answer is not JSON.
    """
    try:
        with _open(url, {"Accept": "application/json"}) as response:
            return json.loads(response.read(JSON_LIMIT))
    except HTTPError as error:
        error.close()
        if error.code in (404, 412):
            return None
        raise DownloadError(f"{url} answers {error.code} {error.reason}", OFFLINE) from error
    except URLError as error:
        raise DownloadError(f"cannot reach {url} ({error.reason})", OFFLINE) from error
    except (_Unreachable, http.client.HTTPException, OSError) as error:
        raise DownloadError(f"cannot reach {url} ({error or type(error).__name__})", OFFLINE) from error
    except ValueError as error:
        raise DownloadError(f"{url} does not answer with JSON", OFFLINE) from error
