"""The solver at work on the given images: the weights as images, and the objective; beside it, plain descent."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from sightline.dataset import Dataset
from sightline.features import RangeScaler, StreamedPipeline, find_recipe, make_recipe
from sightline.features.local import local_map
from sightline.figures import lettering
from sightline.figures.axes import decade_ticks, round_ticks, trace, word
from sightline.figures.style import SMALL
from sightline.films.material import divided, tile
from sightline.films.motion import ease, ramp
from sightline.films.script import Film, Move, Scene
from sightline.films.stage import Box, Stage
from sightline.logistic import LogisticRegression, Pass
from sightline.logistic.descent import Descent
from sightline.selection import quiet_convergence

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

MOST_CLASSES = 10
LEARN, GO_ON = 16.0, 8.0
"""Seconds in which the solver's passes are shown, and in which descent goes on alone."""

FEWEST_PASSES, MOST_PASSES, WORK = 60, 500, 1e10
"""Descent goes on until it has read so many numbers, within these limits, and five times as long as the solver."""

LEAST = 1e-7
"""What is above the minimum by less is drawn as this."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """One way of learning, pass by pass.

    `above` (p,) the objective less its minimum; `objective` (p,); `right` (p,) share of test images decided
    rightly; `maps` (p, R, h, w) what each pixel counts for each class.
    """

    objective: Doubles
    above: Doubles
    right: Doubles
    maps: Floats

    def shown(self, known: float) -> tuple[Floats, float, float]:
        """Maps (R, h, w), objective above its minimum and share right after so many passes, in part between two."""
        last = len(self.above) - 1
        known = min(max(known, 0.0), float(last))
        i, part = min(int(known), max(last - 1, 0)), 0.0
        part = known - i
        j = min(i + 1, last)
        maps: Floats = self.maps[i] + np.float32(part) * (self.maps[j] - self.maps[i])
        above = float(np.exp(np.interp(known, np.arange(last + 1), np.log(self.above))))
        return maps, above, float(self.right[j if part >= 1 else i])


@dataclass(frozen=True, slots=True, eq=False)
class Training(Film):
    """`solver` on the features of `recipe`, `descent` on pixels; whether that recipe is `linear` in the pixels."""

    name = "training"
    recipe: str
    classes: tuple[str, ...]
    solver: Course
    descent: Course
    linear: bool
    n: int

    @classmethod
    def of(cls, dataset: Dataset, *, recipe: str = "pixels", seed: int = 0) -> Self:
        """Learn from all training images, and keep what the solver tells after each pass."""
        dataset = divided(dataset)
        name = find_recipe(recipe).name
        solver, linear = _solve(dataset, name, seed)
        pixels = (
            solver.objective.min() if name == "pixels" else _solve(dataset, "pixels", seed)[0].objective.min()
        )
        descent = _descend(dataset, float(pixels), len(solver.above))
        return cls(name, dataset.classes, solver, descent, linear, len(dataset.train))

    def scenes(self) -> tuple[Scene, ...]:
        """Both learn pass for pass; then descent goes on alone."""
        passes, more = len(self.solver.above), len(self.descent.above)
        values = {
            "n": f"{self.n:,}",
            "recipe": self.recipe,
            "passes": f"{passes:,}",
            "more": f"{more:,}",
            "solver": lettering.percent(float(self.solver.right[-1])),
            "descent": lettering.percent(float(self.descent.right[min(passes, more) - 1])),
            "times": lettering.number(float(self.descent.above[-1]) / LEAST, 1),
        }
        race = (
            (0.0, "weights" if self.linear else "slopes"),
            (4.4, "passes"),
            (10.4, "stuck"),
            (LEARN, "result"),
        )
        scenes = [self.scene(self.learn, LEARN + 5.0, *race, **values)]
        if more > passes:
            scenes.append(
                self.scene(self.go_on, GO_ON + 4.5, (0.0, "longer"), (GO_ON * 0.7, "why"), **values)
            )
        return tuple(scenes)

    def learn(self, stage: Stage) -> Move:
        """Pass for pass: the solver's weights above, those of plain descent below; beside, what is left to gain."""
        passes = len(self.solver.above)
        left, right = stage.parts(0.6, 0.56)
        upper, lower = left.stacked(0.5, 0.2) if stage.wide else left.beside(0.5, 0.26)
        rows = _Maps(stage, upper, self, "solver"), _Maps(stage, lower, self, "descent")
        chart = _Chart(stage, right, self, passes)

        def move(t: float) -> None:
            known = (passes - 1) * ramp(t, 2.0, LEARN - 2.5)
            for row, course in zip(rows, (self.solver, self.descent), strict=True):
                row.show(course, known)
            chart.show(known, known)

        return move

    def go_on(self, stage: Stage) -> Move:
        """Descent alone, for many more passes."""
        passes, more = len(self.solver.above), len(self.descent.above)
        left, right = stage.parts(0.6, 0.56)
        upper, lower = left.stacked(0.5, 0.2) if stage.wide else left.beside(0.5, 0.26)
        rows = _Maps(stage, upper, self, "solver"), _Maps(stage, lower, self, "descent")
        chart = _Chart(stage, right, self, more)

        def move(t: float) -> None:
            known = passes - 1 + (more - passes) * ease(t, 0.8, GO_ON)
            rows[0].show(self.solver, passes - 1.0)
            rows[1].show(self.descent, known)
            chart.show(passes - 1.0, known)

        return move


