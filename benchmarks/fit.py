"""How fast is a fit? Seconds until the same objective is reached, ours against others on the same work.

    python benchmarks/fit.py mnist                      # from the cache, fetched when first asked for
    python benchmarks/fit.py path/to/idx-folder --target 1e-4 --threads 2 --repeats 3
    python benchmarks/fit.py mnist --work pixels raw digits wide --C 0.01 1 --figure speed.svg --json speed.json
    python benchmarks/fit.py path/to/cats-dogs --work binary --peers lbfgs liblinear torch

The objective is the one that all minimise: mean log loss + ‖W‖² / (2 C n). It is computed here, in float64,
from the coefficients of each fit, while no clock runs. The least value that any fit reached (ours is also run
in float64 to 1e-9 to find it) stands for the optimum F*. All in one process, one after the other, the data the
same float32 array.

Ours counts whole fits only, each asked for its tolerance, the median of several. A rival runs on the threads
allowed and on one, and the better counts. One that shows its iterations is followed; one that does not is
fitted again and again with more iterations; its time to a gap is read off between two points. A fit over the
budget is stopped, or not started.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from peers import RIVALS, Peer
from run import Result, Settings, busy, compare
from sightline.machine import machine
from table import missed, one_line, record, table
from works import MAKERS, Unfit, make


def parser() -> argparse.ArgumentParser:
    """The command line."""
    line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    line.add_argument("data", nargs="?", default="mnist", help="name or path, as sightline.load takes it")
    line.add_argument("--work", nargs="+", choices=list(MAKERS), default=["pixels"], metavar="WORK",
                      help=f"of {', '.join(MAKERS)}; the last six need no data")  # fmt: skip
    line.add_argument("--C", nargs="+", type=float, default=[1.0], help="inverse strength of the penalty")
    line.add_argument("--target", type=float, default=1e-4, help="relative gap of the headline")
    line.add_argument("--threads", type=int, default=2)
    line.add_argument("--repeats", type=int, default=3, help="runs, of which the median counts")
    line.add_argument("--budget", type=float, default=240.0, help="most seconds for one fit of a rival")
    line.add_argument("--peers", nargs="+", choices=[one.key for one in RIVALS], metavar="PEER",
                      help=f"of {', '.join(one.key for one in RIVALS)}")  # fmt: skip
    line.add_argument("--only-ours", action="store_true")
    line.add_argument("--float64", action="store_true", help="also a rival in float64, which takes longer")
    line.add_argument("--figure", type=Path, help="draw the result into this .svg or .png")
    line.add_argument("--json", type=Path, help="write all points into this file")
    return line


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print one table a work, and return 1 where ours missed a target or nothing could be run."""
    chosen = parser().parse_args(arguments)
    settings = Settings(chosen.target, chosen.threads, chosen.repeats, chosen.budget)
    rivals = [] if chosen.only_ours else rivals_of(chosen.peers, wide=chosen.float64)
    place = ", ".join(f"{key} {value}" for key, value in machine().items()) + f" | {chosen.threads} threads"
    print("\n".join(line for line in (place, busy()) if line))
    results: list[Result] = []
    for name in chosen.work:
        try:
            works = make(name, chosen.data, chosen.C)
        except Unfit as why:
            print(f"\n{name}: not run, {why}")
            continue
        for work in works:
            print(f"\n{work.title}", flush=True)
            results.append(compare(work, rivals, settings, only_target=chosen.only_ours))
            print(one_line(results[-1]) if chosen.only_ours else table(results[-1]), flush=True)
    if results and chosen.figure:
        from picture import write

        write(results, place, chosen.figure)
    if chosen.json:
        told = {"machine": machine(), "threads": chosen.threads, "target": chosen.target}
        text = json.dumps({**told, "works": [record(one) for one in results]}, indent=1)
        chosen.json.write_text(text + "\n", encoding="utf-8")
    failed = [one.work.title for one in results if missed(one)]
    if failed:
        print(f"\nours did not reach the target: no comparison for {'; '.join(failed)}")
    return int(bool(failed) or not results)


def rivals_of(names: Sequence[str] | None, *, wide: bool) -> list[Peer]:
    """Those named; without names, all but those that run on request, one of which `wide` requests."""
    if names:
        return [one for one in RIVALS if one.key in names]
    return [one for one in RIVALS if wide or not one.on_request]


if __name__ == "__main__":
    sys.exit(main())
