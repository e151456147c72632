"""Fail unless README and docs are true to the code: examples run, rooms exist, links lead somewhere."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def python_examples(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def run_examples(page: Path) -> list[str]:
    """Run the Python of a page from top to bottom, in a folder of its own."""
    namespace: dict[str, object] = {}
    for number, code in enumerate(python_examples(page), start=1):
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                exec(compile(code, f"{page.name}, example {number}", "exec"), namespace)
            except Exception as error:  # noqa: BLE001 — whatever an example raises is a fault of the page
                return [f"{page.name}: example {number} fails: {type(error).__name__}: {error}"]
    return []


def dead_links(page: Path) -> list[str]:
    targets = re.findall(
        r"\]\(([^)#]+?)\)|src=\"([^\"]+)\"|srcset=\"([^\"]+)\"", page.read_text(encoding="utf-8")
    )
    local = [
        one
        for group in targets
        for one in group
        if one and "://" not in one and not one.startswith("mailto:")
    ]
    return [f"{page.name}: {one} is not there" for one in local if not (page.parent / one).exists()]


def undrawn_rooms() -> list[str]:
    """Every room of the house stands in docs/architecture.md."""
    drawing = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = [
        one.name + ("/" if one.is_dir() else "")
        for one in (ROOT / "src" / "sightline").iterdir()
        if (one.is_dir() and one.name != "__pycache__") or (one.suffix == ".py" and one.stem != "__init__")
    ]
    return [f"docs/architecture.md does not draw {room}" for room in sorted(rooms) if room not in drawing]


def main() -> int:
    wrong = undrawn_rooms()
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for page in PAGES:
            wrong += dead_links(page) + run_examples(page)
        os.chdir(here)
    for line in wrong:
        print(line)
    print(
        f"{len(PAGES)} pages, {sum(len(python_examples(page)) for page in PAGES)} examples, {len(wrong)} faults"
    )
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
