"""What weights and bias do to the curve, and how one image is weighted, summed and squashed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from sightline.dataset import Dataset
from sightline.figures import lettering
from sightline.figures.axes import ticks, trace
from sightline.figures.style import TEXT
from sightline.films.material import divided, scaled, some, tile
from sightline.films.motion import ease, ramp, through
from sightline.films.script import Film, Move, Scene
from sightline.films.sigmoid import REACH, Readings, all_z, curve_chart, the_point
from sightline.films.stage import Box, Stage
from sightline.logistic import LogisticRegression
from sightline.logistic.functions import sigmoid
from sightline.selection import quiet_convergence

Doubles = npt.NDArray[np.float64]

LIKED = 2.6
"""The image whose z comes nearest is shown: sure, and still on the bend of the curve."""

PENALTY = 0.1
SECONDS = 8.5
"""In which the pixels are read."""


@dataclass(frozen=True, slots=True, eq=False)
class Logistic(Film):
    """`image` (h, w[, 3]) intensities; `x`, `weights` (h, w) what a pixel is and counts; `bias`; the class's name.

    Colours are added up: `x` is then their mean, and `products` alone add up to z − bias.
    """

    name = "logistic"
    image: npt.NDArray[np.uint8]
    weights: Doubles
    products: Doubles
    bias: float
    subject: str

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """Learn to tell one class from all others by its pixels, and pick an image of it."""
        train = some(divided(dataset).train)
        k = min(3, dataset.n_classes - 1)
        X, ours = scaled(train), (train.labels == k).astype(np.int64)
        with quiet_convergence():
            model = LogisticRegression(C=PENALTY).fit(X, ours)
        z = model.decision_function(X)
        rows = np.flatnonzero(ours)
        row = int(rows[np.abs(z[rows] - LIKED).argmin()])
        shape = train.shape
        weights = model.coef_[0].reshape(shape).astype(np.float64)
        products = weights * X[row].reshape(shape)
        if len(shape) == 3:
            weights, products = weights.sum(axis=2), products.sum(axis=2)
        return cls(train.images[row], weights, products, float(model.intercept_[0]), train.classes[k])

    @property
    def z(self) -> float:
        """z of the image."""
        return float(self.products.sum()) + self.bias

    def scenes(self) -> tuple[Scene, ...]:
        """The curve bends and shifts; the pixels are weighed; z is squashed."""
        values = {
            "subject": self.subject,
            "z": lettering.fixed(self.z, 2),
            "b": lettering.fixed(self.bias, 2),
        }
        values["p"] = lettering.percent(float(sigmoid(self.z)))
        return (
            self.scene(self.bend, 15.0, (0.0, "weight"), (4.6, "negative"), (8.4, "bias")),
            self.scene(self.weigh, 14.0, (0.0, "pixels"), (4.4, "running"), (10.2, "sum"), **values),
            self.scene(self.squash, 9.0, (0.0, "squash"), (5.0, "answer"), **values),
        )

    def bend(self, stage: Stage) -> Move:
        """w makes the curve steeper or turns it round, b shifts it."""
        left, right = stage.parts()
        theme = stage.theme
        ax = stage.chart(left, (-REACH, REACH), (-0.03, 1.03), x=stage.say("feature"), y=stage.say("model"))
        ticks(ax, "y", [0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
        trace(ax, all_z, sigmoid(all_z), colour=theme.rule, width=1.2, dashes=(0, (4, 3)))
        curve = stage.line(ax, width=2.4)
        turn = stage.line(ax, colour=theme.rule, width=1.0, dashes=(0, (1.5, 2)))
        first, second = stage.slots(right, 2)
        w_now = stage.reading(first, stage.say("w"), theme.favour)
        b_now = stage.reading(second, stage.say("b"), theme.against)

        def move(t: float) -> None:
            w = through(t, (0.8, 1.0), (2.6, 3.0), (4.2, 0.4), (6.4, -1.0), (8.0, 1.0))
            b = through(t, (8.8, 0.0), (10.6, 4.0), (13.2, -4.0), (14.6, 0.0))
            curve.set_data(all_z, sigmoid(w * all_z + b))
            centre = -b / w if abs(w) > 0.05 else 2 * REACH
            turn.set_data([centre, centre], [-0.03, 0.5])
            w_now.set_text(lettering.fixed(w, 2))
            b_now.set_text(lettering.fixed(b, 2))

        return move

    def weigh(self, stage: Stage) -> Move:
        """Image × weights = products, pixel by pixel; beside, the sum that grows."""
        theme, shape = stage.theme, self.image.shape[:2]
        upper, lower = stage.content.beside(0.68) if stage.wide else stage.content.stacked(0.45)
        limit = float(np.abs(self.weights).max())
        boxes = upper.cells(1, 3, gap=0.32)
        shown = [
            tile(stage, box, shape, stage.say(key), limit=bound)
            for box, key, bound in zip(
                boxes, ("image", "weights", "products"), (None, limit, limit), strict=True
            )
        ]
        for box, sign in zip(boxes[:2], "×=", strict=True):
            stage.note(box.right + 0.16, upper.top + upper.height / 2, sign, size=16.0, align="center")
        sums = np.concatenate([[self.bias], self.bias + np.cumsum(self.products.reshape(-1))])
        low, high = min(0.0, float(sums.min())), max(0.0, float(sums.max()))
        room = 0.1 * (high - low)
        ax = stage.chart(
            lower,
            (0, len(sums) - 1),
            (low - room, high + room),
            x=stage.say("read"),
            y=stage.say("so_far"),
            most=(4, 5),
        )
        trace(ax, [0, len(sums) - 1], [0, 0], colour=theme.rule, width=0.8)
        grown = stage.line(ax, width=2.0)
        end = stage.line(ax, colour=theme.favour, marker="o", dashes="none", size=8, clip_on=False)
        said = stage.tag(ax, align="right", va="bottom", bold=True, size=TEXT)

        def move(t: float) -> None:
            count = round((len(sums) - 1) * ramp(t, 1.6, SECONDS))
            read = (np.arange(self.products.size) < count).reshape(shape)
            faint = np.where(read, 1.0, 0.35)
            shown[0].show(self.image * (faint[..., None] if self.image.ndim == 3 else faint))
            shown[1].show(self.weights)
            shown[2].show(np.where(read, self.products, 0.0))
            grown.set_data(np.arange(count + 1), sums[: count + 1])
            end.set_data([count], [sums[count]])
            said.set_text(f"z = {lettering.fixed(float(sums[count]), 2)}")
            said.set_position((max(count, 0.32 * len(sums)), sums[count] + 0.4 * room))

        return move

    def squash(self, stage: Stage) -> Move:
        """z goes onto its axis, up to the curve, and across to the probability."""
        theme, z = stage.theme, self.z
        left, right = stage.parts()
        ax, panel = curve_chart(stage, left), Readings(stage, right, decides=True)
        trace(ax, all_z, sigmoid(all_z), colour=theme.ink, width=2.2)
        trace(ax, [-REACH, REACH], [0.5, 0.5], colour=theme.rule, width=1.0, dashes=(0, (5, 3)))
        guides = stage.line(ax, colour=theme.favour, width=1.6, dashes=(0, (3, 2.4)))
        point = the_point(stage, ax)
        place = ax.get_position()
        side = (0.3 if stage.wide else 0.27) * left.height
        edge, floor = place.x1 * stage.page.width, (1 - place.y0) * stage.page.height
        ratio = self.image.shape[1] / self.image.shape[0]
        corner = Box(edge - side - 0.08, floor - side - 0.14, side, side).fitted(ratio)
        picture = stage.picture(corner)
        at = float(np.clip(z, -REACH, REACH))
        p = float(sigmoid(z))

        def move(t: float) -> None:
            picture.show(self.image)
            up, across = ease(t, 1.0, 1.6), ease(t, 2.8, 1.6)
            x = at - (at + REACH) * across
            guides.set_data([at, at, x], [-0.03, max(p * up, -0.03), max(p * up, -0.03)])
            point.put(at, p * up)
            panel.show(z, p * up, True, 0.5 if across >= 1 else None, theme.favour)

        return move
