"""Every message about where data come from, provoked: files, folders, tables, downloads, the cache, parts."""

import bz2
import gzip
import hashlib
import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sightline import load
from sightline.sources import cache, catalog, from_arrays, idx
from sightline.sources.fetch import fetch, fetch_json
from sightline.sources.folder import _subfolders, _walk
from sightline.sources.foreign import open_foreign
from sightline.sources.infinite import Infinite
from sightline.sources.large import open_large
from sightline.sources.sharding import DatasetBlocks, write_shards
from sightline.sources.shards import open_shards
from sightline.sources.table import from_table, load_table

from . import words
from .inputs import (
    ABOUT,
    IMAGES,
    LABELS,
    LIST,
    arff,
    bad_npy,
    changed,
    closed,
    csv,
    digest,
    foreign,
    idx_bytes,
    idx_folder,
    large,
    nobody,
    openml,
    pair,
    parquet,
    pictures,
    relabelled,
    served,
    shards,
    stored_entry,
    with_labels,
)  # fmt: skip

ROOMS = ("sources",)
APART = {
    "sources/cache.py::cached: was written but": "a disk that forgets what it was given",
}
"""Messages that no test can provoke, and why."""
MEMORY = Path("/proc/self/mem")
"""A file that nobody can read from its start, root included."""
TWO = {f"p{k}": [1, 2] for k in range(4)}


def lost_labels():
    """Labels that point beyond the names that there are, as a damaged Parquet file may hold them."""
    import pyarrow as pa

    labels = pa.DictionaryArray.from_arrays(pa.array([0, 5]), pa.array(["a", "b"]), safe=False)
    return from_table(pa.table({**TWO, "label": labels}), name="x", source="x.parquet", label="label")


FILES = [
    lambda h: lost_labels(),
    lambda h: load(h.file("x.arff", arff("{0 1}\n"))),
    lambda h: load(h.file("x.arff", arff(""))),
    lambda h: load(h.file("x.arff", arff("1,2,3\n"))),
    lambda h: load(h.file("x.arff", gzip.compress(arff(200 * "1,2,3,4,a\n").encode())[:-40])),
    lambda h: load(h.file("x.arff", "@relation r\n@data\n1,2\n")),
    lambda h: load(h.file("x.arff", arff(extra="@attribute\n"))),
    lambda h: load(h.file("x.arff", "@relation r\n@attribute a real\n")),
    lambda h: load(h.file("x.npz", b"PK\x03\x04nothing")),
    lambda h: load(h.npz("x.npz", pictures=IMAGES)),
    lambda h: load(h.npz("x.npz", x_train=IMAGES, y_train=LABELS, x_test=np.zeros((6, 3, 3)), y_test=LABELS)),
    lambda h: load(h.npz("x.npz", images=IMAGES, labels=LABELS[:3])),
    lambda h: load(h.npz("x.npz", images=IMAGES, labels=LABELS, classes=np.full((2, 2), "a"))),
    lambda h: with_labels(h, h.file("x.npy", b"\x93NUMPY and nothing else")),
    lambda h: with_labels(h, h.npy("x.npy", np.array([[{}]], object), allow_pickle=True)),
    lambda h: with_labels(h, bad_npy(h, {"descr": "|V0", "fortran_order": False, "shape": (3,)})),
    lambda h: with_labels(h, bad_npy(h, {"descr": "|u1", "fortran_order": False, "shape": (99, 9, 9)})),
    lambda h: load((h.npy("i.npy", IMAGES), bad_npy(h, {"descr": "<U1", "fortran_order": False, "shape": (6,)},
                                                     b"\xff" * 24))),
    lambda h: truncated_member(h),
    lambda h: load(h.file("x.npz", bomb(h))),
    lambda h: cache.clear("nothing"),
    lambda h: (h.file("home/ready/x"), cache.clear()),
    lambda h: idx.find_pairs(h.file("x")),
    lambda h: _subfolders(h.file("x")),
    lambda h: list(_walk(h.file("x"), set())),
    lambda h: open_foreign(h.file("x")),
    lambda h: load(MEMORY),
    lambda h: load_table(MEMORY, kind="csv"),
    lambda h: load_table(MEMORY, kind="arff"),
    lambda h: homeless(),
    lambda h: (closed(h, "home"), cache._write("x", h.bars)),
    lambda h: (closed(h, "home"), cache.cached("x", lambda: h.bars)),
    lambda h: catalog.find("mnits"),
    lambda h: load("mnits"),
    lambda h: load(h.bars, split="half"),
    lambda h: load(h.plain.take([0, 3, 6])),
    lambda h: load(h.plain.take([0, 1, 3, 4, 6, 7, 2]), split=0.5),
    lambda h: load(replace(h.plain.take([0, 1, 2, 3, 4, 5]), n_train=2)),
    lambda h: load(h.bars, size="large"),
    lambda h: load(h.folder("empty")),
    lambda h: (h.file("f/a/x.png", b"no"), load(h.path / "f")),
    lambda h: load(pictures(h, "f/x.png").joinpath("f")),
    lambda h: open_shards(h.folder("none")),
    lambda h: gone_part(h),
    lambda h: open_shards(foreign(h, a=(IMAGES, LABELS), b=(np.zeros((6, 3, 3), np.uint8), LABELS))),
    lambda h: grown_part(h),
    lambda h: open_shards(lonely(h)),
    lambda h: load(pair(h, images=idx_bytes(IMAGES)[:6])),
    lambda h: load(pair(h, images=b"\0\0\x08\x03" + b"\xd0\0\0\0" * 2 + b"\0\0\0\0")),
    lambda h: load(pair(h, images=idx_bytes(IMAGES)[:20])),
    lambda h: idx.read_idx(h.file("x.gz", gzip.compress(idx_bytes(IMAGES)[:20]))),
    lambda h: idx.read_idx(h.file("x.gz", gzip.compress(idx_bytes(IMAGES))[:-12])),
    lambda h: idx.read_idx(h.path),
    lambda h: load(pair(h, images=idx_bytes(IMAGES) + b"1")),
    lambda h: load(pair(h, labels=b"hello, I am no IDX")),
    lambda h: load(idx_folder(h, a_images=IMAGES, a_labels=LABELS, b_images=IMAGES, b_labels=LABELS)),
    lambda h: load(idx_folder(h, train_images=IMAGES)),
    lambda h: load(idx_folder(h, train_images=IMAGES, train_labels=LABELS, t10k_labels=LABELS,
                              t10k_images=np.zeros((6, 3, 3), np.uint8))),
    lambda h: load(pair(h, labels=IMAGES)),
    lambda h: load(pair(h, images=LABELS)),
    lambda h: load(pair(h, labels=LABELS[:3])),
    lambda h: Infinite(h.bars).images([-1]),
    lambda h: Infinite(h.bars, n=0),
    lambda h: open_large(Infinite(h.bars), fixed="size"),
    lambda h: open_large(Infinite(h.bars), split="seed"),
    lambda h: open_large(Infinite(h.bars), split=0.2),
    lambda h: open_large("infinite:"),
    lambda h: open_large(open_shards(foreign(h, a=(IMAGES[:1], LABELS[:1]), b=(IMAGES[1:2], LABELS[1:2])))),
]  # fmt: skip

