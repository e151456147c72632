"""Sums on workers whose connections are encrypted, and what is said where they are not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from copy import deepcopy

import numpy as np
import pytest
from sklearn.datasets import load_digits

from sightline.engine import connection
from sightline.engine.blocks import ArrayBlocks
from sightline.engine.encryption import NotEncryptedWarning, is_here, warn_of_readers
from sightline.errors import SightlineError, UsageError
from sightline.logistic import LogisticRegression

distributed = pytest.importorskip("distributed")
dask = pytest.importorskip("dask")
DIGITS = load_digits(return_X_y=True)
BLOCKS = ArrayBlocks(*DIGITS, rows=100)
SETTINGS = {"C": 0.01, "tol": 1e-4}
LONGEST = 90
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=LONGEST)


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    """A CA, a node that it has signed, and a stranger that has signed itself."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here to make certificates with")
    folder = tmp_path_factory.mktemp("papers")
    for name in ("ca", "stranger"):
        openssl(
            folder, "req", "-x509", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "2",
            "-subj", f"/CN={name}",
        )  # fmt: skip
    openssl(folder, "req", *KEY, "-keyout", "node.key", "-out", "node.csr", "-subj", "/CN=node")
    openssl(
        folder, "x509", "-req", "-in", "node.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
        "-out", "node.pem", "-days", "2",
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def address(papers):
    """A scheduler and two workers that speak TLS alone, each a process."""
    shown = [f"--tls-{what}={papers / name}" for what, name in
             (("ca-file", "ca.pem"), ("cert", "node.pem"), ("key", "node.key"))]  # fmt: skip
    file, processes = papers / "scheduler.json", []

    def start(module, *arguments):
        once = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        words = [sys.executable, "-m", f"distributed.cli.{module}", *arguments, *shown, "--no-dashboard"]
        nowhere = subprocess.DEVNULL
        processes.append(subprocess.Popen(words, env={**os.environ, **once}, stdout=nowhere, stderr=nowhere))

    try:
        start("dask_scheduler", "--protocol", "tls", "--host", "127.0.0.1", "--port", "0",
              "--scheduler-file", str(file))  # fmt: skip
        until(lambda: file.is_file() and file.read_text().rstrip().endswith("}"))
        found = json.loads(file.read_text())["address"]
        for _ in range(2):
            start("dask_worker", found, "--nthreads", "1", "--no-nanny", "--memory-limit", "0",
                  "--local-directory", str(papers))  # fmt: skip
        with distributed.Client(found, security=security(papers), set_as_default=False) as client:
            until(lambda: len(client.nthreads()) == 2)
        yield found
    finally:
        for one in processes:
            one.kill()
            one.wait()


def until(true):
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < LONGEST
        time.sleep(0.02)


def security(papers):
    return distributed.security.Security(
        tls_ca_file=str(papers / "ca.pem"),
        tls_client_cert=str(papers / "node.pem"),
        tls_client_key=str(papers / "node.key"),
        require_encryption=True,
    )


def environment(papers, ca="ca.pem", cert="node.pem", key="node.key"):
    """Dask's configuration as it comes from the variables that docs/scale.md names; None leaves one out."""
    names = {"CA_FILE": ca, "CLIENT__CERT": cert, "CLIENT__KEY": key}
    variables = {
        f"DASK_DISTRIBUTED__COMM__TLS__{name}": str(papers / file) for name, file in names.items() if file
    }
    found = deepcopy(dask.config.config)
    dask.config.update(found, dask.config.collect_env(variables))
    return dask.config.set(found)


@pytest.fixture(scope="module")
def alone():
    return LogisticRegression(**SETTINGS).fit_blocks(BLOCKS, sample_rows=900)


def test_the_same_minimum_by_variables_of_the_environment(papers, address, alone):
    assert address.startswith("tls://")
    with environment(papers):
        model = LogisticRegression(**SETTINGS).fit_blocks(BLOCKS, sample_rows=900, cluster=address)
    np.testing.assert_allclose(model.coef_, alone.coef_, atol=1e-3)
    assert model.history_.passes[-1].objective == pytest.approx(alone.history_.passes[-1].objective, rel=1e-6)


def test_the_same_minimum_by_a_client_of_ones_own(papers, address, alone):
    with distributed.Client(address, security=security(papers), set_as_default=False) as client:
        assert client.scheduler_comm.comm.local_address.startswith("tls://")
        model = LogisticRegression(**SETTINGS).fit_blocks(BLOCKS, sample_rows=900, cluster=client)
        peers = client.run(lambda dask_worker: dask_worker.address)
    assert all(one.startswith("tls://") for one in peers.values())
    np.testing.assert_allclose(model.coef_, alone.coef_, atol=1e-3)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"ca": None, "cert": None, "key": None}, "needs a certificate, and Dask's configuration has none"),
        ({"cert": None, "key": None}, "needs a certificate, and Dask's configuration has none"),
        ({"cert": "stranger.pem", "key": "stranger.key"}, "do not accept each other's certificates"),
        ({"ca": "stranger.pem"}, "do not accept each other's certificates"),
        ({"cert": "nothing.pem"}, r"nothing\.pem' as a certificate or key, which is no file"),
        ({"cert": "scheduler.json"}, "that Dask's configuration names cannot be used"),
    ],
)
def test_who_has_no_papers_is_told_at_once(papers, address, files, said):
    began = time.monotonic()
    with environment(papers, **files), pytest.raises(SightlineError, match=said):
        LogisticRegression(**SETTINGS).fit_blocks(BLOCKS, cluster=address)
    assert time.monotonic() - began < connection.CONNECT


