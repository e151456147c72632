"""How fast are endless images made, written and read? Images a second; no other package is asked.

    python benchmarks/making.py mnist                       # made only
    python benchmarks/making.py path/to/idx-folder --n 200000 --write FOLDER --threads 1 2

"made" is what a solver gets that reads `Infinite` block by block; the originals, which are only copied, are left
out. "written" makes them into a folder of parts, "read" reads the folder and sums every byte, from the system's
cache where it still has it. Each is one run; `--repeats` takes the best of several. Where others are at work on the
machine, images a second of this process's own time, on all cores together, tell more than those of the clock.
"""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from sightline.engine.blocks import RowBlocks, read_ahead
from sightline.engine.threads import available_threads
from sightline.machine import machine
from sightline.sources import load
from sightline.sources.infinite import Infinite
from sightline.sources.sharding import write_shards
from sightline.sources.shards import open_shards


def parser() -> argparse.ArgumentParser:
    """The command line."""
    line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    line.add_argument("data", nargs="?", default="digits", help="name or path, as sightline.load takes it")
    line.add_argument("--n", type=int, default=100_000, help="images to make")
    line.add_argument("--threads", type=int, nargs="+", default=[available_threads()])
    line.add_argument("--repeats", type=int, default=1, help="runs, of which the fastest counts")
    line.add_argument("--write", type=Path, help="a folder that is made, and removed afterwards")
    return line


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print one line a way."""
    chosen = parser().parse_args(arguments)
    print(", ".join(f"{key} {value}" for key, value in machine().items()))
    base = load(chosen.data)
    first = len(base.train)
    endless = Infinite(base, first + max(chosen.n, Infinite.rows))
    print(repr(endless))
    for threads in chosen.threads:
        made(endless, first, threads, chosen.repeats)
        if chosen.write is not None:
            write(endless, chosen.write, threads, chosen.repeats)
    return 0


def made(endless: Infinite, first: int, threads: int, repeats: int) -> None:
    """Measure making the blocks behind the originals."""
    copies = range(-(-first // endless.rows), endless.n_blocks)
    n = endless.n - copies.start * endless.rows
    say("made", threads, n, best(repeats, lambda: through(endless, copies, threads)))


def write(endless: Infinite, folder: Path, threads: int, repeats: int) -> None:
    """Measure writing and reading a folder."""
    try:
        for _ in range(repeats):
            shutil.rmtree(folder, ignore_errors=True)
            seconds = best(1, lambda: write_shards(endless, folder, threads=threads))
            say("written", threads, endless.n, seconds)
        shards = open_shards(folder)
        say(
            "read",
            threads,
            endless.n,
            best(repeats, lambda: through(shards, range(shards.n_blocks), threads)),
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def through(blocks: RowBlocks, order: Iterable[int], threads: int) -> int:
    """Read blocks, and every byte of them."""
    return sum(int(X.sum(dtype="uint64")) for X, _ in read_ahead(blocks, order, threads, depth=4))


def best(repeats: int, work: Callable[[], object]) -> tuple[float, float]:
    """Fewest seconds, and those of the processor in the same run."""
    taken = []
    for _ in range(repeats):
        began, busy = time.perf_counter(), time.process_time()
        work()
        taken.append((time.perf_counter() - began, time.process_time() - busy))
    return min(taken)


def say(what: str, threads: int, n: int, seconds: tuple[float, float]) -> None:
    """Print one line."""
    clock, own = seconds
    print(
        f"{what:8} {threads} threads  {n:11,} images  {clock:8.2f} s  {n / clock:11,.0f} a second  "
        f"{n / max(own, 1e-9):11,.0f} a second of one core"
    )


if __name__ == "__main__":
    raise SystemExit(main())
