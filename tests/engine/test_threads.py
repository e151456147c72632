"""Laws of the thread team: one cut of the rows, one order of the sums, BLAS left as it was found."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from sightline.engine import threads
from sightline.engine.threads import (
    SLABS,
    SMALL,
    ThreadTeam,
    available_threads,
    blocks,
    cut,
    single_threaded_blas,
)
from sightline.errors import UsageError


@pytest.fixture(autouse=True)
def two_blas_threads():
    """Whatever the machine and its settings: a limit of one thread must be seen to come and go.

    Set by threads that have ended, for threadpoolctl lets no other set it while the one that did is alive.
    """

    def in_a_thread_of_its_own(work) -> None:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    with single_threaded_blas():
        pass
    limits = []
    in_a_thread_of_its_own(lambda: limits.append(threadpool_limits(2, user_api="blas")))
    yield
    in_a_thread_of_its_own(limits[0].restore_original_limits)


def blas_threads() -> list[int]:
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


@pytest.mark.parametrize("n_rows", [1, 2, 7, 8, 9, 1000, 60_001])
@pytest.mark.parametrize("n_columns", [1, 100, 400_000])
def test_slabs_cover_every_row_once_in_order(n_rows, n_columns):
    team = ThreadTeam(n_rows, n_columns)
    rows = np.concatenate([np.arange(n_rows)[slab] for slab in team.slabs])
    team.close()
    assert rows.tolist() == list(range(n_rows))


def test_cut_does_not_depend_on_the_number_of_threads():
    cuts = []
    for n_threads in (1, 2, 3, 64, None):
        team = ThreadTeam(10_000, 100, n_threads)
        cuts.append(team.slabs)
        assert 1 <= team.n_threads <= SLABS
        team.close()
    assert all(cut == cuts[0] for cut in cuts)
    assert len(cuts[0]) == SLABS


def test_small_data_stay_on_one_thread():
    team = ThreadTeam(SMALL // 10 - 1, 10, 4)
    assert team.n_threads == 1
    assert team.slabs == [slice(0, SMALL // 10 - 1)]


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_map_returns_in_the_order_of_the_rows(n_threads):
    team = ThreadTeam(10_000, 100, n_threads)

    def part(slab: slice) -> int:
        time.sleep(0.02 if slab.start == 0 else 0)
        return slab.start

    assert team.map(part) == [slab.start for slab in team.slabs]
    team.close()


def test_map_runs_on_its_own_threads_with_blas_on_one():
    team = ThreadTeam(10_000, 100, 2)
    seen = team.map(lambda _: (threading.current_thread().name, blas_threads()))
    team.close()
    assert all(name.startswith("sightline") for name, _ in seen)
    assert all(set(counts) <= {1} for _, counts in seen)


def test_an_error_in_a_part_reaches_the_caller_and_blas_is_put_back():
    before = blas_threads()
    team = ThreadTeam(10_000, 100, 2)

    def part(slab: slice) -> None:
        raise ArithmeticError(f"rows {slab.start}")

    with pytest.raises(ArithmeticError, match="rows 0"):
        team.map(part)
    team.close()
    assert blas_threads() == before


def test_blas_limit_may_be_nested():
    before = blas_threads()
    with single_threaded_blas():
        with single_threaded_blas():
            assert set(blas_threads()) <= {1}
        assert set(blas_threads()) <= {1}
    assert blas_threads() == before


def test_another_thread_goes_on_under_the_limit():
    seen = []

    def other() -> None:
        with single_threaded_blas():
            seen.append(blas_threads())
        seen.append(blas_threads())

    with single_threaded_blas():
        worker = threading.Thread(target=other)
        worker.start()
        worker.join()
    assert [set(one) for one in seen] == [{1}, {1}]


def test_overlapping_limits_leave_blas_as_it_was():
    """First in, first out: what the second found, one thread, must not be what it restores."""
    before = blas_threads()
    first_in, second_in, first_out = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with single_threaded_blas():
            first_in.set()
            second_in.wait(5)
        first_out.set()

    def second() -> None:
        first_in.wait(5)
        with single_threaded_blas():
            second_in.set()
            first_out.wait(5)

    workers = [threading.Thread(target=first), threading.Thread(target=second)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(10)
    assert first_out.is_set()
    assert blas_threads() == before


@pytest.mark.parametrize("n_threads", [1, 3])
def test_each_keeps_the_order_and_blas_on_one_thread(n_threads):
    before = blas_threads()
    team = ThreadTeam(10_000, 100, n_threads)
    seen = team.each(lambda item: (item, blas_threads()), range(9))
    team.close()
    assert [item for item, _ in seen] == list(range(9))
    assert all(threads == [1] * len(before) for _, threads in seen)
    assert blas_threads() == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 500), st.integers(1, 20))
def test_a_cut_covers_every_row_once_in_nearly_equal_runs(n_rows, parts):
    slabs = cut(n_rows, parts)
    assert np.concatenate([np.arange(n_rows)[slab] for slab in slabs]).tolist() == list(range(n_rows))
    lengths = [slab.stop - slab.start for slab in slabs]
    assert max(lengths) - min(lengths) <= 1
    assert len(slabs) == min(parts, n_rows)


def test_close_can_be_called_twice():
    team = ThreadTeam(10_000, 100, 2)
    team.close()
    team.close()


@pytest.mark.parametrize("n_threads", [0, -1])
def test_fewer_than_one_thread_is_refused(n_threads):
    with pytest.raises(UsageError, match=f"n_threads = {n_threads} is below 1"):
        ThreadTeam(10, 10, n_threads)


class TestAvailableThreads:
    @pytest.fixture(autouse=True)
    def clean(self, monkeypatch):
        monkeypatch.delenv("SIGHTLINE_THREADS", raising=False)
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        monkeypatch.setattr(threads.os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)

    def test_is_what_this_process_may_use(self):
        assert available_threads() == 3

    def test_without_affinity_is_the_number_of_cores(self, monkeypatch):
        monkeypatch.delattr(threads.os, "sched_getaffinity")
        assert available_threads() == (os.cpu_count() or 1)

    @pytest.mark.parametrize(
        ("asked", "given"), [("2", 2), ("8", 3), ("0", 3), ("", 3), ("two", 3), ("²", 3)]
    )
    def test_omp_lowers_it(self, monkeypatch, asked, given):
        monkeypatch.setenv("OMP_NUM_THREADS", asked)
        assert available_threads() == given

    def test_our_own_variable_sets_it(self, monkeypatch):
        monkeypatch.setenv("SIGHTLINE_THREADS", "5")
        monkeypatch.setenv("OMP_NUM_THREADS", "1")
        assert available_threads() == 5


@pytest.mark.parametrize(
    ("rows", "size"), [(slice(0, 10), 3), (slice(5, 6), 10), (slice(4, 4), 2), (slice(2, 12), 5)]
)
def test_blocks_cover_a_slab_in_pieces(rows, size):
    pieces = list(blocks(rows, size))
    assert [i for piece in pieces for i in range(piece.start, piece.stop)] == list(
        range(rows.start, rows.stop)
    )
    assert all(piece.stop - piece.start <= size for piece in pieces)
