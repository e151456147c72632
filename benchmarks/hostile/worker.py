"""One process of the pool: told a reader and a range of numbers, it tells what failed, a line of JSON each.

How far it is stands in a mapped file (number, right, refused, failed), so that it is known when the process dies.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import shutil
import struct
import sys
import tempfile
import warnings
from pathlib import Path

STATE = struct.Struct("4q")
QUICK = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""A file system in memory, where there is one."""


def main(state_file: str, readers: list[str]) -> None:
    """Work until standard input ends, on tasks of these readers."""
    sys.dont_write_bytecode = True
    warnings.simplefilter("ignore")
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from hostile.pen import Pen
    from hostile.readers import make_input

    folder = tempfile.TemporaryDirectory(prefix="sightline-pen-", dir=QUICK)
    with Path(state_file).open("r+b") as file, folder as root:
        state = mmap.mmap(file.fileno(), STATE.size)
        pen = Pen(Path(root), limited=True)
        for name in readers:  # seeds are made, and what they import is there, before there are limits
            make_input(name, 0, 0)
            warm(pen, name)
        pen.limit()
        for line in sys.stdin:
            task = json.loads(line)
            name, counts = task["reader"], {"right": 0, "refused": 0, "failed": 0}
            for number in range(task["start"], task["stop"]):
                STATE.pack_into(state, 0, number, *counts.values())
                files, unchanged = make_input(name, task["seed"], number)
                outcome = pen.read(name, files, unchanged)
                counts["failed" if outcome.failed else outcome.kind] += 1
                if outcome.failed:
                    print(
                        json.dumps({"number": number, "kind": outcome.kind, "detail": outcome.detail}),
                        file=out,
                        flush=True,
                    )
            STATE.pack_into(state, 0, task["stop"], *counts.values())
            print(json.dumps({"done": True}), file=out, flush=True)


def warm(pen: object, name: str) -> None:
    """Read the valid files once, so that first imports are not laid at an input's door."""
    from hostile.pen import Pen
    from hostile.readers import READERS, seeds_of

    assert isinstance(pen, Pen)
    for files in seeds_of(name):
        given = pen.root / "given"
        given.mkdir(exist_ok=True)
        for file, content in files.items():
            (given / file).parent.mkdir(parents=True, exist_ok=True)
            (given / file).write_bytes(content)
        with contextlib.suppress(Exception):  # said when the same input comes in its turn
            READERS[name].right(READERS[name].read(given), files)
        shutil.rmtree(given)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main(sys.argv[1], sys.argv[2:])
