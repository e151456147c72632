"""How far do blocks reach? Seconds, passes, reading, memory, from 60,000 rows up; on threads and on workers.

    python benchmarks/scale.py DATA                          60,000 rows on two threads, on one and two workers
    python benchmarks/scale.py DATA --rows 60000 1000000 --where 1 2 local:1 local:2
    python benchmarks/scale.py DATA --made                   rows are made when they are read, as often as they are
    python benchmarks/scale.py FOLDER                        a folder that `sightline data make infinite` wrote
    python benchmarks/scale.py --round                       what one round of a cluster costs
    python benchmarks/scale.py DATA --json scale.json
    python benchmarks/scale.py DATA --rows 60000 200000 1000000 --where 2 memory zero sklearn --figure
    python benchmarks/scale.py --lines scale.json --figure docs/pictures/scale.png
    python benchmarks/scale.py DATA --simulate               100 workers and a billion rows: cluster_model.py

DATA is anything that `sightline.load` takes. Rows are its training images and deformed copies of them. Unless --made,
they are written once, to a file of bytes from which blocks are read, by a cluster's workers too. Every line is a
process of its own; memory is the largest of that process, and of its largest worker. `2` are two threads of one
process, `local:2` two workers of one thread each, `memory` is `fit` on all rows at once, `zero` the same from W = 0
on, without a sample, as who keeps the weights of all passes gets it, `sklearn` scikit-learn's lbfgs on them, float32,
until its own criterion at --tol ends it: see how far it got by F.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sightline.engine.blocks import ArrayBlocks, RowBlocks, read_ahead
from sightline.engine.sums import LocalSums
from sightline.logistic import LogisticRegression

BLOCK = 8192
PICTURE = Path(__file__).parent.parent / "docs" / "pictures" / "scale.png"
HEAD = "       rows    where  seconds passes   a pass  reading   memory  workers  F"


@dataclass(frozen=True)
class Line:
    """One fit: `a_pass` and `reading` in seconds for a pass over all rows, `memory` and `worker` in MB."""

    rows: int
    where: str
    seconds: float
    passes: int
    a_pass: float
    reading: float
    memory: float
    worker: float
    objective: float
    converged: bool

    def __str__(self) -> str:
        reading = f"{self.reading:8.2f}" if self.reading == self.reading else f"{'-':>8}"
        worker = f"{self.worker:8.0f}" if self.worker else f"{'-':>8}"
        return (
            f"{self.rows:11,} {self.where:>8} {self.seconds:8.1f} {self.passes:6} {self.a_pass:8.2f} {reading} "
            f"{self.memory:8.0f} {worker}  {self.objective:.7g}{'' if self.converged else ', not converged'}"
        )


class Stored:
    """Rows in two files, read by whoever needs them: what travels is where they are."""

    def __init__(self, folder: str, d: int) -> None:
        self.folder, self.d = folder, d
        self.y = np.load(Path(folder, "y.npy"))

    @property
    def shape(self) -> tuple[int, int]:
        """(n, d)."""
        return len(self.y), self.d

    @property
    def n_blocks(self) -> int:
        """⌈n / BLOCK⌉."""
        return -(-len(self.y) // BLOCK)

    def block(self, index: int) -> tuple[Any, Any]:
        """See `RowBlocks`."""
        y = self.y[index * BLOCK : (index + 1) * BLOCK]
        offset = index * BLOCK * self.d
        X = np.fromfile(Path(self.folder, "X.bytes"), np.uint8, len(y) * self.d, offset=offset)
        return X.reshape(len(y), self.d), y

    def __reduce__(self) -> Any:
        return Stored, (self.folder, self.d)


def endless(data: str, rows: int) -> RowBlocks:
    """The first `rows` of the endless copies of a data set."""
    from sightline.sources import load
    from sightline.sources.infinite import Infinite

    return Infinite(load(data), rows, 0, rows=BLOCK)


def written(data: str, rows: int, folder: Path) -> Stored:
    """Write those rows down, unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    blocks = endless(data, rows)
    if not (folder / "y.npy").is_file():
        codes = []
        with (folder / "X.bytes").open("wb") as file:
            for X, y in read_ahead(blocks, threads=2):
                file.write(X.data)
                codes.append(y)
        np.save(folder / "y.npy", np.concatenate(codes))
    return Stored(str(folder), blocks.shape[1])


