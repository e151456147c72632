"""Memory that nobody uses any more goes back to the system."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache

M_ARENA_MAX = -8
"""Of glibc's malloc.h."""

HEAPS = 2


def keep_few_heaps() -> None:
    """Let threads that begin from now on share `HEAPS` heaps, where the C library is glibc.

    It would give each a heap of its own, up to eight for each core, and keep up to 64 MB of freed memory in every
    one: a server that works in ever new threads seems to grow, though all has been freed.
    """
    set_option = _function("mallopt")
    if set_option is not None:
        set_option(M_ARENA_MAX, HEAPS)


def give_memory_back() -> None:
    """Let the C library return what has been freed, where it can; takes some milliseconds, and others may run."""
    trim = _function("malloc_trim")
    if trim is not None:
        trim(0)


@cache
def _function(name: str) -> Callable[..., int] | None:
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), name, None)  # musl has none of them, and no such heaps
