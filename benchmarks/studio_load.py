"""How long 200 people wait for the studio who all draw at once: ``python benchmarks/studio_load.py``.

Each person is a connection with a session of its own and asks for a prediction as often as a hand draws (`--every`,
0.2 s); all waits are measured, the slowest hundredth too. With ``--train`` each person also listens to the events of
their session, as a page does, and one more person trains without a break, one recipe after the other:

    python benchmarks/studio_load.py --people 200 --seconds 60 --train

The server is a process of its own, as `sightline studio` runs it. Who measures shares the machine with it, so the
clients are plain sockets: an HTTP library would take more time than the server does.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

BYTES = "application/octet-stream"
TRAINED = ("standard", "pca", "pca-poly", "symmetry", "minmax")
"""What is trained meanwhile, each in turn, with another penalty each time."""


class Client:
    """One connection that is kept."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def _send(self, method: str, path: str, body: bytes, kind: str) -> asyncio.StreamReader:
        if self.streams is None:
            self.streams = await asyncio.open_connection(self.host, self.port)
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nContent-Length: {len(body)}\r\n"
        typed = f"Content-Type: {kind}\r\n" if body else ""
        self.streams[1].write(f"{head}{typed}\r\n".encode() + body)
        return self.streams[0]

    async def ask(
        self, method: str, path: str, body: bytes = b"", kind: str = "application/json"
    ) -> tuple[int, bytes]:
        """Status and body of one answer."""
        reader = await self._send(method, path, body, kind)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        _, _, length = answer.partition("content-length:")
        return int(answer.split(" ", 2)[1]), await reader.readexactly(int(length.split("\r\n")[0] or 0))

    async def record(self, method: str, path: str, value: Any = None) -> Any:
        """A JSON answer."""
        status, body = await self.ask(method, path, b"" if value is None else json.dumps(value).encode())
        if status >= 400:
            raise SystemExit(f"{method} {path}: {body.decode()}")
        return json.loads(body)

    async def listen(self, path: str) -> AsyncIterator[bytes]:
        """Events of a session, as pieces of the stream."""
        reader = await self._send("GET", path, b"", BYTES)
        await reader.readuntil(b"\r\n\r\n")
        while size := int(await reader.readuntil(b"\r\n"), 16):
            yield (await reader.readexactly(size + 2))[:-2]

    def close(self) -> None:
        """Hang up."""
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None


@dataclass
class Found:
    """`waits` in s for a prediction; what went `wrong`; trainings that ended meanwhile."""

    waits: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    trained: int = 0
    seconds: float = 0.0

    def told(self) -> dict[str, Any]:
        """The figures, as they are printed."""
        waits = np.sort(self.waits) * 1000
        quantiles = {f"p{q}_ms": round(float(np.percentile(waits, q)), 1) for q in (50, 90, 99, 100)}
        return {"asked": len(waits), "a_second": round(len(waits) / self.seconds), "errors": len(self.wrong),
                "wrong": self.wrong[:3], "trained": self.trained, **quantiles}  # fmt: skip


async def person(
    client: Client, name: str, image: bytes, every: float, begins: float, ends: float, found: Found
) -> None:
    """One who draws: a picture, an answer, a pause."""
    await asyncio.sleep(begins - time.perf_counter())
    while (began := time.perf_counter()) < ends:
        try:
            status, answer = await client.ask("POST", f"/api/sessions/{name}/predict", image, BYTES)
        except (OSError, EOFError) as error:
            found.wrong.append(repr(error))
            client.close()
            continue
        found.waits.append(time.perf_counter() - began)
        if status != 200 or answer[:4] != b"SLP1":
            found.wrong.append(answer[:200].decode("latin-1"))
        await asyncio.sleep(max(0.0, every - (time.perf_counter() - began)))


async def trained(client: Client, setup: Any, name: str | None = None) -> str:
    """A session whose model is of this setup."""
    name = name or (await client.record("POST", "/api/sessions"))["session"]
    await client.record("POST", f"/api/sessions/{name}/train", {"setup": setup})
    while (training := (await client.record("GET", f"/api/sessions/{name}"))["training"])["phase"] != "done":
        if training["problem"]:
            raise SystemExit(training["problem"]["error"])
        await asyncio.sleep(0.1)
    return name


async def learner(client: Client, setups: dict[str, Any], found: Found) -> None:
    """One who trains without a break."""
    name = None
    for turn, recipe in enumerate(itertools.cycle(TRAINED)):
        name = await trained(client, {**setups[recipe], "C": 10.0 ** (turn % 5 - 2)}, name)
        found.trained += 1


async def listener(client: Client, name: str) -> None:
    """The events of one person's session, which nobody reads."""
    async for _ in client.listen(f"/api/sessions/{name}/events"):
        pass


async def crowd(
    host: str, port: int, people: int, every: float, seconds: float, recipe: str, train: bool
) -> Found:
    """All of them, for some seconds."""
    clients = [Client(host, port) for _ in range(people)]
    hello = await clients[0].record("GET", "/api/hello")
    setups = {one["name"]: one["setup"] for one in hello["recipes"]}
    shared = await trained(clients[0], setups[recipe]) if recipe != "pixels" else None
    shape = hello["dataset"]
    size = shape["height"] * shape["width"] * shape["channels"]
    while (await clients[0].record("POST", "/api/sessions"))["model"] is None:
        await asyncio.sleep(0.1)
    await clients[0].ask("GET", "/api/exploration")  # what a server makes beforehand is not what is measured
    names = [shared or (await one.record("POST", "/api/sessions"))["session"] for one in clients]
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, size, dtype=np.uint8).tobytes() for _ in clients]
    for one, name, image in zip(clients, names, images, strict=True):
        await one.ask("POST", f"/api/sessions/{name}/predict", image, BYTES)
    found, others, beside = Found(seconds=seconds), [], []
    if train:
        others = [Client(host, port) for _ in range(people + 1)]
        own = names if shared is None else []
        beside = [asyncio.create_task(listener(*both)) for both in zip(others[1:], own, strict=False)]
        beside.append(asyncio.create_task(learner(others[0], setups, found)))
    start = time.perf_counter() + 0.2
    await asyncio.gather(
        *(
            person(one, name, image, every, start + every * rng.random(), start + seconds, found)
            for one, name, image in zip(clients, names, images, strict=True)
        )
    )
    for task in beside:
        if task.done():
            found.wrong.append(f"a stream or the training ended: {task.exception()!r}")
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    for one in [*clients, *others]:
        one.close()
    return found


@contextlib.contextmanager
def served(data: str = "digits") -> Iterator[tuple[str, int, int]]:
    """A studio in a process of its own: host, port, number of the process."""
    start = "from sightline.cli import main; main()"
    command = [sys.executable, "-c", start, "studio", data, "--no-open", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        address = process.stdout.readline().split()[-1].rstrip("/")
        host, port = address.removeprefix("http://").split(":")
        yield host, int(port), process.pid
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def main() -> None:
    """Measure as the command line says, and print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", nargs="?", default="digits")
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--every", type=float, default=0.2, help="seconds between two strokes")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--recipe", default="pixels")
    parser.add_argument("--train", action="store_true", help="one more trains meanwhile, and all listen")
    asked = parser.parse_args()
    with served(asked.data) as (host, port, _):
        found = asyncio.run(
            crowd(host, port, asked.people, asked.every, asked.seconds, asked.recipe, asked.train)
        )
    print(json.dumps({"recipe": asked.recipe, "people": asked.people, **found.told()}))


if __name__ == "__main__":
    main()
