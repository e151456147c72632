"""What the page says about the ladder, rung by rung: what each sees, and the very images that it fixed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from sightline import anatomy, figures
from sightline.anatomy import Rung
from sightline.figures.climbing import told
from sightline.report.pictures import Chart, Picture, chart, photo
from sightline.results import RecipeResult, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_FIXED, MOST_BROKEN = 12, 6
SLANTED, SEARCHED = 8, 400
"""Images that show what straightening does: the most slanted of so many test images."""
COPIED, COPIES = 4, 7
ATOMS_FROM = 400
"""Training images that are searched for what excites the atoms."""


def rungs_section(run: Run) -> list[dict[str, Any]]:
    """Tell the ladder rung by rung.

    Parameters
    ----------
    run : Run

    Returns
    -------
    list of dict
        One a recipe: its sentence, how it did against the one before, the images that changed sides, and pictures of
        what is new in its features.
    """
    rungs = (None, *anatomy.climb(run))
    judged = {one.name: one for one in run.recipes}
    shown: set[str | bytes] = set()
    section = []
    for recipe, rung in zip(run.recipes, rungs, strict=True):
        section.append(
            {
                "name": recipe.name,
                "best": recipe.name == run.best,
                "sees": anatomy.sees(recipe),
                "summary": recipe.summary,
                "chosen": ", ".join(f"{key} = {value:g}" for key, value in recipe.chosen.items()),
                "before": rung.before if rung else "",
                "told": told(rung) if rung else "",
                "fixed": _changed(run, rung.fixed[:MOST_FIXED], judged[rung.before]) if rung else [],
                "broken": _changed(run, rung.broken[:MOST_BROKEN], recipe) if rung else [],
                "n_fixed": f"{len(rung.fixed):,}" if rung else "",
                "n_broken": f"{len(rung.broken):,}" if rung else "",
                "pictures": _pictures(run, recipe, rung, shown),
            }
        )
    return section


def _changed(run: Run, rows: Any, wrong: RecipeResult) -> list[tuple[Picture, str]]:
    """Images that exactly one of two recipes decides rightly, with what the `wrong` one took them for."""
    found = []
    for row in rows.tolist():
        judged = wrong.evaluation
        taken, true = judged.classes[int(judged.predicted[row])], judged.classes[int(judged.labels[row])]
        alt = f"Test image {row}, labelled {true}; {wrong.name} took it for {taken}"
        found.append((photo(run.test.images[row], alt), f"{taken} → {true}"))
    return found


def _pictures(
    run: Run, recipe: RecipeResult, rung: Rung | None, shown: set[str | bytes]
) -> list[tuple[Chart, str]]:
    """Draw what is new in the features of a recipe; `shown` keeps what was drawn already."""
    model = recipe.model
    if model is None:
        return []
    row = int(rung.fixed[0]) if rung is not None and len(rung.fixed) else 0
    found: list[tuple[Chart, str]] = []

    def draw(what: str | bytes, picture: Callable[[str], Figure], words: str) -> None:
        if what not in shown:
            shown.add(what)
            found.append((chart(picture, words, vector=False), words))

    if anatomy.has_slant(model):
        draw("slant", _slants(run, model), "Images before and after they were straightened.")
    if anatomy.has_directions(model):
        roses = anatomy.find_directions(model, run.test.images[row])
        draw(
            "directions",
            lambda theme: figures.orientation_roses(roses, theme=theme),
            f"Directions found in each cell of test image {row}.",
        )
    for layer in range(anatomy.count_dictionaries(model)):
        atoms = anatomy.find_atoms(model, run.dataset.train.images[:ATOMS_FROM], layer)
        draw(
            atoms.excited.tobytes(),  # rungs may share a dictionary
            lambda theme, atoms=atoms: figures.dictionary_atoms(atoms, theme=theme),  # type: ignore[misc]
            f"The dictionary of {recipe.name}, layer {layer + 1}: {len(atoms.which)} atoms.",
        )
    changes = anatomy.augmentation_of(model)
    if changes is not None:
        draw("copies", _copies(run, *changes), "Training images, and changed copies of them.")
    if found and anatomy.has_cells(model):
        maps = anatomy.trace_features(model, run.test.images[row])
        words = f"Test image {row} on its way through the steps of {recipe.name}."
        draw(f"maps {recipe.name}", lambda theme: figures.feature_maps(maps, theme=theme), words)
    return found


def _slants(run: Run, model: Any) -> Callable[[str], Figure]:
    some = anatomy.straighten(model, run.test.images[:SEARCHED])
    rows = np.sort(np.argsort(-np.abs(some.slant), kind="stable")[:SLANTED])
    straight = anatomy.straighten(model, run.test.images[rows])
    names = [run.test.classes[int(label)] for label in run.test.labels[rows]]
    return lambda theme: figures.straightened(straight, names, theme=theme)


def _copies(run: Run, augmentation: Any, n: int, seed: int) -> Callable[[str], Figure]:
    rows = run.stages.rows[:COPIED]
    train = run.dataset.train
    copies = anatomy.make_copies(train.images, augmentation, rows=rows, n=min(n, COPIES), seed=seed)
    names = [run.dataset.classes[int(label)] for label in train.labels[rows]]
    return lambda theme: figures.augmentation_examples(copies, names, theme=theme)
