"""Arrays in memory, NPZ and NPY."""

import contextlib
import io
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sightline.errors import DataError
from sightline.sources import from_arrays, load


@pytest.fixture
def some(rng):
    return rng.integers(0, 256, (20, 4, 4), dtype=np.uint8), np.arange(20) % 2


def test_arrays_in_memory(some):
    images, labels = some
    found = from_arrays(images, labels, classes=["even", "odd"], name="mine")
    assert found.images is images or np.shares_memory(found.images, images)
    assert (found.classes, found.name, found.n_train) == (("even", "odd"), "mine", None)
    again = load((images.reshape(20, 16) / 255.0, ["a" if k else "b" for k in labels]), split="none")
    np.testing.assert_array_equal(again.images, images)
    assert again.classes == ("a", "b")


def test_a_data_set_is_returned_as_it_is(some):
    made = from_arrays(*some, n_train=10)
    assert load(made) is made


def test_sixteen_grey_levels_are_remarked_on(some):
    assert "nearly black" in from_arrays(some[0] // 16, some[1]).notes[0]
    assert from_arrays(*some).notes == ()


@pytest.mark.parametrize(
    "keys",
    [("images", "labels"), ("X", "y"), ("data", "target"), ("arr_0", "arr_1"), ("Images", "Labels")],
)
def test_npz_with_the_usual_names(tmp_path, some, keys):
    np.savez_compressed(tmp_path / "set.npz", **dict(zip(keys, some, strict=True)))
    found = load(tmp_path / "set.npz", split="none")
    np.testing.assert_array_equal(found.images, some[0])
    assert found.name == "set"


@pytest.mark.parametrize(
    "keys",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
    ],
)
def test_npz_with_a_given_split(tmp_path, some, keys):
    images, labels = some
    parts = (images[:15], labels[:15, None], images[15:], labels[15:, None])
    np.savez(tmp_path / "set.npz", **dict(zip(keys, parts, strict=True)), classes=np.array(["no", "yes"]))
    found = load(tmp_path / "set.npz")
    assert (found.n_train, found.classes) == (15, ("no", "yes"))
    np.testing.assert_array_equal(found.images, images)


def test_npy_pair_in_either_order_of_memory(tmp_path, some):
    np.save(tmp_path / "images.npy", np.asfortranarray(some[0]))
    np.save(tmp_path / "labels.npy", some[1])
    found = load(f"{tmp_path}/images.npy,{tmp_path}/labels.npy", split="none")
    np.testing.assert_array_equal(found.images, some[0])
    with pytest.raises(DataError, match="labels are missing"):
        load(tmp_path / "images.npy")


def test_pickles_are_never_opened(tmp_path, some):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    trap = np.array([Trap()] * 20, dtype=object)
    np.savez(tmp_path / "set.npz", images=some[0], labels=trap)
    np.save(tmp_path / "images.npy", some[0])
    np.save(tmp_path / "labels.npy", trap)
    for what in (tmp_path / "set.npz", (tmp_path / "images.npy", tmp_path / "labels.npy")):
        with pytest.raises(DataError, match="pickled"):
            load(what)
    assert not (tmp_path / "sprung").exists()


def test_other_names_and_lengths_are_refused(tmp_path, some):
    np.savez(tmp_path / "names.npz", pictures=some[0], kinds=some[1])
    with pytest.raises(DataError, match="pictures, kinds"):
        load(tmp_path / "names.npz")
    np.savez(tmp_path / "lengths.npz", images=some[0], labels=some[1][:-1])
    with pytest.raises(DataError, match="exactly one label"):
        load(tmp_path / "lengths.npz")
    parts = {"x_train": some[0], "y_train": some[1], "x_test": some[0][:, :2], "y_test": some[1]}
    np.savez(tmp_path / "sizes.npz", **parts)
    with pytest.raises(DataError, match="differ in size"):
        load(tmp_path / "sizes.npz")


def test_a_header_that_promises_too_much(tmp_path):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": "|u1", "fortran_order": False, "shape": (1 << 40, 8, 8)}
    )
    (tmp_path / "images.npy").write_bytes(buffer.getvalue() + b"12")
    np.save(tmp_path / "labels.npy", np.arange(2))
    with pytest.raises(DataError, match="too short"):
        load((tmp_path / "images.npy", tmp_path / "labels.npy"))
    with zipfile.ZipFile(tmp_path / "set.npz", "w") as archive:
        archive.writestr("images.npy", buffer.getvalue())
        archive.writestr("labels.npy", (tmp_path / "labels.npy").read_bytes())
    with pytest.raises(DataError, match="too short"):
        load(tmp_path / "set.npz")


def test_a_file_that_ends_early(tmp_path, some):
    np.save(tmp_path / "images.npy", some[0])
    np.save(tmp_path / "labels.npy", some[1])
    whole = (tmp_path / "images.npy").read_bytes()
    (tmp_path / "images.npy").write_bytes(whole[:9])
    with pytest.raises(DataError, match="not a readable NPY"):
        load((tmp_path / "images.npy", tmp_path / "labels.npy"))


def test_an_array_that_ends_early(tmp_path, some):
    np.save(tmp_path / "images.npy", some[0])
    np.save(tmp_path / "labels.npy", some[1])
    whole = (tmp_path / "images.npy").read_bytes()
    for lost in (1, 100, 300):
        (tmp_path / "images.npy").write_bytes(whole[:-lost])
        with pytest.raises(DataError, match="too short"):
            load((tmp_path / "images.npy", tmp_path / "labels.npy"))


def test_an_archive_with_a_password(tmp_path, some):
    np.savez(tmp_path / "set.npz", images=some[0], labels=some[1])
    raw = bytearray((tmp_path / "set.npz").read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := raw.find(mark, at + 1)) >= 0:
            raw[at + flags] |= 1
    (tmp_path / "set.npz").write_bytes(bytes(raw))
    with pytest.raises(DataError, match=r"not a readable NPZ archive .*encrypted"):
        load(tmp_path / "set.npz")


def test_a_header_that_python_2_wrote(tmp_path, some):
    np.save(tmp_path / "images.npy", some[0])
    np.save(tmp_path / "labels.npy", some[1])
    raw = (tmp_path / "images.npy").read_bytes()
    (tmp_path / "images.npy").write_bytes(raw.replace(b"(20, 4, 4), }   ", b"(20L, 4L, 4L), }"))
    found = load((tmp_path / "images.npy", tmp_path / "labels.npy"), split="none")
    np.testing.assert_array_equal(found.images, some[0])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(position=st.integers(0, 2000), value=st.integers(0, 255))
def test_a_changed_byte_of_an_archive_never_crashes(tmp_path, position, value):
    path = tmp_path / "set.npz"
    np.savez(path, images=np.arange(320, dtype=np.uint8).reshape(20, 4, 4), labels=np.arange(20) % 2)
    raw = bytearray(path.read_bytes())
    raw[4 + position % (len(raw) - 4)] = value
    path.write_bytes(bytes(raw))
    with contextlib.suppress(DataError):
        assert len(load(path)) == 20
