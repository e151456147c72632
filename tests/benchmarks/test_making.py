"""The benchmark of endless images runs, and leaves nothing behind."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "making.py"


def test_it_measures_making_writing_and_reading(tmp_path):
    folder = tmp_path / "made"
    command = [
        sys.executable,
        str(SCRIPT),
        "digits",
        "--n",
        "9000",
        "--write",
        str(folder),
        "--threads",
        "1",
        "2",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    line = (
        r"^(\w+) +(\d) threads +([\d,]+) images +[\d.]+ s +([\d,]+) a second +([\d,]+) a second of one core$"
    )
    lines = re.findall(line, done.stdout, re.MULTILINE)
    assert [(what, threads) for what, threads, *_ in lines] == [
        (what, threads) for threads in "12" for what in ("made", "written", "read")
    ]
    assert all(int(rate.replace(",", "")) > 0 for *_, clock, own in lines for rate in (clock, own))
    assert not folder.exists()
