"""What the page says about how good the model is, recipe by recipe and class by class."""

from __future__ import annotations

from typing import Any

import numpy as np

from sightline import figures
from sightline.evaluation import Evaluation, Interval
from sightline.report.pictures import chart, photo
from sightline.report.rungs import rungs_section
from sightline.report.words import percent, percent_interval, seconds, sureness
from sightline.results import Run

LARGEST_TABLE = 15
"""Classes up to which the confusion matrix is a table; beyond it is a picture."""

MOST_ROWS = 50
MOST_ERRORS = 24


def ladder_section(run: Run) -> dict[str, Any]:
    """Collect the table of recipes and the figure that compares them."""
    return {
        "rows": [
            {
                "name": recipe.name,
                "summary": recipe.summary,
                "best": recipe.name == run.best,
                "features": f"{recipe.n_features:,}",
                "fit": seconds(recipe.fit_seconds),
                "total": seconds(recipe.total_seconds),
                "passes": f"{recipe.n_passes:,}{'' if recipe.converged else '*'}",
                "accuracy": percent(recipe.evaluation.accuracy.value),
                "interval": percent_interval(recipe.evaluation.accuracy),
                "error": percent(1 - recipe.evaluation.accuracy.value),
                "log_loss": f"{recipe.evaluation.log_loss.value:.4f}",
                "chosen": ", ".join(f"{key} = {value:g}" for key, value in recipe.chosen.items()),
            }
            for recipe in run.recipes
        ],
        "rungs": rungs_section(run),
        "unfinished": any(not recipe.converged for recipe in run.recipes),
        "method": run.winner.evaluation.accuracy.method,
        "chart": chart(
            lambda theme: figures.ladder(run, theme=theme),
            "Error of each recipe against the seconds it took, with its interval: "
            + ", ".join(
                f"{one.name} {percent(1 - one.evaluation.accuracy.value)} in {seconds(one.total_seconds)}"
                for one in run.recipes
            ),
        ),
    }


def quality_section(run: Run) -> dict[str, Any]:
    """Collect the scores of the best recipe: overall, per class, and how well its probabilities hold."""
    judged = run.winner.evaluation
    n, wrong = judged.n, judged.n_wrong
    return {
        "n": f"{n:,}",
        "wrong": f"{wrong:,}",
        "scores": [
            ("accuracy", "share of test images decided rightly", *_shares(judged.accuracy)),
            ("log loss", "surprise at the true class; 0 is perfect", *_numbers(judged.log_loss)),
            ("Brier score", "squared distance from the truth; 0 is perfect", *_numbers(judged.brier)),
            (
                "calibration error",
                "mean gap between sureness and accuracy",
                *_shares(judged.calibration_error),
            ),
        ],
        "confusion": _confusion(judged) if len(judged.classes) <= LARGEST_TABLE else None,
        "confusion_chart": None if len(judged.classes) <= LARGEST_TABLE else _confusion_chart(judged),
        "mixups": _mixups(judged),
        "per_class": _per_class(judged),
        "hidden": max(0, len(judged.classes) - MOST_ROWS),
        "averages": [
            (name, *(percent(average[key], 1) for key in ("precision", "recall", "f1")))
            for name, average in (("mean of classes", judged.macro), ("weighted by images", judged.weighted))
        ],
        "reliability": chart(
            lambda theme: figures.reliability(judged, theme=theme),
            "Share of right decisions against how sure the model was; on average the two differ by "
            f"{percent(judged.calibration_error.value, 1)}.",
        ),
        "roc": chart(
            lambda theme: figures.roc(judged, theme=theme),
            "Receiver operating characteristic of each class against the rest; areas "
            + _range([curve.roc_auc for curve in judged.curves]),
            vector=False,
        ),
        "precision_recall": chart(
            lambda theme: figures.precision_recall(judged, theme=theme),
            "Precision against recall of each class; average precision "
            + _range([curve.average_precision for curve in judged.curves]),
            vector=False,
        ),
    }


def _shares(interval: Interval) -> tuple[str, str, str]:
    return percent(interval.value), percent_interval(interval), interval.method


def _numbers(interval: Interval) -> tuple[str, str, str]:
    return f"{interval.value:.4f}", f"{interval.low:.4f} to {interval.high:.4f}", interval.method


def _range(areas: list[float]) -> str:
    known = [area for area in areas if not np.isnan(area)]
    return f"from {min(known):.4f} to {max(known):.4f}." if known else "unknown."


def _confusion(judged: Evaluation) -> list[dict[str, Any]]:
    """Rows of cells; `heat` 0…1 is the share of the row on the diagonal, relative to the worst beside it."""
    rows = judged.confusion / np.maximum(judged.confusion.sum(axis=1, keepdims=True), 1)
    beside = rows * (1 - np.eye(len(rows)))
    worst = float(beside.max()) or 1.0
    table = []
    for i, name in enumerate(judged.classes):
        cells = [
            {
                "count": f"{count:,}",
                "right": i == j,
                "heat": round(float(rows[i, i] if i == j else np.sqrt(beside[i, j] / worst)), 3),
            }
            for j, count in enumerate(judged.confusion[i].tolist())
        ]
        table.append({"name": name, "cells": cells})
    return table


def _confusion_chart(judged: Evaluation) -> Any:
    return chart(
        lambda theme: figures.confusion_matrix(judged, theme=theme),
        f"Confusion matrix of {len(judged.classes)} classes; most images lie on the diagonal.",
        vector=False,
    )


def _mixups(judged: Evaluation) -> list[str]:
    """Return the most frequent confusions as sentences."""
    beside = judged.confusion * (1 - np.eye(len(judged.classes), dtype=np.int64))
    said = []
    for flat in np.argsort(-beside, axis=None, kind="stable")[:3]:
        i, j = divmod(int(flat), len(judged.classes))
        if beside[i, j]:
            times = "once" if beside[i, j] == 1 else f"{beside[i, j]:,} times"
            said.append(f"“{judged.classes[i]}” was taken for “{judged.classes[j]}” {times}")
    return said


def _per_class(judged: Evaluation) -> list[dict[str, str]]:
    """One row a class in their order; of very many, those with the lowest F1."""
    order = np.arange(len(judged.classes))
    if len(order) > MOST_ROWS:
        order = np.argsort(judged.f1, kind="stable")[:MOST_ROWS]
    return [
        {
            "name": judged.classes[k],
            "precision": percent(judged.precision[k], 1),
            "recall": percent(judged.recall[k], 1),
            "f1": percent(judged.f1[k], 1),
            "support": f"{judged.support[k]:,}",
        }
        for k in order
    ]


def errors_section(run: Run) -> dict[str, Any]:
    """Collect the mistakes the model was surest of."""
    judged = run.winner.evaluation
    shown = []
    for row in judged.errors[:MOST_ERRORS].tolist():
        true, guess = judged.classes[judged.labels[row]], judged.classes[judged.predicted[row]]
        shown.append(
            {
                "picture": photo(run.test.images[row], f"Test image {row}, labelled {true}, decided {guess}"),
                "true": true,
                "guess": guess,
                "sure": sureness(float(judged.probability[row, judged.predicted[row]])),
                "file": run.test.files[row] if run.test.files else "",
            }
        )
    return {"shown": shown, "total": f"{len(judged.errors):,}", "n": f"{len(judged.labels):,}"}
