"""How often coefficients are right, after every pass; and the line that they draw where there are two features."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.studio.features import JUDGED, Features
from sightline.studio.weights import WayBack
from sightline.studio.wire import Plane

Floats = npt.NDArray[np.floating[Any]]


class Accuracy:
    """Accuracy of coefficients on parts of the training and test images."""

    def __init__(self, features: Features) -> None:
        step = max(1, -(-len(features.y) // JUDGED))
        self.train, self.labels = np.ascontiguousarray(features.X[::step]), features.y[::step]
        self.test, self.test_labels = features.judged, features.judged_labels
        self.plane_back: WayBack | None = None
        if features.X.shape[1] == 2:
            last = features.steps[-1:] if features.steps[-1][0] != "pca" else ()
            self.plane_back = WayBack([step for _, step in last], np.zeros(2))

    def shares(self, coef: Any, intercept: Any) -> tuple[float, float | None]:
        """Shares of right answers: training, test."""
        train = _right(self.train, self.labels, coef, intercept)
        return train, _right(self.test, self.test_labels, coef, intercept) if len(self.test) else None

    def plane(self, coef: Any, intercept: Any) -> Plane | None:
        """The decision in the plane of two features, in their own units."""
        if self.plane_back is None:
            return None
        W, bias = self.plane_back.weights(coef, intercept)
        return Plane(tuple((float(a), float(b)) for a, b in W), tuple(float(one) for one in bias))


def _right(X: Floats, y: npt.NDArray[np.int64], coef: Any, intercept: Any) -> float:
    Z = X @ np.asarray(coef, X.dtype).T + np.asarray(intercept, X.dtype)
    decided = (Z[:, 0] > 0).astype(np.int64) if Z.shape[1] == 1 else Z.argmax(axis=1)
    return float((decided == y).mean())
