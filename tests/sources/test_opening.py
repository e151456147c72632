"""`load`: every kind of thing it takes, every split, and one clear message for everything else."""

import gzip
import os
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.model_selection import train_test_split

from sightline.dataset import Dataset
from sightline.errors import DataError, NotFoundError, SightlineError, UsageError
from sightline.sources import from_arrays, load, opening


def idx_bytes(array):
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def some(rng):
    return rng.integers(0, 256, (20, 4, 4), dtype=np.uint8), np.arange(20, dtype=np.uint8) % 2


@pytest.fixture
def kinds(tmp_path, some):
    """The same twenty images in every form that `load` takes."""
    images, labels = some
    rows = images.reshape(20, 16)
    folder = tmp_path / "folder"
    for k, (image, label) in enumerate(zip(images, labels, strict=True)):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / str(label) / f"{k}.png")
    np.savez(tmp_path / "set.npz", images=images, labels=labels)
    np.save(tmp_path / "images.npy", images)
    np.save(tmp_path / "labels.npy", labels)
    (tmp_path / "idx").mkdir()
    (tmp_path / "idx" / "train-images-idx3-ubyte").write_bytes(idx_bytes(images))
    (tmp_path / "idx" / "train-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    names = [f"pixel{j}" for j in range(16)]
    lines = [",".join([str(k), *map(str, row)]) for k, row in zip(labels, rows, strict=True)]
    table = "\n".join([",".join(["label", *names]), *lines])
    (tmp_path / "set.csv").write_text(table)
    (tmp_path / "packed").write_bytes(gzip.compress(table.encode()))
    attributes = ["@relation r", "@attribute label {0,1}", *(f"@attribute {n} real" for n in names)]
    (tmp_path / "set.arff").write_text("\n".join([*attributes, "@data", *lines]))
    import pandas as pd

    pd.DataFrame(rows, columns=names).assign(label=labels).to_parquet(tmp_path / "set.parquet")
    at = tmp_path
    return {
        "folder": folder,
        "npz": at / "set.npz",
        "npy pair": (at / "images.npy", at / "labels.npy"),
        "npy text": f"{at}/images.npy, {at}/labels.npy",
        "idx folder": at / "idx",
        "idx pair": [str(at / "idx" / "train-images-idx3-ubyte"), at / "idx" / "train-labels-idx1-ubyte"],
        "csv": at / "set.csv",
        "gzip": at / "packed",
        "arff": at / "set.arff",
        "parquet": at / "set.parquet",
        "arrays": (images, labels),
        "lists": (rows.tolist(), labels.tolist()),
        "dataset": from_arrays(images, labels),
        "entry": os.DirEntry,
    }


KINDS = ("folder", "npz", "npy pair", "npy text", "idx folder", "idx pair", "csv", "gzip", "arff", "parquet")
IN_MEMORY = ("arrays", "lists", "dataset")


@pytest.mark.parametrize("kind", KINDS + IN_MEMORY)
def test_the_same_images_in_every_form(kinds, some, kind):
    found = load(kinds[kind], split="none")
    images, labels = some
    if kind == "folder":  # sorted by class
        order = np.argsort(labels, kind="stable")
        images, labels = images[order], labels[order]
    np.testing.assert_array_equal(found.images, images)
    np.testing.assert_array_equal(found.labels, labels)
    assert (found.classes, found.n_train) == (("0", "1"), None)
    assert load(kinds[kind], size=8).shape == (8, 8)


@pytest.mark.parametrize("kind", ["folder", "npz", "csv"])
def test_a_path_may_be_text_a_path_or_an_entry_of_a_folder(kinds, kind, monkeypatch):
    path = kinds[kind]
    expected = load(path).digest
    assert load(f"  {path}  ").digest == expected
    with os.scandir(path.parent) as entries:
        entry = next(entry for entry in entries if entry.name == path.name)
        assert load(entry).digest == expected
    monkeypatch.chdir(path.parent)
    assert load(path.name).digest == expected
    monkeypatch.setenv("HOME", str(path.parent))
    monkeypatch.setenv("USERPROFILE", str(path.parent))
    assert load(f"~/{path.name}").digest == expected


def test_names_come_before_files_and_a_path_says_what_is_meant(kinds, monkeypatch):
    kinds["folder"].rename(kinds["folder"].with_name("digits"))
    monkeypatch.chdir(kinds["folder"].parent)
    assert len(load("digits")) == 1797
    assert len(load("./digits")) == len(load(Path("digits").absolute())) == 20


# -- splits --------------------------------------------------------------------------------------------


def test_the_seeds_split_is_the_tutorials_own(some):
    images, labels = some
    _, test, _, y_test = train_test_split(images, labels, test_size=0.2, random_state=42)
    found = load(some, split="seed")
    np.testing.assert_array_equal(found.test.images, test)
    np.testing.assert_array_equal(found.test.labels, y_test)
    assert load(some, split="seed", seed=5).digest == found.digest


def test_the_seeds_split_is_drawn_over_all_rows(some):
    given = from_arrays(*some, n_train=15)
    assert load(given).n_train == 15
    assert load(given, split="seed").digest == load(some, split="seed").digest


@pytest.mark.parametrize("split", ["seed", "none", 0.4, None])
def test_a_split_does_not_depend_on_an_earlier_one(some, split):
    whole = from_arrays(*some)
    earlier = whole.split(test_size=0.3, seed=9)
    if split is None:
        assert load(earlier, split=split) is earlier
    else:
        assert load(earlier, split=split).digest == load(whole, split=split).digest


def test_without_a_given_split_a_stratified_fifth_is_drawn(some):
    found = load(some)
    assert np.bincount(found.test.labels).tolist() == [2, 2]
    assert load(some, seed=0).digest == found.digest != load(some, seed=1).digest


@settings(deadline=None)
@given(st.floats(0.05, 0.9))
def test_a_share_may_be_a_number_or_text(share):
    arrays = np.zeros((40, 4, 4), np.uint8), np.arange(40) % 2
    assert len(load(arrays, split=share).test) == int(np.ceil(share * 40))
    assert load(arrays, split=repr(share)).digest == load(arrays, split=share).digest


@pytest.mark.parametrize("split", ["half", 0, 1, 1.5, -0.2, float("nan"), "0", "", True, [0.2]])
def test_impossible_splits(some, split):
    with pytest.raises(UsageError, match=r"split of .* is not possible"):
        load(some, split=split)


def test_an_impossible_seed(some):
    with pytest.raises(UsageError, match="seed of -1"):
        load(some, seed=-1)


def test_the_tutorials_split_must_leave_every_class_something_to_learn_from():
    labels = np.zeros(20, int)
    labels[train_test_split(np.arange(20), test_size=0.2, random_state=42)[1][0]] = 1
    with pytest.raises(DataError, match="no training images of '1'"):
        load((np.zeros((20, 4, 4), np.uint8), labels), split="seed")


# -- bad input, one clear message each -----------------------------------------------------------------


def png_header(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def images_in(root, names, body=None):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if body is None:
            Image.fromarray(np.zeros((4, 4), np.uint8)).save(root / name)
        else:
            (root / name).write_bytes(body)
    return root


PIXELS = np.zeros((6, 4, 4))
LABELS = [0, 1, 0, 1, 0, 1]

BAD = {
    "a missing file": (lambda at: at / "nowhere.csv", NotFoundError, "no data set or file .*nowhere.csv'"),
    "a name misspelt": (lambda _at: "mnits", NotFoundError, "'mnits'. Did you mean mnist"),
    "a file name misspelt": (
        lambda at: images_in(at, ["photos/a/0.png"]) / "photo",
        NotFoundError,
        "Did you mean photos",
    ),
    "an empty folder": (lambda at: at, DataError, "holds no images. Expected files such as .png"),
    "one class": (lambda at: images_in(at, ["a/0.png", "a/1.png"]), DataError, "one class only: 'a'"),
    "one image in a class": (
        lambda at: images_in(at, ["a/0.png", "a/1.png", "b/0.png"]),
        DataError,
        r"fewer than two usable images: 'b' \(1\)",
    ),
    "a class without images": (
        lambda _at: Dataset(np.zeros((4, 2, 2), np.uint8), np.array([0, 1, 0, 1]), ("a", "b", "c")),
        DataError,
        r"fewer than two usable images: 'c' \(0\)",
    ),
    "labels of another length": (lambda _at: (PIXELS, LABELS[:5]), DataError, "6 images but labels of shape"),
    "labels in two columns": (lambda _at: (PIXELS, np.zeros((6, 2))), DataError, r"labels .* shape \(6, 2\)"),
    "ragged rows": (lambda _at: ([[1, 2, 3, 4], [1]], [0, 1]), DataError, "pixels of .* make no array"),
    "ragged labels": (lambda _at: (PIXELS[:2], [[0], [1, 2]]), DataError, "labels of .* make no array"),
    "NaN": (lambda _at: (PIXELS * np.nan, LABELS), DataError, "contain 96 NaN"),
    "NaN in a label": (
        lambda _at: (PIXELS, [0, 1, 0, 1, 0, np.nan]),
        DataError,
        "no label for 1 of 6 images",
    ),
    "pixels out of range": (lambda _at: (PIXELS + 256, LABELS), DataError, "run from 256 to 256"),
    "text for pixels": (lambda _at: (PIXELS.astype(str), LABELS), DataError, "not numbers"),
    "a truncated gzip": (
        lambda at: (at / "set.csv.gz", (at / "set.csv.gz").write_bytes(gzip.compress(b"label,p\n" * 9)[:-9]))[
            0
        ],
        DataError,
        "damaged or truncated gzip",
    ),
    "a giant PNG": (
        lambda at: images_in(at, ["a/0.png", "b/0.png"], png_header(60_000, 60_000)),
        DataError,
        r"none of the 2 images .* \(a/0.png \(more than 50 million pixels\)",
    ),
    "text called .png": (
        lambda at: images_in(at, ["a/0.png", "b/0.png"], b"not a picture"),
        DataError,
        r"none of the 2 images .* \(a/0.png \(not an image\)",
    ),
    "a single image": (lambda at: images_in(at, ["0.png"]) / "0.png", DataError, "a single image"),
    "one IDX file": (
        lambda at: (at / "x", (at / "x").write_bytes(idx_bytes(np.zeros((2, 2, 2), np.uint8))))[0],
        DataError,
        "partner is missing",
    ),
    "IDX without images": (
        lambda at: [
            images_in(at, [name], idx_bytes(np.zeros(shape, np.uint8))) / name
            for name, shape in (("images", (0, 4, 4)), ("labels", (0,)))
        ],
        DataError,
        "holds no images",
    ),
    "an unknown pair": (
        lambda at: [images_in(at, [name], b"hello") / name for name in ("one", "two")],
        DataError,
        "not a pair of IDX or NPY files",
    ),
    "half a pair": (
        lambda at: f"{images_in(at, ['one'], b'hello') / 'one'},{at / 'two'}",
        NotFoundError,
        "no file '.*two'",
    ),
    "an empty file": (lambda at: images_in(at, ["x.csv"], b"") / "x.csv", DataError, "x.csv is empty"),
    "a text": (lambda at: images_in(at, ["x"], b"hello\n") / "x", DataError, "not a table of pixels"),
    "no name at all": (lambda _at: "  ", UsageError, "no data set is named"),
    "a number": (lambda _at: 7, UsageError, "cannot load a int"),
    "three things": (lambda _at: (PIXELS, LABELS, LABELS), UsageError, "cannot load a tuple"),
    "one array": (lambda _at: PIXELS, UsageError, "cannot load a ndarray"),
    "nothing": (lambda _at: None, UsageError, "cannot load a NoneType"),
    "a name with a zero byte": (lambda _at: "a\0b", NotFoundError, "no data set or file"),
    "a name too long": (lambda at: f"{at}/{'long' * 99}/{'long' * 99}", NotFoundError, "no data set or file"),
    "somebody's home": (lambda _at: "~nobody-of-that-name/x", NotFoundError, "no data set or file '~nobody"),
    "a device": (lambda _at: os.devnull, DataError, "neither a file nor a folder"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_clear_message(case, tmp_path):
    if case == "a device" and os.name == "nt":
        pytest.skip("has another name here")
    make, kind, says = BAD[case]
    folder = tmp_path / "set"
    folder.mkdir()
    with pytest.raises(SightlineError) as caught:
        load(make(folder))
    assert type(caught.value) is kind
    assert re.search(says, str(caught.value))
    assert str(caught.value).endswith((".", "?"))


def test_two_images_of_one_class_are_enough(tmp_path):
    found = load(images_in(tmp_path / "set", ["a/0.png", "a/1.png", "b/0.png", "b/1.png"]))
    assert np.bincount(found.train.labels, minlength=2).min() >= 1
    assert len(found.test) == 1


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        *((kind, "label") for kind in ("folder", "npz", "npy pair", "npy text", "idx folder", "idx pair")),
        *((kind, "label") for kind in ("arrays", "dataset")),
        *((kind, "shape") for kind in ("folder", "idx folder", "idx pair", "dataset")),
    ],
)
def test_options_that_do_not_apply_are_refused(kinds, kind, options):
    with pytest.raises(UsageError, match=f"{options}= does not apply"):
        load(kinds[kind], **{options: {"label": "class", "shape": (4, 4)}[options]})


@pytest.mark.parametrize("kind", ["npz", "npy pair", "csv", "arff", "parquet", "lists"])
def test_a_shape_that_is_none_is_a_mistake_of_usage(kinds, kind):
    with pytest.raises(UsageError, match=r"not the shape of an image|not shape="):
        load(kinds[kind], shape=(16,))


def test_a_file_or_folder_that_may_not_be_read(tmp_path, monkeypatch):
    """Root may read everything, so refusal is played."""

    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    images_in(tmp_path, ["set/a/0.png", "x.csv"], b"hello")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "iterdir", refuse)
        with pytest.raises(DataError, match=r"set cannot be read \(Permission denied\)"):
            load(tmp_path / "set")
        with pytest.raises(NotFoundError, match="no data set or file"):
            load(tmp_path / "nowhere")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        with pytest.raises(DataError, match=r"x.csv cannot be read \(Permission denied\)"):
            load(tmp_path / "x.csv")


def test_every_kind_of_file_that_cannot_stand_alone_says_what_is_missing():
    assert {kind for kind, (_, remedy) in opening.ALONE.items() if "Give" in remedy} == set(opening.ALONE)
