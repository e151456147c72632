"""``sightline explain``: why a model decides so about one image, as a picture and as numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sightline.cli.options import Json

if TYPE_CHECKING:
    from rich.console import Console

    from sightline.anatomy import CellShares
    from sightline.dataset import Dataset
    from sightline.explanation import Explanation


def explain(
    model: Annotated[Path, typer.Argument(help="A model.sightline that `sightline learn` wrote.")],
    image: Annotated[str, typer.Argument(help="An image file, or a data set together with --row.")],
    row: Annotated[int | None, typer.Option(help="Which image of the data set, counted from 0.")] = None,
    train: Annotated[
        str | None, typer.Option(help="Data set to look for the nearest training images in.")
    ] = None,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="The picture, .png or .svg; numbers beside it."),
    ] = Path("explanation.png"),
    polarity: Annotated[
        str, typer.Option(help="Dark on light or light on dark: auto, keep, or invert.")
    ] = "auto",
    json: Json = False,
) -> None:
    """Take one decision apart: z, probability, the share of every pixel, the smallest change that flips it."""
    import json as codec

    from sightline import figures, sources
    from sightline.anatomy import has_cells, share_cells
    from sightline.explanation import explain as look
    from sightline.explanation.numbers import to_json
    from sightline.files import made_folder, written_aside
    from sightline.store import load_model

    fitted = load_model(model)
    known: Dataset | None = None if train is None else sources.load(train)
    pixels, label, notes = _image(fitted, image, row, polarity)
    found = look(fitted, pixels, train=known, label=label)
    made_folder(out.parent)
    figures.save(figures.explanation(found), out)
    cells = share_cells(fitted, pixels, label=label) if has_cells(fitted) else None
    by_cell = out.with_stem(f"{out.stem}-cells")
    if cells is not None:
        figures.save(figures.cell_shares(cells), by_cell)
    told = codec.dumps({**to_json(found), "cells": cells_json(cells)}, ensure_ascii=False)
    numbers = out.with_suffix(".json")
    with written_aside(numbers, "the numbers") as aside:
        aside.write_text(told + "\n", encoding="utf-8")
    if json:
        typer.echo(told)
        return
    from rich.console import Console

    show(Console(), found, notes, cells)
    pictures = f"The picture is {out}" if cells is None else f"The pictures are {out} and {by_cell}"
    typer.echo(f"{pictures}, the numbers are {numbers}.")


def cells_json(cells: CellShares | None) -> list[dict[str, Any]] | None:
    """Return what each cell of each grid adds to z: edges in pixels, shares by class, row and column."""
    if cells is None:
        return None
    return [
        {
            "name": grid.name,
            "rows": grid.rows.tolist(),
            "columns": grid.columns.tolist(),
            "contributions": grid.shares.tolist(),
        }
        for grid in cells.grids
    ]


def _image(model: Any, what: str, row: int | None, polarity: str) -> tuple[Any, int | None, tuple[str, ...]]:
    """Pixels, label if known, and what was done to them."""
    from sightline import sources
    from sightline.errors import UsageError
    from sightline.intake import bring, brought_dataset
    from sightline.sources.folder import SUFFIXES
    from sightline.sources.opening import path_of

    path = path_of(what)
    if row is None:
        if not path.is_file() and (path.exists() or path.suffix.lower() not in SUFFIXES):
            raise UsageError(
                f"'{what}' is not an image file", "Say which image of a data set you mean, with --row."
            )
        one = bring(model, path, polarity)
        return one.pixels, None, one.notes
    dataset = sources.load(what, split="none")
    if not 0 <= row < len(dataset):
        raise UsageError(f"'{what}' has no row {row}", f"Its rows are 0…{len(dataset) - 1}.")
    one_row = dataset.take([row])
    name = dataset.classes[int(dataset.labels[row])]
    label = model.classes.index(name) if name in model.classes else None
    return brought_dataset(model, one_row)[0], label, ()


def show(
    console: Console, found: Explanation, notes: tuple[str, ...] = (), cells: CellShares | None = None
) -> None:
    """Print the decision, what spoke for and against it, and the image."""
    from rich.table import Table
    from rich.text import Text

    from sightline.cli.picture import strip
    from sightline.explanation.numbers import sentences

    change = found.smallest_change
    images, captions = [found.image], ["the image"]
    if change is not None:
        import numpy as np

        images.append(np.rint(change.image).astype(np.uint8))
        captions.append(f"now {found.classes[change.target]}")
    console.print(strip(images, captions, min(32, found.image.shape[1])))
    for note in notes:
        console.print(Text(f"Note: {note}", style="yellow"))
    for sentence in sentences(found):
        console.print(Text(sentence))
    if cells is not None:
        show_cells(console, cells)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("class")
    table.add_column("z", justify="right")
    table.add_column("probability", justify="right")
    table.add_column("")
    for k in (-found.probability).argsort(kind="stable")[:5]:
        z = f"{found.z[k]:.2f}" if len(found.z) > 1 else (f"{found.z[0]:.2f}" if k == 1 else "0")
        bar = "█" * round(20 * float(found.probability[k]))
        table.add_row(Text(found.classes[k]), z, f"{found.probability[k]:.2%}", Text(bar, style="cyan"))
    console.print(table)


def show_cells(console: Console, cells: CellShares) -> None:
    """Print what each cell of each grid adds to the decision against the runner-up."""
    from rich.text import Text

    from sightline.cli.picture import numbers

    decided, rival = (cells.classes[k] for k in (cells.predicted, cells.runner_up))
    for grid in cells.grids:
        apart = cells.against(grid.shares)
        said = f"What the cells of a grid ({grid.name}) add to {decided} against {rival}: {apart.sum():+.3f}"
        console.print(Text(said))
        console.print(numbers(apart))
