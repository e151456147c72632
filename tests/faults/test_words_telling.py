"""Every message about pictures, films, lessons and widgets, provoked."""

import socket
from dataclasses import replace

import anywidget  # noqa: F401 — widgets are of a package that may be missing; then this file says so
import numpy as np
import pytest

from sightline import DrawPad, Gallery, WeightMaps, figures
from sightline.disputes import find_disputed
from sightline.exploration import explore
from sightline.figures.style import find_theme
from sightline.films import Film, Timeline, make, read_words
from sightline.films.encoder import find_kind
from sightline.films.rendering import check
from sightline.lessons.shelf import copy_lessons, export_lessons, find_lesson, run_lesson
from sightline.results import RecipeResult

from . import words

ROOMS = ("figures", "films", "lessons", "widgets")
ABSENT = "an installation without that package"
APART = {
    "films/rendering.py::require": ABSENT,
    "lessons/shelf.py::_require": ABSENT,
    "widgets/front.py::: the widgets are not installed": ABSENT,
    "widgets/front.py::_built": "an installation without the built page",
    "lessons/shelf.py::_exported": "a process of some ten seconds; tests/lessons/test_shelf.py provokes it",
    "lessons/shelf.py::run_lesson": "a server that dies by itself",
}
"""Messages that no test here can provoke, and why."""


class Empty(Film):
    name = "empty"

    def scenes(self):
        return ()


def taken():
    """A port at which somebody listens."""
    one = socket.socket()
    one.bind(("127.0.0.1", 0))
    one.listen()
    OPEN.append(one)
    return one.getsockname()[1]


OPEN = []


def checked(h, name="x.mp4", **how):
    asked = {"size": "720p", "fps": 30, "theme": "light", "captions": "burnt", "codec": None}
    return check(h.path / name, **{**asked, **how})


def texts(h, content):
    return read_words(h.file("words.toml", content))


def changed_lesson(h):
    copied = copy_lessons(h.path / "lessons", [find_lesson(1)])[0]
    copied.write_text("nothing")
    return copy_lessons(h.path / "lessons", [find_lesson(1)])


def result_without_maps():
    made = object.__new__(RecipeResult)
    object.__setattr__(made, "name", "patches")
    object.__setattr__(made, "weight_maps", None)
    return made


def chosen(h):
    gallery = Gallery(h.bars, [1, 2])
    gallery.selected = 3
    return gallery


def pad(h, image):
    made = DrawPad(h.bars)
    made.image = image


FIGURES = [
    lambda h: figures.disputed_labels(find_disputed(h.bars, "pixels", folds=2), h.plain.take(slice(0, 9))),
    lambda h: figures.ConfusionDisplay.from_predictions([0, 1], [0, 1], display_labels=["a"]),
    lambda h: figures.WeightMapDisplay.from_estimator(h.model.pipeline[-1], (3, 3)),
    lambda h: figures.pixel_band(h.colours, explore(h.bars)),
    lambda h: figures.first_image(h.bars, 999),
    lambda h: figures.errors(h.evaluation, h.bars),
    lambda h: figures.save(figures.sigmoid_curve(), h.path / "x.doc"),
    lambda h: figures.sigmoid_curve(2),
    lambda h: find_theme("pink"),
    lambda h: figures.weight_maps(result_without_maps(), h.bars.classes),
]

FILMS = [
    lambda h: make("sigmund"),
    lambda h: make("training", h.bars, recipes=("pixels", "pca")),
    lambda h: find_kind(h.path / "x.doc"),
    lambda h: find_kind(h.path / "x.mp4", "chalk"),
    lambda h: checked(h, size="huge"),
    lambda h: checked(h, captions="sung"),
    lambda h: checked(h, fps=0),
    lambda h: Timeline(Empty(), 10),
    lambda h: read_words(h.path / "none.toml"),
    lambda h: texts(h, b"\xff"),
    lambda h: texts(h, "[nowhere]\nx = 'y'\n"),
    lambda h: texts(h, "[sigmoid]\ntitle = '{strange}'\n"),
    lambda h: texts(h, "[sigmoid]\ntitle = '{'\n"),
]

LESSONS = [
    lambda h: find_lesson(99),
    lambda h: run_lesson(find_lesson(1), port=taken()),
    lambda h: changed_lesson(h),
    lambda h: export_lessons(h.path, "stone"),
]

WIDGETS = [
    lambda h: Gallery(h.bars, [999]),
    lambda h: Gallery(replace(h.bars, images=np.zeros((60, 1200, 1200), np.uint8))),
    lambda h: Gallery(h.bars, [1, 2], predicted=[1]),
    lambda h: chosen(h),
    lambda h: WeightMaps(h.fitted("symmetry")),
    lambda h: DrawPad(replace(h.bars, images=NOISE)),
    lambda h: DrawPad(h.bars, replace(h.model, shape=(4, 20))),
    lambda h: pad(h, np.zeros((3, 3))),
    lambda h: pad(h, np.full((10, 8), 999)),
]
NOISE = np.random.default_rng(0).integers(0, 256, (60, 10, 8)).astype(np.uint8)


@pytest.fixture(scope="module")
def meeting(tmp_path_factory):
    everything = [*FIGURES, *FILMS, *LESSONS, *WIDGETS]
    yield words.meet(everything, words.places(*ROOMS), tmp_path_factory.mktemp("words"))
    while OPEN:
        OPEN.pop().close()


test_a_message_is_provoked_and_reads_well, test_no_provocation_is_idle = words.both(APART, *ROOMS)
