"""The picture of two classes in a plane of two features, parted by a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sightline.figures import lettering
from sightline.figures.axes import round_ticks, trace
from sightline.figures.page import MARGIN, Page, chart_page
from sightline.figures.style import SMALL, mix
from sightline.logistic.functions import sigmoid
from sightline.results import TwoFeatures

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = npt.NDArray[np.float64]

TINT = 0.14
"""How much of its colour the ground takes where the model is sure."""


def two_features(two: TwoFeatures, *, theme: str = "light") -> Figure:
    """Draw intensity and symmetry of each image, the line between the classes, and how sure the model is.

    Parameters
    ----------
    two : TwoFeatures
    theme : "light" or "dark"

    Returns
    -------
    Figure
        The line is where ``weights @ value + bias = 0``; the ground is the deeper in colour, the surer the
        model is there.
    """
    page, ax = chart_page(
        theme,
        f"Two numbers an image: {lettering.percent(two.accuracy)} lie on their own side of the line",
        x="intensity: mean of the image, 0 black to 1 white",
        y="symmetry: 0 is perfect, below is less",
        width=6.6,
        height=5.2,
    )
    low, high = _limits(two.values)
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    _field(page, ax, two, low, high)
    _points(page, ax, two)
    line = boundary(two.weights, two.bias, low, high)
    if line is not None:
        trace(ax, line[:, 0], line[:, 1], colour=page.theme.ink, width=1.6, zorder=3, gid="boundary")
    round_ticks(ax, "x")
    round_ticks(ax, "y")
    _key(page, two.classes)
    return page.figure


def boundary(weights: FloatArray, bias: float, low: FloatArray, high: FloatArray) -> FloatArray | None:
    """Return the part of the line ``weights @ v + bias = 0`` inside a rectangle.

    Parameters
    ----------
    weights : (2,) float64
    bias : float
    low, high : (2,) float64
        Corners of the rectangle.

    Returns
    -------
    (2, 2) float64 or None
        Its two ends, one a row; None where the line passes by, or where both weights are 0.
    """
    ends: list[FloatArray] = []
    for axis in (0, 1):
        other = 1 - axis
        for side in (low[axis], high[axis]):
            if weights[other] != 0:
                crossing = np.empty(2)
                crossing[axis] = side
                crossing[other] = -(weights[axis] * side + bias) / weights[other]
                slack = 1e-12 * (high[other] - low[other])
                if low[other] - slack <= crossing[other] <= high[other] + slack:
                    ends.append(crossing)
    if len(ends) < 2:
        return None
    farthest = max(ends, key=lambda end: float(np.abs(end - ends[0]).sum()))
    return np.stack([ends[0], farthest])


def _points(page: Page, ax: Axes, two: TwoFeatures) -> None:
    """Draw the images of both classes as points of two kinds."""
    for k, (colour, marker) in enumerate(((page.theme.against, "D"), (page.theme.favour, "o"))):
        x, y = two.values[two.labels == k].T
        look: Any = {"dashes": "none", "size": 3.4 if k else 3, "edge": page.theme.paper, "edge_width": 0.3}
        trace(ax, x, y, colour=colour, marker=marker, zorder=2, gid=f"class-{k}", **look)


def _limits(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the corners of the points' rectangle, with some room around."""
    if not len(values):
        return np.array([0.0, -1.0]), np.array([1.0, 0.0])
    low, high = values.min(axis=0), values.max(axis=0)
    room = np.where(high > low, 0.05 * (high - low), 0.05)
    return low - room, high + room


def _field(page: Page, ax: Axes, two: TwoFeatures, low: FloatArray, high: FloatArray) -> None:
    """Tint the ground by the probability of the second class."""
    x, y = (np.linspace(low[i], high[i], 160) for i in (0, 1))
    probability = sigmoid(two.weights[0] * x[None, :] + two.weights[1] * y[:, None] + two.bias)
    sure = TINT * np.abs(2 * probability - 1)
    towards = probability[..., None] >= 0.5
    colours = np.where(
        towards,
        mix(page.theme.favour, page.theme.paper, sure),
        mix(page.theme.against, page.theme.paper, sure),
    )
    ax.imshow(
        colours,
        extent=(low[0], high[0], low[1], high[1]),
        origin="lower",
        aspect="auto",
        interpolation="bilinear",
        zorder=0,
    )
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))


def _key(page: Page, classes: tuple[str, str]) -> None:
    """Name the two kinds of points at the right end of the line below the title."""
    x = page.width - MARGIN
    for name, colour, marker in ((classes[1], page.theme.favour, "o"), (classes[0], page.theme.against, "D")):
        line = page.write(x, 0.6, name, size=SMALL, align="right", within=1.3)
        x -= lettering.measure(line, SMALL) + 0.1
        trace(page.canvas, [x], [0.55], colour=colour, marker=marker, dashes="none", size=6)
        x -= 0.25
