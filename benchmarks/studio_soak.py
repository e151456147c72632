"""Whether the studio is after much use what it was before: threads, file handles, memory.

    python benchmarks/studio_soak.py --trainings 1000           started, and cancelled at random moments
    python benchmarks/studio_soak.py --minutes 30 --people 10   used like people use it; memory minute by minute

The server is a process of its own. It is used a little before anything is counted, so that what is made once is
there: the first tenth of the trainings, the first minute of use.
Trainings are cancelled in every way there is: stopped, replaced by another, their page gone with and without a word,
paused and left. Memory counts as flat when a line through its second half rises by less than ``--slope`` MB a minute.
The last line says passed or failed, and so does the exit status.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import json
import random
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from studio_load import BYTES, Client, served

RECIPES = ("pixels", "standard", "minmax", "pca", "symmetry", "pca-poly")
LOOKED_AT = (
    "evaluation",
    "predictions",
    "suspects",
    "model",
    "weights/last",
    "weights/0",
    "passes",
    "explain/3",
    "file",
)
COMMON = ("hello", "exploration", "scatter", "pca", "columns", "images/0", "thumbs/0", "stages/5")
PAIRS = (("1", "7"), ("3", "8"), ("0", "6"))
"""Few, so that the features kept for the next training (800 MB at most, by design) are soon complete."""

WAYS = ("stop", "stop", "replace", "leave", "vanish", "pause")
SETTLE = 60.0
"""Seconds that threads and handles may take to be what they were; a vanished page's training is stopped after 20."""


@dataclass(frozen=True)
class Held:
    """What a process holds: `memory` in MB."""

    threads: int
    handles: int
    memory: float


class Watched:
    """The server's process, seen from outside."""

    def __init__(self, number: int) -> None:
        psutil: Any = importlib.import_module("psutil")
        self.process = psutil.Process(number)

    def held(self) -> Held:
        """What it holds now."""
        count = getattr(self.process, "num_fds", None) or self.process.num_handles
        return Held(self.process.num_threads(), count(), round(self.process.memory_info().rss / 1e6, 1))

    async def rested(self) -> Held:
        """What it holds when that has not changed for two seconds."""
        seen = [self.held()]
        while (
            len(seen) < 160 and len({(one.threads, one.handles) for one in seen[-8:]}) + (len(seen) < 8) > 1
        ):
            await asyncio.sleep(0.25)
            seen.append(self.held())
        return seen[-1]

    async def returned(self, before: Held, rest: float) -> Held:
        """What it holds when it holds no more threads and handles than before, or after `SETTLE` seconds.

        Then `rest` seconds more: freed memory is given back to the system every tenth second.
        """
        ends = time.perf_counter() + SETTLE
        while time.perf_counter() < ends:
            now = self.held()
            if now.threads <= before.threads and now.handles <= before.handles:
                break
            await asyncio.sleep(0.25)
        await asyncio.sleep(rest)
        return self.held()


