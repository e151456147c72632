"""``sightline doctor``: what is installed here, what is missing, and how to get it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING

import typer

from sightline.cli.options import Json

if TYPE_CHECKING:
    from rich.console import Console

    from sightline.doctor import Finding

MARKS = {"good": ("✓", "green"), "optional": ("–", "yellow"), "bad": ("✗", "red")}
FAILED = 1


def doctor(json: Json = False) -> None:
    """Tell versions, cache, threads, compiled passes, browser and graphics card; what is missing, how to get it."""
    from sightline import __version__
    from sightline.doctor import examine

    found = examine()
    healthy = all(one.state != "bad" for one in found)
    if json:
        import json as codec

        told = {"version": __version__, "healthy": healthy, "findings": [asdict(one) for one in found]}
        typer.echo(codec.dumps(told, ensure_ascii=False))
    else:
        from rich.console import Console

        show(Console(), found)
    if not healthy:
        raise typer.Exit(FAILED)


def show(console: Console, found: Sequence[Finding]) -> None:
    """Print one line a finding, group by group, and what to do about what is missing."""
    from rich.table import Table
    from rich.text import Text

    width = max(len(one.name) for one in found)
    for part, some in groupby(found, key=lambda one: one.part):
        console.print(Text(part, style="bold"))
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(width=1)
        table.add_column(width=width, no_wrap=True)
        table.add_column(overflow="fold")
        for one in some:
            mark, colour = MARKS[one.state]
            said = Text(one.said)
            if one.remedy:
                said.append(f"\n→ {one.remedy}", style=colour)
            table.add_row(Text(mark, style=colour), one.name, said)
        console.print(table)
    bad, missing = (sum(one.state == state for one in found) for state in ("bad", "optional"))
    console.print()
    if bad:
        console.print(
            Text(f"{bad} of these must be mended before Sightline can be relied on.", style="bold red")
        )
    elif missing:
        console.print(Text(f"All that is needed is here. Optional and missing: {missing}.", style="bold"))
    else:
        console.print(Text("All is here.", style="bold green"))
