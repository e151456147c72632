"""Pictures of one class against the rest: ROC and precision-recall, with the corner that matters enlarged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sightline.evaluation import Evaluation
from sightline.figures import lettering
from sightline.figures.axes import ticks, trace, word
from sightline.figures.page import MARGIN, Page
from sightline.figures.style import DASHES, SMALL, find_theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = npt.NDArray[np.float64]

NAMED = 3
"""Classes that get a colour and a name: those that are told apart worst."""

CORNERS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
SIDE = 2.9


@dataclass(frozen=True, slots=True)
class Trace:
    """One class: its name, the points (m,) of its line, and the area under it (NaN where unknown)."""

    name: str
    x: FloatArray
    y: FloatArray
    area: float


def roc(evaluation: Evaluation, *, theme: str = "light") -> Figure:
    """Draw the ROC of each class against the rest, the three with the smallest area in colour.

    Parameters
    ----------
    evaluation : Evaluation
    theme : "light" or "dark"

    Returns
    -------
    Figure
        Where the lines crowd in the corner, that corner is drawn again, enlarged.
    """
    traces = [
        Trace(name, curve.false_positive_rate, curve.true_positive_rate, curve.roc_auc)
        for name, curve in zip(evaluation.classes, evaluation.curves, strict=True)
    ]
    words = ("Each class against the rest (ROC)", "false positive rate", "true positive rate", "area")
    return _draw(traces, words, 0.0, theme)


def precision_recall(evaluation: Evaluation, *, theme: str = "light") -> Figure:
    """Draw precision against recall of each class, the three with the lowest average precision in colour.

    Parameters
    ----------
    evaluation : Evaluation
    theme : "light" or "dark"

    Returns
    -------
    Figure
        Where the lines crowd in the corner, that corner is drawn again, enlarged.
    """
    traces = [
        Trace(name, curve.true_positive_rate, curve.precision, curve.average_precision)
        for name, curve in zip(evaluation.classes, evaluation.curves, strict=True)
    ]
    words = ("Precision against recall, each class", "recall", "precision", "average precision")
    return _draw(traces, words, 1.0, theme)


def _draw(traces: Sequence[Trace], words: tuple[str, str, str, str], ideal: float, theme: str) -> Figure:
    """Draw one or two square axes and the key; `ideal` is the x of the corner where a perfect line turns."""
    title, across, up, area = words
    corner = _corner(traces, ideal)
    panels = 1 if corner is None else 2
    key = MARGIN + 0.75 + panels * SIDE + (panels - 1) * 0.85 + 0.35
    page = Page.blank(key + 1.95 + MARGIN, 0.78 + SIDE + 0.68, find_theme(theme))
    page.title(title, up)
    order = _worst_first(traces)
    left = MARGIN + 0.45
    for panel in range(panels):
        ax = page.plot(left + panel * (SIDE + 0.85), 0.78, SIDE, SIDE)
        _lines(page, ax, traces, order)
        _frame(page, ax, corner if panel else None, ideal, rectangle=None if panel else corner)
        middle = left + panel * (SIDE + 0.85) + SIDE / 2
        said = across if not panel else f"{across}, the corner"
        page.write(middle, page.height - 0.2, said, size=SMALL, colour=page.theme.soft, align="center")
    _key(page, traces, order, (key, area))
    return page.figure


def _lines(page: Page, ax: Axes, traces: Sequence[Trace], order: list[int]) -> None:
    """Draw the named classes in colour above the others in grey."""
    colours = _colours(page)
    for i, one in enumerate(traces):
        if not (np.isfinite(one.x) & np.isfinite(one.y)).any():
            continue
        look: Any = {"colour": page.theme.rule, "width": 0.8, "zorder": 2}
        if i in order[:NAMED]:
            rank = order.index(i)
            look = {"colour": colours[rank], "dashes": DASHES[rank], "zorder": 5 - rank}
        trace(ax, one.x, one.y, gid=f"class-{i}", **look)


def _frame(page: Page, ax: Axes, corner: float | None, ideal: float, rectangle: float | None) -> None:
    """Set limits and ticks: the whole square with the corner marked, or the corner alone."""
    from matplotlib.patches import Rectangle

    if corner is None:
        ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
        ticks(ax, "x", [0, 0.5, 1], ["0", "0.5", "1"])
        ticks(ax, "y", [0, 0.5, 1], ["0", "0.5", "1"])
    else:
        low = ideal * (1 - corner)
        slack = 0.01 * corner
        ax.set(xlim=(low - slack, low + corner + slack), ylim=(1 - corner - slack, 1 + slack))
        across, up = np.linspace(low, low + corner, 3), np.linspace(1 - corner, 1, 3)
        ticks(ax, "x", across, [lettering.number(round(float(v), 9)) for v in across])
        ticks(ax, "y", up, [lettering.number(round(float(v), 9)) for v in up])
    if rectangle is not None:
        place = (ideal * (1 - rectangle), 1 - rectangle)
        ax.add_patch(
            Rectangle(
                place,
                rectangle,
                rectangle,
                facecolor="none",
                edgecolor=page.theme.ink,
                linewidth=0.9,
                zorder=6,
                clip_on=False,
            )
        )
        inward = place[0] + rectangle + 0.03 if ideal == 0 else place[0] - 0.03
        word(
            ax,
            inward,
            1 - rectangle - 0.06,
            "enlarged",
            colour=page.theme.soft,
            align="left" if ideal == 0 else "right",
        )


def _key(page: Page, traces: Sequence[Trace], order: list[int], place: tuple[float, str]) -> None:
    """Name the coloured lines with their areas, and say what the grey ones are."""
    (left, area), level = place, 0.92
    known = [one.area for one in traces if np.isfinite(one.area)]
    page.write(
        left, level, f"{area}, lowest first" if len(known) > 1 else area, size=SMALL, colour=page.theme.soft
    )
    for rank, i in enumerate(order[:NAMED]):
        level += 0.27
        trace(
            page.canvas,
            [left, left + 0.3],
            [level - 0.05] * 2,
            colour=_colours(page)[rank],
            width=1.8,
            dashes=DASHES[rank],
        )
        value = lettering.fixed(traces[i].area, 4)
        page.write(left + 1.95, level, value, size=SMALL, align="right")
        page.write(left + 0.38, level, traces[i].name, size=SMALL, within=1.0)
    others = [traces[i].area for i in order[NAMED:]]
    lines = []
    if others:
        level += 0.27
        trace(page.canvas, [left, left + 0.3], [level - 0.05] * 2, colour=page.theme.rule, width=0.8)
        lines = [
            (0.38, lettering.plural(len(others), "other")),
            (0.38, _span(others)),
        ]
    if len(known) < len(traces):
        unknown = lettering.plural(len(traces) - len(known), "class", "classes")
        lines += [(0.0, f"{unknown} cannot be"), (0.0, "measured here")]
    for i, (indent, said) in enumerate(lines):
        page.write(
            left + indent,
            level + 0.18 * i + (0.27 if not others else 0.0),
            said,
            size=SMALL,
            colour=page.theme.soft,
        )


def _span(areas: list[float]) -> str:
    low, high = f"{min(areas):.4f}", f"{max(areas):.4f}"
    return low if low == high else f"{low} to {high}"


def _colours(page: Page) -> tuple[str, str, str]:
    return page.theme.against, page.theme.favour, page.theme.series[2]


def _worst_first(traces: Sequence[Trace]) -> list[int]:
    """Return the classes whose area is known, smallest first."""
    known = [i for i, one in enumerate(traces) if np.isfinite(one.area)]
    return sorted(known, key=lambda i: traces[i].area)


def _corner(traces: Sequence[Trace], ideal: float) -> float | None:
    """Return the side of the square at (ideal, 1) where every line turns; None where that is most of all."""
    reach = 0.0
    for one in traces:
        away = np.maximum(np.abs(one.x - ideal), 1 - one.y)
        if np.isfinite(away).any():
            reach = max(reach, float(np.nanmin(away)))
    return next((side for side in CORNERS if side >= 1.6 * reach), None) if reach > 0 else None
