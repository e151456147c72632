"""A model in ONNX decides as the model does; what cannot be expressed is refused, and says why."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.decomposition import FastICA
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures

from sightline.errors import ModelError, NotFoundError, StorageError, UsageError
from sightline.export import can_export, compare_runtimes, export_onnx, to_onnx
from sightline.features import (
    PCA,
    RECIPES,
    Deskew,
    IntensitySymmetry,
    Orientation,
    Patches,
    RangeScaler,
    Shrink,
    StandardScaler,
    make_recipe,
)
from sightline.logistic import LogisticRegression, LogisticRegressionCV
from sightline.model import Model
from sightline.sources import load
from sightline.store import save_model

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

ROUNDED = {"orientation", "patches", "two-layers", "patches-augmented", "best"}
"""Recipes whose features are bytes: one that falls on the other side of a half is a whole step off."""


def learned(data, recipe, **choices):
    pipeline = make_recipe(recipe, shape=data.shape, **choices).fit(data.train.X, data.train.y)
    return Model(pipeline, data.classes, data.shape, recipe)


def model_of(data, *steps, classifier=None):
    pipeline = Pipeline([*steps, ("classifier", classifier or LogisticRegression())])
    return Model(pipeline.fit(data.train.X, data.train.y), data.classes, data.shape, "own")


def agreement(model, images, tmp_path, **options):
    export_onnx(model, tmp_path / "m.onnx", **options)
    return compare_runtimes(model, tmp_path / "m.onnx", images)


@pytest.mark.parametrize("fixture", ["digits", "two_colours"])
@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_decides_as_before(recipe, fixture, request, tmp_path):
    data = request.getfixturevalue(fixture)
    known = RECIPES[recipe].defaults
    fewer = {name: value for name, value in (("n_atoms", 24), ("copies", 1)) if name in known}
    found = agreement(learned(data, recipe, **fewer), data.images, tmp_path)
    assert found.images == len(data)
    if recipe in ROUNDED:
        assert found.mean_difference < 1e-5
        assert found.difference < 5e-3
    else:
        assert found.difference < 1e-5
    assert found.labels == 0


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["pixels", "minmax", "standard", "symmetry", "pca", "deskew-pca-poly"])
def test_ten_thousand_real_images(recipe, real_data, tmp_path):
    data = load(str(real_data / "mnist"))
    few = data.train.take(slice(0, 3000))
    pipeline = make_recipe(recipe, shape=data.shape).fit(few.X, few.y)
    model = Model(pipeline, data.classes, data.shape, recipe)
    found = agreement(model, data.test.images, tmp_path)
    assert found.images == 10_000
    assert found.difference < 1e-5
    assert found.labels == 0


STEPS = {
    "products to the third, with a one": [
        ("pca", PCA(4)),
        ("products", PolynomialFeatures(3)),
        ("standard", StandardScaler()),
    ],
    "products of different columns": [
        ("pca", PCA(5)),
        ("products", PolynomialFeatures(2, interaction_only=True, include_bias=False)),
    ],
    "no mean": [("standard", StandardScaler(with_mean=False))],
    "no deviation": [("standard", StandardScaler(with_std=False))],
    "clipped": [("minmax", MinMaxScaler((0.2, 0.7), clip=True))],
    "half straight": [("deskew", Deskew((8, 8), strength=0.5, centre=False))],
    "shrunken": [("shrink", Shrink((8, 8), factor=3))],
    "pair": [("pair", IntensitySymmetry((8, 8)))],
    "directions of patches": [
        ("patches", Patches((8, 8), size=3, n_atoms=6, grid=None, pool=2, pad=1, n_components=4))
    ],
    "one scale": [("orientation", Orientation((8, 8), sizes=(3,), grids=(2,)))],
}


@pytest.mark.parametrize("name", STEPS)
def test_the_choices_of_a_step_are_kept(name, digits, tmp_path):
    model = model_of(digits, ("range", RangeScaler(16, 250)), *STEPS[name])
    found = agreement(model, digits.images, tmp_path)
    assert found.difference < 1e-5
    assert found.labels == 0


def test_blank_images_and_the_extremes(digits, tmp_path):
    model = learned(digits, "deskew-pca-poly", n_components=10)
    images = np.stack([np.full((8, 8), grey, np.uint8) for grey in (0, 1, 128, 255)])
    assert agreement(model, images, tmp_path).difference < 1e-5


def test_labels_are_names_or_numbers_and_any_number_of_images_will_do(digits, tmp_path):
    named = Model(learned(digits, "pixels").pipeline, ("zéro", "un", "<b>", "犬", *"efghij"), (8, 8))
    for names in (True, False):
        export_onnx(named, tmp_path / "m.onnx", names=names)
        session = onnxruntime.InferenceSession(tmp_path / "m.onnx")
        codes = named.predict(digits.test.images)
        for n in (1, 7, len(codes)):
            label, probability = session.run(["label", "probability"], {"images": digits.test.images[:n]})
            expected = [named.classes[k] for k in codes[:n]] if names else codes[:n].tolist()
            assert label.tolist() == expected
            assert probability.shape == (n, 10)
            assert probability.dtype == np.float32


def test_the_strength_chosen_by_validation_is_exported_too(digits, tmp_path):
    few = digits.take(slice(0, 300)).split()
    model = model_of(few, ("range", RangeScaler()), classifier=LogisticRegressionCV(Cs=2, cv=2))
    assert agreement(model, few.images, tmp_path).difference < 1e-5


def test_the_file_says_what_it_is_and_is_the_same_each_time(digits, tmp_path):
    model = learned(digits, "pca-poly", n_components=8)
    made = to_onnx(model)
    onnx.checker.check_model(made, full_check=True)
    told = {one.key: one.value for one in made.metadata_props}
    assert json.loads(told["classes"]) == list(digits.classes)
    assert told["recipe"] == "pca-poly"
    assert [one.name for one in made.graph.input] == ["images"]
    for name in "ab":
        export_onnx(model, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_what_onnx_cannot_express_is_refused(digits, tmp_path):
    strange = model_of(
        digits, ("ica", FastICA(3, whiten="unit-variance", random_state=0)), classifier=LogisticRegression()
    )
    possible, why = can_export(strange)
    assert not possible
    with pytest.raises(ModelError, match=r"'ica', a FastICA.*Steps that can be exported are RangeScaler"):
        export_onnx(strange, tmp_path / "m.onnx")
    assert "FastICA" in why
    assert list(tmp_path.iterdir()) == []
    from sklearn.linear_model import LogisticRegression as Other

    other = model_of(digits.take(slice(0, 60)), ("range", RangeScaler()), classifier=Other())
    with pytest.raises(ModelError, match="no logistic regression of ours"):
        export_onnx(other, tmp_path / "m.onnx")


def test_a_file_that_cannot_be_written_or_read(digits, tmp_path):
    model = learned(digits, "pixels")
    with pytest.raises(StorageError, match="ONNX file cannot be written"):
        export_onnx(model, tmp_path / "nowhere" / "m.onnx")
    with pytest.raises(NotFoundError, match="no ONNX file"):
        compare_runtimes(model, tmp_path / "m.onnx", digits.images)
    (tmp_path / "m.onnx").write_text("not a graph")
    with pytest.raises(ModelError, match="cannot read"):
        compare_runtimes(model, tmp_path / "m.onnx", digits.images)


def test_a_missing_package_is_named(digits, tmp_path, monkeypatch):
    model = learned(digits, "pixels")
    export_onnx(model, tmp_path / "m.onnx")
    for package in ("onnx", "onnxruntime"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UsageError, match=r"onnx is not installed.*sightline\[onnx\]"):
        export_onnx(model, tmp_path / "other.onnx")
    with pytest.raises(UsageError, match=r"onnxruntime is not installed.*sightline\[onnx\]"):
        compare_runtimes(model, tmp_path / "m.onnx", digits.images)


# -- the command ------------------------------------------------------------------------------------------------


def sightline(*args, cwd):
    return subprocess.run(
        [sys.executable, "-m", "sightline", *map(str, args)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "COLUMNS": "140", "NO_COLOR": "1"},
    )


@pytest.fixture(scope="module")
def stored(digits, tmp_path_factory):
    file = tmp_path_factory.mktemp("stored") / "model.sightline"
    save_model(learned(digits, "pca", n_components=9), file)
    return file


def test_the_command_writes_beside_the_model_and_compares(stored):
    done = sightline("export", stored, "--to", "onnx", "--check", "digits", cwd=stored.parent)
    assert done.returncode == 0, done.stderr
    assert "uint8 (n, 8, 8)" in done.stdout
    assert "0 labels differ" in done.stdout
    assert (stored.parent / "model.onnx").is_file()


def test_the_command_answers_programs(stored, tmp_path):
    done = sightline(
        "export", stored, "--out", "new/m.onnx", "--numbers", "--json", "--check", "digits", cwd=tmp_path
    )
    told = json.loads(done.stdout)
    assert told["bytes"] == (tmp_path / "new" / "m.onnx").stat().st_size
    assert told["label"]["type"] == "int64"
    assert told["checked"]["images"] == 1797
    assert told["checked"]["difference"] < 1e-5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("--to", "pickle"), "no format 'pickle'"), (("--out", "model.sightline"), "is the model itself")],
)
def test_the_command_refuses_what_makes_no_sense(arguments, words, stored):
    before = stored.read_bytes()
    done = sightline("export", "model.sightline", *arguments, cwd=stored.parent)
    assert done.returncode == 2
    assert words in done.stderr
    assert stored.read_bytes() == before
