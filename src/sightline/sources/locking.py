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

    The file itself stays: deleting it would let two processes lock two different files of the same name.
    A file that merely exists (``O_EXCL``) would have to be judged stale by its age; this lock ends with its
    process instead.

    Raises
    ------
    StorageError
        The file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise StorageError(
            f"cannot write to {path.parent} ({error.strerror})",
            "Point SIGHTLINE_HOME at a folder you can write to.",
        ) from error
    try:
        while not _try(handle):
            time.sleep(0.05)
        yield
    finally:
        os.close(handle)  # gives the lock back


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
