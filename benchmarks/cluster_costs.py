"""What the parts of a fit on a cluster cost, measured here: rows, tasks, the sample on the client; and whole fits."""

from __future__ import annotations

import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sightline.engine.blocks import ArrayBlocks, RowBlocks
from sightline.engine.cluster import ClusterSums, Share
from sightline.engine.sums import LocalSums, Part, Sums, Task
from sightline.engine.workers import LocalWorkers
from sightline.logistic.blocks import Learned, Wish, learn
from sightline.logistic.survey import Survey

PARTS = 160
"""So many tasks that do nothing tell what a task costs."""


@dataclass(frozen=True)
class Costs:
    """Seconds, bytes and numbers, as measured on this machine; the model knows nothing else of the programme.

    Where other programmes keep the machine busy, the processor's own time counts if it is shorter than the clock's.
    `row_pass`, `row_survey`: one row on one thread, read from the system's cache. `client_task`, `scheduler_task`,
    `worker_task`: what one task keeps each of them busy. `turn`: a round with one task, beyond these. `payload`: what
    travels out with a task. `partial`: the sums that come back. `piece`: bytes that the survey brings for a block,
    beyond its rows; `unpack`: seconds to take in a megabyte of them. `sample_start`, `sample_pass`: the client's own
    work before the first pass, and between two. `passes`: until the gap is 1e-3.
    """

    row_pass: float
    row_survey: float
    client_task: float
    scheduler_task: float
    worker_task: float
    turn: float
    payload: int
    partial: int
    piece: float
    unpack: float
    sample_rows: int
    sample_start: float
    sample_pass: float
    passes: int
    columns: int


@dataclass
class Clocked:
    """Sums, and when each was asked for and done, by clock and by processor; `survey` keeps the first result.

    After each sum `ask` is asked, for the seconds that workers have been busy in their lives.
    """

    inner: Sums
    ask: Callable[[], float] = lambda: 0.0
    asked: list[float] = field(default_factory=list)
    marks: list[tuple[float, float]] = field(default_factory=list)
    survey: Survey | None = None

    def sum(self, task: Task[Part]) -> Part:
        """See `Sums`."""
        self.marks.append((time.perf_counter(), time.process_time()))
        found = self.inner.sum(task)
        self.marks.append((time.perf_counter(), time.process_time()))
        self.asked.append(self.ask())
        if isinstance(found, Survey) and self.survey is None:
            self.survey = Survey(
                found.rows, found.dtype, found.counts, found.mean, found.squares, found.varies
            )
            self.survey.pieces = list(found.pieces)
        return found

    def close(self) -> None:
        """See `Sums`."""
        self.inner.close()

    @property
    def clock(self) -> list[float]:
        """Seconds of the survey, of the client alone, of a pass, of the client alone, of a pass, …"""
        return [float(one) for one in np.diff([mark[0] for mark in self.marks])]

    @property
    def least(self) -> list[float]:
        """The same, by the processor where that is shorter."""
        return [float(one) for one in np.diff(self.marks, axis=0).min(axis=1)]


@dataclass(frozen=True)
class Fit:
    """One real fit: `seconds` in all, and its spans."""

    seconds: float
    clocked: Clocked
    found: Learned


def fit(
    blocks: RowBlocks, sums: Sums, tol: float, scale: float, ask: Callable[[], float] = lambda: 0.0
) -> Fit:
    """Learn, watched; the sums are closed."""
    clocked = Clocked(sums, ask)
    wish = Wish(1.0, True, tol, 1000, 0, None, lambda names, counts: np.ones(len(names)))
    try:
        began = time.perf_counter()
        found = learn(clocked, blocks.shape, blocks.n_blocks, wish, scale=scale)
        return Fit(time.perf_counter() - began, clocked, found)
    finally:
        clocked.close()


