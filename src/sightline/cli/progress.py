"""What is being done and what remains, on standard error; nothing where that is not a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from sightline.story import Event


@contextmanager
def work(
    words: str, *, total: float | None = 1.0, remaining: bool = True
) -> Iterator[tuple[Progress, TaskID]]:
    """Show one bar, which begins with `words`; `total` None is not known yet; `remaining` tells the time left."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        BarColumn(24),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        *((TextColumn("left"), TimeRemainingColumn()) if remaining else ()),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        yield shown, shown.add_task(words, total=total)


@contextmanager
def run_and_files() -> Iterator[tuple[Callable[[Event], None], Callable[[str], None]]]:
    """Two listeners: of the events of a run, and of the names of the files that are then written."""
    with work("starting") as (shown, task):

        def told(event: Event) -> None:
            one = event.one_pass
            words = event.what if one is None else f"{event.what}, pass {one.number}, {one.gap:.0e} to gain"
            shown.update(task, completed=0.95 * event.done, description=words)

        def wrote(name: str) -> None:
            shown.update(task, completed=0.97, description=f"writing {name}")

        yield told, wrote
