"""How fast are principal components, and predictions?

    python benchmarks/pca.py mnist [--components 50] [--threads 2] [--repeats 5]

Ours, scikit-learn's solvers and, where it is installed, scikit-learn-intelex on the same training images; seconds of
the fastest repeat, memory that the fit's arrays take at their peak (as Python is told of it), and the largest angle
between the subspace found and that of an eigendecomposition in float64. Then how long the model of every recipe takes
for one image, and `LogisticRegression` for 10,000 rows of pixels.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA as Theirs
from threadpoolctl import threadpool_limits

from sightline import LogisticRegression, load, make_recipe
from sightline.features import PCA
from sightline.machine import machine

Array = npt.NDArray[Any]


def fastest(work: Callable[[], Any], repeats: int) -> float:
    """Seconds of the fastest of so many."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def ways(X: Array, k: int) -> dict[str, Callable[[], Any]]:
    """Name and fit of everything that is compared; X is uint8, the others get float32."""
    wide = X.astype(np.float32)
    found: dict[str, Callable[[], Any]] = {
        "sightline uint8": lambda: PCA(k).fit(X),
        "sightline float32": lambda: PCA(k).fit(wide),
        "scikit-learn covariance_eigh": lambda: Theirs(k, svd_solver="covariance_eigh").fit(wide),
        "scikit-learn randomized": lambda: Theirs(k, svd_solver="randomized", random_state=0).fit(wide),
    }
    try:
        from sklearnex.decomposition import PCA as Intel
    except ImportError:
        return found
    return {**found, "scikit-learn-intelex": lambda: Intel(k, svd_solver="covariance_eigh").fit(wide)}


def added_memory(fit: Callable[[], Any]) -> float:
    """MB that the fit's arrays take at their peak, beside the images."""
    tracemalloc.start()
    try:
        fit()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def compare(X: Array, chosen: argparse.Namespace) -> None:
    """Print the table of principal components."""
    exact = np.linalg.eigh(np.cov(X.astype(np.float64), rowvar=False))[1][:, ::-1][:, : chosen.components]
    base = 0.0
    print(f"{'':30} {'seconds':>8} {'ratio':>6} {'MB added':>9}  largest angle")
    for name, fit in ways(X, chosen.components).items():
        seconds = fastest(fit, chosen.repeats)
        base = base or seconds
        angle = float(subspace_angles(exact, fit().components_.T.astype(np.float64)).max())
        print(f"{name:30} {seconds:8.3f} {seconds / base:6.2f} {added_memory(fit):9.0f}  {angle:.1e}")


def predictions(train: Any, test: Any, repeats: int) -> None:
    """Print how long decisions take."""
    rows = slice(0, 6000)
    for name in ("pixels", "standard", "pca-poly", "deskew-pca-poly"):
        model = make_recipe(name, shape=train.images.shape[1:], seed=0).fit(train.X[rows], train.y[rows])
        one = fastest(lambda model=model: model.predict_proba(test.X[:1]), 50 * repeats)
        print(f"one image through {name:20} {1e3 * one:8.2f} ms")
    plain = LogisticRegression(C=0.01).fit(train.X[rows], train.y[rows])
    many = np.resize(test.X, (10_000, test.X.shape[1]))
    print(f"10,000 rows of pixels{'':16} {1e3 * fastest(lambda: plain.predict(many), 5 * repeats):8.2f} ms")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", default="mnist")
    parser.add_argument("--components", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    data = load(chosen.data)
    with threadpool_limits(chosen.threads):
        print(", ".join(f"{key} {value}" for key, value in machine().items()), f"| {chosen.threads} threads")
        compare(data.train.X, chosen)
        predictions(data.train, data.test, chosen.repeats)


if __name__ == "__main__":
    main()
