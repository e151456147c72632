"""One rule from every number format to uint8 images and class codes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sightline.errors import DataError, UsageError
from sightline.sources.pixels import encode_labels, natural_key, to_images

IMAGES = hnp.arrays(np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(4, 7)))


@given(IMAGES, st.sampled_from([np.uint8, np.int16, np.int64, np.uint32]))
def test_whole_numbers_stay_what_they_are(images, dtype):
    np.testing.assert_array_equal(to_images(images.astype(dtype)), images)


@given(IMAGES)
def test_reals_up_to_one_are_fractions_of_white(images):
    np.testing.assert_array_equal(to_images(images / 255.0), images)


def test_reals_above_one_are_intensities_and_truth_is_white():
    np.testing.assert_array_equal(to_images(np.array([[0.0, 16.0, 254.6, 3.2]])), [[[0, 16], [255, 3]]])
    np.testing.assert_array_equal(to_images(np.array([[True, False, False, True]])), [[[255, 0], [0, 255]]])


def test_uint8_is_not_copied(rng):
    images = rng.integers(0, 256, (3, 4, 4), dtype=np.uint8)
    assert np.shares_memory(to_images(images), images)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([[np.nan, 0, 0, 1]], "1 NaN"),
        ([[np.inf, 0, 0, np.nan]], "1 NaN and 1 infinite"),
        ([[-1, 0, 0, 1]], "-1 to 1"),
        ([[0.0, 0, 0, 256.5]], "0 to 256.5"),
        ([["a", "b", "c", "d"]], "not numbers"),
        ([1, 2, 3], "no images"),
        (np.zeros((0, 4)), "no images"),
        (np.zeros((2, 5, 5, 4)), "shape"),
        (np.zeros((2, 7)), "7 pixel columns"),
    ],
)
def test_what_is_no_image_is_refused(values, says):
    with pytest.raises(DataError, match=says):
        to_images(values)


def test_layouts_of_colour_are_told_apart(rng):
    ramp = np.add.outer(np.arange(8), np.arange(8))[None, :, :, None] * np.array([9, 7, 2]) + 3
    images = (ramp + rng.integers(0, 3, (4, 8, 8, 3))).astype(np.uint8)
    planar = np.moveaxis(images, 3, 1)
    for flat in (images.reshape(4, -1), planar.reshape(4, -1)):
        np.testing.assert_array_equal(to_images(flat), images)
        np.testing.assert_array_equal(to_images(flat, shape=(8, 8)), images)
    np.testing.assert_array_equal(to_images(planar), images)
    np.testing.assert_array_equal(to_images(planar.reshape(4, -1), shape=(3, 8, 8)), images)
    np.testing.assert_array_equal(to_images(images.reshape(4, -1), shape=(8, 8, 3)), images)


def test_shape_gives_rectangles_and_must_be_possible():
    assert to_images(np.zeros((2, 12)), shape=(3, 4)).shape == (2, 3, 4)
    assert to_images(np.zeros((2, 3, 4, 1))).shape == (2, 3, 4)
    with pytest.raises(DataError, match="12 pixel columns"):
        to_images(np.zeros((2, 12)), shape=(5, 5))
    with pytest.raises(UsageError, match="not the shape of an image"):
        to_images(np.zeros((2, 12)), shape=(12,))
    with pytest.raises(UsageError, match="resize"):
        to_images(np.zeros((2, 3, 4)), shape=(4, 3))


@given(st.lists(st.integers(-5, 300), min_size=1, max_size=30))
def test_numbers_are_coded_by_value(labels):
    codes, classes = encode_labels(labels)
    assert [int(classes[c]) for c in codes] == labels
    assert list(map(int, classes)) == sorted(set(labels))


@given(st.lists(st.text("abc1029é", min_size=1, max_size=4), min_size=1, max_size=30))
def test_names_are_coded_by_name(labels):
    codes, classes = encode_labels(labels)
    assert [classes[c] for c in codes] == labels
    assert list(classes) == sorted(classes, key=natural_key)


def test_two_comes_before_ten():
    assert encode_labels(["10", "2", "1"])[1] == ("1", "2", "10")


def test_other_forms_of_labels():
    assert encode_labels(np.eye(3)[[2, 0, 1]])[0].tolist() == [2, 0, 1]
    assert encode_labels([[3], [1]])[0].tolist() == [1, 0]
    assert encode_labels([b"cat", b"ant"])[1] == ("ant", "cat")
    assert encode_labels([1.0, 0.0])[1] == ("0", "1")
    assert encode_labels([1, 0, 1], classes=["no", "yes", "never"])[1] == ("no", "yes", "never")
    assert encode_labels(["yes", "no"], classes=["no", "yes"])[0].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("labels", "classes", "says"),
    [
        ([0.5, 1.0], None, "fractions"),
        ([np.nan, 1.0], None, "no label for 1 of 2 images"),
        (np.array(["a", None], dtype=object), None, "row 2"),
        (np.zeros((2, 3)), None, "shape"),
        ([0, 2], ["a", "b"], "0 to 2"),
        (["a", "z"], ["a", "b"], "z"),
    ],
)
def test_labels_that_are_none_are_refused(labels, classes, says):
    with pytest.raises(DataError, match=says):
        encode_labels(labels, classes=classes)
