"""The record of disputed labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MANY = 0.1
"""Share of disputed labels from which on the model is in doubt; collections of images have rarely so many wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class Disputed:
    """The m images whose label is disputed, the most strongly first.

    `rows` (m,) int64 rows of the data set that was given, training images first; `is_test` (m,) bool: among its
    test images; `given`, `suggested` (m,) int64 the class that it is labelled and the most probable one;
    `given_probability`, `suggested_probability` (m,) float64 what the model gives to each; `margin` (m,) float64
    > 0, the difference of their z; `suspected` (m,) bool: so strongly disputed that the label is probably wrong.
    `judged` how many training and test images could be judged, `wrong_share` the estimated share of wrong labels
    among each, NaN where there are none; a model that errs with confidence estimates too high. `classes` K names;
    `n` images in the data set; `recipe`, `folds`, `seed` what it was made with.
    """

    classes: tuple[str, ...]
    n: int
    rows: Codes
    is_test: Flags
    given: Codes
    suggested: Codes
    given_probability: Doubles
    suggested_probability: Doubles
    margin: Doubles
    suspected: Flags
    judged: tuple[int, int]
    wrong_share: tuple[float, float]
    recipe: str
    folds: int
    seed: int

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def counts(self) -> Codes:
        """(K,) suspected images of each class, by the label that they have."""
        return np.bincount(self.given[self.suspected], minlength=len(self.classes))

    @property
    def in_doubt(self) -> bool:
        """Whether so many labels are disputed that rather the model is wrong: a tenth or more of those judged."""
        return len(self) >= MANY * sum(self.judged)

    def __repr__(self) -> str:
        found = f"{len(self):,} of {sum(self.judged):,} labels disputed by '{self.recipe}'"
        return f"Disputed: {found}, {int(self.suspected.sum()):,} suspected"
