"""Scheduler, workers and client on hosts of their own: network namespaces, joined by a bridge; and cables pulled.

Needs root and Linux's `ip`; nothing outside the namespaces is touched.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from queue import Empty, Queue

import numpy as np
import pytest

from sightline.logistic import LogisticRegression

pytest.importorskip("distributed")
SETTINGS = {"C": 0.01, "tol": 1e-4}
SILENCE = 11
"""Seconds that Dask waits for a silent connection, here the fewest that it takes; 30 where nobody sets it."""
LONGEST = 240
PYTHON = (sys.executable, "-c")
MADE = """
class Made:
    shape, n_blocks, pause = (6000, 12), 30, 0.0

    def __init__(self, pause=0.0):
        self.pause = pause

    def block(self, index):
        import time

        import numpy as np

        time.sleep(self.pause)
        rng = np.random.default_rng(index)
        X = rng.standard_normal((200, 12)).astype(np.float32)
        return X, (X @ rng.standard_normal((12, 4)) * 0.1 + X[:, :4]).argmax(axis=1)
"""
CLIENT = f"""
import json, sys, time, warnings
import distributed
from sightline.errors import SightlineError
from sightline.logistic import LogisticRegression
{MADE}
with distributed.Client(sys.argv[1], timeout={LONGEST}, set_as_default=False) as client:
    client.wait_for_workers(2, timeout={LONGEST})
print(json.dumps("two workers"), flush=True)
for line in sys.stdin:
    address, pause = json.loads(line)
    tell = lambda one: print(json.dumps(["pass", one.number]), flush=True)
    model, began, error = LogisticRegression(**{SETTINGS}), time.monotonic(), None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model.fit_blocks(Made(pause), sample_rows=900, cluster=address, listeners=[tell])
        except SightlineError as found:
            error = str(found)
    print(json.dumps({{
        "coef": model.coef_.tolist(), "converged": model.converged_, "error": error,
        "warnings": [one.category.__name__ for one in caught], "seconds": time.monotonic() - began,
    }}), flush=True)
