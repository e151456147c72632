"""Questions about single images: what they are, and why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sightline.errors import UsageError
from sightline.explanation import Explanation, explain
from sightline.explanation.numbers import sentences
from sightline.logistic.classifier import probability_of
from sightline.studio.learned import Learned
from sightline.studio.library import Library
from sightline.studio.packet import Array, packed, singles
from sightline.studio.wire import ChangeSummary, ExplanationSummary, FeatureShare, Neighbour

Pixels = npt.NDArray[np.uint8]
MOST_FEATURES, MOST_NEIGHBOURS = 8, 24
PREDICT_MOST = 256
"""Images of one prediction."""


def images_of(body: bytes, shape: tuple[int, ...], most: int = PREDICT_MOST) -> Pixels:
    """The images in a body of raw bytes: (m, h, w[, 3]).

    Raises
    ------
    UsageError
        The bytes are not so many whole images.
    """
    size = int(np.prod(shape))
    if not body or len(body) % size or len(body) > most * size:
        raise UsageError(
            f"{len(body):,} bytes are not 1…{most} images of {'×'.join(map(str, shape))}",
            f"Send {size:,} bytes an image, rows from top to bottom, 0 black … 255 white.",
        )
    return np.frombuffer(body, np.uint8).reshape(-1, *shape)


def scored(learned: Learned, images: Pixels) -> bytes:
    """Scores and probabilities of a few images."""
    z = learned.model.decision_function(images)
    return answered(z[:, None] if z.ndim == 1 else z)


def scored_by_weights(
    weights: npt.NDArray[np.float32], bias: npt.NDArray[np.float32], images: Pixels
) -> bytes:
    """The same for a recipe that is linear in the pixels: one product, weights (d, R)."""
    return answered(images.reshape(len(images), -1).astype(np.float32) @ weights + bias)


def answered(z: npt.NDArray[np.floating]) -> bytes:
    """A packet of scores (m, R) and their probabilities."""
    return packed(None, z=singles(z), probability=singles(probability_of(z)))


def explained(
    learned: Learned, library: Library, image: Pixels, *, row: int | None, change: bool, neighbours: int
) -> bytes:
    """One decision taken apart.

    Parameters
    ----------
    image : (h, w[, 3]) uint8
    row : int or None
        Where it is an image of the data: then its label is known, and it is no neighbour of its own.
    change : bool
        Look for the smallest change that flips it.
    neighbours : int, 0…24
    """
    if not 0 <= neighbours <= MOST_NEIGHBOURS:
        raise UsageError(f"{neighbours} neighbours are not possible", f"Ask for 0…{MOST_NEIGHBOURS}.")
    label = None if row is None else int(library.dataset.labels[row])
    own = np.flatnonzero(learned.codes == label) if label is not None else np.empty(0, np.int64)
    asked = neighbours + (1 if row is not None and neighbours else 0)
    found = explain(
        learned.model,
        image,
        train=library.dataset if neighbours else None,
        label=int(own[0]) if len(own) else None,
        change=change,
        n_neighbours=asked,
    )
    names = [int(one) for one in learned.codes]
    near = _neighbours(found, row)[:neighbours]
    flip = found.smallest_change
    arrays: dict[str, Array] = {"image": found.image, "contributions": singles(found.contributions)}
    if flip is not None:
        arrays["changed"] = singles(flip.image)
    summary = ExplanationSummary(
        model=learned.summary.id,
        classes=learned.summary.classes,
        predicted=names[found.predicted],
        runner_up=names[found.runner_up],
        label=label,
        z=tuple(float(one) for one in found.z),
        bias=tuple(float(one) for one in found.bias),
        probability=tuple(float(one) for one in found.probability),
        linear=learned.summary.linear,
        path=found.path,
        sentences=tuple(_sentences(found, near, library)),
        change=None
        if flip is None
        else ChangeSummary(
            target=names[flip.target],
            norm=flip.norm,
            rms=float(np.sqrt(np.mean(np.square(flip.delta)))),
            flips=flip.flips,
            method=flip.method,
        ),
        neighbours=near,
        features=_features(found),
    )
    return packed(summary, **arrays)


def _neighbours(found: Explanation, row: int | None) -> tuple[Neighbour, ...]:
    """Labels of the neighbours are those of the whole data set, which they were sought in."""
    near = found.neighbours
    if near is None:
        return ()
    return tuple(
        Neighbour(int(r), int(label), float(distance))
        for r, label, distance in zip(near.rows, near.labels, near.distance, strict=True)
        if int(r) != row
    )


def _sentences(found: Explanation, near: tuple[Neighbour, ...], library: Library) -> list[str]:
    said = sentences(replace(found, neighbours=None))
    if near:
        names = ", ".join(library.dataset.classes[one.label] for one in near)
        said.append(f"The nearest training images are {names}.")
    return said


def _features(found: Explanation) -> tuple[FeatureShare, ...]:
    """What parts the decision from the runner-up most."""
    seen = found.features
    if seen is None:
        return ()
    shares = seen.contributions
    parting = shares[0] if len(shares) == 1 else shares[found.predicted] - shares[found.runner_up]
    order = np.argsort(-np.abs(parting), kind="stable")[:MOST_FEATURES]
    return tuple(
        FeatureShare(seen.names[i], float(seen.values[i]), tuple(float(one) for one in shares[:, i]))
        for i in order
    )