OPENED = [
    lambda h: load(3),
    lambda h: load(" "),
    lambda h: load(h.bars, label="class"),
    lambda h: load((h.path / "a.npy", h.path / "b.npy")),
    lambda h: load((h.file("a.csv", csv()), h.file("b.csv", csv()))),
    lambda h: load(h.npy("x.npy", IMAGES)),
    lambda h: load(h.file("x", idx_bytes(IMAGES))),
    lambda h: load(pictures(h, "x.png") / "x.png"),
    lambda h: load(fifo(h)),
    lambda h: load(h.file("x.gz", gzip.compress(1000 * b"nothing of use")[:20])),
    lambda h: load(h.path / "gone.csv"),
    lambda h: load(h.file("x.csv", "")),
    lambda h: load(h.file("x.csv", "hello\n")),
    lambda h: load(h.file("x.csv", b"\xff\xfe,1\n")),
    lambda h: load(h.file("x.csv", csv() + "1,2\n")),
    lambda h: load(h.file("x.csv", csv(n=0))),
    lambda h: load(h.file("x.csv", csv(head="label,p0,p0,p2,p3"))),
    lambda h: load(h.file("x.csv", "label,id\n0,1\n1,2\n"), label="label"),
    lambda h: load(h.file("x.csv", "id,index\n0,1\n1,2\n")),
    lambda h: load(h.file("x.csv", csv()), label="cat"),
    lambda h: load(h.file("x.csv", csv() + ",1,2,3,4\n")),
    lambda h: load(h.file("x.csv", csv() + "1,1,,3,4\n")),
    lambda h: load(h.file("x.csv", csv("1,x,3,4"))),
    lambda h: load(h.file("x.csv", csv("1,2,3,400"))),
    lambda h: parquet(h, {**TWO, "label": [[1], [2]]}),
    lambda h: parquet(h, {**TWO, "label": [b"\xff", b"a"]}),
    lambda h: load(h.file("x.parquet", b"PAR1nothing")),
    lambda h: from_arrays([["a", "b"], ["c", "d"]], [0, 1]),
    lambda h: from_arrays(np.zeros((0, 4)), []),
    lambda h: from_arrays([[1, 2], [3]], [0, 1]),
    lambda h: from_arrays(np.full((2, 4), np.nan), [0, 1]),
    lambda h: from_arrays(np.full((2, 4), -3), [0, 1]),
    lambda h: from_arrays(np.zeros((2, 4, 4, 2)), [0, 1]),
    lambda h: from_arrays(IMAGES, LABELS, shape=(4, 1)),
    lambda h: from_arrays(np.zeros((2, 4)), [0, 1], shape=(2,)),
    lambda h: from_arrays(np.zeros((2, 4)), [0, 1], shape=(2, 3)),
    lambda h: from_arrays(np.zeros((2, 5)), [0, 1]),
    lambda h: from_arrays(IMAGES, np.zeros((6, 2))),
    lambda h: from_arrays(IMAGES, [1.5] * 6),
    lambda h: from_arrays(IMAGES, [np.nan] * 6),
    lambda h: from_arrays(IMAGES, np.ones(6) * 1j),
    lambda h: from_arrays(IMAGES, np.array([{"a": 1}] * 6, object)),
    lambda h: from_arrays(IMAGES, np.array(["a", None] * 3, object)),
    lambda h: from_arrays(IMAGES, np.array(["a", 2000 * "b"] * 3, object)),
    lambda h: from_arrays(IMAGES, LABELS + 5, ("a", "b")),
    lambda h: from_arrays(IMAGES, ["a", "c"] * 3, ("a", "b")),
]

