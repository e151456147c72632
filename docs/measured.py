"""Pictures of measurements: drawn anew from what was measured, or measured anew where that is quick.

`pictures/solver-speed.svg` is not among them: its rivals take minutes, on MNIST. Its command stands beside it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


def redraw(folder: Path) -> None:
    """Write `conditioning.svg`, on the bundled digits, and `frontier.png`, of what `measured/frontier.json` holds.

    Raises
    ------
    subprocess.CalledProcessError
        A benchmark failed.
    """
    subprocess.run(
        [sys.executable, str(BENCHMARKS / "conditioning.py"), "--figure", str(folder / "conditioning.svg")],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    kept = BENCHMARKS / "measured" / "frontier.json"
    if kept.is_file():
        subprocess.run(
            [sys.executable, __file__, str(kept), str(folder / "frontier.png")],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": str(BENCHMARKS)},
        )


def draw_frontier(kept: Path, target: Path) -> None:
    """Draw the frontier of the data set that was measured first."""
    import frontier  # type: ignore[import-not-found]

    measured: dict[str, dict[str, Any]] = json.loads(kept.read_text(encoding="utf-8"))
    key = next(iter(measured))
    outcomes = [frontier.Outcome(**one) for one in measured[key].values()]
    frontier.draw(outcomes, key.rsplit(" ", 2)[0], target, marks="mnist" in key)


if __name__ == "__main__":
    draw_frontier(Path(sys.argv[1]), Path(sys.argv[2]))
