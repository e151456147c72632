"""Sums over blocks of rows: read ahead, worked on by threads, added in order."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from sightline.engine.blocks import RowBlocks, read_ahead
from sightline.engine.threads import available_threads, single_threaded_blas
from sightline.errors import UsageError

Part = TypeVar("Part")


class Task(Protocol[Part]):
    """What is done with every block, and how two results become one. It can be pickled, where it has to travel."""

    def __call__(self, index: int, X: NDArray[Any], y: NDArray[np.int64]) -> Part:
        """Look at block `index`: X (m, d), codes y (m,)."""
        ...

    @staticmethod
    def add(one: Part, other: Part) -> Part:
        """Two results as one, a new one. Law: the order changes nothing beyond rounding."""
        ...


class Sums(Protocol):
    """Blocks of rows somewhere, and who goes over them."""

    def sum(self, task: Task[Part]) -> Part:
        """Call `task` on every block; the results, added."""
        ...

    def close(self) -> None:
        """Let threads and machines go."""
        ...


class LocalSums:
    """Sums on the threads of this machine. Laws: the same bits on any number of threads · some blocks in memory.

    Parameters
    ----------
    blocks : RowBlocks
    n_threads : int ≥ 1 or None
        None takes all cores this process may use.
    readers : int ≥ 1
        Threads that read ahead.

    Attributes
    ----------
    waited : float, seconds that nothing was worked on because a block had not been read
    """

    def __init__(self, blocks: RowBlocks, n_threads: int | None = None, readers: int = 1) -> None:
        if (n_threads is not None and n_threads < 1) or readers < 1:
            raise UsageError(
                f"n_threads = {n_threads!r} and readers = {readers!r}: below 1", "None takes all cores."
            )
        self.blocks, self.readers, self.waited = blocks, readers, 0.0
        self.threads = n_threads or available_threads()
        self._pool = ThreadPoolExecutor(self.threads, "sightline-sums") if self.threads > 1 else None

    def sum(self, task: Task[Part]) -> Part:
        """Call `task` on every block; the results, added in the order of the blocks."""
        which = range(self.blocks.n_blocks)
        total, waited = summed(
            self.blocks, task, which, pool=self._pool, threads=self.threads, readers=self.readers
        )
        self.waited += waited
        return total

    def close(self) -> None:
        """Let the threads go."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def summed(
    blocks: RowBlocks,
    task: Task[Part],
    which: Sequence[int],
    numbers: Sequence[int] | None = None,
    *,
    pool: Executor | None = None,
    threads: int = 1,
    readers: int = 1,
) -> tuple[Part, float]:
    """Call `task` on some blocks, at most `threads` at once in the `pool`, others being read meanwhile.

    Parameters
    ----------
    blocks, task
    which : indices of blocks, at least one
    numbers : what the task is told instead of them, where these blocks are a part of more

    Returns
    -------
    total : the results, added in the order of `which`
    waited : float, seconds without any work, for a block was still being read
    """
    pending: deque[Future[Part]] = deque()
    coming = read_ahead(blocks, which, threads=readers, depth=max(2, threads))
    total: list[Part] = []  # none yet, or one
    waited = 0.0

    def take(part: Part) -> None:
        total[:] = [task.add(total[0], part) if total else part]

    try:
        with single_threaded_blas():
            for number in numbers or which:
                busy, began = any(not one.done() for one in pending), time.perf_counter()
                X, y = next(coming)
                waited += 0.0 if busy else time.perf_counter() - began
                if pool is None:
                    take(task(number, X, y))
                    continue
                pending.append(pool.submit(task, number, X, y))
                if len(pending) > threads:
                    take(pending.popleft().result())
            while pending:
                take(pending.popleft().result())
    finally:
        for one in pending:
            one.cancel()
        if isinstance(coming, Generator):
            coming.close()
    return total[0], waited
