"""Rows that need not fit into memory: read a block at a time, the next ones while one is worked on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sightline.errors import DataError, UsageError

Block: TypeAlias = tuple[NDArray[Any], NDArray[np.int64]]
"""X (m, d) uint8, float32 or float64 in C order; codes y (m,)."""
NUMBERS = (np.uint8, np.float32, np.float64)
PAGE = 4096
"""Bytes that the system reads from disk together, at least."""


@runtime_checkable
class RowBlocks(Protocol):
    """Labelled rows that are read a block at a time, again and again, in any order.

    Laws: the same index gives the same block, whatever was read before and on whatever thread · the blocks 0, 1 …
    `n_blocks` − 1 one below the other are the n rows · no block is empty, unless there are no rows at all.
    """

    @property
    def shape(self) -> tuple[int, int]:
        """(n rows, d columns)."""
        ...

    @property
    def n_blocks(self) -> int:
        """Into how many blocks the rows are cut."""
        ...

    def block(self, index: int) -> Block:
        """Block 0 ≤ `index` < `n_blocks`: X (m, d) uint8 or float32/64, C order, and codes y (m,) int64.

        May be called on several threads at once. The arrays may be views: do not write to them.
        """
        ...


class ArrayBlocks:
    """Views on arrays in memory, or mapped into it.

    Parameters
    ----------
    X : (n, d) uint8, float32 or float64
        Rows; blocks are views where it is in C order. Of a memory map, the pages are read when the block is.
    y : (n,) integers
        Codes 0…K−1.
    rows : int ≥ 1
        Rows in a block; the last has what is left.

    Raises
    ------
    DataError
        Shapes or dtypes are others, or the lengths differ.
    UsageError
        `rows` is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> blocks = ArrayBlocks(np.zeros((5, 3)), np.zeros(5, int), rows=2)
    >>> blocks.shape, blocks.n_blocks, blocks.block(2)[0].shape
    ((5, 3), 3, (1, 3))
    """

    def __init__(self, X: NDArray[Any], y: NDArray[Any], rows: int = 8192) -> None:
        if X.ndim != 2 or X.dtype not in NUMBERS:
            raise DataError(
                f"the rows are {X.dtype} of shape {X.shape}", "Expected uint8, float32 or float64 of (n, d)."
            )
        if y.shape != (len(X),) or y.dtype.kind not in "iu":
            raise DataError(
                f"{len(X)} rows have codes that are {y.dtype} of shape {y.shape}",
                "Expected one whole number for each row.",
            )
        if rows < 1:
            raise UsageError(f"blocks of {rows!r} rows are not possible", "Give 1 or more, such as 8192.")
        self.X, self.y, self.rows = np.asarray(X), np.asarray(y), rows
        self._mapped = mapped(X)

    @property
    def shape(self) -> tuple[int, int]:
        """(n rows, d columns)."""
        return int(self.X.shape[0]), int(self.X.shape[1])

    @property
    def n_blocks(self) -> int:
        """⌈n / rows⌉."""
        return -(-len(self.X) // self.rows)

    def block(self, index: int) -> Block:
        """Rows index·rows … and their codes; see `RowBlocks.block`."""
        start = at_block(index, self.n_blocks) * self.rows
        X = self.X[start : start + self.rows]
        if self._mapped:
            touch(X)
        return np.ascontiguousarray(X), np.asarray(self.y[start : start + self.rows], np.int64)


class OverBlocks:
    """Something done to every block of others: as many rows, columns and blocks, where nothing else is said."""

    def __init__(self, blocks: RowBlocks) -> None:
        self.blocks = blocks

    @property
    def shape(self) -> tuple[int, int]:
        """(n, d)."""
        return self.blocks.shape

    @property
    def n_blocks(self) -> int:
        """As many as the others are."""
        return self.blocks.n_blocks


def at_block(index: int, n_blocks: int) -> int:
    """Return `index`, seen to be that of a block.

    Raises
    ------
    IndexError
        It is not in 0 … `n_blocks` − 1.
    """
    if not 0 <= index < n_blocks:
        raise IndexError(f"there is no block {index}: they are numbered 0…{n_blocks - 1}")
    return int(index)


def mapped(array: NDArray[Any]) -> bool:
    """Whether `array` is, or is a view of, a file that is mapped into memory."""
    base: Any = array
    while base is not None:
        if isinstance(base, np.memmap):
            return True
        base = getattr(base, "base", None)
    return False


def touch(rows: NDArray[Any]) -> None:
    """Have the system read every page of some mapped rows now, on this thread, rather than when they are used."""
    if rows.flags.c_contiguous and rows.size:
        rows.reshape(-1).view(np.uint8)[::PAGE].max()


def read_ahead(
    blocks: RowBlocks, order: Iterable[int] | None = None, threads: int = 1, depth: int = 2
) -> Iterator[Block]:
    """Yield blocks (X, y) in order; others are read on threads while one is worked on.

    Parameters
    ----------
    blocks : RowBlocks
    order : indices of blocks, optional
        Which, in which order, as often as they are named; all from the first to the last by default. May be endless.
    threads : int ≥ 0
        How many blocks are read at once. 0 reads each when it is asked for.
    depth : int ≥ 1
        How many are read ahead, at least one a thread: so many and the one worked on are in memory.

    Raises
    ------
    UsageError
        `threads` or `depth` is impossible.

    Notes
    -----
    Laws: the same blocks in the same order, however many threads · what a reading raises, is raised here, in its
    place in the order · however the loop is left (its end, break, an exception, Ctrl-C), the threads have ended then:
    readings that began are waited for, others are not begun.
    """
    if threads < 0 or depth < 1:
        raise UsageError(
            f"threads = {threads!r} and depth = {depth!r} are not possible",
            "Give threads=0 or more and depth=1 or more.",
        )
    indices = iter(range(blocks.n_blocks) if order is None else order)
    if threads == 0:
        return map(blocks.block, indices)
    return _ahead(blocks, indices, threads, max(depth, threads))


def _ahead(blocks: RowBlocks, indices: Iterator[int], threads: int, depth: int) -> Iterator[Block]:
    pool = ThreadPoolExecutor(threads, "sightline-blocks")
    coming: deque[Future[Block]] = deque()
    try:
        for index in islice(indices, depth):
            coming.append(pool.submit(blocks.block, index))
        while coming:
            block = coming.popleft().result()
            coming.extend(pool.submit(blocks.block, index) for index in islice(indices, 1))
            yield block
            del block  # before the next is waited for: no more of them in memory than were asked for
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
