"""The smallest logistic regression there is: random samples become points on the curve."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sightline.figures import lettering
from sightline.figures.axes import trace
from sightline.figures.style import SMALL, TEXT
from sightline.films.motion import ease, ramp
from sightline.films.script import Film, Move, Scene
from sightline.films.sigmoid import curve_chart
from sightline.films.stage import Box, Stage
from sightline.logistic import Simulation as Samples
from sightline.logistic import simulate
from sightline.logistic.functions import sigmoid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SLOWLY, EACH = 3, 2.4
"""So many samples are shown one by one, each for so many seconds."""

REST = 7.0
"""Seconds in which all others follow."""


@dataclass(frozen=True, slots=True, eq=False)
class Simulation(Film):
    """`samples` drawn by `sightline.logistic.simulate`."""

    name = "simulation"
    samples: Samples = field(default_factory=simulate)

    def scenes(self) -> tuple[Scene, ...]:
        """Samples are drawn; each becomes a z and a point; the two classes are counted."""
        n, d = self.samples.X.shape
        ones = int((self.samples.probability >= 0.5).sum())
        values = {"n": f"{n:,}", "d": f"{d:,}", "ones": f"{ones:,}", "zeros": f"{n - ones:,}"}
        slow = min(SLOWLY, n) * EACH
        return (
            self.scene(
                self.points,
                3.0 + slow + REST + 1.0,
                (0.0, "drawn"),
                (3.0, "sum"),
                (3.0 + slow, "rest"),
                **values,
            ),
            self.scene(self.count, 6.0, (0.0, "count"), **values),
        )

    @property
    def reach(self) -> float:
        """How far the curve is drawn: a little farther than the farthest point."""
        return max(4.0, 1.2 * float(np.abs(self.samples.z).max()))

    def _curve(self, stage: Stage, box: Box) -> Axes:
        ax, z = curve_chart(stage, box, self.reach), np.linspace(-self.reach, self.reach, 301)
        trace(ax, z, sigmoid(z), colour=stage.theme.ink, width=1.8)
        return ax

    def known(self, t: float) -> float:
        """How many samples have become points `t` seconds after the first set out; faster and faster."""
        n, slow = len(self.samples.z), min(SLOWLY, len(self.samples.z))
        if t < slow * EACH:
            return max(t / EACH, 0.0)
        return slow + (n - slow) * ramp(t, slow * EACH, REST) ** 2

    def points(self, stage: Stage) -> Move:
        """The table of samples, and the points that they become."""
        one, theme = self.samples, stage.theme
        left, right = stage.content.beside(0.3 if stage.wide else 0.34, 0.3)
        table = _Table(stage, left, one)
        formula = Box(right.left, right.bottom - 0.3, right.width, 0.3)
        ax = self._curve(stage, Box(right.left, right.top, right.width, right.height - 0.36))
        lead = stage.line(ax, colour=theme.rule, width=1.2, dashes=(0, (3, 2.4)))
        marks = class_marks(stage, ax)
        running = stage.line(ax, colour=theme.ink, marker="o", dashes="none", size=8)
        said = stage.words(formula.left, formula.bottom - 0.06, size=SMALL)
        x, p = one.z, one.probability

        def move(t: float) -> None:
            known = self.known(t - 3.0)
            done, share = int(known), known % 1
            table.show(ramp(t, 0.3, 1.8), done, t >= 3.0 and done < len(x))
            show_marks(marks, x[:done], p[:done])
            single = t >= 3.0 and done < min(SLOWLY, len(x))
            up = ease(share, 0.45, 0.4)
            running.set_data(([x[done]], [p[done] * up]) if single else ([], []))
            lead.set_data(([x[done]] * 2, [-0.03, p[done] * up]) if single else ([], []))
            said.set_text(self._sum(done, stage) if single else "")

        return move

    def _sum(self, i: int, stage: Stage) -> str:
        """z of sample i, written out where there is room."""
        one = self.samples
        terms = [
            f"{lettering.fixed(w)} · {lettering.fixed(x)}" for w, x in zip(one.weights, one.X[i], strict=True)
        ]
        whole = f"z = {' + '.join(terms)} + {lettering.fixed(one.bias)} = {lettering.fixed(one.z[i])}"
        if len(terms) <= 3 and (stage.wide or lettering.measure(whole, SMALL) < 0.6 * stage.page.width):
            return whole
        return f"z = w · x + b = {lettering.fixed(one.z[i])}"

    def count(self, stage: Stage) -> Move:
        """The threshold parts the points."""
        one, theme = self.samples, stage.theme
        left, right = stage.content.beside(0.3 if stage.wide else 0.34, 0.3)
        table = _Table(stage, left, one)
        ax = self._curve(stage, Box(right.left, right.top, right.width, right.height - 0.36))
        level = stage.line(ax, colour=theme.rule, width=1.4, dashes=(0, (5, 3)))
        marks = class_marks(stage, ax)
        over = stage.tag(ax, stage.say("above"), colour=theme.favour, align="left", bold=True, size=TEXT)
        under = stage.tag(ax, stage.say("below"), colour=theme.against, align="right", bold=True, size=TEXT)
        over.set_position((-0.95 * self.reach, 0.92))
        under.set_position((0.98 * self.reach, 0.07))
        x, reach = one.z, self.reach

        def move(t: float) -> None:
            table.show(1.0, len(x), False)
            level.set_data([-reach, -reach + 2 * reach * ease(t, 0.3, 1.0)], [0.5, 0.5])
            show_marks(marks, x, one.probability)
            over.set_alpha(ease(t, 1.2, 0.8))
            under.set_alpha(ease(t, 1.2, 0.8))

        return move


class _Table:
    """The samples as a table: features, z, probability; the row that is being read is marked."""

    def __init__(self, stage: Stage, box: Box, samples: Samples) -> None:
        self.samples, self.stage = samples, stage
        n, d = samples.X.shape
        inner = Box(box.left + 0.12, box.top + 0.24, box.width - 0.12, box.height - 0.3)
        cell = inner.width / (d + 3)
        self.box, self.rows = inner, n
        first = Box(inner.left, inner.top, d * cell, inner.height)
        second = Box(inner.left + (d + 0.5) * cell, inner.top, cell, inner.height)
        third = Box(inner.left + (d + 2) * cell, inner.top, cell, inner.height)
        for part, name in ((first, "x"), (second, "z"), (third, "σ(z)")):
            stage.note(part.middle, inner.top - 0.08, name, align="center")
        spread = 3.0
        self.X = stage.picture(first, limit=spread)
        self.z = stage.picture(second, limit=float(np.abs(samples.z).max()))
        self.p = stage.picture(third, limit=1.0)
        self.mark = stage.bar(Box(inner.left, inner.top, 0.01, 0.01), stage.theme.ink)

    def show(self, drawn: float, done: int, reading: bool) -> None:
        """Show the rows that are `drawn`, a share of all; z and probability of those `done`."""
        rows = np.arange(self.rows)
        self.X.show(np.where((rows < drawn * self.rows)[:, None], self.samples.X, 0.0))
        known = rows < done
        self.z.show(np.where(known, self.samples.z, 0.0)[:, None])
        self.p.show(np.where(known, 2 * self.samples.probability - 1, 0.0)[:, None])
        tall = self.box.height / self.rows
        wide = 0.08 if reading else 0.0
        self.mark.set_bounds(self.box.left - 0.1, self.box.top + done * tall - 0.01, wide, tall + 0.02)


def class_marks(stage: Stage, ax: Axes) -> tuple[Any, Any]:
    """Return the points of class 0 and of class 1."""
    theme = stage.theme
    look: Any = {"dashes": "none", "edge": theme.paper, "edge_width": 0.5, "clip_on": False}
    zeros = stage.line(ax, colour=theme.against, marker="D", size=5, **look)
    ones = stage.line(ax, colour=theme.favour, marker="o", size=6, **look)
    return zeros, ones


def show_marks(marks: tuple[Any, Any], x: npt.NDArray[np.float64], p: npt.NDArray[np.float64]) -> None:
    """Put points on the curve, each in the colour of its class."""
    for line, chosen in zip(marks, (p < 0.5, p >= 0.5), strict=True):
        line.set_data(x[chosen], p[chosen])
