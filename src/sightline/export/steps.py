"""Each step of a recipe in the operators of ONNX: (n, d) float32 in, (n, m) float32 out.

The steps compute in the same order and precision as the transformers: what is float64 there is float64 here. The sums
themselves are added up in another order, so results agree within rounding, not to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures

from sightline.export.graph import Graph
from sightline.export.layers import orientation, patches
from sightline.features import (
    PCA,
    ByteScaler,
    Deskew,
    IntensitySymmetry,
    Orientation,
    Patches,
    RangeScaler,
    Shrink,
    StandardScaler,
)
from sightline.features.deskew import STEEPEST

Single, Double = np.float32, np.float64


def ranged(g: Graph, x: str, step: RangeScaler) -> str:
    """(x − low) / (high − low)."""
    return g("Div", g("Sub", x, Single(step.low)), Single(step.high - step.low))


def standardised(g: Graph, x: str, step: StandardScaler) -> str:
    """(x − mean) / scale."""
    found = g.wide(x)
    if step.with_mean:
        found = g("Sub", found, np.asarray(step.mean_, Double))
    if step.with_std:
        found = g("Div", found, np.asarray(step.scale_, Double))
    return g.narrow(found)


def stretched(g: Graph, x: str, step: MinMaxScaler) -> str:
    """Columns to 0…1 by their own extremes: x · scale + min."""
    found = g("Mul", g.wide(x), np.asarray(step.scale_, Double))
    found = g("Add", found, np.asarray(step.min_, Double))
    if step.clip:
        low, high = step.feature_range
        found = g("Clip", found, Double(low), Double(high))
    return g.narrow(found)


def rounded(g: Graph, x: str, step: ByteScaler) -> str:
    """min(255, round(scale · x))."""
    return g("Clip", g("Round", g("Mul", x, np.asarray(step.scale_, Single))), Single(0), Single(255))


def symmetry(g: Graph, x: str, step: IntensitySymmetry) -> str:
    """Intensity, and minus the mean difference from both mirror images."""
    places = np.arange(step.n_features_in_).reshape(step.shape_)
    wide = g.wide(x)

    def difference(mirrored: npt.NDArray[Any]) -> str:
        other = g("Gather", wide, mirrored.ravel().astype(np.int64), axis=1)
        return g.mean(g("Abs", g("Sub", wide, other)), 1, keep=True)

    both = g("Add", difference(places[:, ::-1]), difference(places[::-1]))
    asymmetry = g("Mul", both, Double(-0.5))
    return g.narrow(g("Concat", g.mean(wide, 1, keep=True), asymmetry, axis=1))


def components(g: Graph, x: str, step: PCA) -> str:
    """(x − μ) Cᵀ / s."""
    directions = np.ascontiguousarray((step.components_ / step.scale_[:, None]).T, Single)
    return g("MatMul", g("Sub", x, np.asarray(step.mean_, Single)), directions)


def products(g: Graph, x: str, step: PolynomialFeatures) -> str:
    """All products of columns up to a degree, in scikit-learn's order."""
    factors = [np.repeat(np.arange(len(powers)), powers) for powers in step.powers_]
    parts = []
    for degree, some in groupby(factors, key=len):
        columns = np.stack(list(some)).astype(np.int64)
        if degree == 0:
            first = g("Gather", x, np.zeros(len(columns), np.int64), axis=1)
            parts.append(g("Add", g("Mul", first, Single(0)), Single(1)))
            continue
        product = g("Gather", x, columns[:, 0], axis=1)
        for k in range(1, degree):
            product = g("Mul", product, g("Gather", x, columns[:, k], axis=1))
        parts.append(product)
    return parts[0] if len(parts) == 1 else g("Concat", *parts, axis=1)


