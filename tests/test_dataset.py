"""Dataset: splits, selections, identity, and what people who come from fetch_openml expect."""

import pickle
import warnings
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from sightline.dataset import Dataset
from sightline.errors import DataError, UsageError

NO_LIMIT = settings(deadline=None)


def make(labels, k=None, side=2, **more):
    """Images whose pixels say which row they were."""
    labels = np.asarray(labels)
    n = len(labels)
    images = (np.arange(n)[:, None, None] + np.zeros((side, side), int)).astype(np.uint8)
    names = tuple(f"class {k}" for k in range(k or int(labels.max()) + 1))
    return Dataset(images, labels, names, **more)


@st.composite
def labelled(draw, at_least=2, min_size=4, max_size=120):
    """A data set of two to six classes with `at_least` images of each."""
    k = draw(st.integers(2, 6))
    more = draw(st.lists(st.integers(0, k - 1), min_size=min_size, max_size=max_size))
    labels = draw(st.permutations(list(range(k)) * at_least + more))
    return make(labels, k)


@pytest.fixture
def some():
    return make([0, 1, 2, 0, 1, 2, 0, 1], name="some", source="there", licence="CC0", n_train=5)


# -- splits --------------------------------------------------------------------------------------------


@NO_LIMIT
@given(labelled(), st.floats(0.05, 0.5), st.integers(0, 1000), st.booleans())
def test_a_split_shares_out_every_row_once(dataset, share, seed, stratify):
    found = dataset.split(test_size=share, seed=seed, stratify=stratify)
    assert sorted(found.rows) == list(range(len(dataset)))
    assert len(found.test) == int(np.ceil(share * len(dataset)))
    np.testing.assert_array_equal(found.images, dataset.images[found.rows])
    np.testing.assert_array_equal(found.labels, dataset.labels[found.rows])
    assert list(found.train.rows) == sorted(found.train.rows)
    assert list(found.test.rows) == sorted(found.test.rows)


@NO_LIMIT
@given(labelled(), st.floats(0.05, 0.5), st.integers(0, 1000))
def test_a_stratified_split_gives_every_class_its_share(dataset, share, seed):
    found = dataset.split(test_size=share, seed=seed)
    k = dataset.n_classes
    counts = np.bincount(dataset.labels, minlength=k)
    tested = np.bincount(found.test.labels, minlength=k)
    due = counts * (len(found.test) / len(dataset))
    assert (np.abs(tested - due) < 1).all() or (tested >= counts - 1).any()
    assert (tested < counts).all()  # every class keeps an image to learn from


@NO_LIMIT
@given(labelled(), st.integers(0, 1000), st.booleans(), st.booleans())
def test_the_same_seed_draws_the_same_split(dataset, seed, stratify, permutation):
    options = {"seed": seed, "stratify": stratify, "permutation": permutation}
    assert dataset.split(**options).digest == dataset.split(**options).digest


def test_other_seeds_draw_other_splits():
    dataset = make(np.arange(100) % 4)
    assert len({dataset.split(seed=seed).digest for seed in range(10)}) == 10


@NO_LIMIT
@given(labelled(), st.floats(0.05, 0.9) | st.integers(1, 5), st.integers(0, 1000))
def test_a_permutation_is_scikit_learns_own(dataset, size, seed):
    train, test, y_train, y_test = train_test_split(dataset.X, dataset.y, test_size=size, random_state=seed)
    found = dataset.split(test_size=size, seed=seed, permutation=True)
    np.testing.assert_array_equal(found.train.X, train)
    np.testing.assert_array_equal(found.test.X, test)
    np.testing.assert_array_equal(found.train.y, y_train)
    np.testing.assert_array_equal(found.test.y, y_test)


def test_classes_of_one_image_stay_in_training_and_the_others_make_up_for_them():
    dataset = make([0, 1, 2, 3] + [4] * 96)
    found = dataset.split(test_size=50, seed=1)
    assert np.bincount(found.test.labels, minlength=5).tolist() == [0, 0, 0, 0, 50]


@pytest.mark.parametrize("size", [0, 8, 9, -1, 0.0, 1.0, 1.5, -0.2, float("nan"), float("inf")])
def test_a_size_that_leaves_one_part_empty(some, size):
    with pytest.raises(UsageError, match="leaves one part empty"):
        some.split(test_size=size)


def test_a_size_that_leaves_a_class_nothing_to_learn_from():
    with pytest.raises(UsageError, match=r"none to learn from\. At most 3 can be kept"):
        make([0, 0, 0, 1, 1, 2]).split(test_size=4)
    assert len(make([0, 0, 0, 1, 1, 2]).split(test_size=4, stratify=False).test) == 4


@pytest.mark.parametrize("seed", [-1, 1 << 32])
def test_an_impossible_seed(some, seed):
    with pytest.raises(UsageError, match="seed"):
        some.split(seed=seed)


