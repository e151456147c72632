"""Where the lessons lie, and what one does with them: list, run in the browser, copy, export."""

from __future__ import annotations

import ast
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sightline.errors import NotFoundError, SightlineError, StorageError, UsageError
from sightline.files import made_folder, written_aside

HERE = Path(__file__).parent
VARIABLE = "SIGHTLINE_LESSONS_DATA"
"""Environment variable that names the images which the lessons are about; the bundled digits by default."""
FORMATS = {"ipynb": "ipynb", "html": "html", "py": "script"}
"""What a lesson is exported to → what marimo calls it."""
HOST = "127.0.0.1"
GRACE = 5.0
"""Seconds that a server has to end after Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson: its `number` 1, 2 …; `title`; `about`, the rest of its first line; `path` of the notebook."""

    number: int
    title: str
    about: str
    path: Path


def lessons() -> tuple[Lesson, ...]:
    """Return all lessons in their order, as their first lines tell of them; nothing is run or imported.

    Examples
    --------
    >>> [lesson.number for lesson in lessons()]
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    """
    return tuple(_read(path) for path in sorted(HERE.glob("chapter_*.py")))


def find_lesson(number: int) -> Lesson:
    """Return lesson `number`.

    Raises
    ------
    NotFoundError
        There is none of that number; the message lists those that there are.
    """
    for lesson in lessons():
        if lesson.number == number:
            return lesson
    known = ", ".join(str(lesson.number) for lesson in lessons())
    raise NotFoundError(f"there is no lesson {number}", f"The lessons are {known}.")


def data_name() -> str:
    """Return what a lesson is to load: after ``--data`` on its command line, else `VARIABLE`, else ``digits``.

    Returns
    -------
    str
        Whatever `sightline.load` takes: a name of the catalogue, a folder or a file.
    """
    given = sys.argv[1:]
    for at, word in enumerate(given):
        if word == "--data" and at + 1 < len(given):
            return given[at + 1]
        if word.startswith("--data="):
            return word.removeprefix("--data=")
    return os.environ.get(VARIABLE) or "digits"