def test_the_wrong_door(papers, address, monkeypatch):
    monkeypatch.setattr(connection, "CONNECT", 2.0)
    plain = address.replace("tls://", "tcp://")
    with pytest.raises(SightlineError, match="given certificates is at tls://"):
        LogisticRegression(**SETTINGS).fit_blocks(BLOCKS, cluster=plain)
    with (
        environment(papers),
        pytest.raises(SightlineError, match=r"no scheduler answers at tls://127\.0\.0\.1:9"),
    ):
        LogisticRegression(**SETTINGS).fit_blocks(BLOCKS, cluster="tls://127.0.0.1:9")


def test_workers_here_where_all_must_be_encrypted(papers):
    with (
        dask.config.set({"distributed.comm.require-encryption": True}),
        environment(papers),
        pytest.raises(SightlineError, match="give their tls:// address"),
    ):
        LogisticRegression(**SETTINGS).fit_blocks(BLOCKS, cluster="local:1")


# -- not encrypted ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.3.2.1"])
def test_one_s_own_address_needs_no_warning(host):
    assert is_here(f"tcp://{host}:8786")
    warn_of_readers(f"tcp://{host}:8786", 1)


def test_another_machine_does():
    """192.0.2.7 is no one's: RFC 5737."""
    assert not is_here("tcp://192.0.2.7:8786")
    with pytest.warns(NotEncryptedWarning, match=r"tcp://192\.0\.2\.7:8786 is not encrypted") as caught:
        warn_of_readers("tcp://192.0.2.7:8786", 1)
    assert caught[0].filename == __file__
    warn_of_readers("tls://192.0.2.7:8786", 1)


def test_the_warning_points_at_who_asked(monkeypatch):
    monkeypatch.setattr(connection, "CONNECT", 0.3)
    with (
        pytest.warns(NotEncryptedWarning) as caught,
        pytest.raises(SightlineError, match="no scheduler answers"),
    ):
        LogisticRegression(**SETTINGS).fit_blocks(BLOCKS, cluster="tcp://192.0.2.7:8786")
    assert caught[0].filename == __file__


@pytest.mark.parametrize("address", ["tcp://192.0.2.7", "tls://192.0.2.7:port", "tls://:8786"])
def test_no_host_or_no_port(address):
    with pytest.raises(UsageError, match="is not a host and a port"):
        LogisticRegression(**SETTINGS).fit_blocks(BLOCKS, cluster=address)
