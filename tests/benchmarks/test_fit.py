"""The benchmark says what it measured: works, reading of times, one small run, its table, picture and record."""

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))  # scripts, not a package: they find each other by their folder

import fit  # noqa: E402
import picture  # noqa: E402
import table  # noqa: E402
from peers import RIVALS  # noqa: E402
from peers.peer import WholeFits  # noqa: E402
from reading import best_so_far, count_to, gap, seconds_to  # noqa: E402
from run import Settings, Trace, compare, trace  # noqa: E402
from watch import Enough, Point, Watch  # noqa: E402
from works import MAKERS, Unfit, Work, make  # noqa: E402

LBFGS = next(one for one in RIVALS if one.key == "lbfgs")


@pytest.fixture(scope="module")
def result():
    if LBFGS.missing():
        pytest.skip(f"lbfgs {LBFGS.missing()}")
    rivals = [one for one in RIVALS if one.key in ("lbfgs", "liblinear")]
    return compare(make("digits", "", [0.1])[0], rivals, Settings(threads=1, repeats=1, budget=60))


def clock(*times):
    return iter(times).__next__


# -- works ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "n", "d", "K"),
    [
        ("digits", 1797, 64, 10),
        ("wide", 500, 2000, 5),
        ("unbalanced", 20_000, 50, 5),
        ("two", 20_000, 50, 2),
        ("hundred", 20_000, 200, 100),
        ("many", 300_000, 100, 10),
    ],
)
def test_a_work_is_what_it_says(name, n, d, K):
    first, second = make(name, "", [0.1, 10.0])
    assert first.X.shape == (n, d)
    assert first.X.dtype == np.float32
    assert np.array_equal(np.unique(first.y), np.arange(K))
    assert (first.C, second.C) == (0.1, 10.0)
    assert second.X is first.X
    assert np.array_equal(MAKERS[name]("")[0], first.X), "a seed makes it, the same every time"


def test_one_class_is_rare():
    assert np.bincount(make("unbalanced", "", [1.0])[0].y)[-1] == 10


