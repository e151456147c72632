"""Addresses of the data: what never changes while the server runs."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

import numpy as np
from fastapi import APIRouter, Request
from starlette.responses import Response

from sightline.studio import uploads
from sightline.studio.asking import images_of
from sightline.studio.service import Service, as_bytes, as_json, body_of
from sightline.studio.uploads import read_upload


def data_routes(studio: Service) -> APIRouter:
    """Images and what is known of them."""
    routes, library = APIRouter(), studio.library

    async def kept(request: Request, make: Callable[[], bytes]) -> Response:
        """Bytes that stay the same as long as the data do; the browser keeps them, and only asks whether they do."""
        name = f"{library.summary().digest}/{request.url.path}"
        tag = f'"{blake2b(name.encode(), digest_size=12).hexdigest()}"'
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return as_bytes(await studio.work(make), **headers)

    @routes.get("/hello")
    async def hello() -> Response:
        return as_json(await studio.work(studio.hello))

    @routes.get("/thumbs/{block}")
    async def thumbs(request: Request, block: int) -> Response:
        return await kept(request, lambda: library.thumbs(block))

    @routes.get("/images/{block}")
    async def images(request: Request, block: int) -> Response:
        return await kept(request, lambda: library.images(block))

    @routes.get("/columns")
    async def columns(request: Request) -> Response:
        return await kept(request, library.columns)

    @routes.get("/exploration")
    async def exploration(request: Request) -> Response:
        return await kept(request, library.exploration)

    @routes.get("/scatter")
    async def scatter(request: Request) -> Response:
        return await kept(request, library.scatter)

    @routes.get("/pca")
    async def pca(request: Request) -> Response:
        return await kept(request, library.pca)

    @routes.get("/stages/{row}")
    async def stages(request: Request, row: int) -> Response:
        return await kept(request, lambda: library.stages(library.image(row), row))

    @routes.post("/stages")
    async def stages_of(request: Request) -> Response:
        shape = library.dataset.shape
        image = images_of(await body_of(request, int(np.prod(shape))), shape, 1)[0]
        return as_bytes(await studio.work(library.stages, image))

    @routes.post("/uploads")
    async def upload(request: Request) -> Response:
        body = await body_of(request, uploads.MOST_BYTES)
        return as_bytes(await studio.work(read_upload, body, library.framing()))

    return routes