class Visitor:
    """One who uses the studio, with a random hand."""

    def __init__(self, host: str, port: int, seed: int, hello: Any) -> None:
        self.host, self.port, self.random, self.hello = host, port, random.Random(seed), hello
        self.client, self.done, self.wrong = Client(host, port), Counter[str](), list[str]()
        self.name, self.vanished = "", list[str]()
        self.setups = {one["name"]: one["setup"] for one in hello["recipes"]}
        shape = hello["dataset"]
        self.size = shape["height"] * shape["width"] * shape["channels"]

    async def ask(
        self, what: str, method: str, path: str, body: bytes = b"", kind: str = BYTES
    ) -> tuple[int, bytes]:
        """One request, counted; 422 and 429 are answers, for it asks at moments when there may be nothing yet."""
        status, answer = await self.client.ask(method, path, body, kind)
        self.done[what if status < 400 else f"{what}: {status}"] += 1
        if status not in (200, 201, 202, 204, 404, 422, 429) or (status == 404 and b'"gone"' not in answer):
            self.wrong.append(f"{method} {path}: {status} {answer[:200]!r}")
        return status, answer

    async def enter(self) -> None:
        """A new page."""
        _, answer = await self.ask("session", "POST", "/api/sessions")
        self.name = json.loads(answer)["session"]

    @property
    def path(self) -> str:
        """Its session's address."""
        return f"/api/sessions/{self.name}"

    async def train(self) -> bool:
        """Begin a training; whether there was room for it."""
        recipe = self.random.choice(RECIPES)
        setup = {**self.setups[recipe], "C": 10.0 ** self.random.uniform(-3, 2)}
        if self.random.random() < 0.3:
            setup |= {"classes": list(self.random.choice(PAIRS))}
        request = {"setup": setup, "descent": self.random.random() < 0.3, "paused": self.random.random() < 0.1,
                   "pace": self.random.choice((None, None, 5.0)), "warm": self.random.random() < 0.3}  # fmt: skip
        body = json.dumps(request).encode()
        return (await self.ask("train", "POST", f"{self.path}/train", body, "application/json"))[0] == 202

    async def cancel(self, ways: tuple[str, ...] = WAYS) -> None:
        """End it, one way or another."""
        way = self.random.choice(ways)
        self.done[f"cancelled: {way}"] += 1
        if way == "stop":
            await self.ask("stop", "POST", f"{self.path}/stop")
        elif way == "pause":
            await self.ask("pause", "POST", f"{self.path}/pause")
        elif way == "leave":
            await self.ask("leave", "POST", f"{self.path}/leave")
            await self.enter()
        elif way == "vanish":
            stream = Client(self.host, self.port)
            async for _ in stream.listen(f"{self.path}/events"):
                break
            stream.close()
            self.client.close()
            self.vanished.append(self.path)
            await self.enter()

    async def use(self) -> None:
        """Do one thing that a person would do."""
        what = self.random.choices(
            ("draw", "look", "common", "explain", "train", "cancel", "listen"), (50, 15, 8, 8, 8, 8, 3)
        )[0]
        image = self.random.randbytes(self.size)
        if what == "draw":
            await self.ask("predict", "POST", f"{self.path}/predict", image)
        elif what == "look":
            await self.ask("look", "GET", f"{self.path}/{self.random.choice(LOOKED_AT)}")
        elif what == "common":
            await self.ask("common", "GET", f"/api/{self.random.choice(COMMON)}")
        elif what == "explain":
            await self.ask("explain", "POST", f"{self.path}/explain", image)
        elif what == "train":
            await self.train()
        elif what == "cancel":
            await self.cancel()
        else:
            stream = Client(self.host, self.port)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.random.uniform(0.1, 2)):
                    async for _ in stream.listen(f"{self.path}/events"):
                        self.done["event"] += 1
            stream.close()

    async def leave(self) -> None:
        """Close the page; and take leave for those that vanished, or they would be remembered for 15 minutes."""
        for path in (*self.vanished, self.path):
            await self.client.ask("POST", f"{path}/leave")
        self.vanished.clear()
        self.client.close()


async def entered(host: str, port: int, people: int) -> list[Visitor]:
    """So many people, each with a page of their own, and everything asked for once."""
    first = Client(host, port)
    hello = await first.record("GET", "/api/hello")
    while (await first.record("POST", "/api/sessions"))["model"] is None:
        await asyncio.sleep(0.1)
    first.close()
    visitors = [Visitor(host, port, seed, hello) for seed in range(people)]
    for one in visitors:
        await one.enter()
    for path in (*(f"/api/{one}" for one in COMMON), *(f"{visitors[0].path}/{one}" for one in LOOKED_AT)):
        await asyncio.gather(*(one.ask("warm up", "GET", path) for one in visitors[:8]))
    return visitors


async def gone(
    visitors: list[Visitor], watched: Watched, before: Held, rest: float
) -> tuple[Held, Counter[str], list[str]]:
    """All leave: what is held then, what was done, what went wrong."""
    for one in visitors:
        await one.leave()
    done: Counter[str] = sum((one.done for one in visitors), Counter())
    return await watched.returned(before, rest), done, [wrong for one in visitors for wrong in one.wrong]


