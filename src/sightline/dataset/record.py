"""The record itself: what is known of labelled images, and the views and selections of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sightline.dataset import draw, frames
from sightline.dataset.check import check
from sightline.errors import DataError, UsageError

if TYPE_CHECKING:
    import pandas as pd

ImageArray = npt.NDArray[np.uint8]
LabelArray = npt.NDArray[np.int64]
RowArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Labelled images of one size, the training rows first.

    Parameters
    ----------
    images : (n, height, width) or (n, height, width, 3) uint8
        Intensities 0…255, 0 is black; colour is RGB.
    labels : (n,) int64
        The class of each image, 0…K−1, an index into `classes`.
    classes : tuple of str
        The K class names.
    name, source, licence : str
        What it is called, where it came from (address or path), and under which licence.
    n_train : int or None
        The first `n_train` rows are for training, the rest for testing; None where nobody has split yet.
    files : tuple of str
        Name of the file behind each image, or empty.
    notes : tuple of str
        What the reader of the data should know (files left out, sizes mixed, digest not the official one).
    rows : (n,) int64 or None
        Row of each image in the data set as it was published, where a split has reordered it.

    Raises
    ------
    DataError
        Shapes, dtypes, label range or lengths do not fit together.
    """

    images: ImageArray
    labels: LabelArray
    classes: tuple[str, ...]
    name: str = "data"
    source: str = ""
    licence: str = "unknown"
    n_train: int | None = None
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rows: RowArray | None = None
    _digest: str | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        check(self)

    # -- sizes ---------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.images)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one image: (height, width) or (height, width, 3)."""
        return tuple(int(side) for side in self.images.shape[1:])

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return int(self.images.shape[1])

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return int(self.images.shape[2])

    @property
    def channels(self) -> int:
        """1 for grey, 3 for colour."""
        return 3 if self.images.ndim == 4 else 1

    @property
    def n_classes(self) -> int:
        """K, the number of classes."""
        return len(self.classes)

    @property
    def n_features(self) -> int:
        """Numbers in one image: height × width × channels."""
        return self.height * self.width * self.channels

    # -- views ---------------------------------------------------------------------------------------

    @property
    def X(self) -> ImageArray:
        """(n, height·width·channels) uint8: one image a row, a view, for scikit-learn."""
        return self.images.reshape(len(self), -1)

    @property
    def y(self) -> LabelArray:
        """(n,) class numbers, the same as `labels`."""
        return self.labels

    @property
    def train(self) -> Dataset:
        """The training rows, a view; all of them where nobody has split."""
        return (
            self if self.n_train is None else self.take(slice(0, self.n_train), name=f"{self.name} (train)")
        )

    @property
    def test(self) -> Dataset:
        """The test rows, a view.

        Raises
        ------
        DataError
            There is no test split; `split()` makes one.
        """
        if self.n_train is None or self.n_train == len(self):
            raise DataError(f"'{self.name}' has no test images", "Call .split(test_size=0.2, seed=0) first.")
        return self.take(slice(self.n_train, None), name=f"{self.name} (test)")

    def take(self, rows: slice | npt.ArrayLike, *, name: str | None = None) -> Dataset:
        """Return some rows as an unsplit data set: a slice of them (a view), row numbers or a mask (a copy).

        Raises
        ------
        DataError
            There are none.
        IndexError
            There is no such row, or the mask has another length.
        """
        numbers = np.arange(len(self), dtype=np.int64) if self.rows is None else self.rows
        index: Any = rows
        if not isinstance(rows, slice):
            index = np.atleast_1d(np.asarray(rows))
            index = np.arange(len(self))[index if index.size else np.empty(0, np.int64)]
        files = self.files
        if files:
            files = files[index] if isinstance(index, slice) else tuple(files[i] for i in index)
        return replace(
            self,
            images=self.images[index],
            labels=self.labels[index],
            name=name or self.name,
            n_train=None,
            files=files,
            rows=numbers[index],
        )

    def split(
        self, *, test_size: float | int = 0.2, seed: int = 0, stratify: bool = True, permutation: bool = False
    ) -> Dataset:
        """Return the same images with a train/test split drawn by `seed`.

        Parameters
        ----------
        test_size : float or int
            Share (0…1) or number of images to keep for testing.
        seed : int
            Same seed, same split.
        stratify : bool
            Keep the class proportions equal in both parts; every class keeps an image to learn from.
        permutation : bool
            Draw as ``sklearn.model_selection.train_test_split(random_state=seed)`` does, not stratified:
            the tutorial's own split is ``split(test_size=0.2, seed=42, permutation=True)``.

        Raises
        ------
        UsageError
            `test_size` leaves nothing to train on or nothing to test, or a stratified split would leave a
            class without any image to learn from; or the seed is negative.
        """
        n_test = draw.count_to_test(test_size, len(self))
        if not 0 <= seed < 1 << 32:
            raise UsageError(f"a seed of {seed} is not possible", "Give a whole number, 0 or more.")
        if permutation:
            train, test = draw.permuted(len(self), n_test, seed)
        elif stratify:
            train, test = draw.stratified(self.labels, self.n_classes, n_test, seed)
        else:
            train, test = draw.plain(len(self), n_test, seed)
        return replace(self.take(np.concatenate([train, test])), n_train=len(train))

    def subset(self, classes: Sequence[str]) -> Dataset:
        """Keep only the named classes, in the order given; the split is kept.

        Raises
        ------
        UsageError
            A name is not one of `classes`, or fewer than two remain.
        """
        unknown = [name for name in classes if name not in self.classes]
        if unknown or len(set(classes)) < 2:
            raise UsageError(
                f"cannot keep the classes {list(classes)} of '{self.name}'",
                f"Name two or more of: {', '.join(self.classes)}.",
            )
        code = np.full(self.n_classes, -1, dtype=np.int64)
        for new, name in enumerate(dict.fromkeys(classes)):
            code[self.classes.index(name)] = new
        rows = np.flatnonzero(code[self.labels] >= 0)
        kept = self.take(rows)
        n_train = None if self.n_train is None else int(np.searchsorted(rows, self.n_train))
        return replace(kept, labels=code[kept.labels], classes=tuple(dict.fromkeys(classes)), n_train=n_train)

    # -- identity ------------------------------------------------------------------------------------

    @property
    def digest(self) -> str:
        """SHA-256 (hexadecimal) over shape, pixels, labels, class names and split."""
        if self._digest is None:
            n_train = None if self.n_train is None else int(self.n_train)
            sha = hashlib.sha256(repr((self.images.shape, tuple(map(str, self.classes)), n_train)).encode())
            for start in range(0, len(self), 4096):
                sha.update(np.ascontiguousarray(self.images[start : start + 4096]).data)
            sha.update(np.ascontiguousarray(self.labels, dtype="<i8").data)
            object.__setattr__(self, "_digest", sha.hexdigest())
        return str(self._digest)

    def believing(self, digest: str) -> Dataset:
        """Return the same data set, its digest known from when it was stored and not computed again."""
        same = replace(self)
        object.__setattr__(same, "_digest", digest)
        return same

    # -- for people who come from fetch_openml ---------------------------------------------------------

    def keys(self) -> tuple[str, ...]:
        """Names that ``dataset[name]`` answers, those of ``sklearn.datasets.fetch_openml``."""
        return frames.KEYS

    def __iter__(self) -> Iterator[str]:
        return iter(frames.KEYS)

    def __contains__(self, key: object) -> bool:
        return key in frames.KEYS

    @property
    def feature_names(self) -> list[str]:
        """Column names of `X`: pixel1, pixel2 … as OpenML counts them."""
        return [f"pixel{i}" for i in range(1, self.n_features + 1)]

    @property
    def data(self) -> pd.DataFrame:
        """`X` as a DataFrame with named columns."""
        return frames.pixels(self)

    @property
    def target(self) -> pd.Series[str]:
        """Class names, one a row, as a categorical Series."""
        return frames.class_names(self)

    def to_frame(self) -> pd.DataFrame:
        """Pixels and class in one DataFrame, the class last."""
        return self.data.assign(**{"class": self.target})

    def __getitem__(self, key: str) -> Any:
        return frames.answer(self, key)

    # -- looks ---------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        size = "×".join(str(side) for side in self.shape)
        parts = f"{len(self):,} images of {size}, {self.n_classes} classes"
        if self.n_train is not None:
            parts += f", {self.n_train:,} for training and {len(self) - self.n_train:,} for testing"
        return f"Dataset '{self.name}': {parts}"

    def _repr_html_(self) -> str:
        """Gallery of the first images of each class, for notebooks."""
        from sightline.dataset.gallery import gallery

        return gallery(self)