def test_train_and_test_are_views(some):
    assert np.shares_memory(some.train.images, some.images)
    assert np.shares_memory(some.test.images, some.images)
    assert (some.train.name, some.test.name) == ("some (train)", "some (test)")
    assert some.train.rows.tolist() == [0, 1, 2, 3, 4]
    assert some.test.rows.tolist() == [5, 6, 7]
    assert some.train.n_train is None


def test_without_a_split_everything_is_for_training():
    dataset = make([0, 1, 0])
    assert dataset.train is dataset
    for unsplit in (dataset, replace(dataset, n_train=3)):
        with pytest.raises(DataError, match=r"no test images\. Call \.split"):
            _ = unsplit.test


# -- selections ----------------------------------------------------------------------------------------


@NO_LIMIT
@given(labelled(), st.data())
def test_rows_remember_where_they_came_from(dataset, data):
    n = len(dataset)
    first = dataset.take(data.draw(st.lists(st.integers(-n, n - 1), min_size=1)))
    second = first.take(data.draw(st.lists(st.integers(0, len(first) - 1), min_size=1)))
    np.testing.assert_array_equal(second.images, dataset.images[second.rows])
    assert (second.rows >= 0).all()


def test_rows_are_taken_by_slice_number_or_mask(some):
    named = replace(some, files=tuple("abcdefgh"))
    for rows in (slice(1, 6, 2), [1, 3, 5], np.array([1, 3, 5]), np.arange(8) % 2 * (np.arange(8) < 6) == 1):
        found = named.take(rows, name="few")
        assert (found.rows.tolist(), found.files, found.name) == ([1, 3, 5], ("b", "d", "f"), "few")
        assert found.n_train is None
    assert np.shares_memory(named.take(slice(1, 3)).images, named.images)
    assert named.take(3).files == ("d",)


def test_rows_that_are_not_there(some):
    for rows in ([], slice(3, 3), np.zeros(8, bool)):
        with pytest.raises(DataError, match="holds no pixels"):
            some.take(rows)
    for rows in ([8], np.ones(5, bool)):
        with pytest.raises(IndexError):
            some.take(rows)


@NO_LIMIT
@given(labelled(), st.data())
def test_a_subset_keeps_classes_rows_and_split(dataset, data):
    dataset = dataset.split(seed=3)
    names = data.draw(st.lists(st.sampled_from(dataset.classes), min_size=2, unique=True))
    found = dataset.subset(names)
    assert found.classes == tuple(names)
    names_of_all = np.array(dataset.classes)[dataset.labels]
    kept = np.isin(names_of_all, names)
    np.testing.assert_array_equal(np.array(found.classes)[found.labels], names_of_all[kept])
    np.testing.assert_array_equal(found.rows, dataset.rows[kept])
    assert found.n_train == kept[: dataset.n_train].sum()


@pytest.mark.parametrize("names", [[], ["class 0"], ["class 0", "class 0"], ["class 0", "class 9"]])
def test_a_subset_needs_two_known_classes(some, names):
    with pytest.raises(UsageError, match="Name two or more of: class 0, class 1, class 2"):
        some.subset(names)


# -- what fits together --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"images": np.zeros((8, 2, 2))}, "float64 of shape"),
        ({"images": np.zeros((8, 4), np.uint8)}, r"shape \(8, 4\)"),
        ({"images": np.zeros((8, 2, 2, 4), np.uint8)}, r"shape \(8, 2, 2, 4\)"),
        ({"images": np.zeros((8, 0, 2), np.uint8)}, "holds no pixels"),
        ({"images": np.zeros((0, 2, 2), np.uint8)}, "holds no pixels"),
        ({"images": np.zeros((7, 2, 2), np.uint8)}, "7 images but labels"),
        ({"labels": np.zeros(8)}, "labels of 'some' are float64"),
        ({"labels": np.zeros((8, 1), int)}, r"labels of shape \(8, 1\)"),
        ({"labels": np.full(8, -1)}, "run from -1 to -1"),
        ({"labels": np.full(8, 3)}, r"lie in 0…2"),
        ({"classes": ("a", "b", "a")}, "the same name"),
        ({"n_train": 9}, "claims 9 for training"),
        ({"n_train": -1}, "claims -1 for training"),
        ({"files": ("a",)}, "1 file names"),
        ({"rows": np.arange(3)}, "row numbers"),
    ],
)
def test_parts_that_do_not_fit_together(some, change, says):
    with pytest.raises(DataError, match=says):
        replace(some, **change)


def test_it_is_frozen(some):
    with pytest.raises(FrozenInstanceError):
        some.name = "other"


