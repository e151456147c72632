"""``sightline data make``: data sets larger than memory, written as a folder of parts."""

from __future__ import annotations

import json as codec
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from sightline.cli.options import Json, Seed

app = typer.Typer(help="Make data sets larger than memory, as folders of parts.", no_args_is_help=True)


@app.callback()
def make() -> None:
    """Make data sets larger than memory, as folders of parts."""


@app.command()
def infinite(
    base: Annotated[
        str,
        typer.Option(help="What to deform: a name (mnist), a folder of images, or a file.", metavar="DATA"),
    ] = "mnist",
    n: Annotated[
        int, typer.Option("--n", "-n", min=1, help="Images to train on, the originals first.")
    ] = 8_100_000,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to write; NAME-endless if left out.")
    ] = None,
    strength: Annotated[
        float, typer.Option(min=0.0, help="How much copies differ: 1 is usual, 0 repeats the originals.")
    ] = 1.0,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Write N images: those of a data set, and deformed copies of them. Stopped, it goes on when it is run again.

    Shifts, turns, shears, smooth bending, thickness. Each image depends on the seed and its number alone. The test
    images of the data set are written too, unchanged and apart.
    """
    import re

    from sightline.sources import load
    from sightline.sources.infinite import Infinite, usual
    from sightline.sources.sharding import write_shards

    dataset = load(base, seed=seed)
    images = Infinite(dataset, n, seed, usual(dataset).times(strength))
    folder = out or Path(re.sub(r"[^\w.-]+", "-", dataset.name).strip("-.") + "-endless")
    began, first = time.perf_counter(), [-1]

    def told(done: int, of: int) -> None:
        first[:] = [done] if first[0] < 0 else first
        show(done, of)

    test = None if dataset.n_train in (None, len(dataset)) else dataset.test
    try:
        with _bar(quiet=json) as show:
            shards = write_shards(images, folder, test=test, progress=told)
    except KeyboardInterrupt:
        typer.echo(f"The parts in {folder} are whole; the same command goes on from them.", err=True)
        raise
    seconds = time.perf_counter() - began
    made = len(shards) - first[0]
    found: dict[str, Any] = {
        "folder": str(folder),
        "name": shards.name,
        "n_train": shards.n_train,
        "n_test": len(shards) - (shards.n_train or 0),
        "shape": list(shards.image_shape),
        "classes": list(shards.classes),
        "parts": len(shards.parts),
        "digest": shards.digest,
        "made": made,
        "seconds": round(seconds, 3),
    }
    if json:
        typer.echo(codec.dumps(found, ensure_ascii=False))
        return
    typer.echo(f"{shards!r}")
    rate = f"{made:,} made in {seconds:,.1f} s, {made / seconds:,.0f} a second" if made else "all were there"
    typer.echo(f"{folder}: {rate}.")


@contextmanager
def _bar(*, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error: images done, of how many, how many a second, and how long it will take yet."""
    if quiet:
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        """Images a second, lately."""

        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:,.0f} a second" if task.speed else "", style="progress.data.speed")

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} images"),
        Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task: list[Any] = []

        def told(done: int, of: int) -> None:
            if not task:
                task.append(shown.add_task("Making images", total=of, completed=done))
            shown.update(task[0], completed=done)

        yield told
