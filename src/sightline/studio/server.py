"""The server: routes put together behind the guard, and one call that runs it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sklearn.exceptions import ConvergenceWarning
from starlette.exceptions import HTTPException
from starlette.responses import Response

from sightline import __version__
from sightline.dataset import Dataset
from sightline.engine.memory import give_memory_back, keep_few_heaps
from sightline.engine.threads import single_threaded_blas
from sightline.errors import NotFoundError, SightlineError, StorageError, UsageError
from sightline.studio.connection import Connection, room_for
from sightline.studio.guard import Guard, Policy, policy_for
from sightline.studio.page import PAGE, served
from sightline.studio.routes.data import data_routes
from sightline.studio.routes.models import model_routes, predict_route
from sightline.studio.routes.sessions import following_routes, missing, session_routes
from sightline.studio.service import Service, SlowError, TooLargeError, as_json
from sightline.studio.sessions import GoneError, Patience
from sightline.studio.turns import BusyError
from sightline.studio.wire import Manifest, Problem

PORT = 7860
CONNECTIONS = 2000
GIVEN_BACK = 10.0
"""Seconds between two times that freed memory is given back to the system."""

SETTINGS: dict[str, Any] = {
    "http": Connection, "log_level": "warning", "access_log": False, "server_header": False, "proxy_headers": False,
    "ws": "none", "limit_concurrency": CONNECTIONS, "timeout_keep_alive": 30,
}  # fmt: skip
"""Of uvicorn: what a proxy says of the client is not believed, WebSockets are not spoken."""

EVERYWHERE = ("0.0.0.0", "::")
KINDS: tuple[tuple[type[SightlineError], int, Any], ...] = (
    (BusyError, 429, "busy"),
    (GoneError, 404, "gone"),
    (TooLargeError, 413, "too-large"),
    (SlowError, 408, "usage"),
    (NotFoundError, 404, "missing"),
    (UsageError, 422, "usage"),
    (SightlineError, 422, "data"),
)


def make_app(studio: Service, policy: Policy, page: Path = PAGE) -> Guard:
    """The application: everything that web/API.md describes, behind the guard."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        studio.sessions.open(asyncio.get_running_loop())
        tasks = [asyncio.create_task(studio.sessions.look_after()), asyncio.create_task(_prepare(studio))]
        tasks.append(asyncio.create_task(_stay_small(studio)))
        yield
        for task in tasks:
            task.cancel()
        studio.close()

    app = FastAPI(title="Sightline studio", openapi_url=None, docs_url=None, redoc_url=None, lifespan=life)
    app.router.routes.insert(0, predict_route(studio))
    for routes in (data_routes, session_routes, following_routes, model_routes):
        app.include_router(routes(studio), prefix="/api")

    @app.get("/data/manifest.json")
    async def manifest() -> Response:
        return as_json(Manifest(False, __version__, ()))

    @app.get("/{path:path}")
    async def file(request: Request, path: str) -> Response:
        found = None if path.startswith("api/") else served(request, page)
        if found is None:
            raise missing(request.url.path)
        return found

    _tell_errors(app)
    return Guard(app, policy)


async def _prepare(studio: Service) -> None:
    """Make beforehand what the page will ask for first, when the opening model is there."""
    first = studio.sessions.first
    while first is not None and not first.over:
        await asyncio.sleep(0.05)
    library = studio.library
    for make in (library.columns, library.pca, library.scatter, library.exploration):
        with contextlib.suppress(SightlineError):
            await studio.work(make)
    gc.collect()
    gc.freeze()  # what is there by now stays: no need to look at it again in the middle of an answer


async def _stay_small(studio: Service) -> None:
    """Give back, now and then, what trainings and pages that have gone have left."""
    while True:
        await asyncio.sleep(GIVEN_BACK)
        with contextlib.suppress(BusyError):
            await studio.work(give_memory_back)


