"""Processes that read inputs, watched from outside: who dies or stands still is noted, and replaced."""

from __future__ import annotations

import json
import os
import selectors
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hostile.readers import make_input

STATE = struct.Struct("4q")
CHUNK = 250
STILL = 20.0
"""Seconds without the next input after which a process is ended: four alarms of its own have not helped."""

START = 90.0
"""The same while a process makes its seeds."""

STOOD = "it stood still"

PLAIN_MEMORY = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "2"}
"""Nobody sets addresses aside that are not used: they count against the limit."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One input that failed: of which reader, its number, how, and what there is to say."""

    reader: str
    number: int
    kind: str
    detail: str


@dataclass
class Tally:
    """What became of the inputs of one reader; `seconds` of one process."""

    right: int = 0
    refused: int = 0
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)

    @property
    def inputs(self) -> int:
        """All of them."""
        return self.right + self.refused + len(self.failures)


@dataclass(frozen=True, slots=True)
class Task:
    """Inputs `start` … `stop` − 1 of a reader."""

    reader: str
    start: int
    stop: int


def chunks(inputs: Mapping[str, int]) -> Iterator[Task]:
    """All inputs in small tasks, the readers taking turns."""
    for start in range(0, max(inputs.values(), default=0), CHUNK):
        for reader, count in inputs.items():
            if start < count:
                yield Task(reader, start, min(start + CHUNK, count))


class Worker:
    """One process, and its state in a mapped file."""

    def __init__(self, folder: Path, readers: Iterable[str]) -> None:
        self.state = folder / f"state-{os.urandom(4).hex()}"
        self.state.write_bytes(bytes(STATE.size))
        self.errors = self.state.with_suffix(".errors").open("w+b")
        one_thread = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("worker.py")), str(self.state), *readers],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env={**os.environ, **one_thread, **PLAIN_MEMORY},
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        self.buffer = b""

    def told(self) -> tuple[int, int, int, int]:
        """Number, right, refused, failed."""
        found: tuple[int, int, int, int] = STATE.unpack(self.state.read_bytes())
        return found

    def lines(self, seconds: float) -> list[dict[str, object]] | None:
        """What it said within some seconds; None at its end."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.stdout, selectors.EVENT_READ)
            if not selector.select(seconds):
                return []
        piece = os.read(self.stdout.fileno(), 1 << 16)
        if not piece:
            return None
        *whole, self.buffer = (self.buffer + piece).split(b"\n")
        return [json.loads(line) for line in whole]

    def last_words(self) -> str:
        """The last line of its standard error."""
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace").strip().rpartition("\n")[2][:200]

    def end(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.wait()
        self.stdin.close()
        self.stdout.close()
        self.errors.close()
        for path in (self.state, Path(self.errors.name)):
            path.unlink(missing_ok=True)


class Campaign:
    """A number of inputs for each reader, by a number of processes, within some seconds."""

    def __init__(
        self, inputs: Mapping[str, int], seed: int, processes: int, seconds: float, keep: Path | None
    ) -> None:
        self.tallies = {name: Tally() for name in inputs}
        self.seed, self.processes, self.keep = seed, processes, keep
        self.ends = time.monotonic() + seconds
        self._tasks, self._lock = chunks(inputs), threading.Lock()
        self._broken: list[BaseException] = []

    def run(self) -> dict[str, Tally]:
        """Read them all; return what became of them."""
        with tempfile.TemporaryDirectory(prefix="sightline-fuzz-") as folder:
            threads = [
                threading.Thread(target=self._serve, args=(Path(folder),)) for _ in range(self.processes)
            ]
            for one in threads:
                one.start()
            try:
                for one in threads:
                    one.join()
            except KeyboardInterrupt:
                self.ends = 0
                for one in threads:
                    one.join()
        if self._broken:
            raise self._broken[0]
        return self.tallies

    def _next(self) -> Task | None:
        with self._lock:
            return next(self._tasks, None) if time.monotonic() < self.ends else None

    def _serve(self, folder: Path) -> None:
        worker = Worker(folder, self.tallies)
        try:
            while (task := self._next()) is not None:
                start, died = task.start, 0
                while start < task.stop:
                    after = self._through(worker, Task(task.reader, start, task.stop))
                    if after is None:
                        break
                    worker.end()
                    worker, start, died = Worker(folder, self.tallies), after, died + 1
                    if died > 20:
                        break
        except BaseException as error:  # noqa: BLE001 - told by the thread that waits
            self._broken.append(error)
        finally:
            worker.end()

    def _through(self, worker: Worker, task: Task) -> int | None:
        """Have one task done; None, or after which number to go on as the process died or was ended."""
        began = moved = time.monotonic()
        worker.state.write_bytes(STATE.pack(-1, 0, 0, 0))
        worker.stdin.write(
            json.dumps(
                {"reader": task.reader, "seed": self.seed, "start": task.start, "stop": task.stop}
            ).encode()
            + b"\n"
        )
        worker.stdin.flush()
        tally, last, failures, ended = self.tallies[task.reader], -1, [], ""
        while not ended:
            said = worker.lines(1.0)
            if said is None:
                ended = f"the process died ({worker.process.wait()}): {worker.last_words()}"
                break
            done = False
            for one in said:
                done = done or "done" in one
                if "kind" in one:
                    failures.append(
                        Failure(task.reader, int(str(one["number"])), str(one["kind"]), str(one["detail"]))
                    )
            now, (number, *_) = time.monotonic(), worker.told()
            if done:
                break
            if number != last:
                last, moved = number, now
            if now - moved > (STILL if number >= 0 else START):
                ended = STOOD
        number, right, refused, _ = worker.told()
        if ended:
            if number < 0:
                raise RuntimeError(f"a process of '{task.reader}' ended before its first input: {ended}")
            failures.append(Failure(task.reader, number, "hang" if ended == STOOD else "died", ended))
        with self._lock:
            tally.right += right
            tally.refused += refused
            tally.seconds += time.monotonic() - began
            tally.failures += failures
        for failure in failures:
            self._keep(failure)
        return number + 1 if ended else None

    def _keep(self, failure: Failure) -> None:
        if self.keep is None:
            return
        folder = self.keep / f"{failure.reader}-{self.seed}-{failure.number}-{failure.kind}"
        for name, content in make_input(failure.reader, self.seed, failure.number)[0].items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        (folder / "why.txt").write_text(f"{failure.detail}\n", encoding="utf-8", errors="backslashreplace")
