"""Writing files so that what was there before is never lost: aside first, then renamed.

What is on its way to ``NAME`` is in ``.NAME.XXXXXXXX.part`` beside it, which its writer keeps locked. Who writes to
``NAME`` next removes those that nobody has locked: their writers were killed. Where nothing can be locked, as on
Windows, they stay.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sightline.errors import SightlineError, StorageError


@contextmanager
def written_aside(target: Path, what: str) -> Iterator[Path]:
    """Give a file beside `target` to write to; it takes the place of `target` when all went well.

    Parameters
    ----------
    target : Path
        The file to make or replace; its folder must exist.
    what : str
        What the file is, for the message: "the report".

    Raises
    ------
    StorageError
        It cannot be written; what was there before is still there, and nothing else.

    Notes
    -----
    What is given exists and is empty. Law: whoever is killed, at any moment, leaves the old file or the whole new one
    as `target`; what he left aside is gone when `target` has been written the next time.
    """
    with _errors_named(target, what), _held_aside(target) as aside:
        yield aside
        aside.replace(target)


@contextmanager
def written_together(folder: Path, what: str) -> Iterator[Path]:
    """Give a folder to write files in; all of them take their places in `folder` when all went well.

    Parameters
    ----------
    folder : Path
        Where they belong; it must exist. Other files in it are left alone.
    what : str
        What they are, for the message: "the run".

    Raises
    ------
    StorageError
        They cannot be written; what was there before is still there, and nothing else.

    Notes
    -----
    Law: two that write to one folder at once leave the files of one of them, not some of each, where folders can be
    locked. Taking their places is a matter of milliseconds; a kill in these can leave new and old files, each whole.
    """
    with _errors_named(folder, what), _held_aside(folder / "all") as mark:
        stage = _stage_of(mark)
        try:
            stage.mkdir()
            yield stage
            with _alone_in(folder):
                for path in sorted(one for one in stage.rglob("*") if one.is_file()):
                    place = folder / path.relative_to(stage)
                    place.parent.mkdir(parents=True, exist_ok=True)
                    path.replace(place)
        except StorageError as error:  # of one of the files: its user knows no stage
            raise StorageError(error.what.replace(str(stage), str(folder)), error.remedy) from error
        finally:
            shutil.rmtree(stage, ignore_errors=True)


def remove_left(target: Path) -> None:
    """Remove what writers of `target` that were killed left aside; what cannot be removed stays."""
    ours = re.compile(re.escape(f".{target.name}.") + r"[0-9a-f]{8}\.part")
    with contextlib.suppress(OSError):
        for path in [Path(one.path) for one in os.scandir(target.parent) if ours.fullmatch(one.name)]:
            with contextlib.suppress(OSError):
                _remove_free(path)


def made_folder(path: Path) -> Path:
    """Return `path` as a folder that may be written to, made with its parents where it did not exist.

    Raises
    ------
    StorageError
        It cannot be made or written to, or a file is in its place.
    """
    remedy = "Choose a place that may be written to, with --out."
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"the folder '{path}' cannot be made ({error.strerror or error})", remedy
        ) from error
    effective = os.access in os.supports_effective_ids
    if not os.access(path, os.W_OK | os.X_OK, effective_ids=effective):  # said before the work, not after it
        raise StorageError(f"the folder '{path}' may not be written to", remedy)
    return path


@contextmanager
def _errors_named(target: Path, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if isinstance(error, SightlineError):
            raise
        raise StorageError(
            f"{what} cannot be written to '{target}' ({error.strerror or error})",
            "Choose a folder that exists, may be written to, and has space.",
        ) from error


@contextmanager
def _held_aside(target: Path) -> Iterator[Path]:
    """Make an empty file beside `target` and keep it locked; it is gone afterwards, unless it was renamed."""
    remove_left(target)
    aside, handle = _made_aside(target)
    try:
        yield aside
    finally:
        with contextlib.suppress(OSError):
            aside.unlink()
        if handle is not None:
            os.close(handle)


def _made_aside(target: Path) -> tuple[Path, int | None]:
    while True:
        # Not mkstemp: its files are for their owner alone, and results are to be shared.
        aside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        handle = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        if sys.platform == "win32":  # an open file cannot be renamed there
            os.close(handle)
            return aside, None
        if _lock(handle) is not False and aside.exists():
            return aside, handle
        os.close(handle)  # somebody removed what was left, this among it, before it was locked: once more


def _stage_of(mark: Path) -> Path:
    return mark.with_name(f"{mark.stem}.folder.part")


def _remove_free(path: Path) -> None:
    """Remove a file that was left aside, and the folder that belongs to it, if nobody has it locked."""
    handle = os.open(path, os.O_RDWR)
    try:
        if _lock(handle):
            shutil.rmtree(_stage_of(path), ignore_errors=True)
            path.unlink()
    finally:
        os.close(handle)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until nobody else moves files into `folder`, where folders can be locked."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _lock(handle: int) -> bool | None:
    """Lock an open file: whether nobody else has; None where the system or the disk cannot lock."""
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True