async def trainings(
    host: str, port: int, number: int, wanted: int, people: int, rest: float
) -> dict[str, Any]:
    """`wanted` trainings, begun and cancelled by some people at once."""
    watched = Watched(number)
    visitors = await entered(host, port, people)
    left, seen = [max(20, wanted // 10)], list[float]()

    async def some(one: Visitor, ways: tuple[str, ...]) -> None:
        while left[0] > 0:
            if await one.train():
                left[0] -= 1
                if left[0] % max(1, wanted // 20) == 0:
                    seen.append(watched.held().memory)
                await asyncio.sleep(one.random.expovariate(10))
                await one.cancel(ways)
            else:
                await asyncio.sleep(0.1)

    await asyncio.gather(*(some(one, ("stop", "replace", "leave")) for one in visitors))
    for one in visitors:
        await one.leave()
        one.done.clear()
    before, began = await watched.rested(), time.perf_counter()
    for one in visitors:
        await one.enter()
    left[0], seen = wanted, []
    await asyncio.gather(*(some(one, WAYS) for one in visitors))
    seconds = round(time.perf_counter() - began, 1)
    after, done, wrong = await gone(visitors, watched, before, rest)
    return {"seconds": seconds, "memory": seen, **_told(before, after, done, wrong)}


async def minutes(
    host: str, port: int, number: int, wanted: float, people: int, every: float, rest: float
) -> dict[str, Any]:
    """So many minutes of use; memory every fifth second."""
    watched = Watched(number)
    visitors = await entered(host, port, people)
    ends = time.perf_counter() + 60 * min(1.0, wanted / 4)

    async def some(one: Visitor) -> None:
        while time.perf_counter() < ends:
            await one.use()
            await asyncio.sleep(one.random.expovariate(1 / every))

    await asyncio.gather(*map(some, visitors))
    for one in visitors:
        await one.leave()
        one.done.clear()
    before, began = await watched.rested(), time.perf_counter()
    for one in visitors:
        await one.enter()
    ends = began + 60 * wanted
    seen: list[tuple[float, float]] = []

    async def look() -> None:
        while (now := time.perf_counter()) < ends:
            seen.append(((now - began) / 60, watched.held().memory))
            if len(seen) % 12 == 1:
                print(f"minute {seen[-1][0]:4.1f}  {seen[-1][1]:7.1f} MB  {watched.held()}", flush=True)
            await asyncio.sleep(5)

    await asyncio.gather(look(), *map(some, visitors))
    half = [one for one in seen if one[0] >= wanted / 2]
    slope = (
        float(np.polyfit([at for at, _ in half], [memory for _, memory in half], 1)[0])
        if len(half) > 2
        else 0.0
    )
    after, done, wrong = await gone(visitors, watched, before, rest)
    return {"minutes": wanted, "MB_a_minute": round(slope, 3), **_told(before, after, done, wrong)}


def _told(before: Held, after: Held, done: Counter[str], wrong: list[str]) -> dict[str, Any]:
    return {"before": asdict(before), "after": asdict(after), "done": dict(done.most_common()), "errors": len(wrong),
            "wrong": wrong[:3]}  # fmt: skip


def passed(found: dict[str, Any], slope: float, growth: float) -> bool:
    """Whether it is what it was: nothing went wrong, nothing is held any more, memory is flat."""
    before, after = found["before"], found["after"]
    return (
        not found["errors"]
        and after["threads"] <= before["threads"]
        and after["handles"] <= before["handles"]
        and after["memory"] - before["memory"] < growth
        and found.get("MB_a_minute", 0.0) < slope
    )


def main() -> None:
    """Do what the command line says; the figures are JSON, the verdict a word."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", nargs="?", default="digits")
    parser.add_argument("--trainings", type=int, help="started and cancelled")
    parser.add_argument("--minutes", type=float, help="of use")
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--every", type=float, default=0.5, help="seconds between two things that one does")
    parser.add_argument(
        "--rest", type=float, default=12.0, help="seconds of rest before what is held is read"
    )
    parser.add_argument("--slope", type=float, default=0.5, help="MB a minute that memory may rise at most")
    parser.add_argument("--growth", type=float, default=40.0, help="MB in all")
    asked = parser.parse_args()
    if asked.trainings is None and asked.minutes is None:
        parser.error("say --trainings, --minutes, or both")
    well = True
    with served(asked.data) as (host, port, number):
        if asked.trainings is not None:
            found = asyncio.run(trainings(host, port, number, asked.trainings, asked.people, asked.rest))
            print(json.dumps(found), flush=True)
            well = passed(found, asked.slope, asked.growth)
        if asked.minutes is not None:
            found = asyncio.run(
                minutes(host, port, number, asked.minutes, asked.people, asked.every, asked.rest)
            )
            print(json.dumps(found), flush=True)
            well = well and passed(found, asked.slope, asked.growth)
    print("passed" if well else "failed")
    sys.exit(not well)


if __name__ == "__main__":
    main()
