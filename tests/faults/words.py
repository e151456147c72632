"""Where every message is made, and whether somebody who does what a provocation does gets to read it.

A provocation is a function of one argument, a `Here`. It either lets the error out, or returns what was shown: the
output of a command, the body of an answer. A message counts as met when its words are in what was shown.
"""

import ast
import contextlib
import io
import itertools
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pytest

import sightline
from sightline.dataset import Dataset
from sightline.errors import SightlineError

HOUSE = Path(sightline.__file__).parent
LONGEST = 320
"""Letters of a message, paths and lists of names not counted in full."""
SAYS_IT_ALL = re.compile(
    r"is below \S+$|is not within|is not a number|is not above \S+$|not an even|not a probability|is empty$"
)
"""What is wrong, and with it what would be right."""
INNER = re.compile(
    r"<\w+ object|<class|0x[0-9a-f]{6}|NoneType|\bdtype\(|\bnp\.\w+\(|\barray\(|"
    r"\b[A-Z]\w+(Error|Exception)\b|Traceback"
)
EMPTY = re.compile(r"\b(invalid|failed|illegal|fatal|oops|sorry|unfortunately)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """A place where a message is made: file, function, the fixed words it begins with, first and last line."""

    file: str
    function: str
    words: str
    first: int
    last: int

    def __str__(self):
        return f"{self.file}::{self.function}: {self.words}"


@dataclass
class Here:
    """A folder of its own for each provocation, and small data that all share."""

    path: Path
    shared: "Shared"

    def file(self, name, content=b""):
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
        return target

    def npy(self, name, array, **how):
        np.save(self.path / name, np.asarray(array), **how)
        return self.path / name

    def npz(self, name, **arrays):
        np.savez(self.path / name, **arrays)
        return self.path / name

    def folder(self, name):
        target = self.path / name
        target.mkdir(parents=True)
        return target

    def __getattr__(self, name):
        return getattr(self.shared, name)


class Shared:
    """What is made once: a small data set with a split, a fitted model, an evaluation, an explanation."""

    @cached_property
    def plain(self):
        return drawn(3)

    @cached_property
    def bars(self):
        return self.plain.split(seed=0)

    @cached_property
    def colours(self):
        return drawn(2, colour=True).split(seed=0)

    @cached_property
    def model(self):
        return self.fitted("pixels")

    def fitted(self, recipe, **choices):
        from sightline.features import make_recipe
        from sightline.model import Model

        data = self.bars.train
        steps = make_recipe(recipe, shape=data.shape, **choices).fit(data.X, data.y)
        return Model(steps, data.classes, data.shape, recipe)

    @cached_property
    def evaluation(self):
        from sightline.evaluation import evaluate

        return evaluate(self.model, self.bars)


def drawn(n_classes, *, n=60, shape=(10, 8), colour=False):
    """Bars, a place of their own for each class, on noise."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % n_classes
    images = rng.integers(0, 60, (n, *shape, *([3] if colour else [])))
    for row, label in enumerate(labels):
        images[row, 2:-2, 2 * label : 2 * label + 2] += 120
    names = tuple(f"class {k}" for k in range(n_classes))
    return Dataset(images.astype(np.uint8), labels.astype(np.int64), names, name="bars")


def command(*words):
    """Run a command in this process; return what it shows."""
    from sightline.cli import _run, status_of

    shown, before = io.StringIO(), sys.argv
    sys.argv = ["sightline", *map(str, words)]
    try:
        with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(shown):
            assert status_of(_run) in (1, 2), f"{words} did not end with an error"
    finally:
        sys.argv = before
    assert "error in Sightline itself" not in shown.getvalue(), shown.getvalue()
    return shown.getvalue()


# -- where messages are made --------------------------------------------------------------------------------


@cache
def trees():
    return {
        path.relative_to(HOUSE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(HOUSE.rglob("*.py"))
    }


@cache
def kinds():
    """Names of SightlineError and of everything that is derived from it, in whatever file."""
    known = {"SightlineError"}
    classes = [node for tree in trees().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for _ in range(4):
        known |= {
            one.name
            for one in classes
            if known & {base.id for base in one.bases if isinstance(base, ast.Name)}
        }
    return known


def places(*rooms, but=()):
    """Every place in these files and folders where an error that a user can meet is made."""
    return [place for file in trees() if _in(file, rooms) and not _in(file, but) for place in _places(file)]


def rooms_but(*others):
    """All rooms of the house but these, sorted."""
    return tuple(sorted({file.split("/")[0].removesuffix(".py") for file in trees()} - set(others)))


def _in(file, rooms):
    return any(file == room or file.startswith(f"{room}/") or file == f"{room}.py" for room in rooms)


def _places(file):
    found = []

    def walk(node, function):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            function = node.name
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds():
            found.append(Place(file, function, _words(node), node.lineno, node.end_lineno))
        for child in ast.iter_child_nodes(node):
            walk(child, function)

    walk(trees()[file], "")
    return found


def _words(call):
    pieces = []
    for node in ast.walk(call.args[0]) if call.args else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            pieces.append(node.value)
    return " … ".join(piece.strip() for piece in pieces if piece.strip(" '"))[:60]


# -- what is met ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def noted(known):
    """Note, while the block runs, which errors are made and where; yields the list of (error, place)."""
    by_file = {}
    for place in known:
        by_file.setdefault(str(HOUSE / place.file), []).append(place)
    made, before = [], SightlineError.__init__

    def init(self, *args, **named):
        before(self, *args, **named)
        frame = sys._getframe(1)
        for place in by_file.get(frame.f_code.co_filename, ()):
            if place.first <= frame.f_lineno <= place.last:
                made.append((self, place))

    SightlineError.__init__ = init
    try:
        yield made
    finally:
        SightlineError.__init__ = before


@dataclass
class Meeting:
    """Messages by place, and provocations that met none, or broke in another way, by where they stand."""

    messages: dict[Place, list[SightlineError]]
    idle: list[str]


def meet(provocations: Iterable[Callable[[Here], object]], known: list[Place], folder: Path) -> Meeting:
    """Do what each provocation does, in a folder of its own."""
    messages, idle, shared = {}, [], Shared()
    for number, provoke in enumerate(provocations):
        where = f"line {provoke.__code__.co_firstlineno}"
        path = folder / f"{number}"
        path.mkdir()
        with noted(known) as made, pytest.MonkeyPatch.context() as patch:
            patch.chdir(path)
            patch.setenv("SIGHTLINE_HOME", str(path / "home"))
            try:
                shown = provoke(Here(path, shared))
            except SightlineError as error:
                shown = str(error)
            except Exception as error:  # noqa: BLE001 — told with all others that are idle
                idle.append(f"{where}: {type(error).__name__}: {error}")
                continue
        met = [(error, place) for error, place in made if _is_shown(error, f"{shown}")]
        if not met:
            idle.append(f"{where}: shows no message, but {f'{shown}'[:200]}")
        for error, place in met:
            error.text = str(error).replace(str(path), "…")
            messages.setdefault(place, []).append(error)
    return Meeting(messages, idle)


def _is_shown(error, text):
    return " ".join(error.what.split()) in " ".join(text.split())


def check(place: Place, meeting: Meeting, apart: dict[str, str]) -> None:
    """Fail unless the message of this place was met and reads well, or is told apart, with the reason."""
    reason = next((why for key, why in apart.items() if _is_meant(key, str(place))), None)
    found = meeting.messages.get(place, [])
    if reason is not None:
        assert not found, f"{place} is told apart ({reason}), and was met: take it off that list"
        return
    assert found, f"nothing provokes the message at {place} (line {place.first}): add a provocation"
    for error in found:
        reads_well(error)


def _is_meant(key, place):
    """Whether a key is the place, its beginning, or, with a colon and nothing after it, the whole of it."""
    return key == place if key.endswith(": ") else place.startswith(key)


def reads_well(error: SightlineError) -> None:
    """The rules of wording; `error.text` is the message, its own folder written as …"""
    what, remedy, text = error.what, error.remedy, error.text
    own = re.sub(r"\(.*?\)|'.*?'", "", what)  # not what others say, nor names
    assert len(what) >= 12, f"too short to say what and where: {text}"
    assert what == what.strip(), f"spaces at the ends: {text}"
    assert not re.search(r"[.!;:,]$", what), f"what is wrong ends like a sentence: {text}"
    assert not re.match(r"(?!Cs )[A-Z][a-z]+ ", what), f"what is wrong begins like a sentence: {text}"
    assert remedy or SAYS_IT_ALL.search(what), f"nothing about what to do: {text}"
    assert not remedy or remedy == remedy.strip(), f"spaces at the ends: {text}"
    assert not remedy or re.search(r"[.?]$", remedy) or remedy.startswith("pip install"), (
        f"no full stop: {text}"
    )
    assert not INNER.search(text), f"words of the inside: {text}"
    assert not EMPTY.search(own), f"words that say nothing: {text}"
    assert "\n" not in text, f"more than one line: {text}"
    assert len(text) <= LONGEST, f"{len(text)} letters: {text}"


def check_apart(apart: dict[str, str], *rooms, but=()):
    """Fail where a reason is given for a message that is not there any more."""
    known = [str(place) for place in places(*rooms, but=but)]
    gone = [key for key in apart if not any(_is_meant(key, place) for place in known)]
    assert not gone, f"told apart, but there is no such message: {gone}"


def suites(*rooms, but=()):
    """Return the parameters of one test a place."""
    known = places(*rooms, but=but)
    seen = itertools.count()
    return [pytest.param(place, id=f"{next(seen)}-{place.file}-{place.function}") for place in known]


def both(apart, *rooms):
    """The two tests of a file that lists the provocations of these rooms, for its fixture `meeting`."""

    @pytest.mark.parametrize("place", suites(*rooms))
    def is_provoked(place, meeting):
        check(place, meeting, apart)

    def none_is_idle(meeting):
        assert not meeting.idle, "\n".join(meeting.idle)
        check_apart(apart, *rooms)

    return is_provoked, none_is_idle
