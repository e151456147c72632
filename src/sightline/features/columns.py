"""Sums over blocks of rows that features are learned from: columns alone, columns with each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[Any]
Doubles = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Pair = tuple[Doubles, Doubles]


@dataclass(frozen=True, slots=True)
class SpreadTask:
    """Σ (x − s) and Σ (x − s)² of every column, (d,) each; `near`, s, is about the mean."""

    near: Rows

    def __call__(self, index: int, X: Rows, y: Codes) -> Pair:
        """Sums over one block X (m, d)."""
        x = X - self.near
        return x.sum(axis=0, dtype=np.float64), np.einsum("nd,nd->d", x, x, dtype=np.float64)

    @staticmethod
    def add(one: Pair, other: Pair) -> Pair:
        """Both."""
        return one[0] + other[0], one[1] + other[1]


@dataclass(frozen=True, slots=True)
class ScatterTask:
    """Σ (x − s) (d,) and Σ (x − s)(x − s)ᵀ (d, d); `near`, s, is about the mean."""

    near: Rows

    def __call__(self, index: int, X: Rows, y: Codes) -> Pair:
        """Sums over one block X (m, d)."""
        x = X - self.near
        return x.sum(axis=0, dtype=np.float64), (x.T @ x).astype(np.float64, copy=False)

    @staticmethod
    def add(one: Pair, other: Pair) -> Pair:
        """Both."""
        return one[0] + other[0], one[1] + other[1]


@dataclass(frozen=True, slots=True)
class ProductTask:
    """Σ (x − μ)(x − μ)ᵀ Q (d, k), for `mean` μ and `directions` Q (d, k)."""

    mean: Rows
    directions: Rows

    def __call__(self, index: int, X: Rows, y: Codes) -> Doubles:
        """Sum over one block X (m, d)."""
        x = X - self.mean
        product: Doubles = (x.T @ (x @ self.directions)).astype(np.float64, copy=False)
        return product

    @staticmethod
    def add(one: Doubles, other: Doubles) -> Doubles:
        """Both."""
        return one + other


@dataclass(frozen=True, slots=True)
class RangeTask:
    """Least and largest of every column, (d,) each."""

    def __call__(self, index: int, X: Rows, y: Codes) -> tuple[Rows, Rows]:
        """Of one block X (m, d)."""
        return X.min(axis=0), X.max(axis=0)

    @staticmethod
    def add(one: tuple[Rows, Rows], other: tuple[Rows, Rows]) -> tuple[Rows, Rows]:
        """Both."""
        return np.minimum(one[0], other[0]), np.maximum(one[1], other[1])
