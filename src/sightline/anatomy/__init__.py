"""What the features look like from inside: atoms, answers, cells, and what each rung of the ladder adds."""

from sightline.anatomy.atoms import count_dictionaries, find_atoms
from sightline.anatomy.cells import has_cells, share_cells
from sightline.anatomy.changes import augmentation_of, has_slant, make_copies, straighten
from sightline.anatomy.climb import climb, sees
from sightline.anatomy.maps import trace_features
from sightline.anatomy.record import (
    Atoms,
    CellGrid,
    CellShares,
    Copies,
    Directions,
    FeatureMaps,
    Found,
    Rung,
    Stage,
    Straightened,
)
from sightline.anatomy.roses import find_directions, has_directions

__all__ = [
    "Atoms",
    "CellGrid",
    "CellShares",
    "Copies",
    "Directions",
    "FeatureMaps",
    "Found",
    "Rung",
    "Stage",
    "Straightened",
    "augmentation_of",
    "climb",
    "count_dictionaries",
    "find_atoms",
    "find_directions",
    "has_cells",
    "has_directions",
    "has_slant",
    "make_copies",
    "sees",
    "share_cells",
    "straighten",
    "trace_features",
]
