"""Folders of parts: what is read is what was written, and whatever is wrong with a part is said, not read."""

import json
import os
import pickle
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.dataset import Dataset
from sightline.engine.blocks import RowBlocks, mapped, read_ahead
from sightline.errors import DataError, NotFoundError, SightlineError, StorageError, UsageError
from sightline.sources import load, sharding
from sightline.sources.infinite import Infinite
from sightline.sources.sharding import ImageBlocks, write_shards
from sightline.sources.shards import ShardedDataset, open_shards


def images(n=50, shape=(5, 4), names=("a", "b", "c"), seed=0):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (n, *shape), dtype=np.uint8)
    return Dataset(pixels, rng.integers(0, len(names), n), names, "some", "memory", "CC0")


def all_rows(blocks, **how):
    read = list(read_ahead(blocks, **how))
    return np.concatenate([X for X, _ in read]), np.concatenate([y for _, y in read])


def edit(folder, **changes):
    held = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(held | changes))


@pytest.fixture
def folder(tmp_path):
    """Images 0…39 to train on in parts of 16, 16 and 8; 40…49 to test on in one."""
    write_shards(split(), tmp_path / "parts", part_bytes=16 * 20)
    return tmp_path / "parts"


def split():
    return Dataset(images().images, images().labels, images().classes, "some", "memory", "CC0", n_train=40)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Data sets in memory are written in blocks of 8 rows, so that parts of few images can be asked for."""
    monkeypatch.setattr(sharding, "ROWS", 8)


# -- what is written is what is read -----------------------------------------------------------------------


@given(
    n=st.integers(1, 40), size=st.integers(1, 50), part_bytes=st.integers(1, 900), colour=st.booleans(),
    threads=st.integers(0, 2),
)  # fmt: skip
@settings(max_examples=25)
def test_rows_come_back(tmp_path_factory, n, size, part_bytes, colour, threads):
    dataset = images(n, (3, 2, 3) if colour else (3, 2))
    path = tmp_path_factory.mktemp("any")
    written = write_shards(dataset, path, part_bytes=part_bytes, threads=threads)
    opened = open_shards(path, rows=size)
    assert opened.digest == written.digest
    assert opened.shape == (n, dataset.n_features)
    assert sum(opened.counts) == n
    X, y = all_rows(opened)
    assert np.array_equal(X, dataset.X)
    assert np.array_equal(y, dataset.y)
    assert np.array_equal(opened.labels, dataset.y)
    opened.verify()


def test_it_is_what_solvers_read(folder):
    shards = open_shards(folder, rows=6)
    assert isinstance(shards, RowBlocks)
    assert isinstance(shards, ImageBlocks)
    assert shards.counts == (16, 16, 8, 10)
    assert shards.n_blocks == 3 + 3 + 2 + 2
    X, y = shards.block(2)
    assert X.shape == (4, 20)
    assert X.dtype == np.uint8
    assert X.flags.c_contiguous
    assert mapped(X)
    assert y.dtype == np.int64
    with pytest.raises(IndexError, match="no block 10"):
        shards.block(10)


def test_it_travels_to_other_processes(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    sent = pickle.dumps(open_shards(folder.name))
    monkeypatch.chdir("/")
    assert np.array_equal(all_rows(pickle.loads(sent))[0], images().X)


def test_it_knows_what_it_is(folder):
    shards = open_shards(folder)
    assert (shards.name, shards.source, shards.licence) == ("some", "memory", "CC0")
    assert (shards.classes, shards.image_shape) == (("a", "b", "c"), (5, 4))
    assert repr(shards) == (
        "ShardedDataset 'some': 50 images of 5×4, 3 classes, in 4 parts, 40 for training and 10 for testing"
    )


def test_the_split_is_kept(folder):
    shards = open_shards(folder)
    assert np.array_equal(all_rows(shards.train)[0], images().X[:40])
    assert np.array_equal(all_rows(shards.test)[0], images().X[40:])
    assert shards.train.n_train is None
    assert shards.train.train.digest == shards.train.digest
    assert len({shards.digest, shards.train.digest, shards.test.digest}) == 3
    with pytest.raises(DataError, match="no test images"):
        _ = shards.train.test


def test_a_split_by_parts(folder):
    shards = open_shards(folder).split(test_parts=2)
    assert np.array_equal(all_rows(shards.test)[0], images().X[32:])
    assert np.array_equal(all_rows(shards.train)[0], images().X[:32])
    for wrong in (0, 4):
        with pytest.raises(UsageError, match=f"cannot keep {wrong} of the 4 parts"):
            shards.split(test_parts=wrong)


def test_samples_are_ordinary_data_sets(folder):
    shards = open_shards(folder)
    drawn = shards.sample(20, seed=3)
    assert isinstance(drawn, Dataset)
    assert np.array_equal(drawn.images, images().images[drawn.rows])
    assert np.array_equal(drawn.labels, images().labels[drawn.rows])
    assert drawn.n_train == np.sum(drawn.rows < 40)
    assert drawn.digest == shards.sample(20, seed=3).digest != shards.sample(20, seed=4).digest
    assert shards.sample(50).digest == split().digest
    assert shards.train.sample(40).digest == split().train.digest
    with pytest.raises(UsageError, match="cannot draw 51 of the 50 images"):
        shards.sample(51)


def test_some_images_by_their_numbers(folder):
    shards = open_shards(folder)
    assert np.array_equal(shards.take([3, 16, 49]).images, images().images[[3, 16, 49]])
    for wrong in ([-1], [50]):
        with pytest.raises(IndexError, match="0…49"):
            shards.take(wrong)
    with pytest.raises(DataError, match="no pixels"):
        shards.take([])


def test_shards_of_shards(folder, tmp_path):
    again = write_shards(open_shards(folder, rows=5), tmp_path / "again", part_bytes=1)
    assert again.counts == (5, 5, 5, 1, 5, 5, 5, 1, 5, 3, 5, 5)
    assert again.n_train == 40
    assert again.sample(50).digest == split().digest


# -- endless images, written, stopped, gone on with ----------------------------------------------------------


def endless(n=400, seed=1):
    return Infinite(load("digits"), n, seed, rows=64)


def contents(path):
    return {one.name: one.read_bytes() for one in path.iterdir()}


def test_endless_images_written_are_those_that_are_streamed(tmp_path):
    seen = []
    written = write_shards(
        endless(),
        tmp_path / "parts",
        test=endless().test,
        part_bytes=8192,
        progress=lambda *at: seen.append(at),
    )
    assert np.array_equal(all_rows(written.train)[0], all_rows(endless())[0])
    assert np.array_equal(all_rows(written.test)[0], endless().test.X)
    assert written.counts[:4] == (128, 128, 128, 16)
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == ((0, 760), (760, 760))


class Stopped(Exception):
    pass


@pytest.mark.parametrize("at", [1, 64, 200, 385, 500])
def test_what_was_stopped_goes_on_and_gives_the_same_files(tmp_path, at):
    def stop(done, _of):
        if done >= at:
            raise Stopped

    both = {"test": endless().test, "part_bytes": 8192}
    whole, other = tmp_path / "whole", tmp_path / "stopped"
    write_shards(endless(), whole, threads=1, **both)
    with pytest.raises(Stopped):
        write_shards(endless(), other, progress=stop, **both)
    with pytest.raises(DataError, match=r"is not finished: [\d,]+ of 760 images"):
        open_shards(other)
    there = len(list(other.glob("*.images.npy")))
    seen = []
    write_shards(endless(), other, progress=lambda *at: seen.append(at), **both)
    assert seen[0][0] == min(128 * there, 400)
    assert contents(other) == contents(whole)
    before = (other / "part-00000.images.npy").stat().st_mtime_ns
    write_shards(endless(), other, **both)
    assert (other / "part-00000.images.npy").stat().st_mtime_ns == before


@pytest.mark.parametrize("harm", ["cut", "gone", "labels"])
def test_damaged_parts_are_made_again(tmp_path, harm):
    written = write_shards(endless(), tmp_path / "parts", part_bytes=8192)
    before = contents(tmp_path / "parts")
    part = tmp_path / "parts" / "part-00001.images.npy"
    if harm == "gone":
        part.unlink()
    elif harm == "cut":
        part.write_bytes(part.read_bytes()[:-1])
    else:
        part.with_name("part-00001.labels.npy").write_bytes(b"")
    with pytest.raises(DataError, match="part-00001"):
        open_shards(tmp_path / "parts")
    assert write_shards(endless(), tmp_path / "parts", part_bytes=8192).digest == written.digest
    assert contents(tmp_path / "parts") == before


KILLED = """
import sys
from sightline.sources import load
from sightline.sources.infinite import Infinite
from sightline.sources.sharding import write_shards
write_shards(Infinite(load("digits"), 10**9, 1, rows=64), sys.argv[1], part_bytes=8192)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals between processes")
def test_a_kill_leaves_whole_parts(tmp_path, monkeypatch):
    path = tmp_path / "parts"
    with subprocess.Popen([sys.executable, "-c", KILLED, str(path)]) as process:
        until = time.monotonic() + 60
        while not (path / "part-00003.images.npy").exists():
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    parts = json.loads((path / "manifest.json").read_text())["parts"]
    assert len(parts) >= 3
    n = sum(part["rows"] for part in parts)
    edit(path, n_train=n)
    X, _ = all_rows(open_shards(path))
    assert np.array_equal(X, endless(n).images(range(n)).reshape(n, -1))


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        write_shards(endless(), tmp_path)
    assert contents(tmp_path)["mine.txt"] == b"mine"
    write_shards(endless(), tmp_path / "parts")
    before = contents(tmp_path / "parts")
    for other in (endless(seed=2), endless(n=500)):
        with pytest.raises(UsageError, match="holds other images"):
            write_shards(other, tmp_path / "parts")
    assert contents(tmp_path / "parts") == before


