"""One function per picture: results in, a Matplotlib figure out; nothing is loaded, fitted or saved.

The functions are loaded when they are first used, Matplotlib with them.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

_HOMES = {
    "ConfusionDisplay": "displays",
    "WeightMapDisplay": "displays",
    "augmentation_examples": "changes",
    "cell_shares": "cells",
    "class_means": "findings",
    "confusion_matrix": "confusion",
    "convergence": "learning",
    "dictionary_atoms": "dictionary",
    "disputed_labels": "disagreement",
    "eigen_images": "preparation",
    "errors": "mistakes",
    "explanation": "reasons",
    "feature_maps": "tracing",
    "first_image": "images",
    "gallery": "images",
    "intensity_histogram": "findings",
    "ladder": "comparing",
    "ladder_story": "climbing",
    "orientation_roses": "roses",
    "pixel_band": "images",
    "precision_recall": "rates",
    "regularisation_path": "penalty",
    "reliability": "sureness",
    "roc": "rates",
    "save": "saving",
    "scree": "findings",
    "sigmoid_curve": "sigmoids",
    "simulation": "sigmoids",
    "stages": "preparation",
    "straightened": "changes",
    "thresholds": "sureness",
    "two_features": "plane",
    "variance_map": "findings",
    "weight_maps": "weights",
}

__all__ = [
    "ConfusionDisplay",
    "WeightMapDisplay",
    "augmentation_examples",
    "cell_shares",
    "class_means",
    "confusion_matrix",
    "convergence",
    "dictionary_atoms",
    "disputed_labels",
    "eigen_images",
    "errors",
    "explanation",
    "feature_maps",
    "first_image",
    "gallery",
    "intensity_histogram",
    "ladder",
    "ladder_story",
    "orientation_roses",
    "pixel_band",
    "precision_recall",
    "regularisation_path",
    "reliability",
    "roc",
    "save",
    "scree",
    "sigmoid_curve",
    "simulation",
    "stages",
    "straightened",
    "thresholds",
    "two_features",
    "variance_map",
    "weight_maps",
]

if TYPE_CHECKING:
    from sightline.figures.cells import cell_shares
    from sightline.figures.changes import augmentation_examples, straightened
    from sightline.figures.climbing import ladder_story
    from sightline.figures.comparing import ladder
    from sightline.figures.confusion import confusion_matrix
    from sightline.figures.dictionary import dictionary_atoms
    from sightline.figures.disagreement import disputed_labels
    from sightline.figures.displays import ConfusionDisplay, WeightMapDisplay
    from sightline.figures.findings import class_means, intensity_histogram, scree, variance_map
    from sightline.figures.images import first_image, gallery, pixel_band
    from sightline.figures.learning import convergence
    from sightline.figures.mistakes import errors
    from sightline.figures.penalty import regularisation_path
    from sightline.figures.plane import two_features
    from sightline.figures.preparation import eigen_images, stages
    from sightline.figures.rates import precision_recall, roc
    from sightline.figures.reasons import explanation
    from sightline.figures.roses import orientation_roses
    from sightline.figures.saving import save
    from sightline.figures.sigmoids import sigmoid_curve, simulation
    from sightline.figures.sureness import reliability, thresholds
    from sightline.figures.tracing import feature_maps
    from sightline.figures.weights import weight_maps


def _of_use(record: logging.LogRecord) -> bool:
    """Without a home that may be written to Matplotlib works as well, and need not say so at every command."""
    return not any(words in record.msg for words in ("mkdir -p failed", "temporary cache directory"))


logging.getLogger("matplotlib").addFilter(_of_use)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sightline.figures' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"sightline.figures.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
