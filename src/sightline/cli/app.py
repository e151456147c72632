"""All commands, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from sightline import __version__
from sightline.cli import data, lessons
from sightline.cli.doctor import doctor
from sightline.cli.explain import explain
from sightline.cli.explore import explore
from sightline.cli.export import export
from sightline.cli.film import film
from sightline.cli.learn import learn
from sightline.cli.predict import predict
from sightline.cli.recipes import recipes
from sightline.cli.retell import story
from sightline.cli.simulate import simulate
from sightline.cli.studio import studio

app = typer.Typer(
    name="sightline",
    help="Labelled images in, a linear classifier that anyone can see through out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (learn, explore, predict, explain, export, recipes, simulate, film, story, studio, doctor):
    app.command()(command)
app.add_typer(data.app, name="data")
app.add_typer(lessons.app, name="lessons")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"sightline {__version__}")
        raise typer.Exit


@app.callback()
def sightline(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    """Labelled images in, a linear classifier that anyone can see through out.

    Start with `sightline learn`: it needs no data and no network.
    """
