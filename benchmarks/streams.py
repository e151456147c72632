"""Rows that are read block by block: seconds to the same objective, ours against what others would pick.

    python benchmarks/streams.py DATA                        200,000 endless digits, odd against even
    python benchmarks/streams.py DATA --classes 10           the ten digits, where a peer can
    python benchmarks/streams.py DATA --rows 60000 --peers sightline spark

DATA is anything that `sightline.load` takes. Its images and deformed copies are written once, as bytes. All minimise
F = Σ loss / n + ‖W‖² / (2 C n) over pixels in 0…1; a table says how C becomes their own parameter. F* is the least
that anyone reached. A time is that of the first fit, or the first epoch, whose F is within the gap; F itself is
computed in float64 while the clock stands still. Peers that are not installed are named: pip install dask-ml pyspark.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scale import written
from sightline.engine.threads import available_threads
from sightline.machine import machine
from streamed import PEERS, Peer
from streamed.ours import optimum
from streamed.peer import Stream, Watch

LEVELS = (1e-1, 1e-2, 1e-3, 1e-4)


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", default="digits")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--classes", type=int, choices=(2, 10), default=2)
    parser.add_argument("-C", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=available_threads())
    parser.add_argument("--budget", type=float, default=300.0, help="most seconds of one fit")
    parser.add_argument("--peers", nargs="+", help="the beginnings of their names, such as spark")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "sightline-scale")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> None:
    """Measure, and print a table."""
    asked = arguments(words)
    stored = written(asked.data, asked.rows, asked.folder / f"{Path(asked.data).name}-{asked.rows}")
    stream = Stream(stored, asked.classes, asked.C, asked.threads)
    print(", ".join(f"{key} {value}" for key, value in machine().items()), f"load {os.getloadavg()[0]:.1f}")
    print(
        f"{asked.rows:,} x {stream.shape[1]}, {asked.classes} classes, C = {asked.C:g}, {asked.threads} threads"
    )
    wanted = [one.lower() for one in asked.peers or [""]]
    chosen = [peer for peer in PEERS if any(one in peer.name.lower() for one in wanted)]
    best = optimum(stream)
    found = {peer: followed(peer, stream, best, asked.budget) for peer in chosen}
    least = min([best, *(F for points, _ in found.values() for _, F in points)])
    heads = "".join(f"{level:>9.0e}" for level in LEVELS)
    print(f"F* = {least:.7g}; seconds to (F - F*) / F* of\n{'':36}{heads}   nearest  what C became")
    for peer, (points, why) in found.items():
        cells = "".join(f"{_seconds(points, least, level):>9}" for level in LEVELS)
        nearest = f"{min(F for _, F in points) / least - 1:9.1e}" if points else f"{'-':>9}"
        print(f"{peer.name:36}{cells} {nearest}  {why or peer.translation}", flush=True)


def followed(peer: Peer, stream: Stream, best: float, budget: float) -> tuple[list[tuple[float, float]], str]:
    """Points (seconds, F) of a peer, and why there are none."""
    why = peer.missing() or peer.unfit(stream)
    watch = Watch(stream, best * (1 + LEVELS[-1]), budget)
    if not why:
        peer.run(stream, watch)
    return watch.points, why


def _seconds(points: list[tuple[float, float]], least: float, level: float) -> str:
    there = [seconds for seconds, F in points if least * (1 + level) >= F]
    return f"{min(there):.1f}" if there else "-"


if __name__ == "__main__":
    main()
