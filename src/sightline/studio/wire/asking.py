"""Why it decides so about one image."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChangeSummary:
    """The smallest change found that flips the decision to class `target`; `rms` a pixel, intensities 0…255."""

    target: int
    norm: float
    rms: float
    flips: bool
    method: str


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A training image near the one asked about; `distance` RMS difference in intensities."""

    row: int
    label: int
    distance: float


@dataclass(frozen=True, slots=True)
class FeatureShare:
    """One feature that the classifier sees: its value and what it adds to each z, (R,)."""

    name: str
    value: float
    contributions: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ExplanationSummary:
    """One decision taken apart; `z`, `bias` (R,), `probability` (K,) in the order of `classes`.

    For two classes R = 1 and z > 0 speaks for the second. contributions[r].sum() + bias[r] = z[r]. `features` those
    that part the decision from the runner-up most, at most 8.
    """

    model: str
    classes: tuple[int, ...]
    predicted: int
    runner_up: int
    label: int | None
    z: tuple[float, ...]
    bias: tuple[float, ...]
    probability: tuple[float, ...]
    linear: bool
    path: tuple[str, ...]
    sentences: tuple[str, ...]
    change: ChangeSummary | None
    neighbours: tuple[Neighbour, ...]
    features: tuple[FeatureShare, ...]


@dataclass(frozen=True, slots=True)
class CellGridSummary:
    """A grid laid over an image: `name` of what it sums over, edges of its cells in pixels from the top left."""

    name: str
    rows: tuple[float, ...]
    columns: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class AtomFound:
    """An atom that was found in cell (`row`, `column`) of a grid; `share` what that adds to the decision.

    `at` (row, column) in pixels of the middles of the patches that answer, the strongest first; `side` of a patch.
    """

    name: str
    grid: int
    row: int
    column: int
    share: float
    at: tuple[tuple[float, float], ...]
    side: float


@dataclass(frozen=True, slots=True)
class CellsSummary:
    """What a model that looks at patches sees of one image; without grids where the model sees none.

    Shares, `z` and `bias` are those of `predicted` less those of `runner_up`; all shares and the bias add up to z.
    `found` those that do most, at most 8.
    """

    model: str
    row: int
    predicted: int | None
    runner_up: int | None
    z: float
    bias: float
    grids: tuple[CellGridSummary, ...]
    found: tuple[AtomFound, ...]


@dataclass(frozen=True, slots=True)
class UploadSummary:
    """A photo that was read: what was done to it, in words."""

    notes: tuple[str, ...]
