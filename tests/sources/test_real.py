"""The real MNIST and real photographs, where they are at hand: sizes, first labels, splits, seconds."""

import hashlib
import time
from dataclasses import replace

import numpy as np
import pytest

from sightline.errors import DownloadError
from sightline.sources import catalog, load


@pytest.fixture
def mnist(real_data):
    return real_data / "mnist"


def test_mnist_from_a_folder(mnist):
    begin = time.perf_counter()
    found = load(mnist)
    assert time.perf_counter() - begin < 5
    assert (found.shape, found.n_train, len(found.test)) == ((28, 28), 60_000, 10_000)
    assert found.classes == tuple("0123456789")
    assert np.bincount(found.test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert found.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert found.test.labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert len(load(mnist, split="seed").test) == 14_000


def test_mnist_by_name_is_warm_in_a_tenth_of_a_second(mnist, web, monkeypatch):
    entry = catalog.CATALOG["mnist"]
    bodies = {file.name: (mnist / file.name).read_bytes() for file in entry.files}
    files = tuple(
        replace(file, digest=f"sha256:{hashlib.sha256(bodies[file.name]).hexdigest()}", size=None)
        for file in entry.files
    )
    monkeypatch.setattr(catalog, "CATALOG", {"mnist": replace(entry, files=files)})
    monkeypatch.setenv("SIGHTLINE_MIRROR", web.address)
    web.files |= {f"/mnist/{name}": body for name, body in bodies.items()}
    first = load("mnist")
    web.files.clear()
    seconds = []
    for _ in range(5):
        begin = time.perf_counter()
        warm = load("mnist")
        seconds.append(time.perf_counter() - begin)
    assert min(seconds) < 0.1
    assert warm.digest == first.digest
    np.testing.assert_array_equal(warm.labels, load(mnist).labels)
    np.testing.assert_array_equal(warm.images, load(mnist).images)


def test_images_that_are_not_the_official_ones_are_told_apart(mnist, web, monkeypatch):
    entry = catalog.CATALOG["mnist"]
    bodies = {file.name: (mnist / file.name).read_bytes() for file in entry.files}
    official = all(
        file.digest == f"sha256:{hashlib.sha256(bodies[file.name]).hexdigest()}" for file in entry.files
    )
    monkeypatch.setenv("SIGHTLINE_MIRROR", web.address)
    web.files |= {f"/mnist/{name}": body for name, body in bodies.items()}
    if official:
        assert load("mnist").n_train == 60_000
        assert load(mnist).notes == ()
    else:
        with pytest.raises(DownloadError, match="digest"):
            load("mnist")
        assert "not byte for byte" in load(mnist).notes[0]


def test_photographs_from_a_folder(real_data):
    begin = time.perf_counter()
    found = load(real_data / "cats-dogs")
    assert time.perf_counter() - begin < 15
    assert (found.shape, found.classes, found.notes) == ((32, 32, 3), ("cat", "dog"), ())
    assert (found.n_train, len(found.test)) == (4_000, 1_000)
    assert {name.split("/")[0] for name in found.train.files} == {"train"}
    assert {name.split("/")[0] for name in found.test.files} == {"test"}
    for label, name in zip(found.labels, found.files, strict=True):
        assert name.split("/")[1] == found.classes[label]
