"""An explanation as plain sentences, and as JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from sightline.explanation.record import Explanation


def sentences(found: Explanation) -> list[str]:
    """Say in a few sentences what was decided, why, and what would change it."""
    decided, rival = found.classes[found.predicted], found.classes[found.runner_up]
    p, q = float(found.probability[found.predicted]), float(found.probability[found.runner_up])
    shares, bias, lead = lead_over_rival(found)
    said = [
        f"Decided {decided} (probability {p:.4g}); the runner-up is {rival} ({q:.4g}).",
        f"The pixels add {shares:+.3f} in favour of {decided} over {rival}, the bias {bias:+.3f}: "
        f"a lead of {lead:.3f} in z.",
    ]
    if found.label is not None and found.label != found.predicted:
        said.append(f"It is labelled {found.classes[found.label]}: the decision is wrong.")
    change = found.smallest_change
    if change is not None and change.flips:
        each = float(np.sqrt(np.mean(np.square(change.delta))))
        said.append(
            f"Changing it by {each:.1f} intensities of 255 per pixel (root mean square) makes it "
            f"{found.classes[change.target]}; {change.method}."
        )
    else:
        said.append("No change within black and white was found that flips it.")
    if found.neighbours is not None:
        names = ", ".join(found.classes[label] for label in found.neighbours.labels)
        said.append(f"The nearest training images are {names}.")
    return said


def lead_over_rival(found: Explanation) -> tuple[float, float, float]:
    """What pixels and bias add to z of the decision less z of the runner-up, and their sum, the lead."""
    shares = float(found.separating.sum())
    if len(found.z) == 1:
        sign = 1 if found.predicted == 1 else -1
        return shares, sign * float(found.bias[0]), sign * float(found.z[0])
    bias = float(found.bias[found.predicted] - found.bias[found.runner_up])
    return shares, bias, float(found.z[found.predicted] - found.z[found.runner_up])


def to_json(found: Explanation) -> dict[str, Any]:
    """Return the explanation as numbers, lists and names that ``json.dumps`` takes as they are."""
    change, near, features = found.smallest_change, found.neighbours, found.features
    return {
        "classes": list(found.classes),
        "predicted": found.classes[found.predicted],
        "runner_up": found.classes[found.runner_up],
        "label": None if found.label is None else found.classes[found.label],
        "z": found.z.tolist(),
        "bias": found.bias.tolist(),
        "probability": found.probability.tolist(),
        "image": found.image.tolist(),
        "contributions": found.contributions.tolist(),
        "path": list(found.path),
        "smallest_change": None
        if change is None
        else {
            "target": found.classes[change.target],
            "norm": change.norm,
            "flips": change.flips,
            "method": change.method,
            "delta": change.delta.tolist(),
        },
        "neighbours": None
        if near is None
        else {
            "rows": near.rows.tolist(),
            "labels": [found.classes[label] for label in near.labels],
            "distance": near.distance.tolist(),
        },
        "features": None
        if features is None
        else {
            "names": list(features.names),
            "values": features.values.tolist(),
            "contributions": features.contributions.tolist(),
            "bias": features.bias.tolist(),
        },
        "summary": sentences(found),
    }
