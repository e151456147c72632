"""IDX: what is written is read; a header that lies is one clear message."""

import contextlib
import gzip
import hashlib
import struct
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sightline.errors import DataError
from sightline.sources import idx, load

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}
SAME_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def idx_bytes(array):
    head = bytes([0, 0, CODES[array.dtype.str[1:]], array.ndim]) + struct.pack(
        f">{array.ndim}I", *array.shape
    )
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write_four(folder, images, labels, n_train, suffix=".gz", dash="-"):
    folder.mkdir(parents=True, exist_ok=True)
    for part, rows in (("train", slice(0, n_train)), ("t10k", slice(n_train, None))):
        for what, array, rank in (("images", images, 3), ("labels", labels, 1)):
            raw = idx_bytes(array[rows])
            name = f"{part}-{what}{dash}idx{rank}-ubyte{suffix}"
            (folder / name).write_bytes(gzip.compress(raw) if suffix else raw)
    return folder


@pytest.fixture
def some(rng):
    return rng.integers(0, 256, (30, 5, 4), dtype=np.uint8), np.arange(30, dtype=np.uint8) % 3


@SAME_FOLDER
@given(
    array=hnp.arrays(
        st.sampled_from([np.dtype(c) for c in CODES]),
        hnp.array_shapes(max_dims=4, max_side=5),
        elements={"allow_nan": False},
    ),
    packed=st.booleans(),
)
def test_what_is_written_is_read(tmp_path, array, packed):
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(idx_bytes(array)) if packed else idx_bytes(array))
    found = idx.read_idx(path)
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


@SAME_FOLDER
@given(data=st.data(), packed=st.booleans())
def test_a_changed_byte_of_the_header_is_noticed_or_harmless(tmp_path, data, packed):
    array = np.arange(60, dtype=np.uint8).reshape(5, 4, 3)
    raw = bytearray(idx_bytes(array))
    raw[data.draw(st.integers(0, 15))] = data.draw(st.integers(0, 255))
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(bytes(raw)) if packed else bytes(raw))
    with contextlib.suppress(DataError):
        found = idx.read_idx(path)
        assert found.nbytes == 60
        assert found.tobytes() == array.astype(found.dtype).tobytes() or found.dtype == np.int8


@SAME_FOLDER
@given(keep=st.integers(0, 75), packed=st.booleans())
def test_a_shortened_file_is_refused(tmp_path, keep, packed):
    raw = idx_bytes(np.arange(60, dtype=np.uint8).reshape(5, 4, 3))
    path = tmp_path / "file"
    whole = gzip.compress(raw) if packed else raw
    path.write_bytes(whole[: min(keep, len(whole) - 1)])
    with pytest.raises(DataError, match="file"):
        idx.read_idx(path)


def test_a_promise_of_a_terabyte_takes_no_memory(tmp_path):
    head = bytes([0, 0, 8, 3]) + struct.pack(">3I", 1 << 20, 1 << 10, 1 << 10)
    for name, body in (("raw", head + b"x"), ("packed.gz", gzip.compress(head + b"x"))):
        (tmp_path / name).write_bytes(body)
        start = time.perf_counter()
        with pytest.raises(DataError, match="too short"):
            idx.read_idx(tmp_path / name)
        assert time.perf_counter() - start < 1


def test_trailing_bytes_are_refused(tmp_path):
    (tmp_path / "f").write_bytes(idx_bytes(np.zeros(3, np.uint8)) + b"!")
    with pytest.raises(DataError, match="longer than its header"):
        idx.read_idx(tmp_path / "f")


def test_an_unreadable_path_is_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        idx.read_idx(tmp_path)


@pytest.mark.parametrize(("suffix", "dash"), [(".gz", "-"), ("", "-"), ("", "."), (".gz", ".")])
def test_a_folder_of_four_files(tmp_path, some, suffix, dash):
    images, labels = some
    found = load(write_four(tmp_path / "set", images, labels, 20, suffix, dash))
    np.testing.assert_array_equal(found.images, images)
    np.testing.assert_array_equal(found.labels, labels)
    assert (found.n_train, found.classes, found.name, found.notes) == (20, ("0", "1", "2"), "set", ())


def test_one_pair_has_no_given_split(tmp_path, some):
    images, labels = some
    folder = write_four(tmp_path / "set", images, labels, 30)
    for test_file in folder.glob("t10k*"):
        test_file.unlink()
    assert load(folder, split="none").n_train is None
    assert load(folder).n_train == 24
    pair = load(f"{folder}/train-images-idx3-ubyte.gz,{folder}/train-labels-idx1-ubyte.gz", split="none")
    np.testing.assert_array_equal(pair.images, images)
    paths = (folder / "train-images-idx3-ubyte.gz", folder / "train-labels-idx1-ubyte.gz")
    assert load(paths, split="none").digest == pair.digest


def test_files_that_do_not_belong_together(tmp_path, some):
    images, labels = some
    folder = write_four(tmp_path / "set", images, labels, 20, "")
    train_labels = folder / "train-labels-idx1-ubyte"
    whole = train_labels.read_bytes()
    train_labels.write_bytes(idx_bytes(labels[:7]))
    with pytest.raises(DataError, match=r"20 images but .* 7 labels"):
        load(folder)
    train_labels.write_bytes(idx_bytes(images))
    with pytest.raises(DataError, match="does not hold labels"):
        load(folder)
    train_labels.write_bytes(whole)
    with pytest.raises(DataError, match="does not hold images"):
        load((train_labels, train_labels))
    (folder / "t10k-images-idx3-ubyte").write_bytes(idx_bytes(images[20:, :2]))
    with pytest.raises(DataError, match="differ in size"):
        load(folder)
    train_labels.unlink()
    with pytest.raises(DataError, match="no partner"):
        load(folder)


def test_other_pixels_than_the_official_ones_are_remarked_on(tmp_path, monkeypatch):
    images, labels = np.zeros((60_000, 28, 28), np.uint8), np.arange(60_000, dtype=np.uint8) % 10
    raw = {"images-idx3": idx_bytes(images), "labels-idx1": idx_bytes(labels)}
    for kind, body in raw.items():
        (tmp_path / f"train-{kind}-ubyte").write_bytes(body)
    assert load(tmp_path, split="none").notes == ()  # not MNIST's labels: another set of the same size
    monkeypatch.setattr(idx, "MNIST_LABELS", hashlib.sha256(raw["labels-idx1"]).hexdigest())
    assert "not byte for byte the official ones" in load(tmp_path, split="none").notes[0]
    monkeypatch.setattr(idx, "MNIST_IMAGES", hashlib.sha256(raw["images-idx3"]).hexdigest())
    assert load(tmp_path, split="none").notes == ()


def test_files_of_two_sets_in_one_folder(tmp_path, some):
    folder = write_four(tmp_path / "set", *some, 20, "")
    for path in list(folder.iterdir()):
        (folder / f"emnist-letters-{path.name}").write_bytes(path.read_bytes())
    with pytest.raises(DataError, match="2 data sets"):
        load(folder)


def test_one_file_alone_says_what_is_missing(tmp_path, some):
    folder = write_four(tmp_path / "set", *some, 20, "")
    with pytest.raises(DataError, match="partner is missing"):
        load(folder / "train-images-idx3-ubyte")
