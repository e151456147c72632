"""Does any file, model, folder or request from a stranger crash, hang, swell, or write where it must not?

    python benchmarks/fuzz.py --inputs 1000000 --processes 2          a million over all readers, a quarter of an hour
    python benchmarks/fuzz.py --reader npz --reader png --inputs 20000
    python benchmarks/fuzz.py --seconds 60 --seed 7 --keep failing/
    python benchmarks/fuzz.py --reader model --again 1234             one input once more, here, with what it says
    python benchmarks/fuzz.py --reader idx --guided --seconds 60      led by coverage, where atheris is installed

Valid files are made here and changed: bits, lengths, chunks, headers, names, JSON, with checksums put right so that
what is behind them is reached. Input `i` of a reader depends on the seed and on `i` alone. Each is read by a process
of its own pool in a fresh folder, with two seconds, one gigabyte, and an eye on everything that is written or run.
An answer must be right, or one clear `SightlineError`. The exit status says whether all were.

    right     an answer that fits; unchanged inputs (one in 100) must have one
    refused   one clear SightlineError
    crash     another exception        died    the process ended      hang   more than 2 s
    memory    more than 1 GiB          wrong   an answer that is none  unclear   a message that is none
    wrote     outside its own place    ran     another program, a connection, something unpickled
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections import Counter
from pathlib import Path

from hostile.pool import Campaign, Tally
from hostile.readers import READERS, make_input


def shared(total: int, names: list[str]) -> dict[str, int]:
    """Inputs for each reader, `total` in all."""
    each, more = divmod(total, len(names))
    return {name: each + (i < more) for i, name in enumerate(names)}


def table(tallies: dict[str, Tally]) -> str:
    """What became of the inputs, a line a reader."""
    lines = [f"{'reader':10} {'inputs':>9} {'right':>9} {'refused':>9} {'failed':>7} {'a second':>9}  how"]
    everything = {**tallies, "all": summed(tallies)}
    for name, one in everything.items():
        kinds = Counter(failure.kind for failure in one.failures)
        rate = one.inputs / one.seconds if one.seconds else 0
        lines.append(
            f"{name:10} {one.inputs:9,} {one.right:9,} {one.refused:9,} {len(one.failures):7,} {rate:9,.0f}  "
            + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        )
    return "\n".join(lines)


def summed(tallies: dict[str, Tally]) -> Tally:
    """All readers together."""
    whole = Tally()
    for one in tallies.values():
        whole.right += one.right
        whole.refused += one.refused
        whole.seconds += one.seconds
        whole.failures += one.failures
    return whole


def distinct(tallies: dict[str, Tally], most: int) -> list[str]:
    """The first failure of each way of failing."""
    seen: dict[tuple[str, str, str], str] = {}
    for one in tallies.values():
        for failure in one.failures:
            where = failure.detail.rpartition("(")[2] or failure.detail
            line = f"{failure.reader} {failure.number}: {failure.kind}, {failure.detail}"
            seen.setdefault((failure.reader, failure.kind, where[:60]), line)
    return list(seen.values())[:most]


def once_more(name: str, seed: int, number: int) -> int:
    """Read one input here, and say what became of it."""
    from hostile.pen import Pen

    with tempfile.TemporaryDirectory() as folder:
        outcome = Pen(Path(folder), limited=True).read(name, *make_input(name, seed, number))
    print(f"{name} {number}: {outcome.kind}. {outcome.detail}")
    return int(outcome.failed)


def main() -> int:
    """Read the inputs, print the table, say whether all went well."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--reader", action="append", choices=sorted(READERS), help="more than once for several; default all"
    )
    parser.add_argument(
        "--inputs", type=int, help="in all, shared by the readers; default 20,000, or no end with --seconds"
    )
    parser.add_argument("--seconds", type=float, default=math.inf, help="when to stop")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for inputs that failed")
    parser.add_argument("--again", type=int, metavar="NUMBER", help="read one input of one reader once more")
    parser.add_argument(
        "--guided", action="store_true", help="let atheris lead, in this process, for one reader"
    )
    arguments = parser.parse_args()
    names: list[str] = arguments.reader or list(READERS)
    if arguments.again is not None:
        return once_more(names[0], arguments.seed, arguments.again)
    if arguments.guided:
        from hostile.guided import lead

        return lead(names[0], arguments.inputs or 0, arguments.seconds, arguments.keep)
    total = arguments.inputs or (20_000 if math.isinf(arguments.seconds) else 1_000_000_000)
    campaign = Campaign(
        shared(total, names), arguments.seed, arguments.processes, arguments.seconds, arguments.keep
    )
    tallies = campaign.run()
    print(table(tallies))
    for line in distinct(tallies, 60):
        print(line)
    return int(any(one.failures for one in tallies.values()))


if __name__ == "__main__":
    sys.exit(main())
