"""What happens on the workers of a cluster, and starting some on this machine."""

from __future__ import annotations

import os
import pickle
import platform
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from importlib.metadata import version
from typing import Any

import numpy as np

from sightline.engine.blocks import Block, RowBlocks
from sightline.engine.sums import Part, Task, summed
from sightline.errors import SightlineError

DEATH = 5
"""Seconds that a process ended politely has before it is killed."""


class HeldBlocks:
    """Some blocks in memory: what a worker holds where the data travelled to it.

    Parameters
    ----------
    blocks : sequence of (X, y)
    """

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = list(blocks)

    @property
    def shape(self) -> tuple[int, int]:
        """(n rows, d columns)."""
        return sum(len(y) for _, y in self.blocks), int(self.blocks[0][0].shape[1])

    @property
    def n_blocks(self) -> int:
        """How many are held."""
        return len(self.blocks)

    def block(self, index: int) -> Block:
        """See `RowBlocks`."""
        return self.blocks[index]

    def __sizeof__(self) -> int:
        return sum(X.nbytes + y.nbytes for X, y in self.blocks)


class Recipe:
    """Blocks as a worker makes them for itself: pickled, and opened once in each process.

    Parameters
    ----------
    name : str, one for each recipe
    data : bytes
    """

    _opened: tuple[str, RowBlocks] | None = None
    _lock = threading.Lock()

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.data = name, data

    def opened(self) -> RowBlocks:
        """The blocks, kept until other blocks are opened in this process.

        Raises
        ------
        SightlineError
            They cannot be opened here.
        """
        with Recipe._lock:
            if Recipe._opened is None or Recipe._opened[0] != self.name:
                try:
                    Recipe._opened = (self.name, pickle.loads(self.data))
                except (ImportError, AttributeError, OSError) as error:
                    raise SightlineError(
                        f"the blocks cannot be opened on worker {platform.node()}: {error}",
                        "Files and modules that they need must be there under the same names.",
                    ) from error
            return Recipe._opened[1]

    def __sizeof__(self) -> int:
        return len(self.data)


def part_sum(
    held: Sequence[HeldBlocks | Recipe], task: Task[Part], numbers: Sequence[int], threads: int, readers: int
) -> Part:
    """On a worker: `task` on blocks `numbers`, which a recipe makes or which are held in this order; added."""
    first = held[0]
    if isinstance(first, Recipe):
        blocks, which = first.opened(), numbers
    else:
        rows = [block for one in held if isinstance(one, HeldBlocks) for block in one.blocks]
        blocks, which = HeldBlocks(rows), range(len(rows))
    pool = ThreadPoolExecutor(threads, "sightline-sums") if threads > 1 else None
    try:
        return summed(blocks, task, which, numbers, pool=pool, threads=threads, readers=readers)[0]
    except OSError as error:  # a connection that is lost is an OSError as well, but not this one
        if isinstance(error, SightlineError):
            raise
        raise SightlineError(
            f"a block cannot be read on worker {platform.node()}: {error}",
            "Files must be there under the same names.",
        ) from error
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)


def added(add: Callable[[Part, Part], Part], parts: Sequence[Part]) -> Part:
    """On a worker: results as one."""
    return reduce(add, parts)


def versions() -> dict[str, str]:
    """Versions of what has to be the same everywhere, as far as it has to: Python 3.11, not 3.11.4."""
    from importlib import import_module

    return {
        "sightline": import_module("sightline").__version__,
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "NumPy": np.__version__.split(".")[0],
        "distributed": version("distributed"),
    }


class LocalWorkers:
    """Worker processes on this machine, one thread each, for the scheduler at `address`; gone when it goes."""

    def __init__(self, address: str, count: int) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="sightline-workers-")
        once = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        path = os.pathsep.join(entry for entry in sys.path if entry)
        command: list[Any] = [
            sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny",
            "--no-dashboard", "--memory-limit", "0", "--local-directory", self.folder.name,
            "--death-timeout", "60",  # where this process is killed before they have found the scheduler
        ]  # fmt: skip
        self.processes = [
            subprocess.Popen(
                command,
                env={
                    **os.environ,
                    **once,
                    "PYTHONPATH": path,
                    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
                },
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the fit, which then lets them go
            )
            for _ in range(count)
        ]

    def alive(self) -> bool:
        """Whether any process is still there."""
        return any(process.poll() is None for process in self.processes)

    def close(self) -> None:
        """End them, and wait for it."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(DEATH)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.folder.cleanup()
