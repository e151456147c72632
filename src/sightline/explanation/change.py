"""The smallest change of an image that flips its decision, kept between black and white."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.explanation.linear import Taken, steepest, take_back
from sightline.explanation.record import Change

Doubles = npt.NDArray[np.float64]

BEYOND = 1e-3
"""How far past the boundary the change goes, as a share of the margin (and at least this much of z)."""

MOST_STEPS = 30
MOST_TARGETS = 5
WHITE = 255.0

CLOSED = "closed form: no smaller change within black and white does it"
SEARCHED = "found by following the slope; a smaller change may exist"


def smallest_change(model: Any, image: npt.NDArray[np.uint8], taken: Taken, predicted: int) -> Change | None:
    r"""Find the smallest change of an image that flips its decision.

    Where z is linear in the pixels, the smallest δ with (w_k − w_a)·(x + δ) + b_k − b_a ≥ ε and
    0 ≤ x + δ ≤ 255 is δ(μ) = clip(x + μ (w_k − w_a), 0, 255) − x for the one μ ≥ 0 that reaches ε; the target
    k with the shortest δ is taken. Where z is not linear, the same step is repeated on its tangent plane,
    and what is found is drawn back towards the image as far as the decision allows.

    Parameters
    ----------
    model : Model, pipeline or linear classifier
    image : (h, w[, 3]) uint8
    taken : Taken
        The model at this image.
    predicted : int
        Class number of the decision.

    Returns
    -------
    Change or None
        None where no image between black and white is decided otherwise along the way. ``flips`` was seen:
        the changed image was given to the model.
    """
    x = image.reshape(-1).astype(np.float64)
    best: Doubles | None = None
    for target in _targets(taken, predicted):
        found = _reach(model, x, taken, predicted, target)
        if found is not None and (best is None or _length(found - x) < _length(best - x)):
            best = found
    if best is None:
        return None
    reached = int(_classes(take_back(model, best).z).argmax())
    return Change(
        delta=(best - x).reshape(image.shape),
        image=best.reshape(image.shape),
        norm=_length(best - x),
        target=reached,
        flips=reached != predicted,
        method=CLOSED if taken.linear else SEARCHED,
    )


def _classes(z: Doubles) -> Doubles:
    """Scores of all K classes; two classes share one, which speaks for the second."""
    return np.array([0.0, z[0]]) if len(z) == 1 else z


def _targets(taken: Taken, predicted: int) -> list[int]:
    """Return the classes to try: all where one step is exact, else those nearest by the tangent plane."""
    z = _classes(taken.z)
    rivals = [k for k in range(len(z)) if k != predicted]
    if taken.linear or len(rivals) <= 1:
        return rivals

    def distance(k: int) -> float:
        return float((z[predicted] - z[k]) / (_length(_towards(taken.slope, predicted, k)) or np.inf))

    return sorted(rivals, key=distance)[:MOST_TARGETS]


def _towards(W: Doubles, predicted: int, target: int) -> Doubles:
    """Gradient of z_target − z_predicted."""
    if len(W) > 1:
        gradient: Doubles = W[target] - W[predicted]
    else:
        gradient = W[0] if target == 1 else -W[0]
    return gradient


def _margin(z: Doubles, predicted: int, target: int) -> float:
    scores = _classes(z)
    return float(scores[predicted] - scores[target])


def _reach(model: Any, x: Doubles, taken: Taken, predicted: int, target: int) -> Doubles | None:
    """Return the nearest image found that the model no longer decides as `predicted`, or None."""
    beyond = BEYOND * max(_margin(taken.z, predicted, target), 1.0)
    point, z, direction = x, taken.z, _towards(taken.slope, predicted, target)
    row = _towards(np.eye(len(z)), predicted, target)
    for step in range(1 if taken.linear else MOST_STEPS):
        # On the tangent plane, the image past the boundary that is nearest to x itself, not to `point`; where
        # that runs in circles, the nearest to `point`, which goes on until it is through.
        origin = x if step < MOST_STEPS // 3 else point
        needed = _margin(z, predicted, target) + beyond + float(direction @ (point - origin))
        point = _within(origin, direction, needed)
        z, direction = steepest(model, point, row)
        if int(_classes(z).argmax()) != predicted:
            return point if taken.linear else _drawn_back(model, x, point, predicted)
    return None


def _within(x: Doubles, direction: Doubles, needed: float) -> Doubles:
    """x moved along `direction` inside 0…255 until it gained `needed`, or as far as there is room.

    The gain direction·(clip(x + μ direction) − x) is piecewise linear and rising in μ; between two pixels
    reaching their end it is solved exactly.
    """
    moving = direction != 0
    room = np.where(direction > 0, WHITE - x, x)
    ends = np.full(len(x), np.inf)
    ends[moving] = room[moving] / np.abs(direction[moving])
    order = np.argsort(ends, kind="stable")
    order = order[np.isfinite(ends[order])]
    if len(order) == 0:
        return x
    power = np.square(direction[order])
    active = power.sum() - np.concatenate(
        [[0.0], np.cumsum(power)[:-1]]
    )  # Σ d² of pixels not yet at their end
    at = ends[order]
    gain = np.cumsum(np.maximum(active, 0) * np.diff(at, prepend=0.0))
    i = int(np.searchsorted(gain, needed))
    if i == len(gain):
        return np.where(direction > 0, WHITE, np.where(direction < 0, 0.0, x))
    before, start = (gain[i - 1], at[i - 1]) if i else (0.0, 0.0)
    mu = start + (needed - before) / active[i]
    reached: Doubles = np.clip(x + mu * direction, 0, WHITE)
    return reached


def _drawn_back(model: Any, x: Doubles, point: Doubles, predicted: int) -> Doubles:
    """Return the first point on the way from x to `point` that is decided otherwise, to 1/64 of the way."""
    way = np.linspace(0, 1, 65)[1:]
    z = np.asarray(model.decision_function(x + way[:, None] * (point - x)))
    codes = (z > 0).astype(np.int64) if z.ndim == 1 else z.argmax(axis=1)
    first = int(np.argmax(codes != predicted)) if (codes != predicted).any() else len(way) - 1
    return np.asarray(x + way[first] * (point - x), dtype=np.float64)


def _length(v: Doubles) -> float:
    return float(np.linalg.norm(v))
