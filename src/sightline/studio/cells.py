"""What a model that looks at patches sees of one image: cells of a grid, and the atoms that it finds in them."""

from __future__ import annotations

from sightline.anatomy import CellShares, has_cells, share_cells
from sightline.anatomy.record import Found
from sightline.studio.learned import Learned
from sightline.studio.library import Library
from sightline.studio.packet import Array, packed, singles
from sightline.studio.wire import AtomFound, CellGridSummary, CellsSummary

MOST_FOUND, MOST_PLACES = 8, 12


def cells(learned: Learned, library: Library, row: int) -> bytes:
    """One decision of a model, cell by cell; no grids where the model sees none.

    Parameters
    ----------
    row : int
        An image of the data set.

    Returns
    -------
    bytes
        Packet of `CellsSummary`; `seen` (h, w[, 3]) the image as its patches see it, 0…255; for grid g `shares{g}`
        (down, across), what its cells add to z of the decision less that of the runner-up; for find i `patch{i}`,
        and `pattern{i}` where atoms are of pixels, signed; all float32.
    """
    model, image = learned.model, library.image(row)
    if not has_cells(model):
        return packed(CellsSummary(learned.summary.id, row, None, None, 0.0, 0.0, (), ()))
    shares = share_cells(model, image, most=MOST_FOUND)
    arrays: dict[str, Array] = {"seen": singles(shares.seen)}
    for g, grid in enumerate(shares.grids):
        arrays[f"shares{g}"] = singles(shares.against(grid.shares))
    for i, one in enumerate(shares.found):
        arrays[f"patch{i}"] = singles(one.patch)
        if one.pattern is not None:
            arrays[f"pattern{i}"] = singles(one.pattern)
    names = [int(code) for code in learned.codes]
    summary = CellsSummary(
        model=learned.summary.id,
        row=row,
        predicted=names[shares.predicted],
        runner_up=names[shares.runner_up],
        z=float(shares.against(shares.z)),
        bias=float(shares.against(shares.bias)),
        grids=tuple(
            CellGridSummary(grid.name, tuple(map(float, grid.rows)), tuple(map(float, grid.columns)))
            for grid in shares.grids
        ),
        found=tuple(_found(shares, one) for one in shares.found),
    )
    return packed(summary, **arrays)


def _found(shares: CellShares, one: Found) -> AtomFound:
    return AtomFound(
        name=one.name,
        grid=one.grid,
        row=one.cell[0],
        column=one.cell[1],
        share=float(shares.against(one.shares)),
        at=tuple((float(r), float(c)) for r, c in one.at[:MOST_PLACES]),
        side=float(one.side),
    )
