"""Blocks of rows: whatever reads them, the rows are the same, and no thread is left behind."""

import itertools
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.engine.blocks import ArrayBlocks, RowBlocks, mapped, read_ahead
from sightline.errors import DataError, UsageError


def rows(n, d=3, dtype=np.uint8):
    return np.arange(n * d).reshape(n, d).astype(dtype), np.arange(n) % 4


def readers():
    return [one for one in threading.enumerate() if one.name.startswith("sightline-blocks")]


class Slow(ArrayBlocks):
    """Rows that tell which blocks were read; one of them cannot be."""

    def __init__(self, n_blocks, broken=None, gate=None):
        super().__init__(*rows(n_blocks * 2), rows=2)
        self.broken, self.gate, self.read = broken, gate, []

    def block(self, index):
        if self.gate is not None:
            assert self.gate.wait(10)
        self.read.append(index)
        if index == self.broken:
            raise DataError(f"block {index} is damaged")
        return super().block(index)


@given(n=st.integers(0, 40), size=st.integers(1, 50), threads=st.integers(0, 3), depth=st.integers(1, 5))
@settings(max_examples=40)
def test_the_blocks_are_the_rows(n, size, threads, depth):
    X, y = rows(n)
    blocks = ArrayBlocks(X, y, rows=size)
    assert isinstance(blocks, RowBlocks)
    read = list(read_ahead(blocks, threads=threads, depth=depth))
    assert len(read) == blocks.n_blocks
    assert np.array_equal(np.concatenate([X[:0], *(b for b, _ in read)]), X)
    assert np.array_equal(np.concatenate([y[:0], *(c for _, c in read)]), y)
    assert all(0 < len(b) == len(c) <= size for b, c in read)
    assert not readers()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_blocks_are_views_of_codes_and_rows(dtype):
    X, y = rows(10, dtype=dtype)
    block, codes = ArrayBlocks(X, y, rows=4).block(1)
    assert np.shares_memory(block, X)
    assert block.dtype == dtype
    assert codes.dtype == np.int64
    turned, _ = ArrayBlocks(np.asfortranarray(X), y.astype(np.uint8), rows=4).block(1)
    assert turned.flags.c_contiguous
    assert np.array_equal(turned, block)


def test_memory_maps(tmp_path):
    X, y = rows(50, 300)
    np.save(tmp_path / "X.npy", X)
    there = np.load(tmp_path / "X.npy", mmap_mode="r")
    blocks = ArrayBlocks(there, y, rows=16)
    assert mapped(there[3:].reshape(-1))
    assert mapped(blocks.X)
    assert not mapped(X)
    assert np.shares_memory(blocks.block(0)[0], there)
    assert np.array_equal(np.concatenate([b for b, _ in read_ahead(blocks)]), X)


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_any_order_and_as_often_as_named(threads):
    blocks = Slow(6)
    order = [4, 0, 0, 5]
    firsts = [int(y[0]) for _, y in read_ahead(blocks, order, threads)]
    assert firsts == [int(blocks.y[2 * i]) for i in order]
    endless = itertools.islice(read_ahead(blocks, itertools.cycle(range(6)), threads), 20)
    assert len(list(endless)) == 20
    assert not readers()


def test_no_more_is_read_ahead_than_was_asked():
    blocks = Slow(9)
    reading = read_ahead(blocks, depth=3)
    assert blocks.read == []
    next(reading)
    reading.close()
    assert set(blocks.read) <= {0, 1, 2, 3}


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_what_a_reading_raises_comes_out_in_its_place(threads):
    reading = read_ahead(Slow(6, broken=3), threads=threads, depth=4)
    for _ in range(3):
        next(reading)
    with pytest.raises(DataError, match="block 3 is damaged"):
        next(reading)
    assert not readers()


def test_the_next_block_is_read_while_one_is_worked_on():
    gate = threading.Event()
    gate.set()
    blocks = Slow(4, gate=gate)
    reading = read_ahead(blocks, depth=1)
    next(reading)
    gate.clear()
    assert readers()  # at work, or waiting, while we are here
    gate.set()
    next(reading)
    assert blocks.read[:2] == [0, 1]
    reading.close()


@pytest.mark.parametrize("leave", ["break", "raise", "let go"])
def test_leaving_early_ends_the_threads(leave):
    def work():
        for number, _ in enumerate(read_ahead(Slow(50), threads=2, depth=4)):
            if number == 2 and leave == "break":
                break
            if number == 2 and leave == "raise":
                raise KeyError(number)

    if leave == "raise":
        with pytest.raises(KeyError):
            work()
    elif leave == "break":
        work()
    else:
        reading = read_ahead(Slow(50), threads=2)
        next(reading)
        del reading
    assert not readers()


ENDLESS = """
import itertools, time
import numpy as np
from sightline.engine.blocks import ArrayBlocks, read_ahead
blocks = ArrayBlocks(np.zeros((8, 2)), np.zeros(8, int), rows=2)
try:
    for X, y in read_ahead(blocks, itertools.cycle(range(4)), threads=2):
        print("at work", flush=True)
        time.sleep(0.01)
except KeyboardInterrupt:
    import threading
    print("left", threading.active_count(), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals between processes")
def test_ctrl_c_ends_the_threads():
    command = [sys.executable, "-c", ENDLESS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout.readline() == "at work\n"
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    assert said.endswith("left 1\n")
    assert process.returncode == 0


def test_impossible_requests():
    X, y = rows(6)
    for wrong in (X[0], X.astype(np.int32), X.astype(object)):
        with pytest.raises(DataError, match=r"Expected uint8, float32 or float64"):
            ArrayBlocks(wrong, y)
    for wrong in (y[:-1], y[:, None], y.astype(float)):
        with pytest.raises(DataError, match="one whole number for each row"):
            ArrayBlocks(X, wrong)
    with pytest.raises(UsageError, match="blocks of 0 rows"):
        ArrayBlocks(X, y, rows=0)
    for index in (-1, 3):
        with pytest.raises(IndexError, match=f"no block {index}"):
            ArrayBlocks(X, y, rows=2).block(index)
    with pytest.raises(UsageError, match="threads = -1"):
        read_ahead(ArrayBlocks(X, y), threads=-1)
    with pytest.raises(UsageError, match="depth = 0"):
        read_ahead(ArrayBlocks(X, y), depth=0)
