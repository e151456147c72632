"""Build the documentation site, without a network: warnings are errors, and every link is checked.

    python docs/build.py [--out site] [--quick]

What is made (figures, film, lessons, reference, changelog) is written as plain Markdown beside a copy of the pages in
a folder of its own, and Zensical makes the site of that. Needs `pip install 'sightline[docs]'`.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import drawings  # noqa: E402 — the scripts of this folder are not a package
import links  # noqa: E402
import reels  # noqa: E402

import lessons  # noqa: E402
import measured  # noqa: E402
import reference  # noqa: E402

ROOT = HERE.parent
FROM_ROOT = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
TWINS = {"README.md": "index.md", **FROM_ROOT}
"""Files at the root, and the pages that say the same in the site."""

FETCHED = "https://unpkg.com/iframe-worker/shim"
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<to>[^)\s]+)\)")
FENCE = re.compile(r"^(```.*?^```)", re.MULTILINE | re.DOTALL)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=ROOT / "site")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="without lessons and films, figures of three recipes: to try the rest",
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sightline-docs-") as folder:
        try:
            site = build(Path(folder).resolve(), quick=chosen.quick)
        except (ValueError, subprocess.CalledProcessError) as error:
            print(f"docs: {error}", file=sys.stderr)
            return 1
        wrong = links.faults(site)
        for line in wrong:
            print(line, file=sys.stderr)
        if wrong:
            print(f"docs: {len(wrong)} links are wrong", file=sys.stderr)
            return 1
        put(site, chosen.out)
    print(f"{len(list(chosen.out.rglob('*.html')))} pages in {chosen.out}: open {chosen.out / 'index.html'}")
    return 0


def build(folder: Path, *, quick: bool = False) -> Path:
    """Stage everything in `folder` and build the site of it; return where it is."""
    clock = Clock()
    pages = folder / "docs"
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    copy_pages(pages)
    clock.tell("pages")
    made = {
        "reference/index.md": [
            {title: f"reference/{name}"} for title, name in reference.write_reference(pages / "reference")
        ]
    }
    clock.tell("reference")
    if not quick:
        made["lessons.md"] = [{title: name} for title, name in lessons.write_lessons(pages)]
        clock.tell("lessons")
        measured.redraw(pages / "pictures")
        clock.tell("measurements")
    illustrate(pages, quick=quick)
    clock.tell("figures and films")
    config["nav"] = filled(config["nav"], made)
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True), "utf-8")
    unlisted = {one.relative_to(pages).as_posix() for one in pages.rglob("*.md")} - set(listed(config["nav"]))
    if unlisted:
        raise ValueError(
            f"pages that no menu leads to: {', '.join(sorted(unlisted))}; name them in mkdocs.yml"
        )
    zensical(folder)
    keep_home(folder / "site", [title for item in config["nav"] for title in item])
    clock.tell("site")
    return folder / "site"


def copy_pages(pages: Path) -> None:
    """Copy pages and their assets; links that leave the folder become links within the site, or plain words."""
    shutil.copytree(HERE, pages, ignore=shutil.ignore_patterns("*.py", "__pycache__", ".*"))
    for source, name in FROM_ROOT.items():
        shutil.copy(ROOT / source, pages / name)
    for page in pages.rglob("*.md"):
        name = page.relative_to(pages).as_posix()
        source = {twin: ROOT / one for one, twin in FROM_ROOT.items()}.get(name, HERE / name)
        page.write_text(rewritten(page.read_text(encoding="utf-8"), source, name), encoding="utf-8")


def rewritten(text: str, source: Path, name: str) -> str:
    """A page's text with links as they are in the site, `source` where the page is in the repository."""

    def one(found: re.Match[str]) -> str:
        to, _, place = found["to"].partition("#")
        if not to or "://" in to or to.startswith("mailto:"):
            return found[0]
        target = Path(os.path.normpath(source.parent / to))
        if target.is_relative_to(HERE):
            inside = target.relative_to(HERE).as_posix()
        elif target.is_relative_to(ROOT) and target.relative_to(ROOT).as_posix() in TWINS:
            inside = TWINS[target.relative_to(ROOT).as_posix()]
        else:
            return found["text"]  # a file of the repository: named, for there is no address for it here
        way = os.path.relpath(inside, Path(name).parent)
        return f"[{found['text']}]({Path(way).as_posix()}{'#' + place if place else ''})"

    pieces = FENCE.split(text)
    return "".join(piece if i % 2 else LINK.sub(one, piece) for i, piece in enumerate(pieces))


