"""The page as a whole: sections in the order of the story, rendered with everything escaped."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from sightline.files import written_aside
from sightline.report.data import data_section
from sightline.report.decision import decision_section, learning_section, model_section
from sightline.report.quality import errors_section, ladder_section, quality_section
from sightline.report.reasons import reasons_section
from sightline.report.words import percent, seconds
from sightline.results import Run

TEMPLATES = Path(__file__).parent / "templates"

CONTENTS = (
    ("data", "What goes in"),
    ("decision", "How one decision is made"),
    ("ladder", "Same classifier, better features"),
    ("model", "What the model looks at"),
    ("learning", "How it learned"),
    ("quality", "How good it is"),
    ("errors", "What it gets wrong"),
    ("reasons", "Why it decides so"),
    ("again", "How to do it again"),
)


def render_report(run: Run) -> str:
    """Tell the story of a run as one HTML page.

    Parameters
    ----------
    run : Run

    Returns
    -------
    str
        The whole page. Law: it refers to nothing outside itself, whatever the classes and files are called.
    """
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            contents=CONTENTS,
            style=(TEMPLATES / "style.css").read_text(encoding="utf-8"),
            head=_head(run),
            data=data_section(run),
            decision=decision_section(run),
            ladder=ladder_section(run),
            model=model_section(run),
            learning=learning_section(run),
            quality=quality_section(run),
            errors=errors_section(run),
            reasons=reasons_section(run),
            again=_again(run),
        )
    )


def write_report(run: Run, path: str | os.PathLike[str]) -> None:
    """Write the page to `path`: aside first, then renamed, so that `path` is never half a page.

    Parameters
    ----------
    run : Run
    path : path of the HTML file; its folder must exist

    Raises
    ------
    StorageError
        The file cannot be written; what was there before is still there.
    """
    page = render_report(run)
    with written_aside(Path(path), "the report") as aside:
        aside.write_text(page, encoding="utf-8", newline="\n")


@cache
def _environment() -> jinja2.Environment:
    """Escape everything and refuse names that are missing: names of classes and files are anybody's text."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _head(run: Run) -> dict[str, Any]:
    """Title, verdict in one line, and the few figures to remember."""
    judged, shape = run.winner.evaluation, run.dataset.shape
    n_train = run.n_train
    return {
        "name": run.dataset.name,
        "best": run.best,
        "summary": run.winner.summary,
        "accuracy": percent(judged.accuracy.value),
        "low": percent(judged.accuracy.low),
        "high": percent(judged.accuracy.high),
        "level": percent(judged.accuracy.level, 0),
        "wrong": f"{judged.n_wrong:,}",
        "n_test": f"{judged.n:,}",
        "seconds": seconds(run.seconds),
        "fit": seconds(run.winner.fit_seconds),
        "facts": [
            (f"{n_train:,}", "images to learn from"),
            (f"{len(run.dataset.classes):,}", "classes"),
            (f"{run.dataset.n_features:,}", f"numbers an image ({' × '.join(str(side) for side in shape)})"),
            (seconds(run.seconds), "from pixels to this page"),
        ],
    }


def _again(run: Run) -> list[tuple[str, str]]:
    """Everything that is needed to get the same numbers, as pairs of name and value."""
    pairs = [
        ("Command", run.command or "sightline learn"),
        ("Sightline", run.version),
        ("Seed", str(run.seed)),
        ("Data", run.dataset.name),
        ("Source", run.dataset.source or "given in memory"),
        ("Licence of the data", run.dataset.licence),
        ("SHA-256 of the data", run.dataset.digest),
        ("Time for everything", seconds(run.seconds)),
    ]
    return pairs + [
        (str(key).replace("_", " ").capitalize(), str(value)) for key, value in run.machine.items()
    ]
