"""The same bytes on every run, and on 1, 2 and 4 threads: each number of threads is a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from checks.row import Row

THREADS = (1, 2, 4)
SETTINGS = ("SIGHTLINE_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
SMALLER = {"n_atoms": 24, "copies": 1}
"""What is the same with so many is the same with more."""


def images(n: int, seed: int = 0) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """n images (16, 20) of five classes, rows of pixels: enough numbers that the work is shared out."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 5
    pattern = rng.integers(0, 200, (5, 16, 20))
    drawn = np.clip(pattern[labels] + rng.normal(0, 60, (n, 16, 20)), 0, 255)
    return drawn.astype(np.uint8).reshape(n, -1), labels.astype(np.int64)


def digest(*arrays: Any) -> str:
    """Of the bytes of all of them."""
    return hashlib.sha256(b"".join(np.ascontiguousarray(one).tobytes() for one in arrays)).hexdigest()


def pieces() -> dict[str, str]:
    """What is learned by matrices large enough that BLAS shares them out among threads, as digests."""
    from sightline.explanation import explain
    from sightline.features import PCA, Patches, Shrink
    from sightline.logistic import LogisticRegression

    rng = np.random.default_rng(0)
    square = rng.integers(0, 256, (800, 784)).astype(np.uint8)
    wide = rng.random((300, 5000), dtype=np.float32)
    many, few = PCA(50).fit(square), PCA(40).fit(wide)
    model = LogisticRegression().fit(wide, np.arange(300) % 3)
    why = explain(model, rng.integers(0, 256, (50, 100)).astype(np.uint8))
    atoms = Patches((28, 28), size=9, n_atoms=200, n_patches=3000).fit(square[:200] / np.float32(255))
    return {
        "components from columns": digest(many.components_, many.transform(square)),
        "components from rows": digest(few.components_, few.inverse_transform(few.transform(wide))),
        "weights in the space of the rows": digest(model.coef_, model.intercept_),
        "an explanation of them": digest(why.z, why.contributions),
        "atoms": digest(atoms.filters_, atoms.offset_),
        "shrunken": digest(Shrink((28, 28)).fit(square).transform(square)),
    }


def fingerprints(n: int, names: Iterable[str] = ()) -> dict[str, str]:
    """What recipes learn from n images, as digests: weights, predictions, an explanation, intervals."""
    from sightline.evaluation import evaluate_probabilities
    from sightline.explanation import explain
    from sightline.features import RECIPES, make_recipe

    (X, y), found = images(n + 200), pieces()
    for name in names or RECIPES:
        choices = {key: value for key, value in SMALLER.items() if key in RECIPES[name].defaults}
        model = make_recipe(name, shape=(16, 20), **choices).fit(X[:n], y[:n])
        probability = np.asarray(model.predict_proba(X[n:]), np.float64)
        judged = evaluate_probabilities(probability, y[n:], tuple("abcde"))
        why = explain(model, X[n].reshape(16, 20), change=RECIPES[name].unit == 1)
        change = () if why.smallest_change is None else (why.smallest_change.delta,)
        intervals = (judged.accuracy, judged.log_loss, judged.brier, judged.calibration_error)
        found |= {
            f"{name}, weights": digest(model[-1].coef_, model[-1].intercept_),
            f"{name}, predictions": digest(probability, model.decision_function(X[n:])),
            f"{name}, explanation": digest(why.contributions, why.z, *change),
            f"{name}, intervals": digest(*([one.value, one.low, one.high] for one in intervals)),
        }
    return found


def asked(n: int, threads: int, names: Iterable[str] = ()) -> dict[str, str]:
    """`fingerprints` of a process that is given so many threads."""
    environment = {**os.environ, **dict.fromkeys(SETTINGS, str(threads))}
    folder = str(Path(__file__).parents[1])
    call = f"main({n}, {tuple(names)!r})"
    code = f"import sys; sys.path.insert(0, {folder!r}); from checks.sameness import main; {call}"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=600, check=False
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    answer: dict[str, str] = json.loads(done.stdout)
    return answer


def main(n: int, names: Iterable[str]) -> None:
    """Say the fingerprints as JSON."""
    print(json.dumps(fingerprints(n, names)))


def check(n: int, names: Iterable[str] = (), threads: Iterable[int] = THREADS) -> list[Row]:
    """Recipes (all of them, unless named) on n images, once more on one thread, and on others."""
    first, rows = asked(n, 1, names), []
    for number in threads:
        other = asked(n, number, names)
        words = "once more, on 1 thread" if number == 1 else f"on {number} threads, as on 1"
        row = Row(f"other bytes {words}", 0)
        for key, one in first.items():
            row.add(float(other[key] != one), key)
        rows.append(row)
    return rows