@pytest.mark.parametrize("channels", [1, 3])
def test_sizes(channels):
    images = np.zeros((3, 4, 5) if channels == 1 else (3, 4, 5, 3), np.uint8)
    found = Dataset(images, np.array([0, 1, 0]), ("a", "b"))
    assert (len(found), found.height, found.width, found.channels, found.n_classes) == (3, 4, 5, channels, 2)
    assert found.shape == images.shape[1:]
    assert found.X.shape == (3, found.n_features) == (3, 20 * channels)
    assert np.shares_memory(found.X, images)
    assert found.y is found.labels


# -- identity ------------------------------------------------------------------------------------------


@NO_LIMIT
@given(labelled(min_size=1, max_size=20), st.data())
def test_the_digest_tells_contents_apart(dataset, data):
    images = dataset.images.copy()
    row = data.draw(st.integers(0, len(dataset) - 1))
    images[row, 0, 0] ^= data.draw(st.integers(1, 255))
    labels = dataset.labels.copy()
    labels[row] = (labels[row] + 1) % dataset.n_classes
    others = (
        {"images": images},
        {"labels": labels},
        {"classes": dataset.classes[::-1]},
        {"n_train": 2},
        {"images": dataset.images.reshape(len(dataset), 1, 4)},
    )
    digests = {dataset.digest, *(replace(dataset, **change).digest for change in others)}
    assert len(digests) == len(others) + 1  # a digest once computed is not carried over to what differs


def test_the_digest_is_of_contents_not_of_form(some):
    same = (
        replace(some, name="other", source="elsewhere", licence="MIT", notes=("a",)),
        replace(some, labels=some.labels.astype(np.uint8)),
        replace(some, images=np.asfortranarray(some.images)),
        replace(some, n_train=np.int64(5)),
        replace(some, classes=tuple(map(np.str_, some.classes))),
        some.believing(some.digest),
        pickle.loads(pickle.dumps(some)),
    )
    assert {one.digest for one in same} == {some.digest}
    assert len(some.digest) == 64


def test_a_believed_digest_is_not_computed_again(some):
    assert some.believing("abc").digest == "abc"
    assert some.digest != "abc"
    assert replace(some.believing("abc"), name="other").digest == some.digest


# -- for people who come from fetch_openml ---------------------------------------------------------------


def test_the_keys_of_fetch_openml_are_answered(some):
    assert tuple(some) == some.keys()
    for key in some.keys():  # noqa: SIM118 — keys() is what is tested
        assert key in some
        assert some[key] is not None
    assert "pixels" not in some
    assert some["feature_names"] == ["pixel1", "pixel2", "pixel3", "pixel4"]
    assert some["target_names"] == ["class"]
    assert some["categories"] == {"class": ["class 0", "class 1", "class 2"]}
    assert some["details"] == {"name": "some", "licence": "CC0", "digest": some.digest}
    assert some["url"] == "there"
    assert "Licence: CC0" in some["DESCR"]
    with pytest.raises(KeyError, match=r"'images' is not one of data, .* \.take\(rows\)"):
        some["images"]


def test_frames(some):
    frame = some.to_frame()
    assert list(frame.columns) == ["pixel1", "pixel2", "pixel3", "pixel4", "class"]
    np.testing.assert_array_equal(frame.iloc[:, :-1].to_numpy(), some.X)
    assert frame["class"].tolist() == [some.classes[k] for k in some.labels]
    assert isinstance(frame["class"].dtype, pd.CategoricalDtype)
    assert frame["class"].cat.categories.tolist() == list(some.classes)
    pd.testing.assert_frame_equal(some["frame"], frame)
    pd.testing.assert_frame_equal(some.data, frame.iloc[:, :-1])
    pd.testing.assert_series_equal(some.target, frame["class"])
    assert (some.data.dtypes == np.uint8).all()


def test_the_tutorials_own_lines_work(some):
    X, y = some["data"], some["target"]
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=42)
    assert (len(X_train), len(X_test), len(y_train), len(y_test)) == (6, 2, 6, 2)


# -- looks ---------------------------------------------------------------------------------------------


def test_repr():
    dataset = make(np.arange(1200) % 3, name="some", side=3)
    assert repr(dataset) == "Dataset 'some': 1,200 images of 3×3, 3 classes"
    assert repr(dataset.split(test_size=200)).endswith(", 1,000 for training and 200 for testing")


@pytest.mark.parametrize("channels", [1, 3])
def test_the_gallery_shows_each_class_and_cannot_be_injected(channels):
    images = np.zeros((40, 4, 5) if channels == 1 else (40, 4, 5, 3), np.uint8)
    names = ("<b>", *(f"class {k}" for k in range(1, 20)))
    page = Dataset(images, np.arange(40) % 20, names, name="<script>")._repr_html_()
    assert page.count("<img") == 12
    assert "<script>" not in page
    assert "&lt;b&gt;" in page
    assert "2 images of class 1" in page
    with warnings.catch_warnings(record=True) as caught:
        Dataset(images, np.full(40, 7), names)._repr_html_()
    assert caught == []
