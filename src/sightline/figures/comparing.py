"""The picture of all recipes beside each other: how often each errs, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sightline.figures import lettering
from sightline.figures.axes import ticks, trace
from sightline.figures.page import MARGIN, Page, chart_page
from sightline.figures.style import SMALL
from sightline.results import RecipeResult, Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_RECIPES = 30
PITCH = 0.21
"""From one name to the next, in inches."""

STEPS = (1, 2, 5)


def ladder(run: Run, *, theme: str = "light") -> Figure:
    """Draw the error of each recipe against what it costs, with its interval.

    Parameters
    ----------
    run : Run
        At most 30 of its recipes are drawn.
    theme : "light" or "dark"

    Returns
    -------
    Figure
        Seconds from images to test decisions and error in %, both on logarithmic axes; the best of validation is
        blue. A dotted line joins the recipes that nothing cheaper beats. An error of 0 lies at half an image.
    """
    recipes = run.recipes[:MOST_RECIPES]
    names = [lettering.fit(one.name, 1.7, SMALL, bold=True) for one in recipes]
    words = [f"{_percent(one)}  {name}" for one, name in zip(recipes, names, strict=True)]
    room = lettering.widest(words, SMALL, bold=True) + 0.62
    height = max(4.4, 0.78 + 0.68 + PITCH * len(recipes))
    sure = lettering.percent(recipes[0].evaluation.accuracy.level, 0) if recipes else "95 %"
    page, ax = chart_page(
        theme,
        "The same classifier, other features: how often it errs, and what they cost",
        x="seconds from images to test decisions, choosing included",
        y=f"error on test images in %, with {sure} intervals; blue: the best on validation images",
        width=6.0 + room,
        height=height,
        left=0.8,
        right=MARGIN + room,
    )
    ax.set(
        xscale="log",
        yscale="log",
        xlim=_limits(_seconds(recipes), 1.35),
        ylim=_limits(_errors(recipes), 1.15),
    )
    _round_ticks(ax, "x", 1.0)
    _round_ticks(ax, "y", 0.01)
    _frontier(page, ax, recipes)
    for i, recipe in enumerate(recipes):
        _rung(page, ax, i, recipe, best=recipe.name == run.best)
    _names(page, ax, recipes, words, run.best)
    return page.figure


def _percent(recipe: RecipeResult) -> str:
    return lettering.percent(1 - recipe.evaluation.accuracy.value, 2)


def _error(recipe: RecipeResult) -> float:
    """Share of errors, at least half an image."""
    return max(1 - recipe.evaluation.accuracy.value, 0.5 / max(recipe.evaluation.n, 1))


def _ends(recipe: RecipeResult) -> tuple[float, float]:
    accuracy = recipe.evaluation.accuracy
    least = 0.5 / max(recipe.evaluation.n, 1)
    return max(1 - accuracy.high, least), max(1 - accuracy.low, least)


def _seconds(recipes: tuple[RecipeResult, ...]) -> list[float]:
    return [max(one.total_seconds, 1e-3) for one in recipes]


def _errors(recipes: tuple[RecipeResult, ...]) -> list[float]:
    return [end for one in recipes for end in (_error(one), *_ends(one))]


def _limits(values: list[float], room: float) -> tuple[float, float]:
    known = [value for value in values if np.isfinite(value)] or [0.1, 1.0]
    low, high = min(known) / room, max(known) * room
    if high / low < 4:
        middle = (low * high) ** 0.5
        low, high = middle / 2, middle * 2
    return low, high


def _round_ticks(ax: Axes, along: str, unit: float) -> None:
    """Put ticks at 1, 2 and 5 times powers of ten, or at the powers alone where there are many."""
    low, high = ax.get_xlim() if along == "x" else ax.get_ylim()
    powers = range(int(np.floor(np.log10(low / unit))), int(np.ceil(np.log10(high / unit))) + 1)
    steps = STEPS if np.log10(high / low) < 3 else (1,)
    places = [step * 10.0**power * unit for power in powers for step in steps]
    kept = [place for place in places if low <= place <= high]
    ticks(ax, along, kept, [lettering.number(round(place / unit, 9)) for place in kept])


def _frontier(page: Page, ax: Axes, recipes: tuple[RecipeResult, ...]) -> None:
    """Join the recipes that no cheaper one beats."""
    best, x, y = np.inf, list[float](), list[float]()
    for seconds, recipe in sorted(zip(_seconds(recipes), recipes, strict=True), key=lambda pair: pair[0]):
        if _error(recipe) < best:
            x += [seconds, seconds] if x else [seconds]
            y += [best, _error(recipe)] if y else [_error(recipe)]
            best = _error(recipe)
    if len(x) > 1:
        trace(ax, x, y, colour=page.theme.rule, width=1, dashes=(0, (1, 2.5)), zorder=1, gid="frontier")


def _rung(page: Page, ax: Axes, i: int, recipe: RecipeResult, *, best: bool) -> None:
    """Draw the dot and the interval of one recipe."""
    colour = page.theme.favour if best else page.theme.soft
    x = max(recipe.total_seconds, 1e-3)
    trace(ax, [x, x], _ends(recipe), colour=colour, width=2.6 if best else 1.6, zorder=3, gid=f"interval-{i}")
    trace(
        ax, [x], [_error(recipe)], colour=colour, marker="o", dashes="none", size=9 if best else 7,
        edge=page.theme.paper, edge_width=1, zorder=4, gid=f"error-{i}",
    )  # fmt: skip


def _names(page: Page, ax: Axes, recipes: tuple[RecipeResult, ...], words: list[str], best: str) -> None:
    """Name every dot beside the axes, and lead to it."""
    place = ax.get_position()
    top, tall = page.height * (1 - place.y1), page.height * place.height
    left, wide = page.width * place.x0, page.width * place.width
    (low, high), (first, last) = np.log(ax.get_ylim()), np.log(ax.get_xlim())
    ends = [top + tall * float((high - np.log(_error(one))) / (high - low)) for one in recipes]
    levels = lettering.apart(ends, PITCH, top, top + tall)
    for one, end, level, word in zip(recipes, ends, levels, words, strict=True):
        x = left + wide * float((np.log(max(one.total_seconds, 1e-3)) - first) / (last - first))
        edge = left + wide
        trace(
            page.canvas, [x, edge, edge + 0.3], [end, end, level], colour=page.theme.rule, width=0.6, zorder=1
        )  # fmt: skip
        look: Any = {"size": SMALL, "bold": one.name == best}
        page.write(edge + 0.36, float(level) + 0.045, word, **look)
