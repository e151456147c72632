"""The page's arithmetic against Python's, on random models, drawings and decisions.

The page's own TypeScript is run by Node.js (20 or newer), with what ``npm ci`` puts into web/.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from checks.row import Row

ROOT = Path(__file__).parents[2]
WEB, GOLDEN, SCRIPT = (
    ROOT / "web",
    ROOT / "tests" / "studio" / "golden.py",
    Path(__file__).with_name("page.mjs"),
)


def missing() -> str | None:
    """What is not here, or None."""
    if shutil.which("node") is None:
        return "there is no Node.js here"
    return None if (WEB / "node_modules" / "vite").is_dir() else "web/node_modules is empty: cd web && npm ci"


def cases(n: int) -> dict[str, Any]:
    """What tests/studio/golden.py writes into tests/golden/random.json, more of it."""
    spec = importlib.util.spec_from_file_location("golden", GOLDEN)
    assert spec is not None
    assert spec.loader is not None
    golden = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(golden)
    made: dict[str, Any] = golden.many(n)
    return made


def computed(given: dict[str, Any]) -> dict[str, Any]:
    """What the page makes of them."""
    with tempfile.TemporaryDirectory() as folder:
        asked, found = Path(folder) / "cases.json", Path(folder) / "found.json"
        asked.write_text(json.dumps(given), encoding="utf-8")
        command = ["node", str(SCRIPT), str(WEB), str(asked), str(found)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        answer: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
        return answer


def check(n: int) -> list[Row]:
    """n models, a third as many drawings, half as many sets of decisions."""
    given = cases(n)
    found = computed(given)
    z = Row("page: scores, of Σ|shares|", 1e-13)
    p = Row("page: probabilities", 1e-9)
    shares = Row("page: contributions, as float32 holds them", 0)
    places = Row("page: another first, runner-up or class to change to", 0)
    change = Row("page: smallest changes, of their length", 1e-6)
    frames = Row("page: pixels of framed drawings that differ", 0)
    counts = Row("page: confusion and counts at thresholds that differ", 0)
    for i, (one, other) in enumerate(zip(given["models"], found["models"], strict=True)):
        where = f"model {i}"
        size = np.abs(one["contributions"]).sum() + np.abs(one["bias"]).sum() + 1e-300
        z.add(float(np.abs(np.subtract(one["z"], other["z"])).max() / size), where)
        p.add(float(np.abs(np.subtract(one["probability"], other["probability"])).max()), where)
        single = np.asarray(one["contributions"], np.float32)
        shares.add(float((single != np.asarray(other["contributions"], np.float32)).sum()), where)
        ways = [(m["predicted"], m["runner_up"], m["change"] and m["change"]["target"]) for m in (one, other)]
        places.add(float(ways[0] != ways[1]), f"{where}: {ways}")
        if one["change"] and other["change"]:
            off = np.abs(np.subtract(one["change"]["delta"], other["change"]["delta"])).max()
            change.add(float(off / max(one["change"]["norm"], 1)), where)
    for i, (one, other) in enumerate(zip(given["frames"], found["frames"], strict=True)):
        frames.add(float((np.ravel(one["image"]) != other).sum()), f"drawing {i}")
    for i, (one, other) in enumerate(zip(given["judged"], found["judged"], strict=True)):
        same = one["confusion"] == other["confusion"] and one["counts"] == other["counts"]
        counts.add(float(not same), f"decisions {i}")
    return [z, p, shares, places, change, frames, counts]
