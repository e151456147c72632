"""``sightline data``: what the catalogue offers, what is stored here, fetching and clearing."""

from __future__ import annotations

import json as codec
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sightline.cli import make

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sightline.sources.catalog import Entry
    from sightline.sources.fetch import Progress

app = typer.Typer(help="Data sets: list, look up, fetch, and where they are kept.", no_args_is_help=True)
app.add_typer(make.app, name="make")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


@app.command("list")
def list_(json: Json = False) -> None:
    """List the catalogue: names that every command takes as DATA."""
    from sightline.sources.catalog import CATALOG

    entries = [_about(entry) for entry in CATALOG.values()]
    if json:
        typer.echo(codec.dumps({"datasets": entries}, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("name", "what", "images", "size", "download", "here", box=None, header_style="bold")
    for one in entries:
        here = "yes" if one["here"] else ""
        table.add_row(
            one["name"],
            one["title"],
            f"{one['n_train'] + one['n_test']:,}",
            _shape(one),
            _mb(one["bytes"]),
            here,
        )
    console = Console()
    console.print(table)
    console.print(
        "Also: openml:NAME, a folder of images, IDX, NPZ, CSV, Parquet or ARFF files.", highlight=False
    )


@app.command()
def info(
    name: Annotated[str, typer.Argument(help="A name from `sightline data list`.")], json: Json = False
) -> None:
    """Show one entry: classes, licence, citation, addresses and digests."""
    from sightline.sources.catalog import find
    from sightline.sources.published import addresses

    entry = find(name)
    about = _about(entry) | {
        "classes": list(entry.classes),
        "licence": entry.licence,
        "citation": entry.citation,
        "homepage": entry.homepage,
        "files": [
            {"name": f.name, "digest": f.digest, "bytes": f.size, "addresses": list(addresses(entry, f.name))}
            for f in entry.files
        ],
    }
    if json:
        typer.echo(codec.dumps(about, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False, box=None)
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row("name", entry.name)
    table.add_row("what", entry.title)
    table.add_row("images", f"{entry.n_train:,} to train on, {entry.n_test:,} to test on, {_shape(about)}")
    table.add_row("classes", ", ".join(entry.classes))
    table.add_row("licence", entry.licence)
    table.add_row("cite", entry.citation)
    table.add_row("homepage", entry.homepage)
    table.add_row("download", _mb(entry.size) or ("size not known" if entry.files else "none needed"))
    for file in about["files"]:
        table.add_row("file", f"{file['name']}\n{file['digest']}\n" + "\n".join(file["addresses"]))
    table.add_row("here", "yes" if about["here"] else "no")
    Console().print(table, highlight=False)


@app.command()
def get(
    name: Annotated[str, typer.Argument(help="A name from `sightline data list`, or openml:NAME.")],
    json: Json = False,
) -> None:
    """Fetch a data set, check it and convert it, so that it is here without a network."""
    from sightline import sources

    if json:
        dataset = sources.load(name, split="none")
        found = {
            "name": dataset.name,
            "n": len(dataset),
            "shape": list(dataset.shape),
            "digest": dataset.digest,
        }
        typer.echo(codec.dumps(found, ensure_ascii=False))
        return
    from contextlib import contextmanager

    @contextmanager
    def bar() -> Iterator[Progress]:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
            task = shown.add_task(name, total=None)
            yield lambda done, total: shown.update(task, completed=done, total=total)

    with bar() as progress:
        dataset = sources.load(name, split="none", progress=progress)
    typer.echo(f"{dataset!r}")
    for note in dataset.notes:
        typer.echo(note)


@app.command()
def where(json: Json = False) -> None:
    """Say where data sets are kept (SIGHTLINE_HOME moves it) and how much is there."""
    from sightline.sources import cache

    stored = cache.contents()
    if json:
        typer.echo(codec.dumps({"home": str(cache.home()), "stored": stored}, ensure_ascii=False))
        return
    typer.echo(str(cache.home()))
    for what, size in stored.items():
        typer.echo(f"  {what}  {_mb(size)}")


@app.command()
def clear(
    name: Annotated[str | None, typer.Argument(help="Only this one; everything if left out.")] = None,
    json: Json = False,
) -> None:
    """Remove stored data sets; they are fetched again when next asked for."""
    from sightline.sources import cache
    from sightline.sources.catalog import lookup

    entry = lookup(name) if name else None
    removed = cache.clear(entry.name if entry else name)
    if json:
        typer.echo(codec.dumps({"home": str(cache.home()), "removed": removed}, ensure_ascii=False))
        return
    size = _mb(sum(removed.values())) or "0 MB"
    typer.echo(f"Removed {size} from {cache.home()}: {', '.join(removed) or 'nothing was stored'}.")


def _about(entry: Entry) -> dict[str, Any]:
    from sightline.sources import cache

    return {
        "name": entry.name,
        "title": entry.title,
        "n_train": entry.n_train,
        "n_test": entry.n_test,
        "shape": list(entry.shape),
        "bytes": entry.size or None,
        "here": entry.reader == "bundled" or cache.is_ready(entry.name),
    }


def _shape(about: dict[str, Any]) -> str:
    return "×".join(str(side) for side in about["shape"])


def _mb(size: int | None) -> str:
    return f"{size / 1e6:,.1f} MB" if size else ""