class Idle:
    """Looks at no row; `weights` travel out, sums as large as those of a pass come back."""

    def __init__(self, classes: int, columns: int) -> None:
        self.weights = np.zeros((classes, columns + 1), np.float32)

    def __call__(self, index: int, X: Any, y: Any) -> Any:
        """See `Task`."""
        return 0.0, self.weights.astype(np.float64)

    @staticmethod
    def add(one: Any, other: Any) -> Any:
        """See `Task`."""
        return one[0] + other[0], one[1] + other[1]


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """A scheduler and workers of one thread, every one a process; the scheduler's address."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "scheduler.json")
        words = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
                 "--no-dashboard", "--scheduler-file", str(file)]  # fmt: skip
        path = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        scheduler = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=path)
        there = None
        try:
            began = time.monotonic()
            while not (file.is_file() and file.read_text(encoding="utf-8").rstrip().endswith("}")):
                if scheduler.poll() is not None or time.monotonic() - began > 60:
                    raise SystemExit("the scheduler does not start")
                time.sleep(0.05)
            address = str(_loaded(file)["address"])
            there = LocalWorkers(address, workers)
            yield address
        finally:
            if there is not None:
                there.close()
            scheduler.kill()
            scheduler.wait()


def _loaded(file: Path) -> dict[str, Any]:
    import json

    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def task_costs(address: str, workers: int, classes: int, columns: int) -> tuple[float, float, float, float]:
    """Busy seconds of client, scheduler and worker for one task, and of a round with one task a worker."""
    blocks = ArrayBlocks(np.zeros((workers, columns), np.uint8), np.zeros(workers, np.int64), rows=1)
    sums, idle = ClusterSums(blocks, address), Idle(classes, columns)
    client = sums.client

    def busy() -> Any:
        here = time.process_time()
        there = client.run_on_scheduler(time.process_time)
        return np.array([here, there, sum(client.run(time.process_time).values())])

    try:
        few = list(sums.shares)
        rounds = []
        for _ in range(12):
            began = time.perf_counter()
            sums.sum(idle)
            rounds.append(time.perf_counter() - began)
        before = busy()
        sums.sum(idle)
        small = busy() - before
        sums.shares = [Share(one.held, one.numbers, one.worker, 1) for one in few for _ in range(PARTS)]
        sums.sum(idle)
        before = busy()
        for _ in range(3):
            sums.sum(idle)
        each = np.maximum((busy() - before) / 3 - small, 0) / (tasks(PARTS * workers) - tasks(workers))
        turn = max(0.0, statistics.median(rounds[2:]) - float(each.sum()) * tasks(workers))
    finally:
        sums.close()
    return float(each[0]), float(each[1]), float(each[2]), turn


def tasks(parts: int, fan: int = 8) -> int:
    """How many tasks a pass has: parts, and those that add them in a tree."""
    total = parts
    while parts > fan:
        parts = -(-parts // fan)
        total += parts
    return total


def measured(blocks: RowBlocks, classes: int, tol: float, scale: float) -> Costs:
    """Measure all of it: one fit on one thread, and tasks that do nothing on one worker."""
    alone = fit(blocks, LocalSums(blocks, 1, 1), tol, scale)
    spans, survey, n = alone.clocked.least, alone.clocked.survey, blocks.shape[0]
    assert survey is not None
    passes, between = spans[2::2], spans[1::2]
    data = pickle.dumps(survey.pieces, protocol=5)
    rows = sum(len(piece.y) for piece in survey.pieces)
    began = time.perf_counter()
    for _ in range(5):
        pickle.loads(data)
    unpack = (time.perf_counter() - began) / 5 / (len(data) / 1e6)
    idle = Idle(classes, blocks.shape[1])
    with cluster(1) as address:
        client, scheduler, worker, turn = task_costs(address, 1, classes, blocks.shape[1])
    empty = [piece._replace(X=piece.X[:0], y=piece.y[:0], stands=piece.stands[:0]) for piece in survey.pieces]
    return Costs(
        statistics.median(passes) / n, spans[0] / n, client, scheduler,
        worker, turn, len(pickle.dumps(idle)), len(pickle.dumps(idle(0, None, None))),
        len(pickle.dumps(empty, protocol=5)) / len(empty), unpack, rows, between[0],
        statistics.median(between[1:]) if len(between) > 1 else 0.0, len(passes), blocks.shape[1],
    )  # fmt: skip
