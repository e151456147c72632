"""``sightline predict``: what a model says of new images, as CSV or JSON."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sightline.cli.options import Json

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

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
    rows: list[dict[str, Any]] = []
    for what in images:
        rows += _rows(fitted, what, polarity, views)
    text = _as_json(fitted, rows) if json else _as_csv(fitted, rows)
    if out is None:
        sys.stdout.write(text)
        return
    from sightline.files import made_folder, written_aside

    made_folder(out.parent)
    with written_aside(out, "the predictions") as aside:
        aside.write_text(text, encoding="utf-8", newline="")
    typer.echo(f"{len(rows):,} predictions written to {out}", err=True)


def _rows(model: Model, what: str, polarity: str, views: int) -> list[dict[str, Any]]:
    """Predictions for one argument."""
    path = Path(what).expanduser()
    files = _image_files(path)
    if files is not None:
        return _of_files(model, files, polarity, views)
    from sightline import sources
    from sightline.intake import brought_dataset

    dataset = sources.load(what, split="none")
    names = dataset.files or tuple(f"{dataset.name}#{row}" for row in range(len(dataset)))
    labels = [dataset.classes[label] for label in dataset.labels]
    return _judged(model, brought_dataset(model, dataset), list(names), labels, views)


def _image_files(path: Path) -> list[Path] | None:
    """Image files at a path: itself, or all below it; None where it is a data set of another kind."""
    from sightline.sources import idx
    from sightline.sources.folder import SUFFIXES

    if path.is_file() and path.suffix.lower() in SUFFIXES:
        return [path]
    if not path.is_dir() or idx.find_pairs(path):
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


def _as_json(model: Model, rows: list[dict[str, Any]]) -> str:
    import json as codec

    return codec.dumps({"classes": list(model.classes), "predictions": rows}, ensure_ascii=False) + "\n"


def _as_csv(model: Model, rows: list[dict[str, Any]]) -> str:
    import csv
    import io

    buffer = io.StringIO()
    labelled = any("label" in row for row in rows)
    head = ["image", *(["label"] if labelled else []), "predicted", "probability"]
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*head, *(f"p({name})" for name in model.classes)])
    for row in rows:
        writer.writerow([*(row.get(name, "") for name in head), *row["probabilities"]])
    return buffer.getvalue()
