"""The same sums on workers that are processes of their own, some of which are killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

import sightline
from sightline.engine import cluster as engine
from sightline.engine import connection
from sightline.engine.blocks import ArrayBlocks
from sightline.engine.cluster import Share
from sightline.engine.sums import LocalSums
from sightline.errors import SightlineError
from sightline.logistic import LogisticRegression

distributed = pytest.importorskip("distributed")
DIGITS = load_digits(return_X_y=True)
SETTINGS = {"C": 0.01, "tol": 1e-4}
LONGEST = 30


def started(module, *arguments, path=None):
    once = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    return subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.{module}", *map(str, arguments), "--no-dashboard"],
        env={**os.environ, **once, **({"PYTHONPATH": str(path)} if path else {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


class Machines:
    """A scheduler and workers, each a process."""

    def __init__(self, folder, path=None):
        self.folder, self.workers, file = folder, [], folder / "scheduler.json"
        self.scheduler = started(
            "dask_scheduler", "--host", "127.0.0.1", "--port", 0, "--scheduler-file", file, path=path
        )
        until(lambda: file.is_file() and file.read_text().rstrip().endswith("}"))
        self.address = json.loads(file.read_text())["address"]
        self.client = distributed.Client(self.address, set_as_default=False)

    def grow(self, count, path=None):
        """As many workers as asked for are there, those that are here already included."""
        self.workers = [one for one in self.workers if one.poll() is None]
        until(lambda: len(self.client.nthreads()) == len(self.workers))
        for _ in range(count - len(self.workers)):
            self.workers.append(
                started(
                    "dask_worker", self.address, "--nthreads", 1, "--no-nanny", "--memory-limit", 0,
                    "--local-directory", self.folder, path=path,
                )
            )  # fmt: skip
        until(lambda: len(self.client.nthreads()) == count)

    def kill(self, count=1):
        for one in [one for one in self.workers if one.poll() is None][:count]:
            one.send_signal(signal.SIGKILL)
            one.wait()

    def close(self):
        self.client.close()
        for one in (*self.workers, self.scheduler):
            one.kill()
            one.wait()


def until(true):
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < LONGEST
        time.sleep(0.02)


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    found = Machines(tmp_path_factory.mktemp("dask"))
    yield found
    found.close()


@pytest.fixture
def two(machines):
    machines.grow(2)
    return machines


def made(pause=0.0, n=6000, wrong=None):
    """Blocks that every worker makes for itself; a class that travels by value."""

    class Made:
        shape, n_blocks = (n, 12), n // 200

        def block(self, index):
            import time

            import numpy as np

            time.sleep(pause)
            if index == wrong:
                raise OSError("no such file")
            rng = np.random.default_rng(index)
            X = rng.standard_normal((200, 12)).astype(np.float32)
            return X, (X @ rng.standard_normal((12, 4)) * 0.1 + X[:, :4]).argmax(axis=1)

    return Made()


def here(blocks, **settings):
    return LogisticRegression(**{**SETTINGS, **settings}).fit_blocks(blocks, sample_rows=900)


def last(model):
    return model.history_.passes[-1].objective


# -- the same ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("blocks", [ArrayBlocks(*DIGITS, rows=100), made()], ids=["sent", "made there"])
def test_the_same_minimum(two, blocks):
    model = LogisticRegression(**SETTINGS).fit_blocks(blocks, sample_rows=900, cluster=two.address)
    alone = here(blocks)
    assert model.converged_
    assert last(model) == pytest.approx(last(alone), rel=1e-6)
    np.testing.assert_allclose(model.coef_, alone.coef_, atol=1e-3)


def test_a_client_that_is_given_stays_open(two):
    for _ in range(2):
        model = LogisticRegression(C=0.01).fit_blocks(made(), sample_rows=900, cluster=two.client)
        assert model.converged_
    assert two.client.status == "running"
    until(lambda: not two.client.futures)


def test_workers_started_here_are_gone_afterwards():
    sums = engine.ClusterSums(made(), "local:2")
    processes = sums.connection.workers.processes
    model = LogisticRegression(**SETTINGS).fit_blocks(made(), sample_rows=900, cluster=sums.client)
    assert last(model) == pytest.approx(last(here(made())), rel=1e-6)
    sums.close()
    assert all(process.poll() is not None for process in processes)


def counting():
    """Which blocks have been seen, and how many rows; a class that travels by value."""

    class Counting:
        def __call__(self, index, X, y):
            return [(index, len(y))]

        @staticmethod
        def add(one, other):
            return one + other

    return Counting()


@pytest.mark.parametrize("blocks", [ArrayBlocks(*DIGITS, rows=17), made()], ids=["sent", "made there"])
def test_every_block_once_whoever_has_it(two, blocks, monkeypatch):
    monkeypatch.setattr(engine, "PARCEL", 20_000)
    sums, alone = engine.ClusterSums(blocks, two.client), LocalSums(blocks, 1)
    assert sorted(sums.sum(counting())) == alone.sum(counting())
    assert len({share.worker for share in sums.shares}) == 2
    assert all((len(share.held) > 1) == isinstance(blocks, ArrayBlocks) for share in sums.shares)
    sums.close()
    alone.close()


def test_a_tree_of_partial_sums(two, monkeypatch):
    monkeypatch.setattr(engine, "FAN", 2)
    sums = engine.ClusterSums(made(), two.client)
    sums.shares = [
        Share(one.held, [number], one.worker, 2) for one in sums.shares for number in one.numbers[:4]
    ]
    assert sums.sum(counting()) == [(number, 200) for share in sums.shares for number in share.numbers]
    sums.close()


# -- workers that are lost ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [True, False], ids=["sent", "made there"])
def test_a_worker_killed_in_the_middle(two, sent):
    slow = made(0.01)
    blocks = ArrayBlocks(*DIGITS, rows=20) if sent else slow
    killed = []

    def kill(one):
        if one.number == 3:  # while the fourth is under way
            killed.append(threading.Timer(0.02 if sent else 0.12, two.kill))
            killed[0].start()

    model = LogisticRegression(**SETTINGS)
    model.fit_blocks(blocks, sample_rows=900, cluster=two.address, listeners=[kill])
    killed[0].join()
    assert len(two.client.nthreads()) == 1
    assert model.converged_
    assert last(model) == pytest.approx(
        last(here(ArrayBlocks(*DIGITS, rows=20) if sent else made())), rel=1e-6
    )


def test_all_workers_lost_and_on_with_new_ones(two, monkeypatch):
    monkeypatch.setattr(engine, "PATIENCE", 0.5)
    values = []

    def kill(one):
        values.append(one.objective)
        if len(values) == 3:
            two.kill(2)

    model = LogisticRegression(**SETTINGS, warm_start=True)
    with pytest.raises(SightlineError, match=r"no workers.*dask worker"):
        model.fit_blocks(made(), sample_rows=900, cluster=two.address, listeners=[kill])
    assert not model.converged_
    assert "no workers" in model.history_.outcome
    assert model.coef_.shape == (4, 12)
    two.grow(1)
    model.fit_blocks(made(), sample_rows=900, cluster=two.address)
    assert model.history_.passes[0].objective <= min(values) * (1 + 1e-6)
    assert last(model) == pytest.approx(last(here(made())), rel=1e-6)


def test_ctrl_c_keeps_the_best(two):
    def interrupt(one):
        if one.number == 2:
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()

    model = LogisticRegression(**SETTINGS)
    with pytest.raises(KeyboardInterrupt):
        model.fit_blocks(made(0.01), sample_rows=900, cluster=two.client, listeners=[interrupt])
    assert model.history_.outcome.startswith("interrupted")
    assert len(model.history_) == 2
    again = LogisticRegression(C=0.01).fit_blocks(made(), sample_rows=900, cluster=two.client)
    assert again.converged_  # the workers are free again


# -- what goes wrong at the start --------------------------------------------------------------------------------


def test_what_a_worker_cannot_read_is_told_once(two):
    model = LogisticRegression(**SETTINGS)
    with pytest.raises(SightlineError, match=r"cannot be read on worker .*no such file\. Files") as caught:
        model.fit_blocks(made(wrong=7), sample_rows=900, cluster=two.client)
    assert ".." not in str(caught.value)


def test_nobody_there(machines, monkeypatch):
    monkeypatch.setattr(connection, "CONNECT", 0.5)
    monkeypatch.setattr(engine, "PATIENCE", 0.3)
    with pytest.raises(SightlineError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"):
        LogisticRegression().fit_blocks(made(), cluster="tcp://127.0.0.1:9")
    machines.kill(9)
    machines.grow(0)
    with pytest.raises(SightlineError, match="has no workers"):
        LogisticRegression().fit_blocks(made(), cluster=machines.address)


@pytest.mark.parametrize("other", ["0.0.1", None], ids=["another version", "one without clusters"])
def test_other_versions_are_told_at_the_start(machines, tmp_path, other):
    """A worker with a copy of the package: its engine under another version, or none."""
    home = Path(sightline.__file__).parent
    copy = tmp_path / "sightline"
    copy.mkdir()
    text = (home / "__init__.py").read_text(encoding="utf-8")
    (copy / "__init__.py").write_text(text.replace(sightline.__version__, other or "0.0.0"), encoding="utf-8")
    if other is not None:
        shutil.copy(home / "errors.py", copy)
        shutil.copytree(home / "engine", copy / "engine")
    machines.kill(9)
    machines.grow(0)
    machines.grow(1, path=tmp_path)
    said = "has sightline 0.0.1, here is" if other else "cannot run this version of sightline"
    with pytest.raises(SightlineError, match=said):
        LogisticRegression().fit_blocks(made(), cluster=machines.address)
    machines.kill(9)


def test_a_scheduler_without_sightline_is_told_at_the_start(tmp_path):
    """It unpickles what is sent through it, though it computes nothing."""
    (tmp_path / "sightline.py").write_text('raise ImportError("not here")', encoding="utf-8")
    machines = Machines(tmp_path, path=tmp_path)
    try:
        machines.grow(1)
        with pytest.raises(SightlineError, match=r"the scheduler cannot run this version .*not here"):
            LogisticRegression().fit_blocks(made(), cluster=machines.address)
    finally:
        machines.close()


def test_the_scheduler_is_lost(tmp_path):
    machines = Machines(tmp_path)
    machines.grow(1)
    model = LogisticRegression(**SETTINGS)

    def kill(one):
        if one.number == 2:
            machines.scheduler.kill()
            machines.scheduler.wait()

    with pytest.raises(SightlineError, match="the scheduler of the cluster is lost"):
        model.fit_blocks(made(), sample_rows=900, cluster=machines.address, listeners=[kill])
    assert model.coef_.shape == (4, 12)
    machines.close()
