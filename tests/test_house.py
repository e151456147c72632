"""The house stays as docs/architecture.md draws it: who imports whom, how large rooms are, how fast it opens."""

import ast
import subprocess
import sys
import time
from pathlib import Path

import pytest

import sightline

HOUSE = Path(sightline.__file__).parent
FILES = sorted(HOUSE.rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 360, 62

MAY = {
    "errors": set(),
    "notebook": set(),
    "dataset": {"errors", "notebook"},
    "files": {"errors"},
    "npy": set(),
    "engine": {"errors"},
    "logistic": {"engine", "errors"},
    "sources": {"dataset", "engine", "errors", "features", "files", "npy"},
    "exploration": {"dataset", "engine", "errors", "notebook"},
    "features": {"dataset", "errors", "engine", "logistic"},
    "model": {"errors", "notebook"},
    "evaluation": {"dataset", "engine", "errors", "logistic", "features", "model", "notebook"},
    "explanation": {"dataset", "engine", "errors", "logistic", "features", "model", "notebook"},
    "results": {"dataset", "evaluation", "explanation", "exploration", "logistic"},
    "machine": {"engine", ""},
    "selection": {"dataset", "evaluation", "features", "logistic"},
    "disputes": {"dataset", "errors", "features", "logistic", "selection"},
    "scenes": {"dataset", "exploration", "features", "logistic", "results", "selection"},
    "store": {"errors", "features", "files", "logistic", "model", "npy"},
    "export": {"errors", "features", "files", "logistic", "machine", "model"},
    "doctor": {"engine", "errors", "features", "logistic", "machine", "sources"},
    "__main__": {"cli"},
    "budget": {"dataset", "errors", "features", "logistic"},
    "ground": {
        "dataset", "engine", "errors", "evaluation", "exploration", "features", "model", "logistic", "selection",
        "sources",
    },
    "metrics": {"results"},
    "story": {
        "budget", "dataset", "errors", "explanation", "exploration", "features", "ground", "logistic", "machine",
        "model", "results", "scenes", "selection", "sources",
    },
    "intake": {"dataset", "errors", "model", "sources"},
    "anatomy": {"errors", "evaluation", "explanation", "features", "logistic", "model", "results"},
    "figures": {
        "anatomy", "dataset", "disputes", "errors", "evaluation", "explanation", "exploration", "files", "logistic",
        "results",
    },
    "report": {"anatomy", "figures", "files", "results", "evaluation", "explanation", "exploration"},
    "studio": {
        "", "anatomy", "dataset", "engine", "errors", "evaluation", "explanation", "exploration", "features", "files",
        "intake", "logistic", "model", "sources", "store",
    },
    "widgets": {"dataset", "errors", "evaluation", "explanation", "model", "studio"},
    "lessons": {"", "anatomy", "errors", "features", "files"},
    "films": {
        "anatomy", "dataset", "errors", "explanation", "features", "figures", "files", "logistic", "results",
        "scenes", "selection", "sources", "story",
    },
    "publish": {
        "anatomy", "figures", "files", "intake", "logistic", "metrics", "model", "report", "results", "store",
    },
    "retelling": {"exploration", "figures", "files", "logistic", "results"},
}  # fmt: skip
"""Room → rooms that it may import. `cli` may import all, and nobody imports it."""


def room(path):
    parts = path.relative_to(HOUSE).with_suffix("").parts
    return parts[0] if parts[0] != "__init__" else ""


def imported(path):
    """Rooms of ours that a file imports, those for type checkers included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "sightline":
            inner = node.module.split(".")[1:]
            yield from [inner[0]] if inner else [alias.name for alias in node.names if _is_room(alias.name)]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "sightline":
                    yield [*alias.name.split("."), ""][1]


def _is_room(name):
    return (HOUSE / name).is_dir() or (HOUSE / f"{name}.py").is_file()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_imports_go_one_way(path):
    here = room(path)
    if here in ("", "cli"):
        return
    assert here in MAY, f"{here} is a new room: say in MAY, and in docs/architecture.md, what it may import"
    wrong = set(imported(path)) - MAY[here] - {here}
    assert not wrong, f"{here} may not import {wrong}"


def test_only_the_telling_of_the_story_knows_matplotlib():
    for path in FILES:
        if room(path) in ("figures", "films", "report", "publish"):
            continue
        text = path.read_text(encoding="utf-8")
        assert "matplotlib" not in text, path


def test_nothing_is_printed_but_by_the_command_line():
    for path in FILES:
        if room(path) == "cli":
            continue
        calls = [
            node
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call)
        ]
        assert not [node for node in calls if isinstance(node.func, ast.Name) and node.func.id == "print"], (
            path
        )


def test_no_room_for_odds_and_ends():
    names = {path.stem for path in FILES} | {path.parent.name for path in FILES}
    assert not names & {"utils", "util", "helpers", "helper", "common", "misc", "manager"}


def test_rooms_stay_small():
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= LONGEST_FILE, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = node.end_lineno - body[0].lineno + 1 if body else 0
                assert lines <= LONGEST_FUNCTION, f"{path.name}: {node.name} has {lines} lines"


def test_every_public_name_is_there_and_documented():
    for name in sightline.__all__:
        value = getattr(sightline, name)
        if name != "__version__":
            assert value.__doc__, name
    assert set(sightline.__all__) <= set(dir(sightline))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = sightline.nothing


def test_functions_are_not_hidden_by_the_rooms_of_their_kind():
    import sightline.evaluation
    import sightline.explanation
    import sightline.exploration

    for name in ("explore", "evaluate", "explain", "load", "run"):
        assert callable(getattr(sightline, name)), name


def seconds(code):
    best = 9.0
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        best = min(best, time.perf_counter() - began)
    return best


def test_import_is_instant():
    code = "import sys, sightline; assert not {'numpy', 'sklearn', 'pandas', 'matplotlib', 'rich'} & set(sys.modules)"
    assert seconds(code) - seconds("pass") < 0.1


def test_help_is_quick():
    code = (
        "import sys; from sightline.cli.app import app; "
        "assert not {'numpy', 'sklearn', 'pandas', 'matplotlib'} & set(sys.modules), sorted(sys.modules)"
    )
    assert seconds(code) - seconds("pass") < 1.0
