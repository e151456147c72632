"""A lock between processes, held by the operating system, so that a killed holder never leaves it behind."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sightline.errors import StorageError


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock named by `path` during the ``with`` block; wait while another process or thread holds it.

    The file itself stays; `remove_free` alone deletes it, and who then holds a deleted file locks the new one.
    A file that merely exists (``O_EXCL``) would have to be judged stale by its age; this lock ends with its
    process instead.

    Raises
    ------
    StorageError
        The file cannot be written.
    """
    handle = _acquired(path)
    try:
        yield
    finally:
        os.close(handle)  # gives the lock back


def remove_free(path: Path) -> None:
    """Delete the file of a lock that nobody holds; one that is held, or is not ours, stays."""
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return
    try:
        if _try(handle):
            path.unlink()
    except OSError:  # where an open file cannot be deleted, an empty one stays
        pass
    finally:
        os.close(handle)


def _acquired(path: Path) -> int:
    while True:
        handle = _open(path)
        try:
            while not _try(handle):
                time.sleep(0.05)
            if _still(path, handle):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise StorageError(
            f"cannot write to {path.parent} ({error.strerror})",
            "Point SIGHTLINE_HOME at a folder you can write to.",
        ) from error


def _still(path: Path, handle: int) -> bool:
    """Whether the file that is locked is still the one of that name."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _try(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
