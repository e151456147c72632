"""Writing files so that what was there before is never lost: aside first, then renamed."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sightline.errors import StorageError


@contextmanager
def written_aside(target: Path, what: str) -> Iterator[Path]:
    """Give a path beside `target` to write to; it takes the place of `target` when all went well.

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
    """
    # Not mkstemp: its files are for their owner alone, and results are to be shared.
    aside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        yield aside
        aside.replace(target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            aside.unlink()
        if not isinstance(error, OSError) or isinstance(error, StorageError):
            raise
        raise StorageError(
            f"{what} cannot be written to '{target}' ({error.strerror or error})",
            "Choose a folder that exists, may be written to, and has space.",
        ) from error


def made_folder(path: Path) -> Path:
    """Return `path` as a folder that exists, made with its parents where it did not.

    Raises
    ------
    StorageError
        It cannot be made, or a file is in its place.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"the folder '{path}' cannot be made ({error.strerror or error})",
            "Choose a place that may be written to, with --out.",
        ) from error
    return path
