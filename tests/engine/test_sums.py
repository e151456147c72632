"""Sums over blocks: the same bits on any number of threads."""

from __future__ import annotations

import time

import numpy as np
import pytest

from sightline.engine.blocks import ArrayBlocks
from sightline.engine.sums import LocalSums, summed
from sightline.errors import UsageError


class Wide:
    """Columns' sums in float32, whose last bits depend on the order; and which blocks they are from."""

    def __call__(self, index, X, y):
        return X.sum(axis=0), [index]

    @staticmethod
    def add(one, other):
        return one[0] + other[0], one[1] + other[1]


@pytest.fixture(scope="module")
def blocks():
    rng = np.random.default_rng(0)
    return ArrayBlocks(rng.standard_normal((1000, 7)).astype(np.float32), np.arange(1000) % 3, rows=30)


def test_every_block_once_in_order(blocks):
    found = []
    for threads in (1, 2, 5):
        sums = LocalSums(blocks, threads, readers=threads)
        total, numbers = sums.sum(Wide())
        sums.close()
        assert numbers == list(range(34))
        found.append(total)
    assert (found[0] == found[1]).all()
    assert (found[0] == found[2]).all()
    np.testing.assert_allclose(found[0], blocks.X.sum(axis=0), rtol=1e-4, atol=1e-4)


def test_some_blocks_under_other_numbers(blocks):
    (total, numbers), _ = summed(blocks, Wide(), [3, 1], [30, 10])
    assert numbers == [30, 10]
    np.testing.assert_allclose(total, blocks.block(3)[0].sum(axis=0) + blocks.block(1)[0].sum(axis=0))


@pytest.mark.parametrize("threads", [1, 3])
def test_what_goes_wrong_in_a_block_is_told_and_the_next_sum_works(blocks, threads):
    class Once(Wide):
        left = 1

        def __call__(self, index, X, y):
            if index == 5 and Once.left:
                Once.left = 0
                raise ZeroDivisionError("in block 5")
            return super().__call__(index, X, y)

    sums = LocalSums(blocks, threads)
    with pytest.raises(ZeroDivisionError, match="in block 5"):
        sums.sum(Once())
    assert sums.sum(Once())[1] == list(range(34))
    sums.close()


def test_waiting_for_slow_readings_is_counted(blocks):
    class Slow:
        shape, n_blocks = blocks.shape, 6

        def block(self, index):
            time.sleep(0.02)
            return blocks.block(index)

    sums = LocalSums(Slow(), 1)
    sums.sum(Wide())
    sums.close()
    assert 0.05 < sums.waited < 1


def test_impossible_numbers_of_threads(blocks):
    with pytest.raises(UsageError, match="below 1"):
        LocalSums(blocks, 0)
