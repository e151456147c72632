"""Weights as images: of the classifier's coefficients, after any pass, what they are on the pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.features.local import LocalMap, local_map

Doubles = npt.NDArray[np.float64]
Floats = npt.NDArray[np.floating[Any]]
SNAPSHOT_BYTES = 24 << 20


class WayBack:
    """From coefficients on the features to weights on the pixels 0…255.

    Parameters
    ----------
    steps : fitted transformers
    x : (d,) the image at which steps that are not linear are taken back: the mean training image

    Notes
    -----
    Law: where all steps are linear, weights · x + bias equals the classifier's z for every image x.
    """

    def __init__(self, steps: list[Any], x: Doubles) -> None:
        self.x, value = x, x
        self.maps: list[LocalMap] = []
        for step in steps:
            self.maps.append(local_map(step, value))
            value = np.asarray(step.transform(value[None])[0], dtype=np.float64)
        self.value = value
        self.exact = all(one.linear for one in self.maps)

    def weights(self, coef: Floats, intercept: Floats) -> tuple[Doubles, Doubles]:
        """(R, m) coefficients and (R,) intercepts to (R, d) weights and (R,) biases; else the tangent at x."""
        W, bias = np.asarray(coef, np.float64), np.asarray(intercept, np.float64)
        if not self.exact:
            z = W @ self.value + bias
            for one in reversed(self.maps):
                W = one.slope(W)
            return W, z - W @ self.x
        for one in reversed(self.maps):
            bias = bias + W @ one.constant
            W = one.share(W)
        return W, bias


class Snapshots:
    """Coefficients after the passes: all while there is room, then every 2nd, 4th …, and always the newest."""

    def __init__(self, most_bytes: int = SNAPSHOT_BYTES) -> None:
        self.most_bytes, self.stride = most_bytes, 1
        self.kept: dict[int, tuple[Floats, Floats]] = {}
        self.newest: tuple[int, Floats, Floats] | None = None

    def add(self, index: int, coef: Floats, intercept: Floats) -> None:
        """Keep the coefficients after pass `index`."""
        coef, intercept = coef.astype(np.float32), intercept.astype(np.float32)
        self.newest = (index, coef, intercept)
        if index % self.stride == 0:
            self.kept[index] = (coef, intercept)
            if len(self.kept) > 2 and len(self.kept) * coef.nbytes > self.most_bytes:
                self.stride *= 2
                self.kept = {i: one for i, one in self.kept.items() if i % self.stride == 0}

    def at(self, index: int | None) -> tuple[int, Floats, Floats] | None:
        """The newest for None; else those of the pass, or of the nearest kept one before it."""
        if self.newest is None or index is None or index >= self.newest[0]:
            return self.newest
        before = max((i for i in list(self.kept) if i <= index), default=None)
        return None if before is None else (before, *self.kept[before])
