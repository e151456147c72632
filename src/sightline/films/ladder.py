"""The error falling from recipe to recipe, with the very images that each step fixed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from sightline.anatomy import climb
from sightline.anatomy.climb import SEES
from sightline.figures import lettering
from sightline.figures.style import SMALL
from sightline.films.material import tile
from sightline.films.motion import between, ease
from sightline.films.script import Caption, Film, Move, Scene
from sightline.films.stage import Box, Stage
from sightline.results import Run

FIXED, BROKEN = 10, 5
FIRST, EACH = 7.0, 8.5
"""Seconds that the first recipe is shown for, and each after it."""

MOST_RECIPES = 12


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One recipe: its `name`, `error` and the ends of its interval; what it `fixed` and `broke` after the one before.

    `fixed`, `broken` pairs of an image and words such as "4 → 9": the wrong decision, then the right one, out of
    `counts` of both; `p` of McNemar's test, that chance alone made the difference.
    """

    name: str
    error: float
    low: float
    high: float
    counts: tuple[int, int] = (0, 0)
    p: str = ""
    fixed: tuple[tuple[npt.NDArray[np.uint8], str], ...] = ()
    broken: tuple[tuple[npt.NDArray[np.uint8], str], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Ladder(Film):
    """`steps` in the order in which they were climbed; `n` test images; `each` step lasts so many seconds."""

    name = "ladder"
    steps: tuple[Step, ...]
    n: int
    each: float = EACH

    @classmethod
    def of(cls, run: Run, *, each: float = EACH) -> Self:
        """Take the steps, and images that they differ on most, from a run."""
        rungs = (None, *climb(run))
        steps = []
        for i, (recipe, rung) in enumerate(zip(run.recipes, rungs, strict=True)):
            accuracy = recipe.evaluation.accuracy
            more: dict[str, Any] = {}
            if rung is not None:
                former = run.recipes[i - 1]
                more = {
                    "counts": (len(rung.fixed), len(rung.broken)),
                    "p": _probability(rung.comparison.p_value),
                    "fixed": tuple(_pictured(run, former, row) for row in rung.fixed[:FIXED]),
                    "broken": tuple(_pictured(run, recipe, row) for row in rung.broken[:BROKEN]),
                }
            steps.append(Step(recipe.name, 1 - accuracy.value, 1 - accuracy.high, 1 - accuracy.low, **more))
        return cls(tuple(steps[-MOST_RECIPES:]), len(run.test), each)

    def scenes(self) -> tuple[Scene, ...]:
        """One scene a recipe."""
        scenes = []
        for i, step in enumerate(self.steps):
            key = f"sees-{step.name}" if step.name in SEES else "sees-other"
            values = {"n": f"{self.n:,}", "recipe": step.name, "error": lettering.percent(step.error, 2)}
            captions = [Caption(0.0, key)] if i else [Caption(0.0, "begin"), Caption(3.2, key)]
            seconds = self.each if i else FIRST
            if i and i == len(self.steps) - 1:
                captions.append(Caption(self.each, "end"))
                seconds += 4.0
            climbed = partial(self.rung, i)
            scenes.append(Scene(self.name, "rung", seconds, climbed, tuple(captions), values))
        return tuple(scenes)

    def rung(self, number: int, stage: Stage) -> Move:
        """All recipes so far as bars; the latest shrinks from the one before; the images pop up."""
        step = self.steps[number]
        left, right = stage.content.beside(0.46) if stage.wide else stage.content.stacked(0.44, 0.16)
        bars = _Bars(stage, left, self.steps)
        groups = []
        theme = stage.theme
        if number:
            fixed, broken = (f"{count:,}" for count in step.counts)
            said = stage.say("told", fixed=fixed, broken=broken, p=step.p)
            stage.note(right.left, right.top + 0.11, said, within=right.width)
            upper, lower = Box(right.left, right.top + 0.24, right.width, right.height - 0.24).stacked(
                0.64, 0.1
            )
            groups = [
                _Tiles(stage, upper, step.fixed, FIXED, stage.say("fixed"), theme.favour),
                _Tiles(stage, lower, step.broken, BROKEN, stage.say("broken"), theme.against),
            ]

        def move(t: float) -> None:
            bars.show(number, ease(t, 0.4, 1.6))
            for group, begin in zip(groups, (1.6, 3.8), strict=False):
                group.show(t - begin)

        return move


class _Bars:
    """The error of each recipe as a bar from the left."""

    def __init__(self, stage: Stage, box: Box, steps: tuple[Step, ...]) -> None:
        self.stage, self.steps = stage, steps
        stage.note(box.left, box.top + 0.11, stage.say("axis"), within=box.width)
        names = [lettering.fit(step.name, 1.5, SMALL) for step in steps]
        room = lettering.widest(names, SMALL) + 0.12
        numbers = 0.62
        self.left, self.width = box.left + room, box.width - room - numbers
        self.pitch = min(0.34, (box.height - 0.3) / len(steps))
        self.tall = 0.62 * self.pitch
        self.top = box.top + 0.28
        self.scale = self.width / max(max(step.high for step in steps), 1e-9)
        theme = stage.theme
        self.names, self.bars, self.ends, self.numbers = [], [], [], []
        for i, name in enumerate(names):
            y = self.top + i * self.pitch
            base = y + self.tall / 2 + 0.045
            self.names.append(stage.words(self.left - 0.1, base, name, size=SMALL, align="right"))
            self.bars.append(stage.bar(Box(self.left, y, 0.01, self.tall), theme.favour))
            self.ends.append(stage.bar(Box(self.left, y, 0.01, 0.015), theme.ink))
            self.numbers.append(stage.words(self.left, base, size=SMALL, bold=True))

    def show(self, number: int, share: float) -> None:
        """Show bars up to `number`, the latest grown from the one before by `share`."""
        theme = self.stage.theme
        best = min(range(number + 1), key=lambda i: self.steps[i].error)
        for i, step in enumerate(self.steps):
            seen = i <= number
            error = step.error
            if i == number:
                error = between(self.steps[i - 1].error if i else 0.0, step.error, share)
            y = self.top + i * self.pitch
            self.bars[i].set_bounds(self.left, y, self.scale * error if seen else 0, self.tall)
            self.bars[i].set_facecolor(theme.favour if i == best else theme.rule)
            whole = seen and (i < number or share >= 1)
            low, high = self.left + self.scale * step.low, self.left + self.scale * step.high
            self.ends[i].set_bounds(low, y + self.tall / 2 - 0.008, high - low if whole else 0, 0.016)
            self.names[i].set_alpha(1.0 if i == number else 0.75 if seen else 0.3)
            far = self.left + self.scale * (max(step.high, error) if whole else error)
            self.numbers[i].set_text(lettering.percent(error, 2) if seen else "")
            self.numbers[i].set_position((far + 0.08, y + self.tall / 2 + 0.045))


class _Tiles:
    """Images that a step fixed, or newly got wrong, which pop up one after another."""

    def __init__(
        self, stage: Stage, box: Box, images: tuple[tuple[Any, str], ...], most: int, words: str, colour: str
    ) -> None:
        self.images = [image for image, _ in images]
        self.pictures = []
        self.words = []
        stage.note(
            box.left, box.top + 0.12, words if images else "", colour=colour, bold=True, within=box.width
        )
        inner = Box(box.left, box.top + 0.2, box.width, box.height - 0.2)
        columns, rows = (BROKEN, most // BROKEN) if stage.wide else (BROKEN + 1, 1)
        wide = inner.cells(1, columns, 0.08)[0].width
        self.said = [lettering.fit(said, wide + 0.06, SMALL) for _, said in images]
        for cell, (image, _) in zip(inner.cells(rows, columns, 0.08), images, strict=False):
            place = Box(cell.left, cell.top, cell.width, cell.height - 0.18)
            self.pictures.append(tile(stage, place, image.shape, frame=False))
            self.words.append(stage.words(cell.middle, cell.bottom - 0.04, size=SMALL, align="center"))

    def show(self, t: float) -> None:
        """Show those that are there `t` seconds after the first."""
        for i, (picture, words, image) in enumerate(
            zip(self.pictures, self.words, self.images, strict=False)
        ):
            shown = ease(t, 0.22 * i, 0.5)
            picture.show(image, shown)
            words.set_text(self.said[i] if shown > 0.5 else "")


def _probability(p: float) -> str:
    return "p < 0.0001" if p < 1e-4 else f"p = {lettering.number(p, 1)}"


def _pictured(run: Run, wrong: Any, row: int) -> tuple[npt.NDArray[np.uint8], str]:
    """A test image, and the wrong decision and the right one."""
    judged = wrong.evaluation
    taken, true = judged.classes[int(judged.predicted[row])], judged.classes[int(judged.labels[row])]
    return run.test.images[row], lettering.plain(f"{taken} → {true}")
