"""How fast is a lasso or elastic net, to the same objective? Ours against scikit-learn's saga.

    python benchmarks/lasso.py digits
    python benchmarks/lasso.py PATH --rows 5000 --C 0.1 1 --l1-ratio 1 --threads 2

Both minimise mean log loss + [(1 − α) ‖W‖² / 2 + α ‖W‖₁] / (C n) on pixels in 0…1. Ours ends by its duality gap,
which is certified; saga is run with more and more epochs until its objective, computed here in float64, is within the
target of ours less our gap.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression as Theirs
from threadpoolctl import threadpool_limits

from sightline import LogisticRegression, load
from sightline.machine import machine
from works import Work

EPOCHS = (10, 30, 100, 300, 1000, 3000)


def objective(work: Work, model: LogisticRegression | Theirs, C: float, alpha: float) -> float:
    """The objective in float64, for a fitted model."""
    W = model.coef_.astype(np.float64)
    ridge = float((W * W).sum()) / 2
    loss = work.objective(W, model.intercept_.astype(np.float64)) - ridge / (C * len(work.X))
    return loss + ((1 - alpha) * ridge + alpha * float(np.abs(W).sum())) / (C * len(work.X))


def compare(work: Work, C: float, alpha: float, target: float, budget: float, threads: int) -> None:
    """Print one line for ours and one for saga."""
    began = time.perf_counter()
    ours = LogisticRegression(C=C, l1_ratio=alpha, tol=target, n_threads=threads).fit(work.X, work.y)
    seconds = time.perf_counter() - began
    reached, gap = objective(work, ours, C, alpha), ours.history_.passes[-1].gap
    zeros = float((ours.coef_ == 0).mean())
    print(
        f"C = {C:g}, l1_ratio = {alpha:g}: {reached:.6f}, gap {gap / reached:.0e}, {zeros:.0%} of the weights 0"
    )
    print(f"  sightline {seconds:8.2f} s   1.0")
    for epochs in EPOCHS:
        saga = Theirs(C=C, l1_ratio=alpha, solver="saga", tol=1e-12, max_iter=epochs)
        began = time.perf_counter()
        saga.fit(work.X, work.y)
        taken = time.perf_counter() - began
        behind = objective(work, saga, C, alpha) / (reached - gap) - 1
        if behind <= target or taken > budget:
            break
    note = "" if behind <= target else f"   still {behind:.0e} above"
    print(f"  saga      {taken:8.2f} s {taken / seconds:5.1f}   {epochs} epochs{note}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", default="digits")
    parser.add_argument("--rows", type=int, default=5000, help="at most so many training rows")
    parser.add_argument("--C", type=float, nargs="+", default=[0.1, 1.0])
    parser.add_argument("--l1-ratio", type=float, nargs="+", default=[1.0, 0.5])
    parser.add_argument("--target", type=float, default=1e-4)
    parser.add_argument(
        "--budget", type=float, default=30.0, help="seconds after which saga gets no more epochs"
    )
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    train = load(chosen.data).train
    pixels = train.X[: chosen.rows].astype(np.float32)
    pixels /= max(float(pixels.max()), 1.0)
    print(f"{train.name}: {pixels.shape[0]:,} x {pixels.shape[1]}, {train.n_classes} classes")
    print(", ".join(f"{key} {value}" for key, value in machine().items()), f"| {chosen.threads} threads")
    with threadpool_limits(chosen.threads), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for C in chosen.C:
            for alpha in chosen.l1_ratio:
                work = Work("lasso", pixels, train.y[: chosen.rows], C)
                compare(work, C, alpha, chosen.target, chosen.budget, chosen.threads)


if __name__ == "__main__":
    main()
