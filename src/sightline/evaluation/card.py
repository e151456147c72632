"""How an Evaluation looks in a notebook: its numbers with their intervals, and who was taken for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sightline.notebook import AGAINST, FOR, paragraph, shaded, table, text
from sightline.notebook import card as framed

if TYPE_CHECKING:
    from sightline.evaluation.record import Evaluation

MOST_CLASSES, MOST_PAIRS = 20, 12


def card(found: Evaluation) -> str:
    """Return HTML: measures, confusion, and the score of each class."""
    right = found.accuracy
    title = f"Evaluation on {len(found.labels):,} images: {right.value:.2%} right"
    grid = _confusion if len(found.classes) <= MOST_CLASSES else _pairs
    return framed(title, _measures(found), grid(found), _classes(found))


def _measures(found: Evaluation) -> str:
    rows = []
    for name, one in (
        ("accuracy", found.accuracy),
        ("log loss", found.log_loss),
        ("Brier score", found.brier),
        ("calibration error", found.calibration_error),
    ):
        rows.append([name, f"{one.value:.4f}", f"{one.low:.4f} to {one.high:.4f}"])
    return table(["", "measured", f"{found.accuracy.level:.0%} interval"], rows)


def _confusion(found: Evaluation) -> str:
    share = found.confusion / np.maximum(found.confusion.sum(axis=1, keepdims=True), 1)
    rows = []
    for k, name in enumerate(found.classes):
        cells = [
            shaded(
                f"{int(found.confusion[k, j]):,}",
                float(share[k, j]) if j == k else min(1.0, 6 * float(share[k, j])),
                FOR if j == k else AGAINST,
            )
            for j in range(len(found.classes))
        ]
        rows.append([text(name), *cells])
    return paragraph("True class by row, predicted by column:") + table(["", *found.classes], rows)


def _pairs(found: Evaluation) -> str:
    wrong = found.confusion * ~np.eye(len(found.classes), dtype=bool)
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_PAIRS]
    rows = []
    for true, taken in zip(*np.unravel_index(order, wrong.shape), strict=True):
        if wrong[true, taken]:
            names = [text(found.classes[true]), text(found.classes[taken])]
            rows.append([*names, f"{int(wrong[true, taken]):,}"])
    return table(["most often", "taken for", "images"], rows, left=2) if rows else ""


def _classes(found: Evaluation) -> str:
    rows = [
        [
            text(name),
            *(f"{float(score[k]):.4f}" for score in (found.precision, found.recall, found.f1)),
            f"{int(found.support[k]):,}",
        ]
        for k, name in enumerate(found.classes)
    ]
    for name, scores in (("macro", found.macro), ("weighted", found.weighted)):
        rows.append([f"<i>{name}</i>", *(f"{scores[one]:.4f}" for one in ("precision", "recall", "f1")), ""])
    return table(["class", "precision", "recall", "F1", "images"], rows)