def straightened(g: Graph, x: str, step: Deskew) -> str:
    """Rows moved against each other until the ink stands upright, see `Deskew`."""
    height, width = step.shape_[:2]
    channels = step.n_features_in_ // (height * width)
    images = g.shaped(x, height, width, channels)
    shift = _shift(g, images, step, height, width)
    whole = g("Floor", shift)
    part = g.shaped(g.narrow(g("Sub", shift, whole)), height, 1, 1)
    outside = Single(step.background_)
    left = _read(g, images, whole, width, channels, outside)
    right = _read(g, images, g("Add", whole, Double(1)), width, channels, outside)
    moved = g("Add", left, g("Mul", g("Sub", right, left), part))
    return g.shaped(moved, step.n_features_in_)


def _shift(g: Graph, images: str, step: Deskew, height: int, width: int) -> str:
    """How many columns each row is moved, (n, height) float64."""
    ink = g.wide(g("Abs", g("Sub", g.mean(images, 3), Single(step.background_))))
    r, c = np.arange(height, dtype=Double), np.arange(width, dtype=Double)
    by_row = g.total(ink, 2)
    total = g.total(by_row, 1, keep=True)
    some = g("Greater", total, Double(0))
    mass = g("Where", some, total, Double(1))
    row = g("Where", some, g("Div", g("MatMul", by_row, r[:, None]), mass), Double((height - 1) / 2))
    by_column = g("MatMul", g.total(ink, 1), c[:, None])
    column = g("Where", some, g("Div", by_column, mass), Double((width - 1) / 2))
    from_row = g("Sub", r[None], row)
    upright = g("Div", g.total(g("Mul", by_row, g("Mul", from_row, from_row)), 1, keep=True), mass)
    first = g.shaped(g("MatMul", ink, c[:, None]), height)
    aside = g("Mul", g("Sub", first, g("Mul", by_row, column)), from_row)
    slanted = g("Div", g.total(aside, 1, keep=True), mass)
    slant = g("Div", slanted, g("Max", upright, Double(1e-9)))
    slant = g("Where", g("Greater", upright, Double(1e-9)), slant, Double(0))
    slant = g("Mul", g("Clip", slant, Double(-STEEPEST), Double(STEEPEST)), Double(step.strength))
    shift = g("Mul", slant, from_row)
    if step.centre:
        shift = g("Add", shift, g("Sub", column, Double((width - 1) / 2)))
    return g("Div", g("Round", g("Mul", shift, Double(1e6))), Double(1e6))


def _read(g: Graph, images: str, whole: str, width: int, channels: int, outside: np.float32) -> str:
    """Every row of images (n, h, w, channels) moved by whole (n, h) columns."""
    moved = g("Cast", g.opened(whole, 2), to=g.INT64)
    column = g("Add", moved, np.arange(width, dtype=np.int64).reshape(1, 1, -1))
    beyond = g("Or", g("Less", column, np.int64(0)), g("Greater", column, np.int64(width - 1)))
    inside = g.opened(g("Clip", column, np.int64(0), np.int64(width - 1)), 3)
    index = g("Add", inside, np.zeros((1, 1, 1, channels), np.int64))
    return g("Where", g.opened(beyond, 3), outside, g("GatherElements", images, index, axis=2))


def shrunken(g: Graph, x: str, step: Shrink) -> str:
    """Means over squares of pixels: A x Bᵀ."""
    (height, width), (high, wide) = step.shape_[:2], step.small_shape_[:2]
    channels = step.n_features_in_ // (height * width)
    A, B = step._means(np.dtype(Single))
    narrow = g("MatMul", B, g.shaped(x, height, width, channels))
    small = g("MatMul", A, g.shaped(narrow, height, wide * channels))
    return g.shaped(small, high * wide * channels)


STEPS: dict[type[Any], Callable[[Graph, str, Any], str]] = {
    RangeScaler: ranged,
    StandardScaler: standardised,
    MinMaxScaler: stretched,
    ByteScaler: rounded,
    IntensitySymmetry: symmetry,
    PCA: components,
    PolynomialFeatures: products,
    Deskew: straightened,
    Shrink: shrunken,
    Orientation: orientation,
    Patches: patches,
}
"""Transformer → what adds its nodes. A transformer that is not here is refused."""
