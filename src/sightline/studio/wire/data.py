"""The images, and what a page must know before it can draw itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request was refused: `error` what is wrong, `remedy` what to do, `code` for programs."""

    error: str
    remedy: str
    code: Literal["usage", "missing", "gone", "busy", "forbidden", "too-large", "data", "internal"]


@dataclass(frozen=True, slots=True)
class Manifest:
    """`data/manifest.json`, the first thing the page asks for: whether a server or a folder of files answers.

    `static` False: ask `api/PATH`; True: ask `data/PATH.json` or `data/PATH.bin`, session `static`. `stages` the rows
    whose stages a static copy holds.
    """

    static: bool
    version: str
    stages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ClassSummary:
    """One class and how many images it has."""

    name: str
    train: int
    test: int


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """The images: `n` of them, the first `n_train` for training.

    Images are `height` × `width` × `channels` (1 or 3), thumbnails `thumb_height` × `thumb_width` × `channels`; both
    come in blocks of `image_block` and `thumb_block` images, the last block shorter. `band` the columns lo…hi−1 of X
    that the tutorial shows as numbers.
    """

    name: str
    source: str
    licence: str
    notes: tuple[str, ...]
    digest: str
    n: int
    n_train: int
    height: int
    width: int
    channels: int
    classes: tuple[ClassSummary, ...]
    image_block: int
    thumb_height: int
    thumb_width: int
    thumb_block: int
    band: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Setup:
    """What is to be learned; what the address of the page holds.

    `n_components`, `degree` None where the recipe has no such choice, or for its default; `classes` names, empty for
    all; `n_train` None for all training images.
    """

    recipe: str
    C: float
    n_components: int | None
    degree: int | None
    classes: tuple[str, ...]
    n_train: int | None
    seed: int


@dataclass(frozen=True, slots=True)
class RecipeSummary:
    """One recipe: its default setup and what it costs on these images.

    `sizes` numbers of components worth a try; `linear` whether the page can predict by itself; `features` numbers
    that the classifier sees; `seconds` a rough estimate of one training from nothing.
    """

    name: str
    summary: str
    setup: Setup
    sizes: tuple[int, ...]
    linear: bool
    features: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Framing:
    """How a drawing is brought into the frame of the training images; see `framing` and API.md for the steps.

    `ink` False: the images are no strokes on one ground, and an image is only fitted and padded. `negative`: the
    ground is light. `box_height`, `box_width` the frame, in pixels, that a drawing is scaled into; `centre` what
    comes to (`centre_row`, `centre_column`): the centre of mass of the ink, or the middle of its box. `stroke` width
    of a stroke in pixels. `threshold`: only pixels brighter than this are part of the box.
    """

    ink: bool
    negative: bool
    height: int
    width: int
    channels: int
    box_height: float
    box_width: float
    centre: Literal["mass", "box"]
    centre_row: float
    centre_column: float
    stroke: float
    threshold: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What the server takes: size of an upload, images of one prediction, trainings that wait, range of C."""

    upload_bytes: int
    upload_pixels: int
    predict_images: int
    waiting: int
    C_low: float
    C_high: float


@dataclass(frozen=True, slots=True)
class Hello:
    """All that the page needs before it can draw itself."""

    version: str
    static: bool
    dataset: DatasetSummary
    recipes: tuple[RecipeSummary, ...]
    framing: Framing
    setup: Setup
    limits: Limits


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows whose images are equal or nearly so; `distance` RMS difference in intensities 0…255."""

    one: int
    other: int
    distance: float


@dataclass(frozen=True, slots=True)
class ExplorationSummary:
    """What a look at the images found; its pictures come beside it as arrays.

    `rank` directions that carry 90, 95 and 99 % of the variance; `duplicates` groups of equal images; `near` the
    nearest pairs, at most 200; `leaks` pairs with one row in training and one in test; `conflicts` equal images with
    different labels; `typical`, `atypical` rows for each class; `blank` rows of one colour.
    """

    minimum: int
    maximum: int
    mean: float
    std: float
    zero_share: float
    balance: float
    rank: tuple[int, int, int]
    duplicates: tuple[tuple[int, ...], ...]
    near: tuple[Pair, ...]
    leaks: tuple[Pair, ...]
    conflicts: tuple[tuple[int, ...], ...]
    typical: tuple[tuple[int, ...], ...]
    atypical: tuple[tuple[int, ...], ...]
    blank: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ScatterSummary:
    """Names of the rows of `scatter`: intensity, symmetry, component 1 …; their `share` of the variance, if any."""

    names: tuple[str, ...]
    share: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class PCASummary:
    """Principal components of the intensities scaled to 0…1: `share` of the variance that each carries."""

    n_components: int
    share: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class StagesSummary:
    """One image on its way: `row` None for a drawing; `slant` columns a row that deskewing takes out."""

    row: int | None
    label: int | None
    slant: float
