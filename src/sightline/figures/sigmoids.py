"""Pictures of the function that makes a probability of a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sightline.errors import UsageError
from sightline.figures import lettering
from sightline.figures.axes import round_ticks, ticks, trace, word
from sightline.figures.page import Page, chart_page
from sightline.figures.style import TEXT
from sightline.logistic.functions import sigmoid
from sightline.logistic.simulate import Simulation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REACH = 10.0
"""The curve is drawn from −10 to 10 as in the tutorial, farther where a point lies farther out."""

FORMULA = "σ(z) = 1 / (1 + e⁻ᶻ)"


def sigmoid_curve(threshold: float = 0.5, *, theme: str = "light") -> Figure:
    """Draw the sigmoid, the threshold, and on which side of it each class lies.

    Parameters
    ----------
    threshold : float
        Probability from which on the answer is class 1, between 0 and 1.
    theme : "light" or "dark"

    Returns
    -------
    Figure

    Raises
    ------
    UsageError
        The threshold is not between 0 and 1, or there is no such theme.
    """
    if not 0 < threshold < 1:
        raise UsageError(f"a threshold of {threshold} is not between 0 and 1", "Try 0.5.")
    turn = float(np.log(threshold) - np.log1p(-threshold))
    page, ax = chart_page(
        theme, "The sigmoid makes a probability of any number", x="z", y="probability of class 1"
    )
    _curve(page, ax, max(REACH, 1.3 * abs(turn)), threshold)
    reach = ax.get_xlim()[1]
    trace(ax, [turn, turn], [0, threshold], colour=page.theme.rule, width=0.8, zorder=1)
    trace(
        ax,
        [turn],
        [threshold],
        colour=page.theme.ink,
        marker="o",
        dashes="none",
        size=6,
        zorder=4,
        gid="turn",
    )
    at = f"z = {lettering.fixed(turn, 2)}" if turn else "z = 0"
    side = 0.02 if turn < 0.5 * reach else -0.02
    word(ax, turn + 2 * reach * side, 0.08, at, colour=page.theme.soft, align="left" if side > 0 else "right")
    return page.figure


def simulation(simulation: Simulation, *, theme: str = "light") -> Figure:
    """Draw each simulated sample at its z and its probability: all lie on the sigmoid.

    Parameters
    ----------
    simulation : Simulation
    theme : "light" or "dark"

    Returns
    -------
    Figure
    """
    z, probability = simulation.z, simulation.probability
    n, d = simulation.X.shape
    ones = int(np.sum(probability >= 0.5))
    page, ax = chart_page(
        theme,
        f"{lettering.plural(n, 'sample')} of {lettering.plural(d, 'feature')} with random weights",
        x="z = w·x + b",
        y=f"probability of class 1; {ones:,} called class 1, {n - ones:,} called class 0",
    )
    _curve(page, ax, max(REACH, 1.05 * float(np.abs(z).max(initial=0.0))), 0.5)
    for called, colour, marker in ((True, page.theme.favour, "o"), (False, page.theme.against, "D")):
        chosen = (probability >= 0.5) == called
        trace(
            ax,
            z[chosen],
            probability[chosen],
            colour=colour,
            marker=marker,
            dashes="none",
            size=6 if called else 5,
            edge=page.theme.paper,
            edge_width=0.6,
            zorder=4,
            gid=f"class-{int(called)}",
            clip_on=False,
        )
    return page.figure


def _curve(page: Page, ax: Axes, reach: float, threshold: float) -> None:
    """Draw σ from −reach to reach, its formula, the threshold line, and the names of the two sides."""
    ax.set(xlim=(-reach, reach), ylim=(-0.02, 1.02))
    z = np.linspace(-reach, reach, 401)
    trace(ax, z, sigmoid(z), colour=page.theme.ink, width=1.8, zorder=2, gid="sigmoid")
    trace(ax, [-reach, reach], [threshold] * 2, colour=page.theme.rule, width=1, dashes=(0, (5, 3)), zorder=1)
    tall = float(ax.get_position().height) * page.height
    step, left = 0.13 / tall, -0.97 * reach
    word(
        ax, left, threshold + step, f"from {lettering.number(threshold)} on: class 1", colour=page.theme.soft
    )
    if threshold > 0.2:
        word(ax, left, threshold - step, "below: class 0", colour=page.theme.soft)
    # The curve leaves this corner free, whatever the threshold.
    word(
        ax,
        0.97 * reach,
        0.3 if threshold > 0.4 else 0.62,
        FORMULA,
        colour=page.theme.ink,
        size=TEXT,
        align="right",
    )
    round_ticks(ax, "x", most=8)
    ticks(ax, "y", [0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
