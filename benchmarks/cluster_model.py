"""A hundred workers and a billion rows, on paper and as a simulation of events: where does the time go, what breaks?

    python benchmarks/scale.py DATA --simulate                     all of it; the same as
    python benchmarks/cluster_model.py DATA --workers 1 10 100 1000
    python benchmarks/cluster_model.py DATA --check 200000         predicted and measured, on 1 and 2 workers here
    python benchmarks/cluster_model.py --costs costs.json          with costs that an earlier run wrote by --json

DATA is what `sightline.load` takes, of 784 columns for the figures in docs/scale.md. Measured here, on one thread and
on one local worker (`cluster_costs`): a pass a row, a task's cost to client, scheduler and worker, the work on the
sample. Stated, not measured: network, storage, memory, how unevenly workers run and how they are lost; see --help.
Every simulated fit (`cluster_fleet`) is a survey, a start on the sample, and passes. Lines are means of several.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from cluster_costs import Costs, cluster, fit, measured, tasks
from cluster_fleet import Fleet, World
from sightline.engine.cluster import ClusterSums
from sightline.machine import machine

HEAD = (
    " workers       fit  survey  sample  passes    a pass: computing  slowest  tasks, net   speed-up  efficiency  "
    "most of the time"
)


def mean(costs: Costs, world: World, workers: int, repeats: int) -> tuple[str, float]:
    """One line of the table, and the seconds of the fit."""
    found = [Fleet(costs, world, workers, seed).fit() for seed in range(repeats)]
    seconds = statistics.mean(one.seconds for one in found)
    shares = {name: statistics.mean(one.shares()[name] for one in found) for name in found[0].shares()}
    rounds = [one for outcome in found for one in outcome.passes]
    a_pass = statistics.mean(one.seconds for one in rounds)
    computing, slowest = (
        statistics.mean(getattr(one, name) for one in rounds) for name in ("mean", "slowest")
    )
    work = world.rows / world.threads * (costs.row_survey + costs.passes * costs.row_pass)
    ideal = work + costs.sample_start + (costs.passes - 1) * costs.sample_pass
    first = max(shares, key=shares.__getitem__)
    line = (
        f"{workers:8,} {seconds:7,.0f} s {statistics.mean(one.survey.seconds for one in found):7.0f} "
        f"{found[0].sample:7.1f} {costs.passes:7}   {a_pass:8.2f} {computing:9.2f} {slowest - computing:8.2f} "
        f"{a_pass - slowest:11.2f}   {ideal / seconds:8.1f} {ideal / seconds / workers:10.0%}   "
        f"{first} ({shares[first] / seconds:.0%})"
    )
    return line, seconds


def paper(costs: Costs, world: World) -> list[str]:
    """With how many workers each thing takes as long as the computing of a pass, N·c / (T·W)."""
    work = world.rows * costs.row_pass / world.threads
    a_task = max(costs.client_task, costs.scheduler_task) * tasks(1000) / 1000
    goes_out = costs.payload / world.network
    data = world.rows * costs.columns
    bounds = [
        (
            "tasks of the client and the scheduler",
            (work / a_task) ** 0.5,
            f"{1e3 * a_task:.1f} ms a worker and pass",
        ),
        (
            "coefficients through one network card",
            (work / goes_out) ** 0.5,
            f"{costs.payload / 1e3:.0f} kB a worker",
        ),
        (
            "the sample on the client, between passes",
            work / max(costs.sample_pass, 1e-9),
            f"{costs.sample_pass:.2f} s a pass",
        ),
    ]
    start = costs.sample_start / (costs.passes + costs.row_survey / costs.row_pass)
    bounds.append(
        ("the sample on the client, at the start", work / start, f"{costs.sample_start:.1f} s once")
    )
    for speed in (1.25e9, 5e9, 25e9):
        bounds.append(
            (
                f"one store of {speed / 1e9:g} GB/s that all read",
                work * speed / data,
                f"{data / speed:.0f} s a pass",
            )
        )
    text = ["On paper, so many workers until it takes as long as the computing itself:"]
    text += [
        f"  {name:42} {count:9,.0f} workers   ({what})"
        for name, count, what in sorted(bounds, key=lambda one: one[1])
    ]
    held = -(-data // int(world.ram))
    text.append(
        f"  rows in the workers' memory, {world.ram / 1e9:g} GB each: from {held:,} workers on they are read once"
    )
    sent = data / world.network
    text.append(
        f"  rows that are sent, not found there: {sent:,.0f} s through the client's network card, all in memory"
    )
    return text


def accidents(costs: Costs, world: World, workers: int, repeats: int) -> list[str]:
    """What one thing after the other costs, on so many workers."""
    calm = replace(world, uneven=0.0, hiccup=0.0)
    cases = [
        ("all alike, nothing happens", calm),
        ("as in the table", world),
        ("as in the table, 4 parts a worker", replace(world, parts=4)),
        ("uneven by a fifth", replace(calm, uneven=0.2)),
        ("one worker killed", replace(world, lost=1)),
        ("one worker killed, 4 parts a worker", replace(world, lost=1, parts=4)),
        ("one cable pulled, noticed after 30 s", replace(world, lost=1, silent=True)),
        ("one worker hangs, noticed after 300 s", replace(world, lost=1, silent=True, notice=300.0)),
        ("rows from one store of 5 GB/s, none kept", replace(world, store=5e9, ram=0.0)),
        ("network of 1 Gbit/s", replace(world, network=1.25e8)),
    ]
    base = mean(costs, calm, workers, repeats)[1]
    text = [f"{workers} workers:"]
    for name, case in cases:
        seconds = mean(costs, case, workers, repeats)[1]
        text.append(f"  {name:42} {seconds:8.0f} s  {seconds / base - 1:+7.0%}")
    return text


def check(costs: Costs, blocks: Any, tol: float, scale: float) -> list[str]:
    """Predicted and measured fits, on one and on two workers of this machine."""
    here = World(
        rows=blocks.shape[0], network=2e9, latency=5e-5, uneven=0.0, hiccup=0.0, disk=1e12, ram=1e12
    )  # fmt: skip
    text = ["             predicted                     measured, by the clock          by the processor",
            " workers     a pass   survey      fit     a pass   survey      fit         a pass   passes"]  # fmt: skip
    for workers in (1, 2):
        with cluster(workers) as address:
            sums = ClusterSums(blocks, address)
            run = sums.client.run
            for everyone in (run, sums.client.run_on_scheduler):  # seconds that each needs once in its life
                everyone(import_module, "sightline.logistic.blocks")
            real = fit(blocks, sums, tol, scale, partial(_busy, run))
        spans = real.clocked.clock
        passes = spans[2::2]
        model = Fleet(replace(costs, passes=len(passes)), here, workers, 0).fit()
        busy = real.clocked.asked
        own_pass = (busy[-1] - busy[0]) / workers / len(passes)
        text.append(
            f"{workers:8} {statistics.mean(one.seconds for one in model.passes):10.2f} {model.survey.seconds:8.2f} "
            f"{model.seconds:8.1f} {statistics.median(passes):10.2f} {spans[0]:8.2f} {real.seconds:8.1f} "
            f"{own_pass:14.2f} {len(passes):8}"
        )
    return text


def _busy(run: Callable[..., dict[str, float]]) -> float:
    return sum(run(time.process_time).values())


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", default="digits")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--measure-rows", type=int, default=100_000, help="rows of the fit that is measured")
    parser.add_argument("--check", type=int, metavar="ROWS", help="compare with real fits of so many rows")
    parser.add_argument("--tol", type=float, default=1e-3)
    parser.add_argument("--scale", type=float, default=1 / 255)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--costs", type=Path, help="JSON that --json wrote, instead of measuring")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "sightline-scale")
    for name, value in asdict(World()).items():
        if name not in ("lost", "silent"):
            parser.add_argument(f"--{name}", type=type(value), default=value, help=f"{value:g} unless said")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> None:
    """Measure, then simulate."""
    from scale import written

    asked = arguments(words)
    print(", ".join(f"{key} {value}" for key, value in machine().items()))
    if asked.costs:
        costs = Costs(**json.loads(asked.costs.read_text(encoding="utf-8")))
    else:
        blocks = written(
            asked.data, asked.measure_rows, asked.folder / f"{Path(asked.data).name}-{asked.measure_rows}"
        )
        costs = measured(blocks, 10, asked.tol, asked.scale)
    print("Measured: " + ", ".join(f"{name} {value:.3g}" for name, value in asdict(costs).items()))
    if asked.json:
        asked.json.write_text(json.dumps(asdict(costs), indent=1) + "\n", encoding="utf-8")
    if asked.check:
        blocks = written(asked.data, asked.check, asked.folder / f"{Path(asked.data).name}-{asked.check}")
        print("\n".join(check(costs, blocks, asked.tol, asked.scale)))
        return
    chosen = {name: getattr(asked, name) for name in asdict(World()) if hasattr(asked, name)}
    world = World(**chosen)
    print(
        f"{world.rows:,} rows of {costs.columns} bytes; "
        + ", ".join(f"{key} {value:g}" for key, value in chosen.items())
    )
    print("\n".join([HEAD, *(mean(costs, world, workers, asked.repeats)[0] for workers in asked.workers)]))
    print("\n".join(paper(costs, world)))
    print("\n".join(accidents(costs, world, 100, asked.repeats)))


if __name__ == "__main__":
    main()
