"""Copies of images, and pipelines that learn from them block by block."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.pipeline import Pipeline

from sightline.errors import UsageError
from sightline.features import Augmentation, RangeScaler, StreamedPipeline, augmented, make_recipe
from sightline.features.streamed import BLOCK
from sightline.logistic import LogisticRegression
from sightline.selection import find_traits, keep_aside


def copied(X, shape, how, **more):
    out = np.empty_like(X)
    for rows, block in augmented(X, shape, how, **more):
        out[rows] = block
    return out


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_no_change_changes_nothing(dtype, digits):
    X = digits.X[:300].astype(dtype)
    np.testing.assert_array_equal(copied(X, digits.shape, Augmentation().times(0)), X)


def test_copies_follow_from_seed_and_number_alone(monkeypatch, digits):
    X, how = digits.X, Augmentation()
    one = copied(X, digits.shape, how, copy=1, seed=5)
    monkeypatch.setenv("SIGHTLINE_THREADS", "3")
    np.testing.assert_array_equal(one, copied(X, digits.shape, how, copy=1, seed=5))
    assert (one != copied(X, digits.shape, how, copy=2, seed=5)).any()
    assert (one != copied(X, digits.shape, how, copy=1, seed=6)).any()
    np.testing.assert_array_equal(one[:512], copied(X[:512], digits.shape, how, copy=1, seed=5))


def test_copies_resemble_their_image(digits):
    X = digits.X.astype(np.float32)
    near = np.linalg.norm(copied(X, digits.shape, Augmentation()) - X, axis=1)
    far = np.linalg.norm(X[::-1] - X, axis=1)
    assert 0 < np.median(near) < 0.6 * np.median(far)


def test_a_mirror_is_a_mirror(digits):
    X = digits.X[:50]
    how = Augmentation().times(0)
    turned = copied(X, digits.shape, Augmentation(**{**how.__dict__, "mirror": 1.0}))
    np.testing.assert_array_equal(turned.reshape(50, 8, 8), X.reshape(50, 8, 8)[:, :, ::-1])


def test_weight_thickens_and_thins(digits):
    X = digits.X.astype(np.float32)
    how = Augmentation(**{**Augmentation().times(0).__dict__, "weight": 0.5})
    ink = copied(X, digits.shape, how).sum(axis=1) / X.sum(axis=1)
    assert ink.min() < 0.9
    assert ink.max() > 1.1


@given(st.sampled_from([(6, 6), (7, 30), (16, 16, 3), (96, 96)]), st.integers(0, 100))
def test_any_size_and_colour(shape, seed):
    X = np.random.default_rng(seed).integers(0, 256, (3, int(np.prod(shape))), dtype=np.uint8)
    found = copied(X, shape, Augmentation(light=0.2, weight=0.2, mirror=0.5), seed=seed)
    assert found.shape == X.shape
    assert found.dtype == np.uint8


@pytest.mark.parametrize("wrong", [{"rotation": -1}, {"shift": np.nan}, {"mirror": 2}])
def test_impossible_augmentations_are_refused(wrong):
    with pytest.raises(UsageError):
        Augmentation(**wrong)


def steps():
    return [("range", RangeScaler()), ("classifier", LogisticRegression())]


def test_without_copies_it_is_a_pipeline(digits):
    X, y = digits.train.X, digits.train.y
    ours, theirs = StreamedPipeline(steps()).fit(X, y), Pipeline(steps()).fit(X, y)
    np.testing.assert_array_equal(ours[-1].coef_, theirs[-1].coef_)


def test_images_come_first_then_copy_by_copy(digits):
    X, y = digits.train.X[:700], digits.train.labels[:700]
    model = StreamedPipeline(steps(), copies=2, shape=digits.shape, random_state=4)
    shares = []
    features, labels = model.training_features(X, y, shares.append)
    np.testing.assert_array_equal(labels, np.tile(y, 3))
    np.testing.assert_array_equal(features[:700], X / np.float32(255))
    second = copied(X, digits.shape, Augmentation(), copy=2, seed=4)
    np.testing.assert_array_equal(features[1400:], second / np.float32(255))
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_features_do_not_depend_on_the_blocks(digits):
    X = np.tile(digits.X, (2, 1))
    assert len(X) > BLOCK
    model = make_recipe("orientation", shape=digits.shape).fit(digits.train.X, digits.train.y)
    np.testing.assert_array_equal(model.features(X)[: len(digits.X)], model[:-1].transform(digits.X))


def test_negative_copies_are_refused(digits):
    with pytest.raises(UsageError, match="below 0"):
        StreamedPipeline(steps(), copies=-1).fit(digits.train.X, digits.train.y)


def test_recipes_of_patches_ask_for_the_shape():
    with pytest.raises(UsageError, match="has to know the shape"):
        make_recipe("patches")
    with pytest.raises(UsageError, match="too small for patches"):
        make_recipe("patches", shape=(5, 9))


def test_traits_are_found(digits):
    parts = keep_aside(digits.train, 0)
    assert find_traits(parts[0])["mirror"] == 0  # a mirrored digit is another mark
