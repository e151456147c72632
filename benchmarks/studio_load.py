"""How long 200 people wait for the studio who all draw at once: ``python benchmarks/studio_load.py``.

Each person is a connection with a session of its own and asks for a prediction as often as a hand draws (`--every`,
0.2 s); all waits are measured, the slowest hundredth too. The server is a process of its own, as `sightline studio`
runs it. Who measures shares the machine with it, so the clients are plain sockets: an HTTP library would take more
time than the server does.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time

import numpy as np

BYTES = "application/octet-stream"


class Client:
    """One connection that is kept."""

    def __init__(self, host, port):
        self.host, self.port, self.streams = host, port, None

    async def ask(self, method, path, body=b"", kind="application/json"):
        """Status and body of one answer."""
        if self.streams is None:
            self.streams = await asyncio.open_connection(self.host, self.port)
        reader, writer = self.streams
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nContent-Length: {len(body)}\r\n"
        writer.write((head + f"Content-Type: {kind}\r\n\r\n").encode() + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        size = int(answer.split("content-length:")[1].split("\r\n")[0])
        return int(answer.split(" ", 2)[1]), await reader.readexactly(size)

    async def record(self, method, path, value=None):
        """A JSON answer."""
        status, body = await self.ask(method, path, b"" if value is None else json.dumps(value).encode())
        if status >= 400:
            raise SystemExit(f"{method} {path}: {body.decode()}")
        return json.loads(body)

    def close(self):
        """Hang up."""
        if self.streams is not None:
            self.streams[1].close()


async def person(client, name, image, every, begins, ends, waits, wrong):
    """One who draws: a picture, an answer, a pause."""
    await asyncio.sleep(begins - time.perf_counter())
    while (began := time.perf_counter()) < ends:
        status, answer = await client.ask("POST", f"/api/sessions/{name}/predict", image, BYTES)
        waits.append(time.perf_counter() - began)
        if status != 200 or answer[:4] != b"SLP1":
            wrong.append(answer[:200].decode("latin-1"))
        await asyncio.sleep(max(0.0, every - (time.perf_counter() - began)))


async def trained(client, recipe):
    """A session whose model is of this recipe."""
    hello = await client.record("GET", "/api/hello")
    setup = next(one["setup"] for one in hello["recipes"] if one["name"] == recipe)
    name = (await client.record("POST", "/api/sessions"))["session"]
    await client.record("POST", f"/api/sessions/{name}/train", {"setup": setup})
    while (training := (await client.record("GET", f"/api/sessions/{name}"))["training"])["phase"] != "done":
        if training["problem"]:
            raise SystemExit(training["problem"]["error"])
        await asyncio.sleep(0.1)
    return name


async def crowd(host, port, people, every, seconds, recipe):
    """All of them: waits in ms, rising; what went wrong; requests a second."""
    clients = [Client(host, port) for _ in range(people)]
    shared = await trained(clients[0], recipe) if recipe != "pixels" else None
    shape = (await clients[0].record("GET", "/api/hello"))["dataset"]
    size = shape["height"] * shape["width"] * shape["channels"]
    while (await clients[0].record("POST", "/api/sessions"))["model"] is None:
        await asyncio.sleep(0.1)
    await clients[0].ask("GET", "/api/exploration")  # what a server makes beforehand is not what is measured
    names = [shared or (await one.record("POST", "/api/sessions"))["session"] for one in clients]
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, size, dtype=np.uint8).tobytes() for _ in clients]
    for one, name, image in zip(clients, names, images, strict=True):
        await one.ask("POST", f"/api/sessions/{name}/predict", image, BYTES)
    waits, wrong, start = [], [], time.perf_counter() + 0.2
    await asyncio.gather(
        *(
            person(one, name, image, every, start + every * rng.random(), start + seconds, waits, wrong)
            for one, name, image in zip(clients, names, images, strict=True)
        )
    )
    for one in clients:
        one.close()
    return np.sort(waits) * 1000, wrong, len(waits) / seconds


def measure(data="digits", people=200, every=0.2, seconds=6.0, recipe="pixels"):
    """Open a studio of its own, and measure there."""
    start = "from sightline.cli import main; main()"
    command = [sys.executable, "-c", start, "studio", data, "--no-open", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        address = process.stdout.readline().split()[-1].rstrip("/")
        host, port = address.removeprefix("http://").split(":")
        return asyncio.run(crowd(host, int(port), people, every, seconds, recipe))
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", default="digits")
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--every", type=float, default=0.2)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--recipe", default="pixels")
    asked = parser.parse_args()
    waits, wrong, rate = measure(asked.data, asked.people, asked.every, asked.seconds, asked.recipe)
    told = {"recipe": asked.recipe, "people": asked.people, "a_second": round(rate), "wrong": wrong[:3]}
    found = {f"p{q}_ms": round(float(np.percentile(waits, q)), 1) for q in (50, 90, 99, 100)}
    print(json.dumps({**told, **found}))