def test_impossible_requests(tmp_path):
    with pytest.raises(UsageError, match="parts of 0 bytes"):
        write_shards(endless(), tmp_path / "a", part_bytes=0)
    with pytest.raises(UsageError, match="other classes or another size"):
        write_shards(endless(), tmp_path / "a", test=images())
    with pytest.raises(StorageError, match=r"GB are to be written .* GB are free"):
        write_shards(endless(1 << 60), tmp_path / "b")
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be made"):
        write_shards(endless(), tmp_path / "file")


def test_rows_that_are_no_bytes_are_refused(tmp_path):
    class Reals(sharding.DatasetBlocks):
        def block(self, index):
            X, y = super().block(index)
            return X / 255, y

    with pytest.raises(DataError, match="float64, not uint8"):
        write_shards(Reals(images()), tmp_path / "parts")


# -- missing, truncated, foreign, lying ----------------------------------------------------------------------


def test_not_a_folder_of_parts(tmp_path, folder):
    with pytest.raises(NotFoundError, match="there is no folder"):
        open_shards(tmp_path / "nowhere")
    with pytest.raises(DataError, match="is a file"):
        open_shards(folder / "manifest.json")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"holds no manifest.json, and no NPZ"):
        open_shards(tmp_path / "empty")
    with pytest.raises(UsageError, match="blocks of 0 rows"):
        open_shards(folder, rows=0)


