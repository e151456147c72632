"""``sightline film`` as a person uses it: real processes, their output, their exit status."""

import os
import subprocess
import sys

import pytest

from .conftest import decoded

SIGHTLINE = [sys.executable, "-c", "from sightline.cli import main; main()"]


def sightline(*args, cwd):
    return subprocess.run(
        [*SIGHTLINE, *map(str, args)],
        cwd=cwd, capture_output=True, text=True, timeout=300, env={**os.environ, "COLUMNS": "140", "NO_COLOR": "1"},
    )  # fmt: skip


def test_a_film_of_the_bundled_digits(tmp_path):
    done = sightline(
        "film", "training", "--recipe", "pca-poly", "--size", "480p", "--fps", 3, "--out", "a/t.mp4",
        "--captions", "both", "--theme", "dark", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.startswith("a/t.mp4: ")
    assert "a/t.vtt: its captions" in done.stdout
    frames, _ = decoded(tmp_path / "a" / "t.mp4")
    assert len(frames) > 50
    assert {one.name for one in (tmp_path / "a").iterdir()} == {"t.mp4", "t.vtt"}


def test_the_name_of_the_film_names_the_file(tmp_path):
    done = sightline("film", "simulation", "--size", "480p", "--fps", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["simulation.mp4"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("film", "sigmod"), "Did you mean 'sigmoid'?"),
        (("film", "sigmoid", "--recipe", "pca"), "shows no recipe"),
        (("film", "pca", "nowhere"), "nowhere"),
        (("film", "pca", "--out", "x.avi"), "End the name in one of .mp4"),
        (("film", "pca", "--texts", "none.toml"), "there are no texts at"),
    ],
)
def test_mistakes_are_one_message(tmp_path, args, said):
    done = sightline(*args, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
