"""Patches, orientation, bytes: transformers that keep their laws and refuse what they cannot do."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from sightline.errors import DataError, UsageError
from sightline.features import ByteScaler, Orientation, Patches
from sightline.features.dictionary import learn_dictionary
from sightline.features.orientation import derivatives


@pytest.fixture(scope="module")
def rows():
    return np.random.default_rng(0).random((60, 12 * 10), dtype=np.float32)


def small(**choices):
    return Patches((12, 10), **{"size": 4, "n_atoms": 12, "grid": 3, "n_patches": 3000, **choices})


@pytest.mark.parametrize("kind", ["kmeans", "pca", "random"])
def test_same_seed_same_dictionary_on_any_threads(monkeypatch, rows, kind):
    one = small(dictionary=kind).fit(rows)
    monkeypatch.setenv("SIGHTLINE_THREADS", "3")
    np.testing.assert_array_equal(one.filters_, small(dictionary=kind).fit(rows).filters_)
    if kind != "pca":
        assert not np.array_equal(one.filters_, small(dictionary=kind, random_state=1).fit(rows).filters_)


def test_labels_teach_the_dictionary_nothing(rows):
    labels = np.arange(len(rows)) % 2
    np.testing.assert_array_equal(small().fit(rows, labels).filters_, small().fit(rows).filters_)


def test_atoms_have_length_one_and_stand_where_patches_gather():
    rng = np.random.default_rng(0)
    centres = np.linalg.qr(rng.standard_normal((9, 9)))[0][:3]
    near = centres[rng.integers(0, 3, 3000)] * rng.choice([-1, 1], (3000, 1)) + 0.05 * rng.standard_normal(
        (3000, 9)
    )
    found = learn_dictionary(near.astype(np.float32), 3, ridge=1e3)  # so strong a ridge whitens nothing
    np.testing.assert_allclose(np.linalg.norm(found.atoms, axis=1), 1, atol=1e-5)
    likeness = np.abs(found.atoms @ centres.T)
    assert (likeness.max(axis=0) > 0.98).all()


def test_whitened_patches_have_no_favourite_direction():
    rng = np.random.default_rng(0)
    patches = (rng.standard_normal((4000, 6)) * [5, 3, 1, 1, 0.5, 0.3] + 2).astype(np.float32)
    found = learn_dictionary(patches, 6, kind="pca", ridge=1e-6)
    scores = patches @ found.filters + found.offset
    np.testing.assert_allclose(np.cov(scores.T), np.eye(6), atol=2e-2)
    np.testing.assert_allclose(scores.mean(axis=0), 0, atol=1e-2)


def test_float64_agrees_with_float32_and_stays(rows):
    step = small().fit(rows)
    fine = step.transform(rows.astype(np.float64))
    assert (fine.dtype, step.transform(rows).dtype) == (np.float64, np.float32)
    np.testing.assert_allclose(fine, step.transform(rows), atol=1e-3)


def test_names_number_the_features(rows):
    for step in (small(), small(grid=None, pool=3, n_components=4), Orientation((12, 10))):
        names = step.fit(rows).get_feature_names_out()
        assert len(set(names)) == step.transform(rows[:2]).shape[1]


def test_a_map_keeps_the_directions_that_differ_most(rows):
    whole, few = small(grid=None, pool=3), small(grid=None, pool=3, n_components=5)
    assert few.fit(rows).map_shape_ == (3, 2, 5)
    scores = few.transform(rows).reshape(-1, 5).var(axis=0)
    assert (np.diff(scores) <= 1e-6).all()
    assert whole.fit(rows).map_shape_ == (3, 2, 24)


@pytest.mark.parametrize("step", [small(), Orientation((12, 10)), ByteScaler()])
def test_clones_and_pickles(rows, step):
    fitted = clone(step).fit(rows)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.transform(rows), fitted.transform(rows))
    assert repr(clone(fitted)) == repr(step)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Patches((12, 10), size=11), r"images of 12×10 pixels are smaller than a patch of 11×11"),
        (Orientation((12, 10), sizes=(3, 11)), r"smaller than a window of 11"),
        (Orientation((12, 10), sizes=(3,)), "do not go together"),
        (Orientation((12, 10), n_directions=7), "not an even number"),
        (Patches((12, 10), dictionary="magic"), "no dictionary 'magic'"),
        (Patches((12, 10), n_atoms=0), "n_atoms = 0 is below 1"),
        (Patches((12, 10), grid=0), "grid = 0 is below 1"),
        (Patches((12, 11)), "not images of shape"),
        (Patches((4, 10, 4)), "not images of shape"),
        (ByteScaler(steps=0), "not above 0"),
    ],
)
def test_what_cannot_be_is_refused(rows, step, words):
    with pytest.raises(UsageError, match=words):
        step.fit(rows)


def test_constant_images_have_nothing_to_teach():
    with pytest.raises(DataError, match="every patch of the images is blank"):
        small().fit(np.full((5, 120), 0.5, np.float32))


def test_fewer_patches_than_atoms_are_fewer_atoms():
    X = np.random.default_rng(0).random((2, 16))
    step = Patches((4, 4), size=4, n_atoms=50).fit(X)
    assert step.filters_.shape == (16, 2)


# -- orientation ------------------------------------------------------------------------------------------


def test_an_image_turned_by_90_degrees_turns_its_histograms():
    image = np.random.default_rng(0).random((1, 9, 9))
    step = Orientation((9, 9), sizes=(3,), grids=(1,), n_directions=8).fit(image.reshape(1, -1))
    plain = step.transform(image.reshape(1, -1))[0]
    turned = step.transform(np.rot90(image, axes=(1, 2)).reshape(1, -1))[0]
    np.testing.assert_allclose(turned, np.roll(plain, -2), atol=1e-6)


def test_a_rising_edge_is_seen_in_its_direction():
    image = np.zeros((8, 8))
    image[:, 4:] = 1
    step = Orientation((8, 8), sizes=(3,), grids=(1,), n_directions=8).fit(image.reshape(1, -1))
    found = dict(zip(step.get_feature_names_out(), step.transform(image.reshape(1, -1))[0], strict=True))
    assert max(found, key=found.get) == "window 3, cell 0·0, 0°"
    assert found["window 3, cell 0·0, 180°"] == 0


@given(st.integers(2, 9), st.integers(1, 12), st.sampled_from([1, 3]))
def test_derivatives_see_no_flat_grey_and_score_1_at_most(size, n, channels):
    F = derivatives(size, n, channels).astype(np.float64)
    np.testing.assert_allclose(F.sum(axis=0), 0, atol=1e-6)
    best = F / np.sqrt(np.square(F).mean(axis=0))  # the patch of unit contrast that answers most
    np.testing.assert_allclose((best * F).sum(axis=0), 1, atol=1e-5)


# -- bytes ------------------------------------------------------------------------------------------------


@given(st.integers(0, 10_000), st.sampled_from([np.float32, np.float64, np.uint8]))
def test_bytes_are_within_half_a_step(seed, dtype):
    rng = np.random.default_rng(seed)
    X = (rng.random((30, 6)) * [1, 10, 100, 0, 200, 1e-2]).astype(dtype)
    step = ByteScaler().fit(X)
    found = step.transform(X)
    assert found.dtype == np.uint8
    seen = step.scale_ > 0
    back = found[:, seen] / step.scale_[seen]
    below = found[:, seen] < 255
    assert (
        np.abs(back - X[:, seen])[below] <= np.broadcast_to(0.501 / step.scale_[seen], below.shape)[below]
    ).all()
    assert not found[:, ~seen].any()


def test_bytes_refuse_what_is_below_0():
    with pytest.raises(UsageError, match="numbers ≥ 0"):
        ByteScaler().fit(np.array([[1.0, -1.0], [0, 1]]))
