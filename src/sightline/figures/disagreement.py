"""The gallery of disputed labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sightline.dataset import Dataset
from sightline.errors import UsageError
from sightline.figures import lettering
from sightline.figures.style import SMALL, find_theme
from sightline.figures.tiles import Sheet, Tile, draw_sheet, left_out

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sightline.disputes import Disputed

MOST = 60
NARROWEST, WIDEST, PAGE = 1.3, 2.1, 9.0
"""Room of a tile, made for the names of the classes, and of all the tiles in a row, in inches."""

ORDER = "below each its label and what the model suggests, with their probabilities; strongest dispute first"


def disputed_labels(disputed: Disputed, dataset: Dataset, n: int = 30, *, theme: str = "light") -> Figure:
    """Draw the images whose label is disputed, the most strongly disputed first.

    Parameters
    ----------
    disputed : Disputed
    dataset : Dataset
        The one whose labels were disputed.
    n : int
        How many; at most 60 are drawn.
    theme : "light" or "dark"

    Returns
    -------
    Figure
        Above each image its part and its place there, counted from 0.

    Raises
    ------
    UsageError
        The data set is another one, or there is no such theme.
    """
    same = len(dataset) == disputed.n and np.array_equal(dataset.labels[disputed.rows], disputed.given)
    if not same or dataset.classes != disputed.classes:
        raise UsageError(
            f"the disputed labels are not those of '{dataset.name}'", "Give the data set that was searched."
        )
    shown = range(min(max(n, 0), MOST, len(disputed)))
    room = float(np.clip(lettering.widest(_lines(disputed, shown), SMALL) + 0.02, NARROWEST, WIDEST))
    tiles = [_tile(disputed, dataset, i, room) for i in shown]
    suspected = f"{int(disputed.suspected.sum()):,} suspected to be wrong"
    labels = lettering.plural(len(disputed), "label")
    sheet = Sheet(
        title=f"{labels} of {sum(disputed.judged):,} disputed, "
        + ("so many that the model is in doubt" if disputed.in_doubt else suspected),
        subtitle=ORDER if tiles else "",
        footnote=left_out(len(tiles), len(disputed), "disputed label"),
        columns=int(PAGE / (room + 0.16)),
        side=1.15,
        narrowest=room,
    )
    return draw_sheet(tiles, sheet, find_theme(theme)).figure


def _tile(disputed: Disputed, dataset: Dataset, i: int, room: float) -> Tile:
    """Return the i-th most strongly disputed image, with its label and the suggested one."""
    row = int(disputed.rows[i])
    part, first = (
        "test" if disputed.is_test[i] else "training",
        (dataset.n_train or 0) * bool(disputed.is_test[i]),
    )
    below = tuple(_line(*one, room) for one in _said(disputed, i))
    return Tile(dataset.images[row], f"{part} {row - first:,}", below)


def _lines(disputed: Disputed, rows: Sequence[int]) -> list[str]:
    """All that is written below the images, uncut but for names that no page could hold."""
    return [_line(*one, 10.0) for i in rows for one in _said(disputed, i)]


def _said(disputed: Disputed, i: int) -> Iterator[tuple[str, str, str]]:
    """Yield what is written below an image: a word, the name of a class, its probability."""
    for word, code, probability in (
        ("labelled", disputed.given[i], disputed.given_probability[i]),
        ("rather", disputed.suggested[i], disputed.suggested_probability[i]),
    ):
        yield word, disputed.classes[code], lettering.percent(float(probability))


def _line(word: str, name: str, share: str, room: float) -> str:
    """Return a line such as "rather 7: 99.8 %", in which a long name gives way to the number."""
    rest = lettering.measure(f"{word} : {share}", SMALL) + 0.02
    return f"{word} {lettering.fit(name, room - rest, SMALL)}: {share}"
