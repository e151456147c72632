"""How fast is a fit? Time of whole fits until the same objective is reached, ours against scikit-learn's.

    python benchmarks/fit.py mnist                     # from the cache, fetched when first asked for
    python benchmarks/fit.py path/to/idx-folder --target 1e-4 --threads 2 --repeats 3

The objective is the one that both minimise: mean log loss + ‖W‖² / (2 C n), on training pixels in 0…1. It is
computed here, in float64, from the coefficients that each fit returns. The best value that any fit reached
(ours is also run far beyond the target to find it) stands for the optimum F*. A rival without a criterion of
its own for F − F* is run with more and more iterations until it is there; its time is read off between the
last two runs. All in one process, one after the other, the data the same array.
"""

from __future__ import annotations

import argparse
import math
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression as Rival
from threadpoolctl import threadpool_limits

from sightline import LogisticRegression, load
from sightline.machine import machine

GRIDS = {"lbfgs": (50, 200, 400, 500, 700, 1000, 2000), "newton-cg": (3, 6, 9, 12, 15, 20, 30, 50)}
"""Iterations that a rival is run with until it has reached the target."""


@dataclass(frozen=True)
class Task:
    """What is to be minimised."""

    X: npt.NDArray[np.float32]
    y: npt.NDArray[np.int64]
    C: float

    def objective(self, coef: npt.NDArray[Any], intercept: npt.NDArray[Any]) -> float:
        """F(W, b) in float64, block by block."""
        n, total = len(self.X), 0.0
        W, b = coef.astype(np.float64), intercept.astype(np.float64)
        for start in range(0, n, 4096):
            rows = slice(start, start + 4096)
            Z = self.X[rows].astype(np.float64) @ W.T + b
            if Z.shape[1] == 1:
                Z = np.column_stack([np.zeros(len(Z)), Z])
            top = Z.max(axis=1)
            log_sum = top + np.log(np.exp(Z - top[:, None]).sum(axis=1))
            total += float((log_sum - Z[np.arange(len(Z)), self.y[rows]]).sum())
        return total / n + float((W * W).sum()) / (2 * self.C * n)


@dataclass(frozen=True)
class Fit:
    """One whole fit: seconds, objective, and what it counts."""

    seconds: float
    objective: float
    count: int


def timed(task: Task, model: Any, X: npt.NDArray[Any]) -> Fit:
    """Fit and measure."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        began = time.perf_counter()
        model.fit(X, task.y)
        seconds = time.perf_counter() - began
    return Fit(seconds, task.objective(model.coef_, model.intercept_), int(np.max(model.n_iter_)))


def ours(task: Task, threads: int) -> Callable[[float], Fit]:
    """Ours, asked for a relative gap."""
    return lambda tol: timed(task, LogisticRegression(C=task.C, tol=tol, n_threads=threads), task.X)


def rivals(task: Task, *, wide: bool) -> Iterator[tuple[str, tuple[int, ...], Callable[[int], Fit]]]:
    """Each rival, the iterations to try, and a fit of so many."""
    doubles = [("lbfgs", task.X.astype(np.float64))] if wide else []
    for solver, X in [("lbfgs", task.X), ("newton-cg", task.X), *doubles]:

        def fit(iterations: int, solver: str = solver, X: npt.NDArray[Any] = X) -> Fit:
            return timed(task, Rival(C=task.C, solver=solver, tol=1e-12, max_iter=iterations), X)

        yield f"scikit-learn {solver} {X.dtype}", GRIDS[solver], fit


def reach(
    fit: Callable[[int], Fit], grid: tuple[int, ...], optimum: float, target: float, budget: float
) -> tuple[float, str]:
    """Seconds until (F − F*) / F* ≤ target, and a remark."""
    before: tuple[float, float] | None = None
    for iterations in grid:
        one = fit(iterations)
        gap = max(one.objective / optimum - 1, 1e-16)
        if gap <= target:
            if before is None:
                return one.seconds, f"{one.count} iterations"
            share = (math.log(before[1]) - math.log(target)) / (math.log(before[1]) - math.log(gap))
            return before[0] + share * (one.seconds - before[0]), f"at most {one.count} iterations"
        if one.count < iterations:
            return math.inf, f"stopped by itself at {gap:.0e}"
        if one.seconds > budget:
            return math.inf, f"{gap:.0e} after {one.seconds:.0f} s"
        before = one.seconds, gap
    return math.inf, f"{gap:.0e} after {grid[-1]} iterations"


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", default="mnist")
    parser.add_argument("--target", type=float, default=1e-4, help="relative gap to reach")
    parser.add_argument("--C", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3, help="fits of ours, of which the median counts")
    parser.add_argument("--budget", type=float, default=240.0, help="most seconds for one fit of a rival")
    parser.add_argument("--only-ours", action="store_true")
    parser.add_argument(
        "--float64", action="store_true", help="also a rival in float64, which takes longer still"
    )
    chosen = parser.parse_args()
    train = load(chosen.data).train
    task = Task(train.X.astype(np.float32) / np.float32(255), train.y, chosen.C)
    print(
        f"{train.name}: {task.X.shape[0]:,} x {task.X.shape[1]}, {train.n_classes} classes, C = {chosen.C:g}"
    )
    print(", ".join(f"{key} {value}" for key, value in machine().items()), f"| {chosen.threads} threads")
    with threadpool_limits(chosen.threads):
        fit = ours(task, chosen.threads)
        fits = sorted((fit(chosen.target) for _ in range(chosen.repeats)), key=lambda one: one.seconds)
        best = fit(1e-9)
        optimum = min(one.objective for one in [*fits, best])
        median = fits[len(fits) // 2]
        print(f"optimum F* = {optimum:.7f}\n")
        print(f"{'':32} {'seconds':>9} {'ratio':>7}  reached {chosen.target:.0e}")
        gap = median.objective / optimum - 1
        print(f"{'sightline float32':32} {median.seconds:9.2f} {1:7.1f}  {gap:.1e}, {median.count} passes")
        if gap > chosen.target:
            raise SystemExit("ours did not reach the target: no comparison")
        if not chosen.only_ours:
            for name, grid, rival in rivals(task, wide=chosen.float64):
                seconds, remark = reach(rival, grid, optimum, chosen.target, chosen.budget)
                print(f"{name:32} {seconds:9.2f} {seconds / median.seconds:7.1f}  {remark}", flush=True)


if __name__ == "__main__":
    main()
