"""What is to be minimised: data, and the strength C of the penalty.

Every work is made by one small function, from labelled images or from a seed. The objective is written here
once, in float64, whatever the solvers compute in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sightline.features.recipes import make_recipe
from sightline.sources import load

Rows = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Coefficients = npt.NDArray[np.floating]

BLOCK = 4096
"""Rows whose scores are computed at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """One problem: `X` (n, d) float32, `y` (n,) in 0…K−1, `C` inverse strength of the penalty."""

    name: str
    X: Rows
    y: Labels
    C: float

    @property
    def n_classes(self) -> int:
        """K."""
        return int(self.y.max()) + 1

    @property
    def title(self) -> str:
        """Name, sizes and C in one line."""
        n, d = self.X.shape
        return f"{self.name}: {n:,} x {d}, {self.n_classes} classes, C = {self.C:g}"

    def objective(self, coef: Coefficients, intercept: Coefficients) -> float:
        """F(W, b) = mean log loss + ‖W‖² / (2 C n), in float64.

        Parameters
        ----------
        coef : (K, d), or (1, d) for two classes
        intercept : (K,) or (1,)
        """
        n, total = len(self.X), 0.0
        W, b = np.asarray(coef, dtype=np.float64), np.asarray(intercept, dtype=np.float64)
        for start in range(0, n, BLOCK):
            rows = slice(start, start + BLOCK)
            Z = self.X[rows].astype(np.float64) @ W.T + b
            if Z.shape[1] == 1:
                Z = np.column_stack([np.zeros(len(Z)), Z])
            top = Z.max(axis=1)
            log_sum = top + np.log(np.exp(Z - top[:, None]).sum(axis=1))
            total += float((log_sum - Z[np.arange(len(Z)), self.y[rows]]).sum())
        return total / n + float((W * W).sum()) / (2 * self.C * n)


class Unfit(Exception):
    """The data given cannot make this work; the message says why."""


Maker = Callable[[str], tuple[Rows, Labels]]


def pixels(data: str) -> tuple[Rows, Labels]:
    """Training pixels in 0…1."""
    rows, labels = raw(data)
    return rows / np.float32(255), labels


def raw(data: str) -> tuple[Rows, Labels]:
    """Training pixels as they are, 0…255: badly scaled on purpose."""
    train = load(data).train
    return train.X.astype(np.float32), train.y


def pca_poly(data: str) -> tuple[Rows, Labels]:
    """What the recipe pca-poly makes of the training images: principal components and their products."""
    train = load(data).train
    features = make_recipe("pca-poly", shape=train.shape)[:-1].fit_transform(train.X)
    return np.ascontiguousarray(features, dtype=np.float32), train.y


def binary(data: str) -> tuple[Rows, Labels]:
    """Training pixels in 0…1 of two classes of images."""
    n_classes = load(data).n_classes
    if n_classes != 2:
        raise Unfit(f"'{data}' has {n_classes} classes; name data of two, such as a folder cats-dogs/")
    return pixels(data)


def digits(_data: str) -> tuple[Rows, Labels]:
    """All 1,797 digits of scikit-learn, intensities 0…16 as 0…1."""
    from sklearn.datasets import load_digits

    found = load_digits()
    return (found.data / 16).astype(np.float32), found.target.astype(np.int64)


def wide(_data: str) -> tuple[Rows, Labels]:
    """Fewer rows than columns: 500 × 2,000, five classes."""
    return blobs(n=500, d=2000, K=5, distance=4.0)


def two(_data: str) -> tuple[Rows, Labels]:
    """Two overlapping classes, 20,000 × 50."""
    return blobs(n=20_000, d=50, K=2)


def hundred(_data: str) -> tuple[Rows, Labels]:
    """A hundred classes, 20,000 × 200."""
    return blobs(n=20_000, d=200, K=100, distance=3.0)


def many(_data: str) -> tuple[Rows, Labels]:
    """Many rows, 300,000 × 100, ten classes."""
    return blobs(n=300_000, d=100, K=10)


def unbalanced(_data: str) -> tuple[Rows, Labels]:
    """Five classes, one of them with 10 of the 20,000 rows."""
    return blobs(n=20_000, d=50, K=5, rare=10)


def blobs(*, n: int, d: int, K: int, distance: float = 2.0, rare: int = 0) -> tuple[Rows, Labels]:
    """K clouds whose columns differ in spread by a factor of 30, always the same ones.

    Parameters
    ----------
    n, d, K : int
        Rows, columns, classes.
    distance : float
        Length of each class's centre, in units of the clouds' own spread.
    rare : int
        Rows of the last class; 0 gives it its share.
    """
    rng = np.random.default_rng(0)
    labels = np.arange(n) % (K - 1 if rare else K)
    if rare:
        labels[:rare] = K - 1
    rng.shuffle(labels)
    centres = rng.standard_normal((K, d)) * (distance / np.sqrt(d))
    spread = np.geomspace(1, 1 / 30, d)
    X = (centres[labels] + rng.standard_normal((n, d))) * spread
    return X.astype(np.float32), labels.astype(np.int64)


MAKERS: dict[str, Maker] = {
    "pixels": pixels,
    "raw": raw,
    "pca-poly": pca_poly,
    "binary": binary,
    "digits": digits,
    "wide": wide,
    "unbalanced": unbalanced,
    "two": two,
    "hundred": hundred,
    "many": many,
}
"""Every work by the name that the command line knows it by; each takes the data named there."""


def make(name: str, data: str, strengths: list[float]) -> list[Work]:
    """One work for every C, all over the same array.

    Raises
    ------
    Unfit
        The work cannot be made of these data.
    """
    X, y = MAKERS[name](data)
    return [Work(name, X, y, C) for C in strengths]
