"""Sums over rows on the threads of one machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

from threadpoolctl import ThreadpoolController

Part = TypeVar("Part")

SLABS = 8
"""Into how many runs of rows the data are cut, whatever the number of threads: the same sums in the same
order give the same result, bit for bit, on 1, 2 or 8 threads."""

SMALL = 300_000
"""Below this many numbers, handing work to threads costs more than it saves."""


def available_threads() -> int:
    """Return the cores this process may use; ``SIGHTLINE_THREADS`` or ``OMP_NUM_THREADS`` lower it."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for name in ("SIGHTLINE_THREADS", "OMP_NUM_THREADS"):
        asked = os.environ.get(name, "")
        if asked.isdigit() and int(asked) > 0:
            return min(int(asked), allowed) if name == "OMP_NUM_THREADS" else int(asked)
    return allowed


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Let our own threads call BLAS without each call starting threads of its own."""
    with _blas().limit(limits=1, user_api="blas"):
        yield


class ThreadTeam:
    """A fixed cut of `n_rows` rows into slabs, worked on by `n_threads` threads.

    Parameters
    ----------
    n_rows, n_columns : int
        Shape of the data that the parts will look at.
    n_threads : int or None
        None takes all that this process may use.
    """

    def __init__(self, n_rows: int, n_columns: int, n_threads: int | None = None) -> None:
        small = n_rows * n_columns < SMALL
        n_slabs = 1 if small else min(SLABS, n_rows)
        edges = [n_rows * i // n_slabs for i in range(n_slabs + 1)]
        self.slabs = [slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True)]
        self.n_threads = 1 if small else min(n_threads or available_threads(), n_slabs)
        self._pool = ThreadPoolExecutor(self.n_threads, "sightline") if self.n_threads > 1 else None

    def map(self, part: Callable[[slice], Part]) -> list[Part]:
        """Call `part` on every slab; the results come in the order of the rows."""
        if self._pool is None:
            return [part(rows) for rows in self.slabs]
        with single_threaded_blas():
            return list(self._pool.map(part, self.slabs))

    def close(self) -> None:
        """Let the threads go."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def blocks(rows: slice, size: int) -> Iterator[slice]:
    """Cut a run of rows into pieces of at most `size`, small enough to stay in a core's cache."""
    for start in range(rows.start, rows.stop, size):
        yield slice(start, min(rows.stop, start + size))
