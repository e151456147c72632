"""The picture of all recipes beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sightline.figures import lettering
from sightline.figures.axes import round_ticks, trace
from sightline.figures.page import MARGIN, Page
from sightline.figures.style import SMALL, TEXT, find_theme
from sightline.results import RecipeResult, Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PITCH = 0.34
"""From one recipe to the next, in inches."""

MOST_RECIPES = 30


def ladder(run: Run, *, theme: str = "light") -> Figure:
    """Draw the accuracy of each recipe with its interval, the best one highlighted.

    Parameters
    ----------
    run : Run
        At most 30 of its recipes are drawn, in its order.
    theme : "light" or "dark"

    Returns
    -------
    Figure
        The axis begins near the lowest interval, not at 0: where a dot is counts, not how long a bar is.
    """
    recipes = run.recipes[:MOST_RECIPES]
    names = [lettering.fit(one.name, 2.0, TEXT, bold=True) for one in recipes]
    left = MARGIN + lettering.widest(names, TEXT, bold=True) + 0.2
    width, rows = 7.2, PITCH * max(len(recipes), 1)
    page = Page.blank(width, 0.82 + rows + 0.72, find_theme(theme))
    sure = lettering.percent(recipes[0].evaluation.accuracy.level, 0) if recipes else "95 %"
    page.title(
        "Accuracy on images that took no part in learning",
        f"with {sure} intervals; blue: the best on validation images",
    )
    ax = page.plot(left, 0.82, width - left - 1.15, rows)
    low, high = _limits(recipes)
    ax.set(xlim=(low, high), ylim=(len(recipes) - 0.5, -0.5))
    ax.spines["left"].set_visible(False)
    round_ticks(ax, "x", unit=0.01)
    ax.yaxis.set_ticks([])
    for i, (recipe, name) in enumerate(zip(recipes, names, strict=True)):
        _rung(page, ax, i, recipe, name, best=recipe.name == run.best)
    page.write(
        left + (width - left - 1.15) / 2,
        page.height - 0.2,
        "accuracy in %",
        size=SMALL,
        colour=page.theme.soft,
        align="center",
    )
    return page.figure


def _rung(page: Page, ax: Axes, i: int, recipe: RecipeResult, name: str, *, best: bool) -> None:
    """Draw one recipe: name at the left, dot and interval, value at the right."""
    accuracy = recipe.evaluation.accuracy
    colour = page.theme.favour if best else page.theme.rule
    place = ax.get_position()
    look: Any = {"bold": best, "size": TEXT}
    level = 0.82 + PITCH * (i + 0.5) + 0.05
    page.write(page.width * place.x0 - 0.2, level, name, align="right", **look)
    page.write(page.width - MARGIN, level, lettering.percent(accuracy.value, 2), align="right", **look)
    ends = (np.clip([accuracy.low, accuracy.high], *ax.get_xlim())).tolist()
    trace(ax, ends, [i, i], colour=colour, width=3 if best else 2, gid=f"interval-{i}")
    trace(
        ax,
        [accuracy.value],
        [i],
        colour=colour,
        marker="o",
        dashes="none",
        size=9 if best else 7,
        edge=page.theme.paper,
        edge_width=1,
        zorder=4,
        gid=f"accuracy-{i}",
    )


def _limits(recipes: tuple[RecipeResult, ...]) -> tuple[float, float]:
    """Return where the axis begins and ends, as shares."""
    ends = [end for one in recipes for end in (one.evaluation.accuracy.low, one.evaluation.accuracy.high)]
    known = [end for end in ends if np.isfinite(end)]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    room = max(0.06 * (high - low), 0.002)
    return max(low - room, 0.0 - room), min(high + room, 1.0 + room / 3)
