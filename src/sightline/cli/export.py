"""``sightline export``: a model for other runtimes, as one ONNX file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sightline.cli.options import Json

if TYPE_CHECKING:
    from sightline.export import Agreement
    from sightline.model import Model

FORMATS = ("onnx",)


def export(
    model: Annotated[Path, typer.Argument(help="A model.sightline that `sightline learn` wrote.")],
    to: Annotated[str, typer.Option("--to", help="The format: onnx.")] = "onnx",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file; beside the model if left out.")
    ] = None,
    numbers: Annotated[
        bool, typer.Option("--numbers", help="Labels as numbers 0…K−1: some runtimes know no strings.")
    ] = False,
    check: Annotated[
        str | None,
        typer.Option(help="Data set whose images onnxruntime and Sightline both decide, to compare them."),
    ] = None,
    json: Json = False,
) -> None:
    """Write a model for other runtimes: uint8 images in, label and probability out."""
    from sightline.errors import UsageError
    from sightline.export import export_onnx
    from sightline.files import made_folder
    from sightline.store import load_model

    if to not in FORMATS:
        raise UsageError(f"there is no format '{to}'", f"Give one of: {', '.join(FORMATS)}.")
    fitted = load_model(model)
    file = model.with_suffix(".onnx") if out is None else out
    if file.resolve() == model.resolve():
        raise UsageError(f"'{file}' is the model itself", "Give another name with --out.")
    made_folder(file.parent)
    export_onnx(fitted, file, names=not numbers)
    agreed = None if check is None else _agreement(fitted, file, check)
    if json:
        import json as codec

        typer.echo(codec.dumps(_told(fitted, file, numbers, agreed), ensure_ascii=False))
        return
    size = "×".join(str(side) for side in fitted.shape)
    typer.echo(f"{file}: ONNX, {file.stat().st_size / 1e3:,.0f} kB")
    typer.echo(f"  in   images       uint8 (n, {size.replace('×', ', ')})")
    typer.echo(f"  out  label        {'int64' if numbers else 'string'} (n)")
    typer.echo(f"       probability  float32 (n, {len(fitted.classes)})")
    if agreed is not None:
        typer.echo(
            f"On {agreed.images:,} images onnxruntime's probabilities differ from Sightline's by "
            f"{agreed.difference:.1e} at most; {agreed.labels:,} labels differ."
        )


def _agreement(fitted: Model, file: Path, data: str) -> Agreement:
    from sightline import sources
    from sightline.export import compare_runtimes
    from sightline.intake import brought_dataset

    dataset = sources.load(data)
    return compare_runtimes(fitted, file, brought_dataset(fitted, dataset))


def _told(fitted: Model, file: Path, numbers: bool, agreed: Agreement | None) -> dict[str, Any]:
    return {
        "file": str(file),
        "format": "onnx",
        "bytes": file.stat().st_size,
        "recipe": fitted.recipe,
        "classes": list(fitted.classes),
        "images": {"type": "uint8", "shape": ["n", *fitted.shape]},
        "label": {"type": "int64" if numbers else "string", "shape": ["n"]},
        "probability": {"type": "float32", "shape": ["n", len(fitted.classes)]},
        "checked": None if agreed is None else asdict(agreed),
    }
