"""How an Explanation looks in a notebook: the image, the share of every pixel, what would flip the decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sightline.explanation.numbers import sentences
from sightline.notebook import bar, figure, image, listed, signed, table, text
from sightline.notebook import card as framed

if TYPE_CHECKING:
    from sightline.explanation.record import Explanation

HEIGHT, MOST_CLASSES, MOST_NEAR = 112, 5, 6


def title(found: Explanation) -> str:
    """Say the decision in one line."""
    names, p = found.classes, found.probability
    decided, rival = found.predicted, found.runner_up
    return f"{names[decided]} ({p[decided]:.2%}), rather than {names[rival]} ({p[rival]:.2%})"


def card(found: Explanation) -> str:
    """Return HTML: pictures, the probabilities, and the same in sentences."""
    return framed(title(found), _pictures(found), _probabilities(found), listed(sentences(found)))


def _pictures(found: Explanation) -> str:
    decided, rival = found.classes[found.predicted], found.classes[found.runner_up]
    shares = f"Share of each pixel in favour of {decided} over {rival}: blue for, orange against"
    parts = [
        figure(image(found.image, "The image", HEIGHT), "the image"),
        figure(
            signed(found.separating, shares, height=HEIGHT),
            f"blue for {decided}, orange for {rival}",
        ),
    ]
    change = found.smallest_change
    if change is not None and change.flips:
        changed = np.clip(np.rint(change.image), 0, 255).astype(np.uint8)
        name = found.classes[change.target]
        parts.append(figure(image(changed, f"Changed: {name}", HEIGHT), f"now {name}"))
    if found.neighbours is not None and len(found.neighbours.images):
        near = found.neighbours
        strip = np.concatenate(list(near.images[:MOST_NEAR]), axis=1)
        names = ", ".join(found.classes[label] for label in near.labels[:MOST_NEAR])
        drawn = image(strip, f"Nearest training images: {names}", HEIGHT // 2)
        parts.append(figure(drawn, f"nearest training images: {names}"))
    return "".join(parts)


def _probabilities(found: Explanation) -> str:
    order = (-found.probability).argsort(kind="stable")[:MOST_CLASSES]
    rows = []
    for k in order:
        z = found.z[k] if len(found.z) > 1 else (found.z[0] if k == 1 else 0.0)
        p = float(found.probability[k])
        cell = f'<td class="left">{bar(p)}</td>'
        rows.append([text(found.classes[k]), f"{float(z):.2f}", f"{p:.2%}", cell])
    return table(["class", "z", "probability", ""], rows)
