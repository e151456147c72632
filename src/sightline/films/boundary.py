"""Two classes in the plane of intensity and symmetry, and the line between them finding its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from sightline.dataset import Dataset
from sightline.figures import lettering
from sightline.figures.plane import TINT, boundary
from sightline.figures.style import SMALL, TEXT, mix
from sightline.films.material import divided, scaled
from sightline.films.motion import between, ease, ramp, through
from sightline.films.script import Film, Move, Scene
from sightline.films.stage import Box, Stage
from sightline.logistic import LogisticRegression, Pass
from sightline.logistic.functions import sigmoid
from sightline.scenes import make_two_features
from sightline.selection import quiet_convergence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Doubles = npt.NDArray[np.float64]

PENALTY = 1000.0
EACH, SECONDS = 4.0, 11.0
"""Seconds for which an example is measured, and in which the solver's passes are shown."""

GRID = (90, 60)
"""Columns and rows of the ground's colours; between them they are blended."""


@dataclass(frozen=True, slots=True, eq=False)
class Boundary(Film):
    """The points, two examples, and where the line was after each of the solver's passes.

    `classes` two names; `values` (m, 2) intensity and symmetry; `labels` (m,) 0 or 1; `lines` (p, 3) both weights
    and the bias after each pass; `images` (2, h, w[, 3]) an example of each class, `at` (2, 2) its two numbers.
    """

    name = "boundary"
    classes: tuple[str, str]
    values: Doubles
    labels: npt.NDArray[np.int64]
    lines: Doubles
    images: npt.NDArray[np.uint8]
    at: Doubles

    @classmethod
    def of(cls, dataset: Dataset, *, seed: int = 0) -> Self:
        """Measure images of the two classes that the plane parts best, and watch the solver part them."""
        two = make_two_features(dataset, seed=seed)
        passes: list[Pass] = []
        with quiet_convergence():
            LogisticRegression(C=PENALTY, random_state=seed).fit(
                two.values, two.labels, listeners=[passes.append], keep_weights=True
            )
        lines = [np.append(np.asarray(one.coef), np.asarray(one.intercept)) for one in passes]
        images, at = _examples(divided(dataset).train, two.classes, two.values, two.labels)
        return cls(two.classes, two.values, two.labels, np.array(lines, np.float64), images, at)

    def scenes(self) -> tuple[Scene, ...]:
        """Two numbers an image; all images as points; the line."""
        values = {"a": self.classes[0], "b": self.classes[1], "passes": f"{len(self.lines):,}"}
        values["right"] = lettering.percent(self.right(self.lines[-1]))
        return (
            self.scene(
                self.measure, 2 * EACH + 5.0, (0.0, "two"), (EACH, "other"), (2 * EACH, "all"), **values
            ),
            self.scene(
                self.part, SECONDS + 6.0, (0.0, "start"), (3.2, "moves"), (SECONDS + 1.0, "done"), **values
            ),
        )

    def right(self, line: Doubles) -> float:
        """Share of the points that lie on their own side of a line (3,)."""
        return float(((self.values @ line[:2] + line[2] > 0) == self.labels).mean())

    def now(self, known: float) -> Doubles:
        """The line after so many passes, in part between two: (3,)."""
        known = min(max(known, 0.0), len(self.lines) - 1.0)
        i = min(int(known), len(self.lines) - 2) if len(self.lines) > 1 else 0
        following = self.lines[min(i + 1, len(self.lines) - 1)]
        found: Doubles = self.lines[i] + (known - i) * (following - self.lines[i])
        return found

    def measure(self, stage: Stage) -> Move:
        """An image and its mirror images become two numbers and a point; then all others."""
        left, right = stage.parts(0.6, 0.62)
        ax, marks = self._plane(stage, left)
        shape = self.images.shape[1:]
        pictures, beside = right.stacked(0.42) if stage.wide else right.beside(0.64)
        three = pictures.cells(1, 3, 0.1)
        shown = []
        for box, key in zip(three, ("image", "across", "down"), strict=True):
            inner = Box(box.left, box.top + 0.2, box.width, box.height - 0.2)
            inner = Box(inner.left, inner.top, inner.width, min(inner.height, inner.width)).fitted(
                shape[1] / shape[0]
            )
            stage.note(inner.left, inner.top - 0.08, stage.say(key), within=box.width + 0.12)
            shown.append(stage.picture(inner))
        base = beside.top + (0.2 if stage.wide else 0.55)
        lines = [stage.words(beside.left, base + 0.27 * i, size=TEXT) for i in range(2)]
        running = stage.line(ax, colour=stage.theme.ink, marker="o", dashes="none", size=11)
        order = np.random.default_rng(0).permutation(len(self.values))

        def move(t: float) -> None:
            i = 0 if t < EACH else 1
            image = self.images[i]
            for picture, turned in zip(shown, (image, image[:, ::-1], image[::-1]), strict=True):
                picture.show(turned)
            intensity, symmetry = self.at[i]
            for line, key, value in zip(lines, ("intensity", "symmetry"), (intensity, symmetry), strict=True):
                line.set_text(stage.say(key, value=lettering.fixed(float(value), 3)))
            x, y = ax.get_xlim()[0], ax.get_ylim()[0]
            there = ease(t % EACH if i == 0 else t - EACH, 1.0, 1.4)
            running.set_data([between(x, intensity, there)], [between(y, symmetry, there)])
            running.set_markerfacecolor((stage.theme.against, stage.theme.favour)[i])
            self._show(marks, order[: round(len(order) * ramp(t, 2 * EACH, 3.0))])

        return move

    def part(self, stage: Stage) -> Move:
        """The line moves from pass to pass; the ground says how sure the model is."""
        left, right = stage.parts(0.66, 0.74)
        theme = stage.theme
        ax, _ = self._plane(stage, left, dots=False)
        ground = stage.field(ax)
        marks = self._marks(stage, ax)
        line = stage.line(ax, width=2.4)
        low, high = (
            np.array([ax.get_xlim()[0], ax.get_ylim()[0]]),
            np.array([ax.get_xlim()[1], ax.get_ylim()[1]]),
        )
        everything = np.arange(len(self.values))
        first, second = stage.slots(right, 2)
        number = stage.reading(first, stage.say("pass"))
        share = stage.reading(second, stage.say("own_side"), theme.favour)

        def move(t: float) -> None:
            known = through(t, (2.0, 0.0), (SECONDS, len(self.lines) - 1.0))
            now = self.now(known)
            ground.show(self._ground(now, low, high, theme))
            ends = boundary(now[:2], float(now[2]), low, high)
            line.set_data(([], []) if ends is None else (ends[:, 0], ends[:, 1]))
            self._show(marks, everything)
            number.set_text(f"{int(known) + 1:,}")
            share.set_text(lettering.percent(self.right(now)))

        return move

    def _plane(self, stage: Stage, box: Box, *, dots: bool = True) -> tuple[Axes, tuple[Any, Any]]:
        """Axes for intensity across and symmetry upwards, the names of the classes, and their points."""
        theme, low, high = stage.theme, self.values.min(axis=0), self.values.max(axis=0)
        room = np.where(high > low, 0.06 * (high - low), 0.05)
        low, high = low - room, high + room
        ax = stage.chart(
            box,
            (low[0], high[0]),
            (low[1], high[1]),
            x=stage.say("x"),
            y=stage.say("y"),
            left=0.52,
            most=(6, 5),
        )
        x = box.right - 0.08
        for name, colour in ((self.classes[1], theme.favour), (self.classes[0], theme.against)):
            written = lettering.fit(name, 0.9, SMALL, bold=True)
            stage.note(x, box.top + 0.11, written, align="right", colour=colour, bold=True)
            x -= lettering.measure(written, SMALL, bold=True) + 0.2
        return ax, self._marks(stage, ax) if dots else (None, None)

    def _marks(self, stage: Stage, ax: Axes) -> tuple[Any, Any]:
        look: Any = {"dashes": "none", "edge": stage.theme.paper, "edge_width": 0.3}
        zeros = stage.line(ax, colour=stage.theme.against, marker="D", size=3.6, **look)
        return zeros, stage.line(ax, colour=stage.theme.favour, marker="o", size=4.2, **look)

    def _show(self, marks: tuple[Any, Any], rows: npt.NDArray[np.int64]) -> None:
        for k, mark in enumerate(marks):
            x, y = self.values[rows[self.labels[rows] == k]].T
            mark.set_data(x, y)

    def _ground(self, line: Doubles, low: Doubles, high: Doubles, theme: Any) -> npt.NDArray[np.uint8]:
        """The colours of the ground, (rows, columns, 3): the deeper, the surer."""
        x, y = np.linspace(low[0], high[0], GRID[0]), np.linspace(high[1], low[1], GRID[1])
        p = sigmoid(line[0] * x[None] + line[1] * y[:, None] + line[2])
        sure = TINT * np.abs(2 * p - 1)
        ones, zeros = mix(theme.favour, theme.paper, sure), mix(theme.against, theme.paper, sure)
        colours: npt.NDArray[np.uint8] = np.rint(255 * np.where(p[..., None] >= 0.5, ones, zeros)).astype(
            np.uint8
        )
        return colours


def _examples(
    train: Dataset, classes: tuple[str, str], values: Doubles, labels: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.uint8], Doubles]:
    """An image of each of two classes whose two numbers are near the middle of its class, and those numbers."""
    from sightline.features import IntensitySymmetry

    images, at = [], []
    for k, name in enumerate(classes):
        rows = np.flatnonzero(train.labels == train.classes.index(name))[:200]
        part = train.take(rows)
        own = IntensitySymmetry(train.shape).fit_transform(scaled(part)).astype(np.float64)
        middle, spread = values[labels == k].mean(axis=0), values.std(axis=0) + 1e-12
        near = int((((own - middle) / spread) ** 2).sum(axis=1).argmin())
        images.append(part.images[near])
        at.append(own[near])
    return np.stack(images), np.array(at)
