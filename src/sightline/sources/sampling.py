"""Which rows of very many are drawn, without a list of them all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sightline.errors import UsageError


def drawn(n_rows: int, n: int, seed: int, name: str) -> NDArray[np.int64]:
    """Draw `n` different numbers below `n_rows`, in order; same seed, same numbers.

    Raises
    ------
    UsageError
        There are not so many, or the seed is negative.
    """
    if not 1 <= n <= n_rows:
        raise UsageError(f"cannot draw {n:,} of the {n_rows:,} images of '{name}'", f"Draw 1…{n_rows:,}.")
    if seed < 0:
        raise UsageError(f"a seed of {seed} is not possible", "Give a whole number, 0 or more.")
    rows = np.random.default_rng(seed).choice(n_rows, n, replace=False, shuffle=False)
    return np.sort(rows).astype(np.int64)
