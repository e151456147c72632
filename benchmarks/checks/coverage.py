"""How often stated intervals cover the truth: many test sets are drawn from worlds whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checks.row import Row
from sightline.evaluation.calibration import calibration_error, calibration_interval
from sightline.evaluation.intervals import bootstrap, f1_interval, share_interval
from sightline.evaluation.judge import SMALLEST
from sightline.evaluation.record import Interval

Doubles = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
MOST = {"log_loss": -float(np.log(SMALLEST)), "brier": 2.0}
LEVEL, MARGIN = 0.95, 0.02
KNOWN = 2_000_000
"""Images that the truth is computed from."""


@dataclass(frozen=True)
class World:
    """n test images of K classes; a model that tells them apart by `sharp` and is too sure by `too_sure`, 1 = not."""

    K: int
    n: int
    sharp: float
    too_sure: float = 1.0

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Doubles, Codes]:
        """Probabilities (n, K) and labels (n,)."""
        labels = rng.integers(0, self.K, n)
        z = rng.standard_normal((n, self.K))
        z[np.arange(n), labels] += self.sharp
        logits = self.too_sure * self.sharp * z  # the true log-odds, were it not for `too_sure`
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        return p / p.sum(axis=1, keepdims=True), labels

    def __str__(self) -> str:
        sure = {1.0: "calibrated"}.get(self.too_sure, "too sure" if self.too_sure > 1 else "too modest")
        return f"{self.K} classes, {self.n} images, {sure}"


WORLDS = (World(3, 100, 1.5), World(10, 360, 4.0), World(3, 400, 1.5, 2.0), World(10, 500, 3.0, 0.7))


def measured(p: Doubles, labels: Codes, seed: int) -> dict[str, Interval]:
    """The intervals that an Evaluation and the studio state, as they make them."""
    n, rows, predicted = len(labels), np.arange(len(labels)), p.argmax(axis=1)
    right, top = predicted == labels, p[rows, predicted]
    values = {
        "log_loss": -np.log(np.maximum(p[rows, labels], SMALLEST)),
        "brier": np.square(p).sum(axis=1) - 2 * p[rows, labels] + 1,
    }
    hits, called, present = (int(one.sum()) for one in ((labels == 0) & right, predicted == 0, labels == 0))
    return {
        "accuracy": share_interval(int(right.sum()), n),
        "precision": share_interval(hits, max(called, 1)),
        "recall": share_interval(hits, max(present, 1)),
        "f1": f1_interval(hits, called, present),
        "calibration_error": calibration_interval(top, right, seed=seed),
        **bootstrap(values, np.random.default_rng(seed), most=MOST),
    }


def truth(world: World, n: int = KNOWN) -> dict[str, float]:
    """What so many images say."""
    p, labels = world.draw(n, np.random.default_rng(2**31))
    rows, predicted = np.arange(len(labels)), p.argmax(axis=1)
    right, own = predicted == labels, p[rows, labels]
    hits = ((labels == 0) & right).sum()
    called, present = (predicted == 0).sum(), (labels == 0).sum()
    return {
        "accuracy": float(right.mean()),
        "precision": float(hits / called),
        "recall": float(hits / present),
        "f1": float(2 * hits / (called + present)),
        "calibration_error": calibration_error(p[rows, predicted], right),
        "log_loss": float(-np.log(np.maximum(own, SMALLEST)).mean()),
        "brier": float((np.square(p).sum(axis=1) - 2 * own + 1).mean()),
    }


def check(
    sims: int, seed: int = 0, worlds: tuple[World, ...] = WORLDS, margin: float = MARGIN, known: int = KNOWN
) -> list[Row]:
    """Coverage of each interval in each world, of `sims` test sets; the deviation is that from 95 %."""
    rows = []
    for world in worlds:
        true = truth(world, known)
        missed = {name: np.zeros(2, np.int64) for name in true}
        for i in range(seed, seed + sims):
            found = measured(*world.draw(world.n, np.random.default_rng(i)), i)
            for name, one in found.items():
                missed[name] += (true[name] < one.low, true[name] > one.high)
        for name, (below, above) in missed.items():
            covered = 1 - (below + above) / sims
            row = Row(f"{name.replace('_', ' ')}, {world}: covers {covered:.1%} of {sims:,}", margin)
            row.add(round(abs(covered - LEVEL), 9), f"truth {below} times below, {above} times above")
            row.count = sims
            rows.append(row)
    return rows
