"""Whether what travels to a cluster can be read on the way: certificates are tried first, a warning without."""

from __future__ import annotations

import socket
import ssl
import warnings
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

from sightline.errors import SightlineError, UsageError

SETTINGS = (
    "Set DASK_DISTRIBUTED__COMM__TLS__CA_FILE, DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT and "
    "DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY to files, or pass a distributed.Client with security=…"
)


class NotEncryptedWarning(UserWarning):
    """Rows travel to another machine for everyone on the way to read."""


def place(address: str) -> tuple[str, int]:
    """Host and port of "tls://host:port".

    Raises
    ------
    UsageError
        It is none.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or port is None:
        raise UsageError(f"{address!r} is not a host and a port", 'Such as "tls://192.0.2.7:8786".')
    return host, port


def is_here(address: str) -> bool:
    """Whether "tcp://host:port" is this machine: one of its own addresses. True where the host has no address."""
    host, port = place(address)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except OSError:
        return True
    for family, kind, protocol, _, where in found:
        try:
            with socket.socket(family, kind, protocol) as own:
                own.bind((where[0], 0, *where[2:]))  # only an address of one's own can be bound
        except OSError:
            continue
        return True
    return False


def warn_of_readers(address: str, stacklevel: int) -> None:
    """Say where a connection is not encrypted and leaves this machine."""
    if address.startswith("tcp://") and not is_here(address):
        warnings.warn(
            f"the connection to {address} is not encrypted: who can read along sees all rows, and who reaches that "
            "port can run code there. Give scheduler and workers certificates and use tls://, or trust the network.",
            NotEncryptedWarning,
            stacklevel=stacklevel + 1,
        )


def greet(address: str, timeout: float) -> None:
    """See that a scheduler at "tls://host:port" and this machine accept each other's certificates.

    Parameters
    ----------
    address : str
    timeout : float, seconds

    Raises
    ------
    SightlineError
        Dask's configuration names no certificate, or none that can be read; one side refuses the other's; nobody
        answers.

    Notes
    -----
    Dask itself waits until its time is over, and then raises whatever came last.
    """
    host, port = place(address)
    security = import_module("distributed.security").Security()
    files = (security.tls_ca_file, security.tls_client_cert, security.tls_client_key)
    missing = [name for name in files if name and "\n" not in name and not Path(name).is_file()]
    if missing:
        raise SightlineError(
            f"Dask's configuration names {missing[0]!r} as a certificate or key, which is no file",
            f"{SETTINGS}.",
        )
    try:
        context = security.get_connection_args("client")["ssl_context"]
    except (OSError, ValueError) as error:
        raise SightlineError(
            f"the certificates that Dask's configuration names cannot be used: {error}", f"{SETTINGS}."
        ) from error
    if context is None:
        raise SightlineError(
            f"{address} needs a certificate, and Dask's configuration has none", f"{SETTINGS}."
        )
    try:
        with socket.create_connection((host, port), timeout) as plain, context.wrap_socket(plain) as line:
            if not line.recv(1):
                raise ConnectionResetError("it hangs up")
    except ssl.SSLError as error:
        raise SightlineError(
            f"{address} and this machine do not accept each other's certificates: {error.reason or error}",
            "Each must be signed by the CA that the other one was given. A scheduler without --tls-… is at tcp://.",
        ) from error
    except OSError as error:
        raise SightlineError(
            f"no scheduler answers at {address}: {error}",
            "Start one there: `dask scheduler --protocol tls --tls-ca-file … --tls-cert … --tls-key …`.",
        ) from error
