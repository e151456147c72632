"""The ladder as a story: what each rung sees, and which images it fixed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sightline.anatomy.record import Doubles, Rung
from sightline.evaluation import Evaluation, compare
from sightline.results import RecipeResult, Run

SEES = {
    "symmetry": "Two numbers: how much ink there is, and how alike left and right are.",
    "pixels": "Every pixel by itself: how much ink just here speaks for a class, whatever lies elsewhere.",
    "minmax": "The same pixels, each stretched over its own range, so that faint ones count as much as strong ones.",
    "standard": "The same pixels, each in units of its own spread, so that rare ink is loud and common ink is quiet.",
    "pca": "Patterns over the whole image in place of pixels: fewer numbers and less noise, but still plain sums.",
    "pca-poly": "Patterns in pairs: this one together with that one, which no weighted sum of pixels can say.",
    "deskew-pca-poly": "The same pairs in upright images, so that a slant is no longer a difference.",
    "orientation": "Which way edges run in each part of the image, however faint, and wherever in that part.",
    "patches": "Small shapes, learned from the images themselves, part by part: ends, bends, crossings.",
    "two-layers": "Shapes made of shapes: parts, and how they lie to one another.",
    "patches-augmented": "The same, in copies moved and bent a little: what changes no meaning surprises no more.",
    "best": "More shapes and more copies: finer differences, and steadier decisions.",
}
"""What a recipe sees that the one before it could not."""


def sees(result: RecipeResult) -> str:
    """Say what a recipe sees; of one that is not in the table, its summary."""
    return SEES.get(result.name, f"{result.summary[:1].upper()}{result.summary[1:]}.")


def climb(run: Run) -> tuple[Rung, ...]:
    """Compare every recipe of a run with the one before it, image by image.

    Parameters
    ----------
    run : Run

    Returns
    -------
    tuple of Rung
        One fewer than recipes. Law: the later one's errors are the former's less `fixed`, with `broken`.
    """
    return tuple(_rung(former, later) for former, later in zip(run.recipes, run.recipes[1:], strict=False))


def _rung(former: RecipeResult, later: RecipeResult) -> Rung:
    a, b = later.evaluation, former.evaluation
    right, was = a.predicted == a.labels, b.predicted == b.labels
    gain = _of_truth(a) - _of_truth(b)
    fixed, broken = np.flatnonzero(right & ~was), np.flatnonzero(was & ~right)
    return Rung(
        before=former.name,
        after=later.name,
        sees=sees(later),
        fixed=fixed[np.argsort(-gain[fixed], kind="stable")],
        broken=broken[np.argsort(gain[broken], kind="stable")],
        comparison=compare(a, b),
    )


def _of_truth(judged: Evaluation) -> Doubles:
    """Probability of the true class, (n,)."""
    found: npt.NDArray[np.float64] = judged.probability[np.arange(len(judged.labels)), judged.labels]
    return found
