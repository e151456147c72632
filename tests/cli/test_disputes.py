"""`sightline explore --disputed` as a person uses it: real processes."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

SIGHTLINE = [sys.executable, "-c", "from sightline.cli import main; main()"]


def sightline(*args, cwd):
    return subprocess.run(
        [*SIGHTLINE, *map(str, args)],
        cwd=cwd, capture_output=True, text=True, timeout=120, env={**os.environ, "COLUMNS": "110"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """Bars at two places, with the label of row 5 wrong and names that could pass for markup."""
    folder, rng = tmp_path_factory.mktemp("here"), np.random.default_rng(0)
    y = np.arange(60) % 2
    X = rng.integers(0, 40, (60, 8, 8))
    X[np.arange(60), :, 1 + 4 * y] += 150
    names = np.array(["[red]left", "right"])[y]
    names[5] = "[red]left"
    np.savez(folder / "bars.npz", X=X.astype(np.uint8), y=names)
    return folder


def test_the_table_names_row_labels_and_probabilities(here):
    done = sightline("explore", "bars.npz", "--disputed", "--recipe", "pixels", "--out", "deep/out", cwd=here)
    assert (done.returncode, done.stderr) == (0, "")
    assert "'pixels' disputes 1 of 60 labels that it has not learned." in done.stdout
    assert "Suspected, by their label: [red]left (1)." in done.stdout
    (line,) = [line for line in done.stdout.splitlines() if "★" in line]
    row, part, _, given, _, suggested, _, _ = line.split()
    assert (row, given, suggested) == ("5", "[red]left", "right")
    with (here / "deep" / "out" / "disputed.csv").open(newline="") as file:
        (record,) = csv.DictReader(file)
    assert (record["row"], record["part"], record["label"], record["suggested"]) == (
        "5",
        part,
        given,
        suggested,
    )
    assert float(record["p_label"]) < float(record["p_suggested"])
    assert record["suspected"] == "True"
    with Image.open(here / "deep" / "out" / "disputed.png") as picture:
        assert picture.width > 200
    assert {one.name for one in (here / "deep" / "out").iterdir()} == {"disputed.csv", "disputed.png"}


def test_json_is_all_that_is_printed_and_nothing_is_written(here):
    before = set(here.rglob("*"))
    done = sightline("explore", "bars.npz", "--disputed", "--json", "--seed", "2", cwd=here)
    found = json.loads(done.stdout)
    assert set(here.rglob("*")) == before
    assert sum(found["judged"].values()) == 60
    assert found["suspected"] == {"[red]left": 1, "right": 0}
    assert found["disputed"][0]["row"] == 5
    assert found["seed"] == 2


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["bars.npz", "--recipe", "pixels"], 2, "--recipe is only for disputed labels"),
        (["bars.npz", "--out", "x"], 2, "--out is only for disputed labels"),
        (["nowhere.npz", "--disputed", "--recipe", "pixel"], 2, "Did you mean 'pixels'?"),
        (["each.npz", "--disputed", "--split", "none"], 1, "one training image of each class"),
        (["bars.npz", "--disputed", "--out", "bars.npz/x"], 1, "cannot be made"),
    ],
)
def test_what_makes_no_sense_is_one_message(here, words, status, says):
    np.savez(here / "each.npz", X=np.arange(3 * 16, dtype=np.uint8).reshape(3, 4, 4), y=np.arange(3))
    done = sightline("explore", *words, cwd=here)
    assert done.returncode == status, done.stderr
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_ctrl_c_leaves_nothing_half_done(tmp_path):
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "noise.npz",
        X=rng.integers(0, 256, (20_000, 24, 24), dtype=np.uint8),
        y=np.arange(20_000) % 10,
    )
    process = subprocess.Popen(
        [*SIGHTLINE, "explore", "noise.npz", "--disputed", "--recipe", "pca-poly", "--out", "out"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    while process.poll() is None and not (tmp_path / "out").exists():  # made when the search begins
        time.sleep(0.05)
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, ""), err
    assert err == "sightline: stopped. Nothing was left half written.\n"
    assert not list((tmp_path / "out").iterdir())
