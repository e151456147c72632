"""``sightline story``: the tutorial retold with your own data, as one page of Markdown."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from sightline.cli.options import Data, Json, Label, Seed, Shape, Size, Split, parse_shape


def story(
    data: Data = "digits",
    recipe: Annotated[
        list[str] | None,
        typer.Option("--recipe", "-r", help="A rung to climb; may be repeated. All of them if left out."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the page and its pictures.")] = Path(
        "sightline-story"
    ),
    seed: Seed = 0,
    split: Split = None,
    size: Size = None,
    shape: Shape = None,
    label: Label = None,
    as_json: Json = False,
) -> None:
    """Retell the tutorial with these images: one page of Markdown with figures, captions and formulas, for MkDocs."""
    from sightline.cli.progress import run_and_files
    from sightline.files import made_folder
    from sightline.retelling import EXTENSIONS, write_retelling
    from sightline.story import Config, run

    made_folder(out)  # before the work, not after it
    sides = parse_shape(shape)
    config = Config(
        data=data,
        recipes=tuple(recipe) if recipe else Config().recipes,
        seed=seed,
        split=split,
        size=size,
        shape=sides,
        label=label,
        command=shlex.join(["sightline", *sys.argv[1:]]),
    )
    with run_and_files() as (told, wrote):
        page = write_retelling(
            run(config, told), out, load=call(data, split, size, sides, label, seed), listener=wrote
        )
    if as_json:
        typer.echo(json.dumps({"page": str(page), "extensions": list(EXTENSIONS)}, ensure_ascii=False))
        return
    typer.echo(f"MkDocs shows it with the extensions {', '.join(EXTENSIONS)}.")
    typer.echo(str(page))


def call(
    data: str,
    split: str | None,
    size: str | None,
    shape: tuple[int, int] | None,
    label: str | None,
    seed: int,
) -> str:
    """How Python loads the same data: ``load("digits")``."""
    given = [json.dumps(data, ensure_ascii=False)]
    for name, value in (("split", split), ("size", size), ("label", label)):
        if value is not None:
            given.append(f"{name}={json.dumps(value, ensure_ascii=False)}")
    if shape is not None:
        given.append(f"shape={shape}")
    if seed:
        given.append(f"seed={seed}")
    return f"load({', '.join(given)})"