def test_works_from_images():
    pixels, raw, poly = (make(name, "digits", [1.0])[0] for name in ("pixels", "raw", "pca-poly"))
    assert raw.X.max() == 255
    assert np.allclose(pixels.X * 255, raw.X)
    assert poly.X.shape == (len(raw.X), 45 + 45 * 46 // 2)
    assert poly.X.dtype == np.float32


def test_two_classes_are_asked_for():
    with pytest.raises(Unfit, match="10 classes"):
        make("binary", "digits", [1.0])


@pytest.mark.parametrize(("K", "rows"), [(2, 1), (2, 2), (3, 3)])
def test_objective_of_no_weights_is_the_log_of_the_number_of_classes(K, rows):
    work = Work("w", np.ones((6, 2), np.float32), np.arange(6) % K, 1.0)
    assert work.objective(np.zeros((rows, 2)), np.zeros(rows)) == pytest.approx(math.log(K), rel=1e-14)


def test_objective_counts_the_penalty_and_large_scores():
    work = Work("w", np.array([[1000.0], [-1000.0]], np.float32), np.array([1, 0]), 0.5)
    assert work.objective(np.array([[3.0]]), np.zeros(1)) == pytest.approx(9 / (2 * 0.5 * 2))
    assert work.objective(np.array([[-1.0]]), np.zeros(1)) == pytest.approx(1000 + 1 / 2)


# -- times ------------------------------------------------------------------------------------------------

FALLING = [Point(s, 1 + g, c) for s, g, c in ((1, 1e-1, 10), (2, 1e-3, 20), (4, 1e-5, 30))]


@pytest.mark.parametrize(
    ("target", "seconds"),
    [(1e-1, 1), (0.5, 1), (1e-2, 1.5), (1e-3, 2), (1e-4, 3), (1e-5, 4), (1e-6, math.inf)],
)
def test_time_to_target(target, seconds):
    assert seconds_to(FALLING, 1.0, target * (1 + 1e-9)) == pytest.approx(seconds, rel=1e-6)


def test_a_slower_and_worse_point_changes_nothing():
    assert best_so_far([*FALLING, Point(3, 2.0, 99)]) == FALLING
    assert seconds_to([Point(3, 2.0, 99), *FALLING], 1.0, 1e-4) == pytest.approx(3, rel=1e-6)


def test_iterations_to_target_and_gap_at_the_optimum():
    assert count_to(FALLING, 1.0, 1e-4) == 30
    assert count_to(FALLING, 1.0, 1e-9) is None
    assert gap(Point(1, 1.0, 1), 1.0) == 1e-16


def test_ours_counts_only_fits_that_were_asked_for_the_target(result):
    ours = result.traces[0].peer
    at = ours.tolerances.index(1e-4)
    points = [Point(float(i + 1), 1.0, i) for i in range(len(ours.tolerances))]
    assert ours.seconds(points, 1.0, 1e-4) == at + 1


# -- the watch --------------------------------------------------------------------------------------------


@pytest.fixture
def tiny():
    return Work("tiny", np.ones((2, 1), np.float32), np.array([0, 1]), 1.0)


def test_no_clock_runs_while_the_objective_is_computed(tiny):
    watch = Watch(tiny, goal=0.0, budget=99, clock=clock(0, 1, 50, 51, 90))
    zero = np.zeros((1, 1)), np.zeros(1)
    assert watch.take(*zero, 1).seconds == 1
    assert watch.take(*zero, 2).seconds == 2


def test_looks_close_together_are_passed_over(tiny):
    watch = Watch(tiny, goal=0.0, budget=99, clock=clock(0, 1, 1, 1, 1.05, 1.2, 1.2, 1.2))
    for count in (1, 2, 3):
        watch.look(np.zeros((1, 1)), np.zeros(1), count)
    assert [one.count for one in watch.points] == [1, 3]


@pytest.mark.parametrize(("goal", "budget", "why"), [(0.7, 99, "^$"), (0.0, 0.5, "budget")])
def test_enough_is_enough(tiny, goal, budget, why):
    watch = Watch(tiny, goal=goal, budget=budget, clock=clock(0, 1, 1, 1))
    with pytest.raises(Enough, match=why):
        watch.look(np.zeros((1, 1)), np.zeros(1), 1)


class Slow(WholeFits):
    """Says that it takes all the iterations that it is given, and gets nowhere."""

    key = name = "slow"
    grid = (1, 10**9)

    def model(self, work, iterations):
        self.n_iter_, self.coef_, self.intercept_ = iterations, np.zeros((1, 1)), np.zeros(1)
        return self

    def fit(self, X, y):
        pass


def test_a_fit_over_the_budget_is_not_started(tiny):
    one = trace(tiny, Slow(), 1, goal=0.0, budget=0.01)
    assert [point.count for point in one.points] == [1]
    assert "over the budget" in one.ended


def test_a_peer_that_is_not_installed_says_so(tiny):
    peer = Slow()
    peer.package = "no_such_package"
    assert trace(tiny, peer, 1, goal=0.0, budget=1) == Trace(peer, 1, (), "no_such_package is not installed")


# -- the run ----------------------------------------------------------------------------------------------


def test_ours_and_a_rival_reach_the_same_objective(result):
    ours, lbfgs, _ = result.traces
    for one in (ours, lbfgs):
        assert 0 < result.seconds(one, 1e-4) < math.inf
    least = [min(point.objective for point in one.points) for one in (ours, lbfgs)]
    assert least[0] == pytest.approx(least[1], rel=1e-5)
    assert result.optimum <= min(least)


def test_table(result):
    text = table.table(result)
    lines = text.splitlines()
    assert "ratio at 1e-4" in lines[1]
    assert [line.split()[0] for line in lines[2:]] == ["sightline", "scikit-learn", "scikit-learn"]
    assert " 1.00 " in lines[2]
    assert "not run: two classes only" in lines[4]


def test_record_is_json(result):
    told = json.loads(json.dumps(table.record(result), allow_nan=False))
    assert [one["peer"] for one in told["peers"]] == ["ours", "lbfgs", "liblinear"]
    assert told["peers"][2]["seconds_to"]["1e-4"] is None
    assert len(told["peers"][0]["points"]) == 8


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_picture(result, tmp_path, kind):
    path = picture.write([result, result, result], "some machine " * 20, tmp_path / f"speed.{kind}")
    assert path.stat().st_size > 10_000


def test_command_line(tmp_path, capsys):
    arguments = [
        "digits",
        "--only-ours",
        "--repeats",
        "1",
        "--threads",
        "1",
        "--json",
        str(tmp_path / "a.json"),
    ]
    assert fit.main(arguments) == 0
    printed = capsys.readouterr().out
    assert "pixels: 1,437 x 64, 10 classes, C = 1" in printed
    assert "sightline float32" in printed
    assert " passes" in printed
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["threads"] == 1


def test_command_line_where_nothing_can_be_run(capsys):
    assert fit.main(["digits", "--work", "binary"]) == 1
    assert "binary: not run" in capsys.readouterr().out


@pytest.mark.parametrize("shift", [0, 3])
def test_liblinear_with_its_large_column_minimises_the_same(shift):
    rivals = [one for one in RIVALS if one.key == "liblinear"]
    X, y = MAKERS["two"]("")
    work = Work("two", X[:2000] + np.float32(shift), y[:2000], 1.0)
    found = compare(work, rivals, Settings(target=1e-7, threads=1, repeats=1, budget=60))
    assert found.seconds(found.traces[1], 1e-7) < math.inf
