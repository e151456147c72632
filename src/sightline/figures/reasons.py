"""The picture of one decision: the image, what spoke for it, and what would change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sightline.anatomy import CellShares
from sightline.explanation import Explanation
from sightline.figures import lettering
from sightline.figures.page import MARGIN, Page, shape_in
from sightline.figures.style import SMALL, TEXT, find_theme
from sightline.figures.tiles import left_out

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_BARS = 10
SIDE = 1.55
GAP = 0.25
BARS = 3.4
"""Length in inches of a bar for probability 1."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture of the upper row: `pixels`, two lines above it, and the limit where it is signed."""

    pixels: npt.NDArray[Any]
    caption: str
    detail: str
    limit: float | None = None


def explanation(explanation: Explanation, *, theme: str = "light") -> Figure:
    """Draw one decision, taken apart.

    Parameters
    ----------
    explanation : Explanation
    theme : "light" or "dark"

    Returns
    -------
    Figure
        Above: the image; what each pixel adds to z of the class decided and of the runner-up, on one scale
        (two classes share one z, so one map); the smallest change and the image with it, where one was
        found. Below: probability and z of the ten most probable classes.
    """
    panels = _panels(explanation)
    names = [lettering.fit(explanation.classes[k], 1.7, TEXT, bold=True) for k in _order(explanation)]
    left = MARGIN + lettering.widest(names, TEXT, bold=True) + 0.15
    width, height = shape_in(explanation.image, SIDE)
    lower = 1.22 + height + 0.75
    page_width = max(2 * MARGIN + len(panels) * (SIDE + GAP) - GAP, left + BARS + 1.7 + MARGIN)
    foot = 0.35 if len(names) < len(explanation.classes) else 0.1
    page = Page.blank(page_width, lower + 0.2 + 0.26 * len(names) + foot, find_theme(theme))
    page.title(*verdict(explanation, "what each pixel adds to z; all of them and the bias make z, exactly"))
    for i, panel in enumerate(panels):
        x = MARGIN + i * (SIDE + GAP)
        page.write(x, 0.96, panel.caption, within=SIDE + 0.1)
        page.write(x, 1.13, panel.detail, size=SMALL, colour=page.theme.soft, within=SIDE + 0.1)
        page.picture(panel.pixels, x, 1.22, width, height, limit=panel.limit)
    for first, count, ends in _scales(explanation):
        x = MARGIN + first * (SIDE + GAP)
        page.scale_bar(x, 1.22 + height + 0.12, count * (SIDE + GAP) - GAP, *ends)
    _bars(page, explanation, names, (left, lower))
    return page.figure


def _panels(explanation: Explanation) -> list[Panel]:
    one = explanation
    label = f"labelled {one.classes[one.label]}" if one.label is not None else "without a label"
    panels = [Panel(one.image, "the image", label)]
    decided = [one.predicted] if len(one.z) == 1 else [one.predicted, one.runner_up]
    maps = [one.row(k) for k in decided]
    limit = max(_largest(values) for values in maps) or 1.0
    for k, values in zip(decided, maps, strict=True):
        panels.append(Panel(values, f"for {one.classes[k]}", _sum(one, k), limit))
    change = one.smallest_change
    if change is not None:
        length = f"length {lettering.number(change.norm, 3)}"
        panels.append(Panel(change.delta, "smallest change", length, _largest(change.delta) or 1.0))
        to = one.classes[change.target]
        panels.append(
            Panel(change.image, "changed image", f"decided {to}" if change.flips else "does not flip")
        )
    return panels


def _scales(explanation: Explanation) -> list[tuple[int, int, tuple[str, str]]]:
    """Return the scale bars: first panel, number of panels, words at the two ends."""
    maps = 1 if len(explanation.z) == 1 else 2
    bars = [(1, maps, ("against", "for"))]
    if explanation.smallest_change is not None:
        bars.append((1 + maps, 1, ("darker", "brighter")))
    return bars


def verdict(one: Explanation | CellShares, said: str) -> tuple[str, str]:
    """Return the title of a decision, and below it what is `said` of the picture."""
    sure = lettering.percent(float(one.probability[one.predicted]))
    title = f"Decided {lettering.fit(one.classes[one.predicted], 3.0, TEXT)}, {sure} sure"
    if one.label is None:
        return title, said
    right = "and rightly so" if one.label == one.predicted else "and wrongly so"
    return f"{title}, {right}", said


def _bars(page: Page, explanation: Explanation, names: list[str], corner: tuple[float, float]) -> None:
    """Draw the probabilities as bars, the most probable first, each with its percentage and its z."""
    (left, top), theme = corner, page.theme
    look: Any = {"size": SMALL, "colour": theme.soft}
    page.write(left, top, "probability", **look)
    page.write(left + BARS + 1.65, top, "z", **look, align="right")
    for i, (k, name) in enumerate(zip(_order(explanation), names, strict=True)):
        level = top + 0.2 + 0.26 * i
        share = float(np.clip(np.nan_to_num(explanation.probability[k]), 0, 1))
        decided = k == explanation.predicted
        colour = theme.favour if decided else theme.against if k == explanation.runner_up else theme.rule
        page.box(left, level - 0.1, BARS, 0.16, fill=theme.sunken)
        page.box(left, level - 0.1, BARS * share, 0.16, fill=colour)
        page.write(left - 0.12, level + 0.03, name, align="right", bold=decided)
        page.write(left + BARS + 0.85, level + 0.03, lettering.percent(share), size=SMALL, align="right")
        page.write(left + BARS + 1.65, level + 0.03, _score(explanation, k), size=SMALL, align="right")
    page.footnote(left_out(len(names), len(explanation.classes), "class", "classes"))


def _order(explanation: Explanation) -> list[int]:
    order: list[int] = np.argsort(-explanation.probability, kind="stable")[:MOST_BARS].tolist()
    return order


def _sum(explanation: Explanation, k: int) -> str:
    """Write what all pixels add to z of class `k`, the bias, and z: 4.83 + 0.31 = 5.14."""
    bias, side = explanation.bias, 1 if k == 1 else -1
    own = round(float(bias[k] if len(bias) > 1 else bias[0] * side), 2)
    z = round(float(explanation.z[k] if len(bias) > 1 else explanation.z[0] * side), 2)
    # The rounded numbers are to add up as well.
    pixels = lettering.fixed(z - own)
    return f"{pixels} {'+' if own >= 0 else '−'} {lettering.fixed(abs(own))} = {lettering.fixed(z)}"


def _score(explanation: Explanation, k: int) -> str:
    """Write z of class `k`; of two classes, the first has the one z with its sign turned."""
    z = explanation.z
    return lettering.fixed(float(z[k] if len(z) > 1 else z[0] * (1 if k == 1 else -1)), 2)


def _largest(values: npt.NDArray[np.float64]) -> float:
    """Return the largest magnitude, channels added up."""
    flat = values.sum(axis=2) if values.ndim == 3 else values
    return float(np.abs(np.nan_to_num(flat)).max(initial=0.0))
