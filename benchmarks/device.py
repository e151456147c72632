"""Seconds to the minimum on a graphics card: ours there, ours on the processor, and PyTorch's own L-BFGS there.

    python benchmarks/device.py mnist                         on 'cuda', by PyTorch or CuPy
    python benchmarks/device.py mnist --device torch:cpu --rows 5000 --repeats 1      small, without a card
    python benchmarks/device.py mnist --features              seconds for patches of 10,000 images as well

All minimise one objective, mean log loss + ‖W‖² / (2 C n), of the training pixels in 0…1. F* is the least that is
found, by a fit in float64 to a relative gap of 1e-9. Seconds are those from rows in memory to the first pass whose
objective is within --gap of F*, where each fit is ended; `gap` is how far it is from F*, in float64. Every line is
the median of --repeats fits, after one on few rows that starts the device. Rows that `are there` are not copied.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from peers.torch_lbfgs import Descent
from sightline.engine.device import Device, find_device, usable
from sightline.features import Patches
from sightline.logistic import LogisticRegression
from sightline.machine import machine
from works import Work, pixels

MOST = 5_000
"""Iterations of PyTorch's L-BFGS."""


@dataclass(frozen=True)
class Fit:
    """Seconds to the goal, `passes` over the rows, and F in float64."""

    seconds: float
    passes: int
    objective: float


def ours(work: Work, X: Any, name: str, goal: float) -> Fit:
    """A fit by this package, of NumPy rows or of rows on a device, ended at the goal."""
    began = time.perf_counter()
    model = LogisticRegression(C=work.C, tol=1e-7, device=name)
    model.fit(X, work.y, listeners=[lambda one: one.objective <= goal])
    seconds = time.perf_counter() - began
    return Fit(seconds, int(model.n_iter_[0]), work.objective(model.coef_, model.intercept_))


class Goal(Exception):
    """The goal is reached."""


def torch_lbfgs(work: Work, device: str, goal: float) -> Fit:
    """PyTorch's L-BFGS with a strong Wolfe line search, from NumPy rows, ended at the goal."""
    torch: Any = import_module("torch")
    began = time.perf_counter()
    descent = Descent(torch.from_numpy(work.X).to(device), torch.from_numpy(work.y).to(device), work)

    def seen(loss: float) -> None:
        if loss <= goal:
            raise Goal

    with contextlib.suppress(Goal):
        descent.run(seen, MOST)
    seconds = time.perf_counter() - began
    return Fit(seconds, descent.count, work.objective(*descent.parameters()))


def told(label: str, fits: list[Fit], least: float) -> str:
    """One line of the table."""
    seconds, last = statistics.median(fit.seconds for fit in fits), fits[-1]
    return f"{label:44} {seconds:9.3f} {last.passes:7} {last.objective / least - 1:10.1e}"


def about(device: Device | None) -> str:
    """Which card, or which library on the processor."""
    if device is None:
        return "the processor"
    if device.library == "torch" and device.on_card:
        torch: Any = import_module("torch")
        found = torch.cuda.get_device_properties(device.at)
        return (
            f"{device}, {found.name}, {found.total_memory / 1e9:.0f} GB, PyTorch {torch.__version__}, "
            f"CUDA {torch.version.cuda}"
        )
    if device.library == "cupy":
        cupy: Any = import_module("cupy")
        name = cupy.cuda.runtime.getDeviceProperties(device.at.id)["name"].decode()
        return f"{device}, {name}, CuPy {cupy.__version__}"
    version = getattr(import_module(device.library), "__version__", "")
    return f"{device}, {version}: no graphics card"


def features(data: str, name: str, rows: int) -> None:
    """Seconds for the patches of so many images, here and there."""
    X, _ = pixels(data)
    X = X[:rows]
    side = int(X.shape[1] ** 0.5)
    patches = Patches((side, side), size=max(3, round(side * 9 / 28)), n_atoms=200).fit(X[:2000])
    for one in ("cpu", name):
        patches.set_params(device=one).transform(X[:300])
        began = time.perf_counter()
        found = patches.transform(X)
        seconds = time.perf_counter() - began
        print(f"patches of {len(X):,} images on {one:22} {seconds:9.3f} s, {found.shape[1]:,} numbers each")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", help="what sightline.load takes")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--rows", type=int, help="only so many training images, the first")
    parser.add_argument("--C", type=float, default=1.0)
    parser.add_argument("--gap", type=float, default=1e-4)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, help="of PyTorch on the processor")
    parser.add_argument("--features", action="store_true")
    asked = parser.parse_args()
    name, why = usable(asked.device)
    if why:
        sys.exit(f"{why.partition(';')[0]}. Try --device torch:cpu --rows 5000.")
    device = find_device(name)
    if asked.threads and device is not None and device.library == "torch":
        import_module("torch").set_num_threads(asked.threads)
    X, y = pixels(asked.data)
    work = Work("pixels", X[: asked.rows], y[: asked.rows], asked.C)
    exact = LogisticRegression(C=work.C, tol=1e-9).fit(work.X.astype(np.float64), work.y)
    least = work.objective(exact.coef_, exact.intercept_)
    goal = least * (1 + asked.gap)
    here = machine()
    print(f"{work.title}; F* = {least:.9f}, goal F* (1 + {asked.gap:g})")
    print(f"processor: {here['processor']}, {here['threads']} threads; device: {about(device)}")
    print(f"\n{'to the goal':44} {'seconds':>9} {'passes':>7} {'gap':>10}")
    bytes_there = Work("bytes", np.rint(work.X * 255).astype(np.float32), work.y, asked.C / 255**2)
    few = Work("few", work.X[:2000], work.y[:2000], asked.C)
    runs: list[tuple[str, Callable[[Work], Fit]]] = [
        ("ours, on the processor", lambda one: ours(one, one.X, "cpu", goal))
    ]
    if device is not None:
        runs.append((f"ours, {device}, rows copied there", lambda one: ours(one, one.X, name, goal)))
        placed = {len(one.X): device.put(one.X) for one in (few, work)}
        runs.append(
            (
                f"ours, {device}, rows are there",
                lambda one: ours(one, placed[len(one.X)], name, goal),
            )
        )
    if device is not None and device.library == "torch":
        runs.append(
            (f"PyTorch LBFGS, {device}, rows copied there", lambda one: torch_lbfgs(one, device.name, goal))
        )
    for label, run in runs:
        run(few)
        print(told(label, [run(work) for _ in range(asked.repeats)], least), flush=True)
    if device is not None:
        X8 = bytes_there.X.astype(np.uint8)
        fits = [ours(bytes_there, X8, name, goal) for _ in range(asked.repeats)]
        print(told(f"ours, {device}, bytes copied there", fits, least))
    if asked.features:
        features(asked.data, name, asked.rows or 10_000)


if __name__ == "__main__":
    main()
