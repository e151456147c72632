"""``sightline film``: a short film, of the ideas or of somebody's own images."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.cli.options import Json, Label, Seed, Shape, Split, parse_shape

if TYPE_CHECKING:
    from sightline.films import Film
    from sightline.films.rendering import Made
    from sightline.story import Event


def film(
    name: Annotated[
        str,
        typer.Argument(
            help="sigmoid, logistic, simulation, training, pca, boundary, ladder, or adventure.",
            metavar="NAME",
        ),
    ],
    data: Annotated[
        str,
        typer.Argument(
            help="Name (digits, mnist, openml:NAME), folder of images, or file.", metavar="[DATA]"
        ),
    ] = "digits",
    recipe: Annotated[
        list[str] | None,
        typer.Option(
            "--recipe", "-r", help="Whose training is shown; for ladder and adventure, a rung, repeatable."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The .mp4, .webm, .gif or .webp to write; NAME.mp4.")
    ] = None,
    size: Annotated[str, typer.Option(help="480p, 720p, 1080p; square or square-720 for phones.")] = "720p",
    fps: Annotated[int | None, typer.Option(help="Frames a second; 30, or 20 for .gif and .webp.")] = None,
    theme: Annotated[str, typer.Option(help="light or dark.")] = "light",
    captions: Annotated[str, typer.Option(help="burnt in, a WebVTT file, both, or none.")] = "burnt",
    texts: Annotated[
        Path | None, typer.Option(help="A TOML file with other texts, in another language say.")
    ] = None,
    codec: Annotated[str | None, typer.Option(help="vp9 or av1 for .webm.")] = None,
    processes: Annotated[
        int | None, typer.Option(help="How many paint; one a core if left out.", min=1)
    ] = None,
    fit: Annotated[str | None, typer.Option(help="Fit and pad every image to this: 64 or 48x64.")] = None,
    seed: Seed = 0,
    split: Split = None,
    shape: Shape = None,
    label: Label = None,
    json: Json = False,
) -> None:
    """Make a short film: how the sigmoid works, how it learns from your images, how errors fall."""
    from sightline.errors import UsageError
    from sightline.files import made_folder
    from sightline.films.catalog import find_film
    from sightline.films.rendering import FRAMES_A_SECOND, check, render, require
    from sightline.films.wording import read_words

    require()
    entry = find_film(name)
    target = out or Path(f"{name}.mp4")
    moving = target.suffix.lower() in (".gif", ".webp")
    rate = fps or (20 if moving else FRAMES_A_SECOND)
    check(target, size=size, fps=rate, theme=theme, captions=captions, codec=codec)
    if recipe and (entry.needs == "nothing" or name not in ("training", "ladder", "adventure")):
        raise UsageError(f"the film '{name}' shows no recipe", "Leave --recipe out.")
    words = None if texts is None else read_words(texts)
    made_folder(target.parent)

    def load() -> object:
        from sightline.sources import load as opened

        return opened(data, size=fit, shape=parse_shape(shape), split=split, seed=seed, label=label)

    began = time.perf_counter()
    with _progress(name) as (told, painted):
        made = _made(name, load if entry.needs != "nothing" else None, tuple(recipe or ()), seed, told)
        began_painting = time.perf_counter()
        done = render(
            made,
            target,
            size=size,
            fps=rate,
            theme=theme,
            captions=captions,
            codec=codec,
            words=words,
            processes=processes,
            told=painted,
        )
    if json:
        typer.echo(_as_json(done))
        return
    speed = done.frames / (time.perf_counter() - began_painting)
    typer.echo(
        f"{done.path}: {done.seconds:.1f} s, {done.frames:,} frames, {done.path.stat().st_size / 1e6:.1f} MB, "
        f"in {time.perf_counter() - began:.1f} s ({speed:.0f} frames/s painted and encoded)"
    )
    if done.captions is not None:
        typer.echo(f"{done.captions}: its captions")


def _as_json(done: Made) -> str:
    import json

    captions = None if done.captions is None else str(done.captions)
    told = {"file": str(done.path), "captions": captions, "seconds": done.seconds, "frames": done.frames}
    return json.dumps(told, ensure_ascii=False)


def _made(
    name: str,
    load: Callable[[], object] | None,
    recipes: tuple[str, ...],
    seed: int,
    told: Callable[[Event], None],
) -> Film:
    """Make the film, its data loaded first."""
    from sightline.films.catalog import make

    if load is None:
        return make(name, seed=seed)
    return make(name, load(), recipes=recipes, seed=seed, listener=told)  # type: ignore[arg-type]


@contextmanager
def _progress(name: str) -> Iterator[tuple[Callable[[Event], None], Callable[[int, int], None]]]:
    """Show on standard error what is being done and what remains; nothing where that is not a terminal."""
    from sightline.cli.progress import work

    with work(f"{name}: looking at the data", total=None) as (shown, task):

        def told(event: Event) -> None:
            shown.update(task, total=1.0, completed=event.done, description=event.what)

        def painted(done: int, all_: int) -> None:
            if done == 1:
                shown.reset(task, total=all_)
            if done % 10 == 0 or done == all_:
                shown.update(task, completed=done, description=f"{name}: painting frame {done:,} of {all_:,}")

        yield told, painted
