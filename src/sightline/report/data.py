"""What the page says about the data."""

from __future__ import annotations

from typing import Any

import numpy as np

from sightline import figures
from sightline.exploration import Exploration, summary
from sightline.report.pictures import Picture, chart, marked, photo, scaled
from sightline.report.words import percent
from sightline.results import Run

MOST_CLASSES = 20
"""Classes that are shown as pictures; the table of counts has as many rows."""

MOST_PAIRS = 6


def data_section(run: Run) -> dict[str, Any]:
    """Collect the look at the data: sentences, tables and small pictures.

    Parameters
    ----------
    run : Run

    Returns
    -------
    dict
        Values for ``_data.html.jinja``.
    """
    found = run.exploration
    return {
        "sentences": summary(found),
        "notes": list(run.dataset.notes),
        "gallery": _gallery(run),
        "counts": _counts(found),
        "has_split": found.train_counts is not None,
        "hidden_classes": max(0, len(found.classes) - MOST_CLASSES),
        "band": _band(run),
        "maps": _maps(found),
        "class_means": _class_means(found),
        "histogram": chart(
            lambda theme: figures.intensity_histogram(found, theme=theme),
            f"Histogram of intensities: {percent(found.zero_share, 0)} are 0, the mean is {found.mean:.0f}.",
        ),
        "scree": chart(
            lambda theme: figures.scree(found, theme=theme),
            "Rising curve of the variance explained by the first directions: 90 % with "
            f"{found.rank[0.9]}, 95 % with {found.rank[0.95]}, 99 % with {found.rank[0.99]}.",
        ),
        "ranks": [(percent(share, 0), f"{directions:,}") for share, directions in found.rank.items()],
        "pairs": _pairs(run),
        "extremes": _extremes(run),
    }


def _gallery(run: Run) -> list[tuple[Picture, str]]:
    """Return the first training images, with their labels."""
    train = run.dataset.train
    rows = range(min(20, len(train)))
    names = [run.dataset.classes[train.labels[row]] for row in rows]
    return [
        (photo(train.images[row], f"Training image, labelled {name}"), name)
        for row, name in zip(rows, names, strict=True)
    ]


def _counts(found: Exploration) -> list[dict[str, Any]]:
    widest = int(found.counts.max())
    split = found.train_counts is not None and found.test_counts is not None
    return [
        {
            "name": name,
            "images": f"{found.counts[k]:,}",
            "train": f"{found.train_counts[k]:,}" if split and found.train_counts is not None else "",
            "test": f"{found.test_counts[k]:,}" if split and found.test_counts is not None else "",
            "share": percent(found.counts[k] / found.n, 1),
            "bar": round(100 * int(found.counts[k]) / widest, 1),
        }
        for k, name in enumerate(found.classes[:MOST_CLASSES])
    ]


def _band(run: Run) -> dict[str, Any]:
    """Return the columns of the band as numbers, and marked on the first image."""
    found, (low, high) = run.exploration, run.exploration.band
    channels = 3 if len(found.shape) == 3 else 1
    height, width = found.shape[:2]
    mask = np.zeros(height * width, dtype=bool)
    mask[low // channels : (high - 1) // channels + 1] = True
    first, last = low // channels // width, (high - 1) // channels // width
    image, label = run.dataset.images[0], run.dataset.classes[int(run.dataset.labels[0])]
    alt = (
        f"The first image, labelled {label}; the pixels of columns {low} to {high - 1} are tinted, "
        f"from row {first} to row {last}"
    )
    return {
        "low": low,
        "high": high,
        "values": found.band_values[0].tolist(),
        "picture": marked(image, mask.reshape(height, width), alt),
        "label": label,
        "height": height,
        "width": width,
        "channels": channels,
        "columns": found.n_features,
    }


def _maps(found: Exploration) -> list[tuple[Picture, str]]:
    deviation = np.sqrt(found.variance_image)
    still = int(found.constant.sum())
    moving = np.where(found.constant, 0.0, 255.0)
    return [
        (photo(found.mean_image, "The mean of all images", largest=96), "mean of all images"),
        (
            scaled(deviation, "How much each pixel varies: bright where images differ most", largest=96),
            "how much each pixel varies",
        ),
        (
            photo(moving, f"Map of the pixels that ever change, white; {still} never do, black", largest=96),
            "pixels that ever change",
        ),
    ]


def _class_means(found: Exploration) -> list[tuple[Picture, Picture, str]]:
    """Mean and spread of each class; the spread on one scale for all, so that classes compare."""
    deviation = np.sqrt(found.class_variance)
    top = float(deviation.max()) or 1.0
    return [
        (
            photo(found.class_mean[k], f"Mean image of class {name}"),
            photo(deviation[k] * (255 / top), f"Spread within class {name}: bright where its images differ"),
            name,
        )
        for k, name in enumerate(found.classes[:MOST_CLASSES])
        if found.counts[k]
    ]


def _pairs(run: Run) -> list[dict[str, Any]]:
    """Pairs worth looking at: leaks first, then other duplicates."""
    found, dataset = run.exploration, run.dataset
    within = [(group[0], group[1], 0.0) for group in found.exact_duplicates] + found.near_duplicates
    known = {pair[:2] for pair in found.leaks}
    pairs = [*found.leaks, *(pair for pair in within if pair[:2] not in known)]
    shown = []
    for one, other, distance in pairs[:MOST_PAIRS]:
        names = [dataset.classes[int(dataset.labels[row])] for row in (one, other)]
        shown.append(
            {
                "pictures": [
                    photo(dataset.images[row], f"Image of row {row}, labelled {name}")
                    for row, name in zip((one, other), names, strict=True)
                ],
                "names": names,
                "rows": (one, other),
                "leak": (one, other) in known,
                "distance": "equal" if distance == 0 else f"RMS difference {distance:.1f}",
            }
        )
    return shown


def _extremes(run: Run) -> list[dict[str, Any]]:
    """Return the most and the least typical image of each class."""
    found, images = run.exploration, run.dataset.images
    return [
        {
            "name": name,
            "typical": photo(images[found.typical[k, 0]], f"Most typical image of class {name}"),
            "atypical": photo(images[found.atypical[k, 0]], f"Least typical image of class {name}"),
        }
        for k, name in enumerate(found.classes[:MOST_CLASSES])
        if found.counts[k]
    ]
