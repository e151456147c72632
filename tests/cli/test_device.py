"""`sightline learn --device`: a line where there is no card, a refusal where there can be none."""

import json
import os
import subprocess
import sys

import pytest

from sightline.engine.device import usable
from sightline.errors import UsageError
from sightline.story import Config, run


def sightline(*args, cwd):
    return subprocess.run(
        [sys.executable, "-m", "sightline", *map(str, args)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "COLUMNS": "140", "NO_COLOR": "1"},
    )


def test_without_a_card_one_line_says_so_and_the_processor_learns(tmp_path):
    if not usable("cuda")[1]:
        pytest.skip("there is a card here")
    done = sightline("learn", "--recipe", "symmetry", "--device", "cuda", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("sightline: no CUDA device: ")
    assert done.stderr.endswith("; going on on the CPU.\n")
    assert done.stderr.count("\n") == 1
    assert json.loads(done.stdout)["command"].endswith("--device cuda --json")


def test_a_device_that_cannot_be_is_refused_before_the_work(tmp_path):
    done = sightline("learn", "--device", "gpu", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("sightline: there is no device 'gpu'. Devices are 'cpu', 'cuda'")
    assert not list(tmp_path.iterdir())


def test_a_run_learns_and_judges_there():
    here, there = (
        run(Config(data="digits", recipes=("symmetry",), device=one))
        for one in ("cpu", "array_api_strict:cpu")
    )
    classifier = there.winner.model.pipeline[-1]
    assert classifier.device == "array_api_strict:cpu"
    one, two = here.winner.evaluation.log_loss.value, there.winner.evaluation.log_loss.value
    assert two == pytest.approx(one, rel=1e-3)


def test_block_by_block_is_for_the_processor():
    with pytest.raises(UsageError, match="cannot be learned on array_api_strict:cpu"):
        run(Config(data="digits", recipes=("pixels",), cluster="local:1", device="array_api_strict:cpu"))
