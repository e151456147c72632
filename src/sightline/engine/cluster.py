"""The same sums on the workers of a Dask scheduler.

Blocks stay where they are: every worker opens them from a recipe that was sent once, or holds those that were. What
travels in a pass is the task, that is the coefficients, out to the workers, and partial sums back, added in a tree.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import reduce
from pickle import PicklingError
from typing import Any, TypeAlias

import numpy as np

from sightline.engine.blocks import RowBlocks
from sightline.engine.connection import Connection, check_versions, imported
from sightline.engine.sums import Part, Task
from sightline.engine.workers import HeldBlocks, Recipe, added, part_sum
from sightline.errors import SightlineError, UsageError

Future: TypeAlias = Any
"""`distributed.Future`: its methods have no types of their own."""

FAN = 8
"""So many partial sums are added by one task."""
PATIENCE = 5.0
"""Seconds without a single worker after which the cluster is lost."""
LOOK = 0.5
"""Seconds between looks at who is there, while a pass is under way."""
ATTEMPTS = 5
"""How often one pass is begun anew where workers that held something are lost."""
LARGE, PARCEL = 1_000_000, 64_000_000
"""Bytes: a larger task is sent to all workers, not with each part; rows are sent in parcels of about so many."""
AGAIN = 2.0
"""Seconds after which it is looked before a pass whether workers have come or gone."""


@dataclass(slots=True, eq=False)
class Share:
    """Blocks `numbers` for a `worker` of so many `threads`: futures of the recipe, or of the rows in this order."""

    held: list[Future]
    numbers: list[int]
    worker: str
    threads: int


class ClusterSums:
    """Sums on the workers of a Dask scheduler. A pass whose worker is lost is done by the others.

    Parameters
    ----------
    blocks : RowBlocks
        Those that pickle to less than half of the bytes of their rows are opened by every worker itself (files must
        be there under the same names); of others, the rows are sent, once.
    cluster : "tcp://…", "local:N" or `distributed.Client`
        Where the scheduler listens; N worker processes of one thread each, started here and ended by `close`; or a
        client, which is left open.
    readers : int ≥ 1
        Threads that read ahead on every worker.

    Raises
    ------
    UsageError
        `cluster` is none of these, or Dask is not installed.
    SightlineError
        Nobody answers, there are no workers, or other versions.
    """

    def __init__(self, blocks: RowBlocks, cluster: object, *, readers: int = 1) -> None:
        if readers < 1:
            raise UsageError(f"readers = {readers!r} is below 1", "1 reads one block ahead.")
        self.blocks, self.readers = blocks, readers
        self.connection = Connection(cluster)
        self.client = self.connection.client
        try:
            self._awaited()
            check_versions(self.client)
            self.recipe = recipe_of(blocks)
            self.shares: list[Share] = []
            self._place()
        except BaseException:
            self.close()
            raise

    # -- one pass --------------------------------------------------------------------------------------

    def sum(self, task: Task[Part]) -> Part:
        """Call `task` on every block; the results, added.

        Raises
        ------
        SightlineError
            All workers are lost, or the scheduler; or what `task` raised on a worker.
        """
        gone = (CancelledError, imported().KilledWorker, OSError)
        for attempt in range(ATTEMPTS):
            try:
                if attempt or (time.monotonic() - self.seen > AGAIN and self._present() != self.placed):
                    self._mend()
                return self._pass(task)
            except SightlineError as error:  # composed anew: pickled, its text has grown a second full stop
                raise type(error)(error.what, error.remedy) from None
            except gone:
                continue
        raise SightlineError(
            f"a pass over the rows was begun {ATTEMPTS} times, and workers were lost each time",
            "See the workers' logs: they may be short of memory.",
        )

    def _pass(self, task: Task[Part]) -> Part:
        sent: Any = self._sent(task)
        futures = [
            self._submit(part_sum, one.held, sent, one.numbers, one.threads, self.readers, worker=one.worker)
            for one in self.shares
        ]
        first = list(futures)  # kept: what nobody waits for is dropped
        while len(futures) > FAN:
            groups = [futures[i : i + FAN] for i in range(0, len(futures), FAN)]
            futures = [self._submit(added, task.add, group) for group in groups]
        try:
            self._wait(futures)
            parts: list[Part] = self.client.gather(futures)
        except BaseException:
            self._cancel(first + futures)
            raise
        return reduce(task.add, parts)

    def _sent(self, task: Task[Part]) -> Any:
        if len(imported("cloudpickle").dumps(task)) < LARGE:
            return task
        return self.client.scatter(task, broadcast=True, hash=False)

    def _submit(self, work: Any, *arguments: Any, worker: str | None = None) -> Future:
        where = {} if worker is None else {"workers": [worker], "allow_other_workers": True}
        return self.client.submit(work, *arguments, pure=False, **where)

    def _wait(self, futures: Sequence[Future]) -> None:
        seen = time.monotonic()
        while True:
            try:
                with self.client.as_current():
                    imported().wait(futures, timeout=LOOK)
            except TimeoutError:
                if self._present():
                    seen = time.monotonic()
                elif time.monotonic() - seen > PATIENCE or self.connection.dead:
                    raise self.connection.lost() from None
            else:
                return

    def _present(self) -> dict[str, int]:
        """Threads of every worker that is there, by address.

        Raises
        ------
        SightlineError
            The scheduler is not there.
        """
        try:
            found: Any = self.client.nthreads() if self.client.status == "running" else None
        except (OSError, RuntimeError):
            found = None
        if found is None:
            raise SightlineError(
                "the scheduler of the cluster is lost", "Start it anew, and fit again with warm_start=True."
            )
        self.seen = time.monotonic()
        return dict(sorted(found.items()))

    def _cancel(self, futures: Sequence[Future]) -> None:
        if self.client.status == "running":
            try:
                self.client.cancel(list(futures))
            except (OSError, TimeoutError):
                return

    # -- who has which blocks -----------------------------------------------------------------------------

    def _place(self) -> None:
        """Send the recipe to all workers, or to each its share of the blocks."""
        self.placed = self._awaited()
        numbers = list(range(self.blocks.n_blocks))
        if self.recipe is None:
            self.shares = self._sent_rows(numbers)
            return
        recipe = self.client.scatter(self.recipe, broadcast=True, hash=False)
        self.shares = [
            Share([recipe], some, worker, threads) for some, worker, threads in self._divided(numbers)
        ]

    def _divided(self, numbers: list[int]) -> Iterator[tuple[list[int], str, int]]:
        """Blocks for each worker, by its threads."""
        ends = np.cumsum([0, *self.placed.values()])
        edges = [int(len(numbers) * end // ends[-1]) for end in ends]
        for (worker, threads), start, stop in zip(self.placed.items(), edges, edges[1:], strict=False):
            if stop > start:
                yield numbers[start:stop], worker, threads

    def _sent_rows(self, numbers: list[int]) -> list[Share]:
        """Send blocks, some to each worker."""
        n, d = self.blocks.shape
        many = max(1, PARCEL * self.blocks.n_blocks // (8 * n * d))
        shares = []
        for some, worker, threads in self._divided(numbers):
            held = [
                self.client.scatter(
                    HeldBlocks([self.blocks.block(number) for number in some[i : i + many]]),
                    workers=[worker],
                    hash=False,
                )
                for i in range(0, len(some), many)
            ]
            shares.append(Share(held, some, worker, threads))
        return shares

    def _awaited(self) -> dict[str, int]:
        """The workers, as soon as there is one."""
        began = time.monotonic()
        while not (present := self._present()):
            if time.monotonic() - began > PATIENCE or self.connection.dead:
                raise self.connection.lost()
            time.sleep(0.1)
        return present

    def _mend(self) -> None:
        """Workers have come or gone: to whom each block belongs now; what was lost is sent to others."""
        if self.recipe is not None:
            self._place()
            return
        self.placed = self._awaited()
        futures = [one for share in self.shares for one in share.held if not one.cancelled()]
        has = self.client.who_has(futures)
        whole = [share for share in self.shares if all(has.get(one.key) for one in share.held)]
        lost_rows = [number for share in self.shares if share not in whole for number in share.numbers]
        self.shares = whole + self._sent_rows(lost_rows)

    def close(self) -> None:
        """Let go of what was started or sent; a client that was given stays open."""
        self.shares = []
        self.connection.close()


def awaited(client: Any, future: Future) -> Any:
    """What other work on the workers gave; done by another one where a worker is lost.

    Raises
    ------
    SightlineError
        There is nobody left to do it; or what the work raised.
    """
    distributed, seen = imported(), time.monotonic()
    while True:
        try:
            with client.as_current():
                return future.result(timeout=LOOK)
        except (TimeoutError, distributed.TimeoutError):
            try:
                there = client.status == "running" and client.nthreads()
            except (OSError, RuntimeError):
                there = None
            if there:
                seen = time.monotonic()
            elif time.monotonic() - seen > PATIENCE:
                future.cancel()
                raise SightlineError(
                    "the cluster has no workers", "Start some there, `dask worker`, and try again."
                ) from None
        except SightlineError as error:  # composed anew, as in `ClusterSums.sum`
            raise type(error)(error.what, error.remedy) from None
        except (CancelledError, distributed.KilledWorker, OSError) as error:
            raise SightlineError(
                f"work was lost with its worker ({type(error).__name__})",
                "See the workers' logs: they may be short of memory.",
            ) from error


def recipe_of(blocks: RowBlocks) -> Recipe | None:
    """The blocks pickled, where that is much less than their rows; else None."""
    n, d = blocks.shape
    large: list[Any] = []
    dumps = imported("cloudpickle").dumps
    try:
        dumps(blocks, protocol=5, buffer_callback=large.append)  # large arrays are only looked at
        if 2 * sum(one.raw().nbytes for one in large) > n * d:
            return None
        data = dumps(blocks)
    except (
        PicklingError,
        TypeError,
        AttributeError,
        OSError,
        RuntimeError,
        ValueError,
    ):  # not made to be pickled
        return None
    return Recipe(uuid.uuid4().hex, data) if 2 * len(data) <= n * d else None
