"""Atoms, maps and changes: what is shown is what the steps do."""

import numpy as np
import pytest

from sightline.anatomy import (
    augmentation_of,
    count_dictionaries,
    find_atoms,
    has_slant,
    make_copies,
    straighten,
    trace_features,
)
from sightline.errors import ModelError
from sightline.features import Augmentation, make_recipe
from sightline.model import Model


def learned(name, data, **choices):
    few = data.train.take(np.arange(min(len(data.train), 300)))
    pipeline = make_recipe(name, shape=data.shape, **choices).fit(few.X, few.labels)
    return Model(pipeline, data.classes, data.shape, name)


@pytest.fixture(scope="module", params=["two_colours", "digits"])
def data(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def layered(data):
    return learned("two-layers", data, n_atoms=10)


# -- atoms ------------------------------------------------------------------------------------------


def test_atoms_are_ordered_by_use(layered, data):
    assert count_dictionaries(layered) == 2
    for layer in (0, 1):
        atoms = find_atoms(layered, data.train.images, layer)
        assert atoms.use.sum() == pytest.approx(1)
        busy = atoms.use.sum(axis=1)
        assert (np.diff(busy) <= 1e-12).all()
        assert sorted(atoms.which) == list(range(len(atoms.which)))
        assert (atoms.patterns is None) == (layer == 1)
        assert atoms.excited.shape[:2] == (len(atoms.which), 2)
        assert 0 <= atoms.excited.min() <= atoms.excited.max() <= 255


def test_what_excites_an_atom_excites_it_more_than_what_does_the_opposite(data):
    model = learned("patches", data, n_atoms=8, straighten=0)
    step = model.pipeline["patches"]
    atoms = find_atoms(model, data.train.images)
    for i, k in enumerate(atoms.which):
        plus, minus = step._layer.scores(atoms.excited[i].reshape(2, -1) / 255)[:, k]
        assert plus > 0 > minus


def test_a_pattern_is_the_atom_put_back_among_the_pixels(digits):
    model = learned("patches", digits, n_atoms=8, straighten=0)
    layer = model.pipeline["patches"]._layer
    atoms = find_atoms(model, digits.train.images)
    for pattern, k in zip(atoms.patterns, atoms.which, strict=True):
        flat = pattern.reshape(-1)
        answers = (flat - flat.mean()) @ layer.filters
        assert np.abs(answers).argmax() == k
        assert answers[k] > 0


@pytest.mark.parametrize("layer", [-3, 2])
def test_a_dictionary_that_is_not_there(layer, layered, data):
    with pytest.raises(ModelError, match="has 2 dictionaries"):
        find_atoms(layered, data.train.images, layer)


# -- one image --------------------------------------------------------------------------------------


def test_the_way_ends_in_the_features_of_the_layers(layered, data):
    image = data.test.images[4]
    maps = trace_features(layered, image, most=5)
    assert (maps.image == image).all()
    steps = layered.pipeline
    upright = steps["range"].transform(image.reshape(1, -1))
    upright = steps["deskew"].transform(upright)
    assert maps.stages[0].name == "straightened"
    np.testing.assert_allclose(maps.stages[0].pictures[0], 255 * np.clip(upright, 0, 1).reshape(image.shape))
    pooled = [stage for stage in maps.stages if stage.note == "root of their sum in cells"]
    layer = steps["maps"]._layer
    features = layer(steps["maps"].images(upright)).reshape(*layer.grid, 2, layer.n_atoms)
    captions = next(stage.captions for stage in maps.stages if any(stage.captions))
    for picture, caption in zip(pooled[0].pictures, captions, strict=True):
        atom, sign = caption.split()
        np.testing.assert_allclose(picture, features[:, :, "+−".index(sign), int(atom)], atol=1e-4)
    strength = [picture.sum() for picture in pooled[0].pictures]
    assert strength == sorted(strength, reverse=True)
    assert len(strength) == 5


@pytest.mark.parametrize("name", ["pixels", "minmax", "standard", "pca-poly", "orientation"])
def test_every_recipe_has_a_way(name, data):
    model = learned(name, data)
    stages = trace_features(model, data.test.images[0]).stages
    assert {stage.kind for stage in stages} <= {"pixels", "amount", "signed"}
    assert bool(stages) == (name != "pixels")
    for stage in stages:
        assert len(stage.captions) == len(stage.pictures)
        assert np.isfinite(stage.pictures).all()


def test_a_blank_image_has_a_way_too(layered, data):
    for stage in trace_features(layered, np.zeros(data.shape, np.uint8)).stages:
        assert np.isfinite(stage.pictures).all()


# -- straightened, copied ---------------------------------------------------------------------------


def test_what_was_on_the_line_is_in_the_middle(digits):
    model = learned("deskew-pca-poly", digits)
    assert has_slant(model)
    straight = straighten(model, digits.test.images[:20])
    rows = np.arange(8)
    for i in range(20):
        padded = np.pad(straight.before[i], ((0, 0), (20, 20)))
        for c in range(8):  # column c of the result lies as far from the line as from the middle
            at = straight.line[i] + (c - 4) + 20
            left = np.floor(np.round(at, 6)).astype(int)
            part = at - left
            read = (1 - part) * padded[rows, left] + part * padded[rows, left + 1]
            np.testing.assert_allclose(straight.after[i][:, c], read, atol=0.01)
    assert np.sign(straight.slant).tolist() == np.sign(straight.line[:, -1] - straight.line[:, 0]).tolist()


def test_a_model_that_straightens_nothing(data):
    model = learned("pixels", data)
    assert not has_slant(model)
    with pytest.raises(ModelError, match="straightens nothing"):
        straighten(model, data.test.images[:2])


def test_copies_are_those_that_the_model_learned_from(data):
    model = learned("patches-augmented", data, n_atoms=6, copies=2)
    how, n, seed = augmentation_of(model)
    few = data.train.images[:300]
    copies = make_copies(few, how, rows=[7, 2], n=n, seed=seed)
    assert (copies.originals == few[[7, 2]]).all()
    labels = np.zeros(len(few))
    everything = model.pipeline.training_features(few.reshape(len(few), -1), labels)[0]
    again = model.pipeline.features(copies.copies[0].reshape(2, -1))
    np.testing.assert_array_equal(everything[[len(few) + 7, 2 * len(few) + 7]], again)
    assert augmentation_of(learned("patches", data, n_atoms=6)) is None


def test_an_augmentation_of_nothing_changes_nothing(data):
    copies = make_copies(data.train.images[:9], Augmentation().times(0), n=2)
    assert copies.words == "left as they are"
    assert copies.copies.shape[:2] == (6, 2)
    assert (copies.copies == copies.originals[:, None]).all()
    assert (
        make_copies(data.train.images[:9], Augmentation(shear=0, bending=0)).words
        == "moved, turned and scaled"
    )
    assert make_copies(data.train.images[:9], Augmentation().times(0), n=0).copies.shape[1] == 0