class _Maps:
    """The weights of one way of learning, an image a class, its name, and how much it gets right."""

    def __init__(self, stage: Stage, box: Box, film: Training, key: str) -> None:
        self.stage, self.key = stage, key
        R, shape = film.solver.maps.shape[1], film.solver.maps.shape[2:]
        shown = min(R, MOST_CLASSES)
        stage.note(
            box.left, box.top + 0.11, stage.say(key), colour=stage.theme.ink, bold=True, within=box.width
        )
        self.right = stage.words(
            box.right,
            box.top + (0.11 if stage.wide else 0.3),
            size=SMALL,
            colour=stage.theme.soft,
            align="right",
        )
        top = 0.22 if stage.wide else 0.38
        columns = min(shown, 5) if stage.wide else min(shown, 3)
        inner = Box(box.left, box.top + top, box.width, box.height - top)
        names = film.classes if R > 1 else film.classes[1:]
        final = np.abs(film.solver.maps[-1])
        limit = float(np.quantile(final, 0.998)) or 1.0
        cells = inner.cells(-(-shown // columns), columns, 0.07)
        self.tiles = []
        for cell, name in zip(cells, names, strict=False):
            room = min(0.5, 0.16 + lettering.measure(lettering.plain(name), SMALL))
            place = Box(cell.left + room, cell.top, cell.width - room, cell.height)
            picture = tile(stage, place, shape, limit=limit)
            stage.note(cell.left + room - 0.07, cell.top + 0.16, name, align="right", within=room - 0.04)
            self.tiles.append(picture)

    def show(self, course: Course, known: float) -> None:
        """Show how things stand after so many passes."""
        maps, _, right = course.shown(known)
        for picture, one in zip(self.tiles, maps, strict=False):
            picture.show(one)
        self.right.set_text(self.stage.say("right", share=lettering.percent(right)))


class _Chart:
    """What is left to gain, on a logarithmic scale, for both ways of learning."""

    def __init__(self, stage: Stage, box: Box, film: Training, passes: int) -> None:
        theme, self.film, self.stage = stage.theme, film, stage
        high = 2.0 * max(float(film.descent.above.max()), float(film.solver.above.max()))
        ax = stage.chart(
            box, (1, max(passes, 2)), (0.5 * LEAST, high), x=stage.say("pass"), y=stage.say("left"), left=0.5
        )
        ax.set_yscale("log")
        ax.set(ylim=(0.5 * LEAST, high))
        decade_ticks(ax, "y", most=5)
        round_ticks(ax, "x", most=4, whole=True)
        self.lines = [stage.line(ax, colour=colour, width=2.2) for colour in (theme.favour, theme.against)]
        self.ends = [
            stage.line(ax, colour=colour, marker=marker, dashes="none", size=7, clip_on=False)
            for colour, marker in ((theme.favour, "o"), (theme.against, "D"))
        ]
        tall = ax.get_position().height * stage.page.height
        for up, key, colour, marker in (
            (0.33, "descent_short", theme.against, "D"),
            (0.15, "solver_short", theme.favour, "o"),
        ):
            look: Any = {"transform": ax.transAxes, "colour": colour}
            trace(ax, [0.3], [up / tall], marker=marker, dashes="none", size=6, **look)
            word(ax, 0.34, up / tall - 0.005, stage.say(key), bold=True, **look)

    def show(self, *known: float) -> None:
        """Draw the two courses up to so many passes."""
        courses = self.film.solver, self.film.descent
        for line, end, course, far in zip(self.lines, self.ends, courses, known, strict=True):
            far = min(far, len(course.above) - 1.0)
            above = course.shown(far)[1]
            line.set_data([*range(1, int(far) + 2), far + 1], [*course.above[: int(far) + 1], above])
            end.set_data([far + 1], [above])


def _solve(dataset: Dataset, recipe: str, seed: int) -> tuple[Course, bool]:
    """Let the solver learn, and keep each pass; whether the recipe is linear in the pixels."""
    train, test = dataset.train, dataset.test
    pipeline: Any = make_recipe(recipe, shape=dataset.shape, seed=seed)
    if isinstance(pipeline, StreamedPipeline):
        features, labels = pipeline.training_features(train.X, train.labels)
    else:
        features, labels = pipeline[:-1].fit_transform(train.X), train.labels
    steps = [step for _, step in pipeline.steps[:-1]]
    unseen = np.asarray(_through(steps, test.X))
    back, linear = _way_back(steps, train.X)
    classifier: LogisticRegression = pipeline[-1]
    kept: list[tuple[float, float, Floats]] = []

    def keep(one: Pass) -> None:
        assert one.coef is not None
        assert one.intercept is not None
        right = _share_right(unseen, one.coef, one.intercept, test.labels)
        kept.append((one.objective, right, _as_maps(back(one.coef.astype(np.float64)), dataset.shape)))

    with quiet_convergence():
        classifier.fit(features, labels, listeners=[keep], keep_weights=True)
    return _course(kept, min(one[0] for one in kept)), linear


def _descend(dataset: Dataset, minimum: float, least: int) -> Course:
    """Plain gradient descent on pixels 0…1, with the solver's objective."""
    train, test = dataset.train, dataset.test
    scaler = RangeScaler().fit(train.X)
    X, unseen = scaler.transform(train.X), scaler.transform(test.X)
    back, _ = _way_back([scaler], train.X)
    C = float(find_recipe("pixels").defaults["C"])
    descent = Descent(X, train.labels, train.n_classes, C)
    kept: list[tuple[float, float, Floats]] = []
    most = max(5 * least, int(np.clip(WORK / train.X.size, FEWEST_PASSES, MOST_PASSES)))
    while len(kept) < most:
        one = descent.advance(time.perf_counter)
        assert one.coef is not None
        assert one.intercept is not None
        right = _share_right(unseen, one.coef, one.intercept, test.labels)
        kept.append((one.objective, right, _as_maps(back(one.coef.astype(np.float64)), dataset.shape)))
    descent.close()
    return _course(kept, minimum)


def _course(kept: list[tuple[float, float, Floats]], minimum: float) -> Course:
    objective = np.array([one[0] for one in kept])
    return Course(
        objective=objective,
        above=np.maximum(objective - minimum, LEAST),
        right=np.array([one[1] for one in kept]),
        maps=np.stack([one[2] for one in kept]),
    )


def _through(steps: list[Any], X: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Rows of pixels as the classifier sees them, a block at a time."""
    found = []
    for start in range(0, len(X), 2048):
        block = X[start : start + 2048]
        for step in steps:
            block = step.transform(block)
        found.append(block)
    return np.concatenate(found)


def _way_back(steps: list[Any], X: npt.NDArray[Any]) -> tuple[Callable[[Doubles], Doubles], bool]:
    """What takes weights (R, m) to slopes (R, d) of z at the mean image; whether they are the same at any image."""
    value = X.mean(axis=0, dtype=np.float64)
    maps = []
    for step in steps:
        maps.append(local_map(step, value))
        value = np.asarray(step.transform(value[None])[0], dtype=np.float64)

    def back(weights: Doubles) -> Doubles:
        for one in reversed(maps):
            weights = one.slope(weights)
        return weights

    return back, all(one.linear for one in maps)


def _as_maps(weights: npt.NDArray[Any], shape: tuple[int, ...]) -> Floats:
    maps = weights.reshape(-1, *shape).astype(np.float32)
    return maps.sum(axis=3) if maps.ndim == 4 else maps


def _share_right(X: npt.NDArray[Any], coef: Any, intercept: Any, labels: npt.NDArray[np.int64]) -> float:
    z = X @ coef.T + intercept
    decided = (z[:, 0] > 0) if z.shape[1] == 1 else z.argmax(axis=1)
    return float((decided == labels).mean())
