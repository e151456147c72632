"""Options that several commands share, declared once."""

from __future__ import annotations

from typing import Annotated

import typer

from sightline.errors import UsageError

Data = Annotated[
    str,
    typer.Argument(help="Name (digits, mnist, openml:NAME), folder of images, or file.", metavar="DATA"),
]
Seed = Annotated[int, typer.Option(help="Draws whatever is drawn; same seed, same numbers.")]
Split = Annotated[
    str | None,
    typer.Option(help="'seed' for the tutorial's own split, or the share to test on, such as 0.2."),
]
Size = Annotated[
    str | None, typer.Option(help="Fit and pad every image to this: 64 or 48x64 (height × width).")
]
Label = Annotated[str | None, typer.Option(help="Name of the label column of a table.")]
Shape = Annotated[
    str | None, typer.Option(help="How flat rows of pixels are laid out, where they make no square: 28x20.")
]
Cluster = Annotated[
    str | None,
    typer.Option(
        help="Learn on the workers of a Dask scheduler, tcp://HOST:8786, or on local:N started here."
    ),
]
Device = Annotated[
    str, typer.Option(help="Where to compute: cpu, or a graphics card: cuda, cuda:1. (sightline[gpu])")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def parse_shape(text: str | None) -> tuple[int, int] | None:
    """(height, width) of ``28x20``.

    Raises
    ------
    UsageError
        It is not two numbers.
    """
    if text is None:
        return None
    parts = text.lower().replace("×", "x").split("x")
    if len(parts) != 2 or not all(part.strip().isdigit() for part in parts):
        raise UsageError(f"a shape of '{text}' is not possible", "Give height and width, such as 28x20.")
    return int(parts[0]), int(parts[1])
