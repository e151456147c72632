"""Dataset: labelled images, the one type that everything downstream receives."""

from __future__ import annotations

import base64
import hashlib
import html
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sightline.errors import DataError, UsageError

if TYPE_CHECKING:
    import pandas as pd

ImageArray = npt.NDArray[np.uint8]
LabelArray = npt.NDArray[np.int64]
RowArray = npt.NDArray[np.int64]

KEYS = ("data", "target", "frame", "categories", "feature_names", "target_names", "DESCR", "details", "url")


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
    known_digest: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        images, labels, n = self.images, self.labels, len(self.images)
        if images.dtype != np.uint8 or images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] != 3):
            raise DataError(
                f"the images of '{self.name}' are {images.dtype} of shape {images.shape}",
                "Expected uint8 of shape (n, height, width) or (n, height, width, 3).",
            )
        if n == 0 or images.shape[1] == 0 or images.shape[2] == 0:
            raise DataError(f"'{self.name}' holds no pixels: its images have shape {images.shape}")
        if labels.shape != (n,):
            raise DataError(
                f"'{self.name}' has {n} images but labels of shape {labels.shape}",
                "Every image needs exactly one label.",
            )
        if not np.issubdtype(labels.dtype, np.integer):
            raise DataError(f"the labels of '{self.name}' are {labels.dtype}", "Expected class numbers 0…K−1.")
        if int(labels.min()) < 0 or int(labels.max()) >= len(self.classes):
            raise DataError(
                f"the labels of '{self.name}' run from {labels.min()} to {labels.max()}",
                f"With {len(self.classes)} class names they must lie in 0…{len(self.classes) - 1}.",
            )
        if self.n_train is not None and not 0 <= self.n_train <= n:
            raise DataError(f"'{self.name}' has {n} images but claims {self.n_train} for training")
        if self.files and len(self.files) != n:
            raise DataError(f"'{self.name}' has {n} images but {len(self.files)} file names")

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
        return self if self.n_train is None else self.take(slice(0, self.n_train), name=f"{self.name} (train)")

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
        """Return the named rows as an unsplit data set; a slice gives a view, an index array a copy."""
        index: Any = rows if isinstance(rows, slice) else np.asarray(rows)
        if not isinstance(index, slice) and index.dtype == bool:
            index = np.flatnonzero(index)
        numbers = np.arange(len(self), dtype=np.int64) if self.rows is None else self.rows
        files = self.files[index] if isinstance(index, slice) else tuple(self.files[i] for i in index if self.files)
        return replace(
            self,
            images=self.images[index],
            labels=self.labels[index],
            name=name or self.name,
            n_train=None,
            files=files,
            rows=numbers[index],
            known_digest=None,
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
            Keep the class proportions equal in both parts (classes of one image go to training).
        permutation : bool
            Draw as ``sklearn.model_selection.train_test_split(random_state=seed)`` does, not stratified:
            the tutorial's own split is ``split(test_size=0.2, seed=42, permutation=True)``.

        Raises
        ------
        UsageError
            `test_size` leaves nothing to train on or nothing to test.
        """
        n = len(self)
        n_test = int(np.ceil(test_size * n)) if isinstance(test_size, float) else int(test_size)
        if not 0 < n_test < n:
            raise UsageError(f"a test size of {test_size} of {n} images leaves one part empty")
        rng = np.random.default_rng(seed)
        if permutation:
            order = np.random.RandomState(seed).permutation(n)  # noqa: NPY002 — scikit-learn's own generator
            test, train = order[:n_test], order[n_test:]
        elif stratify:
            train, test = _stratified(self.labels, self.n_classes, n_test, rng)
        else:
            order = rng.permutation(n)
            test, train = np.sort(order[:n_test]), np.sort(order[n_test:])
        both = self.take(np.concatenate([train, test]))
        return replace(both, n_train=len(train))

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
        return replace(
            kept, labels=code[kept.labels], classes=tuple(dict.fromkeys(classes)), n_train=n_train
        )

    # -- identity ------------------------------------------------------------------------------------

    @property
    def digest(self) -> str:
        """SHA-256 (hexadecimal) over shape, pixels, labels, class names and split."""
        if self.known_digest is not None:
            return self.known_digest
        sha = hashlib.sha256(repr((self.images.shape, self.classes, self.n_train)).encode())
        for start in range(0, len(self), 4096):
            sha.update(np.ascontiguousarray(self.images[start : start + 4096]))
        sha.update(np.ascontiguousarray(self.labels, dtype="<i8"))
        object.__setattr__(self, "known_digest", sha.hexdigest())
        return sha.hexdigest()

    # -- for people who come from fetch_openml ---------------------------------------------------------

    def keys(self) -> tuple[str, ...]:
        """Names that ``dataset[name]`` answers, those of ``sklearn.datasets.fetch_openml``."""
        return KEYS

    def __iter__(self) -> Iterator[str]:
        return iter(KEYS)

    def __contains__(self, key: object) -> bool:
        return key in KEYS

    @property
    def feature_names(self) -> list[str]:
        """Column names of `X`: pixel1, pixel2 … as OpenML counts them."""
        return [f"pixel{i}" for i in range(1, self.n_features + 1)]

    @property
    def data(self) -> pd.DataFrame:
        """`X` as a DataFrame with named columns."""
        import pandas as pd

        return pd.DataFrame(self.X, columns=pd.Index(self.feature_names), copy=False)

    @property
    def target(self) -> pd.Series[str]:
        """Class names, one a row, as a categorical Series."""
        import pandas as pd

        codes = pd.Categorical.from_codes(self.labels, categories=list(self.classes))  # type: ignore[arg-type]
        return pd.Series(codes, name="class")  # type: ignore[return-value]

    def to_frame(self) -> pd.DataFrame:
        """Pixels and class in one DataFrame, the class last."""
        return self.data.assign(**{"class": self.target})

    def __getitem__(self, key: str) -> Any:
        answers = {
            "data": lambda: self.data,
            "target": lambda: self.target,
            "frame": self.to_frame,
            "categories": lambda: {"class": list(self.classes)},
            "feature_names": lambda: self.feature_names,
            "target_names": lambda: ["class"],
            "DESCR": lambda: "\n".join([f"{self!r}", f"Licence: {self.licence}", *self.notes]),
            "details": lambda: {"name": self.name, "licence": self.licence, "digest": self.digest},
            "url": lambda: self.source,
        }
        if key not in answers:
            raise KeyError(f"{key!r} is not one of {', '.join(KEYS)}; rows are taken with .take(rows)")
        return answers[key]()

    # -- looks ---------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        size = "×".join(str(side) for side in self.shape)
        parts = f"{len(self):,} images of {size}, {self.n_classes} classes"
        if self.n_train is not None:
            parts += f", {self.n_train:,} for training and {len(self) - self.n_train:,} for testing"
        return f"Dataset '{self.name}': {parts}"

    def _repr_html_(self) -> str:
        """Gallery of the first images of each class, for notebooks."""
        from PIL import Image

        figures = []
        for k, name in enumerate(self.classes[:12]):
            rows = np.flatnonzero(self.labels[:20_000] == k)[:8]
            if len(rows) == 0:
                continue
            buffer = io.BytesIO()
            Image.fromarray(np.concatenate(list(self.images[rows]), axis=1)).save(buffer, "PNG")
            encoded = base64.b64encode(buffer.getvalue()).decode()
            label = html.escape(name)
            figures.append(
                f'<tr><th style="text-align:right">{label}</th><td style="text-align:left">'
                f'<img alt="{len(rows)} images of {label}" style="height:32px;image-rendering:pixelated" '
                f'src="data:image/png;base64,{encoded}"></td></tr>'
            )
        return f"<div><p><b>{html.escape(repr(self))}</b></p><table>{''.join(figures)}</table></div>"


def _stratified(
    labels: LabelArray, n_classes: int, n_test: int, rng: np.random.Generator
) -> tuple[RowArray, RowArray]:
    """Draw `n_test` rows so that each class gives its share (largest remainders), one stays for training."""
    counts = np.bincount(labels, minlength=n_classes)
    share = counts * (n_test / len(labels))
    quota = np.minimum(share.astype(np.int64), np.maximum(counts - 1, 0))
    for k in np.argsort(quota - share, kind="stable"):
        if quota.sum() >= n_test:
            break
        quota[k] += quota[k] < counts[k] - 1
    chosen = np.zeros(len(labels), dtype=bool)
    for k in range(n_classes):
        rows = np.flatnonzero(labels == k)
        chosen[rng.permutation(rows)[: quota[k]]] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)
