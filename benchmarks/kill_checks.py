"""One job and its folders: run to the end or cut short, looked at, run again, compared."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kill_jobs import Job, complete

LOCK = re.compile(r"(^|/)(\.lock|locks(/.*)?)$")
PASSING = re.compile(r"(^|/)(\.?[^/]+\.part|tmp[a-z0-9_]{8}|\.[^/]+-[a-z0-9_]{8}|[0-9a-f]{12}\.\d+)(/|$)")
"""Names of what is on its way: written aside, downloaded in part."""
SAME = {".vtt", ".npy", ".onnx", ".mp4", ".pq", ".parquet", ".arff"}
"""Files that have the same bytes whenever the same job writes them."""
WRITING = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod", "os.truncate", "os.link"}

State = dict[str, str]


def state(folder: Path) -> State:
    """Files below a folder → SHA-256; locks left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not LOCK.search(name):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


@dataclass
class Outcome:
    """What interrupting one job in one way came to."""

    job: str
    fault: str
    seconds: float
    times: int = 0
    struck: int = 0
    writing: int = 0
    undone: int = 0
    kept: int = 0
    left: int = 0
    cleared: int = 0
    asked: int = 0
    mixed: int = 0
    broken: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def line(self) -> str:
        """One line for people."""
        more = f", {self.asked} downloads resumed" if self.asked else ""
        more += f", {self.undone} were done all the same" if self.undone else ""
        more += f", {self.mixed} with files of both runs" if self.mixed else ""
        return (
            f"{self.job:9} {self.fault:8} {self.times:4} times ({self.seconds:5.1f} s undisturbed): "
            f"{self.writing:3} found it writing, {self.left:3} left something aside, {self.kept:3} went on from what "
            f"was whole, {self.cleared} left something to `data clear`, {len(self.broken)} broken{more}"
        )


@dataclass
class Ended:
    """How a run ended: exit status or minus the signal, what it said, how long it took."""

    status: int
    said: str
    seconds: float


