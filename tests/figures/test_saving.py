"""A picture is written whole or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from sightline import figures
from sightline.errors import StorageError, UsageError

from .conftest import PICTURES


@pytest.mark.parametrize("suffix", ["png", "svg", "PNG"])
@pytest.mark.parametrize("name", ["pixel_band", "roc", "confusion_matrix", "convergence", "explanation"])
def test_the_same_figure_gives_the_same_bytes(name, suffix, ten, tmp_path):
    one = figures.save(PICTURES[name](ten, "light"), tmp_path / f"one.{suffix}")
    other = figures.save(PICTURES[name](ten, "light"), str(tmp_path / f"other.{suffix}"))
    assert one.read_bytes() == other.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"one.{suffix}", f"other.{suffix}"]
    assert b"Matplotlib" not in one.read_bytes().replace(b"matplotlib.org", b"")


def test_a_png_has_150_dots_an_inch(tmp_path):
    figure = figures.sigmoid_curve()
    with Image.open(figures.save(figure, tmp_path / "a.png")) as image:
        width, height = figure.get_size_inches()
        assert image.size == (int(150 * width), int(150 * height))


def test_an_unknown_suffix_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"\.png or \.svg"):
        figures.save(figures.sigmoid_curve(), tmp_path / "a.gif")


def test_a_missing_folder_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match="cannot be written"):
        figures.save(figures.sigmoid_curve(), tmp_path / "nowhere" / "a.png")


@pytest.mark.parametrize("step", ["write_bytes", "replace"])
def test_the_old_file_survives_a_failure(step, tmp_path, monkeypatch):
    target = tmp_path / "a.png"
    target.write_bytes(b"old")

    def fail(self, *_):
        if step == "write_bytes":
            with self.open("wb") as file:
                file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, step, fail)
    with pytest.raises(StorageError, match="No space left"):
        figures.save(figures.sigmoid_curve(), target)
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_without_a_home_nothing_is_said_about_it():
    unset = ("HOME", "MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    code = "import sightline.figures, matplotlib; matplotlib.get_configdir()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, "HOME": os.devnull},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
