"""Sums over rows on the threads of one machine."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import cache
from itertools import pairwise
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

from sightline.errors import UsageError

Part = TypeVar("Part")
Item = TypeVar("Item")

SLABS = 8
"""Into how many runs of rows the data are cut, whatever the number of threads: the same sums in the same
order give the same result, bit for bit, on 1, 2 or 8 threads."""

ROUND = 256
"""Slabs of many rows are whole blocks of so many, as packed rows are stored."""

SMALL = 300_000
"""Below this many numbers, handing work to threads costs more than it saves."""


def available_threads() -> int:
    """Return the cores this process may use; ``OMP_NUM_THREADS`` lowers it, ``SIGHTLINE_THREADS`` sets it."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for name in ("SIGHTLINE_THREADS", "OMP_NUM_THREADS"):
        asked = os.environ.get(name, "")
        if asked.isdecimal() and int(asked) > 0:
            return min(int(asked), allowed) if name == "OMP_NUM_THREADS" else int(asked)
    return allowed


@cache
def _blas() -> ThreadpoolController | None:
    import scipy.linalg  # noqa: F401 - a library is found only once it is loaded, and SciPy brings its own

    try:
        return ThreadpoolController()
    except UnicodeError:  # installed at a path that this locale has no letters for: it cannot be asked
        return None


class _Limit:
    """Which thread has put BLAS on one thread, and how often it has asked.

    The number of BLAS threads belongs to the whole process. Were every thread to limit it and put back what
    it had found, two fits that overlap would leave the second's finding, one thread, behind for good. So only
    one thread at a time limits; the others go on under its limit.
    """

    lock = threading.Lock()
    owner: int | None = None
    depth = 0
    limiter: Any = None


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Let our own threads call BLAS without each call starting threads of its own; may be nested.

    The threads of BLAS spin while they wait for work. On small data, and far worse on a busy machine, that
    costs many times what they save: a fit holds this from beginning to end.
    """
    me = threading.get_ident()
    with _Limit.lock:
        if _Limit.owner is None:
            _Limit.owner = me
            found = _blas()
            _Limit.limiter = nullcontext() if found is None else found.limit(limits=1, user_api="blas")
            _Limit.limiter.__enter__()
        mine = _Limit.owner == me
        _Limit.depth += mine
    try:
        yield
    finally:
        with _Limit.lock:
            _Limit.depth -= mine
            if mine and _Limit.depth == 0:
                _Limit.owner = None
                _Limit.limiter.__exit__(None, None, None)


class ThreadTeam:
    """A fixed cut of `n_rows` rows into slabs, worked on by `n_threads` threads.

    Parameters
    ----------
    n_rows, n_columns : int
        Shape of the data that the parts will look at.
    n_threads : int ≥ 1 or None
        None takes all that this process may use.

    Raises
    ------
    UsageError
        `n_threads` is below 1.
    """

    def __init__(self, n_rows: int, n_columns: int, n_threads: int | None = None) -> None:
        if n_threads is not None and n_threads < 1:
            raise UsageError(f"n_threads = {n_threads!r} is below 1", "None takes all cores.")
        small = n_rows * n_columns < SMALL
        self.slabs = cut(n_rows, 1 if small else SLABS, ROUND)
        self.n_threads = 1 if small else min(n_threads or available_threads(), len(self.slabs))
        self._pool = ThreadPoolExecutor(self.n_threads, "sightline") if self.n_threads > 1 else None

    def map(self, part: Callable[[slice], Part]) -> list[Part]:
        """Call `part` on every slab; the results come in the order of the rows."""
        return self.each(part, self.slabs)

    def each(self, work: Callable[[Item], Part], items: Iterable[Item]) -> list[Part]:
        """Call `work` on every item; the results come in the order of the items. Must not be nested."""
        with single_threaded_blas():
            if self._pool is None:
                return [work(item) for item in items]
            return list(self._pool.map(work, items))

    def close(self) -> None:
        """Let the threads go."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def cut(n_rows: int, parts: int, multiple: int = 1) -> list[slice]:
    """Cut `n_rows` rows into at most `parts` runs of nearly equal length, all but the last a `multiple` long."""
    parts = max(1, min(parts, n_rows // multiple))
    edges = [n_rows * i // parts // multiple * multiple for i in range(parts)] + [n_rows]
    return [slice(start, stop) for start, stop in pairwise(edges)]


def blocks(rows: slice, size: int) -> Iterator[slice]:
    """Cut a run of rows into pieces of at most `size`, small enough to stay in a core's cache."""
    for start in range(rows.start, rows.stop, size):
        yield slice(start, min(rows.stop, start + size))
