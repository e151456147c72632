"""Measures against scikit-learn's, sums against exact ones, intervals and tests against closed forms."""

from __future__ import annotations

import math
import warnings
from fractions import Fraction
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from sklearn import metrics

from checks.row import Row
from sightline.evaluation import Evaluation, compare, evaluate_probabilities
from sightline.evaluation.intervals import wilson

Doubles = npt.NDArray[np.float64]
LAST = 4e-15
"""Some units of the last digit of a float64."""


def random_case(seed: int) -> tuple[Doubles, npt.NDArray[np.int64]]:
    """Probabilities (n, K), many of them equal, and labels (n,), not always of all classes."""
    rng = np.random.default_rng(seed)
    K, n = int(rng.integers(2, 13)), int(rng.integers(2, 300))
    labels = rng.integers(0, int(rng.integers(1, K + 1)), n)
    z = rng.standard_normal((n, K)) * 10 ** rng.uniform(-1, 1)
    z[np.arange(n), labels] += rng.uniform(0, 3)
    if seed % 3 == 0:
        z = np.round(z)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True), labels


def _far(ours: npt.ArrayLike, theirs: npt.ArrayLike) -> float:
    a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    if not np.array_equal(np.isnan(a), np.isnan(b)):
        return float("inf")
    off = np.abs(a - b) / np.maximum(np.abs(b), 1)
    return float(np.nanmax(off, initial=0.0))


def scores(n: int, seed: int = 0) -> list[Row]:
    """Confusion, accuracy, precision, recall, F1, log loss, Brier, areas, calibration: n random cases."""
    names = ("confusion and support", "accuracy", "precision, recall, F1", "their macro and weighted means",
             "log loss", "Brier score", "area under ROC", "average precision", "calibration error")  # fmt: skip
    rows = {name: Row(f"{name} against scikit-learn's, relative", LAST) for name in names}
    rows["calibration error"].what = "calibration error and bins against exact sums, relative"
    for i in range(seed, seed + n):
        p, labels = random_case(i)
        where, K = f"seed {i}", p.shape[1]
        found = evaluate_probabilities(p, labels, tuple(map(str, range(K))), seed=i)
        guess, every = p.argmax(axis=1), np.arange(K)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = metrics.precision_recall_fscore_support(labels, guess, labels=every, zero_division=0)
            means = [
                metrics.precision_recall_fscore_support(
                    labels, guess, labels=every, average=kind, zero_division=0
                )[:3]
                for kind in ("macro", "weighted")
            ]
            loss = metrics.log_loss(labels, p, labels=every)
        tables = [
            (found.confusion, metrics.confusion_matrix(labels, guess, labels=every)),
            (found.support, theirs[3]),
        ]
        rows["confusion and support"].add(max(_far(*pair) for pair in tables), where)
        rows["accuracy"].add(_far(found.accuracy.value, metrics.accuracy_score(labels, guess)), where)
        ours = (found.precision, found.recall, found.f1)
        rows["precision, recall, F1"].add(max(_far(a, b) for a, b in zip(ours, theirs, strict=False)), where)
        own = [[one[key] for key in ("precision", "recall", "f1")] for one in (found.macro, found.weighted)]
        rows["their macro and weighted means"].add(_far(own, means), where)
        rows["log loss"].add(_far(found.log_loss.value, loss), where)
        brier = metrics.brier_score_loss(
            np.eye(K)[labels].argmax(axis=1), p, labels=every, scale_by_half=False
        )
        rows["Brier score"].add(_far(found.brier.value, brier), where)
        for k in range(K):
            is_k = labels == k
            if 0 < is_k.sum() < len(labels):
                rows["area under ROC"].add(
                    _far(found.curves[k].roc_auc, metrics.roc_auc_score(is_k, p[:, k])), where
                )
            if is_k.any():
                area = metrics.average_precision_score(is_k, p[:, k])
                rows["average precision"].add(_far(found.curves[k].average_precision, area), where)
        rows["calibration error"].add(_calibration(found), where)
    return list(rows.values())


def _calibration(found: Evaluation) -> float:
    """Deviation of error and bins from sums in fractions."""
    top = found.probability.max(axis=1)
    right = found.predicted == found.labels
    total, off, bins = Fraction(0), 0.0, found.reliability
    for b in range(10):
        inside = np.minimum((top * 10).astype(int), 9) == b
        if not inside.any():
            off = max(off, 0.0 if np.isnan(bins.accuracy[b]) else math.inf)
            continue
        sure = sum((Fraction(float(t)) for t in top[inside]), Fraction(0))
        hits, count = int(right[inside].sum()), int(inside.sum())
        total += abs(hits - sure)
        off = max(off, _far(bins.confidence[b], float(sure / count)), _far(bins.accuracy[b], hits / count))
    return max(off, _far(found.calibration_error.value, float(total / len(top))))


def closed_forms(n: int, seed: int = 0) -> list[Row]:
    """McNemar's test, the difference of two shares and Wilson's interval, n random tables each."""
    exact = Row("McNemar's p against the binomial in whole numbers, relative", 1e-11)
    middle = Row("Agresti and Min's interval against its formula", 1e-14)
    roots = Row("Wilson's ends: (share − end)² against q² end (1 − end) / n", 1e-14)
    sides = Row("Wilson's ends beyond 0…1, or on the wrong side of the share", 0)
    q, rng = NormalDist().inv_cdf(0.975), np.random.default_rng(seed)
    blank = evaluate_probabilities(np.full((1, 2), 0.5), np.zeros(1, np.int64), ("a", "b"))
    for _ in range(n):
        cells = rng.integers(0, int(rng.choice([3, 20, 150])), 4)
        cells[3] += 1
        pattern = np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], cells, axis=0)
        labels = np.ones(len(pattern), np.int64)
        a, b = (_replaced(blank, labels, pattern[:, side]) for side in (0, 1))
        found = compare(a, b)
        only_a, only_b, total = int(cells[1]), int(cells[2]), int(cells.sum())
        flips = only_a + only_b
        tail = sum(math.comb(flips, j) for j in range(min(only_a, only_b) + 1))
        p = min(1.0, float(Fraction(2 * tail, 2**flips)))
        exact.add(abs(found.p_value / p - 1), f"table {cells.tolist()}")
        x, y, m = only_a + 0.5, only_b + 0.5, total + 2
        half = q * math.sqrt(x + y - (x - y) ** 2 / m) / m
        value = (only_a - only_b) / total
        ends = (min((x - y) / m - half, value), max((x - y) / m + half, value))
        middle.add(_far([found.difference.low, found.difference.high], ends), f"table {cells.tolist()}")
        trials = int(rng.integers(1, 10 ** int(rng.integers(1, 6))))
        hits = int(rng.integers(0, trials + 1))
        low, high = (float(end) for end in wilson(hits, trials))
        share = hits / trials
        for end in (low, high):
            if 0 < end < 1:
                roots.add(abs((share - end) ** 2 - q**2 * end * (1 - end) / trials), f"{hits} of {trials}")
        sides.add(float(not 0 <= low <= share <= high <= 1), f"{hits} of {trials}")
    return [exact, middle, roots, sides]


def _replaced(blank: Evaluation, labels: npt.NDArray[np.int64], right: npt.NDArray[np.int64]) -> Evaluation:
    from dataclasses import replace

    return replace(blank, labels=labels, predicted=right)
