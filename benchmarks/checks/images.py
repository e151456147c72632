"""Random small image sets through every recipe: the optimum, the features, the explanation, the smallest change."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression as Peer

from checks.row import Row
from sightline.errors import DataError, SightlineError
from sightline.explanation import explain, pixel_weights
from sightline.features import RECIPES, make_recipe
from sightline.model import Model

Doubles = npt.NDArray[np.float64]
KINDS = ("bars", "noise", "two greys", "dim", "twins", "with blanks")
SMALLER: dict[str, tuple[int, int]] = {"n_atoms": (4, 17), "copies": (1, 3), "n_components": (2, 21)}
"""Choices are drawn from these ranges where a recipe leaves them open: small sets learn in small time."""


@dataclass
class ImageSet:
    """`images` uint8 (n, height, width[, 3]) of K classes, `labels` (n,); `fresh` ones that nothing learned from."""

    kind: str
    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    fresh: npt.NDArray[np.uint8]
    K: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Of an image."""
        return self.images.shape[1:]

    def __str__(self) -> str:
        return f"{self.kind} {'×'.join(map(str, self.shape))}, {len(self.images)} images, {self.K} classes"


def random_set(seed: int) -> ImageSet:
    """6×6 to 40×40 pixels, grey or colour, 2 to 12 unbalanced classes, now and then one of a single image."""
    rng = np.random.default_rng(seed)
    kind, K = KINDS[seed % len(KINDS)], int(rng.integers(2, 13))
    high, wide = (6 + int(35 * u**2) for u in rng.random(2))  # small ones more often: they learn faster
    shape = (high, wide, 3) if rng.random() < 0.3 else (high, wide)
    labels = np.concatenate(
        [np.arange(K), rng.choice(K, int(rng.integers(K, 45)), p=rng.dirichlet(np.ones(K)))]
    )
    if rng.random() < 0.3:
        labels = np.concatenate([labels[labels > 0], [0]])
    shown = np.concatenate([labels, rng.integers(0, K, 4)])
    pattern = rng.integers(0, 256, (K, *shape)).astype(float)
    if kind == "bars":
        pattern[:] = 40
        for k in range(K):
            pattern[k, :, k * wide // K : k * wide // K + 2] = 220
    images = pattern[shown] + rng.normal(0, 25, (len(shown), *shape))
    if kind == "noise":
        images = rng.integers(0, 256, images.shape).astype(float)
    if kind == "two greys":
        images = np.where(images > 120, 255, 0)
    if kind == "dim":
        images = images // 80
    if kind == "twins":
        images[1] = images[0]
    if kind == "with blanks":
        images[:: max(2, len(images) // 4)] = float(rng.integers(0, 256))
    if rng.random() < 0.5:
        images[:, : high // 3] = 17
    images = np.clip(images, 0, 255).astype(np.uint8)
    n = len(labels)
    return ImageSet(kind, images[:n], labels.astype(np.int64), images[n:], K)


def chosen(name: str, seed: int) -> dict[str, float]:
    """Choices of a recipe, smaller than its own."""
    rng = np.random.default_rng([seed, list(RECIPES).index(name)])
    return {key: int(rng.integers(*span)) for key, span in SMALLER.items() if key in RECIPES[name].defaults}


@contextmanager
def numpy_only() -> Iterator[None]:
    """Leave compiled layers out."""
    before = os.environ.get("SIGHTLINE_NATIVE")
    os.environ["SIGHTLINE_NATIVE"] = "0"
    try:
        yield
    finally:
        os.environ.pop("SIGHTLINE_NATIVE")
        if before is not None:
            os.environ["SIGHTLINE_NATIVE"] = before


def value(Z: Doubles, codes: npt.NDArray[np.int64], W: Doubles, C: float) -> float:
    """F of scores (n, R) and weights (R, d): mean log loss + ‖W‖² / (2 C n)."""
    full = np.column_stack([np.zeros(len(Z)), Z]) if Z.shape[1] == 1 else Z
    loss = np.logaddexp.reduce(full, axis=1) - full[np.arange(len(full)), codes]
    return float(loss.mean() + np.square(W).sum() / (2 * C * len(Z)))


def probabilities(Z: Doubles) -> Doubles:
    """Of scores (n, R): (n, K)."""
    full = np.column_stack([np.zeros(len(Z)), Z]) if Z.shape[1] == 1 else Z
    return np.asarray(np.exp(full - np.logaddexp.reduce(full, axis=1, keepdims=True)))


def peer(X: Doubles, y: npt.NDArray[np.int64], C: float) -> tuple[Doubles, Doubles]:
    """Scores (n, R) and weights of scikit-learn's optimum, found in the few directions that the rows X span.

    With X − μ = U S Vᵀ, weights outside of V cost and do nothing; rows U S have the same optimum, turned.
    """
    U, S, _ = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    kept = S / max(S[0], 1e-300) > 1e-13
    few = U[:, kept] * S[kept]
    if not few.shape[1]:
        few = np.zeros((len(X), 1))
    unit = float(np.abs(few).max()) or 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says so where it cannot get below its own rounding
        found = Peer(C=C * unit**2, solver="newton-cholesky", tol=1e-10, max_iter=200).fit(few / unit, y)
    Z = (few / unit) @ found.coef_.T + found.intercept_
    return Z, found.coef_ / unit


class Checks:
    """The rows of the table that one set after the other fills."""

    def __init__(self) -> None:
        self.plain = Row("objective above scikit-learn's, relative (tol 1e-5)", 1e-4)
        self.loose = Row("objective above scikit-learn's, relative (tol 1e-3)", 1e-2)
        self.below = Row("scikit-learn's objective above ours, relative", 1e-6)
        self.apart = Row("probabilities apart, of what the two objectives allow", 1.05)
        self.told = Row("probabilities of the pipeline against float64", 2e-3)
        self.layers = Row("compiled features against NumPy, relative to the largest", 2e-3)
        self.shares = Row("shares of the pixels and bias against z, of Σ|shares|", 1e-9)
        self.seen = Row("shares of the features and bias against z, of Σ|shares|", 1e-9)
        self.z = Row("explained z against the pipeline's, of Σ|shares|", 1e-4)
        self.flips = Row("smallest changes that do not flip the decision", 0)
        self.box = Row("smallest changes that leave black and white, in intensities", 0)
        self.none = Row("no change found, though a linear recipe has one", 0)
        self.half = Row("half of a linear recipe's smallest change that flips", 0)
        self.refused = Row("recipes refused without a reason", 0)
        self.unconverged = Row("fits that say that they did not converge", 0)
        self.warned = Row("warnings", 0)

    @property
    def rows(self) -> list[Row]:
        """All of them."""
        return list(vars(self).values())

    def take(self, one: ImageSet, name: str, seed: int) -> None:
        """One set through one recipe."""
        where, X = f"seed {seed}, {name}, {one}", one.images.reshape(len(one.images), -1)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                pipeline = make_recipe(name, shape=one.shape, seed=seed, **chosen(name, seed)).fit(
                    X, one.labels
                )
            except SightlineError as error:
                plain = isinstance(error, DataError) and "blank" in str(error)
                self.refused.add(0 if plain else 1, f"{where}: {error}")
                return
            self.refused.add(0)
            copied = getattr(pipeline, "copies", 0)
            features, labels = X, one.labels
            if copied:
                features, labels = pipeline.training_features(X, labels)
            else:
                features = np.asarray(pipeline[:-1].transform(X))
            self._optimum(where, pipeline, features, labels)
            self._features(where, pipeline, X)
            self._explained(where, name, pipeline, one, seed)
        self.unconverged.add(float(not pipeline[-1].converged_), where)
        others = [w for w in caught if not issubclass(w.category, ConvergenceWarning)]
        self.warned.add(len(others), f"{where}: {[str(w.message) for w in others]}")

    def _optimum(self, where: str, pipeline: Any, features: Any, labels: Any) -> None:
        ours, wide = pipeline[-1], features.astype(np.float64)
        W, b = ours.coef_.astype(np.float64), ours.intercept_.astype(np.float64)
        Z = wide @ W.T + b
        best_Z, best_W = peer(wide, labels, ours.C)
        reached, best = value(Z, labels, W, ours.C), value(best_Z, labels, best_W, ours.C)
        (self.plain if ours.tol == 1e-5 else self.loose).add(reached / best - 1, where)
        self.below.add(1 - reached / best, where)
        p, q = probabilities(Z), probabilities(best_Z)
        # F(W) − F* is the mean Kullback-Leibler divergence of q from p and ‖W − W*‖² / 2Cn: Pinsker bounds |p − q|
        allowed = np.sqrt(2 * max(reached - best, 1e-9 * best) + 1e-12)
        self.apart.add(float(np.sqrt(np.square(np.abs(p - q).sum(axis=1)).mean())) / allowed, where)
        self.told.add(float(np.abs(ours.predict_proba(features) - p).max()), where)

    def _features(self, where: str, pipeline: Any, X: Any) -> None:
        names = list(pipeline.named_steps)
        if "bytes" not in names:
            return
        steps = pipeline[: names.index("bytes")]
        fast = np.asarray(steps.transform(X))
        with numpy_only():
            for step in steps:
                step.__dict__.pop("_made", None)
            plain = np.asarray(steps.transform(X))
        self.layers.add(float(np.abs(fast - plain).max() / max(np.abs(plain).max(), 1e-6)), where)

    def _explained(self, where: str, name: str, pipeline: Any, one: ImageSet, seed: int) -> None:
        model = Model(pipeline, tuple(f"class {k}" for k in range(one.K)), one.shape, name)
        blank = np.zeros_like(one.images[:1])
        slow = [other for other, recipe in RECIPES.items() if recipe.unit != 1]
        changed = name not in slow or seed % len(slow) == slow.index(name)
        for i, image in enumerate(np.concatenate([one.fresh[:1], one.images[:1], blank])):
            linear = pixel_weights(model, image.size) is not None
            if i and not linear:
                break  # one image, where the change is found by many small steps
            found = explain(model, image, change=changed)
            shares = found.contributions.reshape(len(found.z), -1)
            size = np.abs(shares).sum(axis=1) + np.abs(found.bias) + 1e-9
            self.shares.add(float((np.abs(shares.sum(axis=1) + found.bias - found.z) / size).max()), where)
            assert found.features is not None
            seen = found.features.contributions
            own = np.abs(seen).sum(axis=1) + np.abs(found.features.bias) + 1e-9
            off = np.abs(seen.sum(axis=1) + found.features.bias - found.z) / own
            self.seen.add(float(off.max()), where)
            if "bytes" not in pipeline.named_steps:  # a number between two bytes may go either way
                z = np.atleast_1d(model.decision_function(image)[0])
                self.z.add(float((np.abs(z - found.z) / own).max()), where)
            if changed:
                self._changed(where, model, image, found)

    def _changed(self, where: str, model: Model, image: Any, found: Any) -> None:
        change, weights = found.smallest_change, pixel_weights(model, image.size)
        x = image.reshape(-1).astype(np.float64)
        if change is not None:
            after = model.predict(change.image[None])[0]
            self.flips.add(float(not (change.flips and after == change.target != found.predicted)), where)
            self.box.add(float(max(-change.image.min(), change.image.max() - 255, 0)), where)
        if weights is None:
            return
        z = np.array([0.0, found.z[0]]) if len(found.z) == 1 else found.z
        W = np.vstack([np.zeros_like(x), weights]) if len(weights) == 1 else weights
        if change is None:
            toward = W - W[found.predicted]
            most = np.maximum(toward * (255 - x), -toward * x).sum(axis=1) + z - z[found.predicted]
            most[found.predicted] = 0
            self.none.add(float((most > 2e-3 * np.maximum(np.abs(z - z[found.predicted]), 1)).any()), where)
            return
        self.none.add(0)
        half = z + W @ (0.5 * change.delta.reshape(-1))
        lead = half[found.predicted] - np.delete(half, found.predicted).max()
        self.half.add(float(lead < -1e-3 * max(1.0, np.ptp(z))), where)


def check(sets: int, seed: int = 0, names: tuple[str, ...] = tuple(RECIPES)) -> list[Row]:
    """So many random sets through the recipes of these names."""
    checks = Checks()
    for i in range(seed, seed + sets):
        one = random_set(i)
        for name in names:
            checks.take(one, name, i)
    return checks.rows
