"""Endless images: each depends on the seed and its number alone, and none is ever stored."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.dataset import Dataset
from sightline.engine.blocks import RowBlocks, read_ahead
from sightline.errors import DataError, UsageError
from sightline.features.augment import Augmentation
from sightline.sources import load
from sightline.sources.infinite import COLOURS, DIGITS, Infinite
from sightline.sources.sharding import ImageBlocks

BASE = load("digits")
N = len(BASE.train)
ENDLESS = Infinite(BASE, n=5000, seed=7, rows=300)
WHOLE = ENDLESS.images(range(5000))


def colours(n=40):
    rng = np.random.default_rng(0)
    return Dataset(rng.integers(0, 256, (n, 9, 7, 3), dtype=np.uint8), np.arange(n) % 2, ("a", "b"))


def test_it_is_what_solvers_read():
    assert isinstance(ENDLESS, RowBlocks)
    assert isinstance(ENDLESS, ImageBlocks)
    assert ENDLESS.shape == (5000, 64)
    assert ENDLESS.n_blocks == 17
    read = list(read_ahead(ENDLESS, threads=2))
    assert np.array_equal(np.concatenate([X for X, _ in read]), WHOLE.reshape(5000, -1))
    assert np.array_equal(np.concatenate([y for _, y in read]), ENDLESS.labels(range(5000)))
    X, y = read[3]
    assert X.dtype == np.uint8
    assert X.flags.c_contiguous
    assert y.dtype == np.int64


def test_the_first_are_the_originals_unchanged():
    assert np.array_equal(WHOLE[:N], BASE.train.images)
    assert not (WHOLE[N : 2 * N] == BASE.train.images).all(axis=(1, 2)).any()
    assert np.array_equal(ENDLESS.labels(range(5000)), np.resize(BASE.train.labels, 5000))


@given(rows=st.lists(st.integers(0, 4999), max_size=30))
@settings(max_examples=30)
def test_an_image_is_the_same_however_it_is_asked_for(rows):
    assert np.array_equal(ENDLESS.images(rows), WHOLE[rows])


@given(size=st.integers(1, 400), index=st.integers(0, 10), n=st.integers(4001, 9000))
@settings(max_examples=20)
def test_an_image_does_not_know_its_block_nor_how_many_there_are(size, index, n):
    X, _ = Infinite(BASE, n, seed=7, rows=size).block(index)
    assert np.array_equal(X, WHOLE.reshape(5000, -1)[index * size : (index + 1) * size])


def test_blocks_are_the_same_in_any_order_and_without_a_compiler(monkeypatch):
    backwards = [X for X, _ in read_ahead(Infinite(BASE, 5000, 7, rows=300), range(16, -1, -1), threads=3)]
    assert np.array_equal(np.concatenate(backwards[::-1]), WHOLE.reshape(5000, -1))
    monkeypatch.setenv("SIGHTLINE_NATIVE", "0")
    plain = Infinite(BASE, 5000, 7).images(range(3000, 3100)).astype(int)
    assert np.abs(plain - WHOLE[3000:3100]).max() <= 1


def test_seeds_and_numbers_give_other_images():
    row = N + 5
    same = [Infinite(BASE, seed=seed).images([row]) for seed in (7, 7, 8)]
    assert np.array_equal(same[0], same[1])
    assert not np.array_equal(same[0], same[2])
    copies = ENDLESS.images(5 + N * np.arange(1, 40)).reshape(39, -1)
    assert len(np.unique(copies, axis=0)) == 39
    assert set(ENDLESS.labels(5 + N * np.arange(1, 40))) == {BASE.train.labels[5]}


def test_numbers_beyond_n_have_images_too():
    far = [10**15, 10**15 + 1]
    assert np.array_equal(ENDLESS.images(far), Infinite(BASE, 3, seed=7).images(far))
    assert ENDLESS.labels(far).tolist() == [int(BASE.train.labels[i % N]) for i in far]


def test_copies_resemble_their_originals_more_than_others():
    X = WHOLE.reshape(5000, -1).astype(float)
    originals, copies = X[:200], X[N : N + 200]
    own = np.linalg.norm(copies - originals, axis=1)
    other = np.linalg.norm(copies - np.roll(originals, 1, axis=0), axis=1)
    assert np.mean(own < other) > 0.9


def test_no_change_at_all_repeats_the_originals():
    still = Infinite(BASE, 3 * N, augmentation=DIGITS.times(0))
    assert np.array_equal(still.images(range(N, 2 * N)), BASE.train.images)


def test_test_images_are_never_deformed():
    assert ENDLESS.test.digest == BASE.test.digest
    other = replace(BASE, images=np.concatenate([BASE.train.images, 255 - BASE.test.images]))
    assert np.array_equal(Infinite(other, 5000, 7).images(range(N, N + 64)), WHOLE[N : N + 64])
    with pytest.raises(DataError, match="no test images"):
        _ = Infinite(BASE.take(slice(None))).test


def test_colours():
    base = colours()
    endless = Infinite(base, 200, rows=64)
    assert endless.changes == COLOURS
    assert endless.originals.digest == base.digest
    assert endless.images([0, 41]).shape == (2, 9, 7, 3)
    assert endless.block(3)[0].shape == (8, 189)


def test_samples_are_ordinary_data_sets():
    drawn = ENDLESS.sample(60, seed=1)
    assert isinstance(drawn, Dataset)
    assert np.array_equal(drawn.images, WHOLE[drawn.rows])
    assert np.array_equal(drawn.labels, ENDLESS.labels(drawn.rows))
    assert len(set(drawn.rows)) == 60
    assert drawn.digest == ENDLESS.sample(60, seed=1).digest != ENDLESS.sample(60, seed=2).digest
    assert ENDLESS.sample(5000).digest == Dataset(WHOLE, ENDLESS.labels(range(5000)), BASE.classes).digest
    for n in (0, 5001):
        with pytest.raises(UsageError, match=r"of the 5,000 images"):
            ENDLESS.sample(n)
    with pytest.raises(UsageError, match="a seed of -1"):
        ENDLESS.sample(1, seed=-1)


def test_the_digest_knows_what_the_images_depend_on():
    same = Infinite(BASE, 5000, 7, rows=12)
    assert ENDLESS.digest == same.digest
    others = (
        Infinite(BASE, 5001, 7),
        Infinite(BASE, 5000, 8),
        Infinite(BASE, 5000, 7, Augmentation(shift=2)),
        Infinite(BASE.take(slice(0, 100)), 5000, 7),
    )
    assert len({ENDLESS.digest, *(one.digest for one in others)}) == 5


def test_it_travels_to_other_processes():
    there = pickle.loads(pickle.dumps(ENDLESS))
    assert np.array_equal(there.block(9)[0], ENDLESS.block(9)[0])
    assert len(pickle.dumps(ENDLESS)) < 1.2 * BASE.images.nbytes + 8 * 2 * len(BASE) + 2000


def test_it_says_what_it_is():
    assert repr(ENDLESS) == "Infinite 'digits, endless': 5,000 images of 8×8, 10 classes, from 1,437"
    assert len(ENDLESS) == 5000
    assert ENDLESS.train is ENDLESS
    assert ENDLESS.licence == BASE.licence
    assert "seed 7" in ENDLESS.source


@pytest.mark.parametrize("wrong", [{"n": 0}, {"n": 1.5}, {"seed": -1}, {"rows": 0}, {"n": 1 << 63}])
def test_impossible_requests(wrong):
    with pytest.raises(UsageError, match=f"{next(iter(wrong))} = "):
        Infinite(BASE, **wrong)


@pytest.mark.parametrize("rows", [[-1], [0.5], [[1]], [1 << 62], ["0"]])
def test_images_that_have_no_number(rows):
    with pytest.raises(UsageError, match="no number"):
        ENDLESS.images(rows)
    with pytest.raises(IndexError, match="no block 17"):
        ENDLESS.block(17)
