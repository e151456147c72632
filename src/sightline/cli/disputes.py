"""``sightline explore --disputed``: the labels that a model disputes, as a table, CSV, picture or JSON."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from sightline.dataset import Dataset
    from sightline.disputes import Disputed

MOST_ROWS = 20
"""Disputed labels that the terminal shows; the CSV and the JSON hold all."""

MOST_FACES = 4
MOST_CLASSES = 10


def dispute(dataset: Dataset, *, recipe: str | None, seed: int, out: Path | None, json: bool) -> None:
    """Find the disputed labels, say them, and leave picture and CSV in the folder `out`."""
    from sightline.disputes import find_disputed
    from sightline.files import made_folder

    if out is not None:
        made_folder(out)  # before the work, not after it
    with _progress() as told:
        found = find_disputed(dataset, recipe, seed=seed, told=told)
    paths = () if out is None else write(dataset, found, out)
    if json:
        import json as codec

        typer.echo(codec.dumps(to_json(dataset, found), ensure_ascii=False, allow_nan=False))
        return
    from rich.console import Console

    show(Console(), dataset, found)
    for path in paths:
        typer.echo(f"Written: {path}")


def to_rows(dataset: Dataset, found: Disputed) -> list[dict[str, Any]]:
    """One record a disputed label, the most strongly disputed first.

    `row` counts in the data set as it was published, as ``sightline explain --row`` does; `place` within the
    training or test images.
    """
    n_train = len(dataset) if dataset.n_train is None else dataset.n_train
    records = []
    for i, row in enumerate(found.rows.tolist()):
        test = bool(found.is_test[i])
        records.append(
            {
                "row": row if dataset.rows is None else int(dataset.rows[row]),
                "part": "test" if test else "training",
                "place": row - n_train if test else row,
                **({"file": dataset.files[row]} if dataset.files else {}),
                "label": found.classes[found.given[i]],
                "suggested": found.classes[found.suggested[i]],
                "p_label": float(f"{found.given_probability[i]:.6g}"),
                "p_suggested": float(f"{found.suggested_probability[i]:.6g}"),
                "margin": round(float(found.margin[i]), 4),
                "suspected": bool(found.suspected[i]),
            }
        )
    return records


def to_json(dataset: Dataset, found: Disputed) -> dict[str, Any]:
    """Everything that was found, ready for JSON."""
    shares = [None if math.isnan(share) else share for share in found.wrong_share]
    return {
        "dataset": dataset.name,
        "recipe": found.recipe,
        "folds": found.folds,
        "seed": found.seed,
        "judged": dict(zip(("training", "test"), found.judged, strict=True)),
        "wrong_share": dict(zip(("training", "test"), shares, strict=True)),
        "suspected": dict(zip(found.classes, found.counts.tolist(), strict=True)),
        "in_doubt": found.in_doubt,
        "disputed": to_rows(dataset, found),
    }


def write(dataset: Dataset, found: Disputed, out: Path) -> tuple[Path, Path]:
    """Write ``disputed.csv`` and ``disputed.png`` into a folder that exists; return their paths."""
    from sightline import figures
    from sightline.files import written_aside

    table, picture = out / "disputed.csv", out / "disputed.png"
    columns = ["row", "part", "place", *(["file"] if dataset.files else []), "label", "suggested"]
    columns += ["p_label", "p_suggested", "margin", "suspected"]
    with (
        written_aside(table, "the disputed labels") as aside,
        aside.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(to_rows(dataset, found))
    figures.save(figures.disputed_labels(found, dataset), picture)
    return table, picture


def show(console: Console, dataset: Dataset, found: Disputed) -> None:
    """Print how many labels are disputed and suspected, the first images, and a table of the strongest."""
    from rich.text import Text

    from sightline.cli.picture import strip

    console.print(Text(repr(dataset), style="bold"))
    for note in dataset.notes:
        console.print(Text(f"Note: {note}", style="yellow"))
    for sentence in sentences(found):
        console.print(Text(f" • {sentence}"))
    if not len(found):
        return
    console.print()
    first = found.rows[:MOST_FACES]
    captions = [
        f"{found.classes[found.given[i]]}, rather {found.classes[found.suggested[i]]}"
        for i in range(len(first))
    ]
    columns = min(dataset.width, max(8, (console.width - 12) // 5))
    console.print(strip([dataset.images[row] for row in first], captions, columns))
    console.print()
    console.print(_table(dataset, found))


def sentences(found: Disputed) -> list[str]:
    """What was found, in words."""
    lines = [
        f"'{found.recipe}' disputes {len(found):,} of {sum(found.judged):,} labels that it has not learned."
    ]
    for i, part in enumerate(("training", "test")):
        if found.judged[i]:
            number = int(found.suspected[found.is_test == (i == 1)].sum())
            which = (
                f"the {number:,} most strongly disputed are"
                if number > 1
                else "one is"
                if number
                else "none is"
            )
            lines.append(
                f"Of {found.judged[i]:,} {part} labels an estimated {found.wrong_share[i]:.2%} are wrong; "
                f"{which} suspected."
            )
    if found.in_doubt:
        lines.append(
            "So many are disputed that the model itself is in doubt: unless as many labels are known to be wrong, "
            "the estimate is too high. A better recipe disputes less."
        )
    counts = found.counts
    if counts.any():
        order = [k for k in (-counts).argsort(kind="stable") if counts[k]]
        named = ", ".join(f"{found.classes[k]} ({counts[k]:,})" for k in order[:MOST_CLASSES])
        more = f" and {len(order) - MOST_CLASSES} more classes" if len(order) > MOST_CLASSES else ""
        lines.append(f"Suspected, by their label: {named}{more}.")
    return lines


def _table(dataset: Dataset, found: Disputed) -> object:
    """Table of the most strongly disputed labels; a star marks those that are suspected."""
    from rich.table import Table
    from rich.text import Text

    records = to_rows(dataset, found)
    table = Table(box=None, pad_edge=False, header_style="dim", caption_justify="left")
    table.add_column("row", justify="right", no_wrap=True)
    table.add_column("image", no_wrap=True)
    table.add_column("label", overflow="ellipsis")
    table.add_column("p", justify="right", no_wrap=True)
    table.add_column("suggested", overflow="ellipsis")
    table.add_column("p", justify="right", no_wrap=True)
    table.add_column("suspected", no_wrap=True)
    for one in records[:MOST_ROWS]:
        table.add_row(
            f"{one['row']}",
            f"{one['part']} {one['place']}",
            Text(one["label"]),
            f"{one['p_label']:.2%}",
            Text(one["suggested"]),
            f"{one['p_suggested']:.2%}",
            "★" if one["suspected"] else "",
        )
    if len(records) > MOST_ROWS:
        table.caption = f"and {len(records) - MOST_ROWS:,} more; --out DIR writes them all"
    return table


@contextmanager
def _progress() -> Iterator[Callable[[str, float], None]]:
    """Show what is being done."""
    from sightline.cli.progress import work

    with work("starting", remaining=False) as (shown, task):
        yield lambda words, done: shown.update(task, completed=done, description=words)
