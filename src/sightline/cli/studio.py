"""``sightline studio``: the page on which one sees, learns, judges and asks; or a copy of it that needs no Python."""

from __future__ import annotations

import json as codec
from pathlib import Path
from typing import Annotated

import typer

from sightline.cli.options import Data, Json, Label, Seed, Shape, Size, Split, parse_shape
from sightline.errors import UsageError


def studio(
    data: Data = "digits",
    host: Annotated[
        str, typer.Option(help="Where to listen. Any but this machine's own demands the token in the link.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(help="7860 or the next free one, unless given.", min=0, max=65535)
    ] = None,
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
    name: Annotated[
        list[str] | None, typer.Option(help="A further name under which it may be reached, behind a proxy.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Write a copy for any web server to this folder instead, and stop.")
    ] = None,
    sample: Annotated[int, typer.Option(help="Images that go into the copy at most.", min=20)] = 2000,
    size: Size = None,
    shape: Shape = None,
    label: Label = None,
    split: Split = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """See the images, watch it learn, draw one and ask it why: a page in the browser."""
    _require()
    from sightline import sources

    dataset = sources.load(data, size=size, shape=parse_shape(shape), label=label, split=split, seed=seed)
    if export is not None:
        from sightline.studio.export import export as write

        written = write(dataset, export, most=sample, told=lambda what: typer.echo(f"{what} …", err=True))
        if json:
            typer.echo(codec.dumps({"folder": str(export), "bytes": written}, ensure_ascii=False))
            return
        typer.echo(f"{written / 1e6:.1f} MB written to {export}: open it from a web server, such as")
        typer.echo(f"    python -m http.server --directory {export}")
        return
    from sightline.studio.server import serve

    def ready(addresses: tuple[str, ...]) -> None:
        if json:
            typer.echo(codec.dumps({"addresses": list(addresses)}, ensure_ascii=False))
        else:
            typer.echo(f"The studio is open: {addresses[0]}")
            for other in addresses[1:]:
                typer.echo(f"From other machines: {other}")
            typer.echo("Ctrl-C closes it.")
        if open_:
            import webbrowser

            webbrowser.open(addresses[0])

    serve(dataset, host=host, port=port, names=tuple(name or ()), ready=ready)


def _require() -> None:
    """Say which extra is missing, before anything is loaded."""
    from importlib.util import find_spec

    if find_spec("fastapi") is None or find_spec("uvicorn") is None:
        raise UsageError("the studio's server is not installed", "pip install 'sightline[studio]'")
