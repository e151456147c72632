"""To whom the sums are given: a Dask scheduler somewhere, a client of the caller's, or workers started here."""

from __future__ import annotations

import logging
import time
from importlib import import_module
from typing import Any, TypeAlias

from sightline.engine.encryption import greet, warn_of_readers
from sightline.engine.workers import LocalWorkers, versions
from sightline.errors import SightlineError, UsageError

Client: TypeAlias = Any
"""`distributed.Client`: its methods have no types of their own."""

CONNECT, START = 10.0, 60.0
"""Seconds for a scheduler to answer; for workers to be there."""
LEVEL = 7
"""Calls from the warning about a connection up to who called `fit_blocks`."""


class Connection:
    """A `client`, and what was started for it.

    Parameters
    ----------
    cluster : "tcp://…", "tls://…", "local:N" or `distributed.Client`

    Raises
    ------
    UsageError
        It is none of these, or Dask is not installed.
    SightlineError
        Nobody answers, certificates are missing or refused, or workers do not start.

    Warns
    -----
    NotEncryptedWarning
        The address is "tcp://…" of another machine.
    """

    def __init__(self, cluster: object) -> None:
        self._owned: list[Any] = []
        self.workers: LocalWorkers | None = None
        try:
            self.client = self._connected(cluster)
        except BaseException:
            self.close()
            raise

    @property
    def dead(self) -> bool:
        """Whether there were workers here, and none can come back."""
        return self.workers is not None and not self.workers.alive()

    def lost(self) -> SightlineError:
        """All workers are gone."""
        scheduler = self.client.scheduler
        return SightlineError(
            f"the cluster at {scheduler.address if scheduler else '?'} has no workers",
            "Start some there, `dask worker`, and fit again; warm_start=True goes on from the coefficients so far.",
        )

    def _connected(self, cluster: object) -> Client:
        distributed = imported()
        if isinstance(cluster, distributed.Client):
            if cluster.asynchronous:
                raise UsageError("cluster is an asynchronous client", "Pass Client(…, asynchronous=False).")
            return cluster
        if isinstance(cluster, str) and cluster.startswith("local:"):
            return self._local(cluster)
        if isinstance(cluster, str) and "://" in cluster:
            return self._reached(cluster)
        raise UsageError(
            f"cluster = {cluster!r} names no cluster",
            'Give "tcp://host:8786", "local:2" or a distributed.Client.',
        )

    def _reached(self, address: str) -> Client:
        distributed = imported()
        if address.startswith("tls://"):
            greet(address, CONNECT)
        warn_of_readers(address, stacklevel=LEVEL)
        client = distributed.Client.__new__(distributed.Client)
        self._owned.append(client)  # closed even half built: else Python waits for it when it ends
        try:
            client.__init__(address, timeout=CONNECT, set_as_default=False)
        except (
            OSError,
            ValueError,
            RuntimeError,
            AssertionError,
            MemoryError,
        ) as error:  # strangers may answer
            raise SightlineError(
                f"no scheduler answers at {address}: {error or type(error).__name__}",
                "Start one there: `dask scheduler`. One that was given certificates is at tls://.",
            ) from error
        return client

    def _local(self, cluster: str) -> Client:
        count = cluster.removeprefix("local:")
        if not count.isdecimal() or int(count) < 1:
            raise UsageError(f"cluster = {cluster!r} does not say how many workers", 'Such as "local:2".')
        distributed = imported()
        if imported("dask.config").get("distributed.comm.require-encryption", None):
            raise SightlineError(
                f"{cluster} talks without encryption, on 127.0.0.1 alone, and Dask's configuration requires it",
                "Start scheduler and workers with --tls-… and give their tls:// address.",
            )
        scheduler = distributed.LocalCluster(
            n_workers=0,
            host="127.0.0.1",
            silence_logs=logging.CRITICAL,
            scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
        )
        self._owned.append(scheduler)
        client = distributed.Client(scheduler, timeout=CONNECT, set_as_default=False)
        self._owned.append(client)
        self.workers = LocalWorkers(scheduler.scheduler_address, int(count))
        self._owned.append(self.workers)
        began = time.monotonic()
        while len(client.nthreads()) < int(count):
            if time.monotonic() - began > START or not self.workers.alive():
                raise SightlineError(
                    f"{count} workers did not start within {START:g} s", "Look at memory, or ask for fewer."
                )
            time.sleep(0.05)
        return client

    def close(self) -> None:
        """End what was started here; a client that was given stays open."""
        while self._owned:
            self._owned.pop().close()


def imported(name: str = "distributed") -> Any:
    """Dask's `distributed`, or what comes with it.

    Raises
    ------
    UsageError
        It is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise UsageError(
            "a cluster needs Dask, which is not installed", 'Install it: pip install "sightline[dask]".'
        ) from error


def check_versions(client: Client) -> None:
    """See that every worker, and the scheduler, has what is here.

    Raises
    ------
    SightlineError
        One has not; the message says which has what.
    """
    here = versions()
    found = {f"worker {name}": there for name, there in client.run(versions, on_error="return").items()}
    try:
        found["the scheduler"] = client.run_on_scheduler(versions)  # it unpickles what is sent through it
    except (ImportError, AttributeError, TypeError, RuntimeError) as error:
        found["the scheduler"] = error
    for name, there in found.items():
        if isinstance(there, BaseException):
            raise SightlineError(
                f"{name} cannot run this version of sightline ({here['sightline']}): {there}",
                "Install it there: pip install sightline[dask].",
            )
        for package, version in here.items():
            if there.get(package) != version:
                raise SightlineError(
                    f"{name} has {package} {there.get(package)}, here is {version}",
                    "Install the same versions everywhere.",
                )
