"""Random problems of classification against scikit-learn's optimum, found in other coordinates."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from checks.images import peer, probabilities, value
from checks.row import Row
from sightline.logistic import LogisticRegression

KINDS = ("plain", "separable", "constant", "duplicated", "wide", "scaled", "sparse", "far", "rare", "bytes")


def problem(seed: int) -> tuple[str, npt.NDArray[Any], npt.NDArray[np.int64], float]:
    """Kind, rows (n, d) of one of three dtypes, codes (n,) and C."""
    rng = np.random.default_rng(seed)
    kind, K = KINDS[seed % len(KINDS)], int(rng.choice([2, 2, 3, 4, 7, 12]))
    n, d = int(rng.integers(2 * K, 80 + 2 * K)), int(rng.integers(1, 13))
    if kind == "wide":
        d = n + int(rng.integers(1, 60))
    X = rng.standard_normal((n, d))
    y = np.concatenate([np.arange(K), rng.integers(0, K, n - K)])
    if kind == "separable":
        X[:, 0] += 20 * y
    elif kind == "constant":
        X[:, -1] = 3
    elif kind == "duplicated":
        X = np.column_stack([X, X[:, :1], X])
    elif kind == "scaled":
        X = X * 10.0 ** rng.uniform(-3, 3, d)
    elif kind == "sparse":
        X *= rng.random(X.shape) < 0.2
    elif kind == "far":
        X += 100
    elif kind == "rare":
        y[K:] = np.where(rng.random(n - K) < 0.95, 0, y[K:])
    elif kind == "bytes":
        X = rng.integers(0, 256, X.shape).astype(np.float64)
    dtype = np.uint8 if kind == "bytes" else [np.float32, np.float64][int(rng.integers(2))]
    C = 10 ** rng.uniform(-4, 4) / (255**2 if kind == "bytes" else 1)
    return kind, np.ascontiguousarray(X, dtype), y.astype(np.int64), float(C)


def check(n: int, seed: int = 0) -> list[Row]:
    """So many problems."""
    fine = Row("objective above scikit-learn's, relative, float64 (tol 1e-5)", 1e-4)
    coarse = Row("objective above scikit-learn's, relative, float32 and bytes", 2e-3)
    below = Row("scikit-learn's objective above ours, relative", 1e-7)
    apart = Row("probabilities apart, of what the two objectives allow", 1.05)
    decided = Row("decisions of predict that its own probabilities do not make", 0)
    unsaid = Row("fits that say that they did not converge", 0)
    for i in range(seed, seed + n):
        kind, X, y, C = problem(i)
        where = f"seed {i}, {kind}, {X.shape} {X.dtype}, {len(np.unique(y))} classes, C {C:.2g}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = LogisticRegression(C=C).fit(X, y)
        unsaid.add(float(not model.converged_), where)
        wide = X.astype(np.float64)
        W, b = model.coef_.astype(np.float64), model.intercept_.astype(np.float64)
        Z, (best_Z, best_W) = wide @ W.T + b, peer(wide, y, C)
        reached, best = value(Z, y, W, C), value(best_Z, y, best_W, C)
        (fine if X.dtype == np.float64 else coarse).add((reached - best) / best, where)
        below.add((best - reached) / best, where)
        p, q = probabilities(Z), probabilities(best_Z)
        allowed = np.sqrt(2 * max(reached - best, 1e-9 * best) + 1e-12)
        apart.add(float(np.sqrt(np.square(np.abs(p - q).sum(axis=1)).mean())) / allowed, where)
        own = model.predict_proba(X)
        sure = own[np.arange(len(y)), model.predict(X)] < own.max(axis=1)
        decided.add(float(sure.sum()), where)
    return [fine, coarse, below, apart, decided, unsaid]
