"""Where one input is read: a fresh folder, watched surroundings, a limit of time and of memory."""

# What is called at every opening of a file must be quick, and open nothing itself: no Path there.
# ruff: noqa: PTH100, PTH115, PTH118, PTH123, PTH208

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from hostile.readers import READERS, Reader, WrongError
from hostile.seeds import Files
from sightline.errors import SightlineError

SECONDS = 2.0
"""Most that one input may take."""

MEMORY = 1 << 30
"""Most bytes that one input may add to what the process holds."""

QUICK = 0.03
"""Seconds in which nobody fills that much; how much is held is looked up for what takes longer, as it takes long."""

ROOM = 3 << 29
"""Bytes of addresses beyond what is there at the start; who asks for more is told that there is no memory."""

FORBIDDEN = (
    "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "subprocess.Popen", "socket.connect",
    "socket.bind", "pickle.find_class", "webbrowser.open",
)  # fmt: skip
CHANGES = (
    "os.mkdir",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.symlink",
    "os.link",
    "os.truncate",
    "os.chmod",
)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class HangError(BaseException):
    """The alarm has rung. No `Exception`, so that nobody takes it for an error in a file."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`right`, `refused`, or how it failed (crash, wrong, unclear, hang, memory, wrote, ran), and what to say."""

    kind: str
    detail: str = ""

    @property
    def failed(self) -> bool:
        """Whether this must not happen."""
        return self.kind not in ("right", "refused")