def run_lesson(
    lesson: Lesson,
    *,
    data: str | None = None,
    port: int | None = None,
    ready: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve a lesson on this machine alone until Ctrl-C, its code shown, its live parts alive.

    Parameters
    ----------
    lesson : Lesson
    data : str, optional
        What it is about; see `data_name`.
    port : int, optional
        By default one that is free.
    ready : callable
        Told the address, once it answers.

    Raises
    ------
    UsageError
        marimo is not installed, or the port is taken.
    SightlineError
        The server ended by itself; what it said last is in the text.
    """
    _require("marimo", "the lessons run on marimo")
    chosen = _free_port(port)
    command = [
        sys.executable,
        "-m",
        "marimo",
        "-q",
        "-y",
        "run",
        "--no-sandbox",
        "--include-code",
        "--headless",
    ]
    command += ["--host", HOST, "--port", str(chosen)]
    # marimo writes beside the notebook what it remembers of it: never into the installation
    with tempfile.TemporaryDirectory() as aside, tempfile.TemporaryFile() as log:
        command.append(shutil.copy(lesson.path, aside))
        server = subprocess.Popen(command, env=_environment(data), stdout=log, stderr=log)
        try:
            while server.poll() is None and not _answers(chosen):
                time.sleep(0.1)
            if server.poll() is None:
                ready(f"http://{HOST}:{chosen}/?show-code=true")
            status = server.wait()
        except KeyboardInterrupt:  # the server heard it too
            _end(server)
            return
        log.seek(0)
        said = _last_words(log.read().decode(errors="replace"))
    if status:
        raise SightlineError(
            f"the server of lesson {lesson.number} ended: {said}", "Try again with another --port."
        )


def _end(server: subprocess.Popen[bytes]) -> None:
    try:
        server.wait(GRACE)
    except (KeyboardInterrupt, subprocess.TimeoutExpired):
        server.kill()
        server.wait()


def _free_port(wanted: int | None) -> int:
    with socket.socket() as place:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            place.bind((HOST, wanted or 0))
        except OSError as error:
            raise UsageError(
                f"port {wanted} is taken ({error.strerror or error})", "Give another one."
            ) from error
        port: int = place.getsockname()[1]
    return port


def _answers(port: int) -> bool:
    with socket.socket() as caller:
        caller.settimeout(1.0)
        return caller.connect_ex((HOST, port)) == 0


def copy_lessons(folder: Path, chosen: Sequence[Lesson] | None = None) -> list[Path]:
    """Copy lessons to a folder, to be changed there; what somebody has changed is not overwritten.

    Parameters
    ----------
    folder : Path
        Made where it does not exist.
    chosen : sequence of Lesson, optional
        All by default.

    Returns
    -------
    list of Path
        The files, those that were there unchanged included.

    Raises
    ------
    StorageError
        A file is in the way, or the folder cannot be written to; then nothing was copied.
    """
    pairs = [(lesson.path.read_bytes(), folder / lesson.path.name) for lesson in chosen or lessons()]
    in_the_way = [target for text, target in pairs if target.exists() and target.read_bytes() != text]
    if in_the_way:
        raise StorageError(
            f"'{in_the_way[0]}' is there already, and is not the lesson as it comes",
            "Name another folder; nothing was copied.",
        )
    made_folder(folder)
    for text, target in pairs:
        with written_aside(target, "the copy of a lesson") as aside:
            aside.write_bytes(text)
    return [target for _, target in pairs]


def export_lessons(
    folder: Path,
    to: str,
    chosen: Sequence[Lesson] | None = None,
    *,
    data: str | None = None,
    told: Callable[[str], None] = lambda what: None,
) -> list[Path]:
    """Write lessons in another form.

    Parameters
    ----------
    folder : Path
        Made where it does not exist.
    to : "ipynb", "html" or "py"
        A notebook for Jupyter and VS Code, with its results; a page with its results, for any browser (what draws it
        is fetched from the network); a plain script, top to bottom, with ``# %%`` between cells.
    chosen : sequence of Lesson, optional
        All by default.
    data : str, optional
        What they are about; see `data_name`.
    told : callable
        Told which lesson is being written.

    Returns
    -------
    list of Path

    Raises
    ------
    UsageError
        There is no such form, or what it takes is not installed.
    SightlineError
        A lesson failed; its own message is in the text.
    StorageError
        The folder cannot be written to.
    """
    if to not in FORMATS:
        raise UsageError(f"lessons are not exported to '{to}'", f"Give one of {', '.join(FORMATS)}.")
    _require("marimo", "the lessons are exported by marimo")
    if to == "ipynb":
        _require("nbformat", "notebooks for Jupyter are written by nbformat")
    made_folder(folder)
    written = []
    for lesson in chosen or lessons():
        told(f"{lesson.number} · {lesson.title}")
        target = folder / lesson.path.with_suffix(f".{to}").name
        with tempfile.TemporaryDirectory() as aside, written_aside(target, "the exported lesson") as path:
            path.write_bytes(_exported(lesson, to, Path(aside), data))
        written.append(target)
    return written


def _exported(lesson: Lesson, to: str, aside: Path, data: str | None) -> bytes:
    """Have marimo export one lesson into the folder `aside`, and return what it wrote."""
    found = aside / f"lesson.{to}"
    command = [sys.executable, "-m", "marimo", "-y", "export", FORMATS[to], "--no-sandbox", "-o", str(found)]
    command += ["--include-outputs"] if to == "ipynb" else []
    done = subprocess.run(
        [*command, shutil.copy(lesson.path, aside)],
        env=_environment(data),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or not found.is_file():
        raise SightlineError(
            f"lesson {lesson.number} could not be exported: {_last_words(done.stderr or done.stdout)}",
            "Try it with the bundled digits (--data digits).",
        )
    return found.read_bytes()


def _last_words(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "no reason was given"


def _environment(data: str | None) -> dict[str, str]:
    return dict(os.environ) if data is None else {**os.environ, VARIABLE: data}


def _require(package: str, why: str) -> None:
    if find_spec(package) is None:
        raise UsageError(f"{why}, which is not installed", "pip install 'sightline[lessons]'")


def _read(path: Path) -> Lesson:
    """Read the first line of a lesson, ``"4 · The sigmoid: how …"``."""
    first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
    number, _, words = first.partition(" · ")
    title, _, about = words.partition(": ")
    return Lesson(int(number), title, about.rstrip("."), path)
