"""Fail unless README and docs are true to the code: examples and commands run, rooms exist, links lead somewhere.

    python docs/check.py [PAGE ...]

Of every page the blocks of `python` run from top to bottom in one namespace, and of blocks of `console` the lines
that begin with `$`, all in a folder of the page's own. Blocks of `sh` and `text` are only shown.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
AT_ROOT = ("README.md", "CONTRIBUTING.md", "SECURITY.md")
PAGES = [*(ROOT / name for name in AT_ROOT), *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(python|console)\n(.*?)^```", re.DOTALL | re.MULTILINE)
MADE = ("reference/", "../reference/")
"""Pages that docs/build.py writes; it checks the links to them."""

PATIENCE = 900.0
"""Seconds for one command: most take some, on a machine that is busy many."""


def examples(page: Path) -> list[tuple[str, str]]:
    """Each block to run, as its kind and its text: Python, or the commands of a console."""
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def commands(block: str) -> list[str]:
    """What follows the dollars; a backslash at the end of a line goes on with the next."""
    joined = block.replace("\\\n", " ")
    return [line.removeprefix("$ ") for line in joined.splitlines() if line.startswith("$ ")]


def run_examples(page: Path) -> list[str]:
    """Run what a page tells its reader to do, in the folder that is current."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    for number, (kind, text) in enumerate(examples(page), start=1):
        where = f"{page.relative_to(ROOT)}, example {number}"
        if kind == "console":
            if wrong := [said for one in commands(text) if (said := run_command(one))]:
                return [f"{where} fails: {wrong[0]}"]
            continue
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                exec(compile(text, where, "exec"), namespace)
            except Exception as error:  # noqa: BLE001 — whatever an example raises is a fault of the page
                return [f"{where} fails: {type(error).__name__}: {error}"]
    return []


def run_command(line: str) -> str:
    """Run one command line as a reader would; say what went wrong, or nothing."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    home = str(Path.cwd() / ".sightline")
    try:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line],
            env={**os.environ, "PATH": path, "SIGHTLINE_HOME": home, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"{line}: not done after {PATIENCE:.0f} s"
    return f"{line}: {done.stderr.strip()[-500:] or done.stdout.strip()[-500:]}" if done.returncode else ""


def dead_links(page: Path) -> list[str]:
    """Links to files that are not there."""
    targets = re.findall(
        r"\]\(([^)#]+?)(?:#[^)]*)?\)|src=\"([^\"]+)\"|srcset=\"([^\"]+)\"", page.read_text(encoding="utf-8")
    )
    local = [
        one
        for group in targets
        for one in group
        if one and "://" not in one and not one.startswith(("mailto:", *MADE))
    ]
    return [
        f"{page.relative_to(ROOT)}: {one} is not there" for one in local if not (page.parent / one).exists()
    ]


def undrawn_rooms() -> list[str]:
    """Every room of the house stands in docs/architecture.md."""
    drawing = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = [
        one.name + ("/" if one.is_dir() else "")
        for one in (ROOT / "src" / "sightline").iterdir()
        if (one.is_dir() and one.name != "__pycache__")
        or (one.suffix == ".py" and one.stem.strip("_") not in ("init", "main"))
    ]
    return [f"docs/architecture.md does not draw {room}" for room in sorted(rooms) if room not in drawing]


def main(chosen: list[str]) -> int:
    pages = [Path(one).resolve() for one in chosen] or PAGES
    wrong = [] if chosen else undrawn_rooms()
    here = Path.cwd()
    for page in pages:
        wrong += dead_links(page)
        with tempfile.TemporaryDirectory(prefix="sightline-check-") as folder:
            os.chdir(folder)
            wrong += run_examples(page)
            os.chdir(here)
    for line in wrong:
        print(line)
    count = sum(
        1 if kind == "python" else len(commands(text)) for page in pages for kind, text in examples(page)
    )
    print(f"{len(pages)} pages, {count} examples, {len(wrong)} faults")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