def illustrate(pages: Path, *, quick: bool) -> None:
    """Draw what the pages ask for, and put it in its place."""
    every = sorted(pages.rglob("*.md"))
    names, story, sizes = drawings.asked(every), None, {}
    if names:
        from sightline.story import Config, run

        rungs = ("pixels", "pca", "deskew-pca-poly") if quick else Config().recipes
        story = run(Config(data="digits", recipes=rungs, command="sightline learn"))
        sizes = drawings.draw(names, story, pages / "made")
    for page in every:
        text = page.read_text(encoding="utf-8")
        done = drawings.placed(text, page, pages / "made", sizes, story)
        done = reels.ASKED.sub("", done) if quick else reels.placed(done, page, pages / "made")
        if done != text:
            page.write_text(done, encoding="utf-8")


def filled(nav: list[Any], made: dict[str, list[Any]]) -> list[Any]:
    """The menu, with the pages that were made after the page that introduces them."""
    done: list[Any] = []
    for item in nav:
        if isinstance(item, dict):
            done.append({
                title: filled(below, made) if isinstance(below, list) else below for title, below in item.items()
            })  # fmt: skip
        else:
            done += [item, *made.get(item, [])]
    return done


def listed(nav: list[Any]) -> list[str]:
    """All pages of a menu."""
    found: list[str] = []
    for item in nav:
        for below in item.values() if isinstance(item, dict) else [item]:
            found += listed(below) if isinstance(below, list) else [below]
    return found


def zensical(folder: Path) -> None:
    """Run Zensical on a staged folder; whatever it warns of is an error."""
    command = [
        sys.executable,
        "-m",
        "zensical",
        "build",
        "--clean",
        "--strict",
        "-f",
        str(folder / "mkdocs.yml"),
    ]
    way = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": way},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    if done.returncode or re.search(r"warning|error", said, re.IGNORECASE):
        raise ValueError(f"zensical is not content:\n{said}")


def keep_home(site: Path, titles: list[str]) -> None:
    """Put our own script in the place of the one that pages would fetch, to search them when opened from disk.

    Besides, name the parts of the menu, and let no empty cell pass for a heading, for those who hear the page.
    """

    def named(found: re.Match[str]) -> str:
        return f'aria-label="Pages of {titles[int(found[1]) - 1]}"'

    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        way = Path(os.path.relpath(site / "assets" / "worker.js", page.parent)).as_posix()
        text = re.sub(r'aria-labelledby="__nav_(\d+)_label"', named, text)
        text = re.sub(r"<th([^>]*)></th>", r"<td\1></td>", text)
        page.write_text(text.replace(FETCHED, way), encoding="utf-8")


def put(site: Path, out: Path) -> None:
    """Move a finished site to its place: whole, or not at all."""
    out = out.resolve()
    if (
        out.exists()
        and any(out.iterdir())
        and not (out / "sitemap.xml").is_file()
        and not (out / "404.html").is_file()
    ):
        raise SystemExit(f"docs: '{out}' holds something else; name a new folder with --out")
    aside = out.with_name(f".{out.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(site, aside)
    shutil.rmtree(out, ignore_errors=True)
    aside.replace(out)


class Clock:
    """Says how long each step took."""

    def __init__(self) -> None:
        self.last = time.perf_counter()

    def tell(self, what: str) -> None:
        """Say how long it took since the last time."""
        now = time.perf_counter()
        print(f"{now - self.last:6.1f} s  {what}", flush=True)
        self.last = now


if __name__ == "__main__":
    sys.exit(main())
