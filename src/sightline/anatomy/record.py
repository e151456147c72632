"""Records of what features look like. Pictures are (h, w) or (h, w, 3), intensities 0…255 unless signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.evaluation import Comparison

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Image = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Atoms:
    """The dictionary of one layer, the busiest atom first.

    `which` (K,) the atoms' own numbers; `use` (K, 2) share of all answers that each gives, by sign; `patterns`
    (K, s, s[, 3]) signed, what a patch has to look like, or None where the layer looks at maps, not at pixels;
    `excited` (K, 2, S, S[, 3]) the mean of the image patches that answer most with + and with −; `n_images` how
    many images were searched for these.
    """

    which: Integers
    use: Doubles
    patterns: Doubles | None
    excited: Doubles
    n_images: int


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """One step of an image's way: `name`; `note`; `pictures` (m, h, w[, 3]); `captions` m words below them.

    `kind` "pixels" for intensities, "amount" for values ≥ 0 on one scale, "signed".
    """

    name: str
    note: str
    pictures: Image
    captions: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True, eq=False)
class FeatureMaps:
    """One image on its way through the steps of a model: `image` uint8 as it came, then its `stages`."""

    image: Image
    recipe: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Straightened:
    """Images before and after their slant was taken out.

    `before`, `after` (m, h, w[, 3]) intensities; `line` (m, h) the column, counted from the left edge, of
    `before` that stands in the middle of `after`; `slant` (m,) columns a row, > 0 where its head leans to
    the left.
    """

    before: Image
    after: Image
    line: Doubles
    slant: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class Copies:
    """Images, `originals` (m, h, w[, 3]), and changed `copies` (m, c, h, w[, 3]) that say the same, uint8.

    `words` how they were changed, such as "turned, scaled and moved".
    """

    originals: Image
    copies: Image
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class CellGrid:
    """A grid laid over an image, and what each of its cells adds to z.

    `name`; `rows`, `columns` edges in pixels from the top left; `shares` (R, down, across); `places` (R, p, q) the
    same, part by part, for every patch: they add up to `shares`; `extent` (top, left, bottom, right) in pixels of
    the field of the patches' middles.
    """

    name: str
    rows: Doubles
    columns: Doubles
    shares: Doubles
    places: Doubles
    extent: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One feature: an atom, found in a cell of a grid.

    `name`; `grid` number of the grid; `cell` (row, column); `shares` (R,) what it adds to z; `pattern` the atom
    (s, s[, 3]), signed, or None where it is none of pixels; `patch` the image patch that answers most, intensities;
    `at` (m, 2) row and column, in pixels, of the middles of all patches that answer, `answers` (m,) how much, the
    strongest first; `side` of a patch in pixels.
    """

    name: str
    grid: int
    cell: tuple[int, int]
    shares: Doubles
    pattern: Doubles | None
    patch: Image
    at: Doubles
    answers: Doubles
    side: float


@dataclass(frozen=True, slots=True, eq=False)
class CellShares:
    """One decision, cell by cell.

    `image` uint8; `seen` (h, w[, 3]) the same as the patches see it, straightened; `z`, `bias` (R,), `probability`
    (K,), `predicted`, `runner_up`, `label` as in an `Explanation`; `grids`: ``sum(grid.shares[r].sum() for grid in
    grids) + bias[r] == z[r]``; `found` the features that do most for or against the decision.
    """

    image: npt.NDArray[np.uint8]
    seen: Image
    classes: tuple[str, ...]
    z: Doubles
    bias: Doubles
    probability: Doubles
    predicted: int
    runner_up: int
    label: int | None
    grids: tuple[CellGrid, ...]
    found: tuple[Found, ...]

    def of(self, values: Doubles, k: int) -> Any:
        """`values` (R, …) of class `k`; two classes share one, its sign turned for the first."""
        if len(self.z) > 1:
            return values[k]
        return values[0] if k == 1 else -values[0]

    def against(self, values: Doubles) -> Any:
        """`values` (R, …) of the decision less those of the runner-up."""
        if len(self.z) == 1:
            return self.of(values, self.predicted)
        return values[self.predicted] - values[self.runner_up]


@dataclass(frozen=True, slots=True, eq=False)
class Directions:
    """Which way intensity rises, cell by cell: `seen` the image; for each scale `windows` (pixels), edges, values.

    `values` (down, across, n): how much of direction 2π k / n, from right by down, there is in each cell.
    """

    seen: Image
    windows: tuple[int, ...]
    rows: tuple[Doubles, ...]
    columns: tuple[Doubles, ...]
    values: tuple[Doubles, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Rung:
    """One recipe against the one before it, on the same test images.

    `before`, `after` their names; `sees` what the later sees that the former could not, a sentence; `fixed` and
    `broken` the rows that only the later and only the former decides rightly, the clearest first; `comparison`
    McNemar's test, with a the later.
    """

    before: str
    after: str
    sees: str
    fixed: Integers
    broken: Integers
    comparison: Comparison
