"""The command line as a person uses it: real processes, their output, their exit status."""

import csv
import io
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


def sightline(*args, cwd, **environment):
    return subprocess.run(
        [*SIGHTLINE, *map(str, args)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "COLUMNS": "140", "NO_COLOR": "1", **environment},
    )


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    here = tmp_path_factory.mktemp("here")
    done = sightline("learn", "--recipe", "pixels", "--recipe", "pca-poly", cwd=here)
    assert done.returncode == 0, done.stderr
    return here, done


@pytest.fixture(scope="module")
def model(learned):
    return learned[0] / "sightline-run" / "model.sightline"


def digit(digits, path, *, row=3, negative=False, size=None):
    image = Image.fromarray(255 - digits.test.images[row] if negative else digits.test.images[row])
    (image.resize((size, size), Image.Resampling.NEAREST) if size else image).save(path)
    return digits.classes[digits.test.labels[row]]


def test_learn_names_the_page_last_and_leaves_everything(learned):
    here, done = learned
    assert done.stdout.rstrip().endswith("sightline-run/report.html")
    assert done.stderr == ""
    assert "★ pca-poly" in done.stdout
    assert {one.name for one in (here / "sightline-run").iterdir()} == {
        "report.html", "metrics.json", "model.sightline", "figures",
    }  # fmt: skip
    found = json.loads((here / "sightline-run" / "metrics.json").read_text())
    assert found["command"] == "sightline learn --recipe pixels --recipe pca-poly"


def test_learn_json_is_one_object(tmp_path):
    done = sightline("learn", "--recipe", "pixels", "--json", "--out", "x", cwd=tmp_path)
    assert json.loads(done.stdout)["best"] == "pixels"
    assert (tmp_path / "x" / "report.html").exists()


