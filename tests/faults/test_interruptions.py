"""Cut short by kills, Ctrl-C, full disks, missing permission, a second process: what was whole stays whole.

`benchmarks/kills.py` does the same at length, with reports, films and stories.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from sightline.dataset import Dataset
from sightline.errors import NotFoundError, StorageError
from sightline.files import written_aside, written_together
from sightline.sources import cache
from sightline.sources.catalog import RemoteFile
from sightline.sources.fetch import fetch
from sightline.sources.infinite import Infinite
from sightline.sources.sharding import write_shards
from sightline.sources.shards import open_shards

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals between processes")

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SIGHTLINE = [sys.executable, "-c", "from sightline.cli import main; main()"]
JOBS, SMALL_DISKS = ("download", "model", "infinite"), ("full", "readonly")
FAULTS = ("kill", "int", "denied", "two", *SMALL_DISKS)


@pytest.fixture(scope="module")
def cut_short(tmp_path_factory):
    """Interrupt small jobs in every way: before two of their file operations, and at one moment more."""
    folder = tmp_path_factory.mktemp("kills")

    def run(*faults):
        return subprocess.run(
            [sys.executable, "kills.py", "--job", *JOBS, "--fault", *faults, "--kills", "3", "--steps", "2",
             "--json", folder / "told.json", "--folder", folder],
            cwd=BENCHMARKS, capture_output=True, text=True, timeout=1200, check=False,
        )  # fmt: skip

    done = run(*FAULTS)
    if done.returncode == 77:
        done = run("limit", *(one for one in FAULTS if one not in SMALL_DISKS))
    assert (folder / "told.json").exists(), done.stdout + done.stderr
    return {(one["job"], one["fault"]): one for one in json.loads((folder / "told.json").read_text())}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("job", JOBS)
def test_what_was_whole_stays_whole_and_the_next_run_works(cut_short, job, fault):
    if fault in SMALL_DISKS and (job, fault) not in cut_short:
        pytest.skip("may not mount small disks here: that takes root, on Linux")
    found = cut_short[job, fault]
    assert found["broken"] == []
    assert found["times"] == (3 if fault in ("kill", "int") else 1)
    assert found["struck"] + found["undone"] == found["times"]
    assert found["cleared"] == 0


def test_kills_did_meet_jobs_that_were_writing(cut_short):
    met = [one for (_, fault), one in cut_short.items() if fault == "kill"]
    assert sum(one["writing"] for one in met) >= len(JOBS)
    assert sum(one["left"] for one in met) >= 1
    assert cut_short["infinite", "kill"]["kept"] >= 1


# -- one file, or several at once ------------------------------------------------------------------------

WRITE = """
import os, signal, sys
from pathlib import Path
from sightline.files import written_aside, written_together

folder, text, step = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
count = 0

def heard(event, arguments):
    global count
    if event in ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir") and str(folder) in str(arguments[0]):
        count += 1
        if count == step:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(heard)
"""
ASIDE = """
with written_aside(folder / "a.txt", "the text") as aside:
    aside.write_text(text)
"""
TOGETHER = """
with written_together(folder, "the texts") as stage:
    (stage / "below").mkdir()
    for name in ("a.txt", "b.txt", "below/c.txt"):
        (stage / name).write_text(text)
