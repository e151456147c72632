"""What `sightline explore` prints, and how images are drawn in a terminal."""

import json

import numpy as np
import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from sightline.cli.explore import explore, show
from sightline.cli.picture import SHADES, UPPER_HALF, has_colour, render, strip
from sightline.dataset import Dataset
from sightline.exploration import explore as look


@pytest.fixture
def dataset():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (30, 8, 8), dtype=np.uint8)
    names = ("zero", "[red]one[/red]", "two")
    return Dataset(
        images, np.arange(30) % 3, names, name="noise", n_train=21, notes=("3 files were left out",)
    )


def on_screen(dataset, width=100):
    console = Console(width=width, record=True, force_terminal=False, file=None)
    with console.capture() as captured:
        show(console, dataset, look(dataset))
    return captured.get()


def test_colour_draws_each_pixel_in_its_own_colour():
    image = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [9, 9, 9]]], np.uint8)
    text = render(image, colour=True)
    assert text.plain == UPPER_HALF * 2
    styles = [str(span.style) for span in text.spans]
    assert styles == ["rgb(255,0,0) on rgb(0,0,255)", "rgb(0,255,0) on rgb(9,9,9)"]


def test_shades_run_from_blank_to_full_and_need_only_ascii():
    ramp = np.repeat(np.linspace(0, 255, 10).astype(np.uint8)[None], 2, axis=0)
    assert render(ramp, colour=False).plain == SHADES
    assert render(ramp, colour=False).plain.isascii()


@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (28, 28), (64, 48, 3), (3, 200)])
@pytest.mark.parametrize("columns", [None, 1, 10])
def test_lines_are_as_long_as_asked_and_half_as_many_as_pixels(shape, columns, colour):
    image = np.zeros(shape, np.uint8)
    lines = render(image, columns, colour=colour).plain.split("\n")
    width = min(shape[1], 32) if columns is None else columns
    assert {len(line) for line in lines} == {width}
    assert len(lines) == (max(1, round(shape[0] * width / shape[1])) + 1) // 2


def test_no_colour_where_nobody_looks_or_wants_it(monkeypatch):
    assert not has_colour()  # pytest's output is captured
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert has_colour()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not has_colour()


def test_a_strip_puts_every_caption_under_its_image():
    console = Console(width=60, force_terminal=False)
    with console.capture() as captured:
        console.print(strip([np.full((4, 4), 255, np.uint8)] * 2, ["one", "two"], colour=False))
    *_, captions = captured.get().rstrip().split("\n")
    assert captions.split() == ["one", "two"]


@pytest.mark.parametrize("width", [40, 100])
def test_the_screen_tells_what_was_found(dataset, width):
    said = on_screen(dataset, width)
    flat = " ".join(said.split())
    assert "30 images in 3 classes: 21 to learn from, 9 to be tested on." in flat
    assert "Why 64 columns?" in flat
    assert "Note: 3 files were left out" in flat
    assert "[red]one" in said  # a class name is text, never markup
    assert max(len(line) for line in said.split("\n")) <= width


def test_json_is_all_that_is_printed(tmp_path, dataset):
    np.savez(tmp_path / "noise.npz", X=dataset.images, y=dataset.labels)
    app = typer.Typer()
    app.command()(explore)
    words = [str(tmp_path / "noise.npz"), "--json", "--seed", "3", "--size", "6", "--split", "0.2"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)
    assert (found["n"], found["n_train"], found["shape"]) == (30, 24, [6, 6])
    assert "Images per class" in CliRunner().invoke(app, []).output
