"""Every message about results, provoked: models, judging, explaining, files, and the commands that tell of them."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline

from sightline import explain, export_onnx, load_model, save_model
from sightline.anatomy import find_atoms, find_directions, share_cells, straighten
from sightline.anatomy.atoms import _into
from sightline.evaluation import compare, evaluate, evaluate_probabilities, thresholds
from sightline.exploration.blocks import LookTask
from sightline.export import compare_runtimes
from sightline.features import RangeScaler
from sightline.files import made_folder, written_aside, written_together
from sightline.intake import bring, brought_dataset
from sightline.sources.large import of_dataset
from sightline.story import Config, run

from . import words
from .inputs import large
from .words import command

ROOMS = words.rooms_but(
    "sources", "dataset", "disputes", "features", "logistic", "engine", "figures", "films", "lessons", "widgets",
    "studio",
)  # fmt: skip
"""All rooms but those of the other files, so that a new one is not forgotten."""
ABSENT = "an installation without that package"
UNFINISHED = "a cluster that is lost while it learns; tests/engine provokes it"
APART = {
    "cli/studio.py::_require": ABSENT,
    "export/agreement.py::compare_runtimes: the package onnxruntime": ABSENT,
    "cli/learn.py::learn: ": UNFINISHED,
    "story.py::climb_rung: ": UNFINISHED,
    "export/graph.py::onnx_or_remedy": ABSENT,
}
"""Messages that no test here can provoke, and why."""


def with_manifest(h, change):
    """A stored model whose manifest was changed."""
    path = h.path / "m.sightline"
    save_model(h.model, path)
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    held = json.loads(contents["manifest.json"])
    change(held)
    contents["manifest.json"] = json.dumps(held).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return load_model(path)


def bomb(h):
    path = h.path / "m.sightline"
    large(path, "x")
    return load_model(path)


def stored(h):
    save_model(h.model, h.path / "m.sightline")
    return h.path / "m.sightline"


def broken(h, **changes):
    """The model, one of its steps replaced."""
    steps = [(name, changes.get(name, step)) for name, step in h.model.pipeline.steps]
    return replace(h.model, pipeline=Pipeline(steps))


def scaler(**attributes):
    made = RangeScaler().fit(np.zeros((2, 80), np.uint8))
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


def first(h):
    return h.model.pipeline.steps[0][0]


MODELS = [
    lambda h: h.model.predict(np.zeros((3, 5))),
    lambda h: load_model(h.path / "none"),
    lambda h: load_model(h.file("m", b"hello")),
    lambda h: bomb(h),
    lambda h: with_manifest(h, lambda m: m.update(format="other")),
    lambda h: with_manifest(h, lambda m: m.update(version=99)),
    lambda h: with_manifest(h, lambda m: m.update(classes=["a", "b"])),
    lambda h: with_manifest(h, lambda m: m["steps"][-1]["fitted"]["coef_"].update(sha256="0")),
    lambda h: save_model(broken(h, **{first(h): GaussianNB()}), h.path / "m"),
    lambda h: save_model(
        broken(h, **{first(h): scaler(n_features_in_=np.array([{}], object))}), h.path / "m"
    ),
    lambda h: save_model(broken(h, **{first(h): scaler(n_features_in_={1, 2})}), h.path / "m"),
    lambda h: evaluate(replace(h.model, classes=("x", "y", "z")), h.bars),
    lambda h: evaluate(GaussianNB().fit(h.plain.X, h.plain.y + 7), h.bars),
    lambda h: evaluate_probabilities(np.zeros((2, 2)), np.zeros(3, np.int64), ("a", "b")),
    lambda h: compare(h.evaluation, evaluate(h.model, h.plain)),
    lambda h: thresholds(h.evaluation, 9),
    lambda h: explain(GaussianNB().fit(h.plain.X, h.plain.y), h.plain.images[0]),
    lambda h: explain(h.model, np.zeros((10, 8, 2))),
    lambda h: explain(h.model.pipeline, np.zeros((3, 3), np.uint8)),
    lambda h: LookTask(3, 1.0, 0.0, 0)(0, np.zeros((2, 4)), np.zeros(2, np.int64)),
    lambda h: LookTask(3, 1.0, 0.0, 0)(0, np.zeros((2, 4), np.uint8), np.array([0, 9])),
    lambda h: compare_runtimes(h.model, h.path / "none", h.plain.images),
    lambda h: compare_runtimes(h.model, h.file("x.onnx", b"hello"), h.plain.images),
    lambda h: export_onnx(broken(h, **{first(h): GaussianNB()}), h.path / "x.onnx"),
    lambda h: find_atoms(h.model, h.plain.images),
    lambda h: _into(h.model, h.plain.images, SimpleNamespace(step=None)),
    lambda h: share_cells(h.model, h.plain.images[0]),
    lambda h: straighten(h.model, h.plain.images),
    lambda h: find_directions(h.model, h.plain.images[0]),
    lambda h: bring(h.model, h.path / "x.png", "upside-down"),
    lambda h: bring(h.model, h.path / "x.png"),
    lambda h: bring(h.model, h.file("x.png", b"hello")),
    lambda h: brought_dataset(h.model, h.colours),
]

FILES = [
    lambda h: made_folder(h.file("x") / "y"),
    lambda h: made_folder(Path("/proc/self")),
    lambda h: write(h.file("x") / "y"),
    lambda h: write_together(h),
]

COMMANDS = [
    lambda h: command("explain", stored(h), h.path, "--out", h.path / "x.png"),
    lambda h: command("explain", stored(h), "digits", "--row", 9999),
    lambda h: command("explain", stored(h), "~no-user-has-this-name/i.png"),
    lambda h: command("explore", "digits", "--out", "x.png"),
    lambda h: command("explore", "digits", "--cluster", "local:1"),
    lambda h: command("export", stored(h), "--to", "word"),
    lambda h: command("export", stored(h), "--out", stored(h)),
    lambda h: command("film", "sigmoid", "--recipe", "pixels"),
    lambda h: command("learn", "digits", "--budget", "60s", "--recipe", "pixels"),
    lambda h: command("learn", "digits", "--budget", "soon"),
    lambda h: command("explore", "digits", "--shape", "wide"),
    lambda h: command("predict", stored(h), h.folder("empty")),
    lambda h: command("predict", stored(h), h.file("x.png", b"hello")),
    lambda h: run(Config(data="digits", recipes=())),
    lambda h: run(Config(data=of_dataset(h.bars), recipes=("pixels",), device="torch:cpu")),
    lambda h: run(Config(data=of_dataset(h.bars), budget=5.0)),
    lambda h: run(Config(data=of_dataset(one_class(h)), recipes=("pixels",))),
    lambda h: run(Config(data=of_dataset(none_to_learn(h)), recipes=("pixels",))),
]


def one_class(h):
    return replace(h.plain.take(np.flatnonzero(h.plain.labels == 0)), n_train=10)


def none_to_learn(h):
    order = np.argsort(h.plain.labels, kind="stable")
    return replace(h.plain.take(order), rows=None, n_train=40)


def write(path):
    with written_aside(path, "the page") as aside:
        aside.write_text("x")


def write_together(h):
    with written_together(h.folder("out"), "the results") as stage:
        write(stage / "none" / "page.html")


@pytest.fixture(scope="module")
def meeting(tmp_path_factory):
    everything = [*MODELS, *FILES, *COMMANDS]
    return words.meet(everything, words.places(*ROOMS), tmp_path_factory.mktemp("words"))


test_a_message_is_provoked_and_reads_well, test_no_provocation_is_idle = words.both(APART, *ROOMS)