"""


def ip(*words):
    subprocess.run(["ip", *map(str, words)], check=True, capture_output=True, timeout=30)


class Hosts:
    """Namespaces, each with an address on one bridge, and processes in them."""

    def __init__(self):
        self.name, self.count, self.processes = f"sl{os.getpid()}", 0, []
        ip("netns", "add", self.hub)
        ip("-n", self.hub, "link", "add", "bridge", "type", "bridge")
        ip("-n", self.hub, "link", "set", "bridge", "up")

    @property
    def hub(self):
        return f"{self.name}-hub"

    def add(self):
        """One more host; its number is the end of its address."""
        self.count += 1
        host, plug = f"{self.name}-{self.count}", f"plug{self.count}"
        ip("netns", "add", host)
        ip("-n", self.hub, "link", "add", plug, "type", "veth", "peer", "name", "card", "netns", host)
        ip("-n", self.hub, "link", "set", plug, "master", "bridge", "up")
        ip("-n", host, "address", "add", f"10.77.0.{self.count}/24", "dev", "card")
        for link in ("lo", "card"):
            ip("-n", host, "link", "set", link, "up")
        return self.count

    def pull(self, number, state="down"):
        """The cable of a host: out, or in again."""
        ip("-n", self.hub, "link", "set", f"plug{number}", state)

    def start(self, number, *words, **pipes):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **pipes}
        once = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        waits = {"TCP": f"{SILENCE}s", "CONNECT": "5s"}
        dask = {f"DASK_DISTRIBUTED__COMM__TIMEOUTS__{name}": value for name, value in waits.items()}
        path = os.pathsep.join(filter(None, sys.path))
        one = subprocess.Popen(
            ["ip", "netns", "exec", f"{self.name}-{number}", *words],
            env={**os.environ, **once, **dask, "PYTHONPATH": path}, text=True, **quiet,
        )  # fmt: skip
        self.processes.append(one)
        return one

    def close(self):
        for one in self.processes:
            one.kill()
            one.communicate()  # and its pipes are closed
        for name in [self.hub, *(f"{self.name}-{number + 1}" for number in range(self.count))]:
            with contextlib.suppress(subprocess.CalledProcessError):
                ip("netns", "delete", name)


class Told:
    """A process that is given lines of JSON and answers in such lines."""

    def __init__(self, process):
        self.process, self.lines = process, Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with contextlib.suppress(ValueError):  # closed at the end
            for line in self.process.stdout:
                self.lines.put(json.loads(line))

    def ask(self, *words):
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()

    def hear(self):
        try:
            return self.lines.get(timeout=LONGEST)
        except Empty:
            raise AssertionError(f"nothing said; exit status {self.process.poll()}") from None

    def result(self):
        """What is said when the passes are over."""
        while isinstance(found := self.hear(), list):
            pass
        return found


class Laboratory:
    """Host 1 has the scheduler, 2 the client, 3 and 4 a worker each."""

    def __init__(self, hosts):
        self.hosts = hosts
        for _ in range(4):
            hosts.add()
        module = (sys.executable, "-m")
        self.address = "tcp://10.77.0.1:8786"
        hosts.start(
            1,
            *module,
            "distributed.cli.dask_scheduler",
            "--host",
            "10.77.0.1",
            "--port",
            "8786",
            "--no-dashboard",
        )
        for worker in (3, 4):
            hosts.start(
                worker, *module, "distributed.cli.dask_worker", self.address, "--nthreads", "1", "--no-nanny",
                "--memory-limit", "0", "--no-dashboard",
            )  # fmt: skip
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.client = Told(hosts.start(2, *PYTHON, CLIENT, self.address, **pipes))
        assert self.client.hear() == "two workers"

    def fit(self, pause=0.0, pull=None):
        """A fit on host 2; in the middle of the third pass the cable of host `pull` is pulled."""
        self.client.ask(self.address, pause)
        if pull is not None:
            while self.client.hear() != ["pass", 3]:
                pass
            time.sleep(5 * pause)
            self.hosts.pull(pull)
        return self.client.result()


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory):
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need Linux, root and `ip`")
    hosts = None
    try:
        try:
            hosts = Hosts()
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespaces here: {error.stderr.decode().strip()}")
        yield Laboratory(hosts)
    finally:
        if hosts is not None:
            hosts.close()


@pytest.fixture(scope="module")
def alone():
    space = {}
    exec(MADE, space)
    return LogisticRegression(**SETTINGS).fit_blocks(space["Made"](), sample_rows=900)


def test_hosts_of_their_own(laboratory, alone):
    found = laboratory.fit()
    assert found["error"] is None
    assert found["converged"]
    np.testing.assert_allclose(found["coef"], alone.coef_, atol=1e-3)
    assert found["warnings"] == ["NotEncryptedWarning"]


@pytest.mark.slow
def test_the_cable_of_a_worker_is_pulled_in_a_pass(laboratory, alone):
    """The scheduler waits for what is silent, then the other worker does both shares."""
    found = laboratory.fit(0.02, pull=3)
    laboratory.hosts.pull(3, "up")
    assert found["error"] is None
    assert found["converged"]
    np.testing.assert_allclose(found["coef"], alone.coef_, atol=1e-3)
    assert found["seconds"] < 30 + 3 * SILENCE


@pytest.mark.slow
def test_the_cable_of_the_scheduler_is_pulled_in_a_pass(laboratory):
    """The last one: nothing is left afterwards."""
    found = laboratory.fit(0.02, pull=1)
    assert "the scheduler of the cluster is lost" in found["error"]
    assert not found["converged"]
    assert np.shape(found["coef"]) == (4, 12)
    assert found["seconds"] < 30 + 3 * SILENCE