def test_load_reads_such_a_folder_where_memory_has_room_and_else_says_what_reads_it(folder, monkeypatch):
    parts = open_shards(folder)
    whole = load(folder)
    assert np.array_equal(whole.X, np.concatenate([X for X, _ in map(parts.block, range(parts.n_blocks))]))
    assert np.array_equal(whole.labels, parts.labels)
    assert whole.n_train == parts.n_train
    monkeypatch.setattr("sightline.sources.opening.MOST_PARTS", 10)
    with pytest.raises(DataError, match=r"too many to have all in memory.*block by block.*open_shards"):
        load(folder)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "other"}, "not that of a folder of shards"),
        ({"version": 2}, "of version 2"),
        ({"classes": ["a", "a", "b"]}, "damaged"),
        ({"classes": [1, 2, 3]}, "damaged"),
        ({"classes": ["a"]}, r"labels .* run from 0 to 2"),
        ({"shape": [4, 5]}, r"not uint8 of \(16, 4, 5\)"),
        ({"shape": [20]}, "damaged"),
        ({"shape": [5, -4]}, "damaged"),
        ({"shape": None}, "damaged"),
        ({"n_train": 41}, "not finished: 50 of 51"),
        ({"n_train": 30}, r"hold 40 images to train on, it says 30"),
        ({"n_train": 39, "n_test": 11}, r"hold 40 images to train on, it says 39"),
        ({"n_train": True}, "damaged"),
        ({"parts": [{"rows": 1}]}, "damaged"),
        ({"parts": [], "n_train": 0, "n_test": 0}, "holds no images"),
        ({"name": 3}, "damaged"),
    ],
)
def test_manifests_that_lie(folder, changes, said):
    edit(folder, **changes)
    with pytest.raises(DataError, match=said):
        open_shards(folder)


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "\xff", "[" * 100_000])
def test_manifests_that_are_none(folder, text):
    (folder / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=r"manifest.json (cannot be read|is not that)"):
        open_shards(folder)