class Pen:
    """One process's place for reading; made once, as the audit hook stays for good.

    Parameters
    ----------
    root : Path
        An empty folder. ``given`` below it holds the input, ``tmp``, ``home`` and ``here`` are watched.
    limited : bool
        Whether the process may be limited: its memory, and its alarm.
    """

    def __init__(self, root: Path, limited: bool) -> None:
        self.root, self.limited, self.armed, self.room = root.resolve(), limited, False, 0
        self.most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
        self.noticed: list[tuple[str, str]] = []
        self.tmp = f"{self.root / 'tmp'}{os.sep}"
        for name in ("tmp", "home", "here"):
            (self.root / name).mkdir()
        os.environ["SIGHTLINE_HOME"] = str(self.root / "home")
        tempfile.tempdir = str(self.root / "tmp")
        if limited:
            os.chdir(self.root / "here")
            signal.signal(signal.SIGALRM, self._ring)
            signal.signal(signal.SIGPROF, self._ring)
        sys.addaudithook(self._notice)

    def limit(self) -> None:
        """Hold the process to what it has by now and `ROOM`."""
        with open("/proc/self/statm") as file:
            size = int(file.read().split()[0]) * resource.getpagesize()
        self.room = size + ROOM
        resource.setrlimit(resource.RLIMIT_AS, (self.room, size + 4 * ROOM))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def _ring(self, _number: int, _frame: FrameType | None) -> None:
        if self.armed:
            raise HangError

    def _notice(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.armed:
            return
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & WRITES:
                self._wrote(event, path)
        elif event in CHANGES:
            path = arguments[0]
            folder = next((one for one in arguments[1:] if isinstance(one, int) and one >= 0), None)
            if (
                folder is not None
                and event in ("os.remove", "os.rmdir", "os.mkdir")
                and not isinstance(path, int)
            ):
                with contextlib.suppress(OSError):
                    path = os.path.join(os.readlink(f"/proc/self/fd/{arguments[-1]}"), os.fsdecode(path))
            self._wrote(event, path)
        elif event in FORBIDDEN:
            self.noticed.append(("ran", f"{event} {arguments!r:.200}"))

    def _wrote(self, event: str, path: Any) -> None:
        if isinstance(path, int):
            return
        name = os.path.abspath(os.fsdecode(path))
        if not f"{name}{os.sep}".startswith(self.tmp) and name != os.devnull and "__pycache__" not in name:
            self.noticed.append(("wrote", f"{event} {name!r:.200}"))

    @contextmanager
    def _alarm(self, slow: bool) -> Iterator[None]:
        if not self.limited:
            yield
            return
        signal.setitimer(signal.ITIMER_REAL, 5 * SECONDS if slow else SECONDS)
        if slow:
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.setitimer(signal.ITIMER_PROF, 0)

    def read(self, name: str, files: Files, unchanged: bool = False) -> Outcome:
        """Read one input.

        Who takes too long gets a second try that counts its own seconds, as machines are busy. Who wants for memory
        gets one with more addresses: those that were asked for and never used do no harm.
        """
        outcome = self._once(name, files, False)
        if outcome.kind == "hang":
            outcome = self._once(name, files, True)
        if outcome.kind == "memory" and self.room:
            most = resource.getrlimit(resource.RLIMIT_AS)[1]
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
            outcome = self._once(name, files, False)
            resource.setrlimit(resource.RLIMIT_AS, (self.room, most))
        if unchanged and name != "web" and outcome.kind == "refused":
            return Outcome("wrong", f"a valid file is refused: {outcome.detail}")
        return outcome

    def _once(self, name: str, files: Files, slow: bool) -> Outcome:
        given = self.root / "given"
        given.mkdir(exist_ok=True)  # it is empty
        for file, content in files.items():
            path = given / file
            if "/" in file:
                path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        began = time.monotonic()
        self.noticed.clear()
        try:
            outcome = self._judged(READERS[name], given, files, slow)
        except HangError:  # it rang between two steps of ours
            outcome = Outcome("hang", "it took longer than allowed")
        finally:
            self.armed = False
        if time.monotonic() - began > QUICK and self._grown() > MEMORY:
            outcome = Outcome("memory", f"{outcome.kind}, and more than {MEMORY >> 20} MiB: {outcome.detail}")
        left = self._left(files)
        if self.noticed or left:
            kind, what = self.noticed[0] if self.noticed else ("wrote", f"left {left}")
            outcome = Outcome(kind, what)
        for file in files:
            with contextlib.suppress(OSError):
                (given / file).unlink()
        if os.listdir(given):
            shutil.rmtree(given)
        return outcome

    def _grown(self) -> int:
        """By how many bytes the most that was ever held has grown since this was last asked."""
        before, self.most = self.most, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
        return self.most - before

    def _left(self, files: Files) -> list[str]:
        """What is there that was not given."""
        found = [f"{one}/{name}" for one in ("tmp", "home", "here") for name in os.listdir(self.root / one)]
        found += [name for name in os.listdir(self.root) if name not in ("tmp", "home", "here", "given")]
        below = sum(len(names) for _, _, names in os.walk(self.root / "given"))
        return found + (["more in the given folder"] if below > len(files) else [])

    def _judged(self, reader: Reader, given: Path, files: Files, slow: bool) -> Outcome:
        try:
            with self._alarm(slow):
                self.armed = True
                answer = reader.read(given)
                reader.right(answer, files)
                self.armed = False
        except SightlineError as error:
            return _refusal(error)
        except WrongError as error:
            return Outcome("wrong", str(error))
        except HangError as error:
            where = traceback.extract_tb(error.__traceback__)[-2]  # the last is the alarm itself
            return Outcome("hang", f"at {where.filename}:{where.lineno} {where.name}")
        except MemoryError as error:
            return Outcome("memory", _told(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what we look for
            return Outcome("crash", _told(error))
        return Outcome("right")


def _refusal(error: SightlineError) -> Outcome:
    """Whether a refusal is one clear message, and not for want of memory."""
    text, cause, parsing = str(error), error.__cause__, False
    while cause is not None:
        last = traceback.extract_tb(cause.__traceback__)[-1:]
        parsing = parsing or any(
            one.filename.endswith("ast.py") for one in last
        )  # of brackets that are too deep
        if isinstance(cause, MemoryError) and not parsing:
            return Outcome("memory", f"refused for want of memory: {text[:300]}")
        cause = cause.__cause__
    unclear = ""
    with contextlib.suppress(UnicodeEncodeError):
        unclear = "a message that cannot be written"
        text.encode()
        unclear = ""
    if not 10 < len(text) < 1500:
        unclear = f"a message of {len(text):,} characters"
    elif any((ord(one) < 32 and one not in "\n\t") or 127 <= ord(one) < 160 for one in text):
        unclear = "control characters in a message"
    elif text.count("\n") > 8:
        unclear = "a message of many lines"
    elif "Unable to allocate" in text or ("(MemoryError)" in text and not parsing):
        return Outcome("memory", f"refused for want of memory: {text[:300]}")
    return Outcome("unclear", f"{unclear}: {text[:300]!r}") if unclear else Outcome("refused", text)


def _told(error: BaseException) -> str:
    where = [one for one in traceback.extract_tb(error.__traceback__) if "hostile" not in one.filename]
    last = "; ".join(f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in where[-4:])
    return f"{type(error).__name__}: {error!s:.200} ({last})"
