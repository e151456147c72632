"""``sightline simulate``: the smallest logistic regression there is, step by step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.cli.options import Json

if TYPE_CHECKING:
    from rich.console import Console

    from sightline.logistic import Simulation

SHOWN = 8


def simulate(
    samples: Annotated[int, typer.Option(help="How many inputs to draw.")] = 100,
    features: Annotated[int, typer.Option(help="How many numbers each input has.")] = 3,
    seed: Annotated[int | None, typer.Option(help="Same seed, same simulation; drawn anew if left out.")] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Draw it to this .png or .svg file.")
    ] = None,
    json: Json = False,
) -> None:
    """Draw weights, a bias and inputs; compute z and the probability of each: nothing is learned yet."""
    from sightline.logistic import simulate as draw

    found = draw(samples, features, seed=seed)
    if out is not None:
        from sightline import figures
        from sightline.files import made_folder

        made_folder(out.parent)
        figures.save(figures.simulation(found), out)
    if json:
        import json as codec

        numbers = {
            "weights": found.weights.tolist(),
            "bias": found.bias,
            "X": found.X.tolist(),
            "z": found.z.tolist(),
            "probability": found.probability.tolist(),
        }
        typer.echo(codec.dumps(numbers))
        return
    from rich.console import Console

    show(Console(), found)
    if out is not None:
        typer.echo(f"The picture is {out}.")


def show(console: Console, found: Simulation) -> None:
    """Print weights, bias, and the first rows on their way from x to z to probability."""
    from rich.table import Table
    from rich.text import Text

    n, d = found.X.shape
    shown = ", ".join(f"{weight:+.3f}" for weight in found.weights[:8]) + (", …" if d > 8 else "")
    console.print(f"weights w = ({shown})   bias b = {found.bias:+.3f}", highlight=False)
    console.print(
        f"z = X @ w + b has shape {found.z.shape}: one number for each of {n:,} samples", highlight=False
    )
    console.print("probability = σ(z) = 1 / (1 + e^−z)\n", highlight=False)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("x", "z", "probability"):
        table.add_column(name, justify="right")
    table.add_column("")
    table.add_column("class")
    for i in range(min(SHOWN, n)):
        x = ", ".join(f"{value:+.2f}" for value in found.X[i, :4]) + (", …" if d > 4 else "")
        p = float(found.probability[i])
        table.add_row(
            x, f"{found.z[i]:+.3f}", f"{p:.3f}", Text("█" * round(20 * p), style="cyan"), str(int(p >= 0.5))
        )
    console.print(table)
    if n > SHOWN:
        console.print(f"… and {n - SHOWN:,} more", style="dim", highlight=False)
    share = float((found.probability >= 0.5).mean())
    console.print(f"\n{share:.0%} of them have a probability of at least one half: class 1.", highlight=False)
