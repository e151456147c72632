"""What the page says about single decisions: what spoke for and against, and what would change them."""

from __future__ import annotations

from typing import Any

import numpy as np

from sightline import figures
from sightline.anatomy import has_cells, share_cells
from sightline.explanation import Explanation
from sightline.report.pictures import Chart, chart, photo, signed
from sightline.report.words import listed, place, sureness
from sightline.results import Run

MOST_BARS = 5


def reasons_section(run: Run) -> list[dict[str, Any]]:
    """Take each explained decision apart, in words and pictures."""
    return [_reason(one, run.winner.model) for one in run.explanations]


def _reason(one: Explanation, model: Any) -> dict[str, Any]:
    decided, rival = one.classes[one.predicted], one.classes[one.runner_up]
    separating = one.separating
    limit = float(np.abs(separating.sum(axis=2) if separating.ndim == 3 else separating).max()) or None
    supports, opposes = place(np.maximum(separating, 0)), place(np.maximum(-separating, 0))
    pictures = [
        (photo(one.image, f"The image, decided {decided}", largest=96), "the image"),
        (
            signed(
                separating,
                f"Pixels {supports} speak most for {decided}, pixels {opposes} most for {rival}",
                limit=limit,
                under=one.image,
                largest=96,
            ),
            f"blue: for {decided}; orange: for {rival}",
        ),
    ]
    if one.smallest_change is not None and one.smallest_change.flips:
        pictures += [
            (
                signed(
                    one.smallest_change.delta,
                    "What the smallest change adds, blue, and takes away, orange",
                    largest=96,
                ),
                "smallest change that flips it (strengthened)",
            ),
            (
                photo(
                    one.smallest_change.image, f"The changed image, now decided {_target(one)}", largest=96
                ),
                f"with that change: {_target(one)}",
            ),
        ]
    return {
        "title": f"Decided {decided}{_verdict(one)}",
        "wrong": one.label is not None and one.label != one.predicted,
        "sentence": _sentence(one, supports, opposes),
        "change": _change(one),
        "pictures": pictures,
        "bars": _bars(one),
        "neighbours": _neighbours(one),
        "path": list(one.path),
        "cells": _cells(one, model),
    }


def _cells(one: Explanation, model: Any) -> Chart | None:
    """Draw the decision cell by cell, where the model sees cells."""
    if model is None or not has_cells(model):
        return None
    shares = share_cells(model, one.image, label=one.label)
    decided, rival = one.classes[one.predicted], one.classes[one.runner_up]
    apart = np.concatenate([shares.against(grid.shares).ravel() for grid in shares.grids])
    alt = (
        f"What each of {len(apart)} cells adds to {decided} against {rival}: from {apart.min():.2f} to "
        f"{apart.max():.2f}, together {apart.sum():.2f}".replace("-", "−")
    )
    return chart(lambda theme: figures.cell_shares(shares, theme=theme), alt, vector=False)


def _target(one: Explanation) -> str:
    return one.classes[one.smallest_change.target] if one.smallest_change is not None else ""


def _verdict(one: Explanation) -> str:
    if one.label is None:
        return ""
    return ", rightly" if one.label == one.predicted else f", but labelled {one.classes[one.label]}"


def _sentence(one: Explanation, supports: str, opposes: str) -> str:
    decided, rival = one.classes[one.predicted], one.classes[one.runner_up]
    p, q = float(one.probability[one.predicted]), float(one.probability[one.runner_up])
    if supports == opposes:
        where = f"The strongest pixels on both sides lie {supports}."
    else:
        where = (
            f"The pixels {supports} spoke most for {decided} over {rival}, those {opposes} most against it."
        )
    verdict = f"Decided {decided} with {sureness(p)}; the runner-up is {rival} with {sureness(q)}."
    return f"{verdict} {where} {_sum(one)}"


def _sum(one: Explanation) -> str:
    """Say how the pixels' shares and the bias add up to what separates the two."""
    decided, rival = one.predicted, one.runner_up
    shares = float(one.separating.sum())
    if len(one.z) == 1:
        bias = float(one.bias[0]) * (1 if decided == 1 else -1)
        total = float(one.z[0]) * (1 if decided == 1 else -1)
    else:
        bias, total = float(one.bias[decided] - one.bias[rival]), float(one.z[decided] - one.z[rival])
    return (
        f"All pixels together add {shares:+.2f} in its favour and the bias {bias:+.2f}: "
        f"a lead of {total:.2f} in z."
    ).replace("-", "−")


def _change(one: Explanation) -> str:
    """Say how little it takes to flip the decision."""
    change = one.smallest_change
    if change is None or not change.flips:
        return ""
    each = float(np.sqrt(np.mean(np.square(change.delta))))
    most = float(np.abs(change.delta).max())
    return (
        f"Changing the image by {each:.1f} intensities of 255 per pixel (root mean square; {most:.0f} at "
        f"most) makes it {_target(one)}. {change.method[:1].upper()}{change.method[1:].rstrip('.')}."
    )


def _bars(one: Explanation) -> list[dict[str, Any]]:
    """Return the most probable classes with their probabilities and, where there is one a class, their z."""
    order = np.argsort(-one.probability, kind="stable")[:MOST_BARS]
    return [
        {
            "name": one.classes[k],
            "probability": sureness(float(one.probability[k])),
            "bar": round(100 * float(one.probability[k]), 1),
            "z": f"{one.z[k]:.2f}".replace("-", "−") if len(one.z) > 1 else "",
        }
        for k in order
    ]


def _neighbours(one: Explanation) -> dict[str, Any] | None:
    """Return the nearest training images, and what they are."""
    near = one.neighbours
    if near is None or not len(near.rows):
        return None
    names = [one.classes[int(label)] for label in near.labels[:6]]
    tally = {name: names.count(name) for name in names}
    words = listed([f"{times} × {name}" for name, times in sorted(tally.items(), key=lambda item: -item[1])])
    return {
        "pictures": [
            (photo(image, f"Training image, labelled {name}"), name)
            for image, name in zip(near.images[:6], names, strict=True)
        ],
        "words": words,
    }