FETCHED = [
    lambda h: load("openml:a@b"),
    lambda h: (h.file("home/openml"), openml({LIST: {"data": {"dataset": [{"did": 7}]}}}, "openml:some")),
    lambda h: openml({LIST: {"data": {"dataset": [{}]}}}, "openml:some"),
    lambda h: openml({}, "openml:some"),
    lambda h: openml({}),
    lambda h: openml({ABOUT: {"data_set_description": {}}, "/data/v1/download/7": arff().encode()}),
    lambda h: openml({ABOUT: {"data_set_description": {"parquet_url": "ftp://x"}}}),
    lambda h: openml({ABOUT: b"<html>"}),
    lambda h: served(lambda at: fetch_json(f"{at}/x"), {"*": (b"", 500)}),
    lambda h: fetch_json(nobody()),
    lambda h: fetch_json("ftp://x"),
    lambda h: fetch(catalog.RemoteFile("x"), [nobody()], h.path),
    lambda h: fetch(catalog.RemoteFile("x"), ["ftp://x"], h.path),
    lambda h: served(
        lambda at: fetch(catalog.RemoteFile("x", digest(b"a")), [at], h.path), {"*": (b"b", 200)}
    ),
    lambda h: (
        h.folder("x.part"),
        served(lambda at: fetch(catalog.RemoteFile("x"), [at], h.path), {"*": (b"b", 200)}),
    ),
    lambda h: stored_entry("libsvm", **{"usps.bz2": b"no", "usps.t.bz2": bz2.compress(b"no")}),
]

