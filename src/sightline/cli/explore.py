"""``sightline explore``: what is in the images, as text in the terminal or as JSON."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.cli.options import Cluster, Data, Json, Label, Seed, Shape, Size, Split, parse_shape

if TYPE_CHECKING:
    from rich.console import Console

    from sightline.dataset import Dataset
    from sightline.exploration import Exploration

MOST_CLASSES = 20
"""Classes that are drawn; the table of counts names as many."""


def explore(
    data: Data = "digits",
    size: Size = None,
    shape: Shape = None,
    label: Label = None,
    split: Split = None,
    seed: Seed = 0,
    cluster: Cluster = None,
    json: Json = False,
    disputed: Annotated[
        bool, typer.Option("--disputed", help="List the images whose label a model disputes, instead.")
    ] = False,
    recipe: Annotated[
        str | None,
        typer.Option("--recipe", "-r", help="The recipe that disputes; if left out, the best quick one."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the disputed images: a picture and a CSV.")
    ] = None,
) -> None:
    """Look at the images: counts, intensities, useful directions, duplicates, typical and odd ones."""
    from sightline import sources
    from sightline.errors import UsageError
    from sightline.exploration import explore as look
    from sightline.sources.large import open_large

    if not disputed and (recipe is not None or out is not None):
        raise UsageError(
            f"{'--recipe' if recipe is not None else '--out'} is only for disputed labels", "Add --disputed."
        )
    if recipe is not None:
        from sightline.features import find_recipe

        find_recipe(recipe)  # a wrong name is told before the data are fetched
    large = (
        None if disputed else open_large(data, split=split, seed=seed, size=size, shape=shape, label=label)
    )
    if large is not None:
        from sightline.ground import large_scene
        from sightline.ground.place import Place

        with closing(Place(cluster)) as place:
            scene = large_scene(large, place, seed=seed)
        _tell(scene.shown, scene.found, json=json)
        return
    if cluster is not None:
        raise UsageError(f"'{data}' fits into memory", "Leave --cluster out: there is nothing to share.")
    dataset = sources.load(data, size=size, shape=parse_shape(shape), label=label, split=split, seed=seed)
    if disputed:
        from sightline.cli.disputes import dispute

        dispute(dataset, recipe=recipe, seed=seed, out=out, json=json)
        return
    _tell(dataset, look(dataset, seed=seed), json=json)


def _tell(dataset: Dataset, found: Exploration, *, json: bool) -> None:
    from sightline.exploration import to_json

    if json:
        import json as codec

        typer.echo(codec.dumps(to_json(found), ensure_ascii=False, allow_nan=False))
        return
    from rich.console import Console

    show(Console(), dataset, found)


def show(console: Console, dataset: Dataset, found: Exploration) -> None:
    """Print the exploration as sentences, tables and small images."""
    from rich.padding import Padding
    from rich.text import Text

    from sightline.exploration import summary

    def title(text: str) -> None:
        console.print()
        console.print(Text(text, style="bold"))

    console.print(Text(repr(dataset), style="bold"))
    for note in dataset.notes:
        console.print(Text(f"Note: {note}", style="yellow"))
    for sentence in summary(found):
        console.print(Padding(Text(f"• {sentence}"), (0, 0, 0, 1)))
    title("Images per class")
    console.print(_counts(found))
    title("How often each intensity occurs")
    console.print(_histogram(found))
    low, high = found.band
    title(f"The first image, as numbers {low}…{high - 1} of its {found.n_features:,}")
    console.print(Text(" ".join(str(value) for value in found.band_values[0])))
    title("Per class: the mean image, the most typical, the least typical")
    _faces(console, dataset, found)


def _counts(found: Exploration) -> object:
    """Table of images per class, in training and in test."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("class")
    table.add_column("images", justify="right")
    if found.train_counts is not None and found.test_counts is not None:
        table.add_column("training", justify="right")
        table.add_column("test", justify="right")
    table.add_column("share", justify="right")
    widest = int(found.counts.max())
    table.add_column("")
    for k, name in enumerate(found.classes[:MOST_CLASSES]):
        cells = [f"{found.counts[k]:,}"]
        if found.train_counts is not None and found.test_counts is not None:
            cells += [f"{found.train_counts[k]:,}", f"{found.test_counts[k]:,}"]
        bar = "#" * round(24 * found.counts[k] / widest)
        table.add_row(Text(name), *cells, f"{found.counts[k] / found.n:.1%}", Text(bar, style="cyan"))
    if len(found.classes) > MOST_CLASSES:
        table.caption = f"and {len(found.classes) - MOST_CLASSES} more classes"
    return table


def _histogram(found: Exploration) -> object:
    """Table of how many numbers lie in each eighth of the range, 0 apart."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column(justify="right")
    table.add_column()
    total = int(found.histogram.sum())
    for low, high in [(0, 1), (1, 32), *((start, start + 32) for start in range(32, 256, 32))]:
        share = int(found.histogram[low:high].sum()) / total
        label = str(low) if high == low + 1 else f"{low}–{high - 1}"
        table.add_row(label, f"{share:.1%}", Text("#" * round(40 * share), style="cyan"))
    return table


def _faces(console: Console, dataset: Dataset, found: Exploration) -> None:
    """Draw each class: mean, typical, atypical."""
    import numpy as np

    from sightline.cli.picture import strip

    columns = min(dataset.width, max(8, (console.width - 12) // 5))
    for k, name in enumerate(found.classes[:MOST_CLASSES]):
        rows = [int(row) for row in (*found.typical[k, :2], *found.atypical[k, :2]) if row >= 0]
        if not rows:
            continue
        mean = np.rint(found.class_mean[k]).astype(np.uint8)
        captions = [f"mean of {name}", *(f"row {row}" for row in rows)]
        console.print(strip([mean, *(dataset.images[row] for row in rows)], captions, columns))
        console.print()
