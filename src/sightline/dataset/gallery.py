"""How a Dataset looks in a notebook: the first images of each class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sightline.notebook import card as framed
from sightline.notebook import image, listed, paragraph, table, text

if TYPE_CHECKING:
    from sightline.dataset.record import Dataset

CLASSES, PER_CLASS, AMONG = 12, 8, 20_000


def gallery(dataset: Dataset) -> str:
    """Return HTML: one line a class, its first images side by side, nothing loaded from elsewhere."""
    counts = np.bincount(dataset.labels, minlength=dataset.n_classes)
    height = int(np.clip(dataset.height, 32, 48))
    lines = []
    for k, name in enumerate(dataset.classes[:CLASSES]):
        rows = np.flatnonzero(dataset.labels[:AMONG] == k)[:PER_CLASS]
        if len(rows) == 0:
            continue
        strip = np.concatenate(list(dataset.images[rows]), axis=1)
        picture = image(strip, f"{len(rows)} images of {name}", height)
        lines.append([text(name), f"{counts[k]:,}", f'<td class="left">{picture}</td>'])
    left_out = dataset.n_classes - CLASSES
    words = [f"and {left_out} more classes"] if left_out > 0 else []
    words += [f"Source: {dataset.source}"] if dataset.source else []
    words += [f"Licence: {dataset.licence}"] if dataset.licence != "unknown" else []
    return framed(
        repr(dataset),
        table(["class", "images", ""], lines),
        *(paragraph(one) for one in words),
        listed(dataset.notes),
    )
