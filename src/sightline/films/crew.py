"""A crew: several processes paint frames, which come back in order. At most a few frames are under way at a time."""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from sightline.films.encoder import Layout
from sightline.films.painter import Painter
from sightline.films.script import Film
from sightline.films.stage import Look
from sightline.films.wording import Words

Pixels = npt.NDArray[np.uint8]

AHEAD = 3
"""Frames of each process that may wait to be encoded."""

ALONE = 90
"""Up to so many frames are painted sooner than a second process is ready."""

START = "from sightline.films.crew import work; work()"


@dataclass(frozen=True, slots=True)
class Job:
    """All that a process needs to paint frames `first`, `first` + `step`, …"""

    film: Film
    look: Look
    fps: int
    words: Words
    layout: Layout
    first: int = 0
    step: int = 1

    def frames(self) -> Iterator[Pixels]:
        """Paint them, one by one."""
        painter = Painter(self.film, self.look, self.fps, self.words)
        for number in range(self.first, len(painter.timeline), self.step):
            yield self.layout.laid(painter.paint(number))


@contextmanager
def painted(job: Job, count: int, processes: int) -> Iterator[Iterator[Pixels]]:
    """Give all `count` frames of a job, in order, painted by `processes` processes.

    The processes are gone when the block is left, however it is left.
    """
    processes = max(1, min(processes, -(-count // ALONE)))
    if processes == 1:
        yield job.frames()
        return
    hands = [_Hand(job, first, processes) for first in range(processes)]
    try:
        yield (hands[number % processes].next() for number in range(count))
    finally:
        for hand in hands:
            hand.dismiss()


class _Hand:
    """One process, and the thread that reads its frames."""

    def __init__(self, job: Job, first: int, step: int) -> None:
        self.complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 — closed by `dismiss`
        own = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self.process = subprocess.Popen(
            [sys.executable, "-c", START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.complaints,
            env={**os.environ, **own, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
        )
        part = Job(job.film, job.look, job.fps, job.words, job.layout, first, step)
        self.frames: queue.Queue[Pixels | None] = queue.Queue(AHEAD)
        self.gone = threading.Event()
        self.reader = threading.Thread(target=self._read, args=(pickle.dumps(part),), daemon=True)
        self.reader.start()

    def next(self) -> Pixels:
        """Return its next frame."""
        frame = self.frames.get()
        if frame is None:
            self.process.wait()
            self.complaints.seek(0)
            said = self.complaints.read().decode(errors="replace").strip().splitlines()
            raise RuntimeError(
                f"a process that paints frames ended: {said[-1] if said else 'it said nothing'}"
            )
        return frame

    def dismiss(self) -> None:
        """End the process and its thread."""
        self.gone.set()
        self.process.kill()
        self.process.wait()
        with suppress(queue.Empty):
            while True:
                self.frames.get_nowait()
        self.reader.join()
        for pipe in (self.process.stdout, self.process.stdin, self.complaints):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _read(self, job: bytes) -> None:
        """Hand over the job, then read frame after frame: shape, then dots."""
        pipe_in, pipe_out = self.process.stdin, self.process.stdout
        assert pipe_in is not None
        assert pipe_out is not None
        with suppress(OSError, ValueError):
            pipe_in.write(job)
            pipe_in.close()
            while head := pipe_out.read(16):
                shape = [side for side in np.frombuffer(head, np.int32).tolist() if side]
                dots = np.empty(shape, np.uint8)
                if not _filled(pipe_out, dots) or not self._offer(dots):
                    break
        self._offer(None)

    def _offer(self, frame: Pixels | None) -> bool:
        """Put a frame into the queue; whether it was still wanted."""
        while not self.gone.is_set():
            with suppress(queue.Full):
                self.frames.put(frame, timeout=0.2)
                return True
        return False


def _filled(pipe: IO[bytes], dots: Pixels) -> bool:
    """Read until `dots` is full; whether it came to that."""
    reader: Any = pipe
    view = memoryview(dots.data).cast("B")
    while len(view):
        read = reader.readinto(view)
        if not read:
            return False
        view = view[read:]
    return True


def work() -> None:
    """Paint the frames of the job that comes on standard input, and write them to standard output."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches the whole group; the first process ends the others
    job: Job = pickle.load(sys.stdin.buffer)
    with suppress(BrokenPipeError):
        for laid in job.frames():
            sys.stdout.buffer.write(np.array([*laid.shape, 0, 0][:4], np.int32).tobytes())
            sys.stdout.buffer.write(np.ascontiguousarray(laid).data)
            sys.stdout.buffer.flush()