class Running:
    """A job in a process of its own, which leads a process group of its own."""

    def __init__(self, pid: int, log: Path) -> None:
        self.pid, self.log, self.status, self.began = pid, log, None, time.monotonic()

    pid: int
    log: Path
    status: int | None
    began: float

    def ended(self) -> bool:
        """Whether it has ended."""
        if self.status is None:
            pid, how = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(how) if pid else None
        return self.status is not None

    def send(self, number: int) -> None:
        """Send a signal, to it alone."""
        if not self.ended():
            os.kill(self.pid, number)

    def wait(self) -> int:
        """Wait for its end; its children must end as well."""
        if self.status is None:
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status

    def orphans(self, seconds: float = 10.0) -> bool:
        """Whether processes that it started outlive it by more than some seconds; they are ended then."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                os.killpg(self.pid, 0)
            except ProcessLookupError:
                return False
            time.sleep(0.02)
        os.killpg(self.pid, signal.SIGKILL)
        return True

    def said(self) -> str:
        """What it wrote to its standard error."""
        return self.log.read_text(errors="replace").strip()


class Case:
    """A job with what an earlier run left (`before`), and what an undisturbed run makes of it (`right`)."""

    def __init__(self, job: Job, folder: Path) -> None:
        self.job, self.folder = job, folder
        self.before, self.broken = folder / "before", list[str]()
        self.seconds = self.before_writing = 0.0
        self.operations = self.largest = self.written = self.runs = 0
        self.names: set[str] = set()
        self.right: object = None
        self.old: State = {}
        self.new: State = {}
        self.before.mkdir(parents=True)
        self._undisturbed()

    def expect(self, held: bool, otherwise: str) -> None:
        """Note what is broken."""
        if not held:
            self.broken.append(otherwise)

    # -- running -----------------------------------------------------------------------------------------

    def start(
        self,
        folder: Path,
        call: Callable[[], object] | None = None,
        *,
        first: Callable[[], None] | None = None,
        step: int = 0,
        how: int = signal.SIGKILL,
        count: bool = False,
        pipe: int = 0,
    ) -> Running:
        """Start a job, or `call`, in a process of its own; it may be struck before its file operation `step`.

        Its first file operation is told by a byte written to `pipe`.
        """
        self.runs += 1
        log = self.folder / f"{self.runs}.log"
        sys.stdout.flush()
        pid = os.fork()
        if pid:
            with contextlib.suppress(OSError):
                os.setpgid(pid, pid)
            return Running(pid, log)
        try:
            os.setpgid(0, 0)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for number, path in ((1, Path(os.devnull)), (2, log)):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
            os.chdir(folder)
            watch = Watch(folder, step, how, pipe)
            if first is not None:
                first()
            if step or count or pipe:
                sys.addaudithook(watch.heard)
            from sightline.cli import status_of

            status = status_of(call or self.job.run)
            watch.done = True
            if count:
                (self.folder / "count").write_text(json.dumps([watch.count, watch.first]))
            sys.stderr.flush()
        except BaseException:  # noqa: BLE001 — a forked process must end here
            import traceback

            traceback.print_exc()
            status = 70
        os._exit(status)

    def run(self, folder: Path, call: Callable[[], object] | None = None, **options: Any) -> Ended:
        """`start` it and wait."""
        running = self.start(folder, call, **options)
        status = running.wait()
        seconds = time.monotonic() - running.began
        self.expect(not running.orphans(), "processes that it started outlive it")
        return Ended(status, running.said(), seconds)

    def _undisturbed(self) -> None:
        """Make what an earlier run left, then run the job once from there."""
        assert (done := self.run(self.before, self.job.before)).status == 0, done.said
        folder = self.fresh(0)
        done = self.run(folder, count=True)
        assert done.status == 0, done.said
        self.seconds = done.seconds
        self.operations, first = json.loads((self.folder / "count").read_text())
        self.before_writing = first / self.seconds
        self.old, self.new = state(self.before), state(folder)
        self.names = set(self.new)
        sizes = [
            (folder / name).stat().st_size for name, sha in self.new.items() if self.old.get(name) != sha
        ]
        self.largest, self.written = max(sizes), sum(sizes)
        self.right = self.result(folder)
        self.gone(folder)
        assert not self.broken, self.broken

    def result(self, folder: Path) -> object:
        """What the job made, read in a process of its own."""
        path = self.folder / "result"
        path.unlink(missing_ok=True)

        def read() -> None:
            path.write_text(json.dumps(self.job.result()))

        done = self.run(folder, read)
        self.expect(done.status == 0, f"the result cannot be read: {done.said}")
        return json.loads(path.read_text()) if done.status == 0 else None

    # -- folders -----------------------------------------------------------------------------------------

    def fresh(self, number: int) -> Path:
        """A folder with what an earlier run left."""
        folder = self.folder / f"try-{number}"
        self.gone(folder)
        shutil.copytree(self.before, folder)
        return folder

    def gone(self, folder: Path) -> None:
        """Remove a folder, and the disk that is mounted there."""
        while os.path.ismount(folder):
            os.system(f"umount '{folder}'")
        shutil.rmtree(folder, ignore_errors=True)

    def remove(self) -> None:
        """Remove all folders."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def temporary(self, folder: Path) -> list[str]:
        """What is on its way in a folder, and no next run goes on from."""
        return [
            name
            for path in sorted(folder.rglob("*"))
            if PASSING.search(name := str(path.relative_to(folder))) and not re.match(self.job.keeps, name)
        ]

    # -- looking -----------------------------------------------------------------------------------------

    def look(self, folder: Path, began: State, outcome: Outcome) -> None:
        """Look at what an interruption left, run the job again, and look once more."""
        found = state(folder)
        outcome.struck += 1
        outcome.writing += found != began
        outcome.left += bool(self.temporary(folder))
        whole = {name: sha for name, sha in found.items() if not PASSING.search(name)}
        for name in began.keys() - whole.keys():
            self.expect(name in self.job_may_drop(), f"{name} was whole before, and is gone")
        fresh = {name for name, sha in whole.items() if began.get(name) != sha}
        for name in fresh:
            good = whole[name] == self.new.get(name) if Path(name).suffix in SAME else complete(folder / name)
            self.expect(good, f"{name} is half written")
        changed = {name for name, sha in self.new.items() if began.get(name) != sha}
        outcome.mixed += 0 < len(changed & fresh) < len(changed) and len(began.keys() & fresh) > 0
        times = {name: (folder / name).stat().st_ino for name in fresh if (folder / name).exists()}
        done = self.run(folder)
        self.expect(done.status == 0, f"the next run ends with {done.status}: {done.said}")
        self.seconds = done.seconds  # on a busy machine, the last run tells best how long the next takes
        result = self.result(folder)
        self.expect(result == self.right, f"the next run ends with another result: {result}")
        after = state(folder)
        outcome.kept += any(
            name in after and (folder / name).stat().st_ino == inode for name, inode in times.items()
        )
        spare = {name for name in after if name not in self.names} | set(self.temporary(folder))
        outside = {name for name in spare if not name.startswith("home/")}
        self.expect(not outside, f"the next run leaves {sorted(outside)}")
        if spare - outside:
            outcome.cleared += 1
            self.expect(self.cleared(folder), f"`data clear` leaves {sorted(self.home(folder))}")

    def job_may_drop(self) -> set[str]:
        """Files of an earlier run that are not whole: whoever finds them makes them anew."""
        return {name for name in self.old if name not in self.new or name.startswith("home/ready/noise")}

    def cleared(self, folder: Path) -> bool:
        """Whether `sightline data clear` leaves nothing but locks."""
        from sightline.sources import cache

        self.run(folder, cache.clear)
        return not self.home(folder)

    def home(self, folder: Path) -> set[str]:
        """What is in the cache, locks left out."""
        return {name for name in state(folder) if name.startswith("home/")}


class Watch:
    """Counts operations on files below a folder, and strikes its own process before one of them."""

    def __init__(self, folder: Path, step: int, how: int, pipe: int) -> None:
        self.folder, self.step, self.how, self.pipe = str(folder), step, how, pipe
        self.count, self.first, self.done, self.began = 0, 0.0, False, time.monotonic()

    def heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take notice of one audit event."""
        if event not in WRITING or self.done or not arguments:
            return
        path = arguments[0]
        if not isinstance(path, (str, os.PathLike)):
            return
        if event == "open" and not int(arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return
        if not str(Path(path).absolute()).startswith(self.folder):
            return
        self.count += 1
        self.first = self.first or time.monotonic() - self.began
        if self.count == 1 and self.pipe:
            os.write(self.pipe, b"!")
        if self.count == self.step:
            os.kill(os.getpid(), self.how)