def _tell_errors(app: FastAPI) -> None:
    """Every error as a `Problem`."""

    @app.exception_handler(SightlineError)
    async def known(_: Request, error: SightlineError) -> Response:
        status, code = next((status, code) for kind, status, code in KINDS if isinstance(error, kind))
        answer = as_json(Problem(error.what, error.remedy, code), status)
        if status in (408, 413):
            answer.headers["Connection"] = "close"  # the rest of the body is not waited for
        return answer

    @app.exception_handler(RequestValidationError)
    async def unfit(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(one) for one in first["loc"][1:])
        return as_json(
            Problem(f"'{where}' is not as it should be: {first['msg']}", "See web/API.md.", "usage"), 422
        )

    @app.exception_handler(HTTPException)
    async def web(request: Request, error: HTTPException) -> Response:
        code: Any = "missing" if error.status_code == 404 else "usage"
        what = f"{request.method} {request.url.path[:100]}: {error.detail}"
        return as_json(Problem(what, "See web/API.md.", code), error.status_code)

    @app.exception_handler(Exception)
    async def unknown(_: Request, error: Exception) -> Response:
        what = f"an error in Sightline itself: {type(error).__name__}"
        return as_json(Problem(what, "Report it, please.", "internal"), 500)


def listen(host: str, port: int, *, strict: bool) -> socket.socket:
    """A socket on `host`:`port`, or on the next free port where nobody insists.

    Raises
    ------
    UsageError
        There is no such address here, or the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for attempt in range(1 if strict else 20):
        one = socket.socket(family, socket.SOCK_STREAM)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((host, port + attempt if port else 0))
        except OSError as error:
            one.close()
            reason = error
            continue
        one.set_inheritable(True)
        return one
    raise UsageError(
        f"cannot listen on {host}:{port} ({reason.strerror or reason})", "Choose another --port or --host."
    ) from reason


def serve(
    dataset: Dataset,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    names: tuple[str, ...] = (),
    patience: Patience | None = None,
    ready: Callable[[tuple[str, ...]], None] = lambda addresses: None,
) -> None:
    """Run the studio until it is interrupted.

    Parameters
    ----------
    dataset : Dataset
    host : str
        Where to listen. Any other than this machine's own demands a token, which is part of the address.
    port : int or None
        None takes 7860, or the next free one.
    names : tuple of str
        Further names under which it may be reached.
    ready : callable
        Told the addresses when the server answers, the one for this machine first.

    Raises
    ------
    UsageError
        The address cannot be listened on.
    StorageError
        The server ended by an error.
    """
    warnings.filterwarnings("ignore", category=ConvergenceWarning)  # the outcome is told on the page
    warnings.filterwarnings("ignore", module="PIL")  # what is wrong with a photo is told to who sent it
    policy = policy_for(host, names)
    room_for(CONNECTIONS)
    keep_few_heaps()
    with listen(host, PORT if port is None else port, strict=port is not None) as one:
        addresses = _addresses(host, one.getsockname()[1], policy)
        app = make_app(Service(dataset, patience), policy)
        config = uvicorn.Config(app, timeout_graceful_shutdown=2, **SETTINGS)
        server = _Told(config, lambda: ready(addresses))
        with single_threaded_blas():  # threads of its own would spin beside all the others here
            server.run(sockets=[one])
    if not server.started:
        raise StorageError("the studio's server did not start")


class _Told(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        if self.started:
            self.ready()


def _addresses(host: str, port: int, policy: Policy) -> tuple[str, ...]:
    token = "" if policy.token is None else f"?token={policy.token}"
    names = [host]
    if host in EVERYWHERE:
        names = ["127.0.0.1" if host == "0.0.0.0" else "::1", *_outward()]
    return tuple(f"http://{f'[{name}]' if ':' in name else name}:{port}/{token}" for name in names)


def _outward() -> list[str]:
    """This machine's address in its network, if it has one; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.connect(("192.0.2.1", 9))
        except OSError:
            return []
        return [str(one.getsockname()[0])]
