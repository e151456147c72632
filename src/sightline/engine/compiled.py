"""Inner loops in C, where the installation has them: libraries called through ctypes.

The build compiles them where it finds a C compiler; without one, and with ``SIGHTLINE_NATIVE=0``, everything runs
on NumPy and gives the same results within rounding.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

CALLS = 2
"""A library that answers another number takes other arguments, and is not called; see level.c."""


@cache
def _opened(path: Path) -> ctypes.CDLL | None:
    try:
        found = ctypes.CDLL(str(path)) if path.exists() else None
        return found if found is not None and found.calls() == CALLS else None
    except (OSError, AttributeError):  # built for another machine, or from other sources than these
        return None


def library(path: Path) -> ctypes.CDLL | None:
    """The library at `path`, or None where it is not built, not wanted, or is not of these sources."""
    return None if os.environ.get("SIGHTLINE_NATIVE", "1") == "0" else _opened(path)


def level(path: Path) -> int:
    """How far the vector instructions of this processor go, see level.c."""
    opened = _opened(path)
    return 0 if opened is None else int(opened.level())


def function(path: Path, name: str, result: Any, arguments: Sequence[Any]) -> Callable[..., Any]:
    """``NAME_LEVEL`` of the library at `path`, for the level of this processor."""
    opened = _opened(path)
    assert opened is not None
    found = getattr(opened, f"{name}_{level(path)}")
    found.restype, found.argtypes = result, arguments
    return found  # type: ignore[no-any-return]