def fitted(blocks: RowBlocks, where: str, C: float, tol: float, scale: float) -> Line:
    """One fit, timed."""
    model = LogisticRegression(C=C, tol=tol, n_threads=int(where) if where.isdecimal() else None)
    began = time.perf_counter()
    if where in ("memory", "zero"):
        X, y = (np.concatenate(part) for part in zip(*map(blocks.block, range(blocks.n_blocks)), strict=True))
        began = time.perf_counter()
        model.set_params(C=C * scale**2).fit(X, y, keep_weights=where == "zero")
    elif where == "sklearn":
        return _peer(blocks, C, tol, scale)
    else:
        cluster = None if where.isdecimal() else where
        readers = int(where) if where.isdecimal() else 1
        model.fit_blocks(blocks, scale=scale, cluster=cluster, readers=readers)
    seconds = time.perf_counter() - began
    passes = model.history_.passes
    steps = np.diff(model.history_.column("seconds"))
    memory, worker = (
        resource.getrusage(who).ru_maxrss / 1000 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    reading = float("nan")
    if where.isdecimal():
        reading = read_alone(blocks, int(where))
    return Line(
        blocks.shape[0], where, seconds, passes[-1].number, float(np.median(steps)) if len(steps) else seconds,
        reading, memory, worker, passes[-1].objective, model.converged_,
    )  # fmt: skip


def _peer(blocks: RowBlocks, C: float, tol: float, scale: float) -> Line:
    """The same rows by scikit-learn."""
    import sklearn.linear_model

    X, y = (np.concatenate(part) for part in zip(*map(blocks.block, range(blocks.n_blocks)), strict=True))
    began = time.perf_counter()
    rows = X * np.float32(scale)
    model = sklearn.linear_model.LogisticRegression(C=C, tol=tol, max_iter=1000).fit(rows, y)
    seconds = time.perf_counter() - began
    loss = 0.0
    for start in range(0, len(rows), BLOCK):
        part = slice(start, start + BLOCK)
        loss -= model.predict_log_proba(rows[part].astype(np.float64))[np.arange(len(y[part])), y[part]].sum()
    F = (loss + np.square(model.coef_, dtype=np.float64).sum() / (2 * C)) / len(rows)
    passes, memory = int(model.n_iter_.max()), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return Line(
        len(rows),
        "sklearn",
        seconds,
        passes,
        seconds / passes,
        float("nan"),
        memory,
        0.0,
        float(F),
        passes < 1000,
    )


class Nothing:
    """Looks at no row: what is left is what a round costs. `weights` travel out, as many come back."""

    def __init__(self, weights: Any) -> None:
        self.weights = weights

    def __call__(self, index: int, X: Any, y: Any) -> Any:
        """See `Task`."""
        return self.weights

    @staticmethod
    def add(one: Any, other: Any) -> Any:
        """See `Task`."""
        return one + other


def read_alone(blocks: RowBlocks, readers: int) -> float:
    """Seconds to read all blocks once, doing nothing with them."""
    sums = LocalSums(blocks, readers, readers)
    began = time.perf_counter()
    sums.sum(Nothing(0))
    sums.close()
    return time.perf_counter() - began


def rounds(workers: int, d: int = 784, K: int = 10, repeats: int = 50) -> list[float]:
    """Milliseconds of rounds in which the workers have nothing to do."""
    from sightline.engine.cluster import ClusterSums

    blocks = ArrayBlocks(np.zeros((8 * workers, d), np.uint8), np.zeros(8 * workers, np.int64), rows=1)
    sums, task, found = ClusterSums(blocks, f"local:{workers}"), Nothing(np.zeros((K, d + 1))), []
    try:
        for _ in range(repeats):
            began = time.perf_counter()
            sums.sum(task)
            found.append(1e3 * (time.perf_counter() - began))
    finally:
        sums.close()
    return found[5:]


def table(lines: list[Line]) -> str:
    """All lines, and what two workers lose against two threads."""
    text = [HEAD, *map(str, lines)]
    by = {(line.rows, line.where): line for line in lines}
    for rows in sorted({line.rows for line in lines}):
        threads, workers = by.get((rows, "2")), by.get((rows, "local:2"))
        if threads and workers:
            text.append(
                f"{rows:,} rows: a pass of two workers is {threads.a_pass / workers.a_pass:.0%} as fast as of two "
                f"threads, the whole fit {threads.seconds / workers.seconds:.0%}"
            )
    return "\n".join(text)


def arguments() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", default="digits")
    parser.add_argument("--rows", type=int, nargs="+", default=[60_000])
    parser.add_argument("--where", nargs="+", default=["2", "local:1", "local:2"])
    parser.add_argument("--made", action="store_true")
    parser.add_argument("--round", action="store_true", dest="only_round")
    parser.add_argument("--tol", type=float, default=1e-4)
    parser.add_argument("-C", type=float, default=1.0)
    parser.add_argument("--scale", type=float, default=1 / 255)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "sightline-scale")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--lines", type=Path, help="JSON that --json wrote, instead of measuring")
    parser.add_argument(
        "--figure", type=Path, nargs="?", const=PICTURE, help="draw, into docs/pictures/scale.png"
    )
    parser.add_argument("--simulate", action="store_true", help="see cluster_model.py, which takes the rest")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Measure, every fit in a process of its own."""
    if "--simulate" in sys.argv:
        from cluster_model import main as simulate

        simulate([word for word in sys.argv[1:] if word != "--simulate"])
        return
    asked = arguments()
    if asked.only_round:
        for workers in (1, 2):
            found = rounds(workers)
            print(
                f"{workers} workers: a round takes {statistics.median(found):.1f} ms (median of {len(found)}; "
                f"fastest {min(found):.1f}, nine of ten at most {sorted(found)[int(0.9 * len(found))]:.1f})"
            )
        return
    lines = (
        [Line(**line) for line in json.loads(asked.lines.read_text("utf-8"))] if asked.lines else fits(asked)
    )
    if asked.one:
        return
    print(table(lines))
    if asked.json:
        asked.json.write_text(json.dumps([asdict(line) for line in lines], indent=1), encoding="utf-8")
    if asked.figure:
        from scale_picture import write
        from sightline.machine import machine

        about = machine()
        foot = f"{about['processor']}, {about['cores']} cores; C = {asked.C:g}, gap {asked.tol:g}"
        print(write(lines, foot, asked.figure))


def fits(asked: argparse.Namespace) -> list[Line]:
    """All that is asked for; in a process that is for one fit, that one, printed."""
    lines: list[Line] = []
    for rows in asked.rows:
        folder = asked.folder / f"{Path(asked.data).name}-{rows}"
        blocks: RowBlocks
        if Path(asked.data, "manifest.json").is_file():  # shards: all of their training images
            from sightline.sources.shards import open_shards

            blocks = open_shards(asked.data).train
        else:
            blocks = endless(asked.data, rows) if asked.made else written(asked.data, rows, folder)
        if asked.one:
            print(json.dumps(asdict(fitted(blocks, asked.where[0], asked.C, asked.tol, asked.scale))))
            return lines
        for where in asked.where:
            words = [
                sys.executable, __file__, asked.data, "--one", "--rows", rows, "--where", where, "--tol", asked.tol,
                "-C", asked.C, "--scale", asked.scale, "--folder", asked.folder, *(["--made"] if asked.made else []),
            ]  # fmt: skip
            done = subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True)
            lines.append(Line(**json.loads(done.stdout.splitlines()[-1])))
            print(lines[-1], file=sys.stderr, flush=True)
    return lines


if __name__ == "__main__":
    main()
