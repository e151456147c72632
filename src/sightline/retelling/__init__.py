"""The tutorial retold as one page of Markdown, with the numbers and pictures of a run, ready for MkDocs.

DIR/story.md                the page: front matter, captions, formulas, code that runs
DIR/assets/NAME-THEME.png   its pictures, light and dark
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sightline import figures
from sightline.files import made_folder, written_aside, written_together
from sightline.results import Run
from sightline.retelling.chapters import CHAPTERS
from sightline.retelling.chapters import again as repeat
from sightline.retelling.page import ASSETS, THEMES, Page, percent, plain

__all__ = ["EXTENSIONS", "THEMES", "Retelling", "plain", "retell", "write_retelling"]

PAGE = "story.md"
EXTENSIONS = (
    "attr_list",
    "tables",
    "pymdownx.superfences",
    "pymdownx.highlight",
    "pymdownx.arithmatex",
    "pymdownx.blocks.caption",
)
"""What MkDocs needs to show the page as it is meant."""

TAGS = ("Classification", "Logistic Regression", "PCA (Principal Component Analysis)", "Feature Engineering",
        "Machine Learning", "Python")  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Retelling:
    """`text` the page in Markdown; `pictures` by name, each drawn when it is called with "light" or "dark"."""

    text: str
    pictures: dict[str, Callable[[str], Any]]


def retell(story: Run, *, load: str = "", on: date | None = None) -> Retelling:
    """Tell the tutorial again with another data set's numbers and pictures.

    Parameters
    ----------
    story : Run
    load : str
        The call that loads the data again, for the page's own code: ``load("digits")``. By default made of the
        name of the data set.
    on : date, optional
        Day for the front matter; today by default.

    Returns
    -------
    Retelling
        Law: names of classes, files and data are text in it, never markup; every picture it names is drawn.
    """
    page = Page(story)
    again = load or f"load({json.dumps(story.dataset.name, ensure_ascii=False)})"
    for tell in CHAPTERS:
        tell(page, again)
    page.say("### Do it again", repeat(story))
    front = _front(story, on or date.today())
    return Retelling(front + "\n\n".join(page.parts) + "\n", page.pictures)


def write_retelling(
    story: Run,
    folder: str | os.PathLike[str],
    *,
    load: str = "",
    on: date | None = None,
    listener: Callable[[str], None] | None = None,
) -> Path:
    """Write the page and its pictures to a folder.

    Parameters
    ----------
    story : Run
    folder : path
        Made where it does not exist. Files of the same names are replaced, all of them once the last is written.
    load, on
        As `retell` takes them.
    listener : callable, optional
        Told the name of each file before it is written.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    StorageError
        It cannot be written; what was there is still there, whole.
    """
    told = retell(story, load=load, on=on)
    target = made_folder(Path(folder))
    tell = listener or (lambda _: None)
    with written_together(target, "the page and its pictures") as stage:
        assets = made_folder(stage / ASSETS)
        for name, draw in told.pictures.items():
            for theme in THEMES:
                tell(f"{ASSETS}/{name}-{theme}.png")
                figures.save(draw(theme), assets / f"{name}-{theme}.png")
        tell(PAGE)
        with written_aside(stage / PAGE, "the page") as aside:
            aside.write_text(told.text, encoding="utf-8", newline="\n")
    return target / PAGE


def _front(story: Run, on: date) -> str:
    """Front matter; JSON's strings and lists are YAML's too."""
    name, best = story.dataset.name, story.winner.evaluation.accuracy
    about = {
        "title": f"Learning from images: {name}",
        "description": f"From {story.dataset.n_features:,} numbers an image to a classifier that is right "
        f"{percent(best.value)} of the time, and why it decides so.",
        "categories": ["Classification", "Feature Engineering", "Data Visualization"],
        "tags": [*TAGS, name],
    }
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in about.items()]
    return "\n".join(["---", *lines, "date:", f"  created: {on.isoformat()}", "---", "", ""])
