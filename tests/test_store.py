"""A stored model decides as it did; anything else in its place is told apart from it, and runs no code."""

import io
import json
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.decomposition import FastICA
from sklearn.pipeline import Pipeline

from sightline.errors import ModelError, NotFoundError, StorageError
from sightline.features import RECIPES, make_recipe
from sightline.logistic import LogisticRegression
from sightline.model import Model
from sightline.store import load_model, save_model


@pytest.fixture(scope="module")
def model(digits):
    pipeline = make_recipe("deskew-pca-poly", shape=digits.shape, n_components=12)
    pipeline.fit(digits.train.X, digits.train.y)
    return Model(pipeline, digits.classes, digits.shape, "deskew-pca-poly", {"accuracy": 0.97, "seed": 0})


@pytest.fixture
def stored(model, tmp_path):
    save_model(model, tmp_path / "model.sightline")
    return tmp_path / "model.sightline"


@pytest.mark.parametrize("fixture", ["digits", "two_colours"])
@pytest.mark.parametrize("name", RECIPES)
def test_it_decides_as_before_to_the_last_bit(name, fixture, request, tmp_path):
    data = request.getfixturevalue(fixture)
    before = Model(
        make_recipe(name, shape=data.shape).fit(data.train.X, data.train.y), data.classes, data.shape, name
    )
    save_model(before, tmp_path / "m")
    after = load_model(tmp_path / "m")
    np.testing.assert_array_equal(after.predict_proba(data.images), before.predict_proba(data.images))
    assert (after.classes, after.shape, after.recipe) == (before.classes, before.shape, name)
    history, was = after.pipeline[-1].history_, before.pipeline[-1].history_
    np.testing.assert_array_equal(history.column("objective"), was.column("objective"))
    assert (history.converged, history.outcome) == (was.converged, was.outcome)


def test_the_same_model_gives_the_same_file(model, tmp_path):
    for name in ("a", "b"):
        save_model(model, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_what_it_knows_of_itself_is_kept(stored, model):
    assert load_model(stored).about == model.about


def rewritten(path, change):
    """The file with its entries changed by `change(entries)`."""
    with zipfile.ZipFile(path) as file:
        entries = {name: file.read(name) for name in file.namelist()}
    change(entries)
    with zipfile.ZipFile(path, "w") as file:
        for name, content in entries.items():
            file.writestr(name, content)


def manifest(entries, **changes):
    found = json.loads(entries["manifest.json"])
    found.update(changes)
    entries["manifest.json"] = json.dumps(found).encode()


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("unpickling ran code",))


def test_a_pickle_inside_runs_no_code(stored):
    buffer = io.BytesIO()
    np.save(buffer, np.array([Bomb()], dtype=object), allow_pickle=True)

    def swap(entries):
        name = next(name for name in entries if name.endswith("classifier-coef.npy"))
        entries[name] = buffer.getvalue()
        found = json.loads(entries["manifest.json"])
        import hashlib

        for step in found["steps"]:
            if step["name"] == "classifier":
                step["fitted"]["coef_"]["sha256"] = hashlib.sha256(entries[name]).hexdigest()
        entries["manifest.json"] = json.dumps(found).encode()

    rewritten(stored, swap)
    with pytest.raises(ModelError, match="not a readable"):
        load_model(stored)


def test_a_pickle_in_its_place_runs_no_code(stored):
    stored.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ModelError, match="not a readable Sightline model"):
        load_model(stored)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda e: manifest(e, format="other"), "not a Sightline model"),
        (lambda e: manifest(e, version=99), "newer Sightline"),
        (lambda e: manifest(e, classes=["only", "three", "names"]), "do not fit together"),
        (lambda e: manifest(e, shape=[4, 4]), "not a readable"),
        (lambda e: manifest(e, steps=[{"name": "x", "type": "os.system"}]), "not a readable"),
        (lambda e: e.pop("manifest.json"), "not a readable"),
        (lambda e: e.pop(next(n for n in e if n.endswith("pca-mean.npy"))), "not a readable"),
        (lambda e: e.update({next(n for n in e if n.endswith("pca-mean.npy")): b"\x93NUMPY"}), "damaged"),
        (lambda e: e.update({"manifest.json": b"[" * 100_000}), "not a readable"),
    ],
)
def test_foreign_and_damaged_files_are_told_apart(stored, change, says):
    rewritten(stored, change)
    with pytest.raises(ModelError, match=says):
        load_model(stored)


@pytest.mark.parametrize("lie", [[3, 3, 1 << 33], [-3, -3, 1 << 33], 1 << 40])  # as float32: terabytes
def test_a_shape_that_lies_gets_no_memory(two_colours, tmp_path, lie):
    data = two_colours
    pipeline = make_recipe("patches", shape=data.shape).fit(data.train.X, data.train.y)
    path = tmp_path / "model.sightline"
    save_model(Model(pipeline, data.classes, data.shape, "patches"), path)

    def swell(entries):
        found = json.loads(entries["manifest.json"])
        (patches,) = [step for step in found["steps"] if "map_shape_" in step["fitted"]]
        patches["fitted"]["map_shape_"] = lie
        entries["manifest.json"] = json.dumps(found).encode()

    rewritten(path, swell)
    with pytest.raises(ModelError, match="a shape has more numbers than any that is of use"):
        load_model(path)


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_changed_byte_is_noticed_or_harmless(stored, model, digits, data):
    content = bytearray(stored.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    changed = stored.with_name("changed")
    changed.write_bytes(content)
    try:
        found = load_model(changed)
    except ModelError:
        return
    images = digits.test.images[:50]
    np.testing.assert_array_equal(found.predict_proba(images), model.predict_proba(images))


def test_a_truncated_file_is_told(stored):
    stored.write_bytes(stored.read_bytes()[:-200])
    with pytest.raises(ModelError, match="not a readable"):
        load_model(stored)


def test_a_claim_to_unpack_to_too_much_is_refused(stored, monkeypatch):
    monkeypatch.setattr("sightline.store.LARGEST", 1000)
    with pytest.raises(ModelError, match="claims to unpack"):
        load_model(stored)


def test_a_missing_file_says_where_models_come_from(tmp_path):
    with pytest.raises(NotFoundError, match="sightline learn"):
        load_model(tmp_path / "nothing")


def test_an_unknown_step_is_refused_and_what_was_there_stays(stored, model, digits):
    before = stored.read_bytes()
    strange = Pipeline([("ica", FastICA(4)), ("classifier", LogisticRegression())])
    strange.fit(digits.train.X / 255.0, digits.train.y)
    with pytest.raises(ModelError, match=r"'ica', a FastICA, cannot be stored"):
        save_model(Model(strange, digits.classes, digits.shape), stored)
    assert stored.read_bytes() == before


def test_a_folder_that_is_not_there(model, tmp_path):
    with pytest.raises(StorageError, match="Choose a folder"):
        save_model(model, tmp_path / "nowhere" / "m")
