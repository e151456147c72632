"""Addresses of a session: begin, train, play, pause, step, stop, and the stream of what happens."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import TypeVar

from fastapi import APIRouter, Request
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response, StreamingResponse

from sightline.errors import NotFoundError, UsageError
from sightline.store import save_model
from sightline.studio.learned import Learned
from sightline.studio.service import Service, as_bytes, as_json, body_of
from sightline.studio.wire import Setup, TrainRequest

Record = TypeVar("Record")
MOST_JSON = 64 << 10
SETUP: TypeAdapter[Setup] = TypeAdapter(Setup)
TRAIN: TypeAdapter[TrainRequest] = TypeAdapter(TrainRequest)
PACE: TypeAdapter[float | None] = TypeAdapter(float | None)


def record_of(body: bytes, adapter: TypeAdapter[Record], name: str) -> Record:
    """A JSON body as a record.

    Raises
    ------
    UsageError
        It is not such a record.
    """
    try:
        return adapter.validate_json(body, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(one) for one in first["loc"])
        raise UsageError(
            f"the body is no {name} ({where + ': ' if where else ''}{first['msg']})", "See web/API.md."
        ) from None


def session_routes(studio: Service) -> APIRouter:
    """One page's own state."""
    routes, sessions = APIRouter(prefix="/sessions"), studio.sessions

    @routes.post("")
    async def make(request: Request) -> Response:
        body = await body_of(request, MOST_JSON)
        setup = record_of(body, SETUP, "Setup") if body.strip() else None
        return as_json(sessions.make(setup).state(), 201)

    @routes.get("/{name}")
    async def state(name: str) -> Response:
        return as_json(sessions.get(name).state())

    @routes.post("/{name}/leave")
    async def leave(name: str) -> Response:
        sessions.leave(name)
        return Response(status_code=204)

    @routes.post("/{name}/train")
    async def train(request: Request, name: str) -> Response:
        session = sessions.get(name)
        sessions.train(session, record_of(await body_of(request, MOST_JSON), TRAIN, "TrainRequest"))
        return as_json(session.state(), 202)

    @routes.post("/{name}/pace")
    async def pace(request: Request, name: str) -> Response:
        session = sessions.get(name)
        asked = record_of(await body_of(request, MOST_JSON), PACE, "number or null")
        sessions.pace(session, asked if asked is None or math.isfinite(asked) else -1.0)
        return as_json(session.state())

    @routes.post("/{name}/model/{model}")
    async def choose(name: str, model: str) -> Response:
        session = sessions.get(name)
        sessions.choose(session, model)
        return as_json(session.state())

    return routes


def following_routes(studio: Service) -> APIRouter:
    """A hand on the session's training, and what happens in it."""
    routes, sessions = APIRouter(prefix="/sessions"), studio.sessions

    def control(action: str) -> None:
        @routes.post(f"/{{name}}/{action}")
        async def act(name: str) -> Response:
            session = sessions.get(name)
            sessions.control(session, action)
            return as_json(session.state())

    for action in ("play", "pause", "step", "stop"):
        control(action)

    @routes.get("/{name}/passes")
    async def passes(name: str) -> Response:
        return as_json(sessions.get(name).passes())

    @routes.get("/{name}/events")
    async def events(request: Request, name: str) -> Response:
        session = sessions.get(name)
        if len(session.streams) >= 8:
            raise UsageError("this session has 8 streams open already", "Close some.")
        last = request.headers.get("last-event-id", "0")
        after = int(last) if last.isdecimal() and len(last) < 16 else 0
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(session.events(after), media_type="text/event-stream", headers=headers)

    @routes.get("/{name}/file")
    async def file(name: str) -> Response:
        content = await studio.work(model_file, sessions.learned(sessions.get(name)))
        return as_bytes(content, **{"Content-Disposition": 'attachment; filename="model.sightline"'})

    return routes


def model_file(learned: Learned) -> bytes:
    """A model as `save_model` writes it."""
    with tempfile.TemporaryDirectory(prefix="sightline-") as folder:
        path = Path(folder, "model.sightline")
        save_model(learned.model, path)
        return path.read_bytes()


def missing(what: str) -> NotFoundError:
    """What is said of an address that is none."""
    return NotFoundError(f"there is nothing at '{what[:100]}'", "See web/API.md.")
