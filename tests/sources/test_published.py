"""Every kind of file the catalogue knows, made small, served from this machine and read end to end."""

import bz2
import gzip
import hashlib
import io
import re
import struct
import tarfile
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from sightline.errors import DataError, DownloadError, NotFoundError, StorageError, UsageError
from sightline.sources import cache, catalog, load, published

IDX = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def idx(array):
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(head + array.astype(np.uint8).tobytes())


@pytest.fixture
def publish(web, monkeypatch):
    """Serve files as those of a catalogue entry, their digests in the catalogue unless `official`."""

    def serve(name, contents, official=False):
        entry = catalog.CATALOG[name]
        assert set(contents) <= {file.name for file in entry.files}
        for file, body in contents.items():
            web.files[f"/{entry.folder or name}/{file}"] = body
        if not official:
            files = tuple(
                catalog.RemoteFile(f.name, f"sha256:{hashlib.sha256(contents[f.name]).hexdigest()}")
                for f in entry.files
            )
            changed = dict(catalog.CATALOG) | {name: replace(entry, files=files)}
            monkeypatch.setattr(catalog, "CATALOG", changed)
        monkeypatch.setenv("SIGHTLINE_MIRROR", f"{web.address}/")
        return entry

    return serve


def grey(rng, n, side):
    return rng.integers(0, 256, (n, side, side), dtype=np.uint8)


def as_idx(images, labels, n_train):
    parts = (images[:n_train], labels[:n_train], images[n_train:], labels[n_train:])
    return dict(zip(IDX, map(idx, parts), strict=True))


def as_libsvm(images, labels, n_train):
    def lines(rows):
        for image, label in zip(images[rows], labels[rows], strict=True):
            values = image.ravel() / 127.5 - 1
            yield f"{label + 1} " + " ".join(f"{j + 1}:{v:.6f}" for j, v in enumerate(values) if v) + "\n"

    return {
        name: bz2.compress("".join(lines(rows)).encode())
        for name, rows in (("usps.bz2", slice(n_train)), ("usps.t.bz2", slice(n_train, None)))
    }


def as_cifar(images, labels, n_train):
    rows = np.concatenate([labels[:, None], images.transpose(0, 3, 1, 2).reshape(len(labels), -1)], axis=1)
    half = n_train // 2
    parts = {"test_batch": rows[n_train:], "data_batch_2": rows[half:n_train], "data_batch_1": rows[:half]}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, part in (parts | {"batches.meta": None}).items():
            body = b"airplane\n" if part is None else part.astype(np.uint8).tobytes()
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}.{'txt' if part is None else 'bin'}")
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return {"cifar-10-binary.tar.gz": packed.getvalue()}


def as_svhn(images, labels, n_train):
    from scipy.io import savemat

    files = {}
    for name, rows in (("train_32x32.mat", slice(n_train)), ("test_32x32.mat", slice(n_train, None))):
        packed = io.BytesIO()
        ten_for_zero = np.where(labels[rows] == 0, 10, labels[rows])[:, None].astype(np.uint8)
        savemat(packed, {"X": np.moveaxis(images[rows], 0, 3), "y": ten_for_zero}, do_compression=True)
        files[name] = packed.getvalue()
    return files


def as_emnist(which, first):
    def pack(images, labels, n_train):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for part, rows in (("train", slice(n_train)), ("test", slice(n_train, None))):
                lying = images[rows].transpose(0, 2, 1)
                archive.writestr(f"gzip/{which}-{part}-images-idx3-ubyte.gz", idx(lying))
                archive.writestr(f"gzip/{which}-{part}-labels-idx1-ubyte.gz", idx(labels[rows] + first))
        return {"gzip.zip": packed.getvalue()}

    return pack


WRITERS = {
    "mnist": as_idx,
    "fashion-mnist": as_idx,
    "kmnist": as_idx,
    "usps": as_libsvm,
    "cifar10": as_cifar,
    "svhn": as_svhn,
    "emnist-letters": as_emnist("emnist-letters", 1),
    "emnist-balanced": as_emnist("emnist-balanced", 0),
}


def small(name, rng, n_train=None):
    """A few images of each class of an entry, and the entry's files that hold them."""
    entry = catalog.CATALOG[name]
    k = len(entry.classes)
    n, n_train = 3 * k, n_train or 2 * k
    images = rng.integers(0, 256, (n, *entry.shape), dtype=np.uint8)
    labels = np.arange(n) % k
    return images, labels, n_train, WRITERS[name](images, labels, n_train)


def test_every_entry_is_tried_here():
    assert set(WRITERS) == set(catalog.CATALOG) - {"digits"}


@pytest.mark.parametrize("name", WRITERS)
def test_an_entry_is_fetched_read_and_kept(name, web, publish, rng):
    images, labels, n_train, files = small(name, rng)
    entry = publish(name, files)
    told = []
    first = load(name, progress=lambda done, total: told.append((done, total)))
    np.testing.assert_array_equal(first.images, images)
    np.testing.assert_array_equal(first.labels, labels)
    assert (first.name, first.n_train, first.classes) == (name, n_train, entry.classes)
    assert (first.source, first.licence) == (entry.homepage, entry.licence)
    assert told[-1][0] == sum(map(len, files.values()))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    asked = len(web.asked)
    assert asked == len(files)
    web.files.clear()
    assert load(name).digest == first.digest  # no network any more, and none needed
    assert len(web.asked) == asked


