"""Labels that mean nothing: whatever a recipe learns and chooses, it then decides as chance does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from scipy.stats import binomtest

from checks.row import Row
from sightline.dataset import Dataset
from sightline.features import RECIPES
from sightline.story import Config, run

SMALLER = {"n_atoms": 16.0, "copies": 1.0}
"""For recipes that validation chooses nothing of, which would take long otherwise."""
RARE = 1e-4
"""A recipe that reads no test label is below this p once in ten thousand runs."""


def shuffled(n: int, K: int, seed: int) -> Dataset:
    """n images (12, 11) of K kinds that are easily told apart, under labels that were dealt out at random."""
    rng = np.random.default_rng(seed)
    kinds = np.arange(n) % K
    pattern = rng.integers(0, 200, (K, 12, 11))
    images = np.clip(pattern[kinds] + rng.normal(0, 25, (n, 12, 11)), 0, 255).astype(np.uint8)
    labels = rng.permutation(kinds).astype(np.int64)
    names = tuple(f"class {k}" for k in range(K))
    return Dataset(images, labels, names, name="shuffled").split(test_size=n // 2, seed=seed)


def honest(data: Dataset, seed: int) -> Dataset:
    """The same images under the labels that they should have: the check must see a difference."""
    kinds = data.images.reshape(len(data), -1).astype(np.float64)
    rng = np.random.default_rng(seed)
    means = rng.integers(0, 200, (data.n_classes, 12 * 11))
    labels = ((kinds[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    return replace(data, labels=labels.astype(np.int64))


def check(
    n: int,
    K: int = 4,
    seed: int = 0,
    *,
    names: Iterable[str] = RECIPES,
    budgets: Iterable[float] = (5.0, 60.0),
) -> list[Row]:
    """Every recipe by `story.run`, choices and all, and what a budget picks; half of n are test images."""
    chance = Row(f"least p of accuracy = chance, 1 in {K}, labels shuffled: 1 − p", 1 - RARE)
    control = Row("error on true labels, where the same images are easy", 0.1)
    seen = Row("accuracy on shuffled labels above chance's 99.99 % interval", 0)
    data = shuffled(n, K, seed)
    runs = [(name, Config(data=data, recipes=(name,), seed=seed, choices=_smaller(name))) for name in names]
    runs += [(f"budget {b:g} s", Config(data=data, budget=b, seed=seed)) for b in budgets]
    for name, config in runs:
        found = run(config).winner
        judged = found.evaluation
        right, total = int((judged.predicted == judged.labels).sum()), len(judged.labels)
        p = float(binomtest(right, total, 1 / K).pvalue)
        where = f"{name} ({found.name}): {right} of {total}, p = {p:.3g}"
        chance.add(1 - p, where)
        seen.add(float(right > total / K and p < RARE), where)
        if name in ("pixels", "orientation", "two-layers"):
            true = run(replace(config, data=honest(data, seed))).winner.evaluation.accuracy.value
            control.add(1 - true, name)
    return [chance, seen, control]


def _smaller(name: str) -> dict[str, dict[str, float]]:
    recipe = RECIPES[name]
    own = {key: value for key, value in SMALLER.items() if key in recipe.defaults}
    return {name: own} if own else {}
