"""The smaller benchmarks run from end to end on the bundled digits, and say what they are for."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "benchmarks"


def said(name: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(FOLDER / name), *arguments], capture_output=True, text=True, timeout=300, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_conditioning_is_mended_and_only_ours_arrives(tmp_path):
    out = said("conditioning.py", "digits", "--figure", str(tmp_path / "made.svg"))
    raw, seen = (float(one) for one in re.findall(r"eigenvalue = (\S+)", out))
    assert raw > 1e4
    assert seen < 10
    left = {name.strip(): float(gap) for name, gap in re.findall(r"(.+?) +after .*: (\S+) above", out)}
    assert left["gradient descent"] > 1
    assert left["Sightline"] < 1e-9 < left["SciPy's L-BFGS"]
    assert (tmp_path / "made.svg").stat().st_size > 1000


def test_lasso_ends_at_the_same_objective_as_saga():
    out = said("lasso.py", "digits", "--rows", "300", "--C", "0.1", "--l1-ratio", "1", "--target", "1e-3")
    assert "above" not in out
    assert float(re.search(r"gap (\S+),", out).group(1)) <= 1e-3


def test_pca_finds_the_same_subspace():
    out = said("pca.py", "digits", "--components", "10", "--repeats", "1")
    ours = [line for line in out.splitlines() if line.startswith("sightline")]
    assert len(ours) == 2
    assert all(float(line.split()[-1]) < 1e-3 for line in ours)
    assert all(float(line.split()[-2]) >= 0 for line in ours)


def test_the_frontier_goes_on_where_it_was_stopped(tmp_path):
    kept = str(tmp_path / "kept.json")
    only = ("--only", "pixels", "orientation", "--json", kept)
    first = said("frontier.py", "digits", *only[:2], *only[3:])
    both = said("frontier.py", "digits", *only, "--figure", str(tmp_path / "drawn.png"))
    line = next(one for one in first.splitlines() if " pixels " in one)
    assert line in both  # the same seconds: not measured again
    errors = {one.split()[-7]: float(one.split()[-6]) for one in both.splitlines() if one.endswith("GB")}
    assert errors["orientation"] < errors["pixels"] < 6
    assert (tmp_path / "drawn.png").stat().st_size > 5000
