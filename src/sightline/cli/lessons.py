"""``sightline lessons``: ten notebooks, to be run, copied or exported."""

from __future__ import annotations

import json as codec
from pathlib import Path
from typing import Annotated

import typer

from sightline.cli.options import Json

app = typer.Typer(
    help="Ten lessons as live notebooks: list, open, copy, export.", invoke_without_command=True
)

About = Annotated[
    str | None,
    typer.Option("--data", help="What they are about: digits (bundled), mnist, a folder of images …"),
]
Numbers = Annotated[list[int] | None, typer.Option("--lesson", "-l", help="Only this one; may be repeated.")]


@app.callback()
def listed(context: typer.Context, json: Json = False) -> None:
    """List the lessons."""
    if context.invoked_subcommand is not None:
        return
    from sightline.lessons import lessons

    if json:
        found = [{"number": one.number, "title": one.title, "about": one.about} for one in lessons()]
        typer.echo(codec.dumps({"lessons": found}, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    for lesson in lessons():
        table.add_row(str(lesson.number), lesson.title, lesson.about)
    table.columns[0].justify = "right"
    console = Console()
    console.print(table, highlight=False)
    console.print("\nStart with `sightline lessons open 1`.", highlight=False)


@app.command("open")
def open_(
    number: Annotated[int, typer.Argument(help="Which lesson.", metavar="N")],
    data: About = None,
    port: Annotated[
        int | None, typer.Option(help="The first free one, unless given.", min=1, max=65535)
    ] = None,
    browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the browser.")] = True,
) -> None:
    """Run one lesson in the browser, its live parts alive; Ctrl-C closes it."""
    from sightline.lessons import find_lesson, run_lesson

    lesson = find_lesson(number)

    def ready(address: str) -> None:
        typer.echo(f"Lesson {lesson.number}, {lesson.title}, is open: {address}")
        typer.echo("Ctrl-C closes it.")
        if browser:
            import webbrowser

            webbrowser.open(address)

    run_lesson(lesson, data=data, port=port, ready=ready)


@app.command()
def copy(
    folder: Annotated[Path, typer.Argument(help="Where to; made where it does not exist.", metavar="DIR")],
    number: Numbers = None,
    json: Json = False,
) -> None:
    """Copy the lessons to a folder of yours, to change them there."""
    from sightline.lessons import copy_lessons, find_lesson

    written = copy_lessons(folder, [find_lesson(one) for one in number or []])
    if json:
        typer.echo(codec.dumps({"files": [str(path) for path in written]}, ensure_ascii=False))
        return
    typer.echo(f"{len(written)} {'lesson is' if len(written) == 1 else 'lessons are'} in {folder}. Now:")
    typer.echo(f"    marimo edit {written[0]}")


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Where to; made where it does not exist.", metavar="DIR")],
    to: Annotated[str, typer.Option(help="ipynb for Jupyter and VS Code, html, or py.")] = "ipynb",
    number: Numbers = None,
    data: About = None,
    json: Json = False,
) -> None:
    """Write the lessons in another form, run and with their results."""
    from sightline.lessons import export_lessons, find_lesson

    def told(what: str) -> None:
        typer.echo(f"{what} …", err=True)

    chosen = [find_lesson(one) for one in number or []]
    written = export_lessons(folder, to, chosen, data=data, told=told)
    if json:
        typer.echo(codec.dumps({"files": [str(path) for path in written]}, ensure_ascii=False))
        return
    for path in written:
        typer.echo(str(path))
