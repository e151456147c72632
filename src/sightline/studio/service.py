"""What all routes share: the library, the sessions, threads for what takes long, bodies with limits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from sightline import __version__
from sightline.dataset import Dataset
from sightline.errors import UsageError
from sightline.studio import asking, setups, uploads
from sightline.studio.learned import Learned
from sightline.studio.library import Library
from sightline.studio.packet import to_json
from sightline.studio.sessions import Patience, Sessions
from sightline.studio.turns import BusyError
from sightline.studio.wire import Hello, Limits

Answer = TypeVar("Answer")
WORKERS, MOST_WORK = 4, 256
BODY_SECONDS = 30.0
BYTES, JSON = "application/octet-stream", "application/json"


class TooLargeError(UsageError):
    """A body beyond its limit."""


class SlowError(UsageError):
    """A body that does not come, or not to its end."""


class Service:
    """One studio: a data set and all that is asked of it."""

    def __init__(self, dataset: Dataset, patience: Patience | None = None) -> None:
        self.library = Library(dataset)
        self.sessions = Sessions(self.library, patience)
        self.pool = ThreadPoolExecutor(WORKERS, "studio")
        self.at_work = 0
        self._waiting: dict[str, list[tuple[npt.NDArray[np.uint8], asyncio.Future[bytes]]]] = {}
        self._answering: dict[str, asyncio.Task[None]] = {}

    def hello(self, *, static: bool = False) -> Hello:
        """All that the page needs before it can draw itself."""
        limits = Limits(
            upload_bytes=uploads.MOST_BYTES,
            upload_pixels=uploads.MOST_PIXELS,
            predict_images=asking.PREDICT_MOST,
            waiting=self.sessions.patience.waiting,
            C_low=setups.C_LOW,
            C_high=setups.C_HIGH,
        )
        library = self.library
        return Hello(
            version=__version__,
            static=static,
            dataset=library.summary(),
            recipes=setups.summaries(library),
            framing=library.framing(),
            setup=self.sessions.opening_setup,
            limits=limits,
        )

    async def work(self, do: Callable[..., Answer], *arguments: Any) -> Answer:
        """Do something long in a thread of the pool.

        Raises
        ------
        BusyError
            Too much is waiting already.
        """
        if self.at_work >= MOST_WORK:
            raise BusyError("the studio has more to answer than it can", "Try again in a moment.")
        self.at_work += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.pool, do, *arguments)
        finally:
            self.at_work -= 1

    async def predict(self, learned: Learned, images: npt.NDArray[np.uint8]) -> bytes:
        """Scores of a few images.

        What is linear in the pixels is one small product, done at once. For the rest, all requests that come while
        one is worked on are taken together: as a pipeline, ten images cost little more than one.
        """
        if learned.summary.linear:
            weights, bias = self._product(learned)
            return asking.scored_by_weights(weights, bias, images)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bytes] = loop.create_future()
        queue = self._waiting.setdefault(learned.summary.id, [])
        if len(queue) >= MOST_WORK:
            raise BusyError("the studio has more to predict than it can", "Try again in a moment.")
        queue.append((images, future))
        if learned.summary.id not in self._answering:
            self._answering[learned.summary.id] = loop.create_task(self._answer(learned))
        return await future

    async def _answer(self, learned: Learned) -> None:
        await asyncio.sleep(0)
        name = learned.summary.id
        while self._waiting.get(name):
            together = self._waiting[name]
            batch, self._waiting[name] = together[:], []
            images = np.concatenate([one for one, _ in batch])
            try:
                z = await asyncio.get_running_loop().run_in_executor(self.pool, _scores, learned, images)
            except Exception as error:  # noqa: BLE001 - told to each of those who wait
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            start = 0
            for one, future in batch:
                if not future.done():
                    future.set_result(asking.answered(z[start : start + len(one)]))
                start += len(one)
        self._waiting.pop(name, None)
        self._answering.pop(name, None)

    def _product(self, learned: Learned) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        kept = learned.product
        if not kept:
            W, bias = learned.back.weights(learned.classifier.coef_, learned.classifier.intercept_)
            kept.append(np.ascontiguousarray(W.T, np.float32))
            kept.append(bias.astype(np.float32))
        return kept[0], kept[1]

    def close(self) -> None:
        """End everything."""
        self.sessions.close()
        self.pool.shutdown(wait=False, cancel_futures=True)


def _scores(learned: Learned, images: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    z = learned.model.decision_function(images)
    return z[:, None] if z.ndim == 1 else z


async def body_of(request: Request, most: int) -> bytes:
    """The body of a request.

    Raises
    ------
    TooLargeError
        It is longer than `most` bytes; what is longer is not read.
    SlowError
        It does not come within `BODY_SECONDS`, or who sends it leaves.
    """
    said = request.headers.get("content-length", "0")
    if not said.isdecimal() or int(said) > most:
        raise TooLargeError(f"the body is larger than {most:,} bytes", "Send less.")
    parts, size = [], 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise TooLargeError(f"the body is larger than {most:,} bytes", "Send less.")
                parts.append(part)
    except ClientDisconnect:  # nobody hears it, but what waits for the body ends as with any other error
        raise SlowError("the body broke off in the middle", "Send it again.") from None
    except TimeoutError:
        raise SlowError(f"the body did not come within {BODY_SECONDS:.0f} s", "Send it again.") from None
    return b"".join(parts)


def as_bytes(content: bytes, **headers: str) -> Response:
    """A packet or raw bytes as an answer."""
    return Response(content, media_type=BYTES, headers={"Cache-Control": "no-store", **headers})


def as_json(value: Any, status: int = 200) -> Response:
    """A record as an answer."""
    return Response(to_json(value), status, media_type=JSON, headers={"Cache-Control": "no-store"})
