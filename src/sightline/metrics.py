"""The numbers of a run, as `metrics.json` holds them."""

from __future__ import annotations

from typing import Any

from sightline.results import RecipeResult, Run


def metrics(story: Run) -> dict[str, Any]:
    """Return what `metrics.json` holds: numbers of the data, of every recipe, and what made them."""
    dataset = story.dataset
    return {
        "dataset": {
            "name": dataset.name,
            "n_train": story.n_train,
            "n_test": story.winner.evaluation.n,
            "height": dataset.height,
            "width": dataset.width,
            "channels": dataset.channels,
            "classes": list(dataset.classes),
            "digest": dataset.digest,
            "source": dataset.source,
            "licence": dataset.licence,
            "notes": list(dataset.notes),
        },
        "recipes": {result.name: _measured(result) for result in story.recipes},
        "best": story.best,
        "seed": story.seed,
        "version": story.version,
        "machine": story.machine,
        "seconds": round(story.seconds, 3),
        "command": story.command,
        "remark": story.remark,
    }


def _measured(result: RecipeResult) -> dict[str, Any]:
    judged = result.evaluation
    intervals = {
        name: {"low": one.low, "high": one.high, "method": one.method, "level": one.level}
        for name, one in (
            ("accuracy", judged.accuracy),
            ("log_loss", judged.log_loss),
            ("brier", judged.brier),
            ("calibration_error", judged.calibration_error),
        )
    }
    return {
        "accuracy": judged.accuracy.value,
        "error_percent": 100 * (1 - judged.accuracy.value),
        "log_loss": judged.log_loss.value,
        "brier": judged.brier.value,
        "calibration_error": judged.calibration_error.value,
        "intervals": intervals,
        "macro": judged.macro,
        "weighted": judged.weighted,
        "fit_seconds": round(result.fit_seconds, 4),
        "total_seconds": round(result.total_seconds, 4),
        "n_features": result.n_features,
        "n_passes": result.n_passes,
        "converged": result.converged,
        "outcome": result.history.outcome,
        "chosen": result.chosen,
        "validation": [{"choices": choices, "accuracy": accuracy} for choices, accuracy in result.tried],
    }
