"""The smallest logistic regression there is: random inputs, random weights, z, and a probability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sightline.errors import UsageError
from sightline.logistic.functions import sigmoid

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """`X` (n, d) inputs, `weights` (d,), `bias`, ``z = X @ weights + bias`` (n,), `probability` σ(z) (n,)."""

    X: FloatArray
    weights: FloatArray
    bias: float
    z: FloatArray
    probability: FloatArray


def simulate(n_samples: int = 100, n_features: int = 3, *, seed: int | None = 0) -> Simulation:
    """Draw weights, bias and inputs from N(0, 1) and pass them through the sigmoid.

    Parameters
    ----------
    n_samples, n_features : int, at least 1
    seed : int or None
        Same seed, same simulation; None draws a new one each time.

    Returns
    -------
    Simulation

    Raises
    ------
    UsageError
        A size is below 1.

    Examples
    --------
    >>> simulation = simulate(seed=0)
    >>> simulation.X.shape, simulation.z.shape
    ((100, 3), (100,))
    """
    if n_samples < 1 or n_features < 1:
        what = f"cannot simulate {n_samples} samples of {n_features} features"
        raise UsageError(what, "Both must be at least 1.")
    rng = np.random.default_rng(seed)
    weights = rng.standard_normal(n_features)
    bias = float(rng.standard_normal())
    X = rng.standard_normal((n_samples, n_features))
    z = X @ weights + bias
    return Simulation(X=X, weights=weights, bias=bias, z=z, probability=sigmoid(z).astype(np.float64))
