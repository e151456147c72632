"""The walk through everything, from a run of somebody's own images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from sightline.explanation import Explanation
from sightline.figures import lettering
from sightline.figures.style import SMALL, TEXT, readable
from sightline.films.boundary import Boundary
from sightline.films.ladder import Ladder
from sightline.films.logistic import Logistic
from sightline.films.material import first_of_each, tile
from sightline.films.motion import ease, ramp
from sightline.films.pca import Pca
from sightline.films.script import Film, Move, Scene
from sightline.films.sigmoid import Sigmoid
from sightline.films.simulation import Simulation
from sightline.films.stage import Box, Stage
from sightline.films.training import Training
from sightline.results import Run

Pixels = npt.NDArray[np.uint8]

WALL = (4, 10)
WALL_SQUARE = (6, 7)
"""Rows and columns of the wall of images."""

MOST_CLASSES = 10
WINDOW = 8
"""Pixels across and down of the window whose numbers are written out."""

EACH = 6.4
"""Seconds for each rung of the ladder."""


@dataclass(frozen=True, slots=True, eq=False)
class Adventure(Film):
    """`parts` the films on the way; the rest is what the adventure's own scenes show of the run."""

    name = "adventure"
    parts: tuple[Film, ...]
    wall: Pixels
    means: npt.NDArray[np.float64]
    classes: tuple[str, ...]
    decision: Explanation
    facts: dict[str, str]

    @classmethod
    def of(cls, run: Run, *, seed: int = 0) -> Self:
        """Make the films on the way from the data and the results of a run."""
        data, winner = run.dataset, run.winner
        recipe = "pixels" if any(one.name == "pixels" for one in run.recipes) else run.recipes[0].name
        wrong = [one for one in run.explanations if one.label is not None and one.label != one.predicted]
        accuracy = winner.evaluation.accuracy
        return cls(
            parts=(
                Sigmoid(),
                Logistic.of(data),
                Simulation(),
                Boundary.of(data, seed=seed),
                Pca.of(data),
                Training.of(data, recipe=recipe, seed=seed),
                Ladder.of(run, each=EACH),
            ),
            wall=data.train.images[first_of_each(data.train, WALL_SQUARE[0] * WALL_SQUARE[1])],
            means=run.exploration.class_mean[:MOST_CLASSES],
            classes=data.classes,
            decision=(wrong or list(run.explanations))[0],
            facts={
                "data": data.name,
                "n": f"{len(data):,}",
                "classes": f"{data.n_classes:,}",
                "test": f"{len(run.test):,}",
                "best": run.best,
                "accuracy": lettering.percent(accuracy.value, 2),
                "low": lettering.percent(accuracy.low, 2),
                "high": lettering.percent(accuracy.high, 2),
                "error": lettering.percent(1 - accuracy.value, 2),
                "wrong": lettering.plural(len(winner.evaluation.errors), "image"),
                "size": "×".join(str(side) for side in data.shape[:2]),
                "d": f"{data.n_features:,}",
            },
        )

    def scenes(self) -> tuple[Scene, ...]:
        """Look at the images; then film after film; then one decision and the sum of it all."""
        one, scene, facts = self.decision, self.scene, self.facts
        told = {**facts, "called": one.classes[one.predicted], "other": one.classes[one.runner_up]}
        told["label"] = one.classes[one.label] if one.label is not None else "?"
        wrong = one.label is not None and one.label != one.predicted
        own = [
            scene(self.welcome, 7.0, (0.0, "hello"), **facts),
            scene(self.pixels, 9.5, (0.0, "numbers"), (5.0, "features"), **facts),
            scene(self.average, 6.5, (0.0, "means"), **facts),
        ]
        left_out = {
            ("sigmoid", "slope"),
            ("logistic", "bend"),
            ("boundary", "measure"),
            ("training", "go_on"),
        }
        way = [part for film in self.parts for part in film.scenes() if (part.film, part.key) not in left_out]
        last = [
            scene(self.why, 11.0, (0.0, "shares"), (5.6, "mistake" if wrong else "decided"), **told),
            scene(self.end, 7.5, (0.0, "thanks"), **facts),
        ]
        return (*own, *way, *last)

    def welcome(self, stage: Stage) -> Move:
        """A wall of images, which fills up."""
        rows, columns = WALL if stage.wide else WALL_SQUARE
        shape = self.wall.shape[1:]
        tiles = [tile(stage, box, shape, frame=False) for box in stage.content.cells(rows, columns, 0.1)]
        order = np.random.default_rng(0).permutation(len(tiles))

        def move(t: float) -> None:
            for nth, i in enumerate(order.tolist()):
                if i < len(self.wall):
                    tiles[i].show(self.wall[i], ease(t, 0.2 + 2.6 * nth / len(tiles), 0.5))

        return move

    def pixels(self, stage: Stage) -> Move:
        """One image, and the numbers of a part of it."""
        theme, image = stage.theme, self.wall[min(3, len(self.wall) - 1)]
        left, right = stage.parts(0.48, 0.3)
        height, width = image.shape[:2]
        h, w = min(WINDOW, height), min(WINDOW, width)
        top, first = (height - h) // 2, (width - w) // 2
        whole = left.fitted(width / height)
        picture = stage.picture(whole)
        x, y = whole.width / width, whole.height / height
        frame = Box(whole.left + first * x, whole.top + top * y, w * x, h * y)
        window = stage.bar(frame, theme.against)
        window.set(facecolor="none", edgecolor=theme.against, linewidth=2.0)
        large = right.fitted(w / h)
        part = image[top : top + h, first : first + w]
        values = np.rint(part.mean(axis=2) if part.ndim == 3 else part).astype(int)
        crop = stage.picture(large)
        words = []
        for box, value in zip(large.cells(h, w, 0.0), values.reshape(-1).tolist(), strict=True):
            ground = np.full(3, value / 255)
            colour = readable(ground, theme)
            words.append(
                stage.words(
                    box.middle, box.top + box.height / 2 + 0.045, str(value), size=SMALL, align="center"
                )
            )
            words[-1].set_color(colour)

        def move(t: float) -> None:
            picture.show(image)
            shown = ease(t, 1.0, 1.0)
            crop.show(np.repeat(values[..., None], 3, axis=2), shown)
            window.set_alpha(shown)
            written = round(len(words) * ramp(t, 1.8, 2.6))
            for i, word in enumerate(words):
                word.set_visible(i < written)

        return move

    def average(self, stage: Stage) -> Move:
        """The mean image of each class."""
        m = len(self.means)
        columns = min(m, 5 if stage.wide else 4)
        boxes = stage.content.cells(-(-m // columns), columns, 0.18)
        shape = self.means.shape[1:]
        tiles = [
            tile(stage, box, shape, lettering.fit(name, box.width, SMALL))
            for box, name in zip(boxes, self.classes, strict=False)
        ]

        def move(t: float) -> None:
            for i, (picture, mean) in enumerate(zip(tiles, self.means, strict=True)):
                picture.show(mean, ease(t, 0.3 + 0.18 * i, 0.6))

        return move

    def why(self, stage: Stage) -> Move:
        """One decision of the best recipe: the image, the share of each pixel, the probabilities."""
        one, theme = self.decision, stage.theme
        left, right = stage.parts(0.6, 0.5)
        shape = one.image.shape
        first, second = left.cells(1, 2, 0.25)
        picture = tile(stage, first, shape, stage.say("image"))
        shares = one.separating.sum(axis=2) if one.separating.ndim == 3 else one.separating
        limit = float(np.quantile(np.abs(shares), 0.995)) or 1.0
        map_ = tile(stage, second, shape, stage.say("map"), limit=limit)
        order = np.argsort(-one.probability, kind="stable")[: min(5, len(one.classes))]
        pitch = min(0.42, (right.height - 0.3) / len(order))
        top = right.top + (right.height - pitch * len(order)) / 2
        room = min(1.0, lettering.widest([lettering.plain(one.classes[k]) for k in order], TEXT) + 0.15)
        stage.note(right.left, top - 0.06, stage.say("probability"), within=right.width)
        rows = []
        for i, k in enumerate(order.tolist()):
            y = top + 0.1 + pitch * i
            base = y + 0.3 * pitch + 0.05
            stage.note(right.left, base, one.classes[k], size=TEXT, colour=theme.ink, within=room - 0.06)
            bar = Box(right.left + room, y, right.width - room - 0.66, 0.6 * pitch)
            stage.page.box(bar.left, bar.top, bar.width, bar.height, fill=theme.sunken)
            colour = theme.favour if k == one.predicted else theme.rule
            rows.append((bar, stage.bar(bar, colour), stage.words(bar.right + 0.08, base, size=SMALL), k))

        def move(t: float) -> None:
            picture.show(one.image)
            map_.show(shares, ease(t, 1.6, 1.2))
            grown = ease(t, 3.4, 1.4)
            for bar, fill, words, k in rows:
                p = float(one.probability[k]) * grown
                fill.set_bounds(bar.left, bar.top, bar.width * p, bar.height)
                words.set_text(lettering.percent(p) if grown > 0 else "")

        return move

    def end(self, stage: Stage) -> Move:
        """The numbers of the run."""
        theme, box = stage.theme, stage.content
        big = stage.words(
            box.middle,
            box.top + 0.42 * box.height,
            self.facts["accuracy"],
            size=44.0,
            bold=True,
            align="center",
        )
        big.set_color(theme.favour)
        lines = [
            stage.words(
                box.middle, box.top + 0.42 * box.height + 0.4 + 0.28 * i, stage.say(key), align="center"
            )
            for i, key in enumerate(("result", "interval"))
        ]

        def move(t: float) -> None:
            big.set_alpha(ease(t, 0.2, 0.8))
            for i, line in enumerate(lines):
                line.set_alpha(ease(t, 0.9 + 0.5 * i, 0.8))

        return move
