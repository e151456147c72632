"""What each cell of a grid adds to z, and which atoms it found there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.anatomy.record import CellGrid, CellShares, Doubles, Found, Image
from sightline.anatomy.way import (
    Sight,
    cut_out,
    intensities,
    layer_at,
    only_rescaled,
    passing,
    pattern,
    shape_into,
    shape_of,
    sights,
)
from sightline.errors import ModelError
from sightline.explanation.linear import feature_names, split
from sightline.features import Orientation, Patches
from sightline.features.layer_at import LayerAt
from sightline.logistic.classifier import probability_of
from sightline.model import Model


def has_cells(model: Any) -> bool:
    """Tell whether what the classifier sees are atoms or directions in the cells of a grid."""
    steps = split(model)[0]
    last = max((i for i, step in enumerate(steps) if isinstance(step, (Patches, Orientation))), default=None)
    return last is not None and only_rescaled(steps[last + 1 :])


def share_cells(model: Any, image: npt.ArrayLike, *, label: int | None = None, most: int = 8) -> CellShares:
    r"""Take one decision apart, cell by cell.

    z_r = b_r + Σ_j w_rj φ_j, and every φ_j belongs to one cell: the shares of a cell are the sum over its features.
    Within a cell, φ = √S with S = Σ_p max(0, ±s_p − t) is shared among its patches p in proportion to what each adds
    to S.

    Parameters
    ----------
    model : Model or fitted pipeline
        Whose last step before the classifier is Patches or Orientation, but for scaling.
    image : (h, w[, 3]) uint8
    label : int, optional
        The true class number, where it is known.
    most : int
        How many single features are looked at.

    Returns
    -------
    CellShares
        Laws: ``sum(grid.shares[r].sum() for grid in grids) + bias[r] == z[r]`` · the places of a grid add up to
        its shares.

    Raises
    ------
    ModelError
        The model has no such grid, or the image does not fit.
    """
    if not has_cells(model):
        raise ModelError(
            "this model has no grid of cells to share its decision among",
            "Recipes such as orientation and patches have one; `explain` shares every decision among the pixels.",
        )
    pixels = np.asarray(image)
    row = model.rows(pixels) if isinstance(model, Model) else pixels.reshape(1, -1)
    known = sights(model)
    seen, into, features = _on_the_way(model, row, known)
    classifier = split(model)[1]
    W = np.asarray(classifier.coef_, np.float64)
    bias = np.broadcast_to(np.asarray(classifier.intercept_, np.float64), len(W)).copy()
    shares = W * features
    z = shares.sum(axis=1) + bias
    both = z if len(z) > 1 else np.array([0.0, z[0]])
    order = np.argsort(-both, kind="stable")
    parts = [
        _part(one, layer_at(one, into), shares, seen.shape) for one in known if one.step is known[-1].step
    ]
    towards = shares[order[0]] - shares[order[1]] if len(z) > 1 else shares[0] * (1 if order[0] == 1 else -1)
    return CellShares(
        image=pixels.reshape(shape_of(model)),
        seen=seen,
        classes=_names(model, len(both)),
        z=z,
        bias=bias,
        probability=probability_of(z[None])[0],
        predicted=int(order[0]),
        runner_up=int(order[1]),
        label=label,
        grids=tuple(part.grid for part in parts),
        found=_found(parts, shares, towards, feature_names(model, len(features)), seen, most),
    )


def _on_the_way(
    model: Any, row: npt.NDArray[Any], known: list[Sight]
) -> tuple[Image, npt.NDArray[Any], Doubles]:
    """The image as the first layer sees it, what comes into the last (d,), and what the classifier sees (m,)."""
    seen: Image = np.zeros(0)
    into = features = row
    for step, before, features in passing(model, row):  # noqa: B007 — the last is what the classifier sees
        if step is known[0].step:
            seen = intensities(before, shape_into(step))[0]
        if step is known[-1].step:
            into = before
    return seen, into[0], np.asarray(features[0], np.float64)


def _names(model: Any, K: int) -> tuple[str, ...]:
    if isinstance(model, Model):
        return model.classes
    return tuple(str(name) for name in getattr(split(model)[1], "classes_", range(K)))


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    sight: Sight
    here: LayerAt
    grid: CellGrid
    per_atom: bool
    """Whether features are atoms, and not directions among them."""


def _part(sight: Sight, here: LayerAt, shares: Doubles, seen: tuple[int, ...]) -> _Part:
    """The grid of one layer, with its shares of `shares` (R, m)."""
    layer, frame = sight.layer, sight.frame
    down, across = layer.grid
    directions = getattr(sight.step, "directions_", None)
    numbers = 2 * layer.n_atoms if directions is None else directions.shape[1]
    own = shares[:, sight.first : sight.first + down * across * numbers]
    by_cell = own.reshape(len(shares), down * across, numbers)
    if directions is None:
        places = _places(here, by_cell.reshape(len(shares), -1, 2, layer.n_atoms))
    else:  # a direction is a mixture of atoms: its share stays with the cell
        count = np.bincount(layer.cell[layer.cell >= 0], minlength=down * across)
        even = by_cell.sum(axis=2) / count
        places = np.where(layer.cell >= 0, even[:, np.maximum(layer.cell, 0)], 0)
    high, wide = layer.positions
    corner = frame.origin - frame.stride / 2 + 0.5
    grid = CellGrid(
        name=sight.name,
        rows=frame.edges(layer.rows, seen[0]),
        columns=frame.edges(layer.columns, seen[1]),
        shares=by_cell.sum(axis=2).reshape(-1, down, across),
        places=places.reshape(-1, high, wide),
        extent=(corner, corner, corner + frame.stride * high, corner + frame.stride * wide),
    )
    return _Part(sight, here, grid, directions is None)


def _places(here: LayerAt, shares: Doubles) -> Doubles:
    """Shares (R, cells, 2, K) of features, handed on to the patches that answer: (R, positions)."""
    per_answer = shares * np.square(here.inverse)
    out = np.zeros((len(shares), len(here.cell)))
    for cell in range(shares.shape[1]):
        inside = np.flatnonzero(here.cell == cell)
        for s in (0, 1):
            answers = np.maximum(here.signed[s][inside], 0)
            out[:, inside] += per_answer[:, cell, s] @ answers.T
    return out


def _found(
    parts: list[_Part], shares: Doubles, towards: Doubles, names: tuple[str, ...], seen: Image, most: int
) -> tuple[Found, ...]:
    """The features that do most for or against the decision."""
    if not all(part.per_atom for part in parts):
        return ()
    found = []
    for j in np.argsort(-np.abs(towards), kind="stable")[:most]:
        if towards[j] == 0:
            break
        number = max(i for i, part in enumerate(parts) if part.sight.first <= j)
        part = parts[number]
        layer, frame = part.sight.layer, part.sight.frame
        cell, rest = divmod(int(j) - part.sight.first, 2 * layer.n_atoms)
        sign, atom = divmod(rest, layer.n_atoms)
        answers = np.where(part.here.cell == cell, np.maximum(part.here.signed[sign][:, atom], 0), 0)
        order = np.argsort(-answers, kind="stable")[: max(int((answers > 0).sum()), 1)]
        at = frame.origin + frame.stride * np.stack(np.divmod(order, layer.positions[1]), axis=1)
        turn = 1 if sign == 0 else -1
        found.append(
            Found(
                name=names[j],
                grid=number,
                cell=(cell // layer.grid[1], cell % layer.grid[1]),
                shares=shares[:, j],
                pattern=turn * pattern(layer.filters[:, [atom]].astype(np.float64), layer.size)[0]
                if part.sight.on_pixels
                else None,
                patch=cut_out(seen, (float(at[0, 0]), float(at[0, 1])), frame.reach),
                at=at,
                answers=answers[order],
                side=frame.reach,
            )
        )
    return tuple(found)