def test_a_damaged_conversion_is_made_anew_from_what_was_fetched(web, publish, rng, home):
    images, _, _, files = small("usps", rng)
    publish("usps", files)
    load("usps")
    (home / "ready" / "usps" / "labels.npy").write_bytes(b"rubbish")
    asked = len(web.asked)
    np.testing.assert_array_equal(load("usps").images, images)
    assert len(web.asked) == asked


def test_entries_of_one_archive_share_its_download(web, publish, rng):
    _, _, _, letters = small("emnist-letters", rng)
    _, _, _, balanced = small("emnist-balanced", rng)
    both = io.BytesIO()
    with zipfile.ZipFile(both, "w") as out:
        for one in (letters, balanced):
            with zipfile.ZipFile(io.BytesIO(one["gzip.zip"])) as archive:
                for member in archive.namelist():
                    out.writestr(member, archive.read(member))
    for name in ("emnist-letters", "emnist-balanced"):
        publish(name, {"gzip.zip": both.getvalue()})
        load(name)
    assert web.count("/emnist/gzip.zip") == 1


def test_files_that_are_not_the_official_ones_are_refused(web, publish, rng, home):
    publish("mnist", small("mnist", rng)[3], official=True)
    with pytest.raises(DownloadError, match="digest") as caught:
        load("mnist")
    assert "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609" in caught.value.what
    assert "removed" in caught.value.remedy
    assert not (home / "ready" / "mnist").exists()
    assert not list((home / "downloads" / "mnist").glob("*ubyte*"))


def test_no_network_is_one_clear_message(monkeypatch):
    import socket

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("SIGHTLINE_MIRROR", f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(
            DownloadError, match=r"cannot fetch train-images-idx3-ubyte\.gz .*refused"
        ) as caught:
            load("mnist")
    assert "work offline with 'digits'" in caught.value.remedy


def test_a_read_only_home_is_named_before_anything_is_fetched(web, publish, rng, tmp_path, monkeypatch):
    publish("mnist", small("mnist", rng)[3])
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SIGHTLINE_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(StorageError, match="SIGHTLINE_HOME"):
        load("mnist")
    assert web.asked == []


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("damage", ["empty", "text", "short", "of another kind"])
def test_files_that_cannot_be_read_are_one_clear_message(name, damage, publish, rng):
    files = small(name, rng)[3]
    other = small("usps" if name != "usps" else "mnist", rng)[3]
    broken = {
        "empty": b"",
        "text": b"hello\n" * 40,
        "short": None,
        "of another kind": next(iter(other.values())),
    }[damage]
    for file, body in files.items():
        files[file] = body[: len(body) // 2] if broken is None else broken
    publish(name, files)
    with pytest.raises(DataError) as caught:
        load(name)
    assert re.search(f"'{name}' cannot be read|{next(iter(files))}|idx3-ubyte|idx1-ubyte", caught.value.what)
    assert cache.read(name) is None


def test_the_bundled_digits_need_nothing(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SIGHTLINE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("SIGHTLINE_MIRROR", "http://127.0.0.1:1")
    found = load("digits", split="none")
    assert (len(found), found.shape, found.images.max(), found.licence) == (
        1797,
        (8, 8),
        255,
        "CC BY 4.0 (UCI)",
    )


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("MNIST", "mnist"),
        ("Fashion_MNIST", "fashion-mnist"),
        ("fashion", "fashion-mnist"),
        (" cifar-10 ", "cifar10"),
        ("letters", "emnist-letters"),
    ],
)
def test_names_are_found_however_they_are_spelt(name, found):
    assert catalog.find(name).name == found


def test_a_name_spelt_wrong_is_answered_with_the_right_one():
    with pytest.raises(NotFoundError, match=r"no 'mnits'.* Did you mean mnist"):
        catalog.find("mnits")
    with pytest.raises(NotFoundError, match="one of digits, mnist"):
        catalog.find("zzzzzzzz")


def test_layout_options_do_not_apply_to_names():
    for option in ({"shape": (28, 28)}, {"label": "class"}):
        with pytest.raises(UsageError, match=f"{next(iter(option))}= does not apply to 'digits'"):
            load("digits", **option)


def test_the_catalogue_is_complete():
    for name, entry in catalog.CATALOG.items():
        assert name == entry.name == name.lower()
        assert len(set(entry.classes)) == len(entry.classes) > 1
        assert min(entry.licence, entry.citation, entry.title)
        assert entry.homepage.startswith("http")
        assert (entry.reader == "bundled") == (not entry.files) == (not entry.mirrors)
        for mirror in entry.mirrors:
            assert re.fullmatch("https?://.*/", mirror)
        for file in entry.files:
            assert re.fullmatch("sha256:[0-9a-f]{64}", file.digest)
    assert catalog.CATALOG["mnist"].size == 9912422 + 28881 + 1648877 + 4542


def test_without_a_mirror_of_ones_own_the_published_addresses_are_asked(monkeypatch):
    entry = catalog.CATALOG["mnist"]
    assert published.addresses(entry, "f") == tuple(f"{mirror}f" for mirror in entry.mirrors)
    monkeypatch.setenv("SIGHTLINE_MIRROR", "http://127.0.0.1:8/sets/")
    assert published.addresses(entry, "f") == ("http://127.0.0.1:8/sets/mnist/f",)
    emnist = catalog.CATALOG["emnist-letters"]
    assert published.addresses(emnist, "f") == ("http://127.0.0.1:8/sets/emnist/f",)
