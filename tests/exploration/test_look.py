"""What a look at a data set finds, against NumPy on the whole matrix and against planted oddities."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.dataset import Dataset
from sightline.exploration import duplicates, explore, moments, summary, to_json
from sightline.exploration.look import band_of
from sightline.exploration.words import count, percent


def noise(n=40, shape=(6, 5), classes=3, seed=0, **more):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (n, *shape), dtype=np.uint8)
    labels = rng.integers(0, classes, n)
    return Dataset(images, labels, tuple(f"class {k}" for k in range(classes)), **more)


@st.composite
def datasets(draw):
    n, height, width = draw(st.integers(1, 12)), draw(st.integers(1, 5)), draw(st.integers(1, 5))
    shape = (height, width, 3) if draw(st.booleans()) else (height, width)
    classes = draw(st.integers(1, 4))
    levels = draw(st.sampled_from([1, 2, 5, 256]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    images = (rng.integers(0, levels, (n, *shape)) * (255 // max(1, levels - 1))).astype(np.uint8)
    n_train = draw(st.none() | st.integers(0, n))
    names = tuple(str(k) for k in range(classes))
    return Dataset(images, rng.integers(0, classes, n), names, n_train=n_train)


@given(datasets())
@settings(max_examples=60, deadline=None)
def test_every_number_is_numpys(dataset):
    found, X = explore(dataset), dataset.X.astype(np.float64)
    y, K = dataset.labels, dataset.n_classes
    assert (found.minimum, found.maximum) == (X.min(), X.max())
    np.testing.assert_allclose([found.mean, found.std], [X.mean(), X.std()], atol=1e-9)
    np.testing.assert_array_equal(found.histogram, np.bincount(dataset.X.ravel(), minlength=256))
    assert found.zero_share == pytest.approx((X == 0).mean())
    still = (dataset.images == dataset.images[0]).all(axis=0)
    np.testing.assert_array_equal(found.constant, still if still.ndim == 2 else still.all(axis=2))
    np.testing.assert_allclose(found.mean_image.ravel(), X.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(found.variance_image.ravel(), X.var(axis=0), atol=1e-6)
    np.testing.assert_array_equal(found.counts, np.bincount(y, minlength=K))
    for k in np.unique(y):
        np.testing.assert_allclose(found.class_mean[k].ravel(), X[y == k].mean(axis=0), atol=1e-9)
        np.testing.assert_allclose(found.class_variance[k].ravel(), X[y == k].var(axis=0), atol=1e-6)
    assert found.sampled is None
    assert found.near_sampled is None
    json.dumps(to_json(found), allow_nan=False)
    assert all(sentence[-1] in ".)" for sentence in summary(found))


@given(datasets())
@settings(max_examples=60, deadline=None)
def test_explained_variance_is_that_of_the_singular_values(dataset):
    found = explore(dataset)
    X = dataset.X - dataset.X.mean(axis=0)
    values = np.linalg.svd(X, compute_uv=False) ** 2
    if values.sum() < 1e-6:
        assert set(found.rank.values()) == {0}
        return
    share = np.cumsum(values) / values.sum()
    np.testing.assert_allclose(found.explained, share[: len(found.explained)], atol=1e-5)
    for wanted, directions in found.rank.items():
        assert share[directions - 1] >= wanted - 1e-5
        assert directions == 1 or share[directions - 2] < wanted + 1e-5


@given(datasets())
@settings(max_examples=60, deadline=None)
def test_duplicates_are_those_of_comparing_every_pair(dataset):
    found, X = explore(dataset), dataset.X.astype(np.float64)
    n, t = len(X), found.near_threshold
    rms = np.sqrt(((X[:, None] - X[None]) ** 2).mean(axis=2))
    together = {(i, j) for group in found.exact_duplicates for i in group for j in group if i < j}
    assert together == {(i, j) for i in range(n) for j in range(i + 1, n) if rms[i, j] == 0}
    first = [i for i in range(n) if not (rms[i, :i] == 0).any()]
    expected = {(i, j) for i in first for j in first if i < j and 0 < rms[i, j] <= t}
    assert {pair[:2] for pair in found.near_duplicates} == expected
    n_train = dataset.n_train if dataset.n_train is not None else n
    touched = {j for j in range(n_train, n) if (rms[j, :n_train] == 0).any()}
    assert {row for _, row, distance in found.leaks if distance == 0} == touched
    assert all(a < n_train <= b for a, b, _ in found.leaks)


def test_planted_oddities_are_found():
    dataset = noise(60, n_train=40)
    images, labels = dataset.images.copy(), dataset.labels.copy()
    images[7] = images[3]  # within the training rows, and with another label
    labels[3], labels[7] = 0, 1
    images[50] = images[5]  # a leak
    labels[50] = labels[5]
    near = images[6].astype(int)
    near[0, 0] += 8 if near[0, 0] < 128 else -8
    images[55] = near.astype(np.uint8)  # a leak with one pixel changed
    images[20] = 77  # blank
    found = explore(Dataset(images, labels, dataset.classes, n_train=40))
    assert found.exact_duplicates == [(3, 7), (5, 50)]
    assert found.conflicts == [(3, 7)]
    assert [pair[:2] for pair in found.near_duplicates] == [(6, 55)]
    assert found.near_duplicates[0][2] == pytest.approx(8 / np.sqrt(30))
    assert [pair[:2] for pair in found.leaks] == [(5, 50), (6, 55)]
    assert found.blank.tolist() == [20]
    said = " ".join(summary(found))
    for words in (
        "2 images repeat",
        "1 pair differs",
        "2 test images are",
        "1 image carries",
        "1 image is blank",
    ):
        assert words in said


def test_a_near_duplicate_of_a_repeated_image_leaks_into_every_copy():
    images = noise(8).images.copy()
    images[6] = images[7] = images[2] ^ 1
    found = explore(Dataset(images, np.zeros(8, int), ("only",), n_train=4))
    assert [pair[:2] for pair in found.leaks] == [(2, 6), (2, 7)]


def test_one_colour_everywhere_is_blank_and_one_channel_that_moves_is_change():
    images = np.zeros((3, 4, 4, 3), np.uint8)
    images[0] = (255, 128, 0)
    images[1, 2, 2, 1] = 9
    found = explore(Dataset(images, np.array([0, 1, 1]), ("a", "b")))
    assert found.blank.tolist() == [0, 2]
    assert not found.constant.any()
    assert found.constant.shape == (4, 4)
    assert found.class_mean.shape == (2, 4, 4, 3)
    assert "a red, a green and a blue value" in " ".join(summary(found))


def test_two_images_and_a_class_without_any():
    images = np.array([np.zeros((2, 2)), np.full((2, 2), 255)], np.uint8)
    found = explore(Dataset(images, np.array([0, 2]), ("a", "b", "c")))
    assert found.counts.tolist() == [1, 0, 1]
    assert found.balance == 0
    assert found.typical[:, 0].tolist() == [0, -1, 1]
    assert found.rank == {0.9: 1, 0.95: 1, 0.99: 1}
    assert not found.class_mean[1].any()


def test_a_single_repeated_image_has_no_direction():
    found = explore(Dataset(np.full((3, 2, 2), 9, np.uint8), np.zeros(3, int), ("a",)))
    assert set(found.rank.values()) == {0}
    assert "nothing to learn" in " ".join(summary(found))


def test_typical_rows_lie_nearest_to_their_class_mean_and_atypical_farthest():
    dataset = noise(90)
    found = explore(dataset)
    for k in range(3):
        rows = np.flatnonzero(dataset.labels == k)
        X = dataset.X[rows].astype(float)
        order = rows[np.argsort(((X - X.mean(axis=0)) ** 2).sum(axis=1))]
        assert found.typical[k].tolist() == order[:5].tolist()
        assert found.atypical[k].tolist() == order[::-1][:5].tolist()


def test_the_band_is_the_tutorials_where_it_fits():
    assert band_of(784) == (400, 500)
    assert band_of(501) == (400, 500)
    assert band_of(64) == (28, 36)
    assert band_of(1) == (0, 1)
    dataset = noise(3, (28, 28))
    np.testing.assert_array_equal(explore(dataset).band_values, dataset.X[:3, 400:500])


def test_split_counts_add_up_and_are_absent_without_a_split():
    found = explore(noise(n_train=30))
    assert found.train_counts.sum() == 30
    np.testing.assert_array_equal(found.train_counts + found.test_counts, found.counts)
    assert explore(noise()).test_counts is None


def test_a_sample_says_so_and_comes_near_the_whole(monkeypatch):
    rng = np.random.default_rng(0)
    base = rng.standard_normal((3000, 4)) @ rng.standard_normal((4, 20)) * 20 + 128
    X = np.clip(base, 0, 255).astype(np.uint8)
    whole, none = moments.explained_variance(X, X.mean(axis=0), rng)
    part, sampled = moments.explained_variance(X, X.mean(axis=0), rng, work=1e5)
    assert (none, sampled) == (None, 1000)
    np.testing.assert_allclose(part, whole, atol=0.03)
    monkeypatch.setattr(duplicates, "MOST_CANDIDATES", 50)
    near, searched = duplicates.near_pairs(X, np.arange(3000), 10.0, rng)
    assert searched is not None
    assert searched < 3000
    assert all(distance <= 10 for _, _, distance in near)
    assert explore(noise(), seed=3).near_sampled is None


def test_the_same_seed_gives_the_same_exploration():
    dataset = noise(50, n_train=25)
    assert to_json(explore(dataset, seed=4)) == to_json(explore(dataset, seed=4))


def test_shares_and_counts_in_words():
    assert percent(0.005) == "less than 1 %"
    assert percent(0.999) == "more than 99 %"
    assert percent(0) == "0 %"
    assert count(2, "class", "classes") == "2 classes"
    assert count(0, "pair") == "no pairs"
