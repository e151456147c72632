"""Commands on images that are read in blocks: real processes, real workers."""

import csv
import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from sightline.cli.app import app
from sightline.errors import SightlineError


def sightline(*args, cwd):
    return subprocess.run(
        [sys.executable, "-m", "sightline", *args],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "COLUMNS": "140", "NO_COLOR": "1"},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    work = tmp_path_factory.mktemp("large")
    done = sightline(
        "data", "make", "infinite", "--base", "digits", "--n", "6000", "--out", "parts", cwd=work
    )
    assert done.returncode == 0, done.stderr
    return work


def test_learn_on_workers_then_predict_block_by_block(folder):
    done = sightline("learn", "parts", "-r", "pixels", "--cluster", "local:2", "--out", "run", cwd=folder)
    assert done.returncode == 0, done.stderr
    found = json.loads((folder / "run" / "metrics.json").read_text())
    assert found["dataset"]["n_train"] == 6000
    assert found["recipes"]["pixels"]["accuracy"] > 0.9
    done = sightline("predict", "run/model.sightline", "parts", "--out", "all.csv", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "6,360 predictions" in done.stderr
    rows = list(csv.DictReader((folder / "all.csv").read_text(encoding="utf-8").splitlines()))
    assert [rows[0]["image"], rows[-1]["image"]] == ["digits, endless#0", "digits, endless#6359"]
    assert sum(row["label"] == row["predicted"] for row in rows) > 0.85 * len(rows)


def test_explore_what_is_never_written(folder):
    done = sightline("explore", "infinite:digits:70000", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["n"], found["n_train"]) == (70360, 70000)
    assert found["shown"] < 70360
    assert sum(found["counts"]) == 70360


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (["learn", "digits", "--cluster", "nowhere"], "names no cluster"),
        (["learn", "digits", "--cluster", "tcp://127.0.0.1:9"], "no scheduler answers"),
        (["learn", "infinite:digits:none"], "there is no data set or file 'digits:none'"),
        (["learn", "infinite:"], "does not say what to make copies of"),
        (["explore", "digits", "--cluster", "local:2"], "fits into memory"),
        (["learn", "infinite:digits:1000", "--size", "16"], "size= does not apply"),
    ],
)
def test_what_cannot_be_is_said(line, what, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SightlineError, match=what):
        CliRunner().invoke(app, line, catch_exceptions=False)
