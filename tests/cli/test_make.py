"""``sightline data make infinite``: what it writes, says, refuses, and how it goes on after Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from typer.testing import CliRunner

from sightline.cli.data import app
from sightline.engine.blocks import read_ahead
from sightline.errors import NotFoundError, UsageError
from sightline.sources import load
from sightline.sources.infinite import DIGITS, Infinite
from sightline.sources.shards import open_shards


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        command = ["make", "infinite", "--base", "digits", *map(str, arguments)]
        return CliRunner().invoke(app, command, catch_exceptions=False).stdout

    return run


def test_it_writes_what_would_be_streamed(call):
    shown = call("--n", 4000, "--seed", 5, "--strength", 0.5)
    assert "ShardedDataset 'digits, endless': 4,360 images of 8×8, 10 classes" in shown
    assert "4,000 for training and 360 for testing" in shown
    assert "digits-endless: 4,360 made in" in shown
    written = open_shards("digits-endless")
    streamed = Infinite(load("digits", seed=5), 4000, 5, DIGITS.times(0.5))
    for (X, y), (Z, t) in zip(read_ahead(written.train), read_ahead(streamed), strict=True):
        assert np.array_equal(X, Z)
        assert np.array_equal(y, t)
    assert written.test.sample(360).digest == streamed.test.digest


def test_for_programs_and_again(call):
    found = json.loads(call("--n", 2000, "--out", "x", "--json"))
    assert (found["n_train"], found["n_test"], found["made"], found["shape"]) == (2000, 360, 2360, [8, 8])
    assert found["digest"] == open_shards("x").digest
    again = json.loads(call("--n", 2000, "--out", "x", "--json"))
    assert again["made"] == 0
    assert again["digest"] == found["digest"]
    assert "all were there" in call("--n", 2000, "--out", "x")
    with pytest.raises(UsageError, match="holds other images"):
        call("--n", 2000, "--out", "x", "--seed", 1)


def test_what_it_refuses(call, tmp_path):
    with pytest.raises(NotFoundError, match="there is no data set or file 'nothing'"):
        CliRunner().invoke(app, ["make", "infinite", "--base", "nothing"], catch_exceptions=False)
    assert CliRunner().invoke(app, ["make", "infinite", "--n", "0"]).exit_code == 2
    assert not list(tmp_path.glob("*-endless"))
    assert "infinite" in CliRunner().invoke(app, ["make"]).output


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals between processes")
def test_ctrl_c_leaves_whole_parts_and_one_message(tmp_path):
    code = "import sys; from sightline.cli import main; sys.argv[0] = 'sightline'; main()"
    command = [
        sys.executable,
        "-c",
        code,
        *["data", "make", "infinite", "--base", "digits", "--n", "100000000", "--out", "x"],
    ]
    with subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=os.environ
    ) as process:
        until = time.monotonic() + 60
        while not (tmp_path / "x" / "manifest.json").exists():
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "goes on from them" in said
    assert {one.name for one in (tmp_path / "x").iterdir()} <= {"manifest.json", ".lock"}
