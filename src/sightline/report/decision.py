"""What the page says about how a decision is made, what the model looks at, and how it learned."""

from __future__ import annotations

from typing import Any

import numpy as np

from sightline import figures
from sightline.report.data import MOST_CLASSES
from sightline.report.pictures import Picture, chart, photo, scaled, signed
from sightline.report.words import percent, place, seconds
from sightline.results import RecipeResult, Run, Stages

MOST_DIRECTIONS = 12


def decision_section(run: Run) -> dict[str, Any]:
    """Collect the sigmoid, and two classes parted by a line in two features."""
    two = run.two_features
    return {
        "sigmoid": chart(
            lambda theme: figures.sigmoid_curve(theme=theme),
            "The sigmoid: an S-shaped curve from 0 to 1 that passes one half where z is 0.",
        ),
        "two_features": chart(
            lambda theme: figures.two_features(two, theme=theme),
            f"Scatter of intensity and symmetry for {two.classes[0]} and {two.classes[1]}, parted by a "
            f"straight line; {percent(two.accuracy, 1)} lie on their own side.",
            vector=False,
        ),
        "pair": two.classes,
        "accuracy": percent(two.accuracy, 1),
        "points": f"{len(two.labels):,}",
        "weights": [f"{weight:.2f}".replace("-", "−") for weight in two.weights],
        "bias": f"{two.bias:.2f}".replace("-", "−"),
        "n_classes": len(run.dataset.classes),
    }


def model_section(run: Run) -> dict[str, Any]:
    """Collect weight maps, the stages of the features, and the principal directions."""
    mapped = next((one for one in (run.winner, *run.recipes) if one.weight_maps is not None), None)
    return {
        "mapped": None if mapped is None else mapped.name,
        "weight_maps": [] if mapped is None else _weight_maps(mapped, run.dataset.classes),
        "stages": _stages(run.stages, run),
        "n_components": run.stages.n_components,
        "kept": percent(
            float(
                run.exploration.explained[min(run.stages.n_components, len(run.exploration.explained)) - 1]
            ),
            0,
        ),
        "directions": [
            (signed(component, f"Principal direction {i}: strongest {place(np.abs(component))}"), str(i))
            for i, component in enumerate(run.stages.components[:MOST_DIRECTIONS], start=1)
        ],
    }


def _weight_maps(recipe: RecipeResult, classes: tuple[str, ...]) -> list[tuple[Picture, str]]:
    """One map a class, all on one scale; two classes share one, in favour of the second."""
    maps = recipe.weight_maps
    if maps is None:
        return []
    names = classes if len(maps) == len(classes) else classes[1:]
    flat = np.abs(maps.sum(axis=3) if maps.ndim == 4 else maps)
    limit = float(np.quantile(flat, 0.995)) or None
    return [
        (
            signed(
                weights,
                f"Weights of {name}: ink {place(np.maximum(weights, 0))} speaks most for it, "
                f"ink {place(np.maximum(-weights, 0))} most against it",
                limit=limit,
            ),
            name,
        )
        for weights, name in zip(maps[:MOST_CLASSES], names, strict=False)
    ]


def _stages(stages: Stages, run: Run) -> list[tuple[list[Picture], str]]:
    """Rows of the same images: original, scaled, restored."""
    names = [run.dataset.classes[int(run.dataset.train.labels[row])] for row in stages.rows]
    kinds = (
        ("original", stages.original, photo),
        ("scaled", stages.scaled, scaled),
        (f"restored from {stages.n_components:,} numbers", stages.restored * 255, photo),
    )
    return [
        (
            [show(image, f"Image of {name}, {kind}") for image, name in zip(images, names, strict=True)][:10],
            kind,
        )
        for kind, images, show in kinds
    ]


def learning_section(run: Run) -> dict[str, Any]:
    """Collect how each fit went, pass by pass."""
    histories = {recipe.name: recipe.history for recipe in run.recipes}
    passes = ", ".join(f"{recipe.name} {recipe.n_passes}" for recipe in run.recipes)
    return {
        "convergence": chart(
            lambda theme: figures.convergence(histories, theme=theme),
            f"Falling curves of what is left to gain after each pass, one for each recipe. Passes: {passes}.",
        ),
        "outcomes": [
            {
                "name": recipe.name,
                "outcome": recipe.history.outcome,
                "passes": f"{recipe.n_passes:,}",
                "seconds": seconds(recipe.fit_seconds),
                "converged": recipe.converged,
                "objective": f"{recipe.history.passes[-1].objective:.6f}" if len(recipe.history) else "–",
            }
            for recipe in run.recipes
        ],
    }
