"""``sightline predict``: what a model says of new images, as CSV or JSON."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from sightline.cli.options import Json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    import numpy.typing as npt

    from sightline.dataset import Dataset
    from sightline.model import Model


def predict(
    model: Annotated[Path, typer.Argument(help="A model.sightline that `sightline learn` wrote.")],
    images: Annotated[
        list[str], typer.Argument(help="Image files, folders of them, or data sets (digits, a CSV file …).")
    ],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write to this file instead.")] = None,
    polarity: Annotated[
        str, typer.Option(help="Dark on light or light on dark: auto, keep, or invert.")
    ] = "auto",
    views: Annotated[
        int,
        typer.Option(min=0, help="Average over so many slightly moved and turned copies of each image too."),
    ] = 0,
    json: Json = False,
) -> None:
    """Say what each image is, with the probability of every class."""
    from sightline.store import load_model

    fitted = load_model(model)
    files = [_image_files(what) for what in images]
    labelled = None in files
    pieces = (
        piece
        for what, found in zip(images, files, strict=True)
        for piece in _pieces(fitted, what, found, polarity, views)
    )
    if out is None:
        _write(fitted, pieces, sys.stdout, labelled=labelled, json=json)
        return
    from sightline.files import made_folder, written_aside

    made_folder(out.parent)
    with (
        written_aside(out, "the predictions") as aside,
        aside.open("w", encoding="utf-8", newline="") as file,
    ):
        count = _write(fitted, pieces, file, labelled=labelled, json=json)
    typer.echo(f"{count:,} predictions written to {out}", err=True)


def _pieces(
    model: Model, what: str, files: list[Path] | None, polarity: str, views: int
) -> Iterator[list[dict[str, Any]]]:
    """Predictions for one argument: all at once, or those of a block where there may be very many."""
    from sightline import sources
    from sightline.sources.large import pieces

    if files is not None:
        yield _of_files(model, files, polarity, views)
        return
    blocks = pieces(what)
    for dataset in [sources.load(what, split="none")] if blocks is None else blocks:
        yield _of_dataset(model, dataset, views)


def _of_dataset(model: Model, dataset: Dataset, views: int) -> list[dict[str, Any]]:
    from sightline.intake import brought_dataset

    rows = range(len(dataset)) if dataset.rows is None else dataset.rows
    names = dataset.files or tuple(f"{dataset.name}#{row}" for row in rows)
    labels = [dataset.classes[label] for label in dataset.labels]
    return _judged(model, brought_dataset(model, dataset), list(names), labels, views)


def _image_files(what: str) -> list[Path] | None:
    """Image files at a path: itself, or all below it; None where it is a data set of another kind."""
    from sightline.sources.folder import SUFFIXES
    from sightline.sources.opening import kind_of, path_of

    path = path_of(what)

    if path.is_file() and path.suffix.lower() in SUFFIXES:
        return [path]
    if not path.is_dir() or kind_of(path) != "images":
        return None
    from sightline.errors import DataError

    found = sorted(one for one in path.rglob("*") if one.suffix.lower() in SUFFIXES and one.is_file())
    if not found:
        raise DataError(f"'{path}' holds no images", f"Expected files such as {', '.join(SUFFIXES[:4])}.")
    return found


def _of_files(model: Model, files: list[Path], polarity: str, views: int) -> list[dict[str, Any]]:
    import numpy as np

    from sightline.errors import DataError
    from sightline.intake import bring

    brought, bad, turned = [], [], 0
    for path in files:
        try:
            brought.append(bring(model, path, polarity))
            turned += any("negative" in note for note in brought[-1].notes)
        except DataError as error:
            bad.append(str(error))
    if not brought:
        raise DataError(f"none of the {len(files):,} images can be read", bad[0])
    for message in bad[:5]:
        typer.echo(f"left out: {message}", err=True)
    if len(bad) > 5:
        typer.echo(f"left out: {len(bad) - 5:,} more", err=True)
    if turned:
        typer.echo(
            f"{turned:,} of {len(brought):,} images were taken as negatives: the model learned from images "
            "with the opposite background (--polarity keep leaves them as they are)",
            err=True,
        )
    pixels, names = np.stack([one.pixels for one in brought]), [one.name for one in brought]
    return _judged(model, pixels, names, None, views)


def _judged(
    model: Model, images: npt.NDArray[np.uint8], names: list[str], labels: list[str] | None, views: int
) -> list[dict[str, Any]]:
    from sightline.features import averaged

    probability = averaged(model.predict_proba, model.rows(images), model.shape, views=views)
    codes = probability.argmax(axis=1)
    return [
        {
            "image": name,
            **({"label": labels[i]} if labels is not None else {}),
            "predicted": model.classes[codes[i]],
            "probability": round(float(probability[i, codes[i]]), 6),
            "probabilities": [round(float(p), 6) for p in probability[i]],
        }
        for i, name in enumerate(names)
    ]


def _write(
    model: Model, pieces: Iterable[list[dict[str, Any]]], file: TextIO, *, labelled: bool, json: bool
) -> int:
    """Write predictions as they come, in JSON at the end; how many there were."""
    import csv
    import json as codec

    if json:
        rows = [row for piece in pieces for row in piece]
        file.write(
            codec.dumps({"classes": list(model.classes), "predictions": rows}, ensure_ascii=False) + "\n"
        )
        return len(rows)
    writer, count = csv.writer(file, lineterminator="\n"), 0
    head: list[str] = []
    for piece in pieces:
        if not head:
            head = ["image", *(["label"] if labelled else []), "predicted", "probability"]
            writer.writerow([*head, *(f"p({name})" for name in model.classes)])
        for row in piece:
            writer.writerow([*(row.get(name, "") for name in head), *row["probabilities"]])
        count += len(piece)
    return count
