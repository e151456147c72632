"""``sightline learn``: from labelled images to a classifier, and a page to look at."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.cli.options import Cluster, Data, Device, Json, Label, Seed, Shape, Size, Split, parse_shape

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from sightline.results import RecipeResult, Run

WIDE = 125
"""Columns of the terminal from which on the table also says what each recipe sees."""


def learn(
    data: Data = "digits",
    recipe: Annotated[
        list[str] | None,
        typer.Option("--recipe", "-r", help="A rung to climb; may be repeated. All of them if left out."),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            "--budget", "-b", help="Take the best recipe that is done in this time, such as 60s or 10m."
        ),
    ] = None,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="Folder for the page, the numbers, the model and the pictures."),
    ] = Path("sightline-run"),
    seed: Seed = 0,
    split: Split = None,
    size: Size = None,
    shape: Shape = None,
    label: Label = None,
    cluster: Cluster = None,
    device: Device = "cpu",
    json: Json = False,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in the browser when done.")] = False,
) -> None:
    """Learn from labelled images: fit a ladder of recipes, judge them, explain, and write a page."""
    from sightline.cli.progress import run_and_files
    from sightline.engine.device import usable
    from sightline.errors import SightlineError, UsageError
    from sightline.files import made_folder
    from sightline.ground import Unfinished
    from sightline.metrics import metrics
    from sightline.publish import write_run
    from sightline.store import save_model
    from sightline.story import Config, run

    if budget is not None and recipe:
        raise UsageError("--budget picks the recipe itself", "Leave --recipe out, or --budget.")
    device, why = usable(device)
    if why:
        typer.echo(f"sightline: {why}.", err=True)
    made_folder(out)  # before the work, not after it
    config = Config(
        data=data,
        recipes=tuple(recipe) if recipe else Config().recipes,
        seed=seed,
        split=split,
        size=size,
        shape=parse_shape(shape),
        label=label,
        budget=None if budget is None else parse_seconds(budget),
        cluster=cluster,
        device=device,
        command=shlex.join(["sightline", *sys.argv[1:]]),
    )
    with run_and_files() as (told, wrote):
        try:
            story = run(config, told)
        except Unfinished as error:
            save_model(error.model, out / "unfinished.sightline")
            raise SightlineError(
                error.what, f"{error.remedy} What was learned so far is in {out / 'unfinished.sightline'}."
            ) from error
        page = write_run(story, out, wrote)
    if json:
        import json as codec

        typer.echo(codec.dumps(metrics(story), ensure_ascii=False))
    else:
        from rich.console import Console

        show(Console(), story, page)
    if open_:
        typer.launch(page.resolve().as_uri())


def parse_seconds(text: str) -> float:
    """Read "90", "60s", "10m", "1.5min" or "1h" as seconds.

    Raises
    ------
    UsageError
        It is none of these.
    """
    from sightline.errors import UsageError

    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|sec|m|min|h)?\s*", text)
    if found is None or float(found[1]) <= 0:
        raise UsageError(f"'{text}' is no time", "Write --budget 60s, 10m or 1h.")
    return float(found[1]) * {"m": 60, "min": 60, "h": 3600}.get(found[2] or "s", 1)


def show(console: Console, story: Run, page: Path) -> None:
    """Print what was learned: the data, a line a recipe, and where to look next."""
    from rich.text import Text

    console.print(Text(repr(story.dataset), style="bold"))
    for note in story.dataset.notes:
        console.print(Text(f"Note: {note}", style="yellow"))
    if story.remark:
        console.print(Text(f"Picked {story.remark}."))
    console.print()
    console.print(table_of(story, explained=console.width >= WIDE))
    console.print()
    folder = page.parent
    for path, what in (
        (folder / "metrics.json", "the numbers"),
        (folder / "model.sightline", "the model: sightline predict, sightline explain"),
        (folder / "figures", "the pictures"),
        (page, "the page to look at"),
    ):
        console.print(Text.assemble((f"{what:>48}  ", "dim"), (str(path), "bold" if path == page else "")))


def table_of(story: Run, *, explained: bool = True) -> Table:
    """One row a recipe: features, fit, passes, accuracy with its interval; the best with a star."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("recipe", no_wrap=True)
    for name in ("features", "fit", "passes", "accuracy", "95 % interval", "error"):
        table.add_column(name, justify="right", no_wrap=True)
    if explained:
        table.add_column("what it sees", style="dim")
    for result in story.recipes:
        best = result.name == story.best
        mark = "★" if best else " "
        table.add_row(
            f"{mark} {result.name}",
            *_cells(result),
            *([result.summary] if explained else []),
            style="bold" if best else "",
        )
    return table


def _cells(result: RecipeResult) -> list[str]:
    accuracy = result.evaluation.accuracy
    return [
        f"{result.n_features:,}",
        f"{result.fit_seconds:.2f} s",
        f"{result.n_passes}" + ("" if result.converged else "*"),
        f"{accuracy.value:.2%}",
        f"{accuracy.low:.2%}–{accuracy.high:.2%}",
        f"{1 - accuracy.value:.2%}",
    ]
