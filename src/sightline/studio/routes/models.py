"""Addresses of a session's model: its weights, how good it is, what it says of an image and why."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.routing import Route

from sightline.errors import UsageError
from sightline.studio import judging
from sightline.studio.asking import PREDICT_MOST, explained, images_of
from sightline.studio.cells import cells
from sightline.studio.learned import Learned
from sightline.studio.library import Library
from sightline.studio.service import Service, as_bytes, body_of
from sightline.studio.sessions import Session

Judged = Callable[[Learned, Library], bytes]


def model_routes(studio: Service) -> APIRouter:
    """What can be asked of a model."""
    routes, sessions, library = APIRouter(prefix="/sessions"), studio.sessions, studio.library
    size = int(np.prod(library.dataset.shape))

    def judged(address: str, judge: Judged) -> None:
        @routes.get(f"/{{name}}/{address}")
        async def answer(name: str) -> Response:
            learned = sessions.learned(sessions.get(name))
            return as_bytes(await studio.work(learned.once, address, lambda: judge(learned, library)))

    judged("model", lambda learned, _: judging.model_weights(learned))
    judged("predictions", judging.predictions)
    judged("evaluation", judging.evaluation)
    judged("suspects", judging.suspects)

    @routes.get("/{name}/weights/{index}")
    async def weights(name: str, index: str) -> Response:
        if not (index == "last" or (index.isdecimal() and len(index) < 16)):
            raise UsageError(f"there is no pass '{index[:20]}'", "Give its index, or 'last'.")
        session = sessions.get(name)
        return as_bytes(await studio.work(weights_after, session, None if index == "last" else int(index)))

    @routes.get("/{name}/compare/{a}/{b}")
    async def compare(name: str, a: str, b: str) -> Response:
        session = sessions.get(name)
        one, other = sessions.learned(session, a), sessions.learned(session, b)
        return as_bytes(await studio.work(judging.comparison, one, other, library))

    @routes.get("/{name}/cells/{row}")
    async def cells_of(name: str, row: int) -> Response:
        return as_bytes(await studio.work(cells, sessions.learned(sessions.get(name)), library, row))

    @routes.post("/{name}/explain")
    async def explain(request: Request, name: str, change: int = 1, neighbours: int = 6) -> Response:
        learned = sessions.learned(sessions.get(name))
        image = images_of(await body_of(request, size), library.dataset.shape, 1)[0]
        return await _explained(learned, image, None, change, neighbours)

    @routes.get("/{name}/explain/{row}")
    async def explain_row(name: str, row: int, change: int = 1, neighbours: int = 6) -> Response:
        learned = sessions.learned(sessions.get(name))
        return await _explained(learned, library.image(row), row, change, neighbours)

    async def _explained(
        learned: Learned, image: np.ndarray, row: int | None, change: int, neighbours: int
    ) -> Response:
        def do() -> bytes:
            return explained(learned, library, image, row=row, change=bool(change), neighbours=neighbours)

        return as_bytes(await studio.work(do))

    return routes


def predict_route(studio: Service) -> Route:
    """The address that is asked with every stroke of a pen: a bare route, without what FastAPI does for others."""
    sessions, shape = studio.sessions, studio.library.dataset.shape
    most = PREDICT_MOST * int(np.prod(shape))

    async def predict(request: Request) -> Response:
        learned = sessions.learned(sessions.get(request.path_params["name"]))
        return as_bytes(await studio.predict(learned, images_of(await body_of(request, most), shape)))

    return Route("/api/sessions/{name}/predict", predict, methods=["POST"])


def weights_after(session: Session, index: int | None) -> bytes:
    """Weights after a pass of the session's last training, or of its model's where there was none.

    Raises
    ------
    UsageError
        There are none yet.
    """
    running = session.training
    if running is None or running.learned is not None:
        return judging.weights_at(
            running.learned if running and running.learned else sessions_model(session), index
        )
    found, newest = running.snapshots.at(index), running.snapshots.newest
    if running.back is None or found is None or newest is None:
        raise UsageError("there are no weights yet", "Wait for the first pass.")
    return judging.weights(
        running.back,
        found[1],
        found[2],
        model="",
        classes=running.classes,
        index=found[0],
        passes=newest[0] + 1,
    )


def sessions_model(session: Session) -> Learned:
    """The session's model.

    Raises
    ------
    UsageError
        There is none yet.
    """
    if session.learned is None:
        raise UsageError("there is no model yet", "Train one first.")
    return session.learned
