"""How an Exploration looks in a notebook: what was found, in sentences, and each class with its mean image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sightline import notebook
from sightline.exploration.words import summary

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
                notebook.text(name),
                f"{int(found.counts[k]):,}",
                f'<td class="left">{notebook.bar(found.counts[k] / max(1, int(found.counts.max())))}</td>',
                notebook.image(mean, f"mean of {name}", HEIGHT),
            ]
        )
    left_out = len(found.classes) - MOST_CLASSES
    return notebook.card(
        f"Exploration of '{found.name}': {found.n:,} images of {size}",
        notebook.listed(summary(found)),
        notebook.table(["class", "images", "", "mean"], rows),
        notebook.paragraph(f"and {left_out} more classes") if left_out > 0 else "",
    )
