"""Images rebuilt from principal components, one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from sightline.dataset import Dataset
from sightline.features import PCA
from sightline.figures import lettering
from sightline.figures.axes import ticks, trace
from sightline.figures.style import SMALL
from sightline.films.material import divided, first_of_each, some, tile
from sightline.films.motion import ease, ramp
from sightline.films.script import Film, Move, Scene
from sightline.films.stage import LARGE, Box, Stage

Floats = npt.NDArray[np.float32]

MOST_IMAGES, MOST_COMPONENTS = 5, 150
SLOWLY, EACH = 5, 1.5
"""So many components are added one by one, each in so many seconds."""

REST = 9.0
"""Seconds in which the others follow, faster and faster."""


@dataclass(frozen=True, slots=True, eq=False)
class Pca(Film):
    """`images` (m, h, w[, 3]); `mean` (h, w[, 3]); `components` (k, d); `coordinates` (m, k); `kept` (k,) shares."""

    name = "pca"
    images: npt.NDArray[np.uint8]
    mean: Floats
    components: Floats
    coordinates: Floats
    kept: npt.NDArray[np.float64]

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """Find the components of training images, as many as carry 99 % of the variance, at most 150."""
        train = some(divided(dataset).train)
        found = PCA(MOST_COMPONENTS).fit(train.X)
        kept = np.cumsum(found.explained_variance_ratio_)
        k = min(int(np.searchsorted(kept, 0.99)) + 1, len(kept))
        rows = first_of_each(train, MOST_IMAGES)
        return cls(
            train.images[rows],
            found.mean_.reshape(train.shape),
            found.components_[:k],
            found.transform(train.X[rows])[:, :k],
            kept[:k],
        )

    def scenes(self) -> tuple[Scene, ...]:
        """The mean, then component after component."""
        k, d = self.components.shape
        slow = min(SLOWLY, k)
        values = {"k": f"{k:,}", "d": f"{d:,}", "kept": lettering.percent(float(self.kept[-1]))}
        begin = 3.6 + slow * EACH
        captions = ((0.0, "mean"), (3.6, "first"), (begin, "more"), (begin + REST * 0.72, "enough"))
        return (self.scene(self.rebuild, begin + REST + 2.6, *captions, **values),)

    def known(self, t: float) -> float:
        """How many components are in `t` seconds after the first set out."""
        k = len(self.components)
        slow = min(SLOWLY, k)
        if t < slow * EACH:
            return max(int(max(t, 0) / EACH) + ease(max(t, 0) % EACH, 0.2, 0.9), 0.0) if t > 0 else 0.0
        return slow + (k - slow) * ramp(t, slow * EACH, REST) ** 2

    def rebuilt(self, known: float) -> Floats:
        """The images from so many components, the last of them in part: (m, h, w[, 3])."""
        whole = int(known)
        weight = np.ones(min(whole + 1, len(self.components)), np.float32)
        if len(weight) > whole:
            weight[whole] = known - whole
        used = self.coordinates[:, : len(weight)] * weight
        flat = used @ self.components[: len(weight)]
        pixels: Floats = (flat.reshape(-1, *self.mean.shape) + self.mean).astype(np.float32)
        return pixels

    def rebuild(self, stage: Stage) -> Move:
        """Above the images, below them what the components make of them; beside, the component and the share."""
        theme, shape = stage.theme, self.mean.shape
        left, right = stage.parts(0.6, 0.52)
        m = len(self.images) if stage.wide else min(4, len(self.images))
        name_room = 0.22
        upper, lower = Box(left.left, left.top, left.width, left.height).stacked(0.5, 0.16)
        stage.note(upper.left, upper.top + 0.1, stage.say("original"))
        stage.note(lower.left, lower.top + 0.1, stage.say("rebuilt"))
        rows = [
            Box(part.left, part.top + name_room, part.width, part.height - name_room)
            for part in (upper, lower)
        ]
        tops = [tile(stage, box, shape) for box in rows[0].cells(1, m, 0.12)]
        bottoms = [tile(stage, box, shape) for box in rows[1].cells(1, m, 0.12)]
        above, below = right.stacked(0.42) if stage.wide else right.beside(0.34)
        stage.note(above.left, above.top + 0.1, stage.say("component"))
        tall = min(above.height - 0.24, above.width if not stage.wide else 1.2)
        square = Box(above.left, above.top + 0.22, tall, tall).fitted(shape[1] / shape[0])
        component = stage.picture(square, limit=float(np.abs(self.components[:SLOWLY]).max()))
        if stage.wide:
            count = stage.words(square.right + 0.15, square.top + 0.62 * square.height, size=LARGE, bold=True)
        else:
            count = stage.words(square.right, above.top + 0.1, bold=True, align="right")
        k = len(self.components)
        ax = stage.chart(below, (0, k), (0, 1.04), x=stage.say("number"), y=stage.say("share"), most=(4, 4))
        ticks(ax, "y", [0, 0.5, 1], ["0", "50 %", "100 %"])
        trace(ax, [0, k], [1, 1], colour=theme.rule, width=0.8, dashes=(0, (3, 2.4)))
        drawn = stage.line(ax, colour=theme.favour, width=2.2)
        end = stage.line(ax, colour=theme.favour, marker="o", dashes="none", size=7)
        said = stage.tag(ax, align="right", va="top", size=SMALL)
        kept = np.concatenate([[0.0], self.kept])
        steps = np.arange(k + 1)

        def move(t: float) -> None:
            known = self.known(t - 3.6)
            share = float(np.interp(known, steps, kept))
            for picture, image in zip(tops, self.images, strict=False):
                picture.show(image)
            for picture, image in zip(bottoms, self.rebuilt(known), strict=False):
                picture.show(image)
            latest = min(int(np.ceil(known)), k)
            component.show(self.components[max(latest - 1, 0)].reshape(shape), 1.0 if latest else 0.0)
            count.set_text(f"{latest:,}")
            seen = steps[: int(known) + 1]
            drawn.set_data([*seen, known], [*kept[seen], share])
            end.set_data([known], [share])
            said.set_text(lettering.percent(share))
            early = known < 0.55 * k
            said.set_horizontalalignment("left" if early else "right")
            said.set_position((known + (0.03 * k if early else 0.0), share - 0.1))

        return move
