"""How an Exploration looks in a notebook: what was found, in sentences, and each class with its mean image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sightline.exploration.words import summary
from sightline.notebook import bar, image, listed, paragraph, table, text
from sightline.notebook import card as framed

if TYPE_CHECKING:
    from sightline.exploration.record import Exploration

MOST_CLASSES, HEIGHT = 20, 40


def card(found: Exploration) -> str:
    """Return HTML: sentences, and a line a class."""
    size = "×".join(str(side) for side in found.shape)
    rows = []
    for k, name in enumerate(found.classes[:MOST_CLASSES]):
        mean = np.rint(found.class_mean[k]).astype(np.uint8)
        rows.append(
            [
                text(name),
                f"{int(found.counts[k]):,}",
                f'<td class="left">{bar(found.counts[k] / max(1, int(found.counts.max())))}</td>',
                image(mean, f"mean of {name}", HEIGHT),
            ]
        )
    left_out = len(found.classes) - MOST_CLASSES
    return framed(
        f"Exploration of '{found.name}': {found.n:,} images of {size}",
        listed(summary(found)),
        table(["class", "images", "", "mean"], rows),
        paragraph(f"and {left_out} more classes") if left_out > 0 else "",
    )
