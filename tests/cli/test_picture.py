"""Numbers of cells in the terminal, and the command that draws them."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from sightline.cli.picture import numbers
from sightline.features import make_recipe
from sightline.model import Model
from sightline.store import save_model

SIGHTLINE = [sys.executable, "-c", "from sightline.cli import main; main()"]


def printed(table):
    from rich.console import Console

    console = Console(width=80, color_system=None)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def test_numbers_stand_in_their_rows():
    values = np.array([[1.234, -0.001], [-2.5, 0.0]])
    assert [line.split() for line in printed(numbers(values)).splitlines()] == [
        ["+1.23", "0.00"],
        ["−2.50", "0.00"],
    ]
    assert printed(numbers(np.zeros((1, 3)))).split() == ["0.00"] * 3


@pytest.mark.parametrize("name", ["orientation", "patches"])
def test_explain_draws_and_counts_the_cells(name, tmp_path, digits):
    few = digits.train.take(np.arange(300))
    choices = {"n_atoms": 12} if name == "patches" else {}
    pipeline = make_recipe(name, shape=digits.shape, **choices).fit(few.X, few.labels)
    save_model(Model(pipeline, digits.classes, digits.shape, name), tmp_path / "m.sightline")
    done = subprocess.run(
        [*SIGHTLINE, "explain", "m.sightline", "digits", "--row", "3", "--out", "why.png"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True,
        env={**os.environ, "COLUMNS": "120", "NO_COLOR": "1"},
    )  # fmt: skip
    assert "why-cells.png" in done.stdout
    assert "What the cells of a grid" in done.stdout
    with Image.open(tmp_path / "why-cells.png") as picture:
        assert min(picture.size) > 400
    found = json.loads((tmp_path / "why.json").read_text())
    total = np.sum([np.sum(grid["contributions"], axis=(1, 2)) for grid in found["cells"]], axis=0)
    np.testing.assert_allclose(total + found["features"]["bias"], found["z"], atol=1e-6)