def test_learn_from_a_folder_of_photos(tmp_path):
    rng = np.random.default_rng(0)
    for k, name in enumerate(("left", "right")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(30):
            image = rng.integers(0, 90, (20 + i % 3, 20, 3)).astype(np.uint8)
            image[5:15, 2 + 10 * k : 8 + 10 * k] += 120
            Image.fromarray(image).save(tmp_path / "photos" / name / f"{i}.png")
    (tmp_path / "photos" / "left" / "note.png").write_text("not an image")
    done = sightline("learn", "photos", "--size", "12", "--recipe", "pixels", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "left/note.png" in done.stdout
    found = json.loads((tmp_path / "sightline-run" / "metrics.json").read_text())
    assert found["recipes"]["pixels"]["accuracy"] > 0.9
    assert (found["dataset"]["height"], found["dataset"]["channels"]) == (12, 3)


def test_predict_a_data_set_as_csv(model, tmp_path, digits):
    done = sightline("predict", model, "digits", cwd=tmp_path)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert len(rows) == 1797
    right = np.mean([row["label"] == row["predicted"] for row in rows])
    assert right > 0.97
    total = [sum(float(row[f"p({k})"]) for k in range(10)) for row in rows]
    np.testing.assert_allclose(total, 1, atol=1e-4)


def test_predict_files_and_folders_and_turn_negatives(model, tmp_path, digits):
    (tmp_path / "in").mkdir()
    labels = [
        digit(digits, tmp_path / "in" / f"{row}.png", row=row, negative=row % 2 == 1) for row in range(1, 7)
    ]
    (tmp_path / "in" / "bad.png").write_text("text")
    done = sightline("predict", model, "in", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["predictions"]
    assert [one["predicted"] for one in found] == labels
    assert "left out: 'in/bad.png'" in done.stderr
    assert "3 of 6 images were taken as negatives" in done.stderr
    kept = sightline("predict", model, "in", "--json", "--polarity", "keep", cwd=tmp_path)
    assert [one["predicted"] for one in json.loads(kept.stdout)["predictions"]] != labels


def test_predict_to_a_file(model, tmp_path, digits):
    label = digit(digits, tmp_path / "a.png", size=64)
    done = sightline("predict", model, "a.png", "--out", "deep/out.csv", cwd=tmp_path)
    assert done.stdout == ""
    row = next(csv.DictReader(io.StringIO((tmp_path / "deep" / "out.csv").read_text())))
    assert row["predicted"] == label


def test_explain_draws_and_counts(model, tmp_path, digits):
    label = digit(digits, tmp_path / "a.png", size=24)
    done = sightline("explain", model, "a.png", "--train", "digits", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"Decided {label}" in done.stdout
    with Image.open(tmp_path / "explanation.png") as picture:
        assert min(picture.size) > 300
    found = json.loads((tmp_path / "explanation.json").read_text())
    total = np.array(found["contributions"]).sum(axis=(1, 2)) + found["bias"]
    np.testing.assert_allclose(total, found["z"], atol=1e-4)
    by_row = sightline("explain", model, "digits", "--row", "3", "--json", "--out", "b.svg", cwd=tmp_path)
    assert json.loads(by_row.stdout)["label"] == "3"
    assert (tmp_path / "b.svg").exists()


def test_simulate_shows_the_steps(tmp_path):
    done = sightline("simulate", "--out", "s.png", cwd=tmp_path)
    assert "has shape (100,)" in done.stdout
    assert (tmp_path / "s.png").exists()
    found = json.loads(sightline("simulate", "--json", "--samples", "5", cwd=tmp_path).stdout)
    z = np.array(found["X"]) @ found["weights"] + found["bias"]
    np.testing.assert_allclose(found["z"], z)
    np.testing.assert_allclose(found["probability"], 1 / (1 + np.exp(-z)))


def test_help_and_version(tmp_path):
    for words in (["--help"], ["learn", "--help"], ["data", "--help"], []):
        done = sightline(*words, cwd=tmp_path)
        assert "Usage" in done.stdout + done.stderr
    assert sightline("--version", cwd=tmp_path).stdout.startswith("sightline ")


MISUSE = [
    (["learn", "nowhere"], "there is no data set or file 'nowhere'"),
    (["learn", "--recipe", "beast"], "there is no recipe 'beast'"),
    (["learn", "--budget", "soon"], "'soon' is no time"),
    (["learn", "--budget", "9s", "--recipe", "pixels"], "--budget picks the recipe itself"),
    (["learn", "--split", "2"], "a split of '2' is not possible"),
    (["learn", "--size", "0x3"], "a size of '0x3' is not possible"),
    (["learn", "--shape", "8"], "a shape of '8' is not possible"),
    (["learn", "--seed", "x"], "Invalid value"),
    (["unknown"], "No such command"),
    (["predict", "nothing.sightline", "digits"], "there is no model file"),
    (["simulate", "--samples", "0"], "cannot simulate 0 samples"),
    (["simulate", "--out", "x.jpg"], ".jpg"),
]


@pytest.mark.parametrize(("words", "says"), MISUSE, ids=[" ".join(words) for words, _ in MISUSE])
def test_misuse_is_one_message_and_status_two(words, says, tmp_path):
    done = sightline(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert says in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def failing(tmp_path):
    """Inputs that cannot be used, each by its name."""
    made = tmp_path / "made"
    made.mkdir()
    (made / "empty").mkdir()
    (made / "one" / "cat").mkdir(parents=True)
    (made / "few").mkdir()
    for name, count in (("cat", 2), ("dog", 1)):
        (made / "few" / name).mkdir()
        for i in range(count):
            Image.fromarray(np.full((4, 4), 9 * i, np.uint8)).save(made / "few" / name / f"{i}.png")
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(made / "one" / "cat" / "a.png")
    (made / "text.csv").write_text("just words\n")
    (made / "nan.csv").write_text("label,p0,p1,p2,p3\n1,0,0,,0\n0,1,1,1,1\n")
    np.savez(made / "short.npz", X=np.zeros((4, 2, 2), np.uint8), y=np.zeros(3, int))
    (made / "cut.npz").write_bytes((made / "short.npz").read_bytes()[:60])
    return {
        "empty": "empty", "one": "one class only", "few": "fewer than two", "text.csv": "not a table",
        "nan.csv": "gaps", "short.npz": "3", "cut.npz": "cut.npz",
    }  # fmt: skip


def test_what_cannot_be_used_is_one_message_and_status_one(tmp_path):
    for name, says in failing(tmp_path).items():
        done = sightline("learn", tmp_path / "made" / name, cwd=tmp_path)
        assert done.returncode == 1, (name, done.stdout, done.stderr)
        assert says in done.stderr, (name, done.stderr)
        assert "Traceback" not in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_a_damaged_model_is_one_message(model, tmp_path):
    (tmp_path / "m").write_bytes(model.read_bytes()[:500])
    done = sightline("predict", "m", "digits", cwd=tmp_path)
    assert done.returncode == 1
    assert "not a readable Sightline model" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_place_that_cannot_be_written_is_told_before_the_work(tmp_path):
    (tmp_path / "file").write_text("mine")
    began = time.perf_counter()
    done = sightline("learn", "--out", "file/run", cwd=tmp_path)
    assert done.returncode == 1
    assert "the folder 'file/run' cannot be made" in done.stderr
    assert (tmp_path / "file").read_text() == "mine"
    assert time.perf_counter() - began < 10


def test_a_full_disk_leaves_the_last_run_whole(learned, tmp_path):
    """A real limit on the size of files stands in for a full disk."""
    first = sightline("learn", "--recipe", "pixels", cwd=tmp_path)
    assert first.returncode == 0
    page = tmp_path / "sightline-run" / "report.html"
    before = page.read_bytes()
    code = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); from sightline.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "learn", "--recipe", "pixels"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert page.read_bytes() == before
    assert not list((tmp_path / "sightline-run").rglob("*.part"))


@pytest.mark.parametrize("moment", [0.5, 4.0])
def test_ctrl_c_ends_with_130_and_one_line(moment, tmp_path):
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "noise.npz",
        X=rng.integers(0, 256, (20_000, 24, 24), dtype=np.uint8),
        y=np.arange(20_000) % 10,
    )
    first = sightline("learn", "--recipe", "pixels", cwd=tmp_path)
    assert first.returncode == 0
    before = {one: one.read_bytes() for one in (tmp_path / "sightline-run").rglob("*") if one.is_file()}
    process = subprocess.Popen(
        [*SIGHTLINE, "learn", "noise.npz", "--recipe", "pca-poly"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    time.sleep(moment)
    process.send_signal(signal.SIGINT)
    began = time.perf_counter()
    out, err = process.communicate(timeout=60)
    assert time.perf_counter() - began < 20
    assert process.returncode in (130, -signal.SIGINT), (out, err)
    assert moment < 2 or (process.returncode, err) == (
        130,
        "sightline: stopped. Nothing was left half written.\n",
    )
    assert {one: one.read_bytes() for one in before} == before
    assert not list(tmp_path.rglob("*.part"))


def test_a_reader_that_leaves_is_no_error(model, tmp_path):
    command = " ".join([*(f"'{word}'" for word in SIGHTLINE), "predict", f"'{model}'", "digits"])
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | head -n 1"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout.startswith("image,label,predicted")
    assert "Traceback" not in done.stderr


def test_learn_works_without_a_network(tmp_path):
    code = (
        "import socket\n"
        "def refuse(*a, **k): raise AssertionError('a connection was tried')\n"
        "socket.socket.connect = refuse; socket.create_connection = refuse; socket.getaddrinfo = refuse\n"
        "from sightline.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "learn", "--recipe", "pixels"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_recipes_are_listed_with_what_they_take_and_reach(tmp_path):
    done = sightline("recipes", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(sightline("recipes", "--json", cwd=tmp_path).stdout)
    from sightline import recipes

    assert [one["name"] for one in found] == list(recipes())
    for one in found:
        assert 0 < one["error"] < 100, one
        assert 0 < one["seconds"] < 1000, one
        assert one["name"] in done.stdout
        assert one["summary"] in done.stdout


def test_predictions_averaged_over_views(model, digits, tmp_path):
    digit(digits, tmp_path / "one.png")
    plain = json.loads(sightline("predict", model, "one.png", "--json", cwd=tmp_path).stdout)
    found = json.loads(sightline("predict", model, "one.png", "--views", "6", "--json", cwd=tmp_path).stdout)
    one, other = (each["predictions"][0]["probabilities"] for each in (plain, found))
    assert abs(sum(other) - 1) < 1e-4
    assert one != other