"""


def write(code, folder, text, step=0):
    command = [sys.executable, "-c", WRITE + code, str(folder), text, str(step)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).returncode


def texts(folder):
    return {str(one.relative_to(folder)): one.read_text() for one in folder.rglob("*") if one.is_file()}


@pytest.mark.parametrize("code", [ASIDE, TOGETHER])
def test_killed_at_any_file_operation(tmp_path, code):
    old, new = "o" * 5000, "n" * 5000
    assert write(code, tmp_path, old) == 0
    before, step = texts(tmp_path), 1
    assert set(before.values()) == {old}
    while (status := write(code, tmp_path, new, step)) == -signal.SIGKILL:
        found = texts(tmp_path)
        assert all(found[name] in (old, new) for name in before)
        assert write(code, tmp_path, old) == 0
        assert texts(tmp_path) == before  # and nothing aside
        step += 1
    assert status == 0
    assert step > 3
    assert texts(tmp_path) == dict.fromkeys(before, new)


def test_what_a_living_process_writes_is_not_removed_by_another(tmp_path):
    slow = (
        "with written_aside(folder / 'a.txt', 'the text') as aside:\n    print(aside, flush=True); input()\n"
    )
    command = [sys.executable, "-c", WRITE + slow + "    aside.write_text(text)", str(tmp_path), "slow", "0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        aside = Path(process.stdout.readline().strip())
        assert write(ASIDE, tmp_path, "quick") == 0
        assert aside.exists()
        assert (tmp_path / "a.txt").read_text() == "quick"
        process.communicate("\n", timeout=60)
    assert process.returncode == 0
    assert texts(tmp_path) == {"a.txt": "slow"}


def test_files_of_other_names_stay(tmp_path):
    mine = {".a.txt.zzzzzzzz.part", ".a.txt.0123abcd.part.bak", ".b.txt.0123abcd.part", "a.txt.0123abcd.part"}
    for name in (*mine, ".a.txt.0123abcd.part"):
        (tmp_path / name).write_text("something")
    with written_aside(tmp_path / "a.txt", "the text") as aside:
        aside.write_text("new")
    assert {one.name for one in tmp_path.iterdir()} == {*mine, "a.txt"}


def test_who_puts_files_in_place_waits_for_who_does(tmp_path):
    import fcntl

    handle = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    command = [sys.executable, "-c", WRITE + TOGETHER, str(tmp_path), "new", "0"]
    with subprocess.Popen(command) as process:
        until = time.monotonic() + 60
        while not list(tmp_path.glob(".all.*/below/c.txt")) and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(0.3)
        assert process.poll() is None
        assert not (tmp_path / "a.txt").exists()
        os.close(handle)
        assert process.wait(60) == 0
    assert set(texts(tmp_path).values()) == {"new"}


def beside_nothing(stage):
    with written_aside(stage / "missing" / "b.txt", "the picture") as aside:
        aside.write_text("new")


def something_else(_stage):
    raise NotFoundError("something else is missing")


@pytest.mark.parametrize(("fails", "kind"), [(beside_nothing, StorageError), (something_else, NotFoundError)])
def test_what_goes_wrong_leaves_the_files_of_before_and_names_no_stage(tmp_path, fails, kind):
    def wrong():
        with written_together(tmp_path, "the texts") as stage:
            (stage / "a.txt").write_text("new")
            fails(stage)

    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(kind) as caught:
        wrong()
    assert texts(tmp_path) == {"a.txt": "old"}
    assert ".part" not in str(caught.value)
    assert kind is NotFoundError or f"'{tmp_path / 'missing' / 'b.txt'}'" in str(caught.value)


# -- what killed processes leave is removed by the next one ----------------------------------------------


def test_a_manifest_that_was_never_finished_is_no_other_folder(tmp_path, digits):
    left = tmp_path / "made" / ".manifest.json.0123abcd.part"
    left.parent.mkdir()
    left.write_text('{"kind": "sight')
    write_shards(Infinite(digits, 3000, rows=1000), tmp_path / "made")
    assert not left.exists()
    assert len(open_shards(tmp_path / "made")) == 3000


def test_leftovers_of_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SIGHTLINE_HOME", str(tmp_path))
    left, others = tmp_path / "ready" / ".some-ab_d1234", tmp_path / "ready" / ".some-other-ab_d1234"
    for folder in (left, others):
        folder.mkdir(parents=True)
        (folder / "images.npy").write_bytes(b"half")
    cache.cached("some", lambda: Dataset(np.zeros((4, 3, 3), np.uint8), np.arange(4) % 2, ("a", "b")))
    assert not left.exists()
    assert others.exists()  # of another name: who makes that has its lock, and may be at work


def test_leftovers_of_a_download(tmp_path):
    (tmp_path / "f").write_bytes(b"whole")
    (tmp_path / "tmpab_d1234").write_bytes(b"hal")
    file = RemoteFile("f", f"sha256:{hashlib.sha256(b'whole').hexdigest()}")
    assert fetch(file, (), tmp_path).read_bytes() == b"whole"
    assert {one.name for one in tmp_path.iterdir()} - {".lock"} == {"f"}


# -- said before the work --------------------------------------------------------------------------------


def test_a_folder_without_permission_is_refused_before_the_work(tmp_path):
    rights = []
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("root may write anywhere, and there is no setpriv to forbid it")
        rights = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
    out = tmp_path / "run"
    out.mkdir()
    (out / "report.html").write_text("mine")
    out.chmod(0o555)
    try:
        done = subprocess.run(
            [*rights, *SIGHTLINE, "learn", "nothing-of-this-name", "--out", "run"],
            cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
    finally:
        out.chmod(0o755)
    assert done.stderr.startswith("sightline: the folder 'run' may not be written to. Choose a place")
    assert done.returncode == 1
    assert texts(out) == {"report.html": "mine"}


# -- long jobs -------------------------------------------------------------------------------------------


def ended(pid, seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.killpg(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    os.killpg(pid, signal.SIGKILL)
    return False


def until_there(folder, pattern, process):
    until = time.monotonic() + 120
    while not list(folder.glob(pattern)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_killed_film_takes_its_painters_along_and_starts_again(tmp_path):
    (tmp_path / "x.mp4").write_bytes(b"the film of before")
    with subprocess.Popen(
        [*SIGHTLINE, "film", "sigmoid", "--out", "x.mp4", "--fps", "6", "--size", "480p", "--processes", "2"],
        cwd=tmp_path, stderr=subprocess.DEVNULL, start_new_session=True,
    ) as process:  # fmt: skip
        until_there(tmp_path, ".x.mp4.*", process)
        time.sleep(1)
        process.kill()
        process.wait(60)
        assert ended(process.pid, 120)  # at their next frame
    assert (tmp_path / "x.mp4").read_bytes() == b"the film of before"
    with written_aside(tmp_path / "x.mp4", "the film") as aside:
        aside.write_bytes(b"the next one")
    assert [one.name for one in tmp_path.iterdir()] == ["x.mp4"]


def test_what_the_frontier_measures_ends_with_it(tmp_path):
    with subprocess.Popen(
        [sys.executable, "frontier.py", "digits", "--only", "best", "--json", tmp_path / "kept.json"],
        cwd=BENCHMARKS, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as process:  # fmt: skip
        assert "best" in process.stderr.readline()
        time.sleep(0.5)
        process.kill()
        process.wait(60)
        assert ended(process.pid, 10)
    assert not (tmp_path / "kept.json").exists()
