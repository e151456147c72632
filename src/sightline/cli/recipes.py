"""``sightline recipes``: what there is, what it costs, what it reaches."""

from __future__ import annotations

import json as codec

import typer

from sightline.cli.options import Json


def recipes(json: Json = False) -> None:
    """List the recipes, from the plainest to the best, with what each takes and how often it errs on MNIST."""
    from sightline.features import RECIPES

    known = list(RECIPES.values())
    if json:
        found = [
            {"name": one.name, "summary": one.summary, "seconds": one.cost, "error": one.error}
            for one in known
        ]
        typer.echo(codec.dumps(found, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim", caption_justify="left")
    table.add_column("recipe", no_wrap=True)
    table.add_column("seconds", justify="right", no_wrap=True)
    table.add_column("errs", justify="right", no_wrap=True)
    table.add_column("what the classifier gets to see")
    for one in known:
        table.add_row(
            Text(one.name, style="bold"), f"{one.cost:.3g}", f"{one.error:.2f} %", Text(one.summary)
        )
    table.caption = (
        "On MNIST: 60,000 images of 28 × 28 learned, 10,000 judged, on two cores.\n"
        "Others take as long in proportion; `sightline learn DATA --budget 60s` measures."
    )
    Console().print(table)
