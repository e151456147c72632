"""A run as a folder: the page, the numbers, the model, the pictures.

DIR/report.html        the page
DIR/metrics.json       the numbers
DIR/model.sightline    the best recipe, fitted
DIR/figures/NAME.png   every picture, and NAME.svg where it is made of lines
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sightline import anatomy, figures
from sightline.files import made_folder, written_aside, written_together
from sightline.intake import background_of
from sightline.logistic import simulate
from sightline.metrics import metrics
from sightline.report import write_report
from sightline.results import Run
from sightline.store import save_model

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sightline.model import Model

VECTORS = {
    "sigmoid", "simulation", "scree", "intensities", "ladder", "convergence", "reliability",
}  # fmt: skip
"""Pictures of lines: also written as SVG. Those of pixels or thousands of points are not."""


def write_run(
    story: Run, folder: str | os.PathLike[str], listener: Callable[[str], None] | None = None
) -> Path:
    """Write everything a run found to a folder.

    Parameters
    ----------
    story : Run
    folder : path
        Made where it does not exist. Files of the same names are replaced, all of them once the last is
        written; other files in it are left alone.
    listener : callable, optional
        Told the name of each file before it is written.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    StorageError
        It cannot be written; files that were there are still there.
    """
    target = made_folder(Path(folder))
    with written_together(target, "the run") as stage:
        _write_files(story, stage, listener or (lambda _: None))
    return target / "report.html"


def _write_files(story: Run, target: Path, tell: Callable[[str], None]) -> None:
    pictures = made_folder(target / "figures")
    for name, draw in pictures_of(story).items():
        tell(f"figures/{name}.png")
        figure = draw()
        figures.save(figure, pictures / f"{name}.png")
        if name in VECTORS:
            figures.save(figure, pictures / f"{name}.svg")
    tell("model.sightline")
    save_model(described(story), target / "model.sightline")
    tell("metrics.json")
    with written_aside(target / "metrics.json", "the numbers") as aside:
        aside.write_text(json.dumps(metrics(story), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    tell("report.html")
    write_report(story, target / "report.html")


def described(story: Run) -> Model:
    """Return the model of the best recipe, with where it came from and how good it was."""
    winner = story.winner
    model: Model = winner.model
    about = {
        "dataset": story.dataset.name,
        "digest": story.dataset.digest,
        "n_train": story.n_train,
        "accuracy": winner.evaluation.accuracy.value,
        "chosen": winner.chosen,
        "seed": story.seed,
        "version": story.version,
        "background": background_of(story.dataset.train.images),
    }
    return replace(model, about=about)


def pictures_of(story: Run) -> dict[str, Callable[[], Figure]]:
    """Return every picture of a run, by its name, drawn when called."""
    found, winner, dataset = story.exploration, story.winner, story.dataset
    judged = winner.evaluation
    pictures: dict[str, Callable[[], Figure]] = {
        "first-image": lambda: figures.first_image(dataset),
        "gallery": lambda: figures.gallery(dataset),
        "pixel-band": lambda: figures.pixel_band(dataset, found),
        "intensities": lambda: figures.intensity_histogram(found),
        "class-means": lambda: figures.class_means(found),
        "variance": lambda: figures.variance_map(found),
        "scree": lambda: figures.scree(found),
        "sigmoid": lambda: figures.sigmoid_curve(),
        "simulation": lambda: figures.simulation(simulate(seed=story.seed)),
        "two-features": lambda: figures.two_features(story.two_features),
        "stages": lambda: figures.stages(story.stages),
        "eigen-images": lambda: figures.eigen_images(story.stages),
        "ladder": lambda: figures.ladder(story),
        "convergence": lambda: figures.convergence({one.name: one.history for one in story.recipes}),
        "confusion": lambda: figures.confusion_matrix(judged),
        "reliability": lambda: figures.reliability(judged),
        "roc": lambda: figures.roc(judged),
        "precision-recall": lambda: figures.precision_recall(judged),
        "thresholds": lambda: figures.thresholds(judged, _hardest(story)),
        "errors": lambda: figures.errors(judged, story.test),
    }
    mapped = next((one for one in (winner, *story.recipes) if one.weight_maps is not None), None)
    if mapped is not None:
        pictures["weights"] = lambda: figures.weight_maps(mapped, dataset.classes)
    for i, one in enumerate(story.explanations, start=1):
        pictures[f"explanation-{i}"] = lambda one=one: figures.explanation(one)  # type: ignore[misc]
    return {**pictures, **_pictures_of_features(story)}


def _pictures_of_features(story: Run) -> dict[str, Callable[[], Figure]]:
    """Return the pictures of what the best recipe sees, and of what each rung fixed."""
    model, train, test = story.winner.model, story.dataset.train, story.test
    row = int(story.winner.evaluation.errors[0]) if len(story.winner.evaluation.errors) else 0
    pictures: dict[str, Callable[[], Figure]] = {}
    if len(story.recipes) > 1:
        pictures["ladder-story"] = lambda: figures.ladder_story(story)
    if anatomy.has_slant(model):
        pictures["straightened"] = lambda: figures.straightened(anatomy.straighten(model, test.images[:8]))
    if anatomy.has_directions(model):
        pictures["directions"] = lambda: figures.orientation_roses(
            anatomy.find_directions(model, test.images[row])
        )
    for layer in range(anatomy.count_dictionaries(model)):
        pictures[f"atoms-{layer + 1}"] = lambda layer=layer: figures.dictionary_atoms(  # type: ignore[misc]
            anatomy.find_atoms(model, train.images, layer)
        )
    if anatomy.has_cells(model):
        pictures["feature-maps"] = lambda: figures.feature_maps(
            anatomy.trace_features(model, test.images[row])
        )
        for i, one in enumerate(story.explanations, start=1):
            pictures[f"cells-{i}"] = lambda one=one: figures.cell_shares(  # type: ignore[misc]
                anatomy.share_cells(model, one.image, label=one.label)
            )
    return pictures


def _hardest(story: Run) -> int:
    """Return the class with the lowest F1: where a threshold matters most."""
    return int(story.winner.evaluation.f1.argmin())
