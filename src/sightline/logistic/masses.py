"""What each row counts: sample weight × class weight."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.validation import _check_sample_weight

from sightline.errors import DataError, UsageError

Doubles = npt.NDArray[np.float64]


def masses(
    labels: npt.NDArray[Any],
    classes: npt.NDArray[Any],
    codes: npt.NDArray[np.int64],
    sample_weight: Any,
    class_weight: dict[Any, float] | str | None,
) -> Doubles:
    """Return the mass of each row, (n,) ≥ 0.

    Parameters
    ----------
    labels : (n,), each one of `classes` (K,), numbered by `codes` (n,)
    sample_weight : (n,) ≥ 0 or None
    class_weight : dict, 'balanced' or None
        See `LogisticRegression`.

    Raises
    ------
    UsageError
        A class weight is negative or not finite.
    DataError
        Fewer than two classes have any mass.
    """
    if sample_weight is None:
        mass = np.ones(len(codes))
    else:
        mass = _check_sample_weight(sample_weight, codes[:, None], dtype=np.float64, ensure_non_negative=True)
    if isinstance(class_weight, str) and class_weight == "balanced":
        total = np.bincount(codes, weights=mass)
        mass = mass * (mass.sum() / (len(classes) * np.where(total > 0, total, 1)))[codes]
    elif class_weight is not None:
        factors = compute_class_weight(class_weight, classes=classes, y=labels)
        if not (np.isfinite(factors).all() and factors.min() >= 0):
            raise UsageError(
                f"class_weight = {class_weight!r} has a weight that is negative or not finite",
                "Weights are masses: 0 or more.",
            )
        mass = mass * factors[codes]
    if np.count_nonzero(np.bincount(codes, weights=mass)) < 2:
        raise DataError(
            "the weights leave fewer than two classes with any mass", "Give two classes positive weights."
        )
    return np.asarray(mass, dtype=np.float64)
