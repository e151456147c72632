"""Several processes paint the same film as one; they are gone afterwards; memory does not grow with length."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from sightline.films import Look, english
from sightline.films.crew import Job, painted
from sightline.films.encoder import Layout, find_kind
from sightline.films.sigmoid import Sigmoid
from sightline.films.timeline import Timeline

SIGHTLINE = [sys.executable, "-c", "from sightline.cli import main; main()"]


def job(tmp_path, fps):
    return Job(Sigmoid(), Look(320, 180), fps, english(), Layout(find_kind(tmp_path / "x.mp4")))


def test_two_processes_paint_what_one_paints(tmp_path):
    work = job(tmp_path, 6)
    count = len(Timeline(Sigmoid(), 6))
    with painted(work, count, 2) as frames:
        together = list(frames)
    alone = list(work.frames())
    assert len(together) == len(alone) == count
    assert all(np.array_equal(one, other) for one, other in zip(together, alone, strict=True))


def test_processes_are_gone_when_the_block_is_left(tmp_path):
    def children():
        listed = subprocess.run(
            ["ps", "--ppid", str(os.getpid()), "-o", "args="], capture_output=True, text=True, check=False
        )
        return listed.stdout.count("films.crew")

    with painted(job(tmp_path, 6), 200, 2) as frames:
        next(frames)
        assert children() == 2
    assert children() == 0


def test_a_process_that_fails_says_why(tmp_path):
    broken = Job(
        Sigmoid(threshold="high"), Look(320, 180), 6, english(), Layout(find_kind(tmp_path / "x.mp4"))
    )
    with (
        pytest.raises(RuntimeError, match="a process that paints frames ended"),
        painted(broken, 200, 2) as frames,
    ):
        list(frames)


def test_ctrl_c_leaves_no_half_file(tmp_path):
    process = subprocess.Popen(
        [*SIGHTLINE, "film", "sigmoid", "--out", "x.mp4", "--fps", "60", "--processes", "2"],
        cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".x.mp4.*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == "sightline: stopped. Nothing was left half written.\n"
    assert not list(tmp_path.iterdir())
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


PEAK = """
import resource, sys
from pathlib import Path
from sightline.films import render
from sightline.films.sigmoid import Sigmoid
render(Sigmoid(), Path(sys.argv[1]), size="480p", fps=int(sys.argv[2]), processes=1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def test_memory_does_not_grow_with_length(tmp_path):
    def peak(fps):
        done = subprocess.run(
            [sys.executable, "-c", PEAK, str(tmp_path / "x.mp4"), str(fps)],
            capture_output=True,
            text=True,
            check=True,
        )
        return float(done.stdout)

    short, long = peak(2), peak(9)  # 69 and 310 frames, of 1.6 MB each
    assert long - short < 40
