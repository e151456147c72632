"""Rows that do not fit into memory: the same minimum, from sums over blocks of rows.

1. One look at all blocks: moments of the columns, counts of the classes, a sample of the rows (`survey`).
2. A fit to the sample, in memory, loosely: the start.
3. The curvature at the start, on the sample; then the minimiser as always. Its values and gradients are sums over all
   blocks; its pictures of the curvature, which only have to be near, are made from the sample.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.engine.blocks import RowBlocks
from sightline.engine.sums import LocalSums, Sums
from sightline.engine.threads import single_threaded_blas
from sightline.errors import DataError, SightlineError, UsageError
from sightline.logistic import native
from sightline.logistic.beginning import (
    INTERRUPTED,
    AllRows,
    SampleObjective,
    clock_from,
    curvature,
    rough,
    usual_rows,
)
from sightline.logistic.history import FitHistory, Listener, Pass
from sightline.logistic.lbfgs import Solution, minimise
from sightline.logistic.native import NativeRows
from sightline.logistic.objective import Doubles, Evaluated
from sightline.logistic.rows import BlockRows, Rows
from sightline.logistic.survey import Survey, SurveyTask, checked

Floats = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.int64]

MOST_BYTES = 120_000_000
"""What a sample may take of memory."""


@dataclass(frozen=True, slots=True)
class PassTask:
    """The losses of a block and residual ⊗ (x, 1), summed: `weights` (R, d) and `bias` (R,) in, (R, d+1) out.

    `codes` (K',) numbers the classes that occur, −1 the others; `masses` (K,) of one row of each class, None where
    all are 1; `moved` (d,) is taken off every row, None where nothing is.
    """

    weights: Floats
    bias: Floats
    codes: Integers
    masses: Floats | None
    moved: Floats | None
    rooms: list[npt.NDArray[Any]] = field(default_factory=list)

    def __call__(self, index: int, X: npt.NDArray[Any], y: Integers) -> tuple[float, Doubles]:
        """Sums over one block."""
        dtype = self.weights.dtype
        X = checked(index, X, y, self.weights.shape[1])
        if X.dtype != dtype and not (X.dtype == np.uint8 and dtype == np.float32):
            X = X.astype(dtype)
        labels = self.codes[np.minimum(y, len(self.codes) - 1)]
        if y.max() >= len(self.codes) or labels.min() < 0:
            raise DataError(
                f"block {index} has a class that it did not have when it was read before",
                "The same index must give the same block every time.",
            )
        mass = None if self.masses is None else self.masses[labels]
        compiled = native.available() and len(self.weights) <= native.MOST_CLASSES and self.moved is None
        rows: Rows = NativeRows(X, dtype) if compiled else BlockRows(X, dtype, self.moved)
        if isinstance(rows, NativeRows):
            rows.rooms = self.rooms  # the next block needs no fresh memory
        return rows.residuals(slice(0, len(X)), self.weights, self.bias, labels, mass, None)

    @staticmethod
    def add(one: tuple[float, Doubles], other: tuple[float, Doubles]) -> tuple[float, Doubles]:
        """Both."""
        return one[0] + other[0], one[1] + other[1]


class BlockObjective(AllRows):
    """`AllRows` in blocks, over which `sums` go."""

    def __init__(self, sample: SampleObjective, sums: Sums, codes: Integers, masses: Doubles) -> None:
        super().__init__(sample, int(sample.counts.sum()))
        self.sums, self.codes, self.masses = sums, codes, masses
        self.best: tuple[float, Doubles] | None = None

    def whole(self, point: Doubles) -> Evaluated:
        """F and gradient at `point` (R, d+1), and whether they are the best so far."""
        with np.errstate(all="ignore"):
            weights, bias = self._narrow(point)
            weights *= self.scale.astype(self.dtype)
        moved = (self.moved / self.scale).astype(self.dtype) if self.moved.any() else None
        masses = None if (self.masses == 1).all() else self.masses.astype(self.dtype)
        loss, gradient = self.sums.sum(PassTask(weights, bias, self.codes, masses, moved))
        gradient[:, :-1] *= self.scale
        found = self._evaluated(point, loss, gradient, float(self.counts @ self.masses))
        if self.best is None or found.value < self.best[0]:
            self.best = found.value, point
        return found

    def separated(self, value: float) -> bool:
        """Whether a loss of `value` proves that every row is on its own side of every boundary."""
        lightest = float(self.masses[self.masses > 0].min())
        return bool(value * float(self.counts @ self.masses) < 0.5 * lightest * np.log(2))


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """What came of it: `classes` (K,), `coef` (R, d), `intercept` (R,), and how; `failure` that ended it early."""

    classes: npt.NDArray[Any]
    coef: Floats
    intercept: Floats
    history: FitHistory
    failure: Exception | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """How to learn; see `LogisticRegression` and its `fit_blocks`."""

    C: float
    fit_intercept: bool
    tol: float
    max_iter: int
    seed: int
    n_threads: int | None
    masses: Callable[[npt.NDArray[Any], Integers], Doubles]
    """Classes (K,) and their numbers of rows (K,) to the mass of one row of each (K,)."""
    start: tuple[npt.NDArray[Any], Floats, Floats] | None = None
    listeners: Sequence[Listener] = ()
    keep_weights: bool = False


def opened(blocks: RowBlocks, cluster: object, *, n_threads: int | None, readers: int) -> Sums:
    """Who goes over the blocks: this process, or a cluster (see `engine.cluster`)."""
    if cluster is None:
        return LocalSums(blocks, n_threads, readers)
    from sightline.engine.cluster import ClusterSums

    return ClusterSums(blocks, cluster, readers=readers)


def learn(
    sums: Sums, shape: tuple[int, int], n_blocks: int, wish: Wish, *,
    classes: Sequence[Any] | None = None, scale: Any = None, sample_rows: int | None = None,
) -> Learned:  # fmt: skip
    """Learn from `n_blocks` blocks, (n, d) in all, over which `sums` go; steps 1 to 3 above.

    Raises
    ------
    DataError
        The blocks are not what they should be, or have fewer than two classes.
    UsageError
        `scale` or `sample_rows` is impossible.
    """
    began = time.perf_counter()
    divisor, factors = _scale(scale, shape[1])
    survey = _survey(sums, shape, n_blocks, wish, sample_rows, divisor)
    names, codes = _classes(survey.counts, classes)
    masses = wish.masses(names, survey.counts[codes >= 0])
    mass = float(survey.counts[codes >= 0] @ masses)
    penalty = 0.0 if np.isinf(wish.C) else 1.0 / max(wish.C * mass * divisor, 1e-280)
    sample = SampleObjective(
        survey, codes, masses, penalty, factors, fit_intercept=wish.fit_intercept, n_threads=wish.n_threads
    )
    try:
        objective = BlockObjective(sample, sums, codes, masses)
        solution, failure = _solution(sample, objective, names, wish, began)
    finally:
        sample.close()
    coef, intercept = objective.coefficients(solution.point)
    return Learned(
        names, coef.astype(sample.dtype), intercept.astype(sample.dtype), solution.history, failure
    )


def _solution(
    sample: SampleObjective, objective: BlockObjective, names: npt.NDArray[Any], wish: Wish, began: float
) -> tuple[Solution, Exception | None]:
    """Steps 2 and 3; what the cluster or the reading fails with, once there are coefficients, comes beside them."""
    passes: list[Pass] = []
    settings: dict[str, Any] = {
        "tol": wish.tol, "max_iter": wish.max_iter, "seed": wish.seed, "keep_weights": wish.keep_weights,
        "listeners": (passes.append, *wish.listeners),
        "clock": clock_from(began),
    }  # fmt: skip
    start = _warm(objective, names, wish)
    if sample.complete:  # all rows are in memory
        return minimise(sample, start=start, **settings), None
    led = start is None
    if start is None:
        found = rough(sample, objective.n_all, tol=wish.tol, max_iter=wish.max_iter, seed=wish.seed)
        if found.history.outcome.startswith("interrupted"):
            return found, None
        start = found.point
    try:
        with single_threaded_blas():
            inverse = curvature(objective, start, np.random.default_rng(wish.seed))
        return minimise(objective, start=start, inverse=inverse, staged=led, **settings), None
    except (SightlineError, OSError) as failure:
        point = start if objective.best is None else objective.best[1]
        return Solution(point, FitHistory(tuple(passes), False, f"stopped: {failure}")), failure
    except KeyboardInterrupt:  # between the sample and the first pass
        return Solution(start, FitHistory((), False, INTERRUPTED)), None


def _survey(
    sums: Sums, shape: tuple[int, int], n_blocks: int, wish: Wish, sample_rows: int | None, divisor: float
) -> Survey:
    n, d = shape
    if n < 1 or d < 1 or n_blocks < 1:
        raise DataError(f"the blocks have {n} rows of {d} columns", "There is nothing to learn from.")
    if sample_rows is not None and sample_rows < 1:
        raise UsageError(f"sample_rows = {sample_rows!r} is below 1", "None takes as many as help.")
    rows = sample_rows or max(1000, min(usual_rows(d), MOST_BYTES // (4 * d)))
    ridge = 1 / (wish.C * n * divisor)
    survey = sums.sum(SurveyTask(d, rows / n, rows / (2 * n_blocks), ridge, wish.seed))
    if survey.rows != n:
        raise DataError(
            f"the blocks have {survey.rows} rows in all, and say that they have {n}", "See RowBlocks.shape."
        )
    return survey


def _classes(counts: Integers, classes: Sequence[Any] | None) -> tuple[npt.NDArray[Any], Integers]:
    """Names (K,) of the classes that occur, and the number of each code among them (K',), −1 for the others."""
    if classes is not None and len(counts) > len(classes):
        raise DataError(
            f"a row has code {len(counts) - 1}, and there are names for {len(classes)} classes",
            "Codes are 0…K−1, in the order of `classes`.",
        )
    occur = np.flatnonzero(counts)
    if len(occur) < 2:
        raise DataError(
            f"all rows (n_samples = {int(counts.sum())}) have one class, code {int(occur[0])}",
            "A classifier needs at least two classes.",
        )
    names = occur if classes is None else np.asarray(classes)[occur]
    if len(np.unique(names)) < len(names):
        raise UsageError(
            f"the classes {names.tolist()!r} are named more than once", "One name for each code."
        )
    codes = np.full(len(counts), -1)
    codes[occur] = np.arange(len(occur))
    return names, codes


def _scale(scale: Any, d: int) -> tuple[float, Doubles | None]:
    """What divides the penalty, and what multiplies the columns (d,), None where that is 1 for all.

    One number for all columns need not touch them: ‖W‖² / s² is the penalty of the columns multiplied by s.
    """
    if scale is None:
        return 1.0, None
    factors = np.asarray(scale, np.float64)
    if factors.size not in (1, d) or not (np.isfinite(factors) & (factors > 0)).all():
        raise UsageError(
            f"scale = {scale!r} is not one positive number, or one for each of {d} columns",
            "Rows are multiplied by it: 1 / 255 makes bytes 0…1.",
        )
    return (float(factors.flat[0]) ** 2, None) if factors.size == 1 else (1.0, factors.reshape(d))


def _warm(objective: SampleObjective, names: npt.NDArray[Any], wish: Wish) -> Doubles | None:
    if wish.start is None:
        return None
    classes, coef, intercept = wish.start
    fits = np.array_equal(classes, names) and coef.shape == (objective.R, objective.d)
    return objective.point(coef, intercept) if fits else None