class Trap:
    """Had it been unpickled, a folder would be there."""

    def __reduce__(self):
        return os.mkdir, ("unpickled",)


def lies(path, array):
    np.save(path, array, allow_pickle=True)


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes()[:40]),
        lambda path: path.write_bytes(path.read_bytes() + b"\0"),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"PK\x03\x04" + bytes(400)),
        lambda path: lies(path, np.zeros((16, 5, 4), np.int8)),
        lambda path: lies(path, np.zeros((16, 4, 5), np.uint8)),
        lambda path: lies(path, np.zeros((8, 5, 4), np.uint8)),
        lambda path: lies(path, np.zeros((4, 5, 16), np.uint8).T),
        lambda path: lies(path, np.array([Trap()])),
        lambda path: (
            np.savez(f"{path}.npz", a=np.zeros((16, 5, 4), np.uint8)),
            Path(f"{path}.npz").replace(path),
        ),
        lambda path: path.write_bytes(path.read_bytes().replace(b"(16,", b"(99,")),
        lambda path: (path.unlink(), path.mkdir()),
    ],
)
@pytest.mark.parametrize("name", ["part-00001.images.npy", "part-00001.labels.npy"])
def test_parts_that_lie(folder, harm, name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    opened = open_shards(folder)
    harm(folder / name)
    with pytest.raises(DataError, match=r"part-00001"):
        open_shards(folder)
    if "images" in name:
        with pytest.raises(DataError, match=r"part-00001"):
            list(read_ahead(opened))
        with pytest.raises(DataError, match=r"part-00001"):
            opened.sample(50)
    assert not (tmp_path / "unpickled").exists()


def test_one_changed_byte_is_found(folder):
    opened = open_shards(folder)
    for name, found in (
        ("part-00002.images.npy", opened.verify),
        ("part-00002.labels.npy", lambda: open_shards(folder)),
    ):
        path = folder / name
        before = path.read_bytes()
        path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
        with pytest.raises(DataError, match=f"{name} is damaged"):
            found()
        path.write_bytes(before)
    told = []
    opened.verify(lambda *at: told.append(at))
    assert told == [(16, 50), (32, 50), (40, 50), (50, 50)]


# -- parts that others wrote -------------------------------------------------------------------------------


def npz(path, dataset, **more):
    np.savez_compressed(path, images=dataset.images, labels=np.array(dataset.classes)[dataset.labels], **more)


def test_npz_parts(tmp_path):
    first, second, third = images(7, seed=1), images(5, names=("b", "d"), seed=2), images(4, seed=3)
    npz(tmp_path / "part-10.npz", second)
    npz(tmp_path / "part-9.npz", first)
    npz(tmp_path / "test-1.npz", third)
    shards = open_shards(tmp_path)
    assert shards.classes == ("a", "b", "c", "d")
    assert (shards.counts, shards.n_train, shards.n_blocks) == ((7, 5, 4), 12, 3)
    X, y = all_rows(shards, threads=2)
    assert np.array_equal(X, np.concatenate([first.X, second.X, third.X]))
    names = [one.classes[k] for one in (first, second, third) for k in one.labels]
    assert [shards.classes[k] for k in y] == names
    assert np.array_equal(shards.sample(16).images.reshape(16, -1), X)
    assert np.array_equal(all_rows(shards.test)[0], third.X)
    with pytest.raises(DataError, match="nobody has stated"):
        shards.verify()
    ours = write_shards(shards, tmp_path / "ours")
    assert ours.n_train == 12
    assert np.array_equal(all_rows(ours)[0], X)
    assert np.array_equal(all_rows(ours)[1], y)


def test_npz_parts_with_a_split_of_their_own(tmp_path):
    one, two = images(10, seed=1), images(10, seed=2)
    for name, part in (("a.npz", one), ("b.npz", two)):
        np.savez(
            tmp_path / name,
            x_train=part.images[:6],
            y_train=part.y[:6],
            x_test=part.images[6:],
            y_test=part.y[6:],
        )
    shards = open_shards(tmp_path)
    assert shards.counts == (6, 6, 4, 4)
    assert np.array_equal(all_rows(shards.train)[0], np.concatenate([one.X[:6], two.X[:6]]))
    assert np.array_equal(all_rows(shards.test)[0], np.concatenate([one.X[6:], two.X[6:]]))
    assert np.array_equal(all_rows(shards.split(1).test)[0], two.X[6:])


def test_parquet_parts(tmp_path):
    whole = images(30, (4, 4))
    for number in range(3):
        rows = slice(10 * number, 10 * number + 10)
        columns = {f"pixel{k}": whole.X[rows, k] for k in range(16)} | {"label": whole.y[rows]}
        pyarrow.parquet.write_table(pa.table(columns), tmp_path / f"{number}.parquet")
    shards = open_shards(tmp_path)
    assert shards.image_shape == (4, 4)
    X, y = all_rows(shards)
    assert np.array_equal(X, whole.X)
    assert np.array_equal(y, whole.y)


def idx(path, array):
    path.write_bytes(
        b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
    )


def test_idx_parts(tmp_path):
    whole = images(20)
    for name, rows in (("train", slice(0, 12)), ("t10k", slice(12, 20))):
        idx(tmp_path / f"{name}-images-idx3-ubyte", whole.images[rows])
        idx(tmp_path / f"{name}-labels-idx1-ubyte", whole.labels[rows].astype(np.uint8))
    shards = open_shards(tmp_path)
    assert shards.n_train == 12
    assert np.array_equal(all_rows(shards)[0], whole.X)
    assert np.array_equal(shards.labels, whole.y)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="has no partner"):
        open_shards(tmp_path)


def test_foreign_parts_that_do_not_fit(tmp_path):
    npz(tmp_path / "a.npz", images(6))
    npz(tmp_path / "b.npz", images(6, (4, 4)))
    with pytest.raises(DataError, match=r"b.npz are of shape \(4, 4\), those before of \(5, 4\)"):
        open_shards(tmp_path)
    (tmp_path / "b.npz").write_bytes(b"PK\x03\x04 not an archive")
    with pytest.raises(DataError, match=r"b.npz is not a readable NPZ archive"):
        open_shards(tmp_path)
    (tmp_path / "b.npz").unlink()
    shards = open_shards(tmp_path)
    npz(tmp_path / "a.npz", images(5))
    with pytest.raises(DataError, match=r"a.npz holds images of shape \(5, 5, 4\), not \(6, 5, 4\)"):
        shards.block(0)
    shutil.rmtree(tmp_path)
    with pytest.raises(SightlineError, match="missing"):
        shards.block(0)


def test_nothing_but_images_is_no_data_set():
    with pytest.raises(DataError, match="holds no images"):
        ShardedDataset((), ("a",), (2, 2))