PARTS = [
    lambda h: Infinite(h.bars).sample(0),
    lambda h: Infinite(h.bars, n=5).sample(1, seed=-1),
    lambda h: write_shards(h.bars, h.path / "p", part_bytes=0),
    lambda h: (shards(h), write_shards(h.colours, h.path / "parts")),
    lambda h: write_shards(h.bars.train, h.path / "p", test=h.colours),
    lambda h: (h.file("p/x"), write_shards(h.bars, h.path / "p")),
    lambda h: write_shards(Wide(h.bars), h.path / "p", threads=1),
    lambda h: open_shards(h.path / "gone"),
    lambda h: open_shards("~no-user-has-this-name/parts"),
    lambda h: load("~no-user-has-this-name/parts"),
    lambda h: open_shards(h.file("x")),
    lambda h: changed(h, lambda m: m["parts"].pop() and None),
    lambda h: replace(shards(h), rows=0),
    lambda h: replace(shards(h), parts=()),
    lambda h: shards(h).train.test,
    lambda h: shards(h).split(99),
    lambda h: open_shards(foreign(h, a=(IMAGES, LABELS))).verify(),
    lambda h: flipped(h).verify(),
    lambda h: (shards(h), (h.path / "parts/manifest.json").unlink(), (h.path / "parts/manifest.json").mkdir(),
               open_shards(h.path / "parts")),
    lambda h: (shards(h), (h.path / "parts/manifest.json").write_text("{"), open_shards(h.path / "parts")),
    lambda h: write_shards(Infinite(h.bars, n=10**13), h.path / "p"),
    lambda h: load(vast(h)),
    lambda h: changed(h, lambda m: {**m, "kind": "other"}),
    lambda h: changed(h, lambda m: {**m, "version": 9}),
    lambda h: changed(h, lambda m: {**m, "classes": []}),
    lambda h: changed(h, lambda m: {**m, "parts": 3}),
    lambda h: changed(h, lambda m: {**m, "n_train": m["n_train"] - 1, "n_test": m["n_test"] + 1}),
    lambda h: changed(h, lambda path: path.write_bytes(path.read_bytes()[:200]), "part-00000.images.npy"),
    lambda h: changed(h, lambda path: path.write_bytes(path.read_bytes() + b"1"), "part-00000.images.npy"),
    lambda h: changed(h, lambda path: path.unlink(), "part-00000.images.npy"),
    lambda h: changed(h, lambda path: (path.unlink(), path.mkdir()), "part-00000.images.npy"),
    lambda h: changed(h, lambda path: np.save(path, np.zeros(3)), "part-00000.images.npy"),
    lambda h: changed(h, lambda path: np.save(path, np.zeros(3)), "part-00000.labels.npy"),
    lambda h: changed(h, lambda path: np.save(path, 1 - np.minimum(np.load(path), 1)), "part-00000.labels.npy"),
    lambda h: relabelled(h, lambda codes: codes + 9),
]  # fmt: skip


class Wide(DatasetBlocks):
    """Blocks whose rows are not bytes."""

    def block(self, index):
        X, y = super().block(index)
        return X.astype(np.float32), y


def homeless():
    del os.environ["SIGHTLINE_HOME"]
    os.environ["SIGHTLINE_HOME"] = "~nobody-of-this-name/x"
    return cache.home()


def truncated_member(h):
    """An archive whose member says that it is longer than it is."""
    path = h.npz("x.npz", images=IMAGES, labels=LABELS)
    with zipfile.ZipFile(path) as archive:
        content = archive.read("images.npy")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("labels.npy", b"\x93NUMPY\x01\x00\x05\x00{}{}\n")
        archive.writestr("images.npy", content[:-4] + b"")
    return load(path)


def bomb(h):
    large(h.path / "b.zip", "images.npy")
    return (h.path / "b.zip").read_bytes()


def gone_part(h):
    opened = open_shards(foreign(h, a=(IMAGES, LABELS)))
    (h.path / "foreign" / "a.npz").unlink()
    return opened.block(0)


def grown_part(h):
    opened = open_shards(foreign(h, a=(IMAGES, LABELS)))
    np.savez(h.path / "foreign" / "a.npz", images=IMAGES[:3], labels=LABELS[:3])
    return opened.block(0)


def lonely(h):
    folder = h.folder("lonely")
    (folder / "a-images-idx3-ubyte").write_bytes(idx_bytes(IMAGES))
    return folder


def fifo(h):
    os.mkfifo(h.path / "pipe")
    return h.path / "pipe"


def vast(h):
    """A folder of parts of two gigabytes, which take no room on the disk."""
    shards(h)
    manifest = h.path / "parts" / "manifest.json"
    held = json.loads(manifest.read_text())
    held.update(shape=[4096, 4096], n_train=130, n_test=0)
    labels = h.npy("parts/part-00000.labels.npy", np.arange(130, dtype=np.uint8) % 3)
    stated = {
        "rows": 130,
        "test": False,
        "images": "",
        "labels": hashlib.sha256(labels.read_bytes()).hexdigest(),
    }
    manifest.write_text(json.dumps({**held, "parts": [stated]}))
    with (h.path / "parts" / "part-00000.images.npy").open("wb") as file:
        shape = (130, 4096, 4096)
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        file.truncate(file.tell() + 130 * 4096 * 4096)
    return h.path / "parts"


def flipped(h):
    """Parts of which one byte of pixels was changed."""
    opened = shards(h)
    path = opened.parts[0].path
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    return open_shards(h.path / "parts")


@pytest.fixture(scope="module")
def meeting(tmp_path_factory):
    everything = [*FILES, *OPENED, *FETCHED, *PARTS]
    return words.meet(everything, words.places(*ROOMS), tmp_path_factory.mktemp("words"))


test_a_message_is_provoked_and_reads_well, test_no_provocation_is_idle = words.both(APART, *ROOMS)
