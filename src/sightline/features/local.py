"""Every step of a recipe as the linear map that it is at one image: the way back from scores to pixels.

For a step φ and an input x, `local_map` returns two ways to take weights W (R, d_out) back to its input:

- `share`: W' (R, d_in) and c (R,) with W φ(x) = W' x + c exactly, at this x. The shares W'_j x_j of the
  inputs and the constant c add up to the whole: this is what explanations are made of.
- `slope`: the derivative of W φ(x) by x, (R, d_in): what a small change of the input does.

For a linear step both are the same, the adjoint W A, whatever x is. A product of m factors has the slope of
each factor's own, and a share of 1/m of it: each factor is as much the cause of the product as the others
(Aumann and Shapley's rule, with all coordinates at 0 as the place where nothing is said). Steps that are not
known here are refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, singledispatch
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures, StandardScaler

from sightline.errors import ModelError
from sightline.features.deskew import Deskew
from sightline.features.orientation import Orientation
from sightline.features.patches import Patches
from sightline.features.pca import PCA
from sightline.features.scale import ByteScaler, RangeScaler
from sightline.features.shape import IntensitySymmetry
from sightline.features.shrink import Shrink

Doubles = npt.NDArray[np.float64]
Back = Callable[[Doubles], Doubles]


@dataclass(frozen=True, slots=True)
class LocalMap:
    """One step at one input: φ(x) = A x + constant for `share`, and its derivative for `slope`.

    `share`, `slope` take W (R, d_out) to (R, d_in); `constant` (d_out,); `linear` True where the map is the
    same for every input; `words` how it was taken back, for people.
    """

    share: Back
    slope: Back
    constant: Doubles
    linear: bool
    words: str


@singledispatch
def local_map(step: Any, x: Doubles) -> LocalMap:
    """Return the linear map that `step` is at the input x (d_in,).

    Raises
    ------
    ModelError
        Nothing is known about such a step.
    """
    raise ModelError(
        f"decisions cannot be taken back through a {type(step).__name__}",
        "Known steps: RangeScaler, MinMaxScaler, StandardScaler, ByteScaler, Deskew, Shrink, IntensitySymmetry, "
        "PCA, PolynomialFeatures, Orientation, Patches.",
    )


def _linear(back: Back, constant: Doubles, words: str) -> LocalMap:
    return LocalMap(back, back, constant, True, words)


@local_map.register
def _(step: RangeScaler, x: Doubles) -> LocalMap:
    factor = 1 / (step.high - step.low)
    constant = np.full(len(x), -step.low * factor)
    return _linear(lambda W: W * factor, constant, "scaled to 0…1: linear")


@local_map.register
def _(step: StandardScaler, x: Doubles) -> LocalMap:
    scale = np.asarray(step.scale_, dtype=np.float64) if step.with_std else np.ones(len(x))
    mean = np.asarray(step.mean_, dtype=np.float64) if step.with_mean else np.zeros(len(x))
    return _linear(lambda W: W / scale, -mean / scale, "scaled per column: linear")


@local_map.register
def _(step: MinMaxScaler, x: Doubles) -> LocalMap:
    if step.clip:
        raise ModelError(
            "decisions cannot be taken back through a MinMaxScaler that clips", "Fit it with clip=False."
        )
    scale, low = np.asarray(step.scale_, np.float64), np.asarray(step.min_, np.float64)
    return _linear(lambda W: W * scale, low, "scaled per column: linear")


@local_map.register
def _(step: PCA, x: Doubles) -> LocalMap:
    C = step.components_.astype(np.float64) / step.scale_.astype(np.float64)[:, None]
    return _linear(lambda W: W @ C, -C @ step.mean_.astype(np.float64), "principal components: linear")


@local_map.register
def _(step: Deskew, x: Doubles) -> LocalMap:
    geometry = step.geometry(x)

    def back(W: Doubles) -> Doubles:
        return step.adjoint(geometry, W)

    words = "straightened: linear, given this image's slant"
    return LocalMap(back, back, step.constant(geometry), False, words)


@local_map.register
def _(step: Shrink, x: Doubles) -> LocalMap:
    return _linear(step.adjoint, np.zeros(int(np.prod(step.small_shape_))), "shrunken: linear")


@local_map.register
def _(step: IntensitySymmetry, x: Doubles) -> LocalMap:
    def back(W: Doubles) -> Doubles:
        return step.adjoint(x, W)

    words = "intensity and symmetry: linear, given which of two mirrored pixels is brighter"
    return LocalMap(back, back, np.zeros(2), False, words)


@local_map.register
def _(step: Patches, x: Doubles) -> LocalMap:
    here, directions = step.at(x), step.directions_

    def before(W: Doubles) -> Doubles:
        """Weights on the atoms, where directions were kept of them."""
        if directions is None:
            return W
        kept = W.reshape(len(W), -1, directions.shape[1]) @ directions.T.astype(np.float64)
        return kept.reshape(len(W), -1)

    constant = here.constant
    if directions is not None:
        constant = (constant.reshape(-1, len(directions)) @ directions.astype(np.float64)).reshape(-1)
    return LocalMap(
        lambda W: step.unpadded(here.share(before(W))),
        lambda W: step.unpadded(here.slope(before(W))),
        constant,
        False,
        "patches: linear, given which atoms answer where and each patch's contrast",
    )


@local_map.register
def _(step: Orientation, x: Doubles) -> LocalMap:
    scales = step.at(x)
    edges = np.cumsum([one.layer.width for one in scales])[:-1]

    def back(W: Doubles, how: str) -> Doubles:
        parts = zip(scales, np.split(W, edges, axis=1), strict=True)
        whole: Doubles = sum((getattr(one, how)(part) for one, part in parts), start=np.zeros(1))
        return whole.reshape(len(W), -1)

    return LocalMap(
        lambda W: back(W, "share"),
        lambda W: back(W, "slope"),
        np.concatenate([one.constant for one in scales]),
        False,
        "orientation: linear, given which directions answer where and each window's contrast",
    )


@local_map.register
def _(step: ByteScaler, x: Doubles) -> LocalMap:
    scale = step.scale_.astype(np.float64)
    bytes_ = np.clip(np.rint(x * scale), 0, 255)
    share = np.divide(bytes_, x, out=np.zeros_like(x), where=x > 0)
    slope = np.where((bytes_ < 255) & (x >= 0), scale, 0)
    words = "rounded to bytes: each number times its own factor"
    return LocalMap(lambda W: W * share, lambda W: W * slope, np.zeros(len(x)), False, words)


@local_map.register
def _(step: PolynomialFeatures, x: Doubles) -> LocalMap:
    factor, power = _factors(len(x), step.degree, bool(step.interaction_only), bool(step.include_bias))
    degree = power.sum(axis=1)
    value = x[factor] ** power
    derivative = power * x[factor] ** np.maximum(power - 1, 0)
    for slot in range(factor.shape[1]):
        derivative[:, slot] *= np.prod(np.delete(value, slot, axis=1), axis=1)
    terms = np.repeat(np.arange(len(factor)), factor.shape[1])
    slope = sparse.csr_matrix((derivative.ravel(), (terms, factor.ravel())), shape=(len(factor), len(x)))
    share = sparse.diags(1 / np.maximum(degree, 1)) @ slope
    words = "products: not linear; each is shared equally among its factors"
    return LocalMap(lambda W: W @ share, lambda W: W @ slope, (degree == 0).astype(np.float64), False, words)


@lru_cache(maxsize=8)
def _factors(
    n: int, degree: int | tuple[int, int], interaction_only: bool, include_bias: bool
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Factors of every product of n inputs and their powers: two (terms, most) arrays, padded by power 0."""
    expansion = PolynomialFeatures(degree, interaction_only=interaction_only, include_bias=include_bias)
    powers = expansion.fit(np.zeros((1, n))).powers_
    row, column = np.nonzero(powers)
    counts = np.bincount(row, minlength=len(powers))
    slot = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    factor = np.zeros((len(powers), max(1, int(counts.max()))), dtype=np.int64)
    power = np.zeros_like(factor)
    factor[row, slot], power[row, slot] = column, powers[row, column]
    return factor, power
