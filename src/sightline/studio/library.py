"""What the studio knows of its images: each answer made once, when it is first asked for, and kept as bytes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from sightline.dataset import Dataset
from sightline.errors import NotFoundError
from sightline.exploration import Exploration, explore
from sightline.exploration.duplicates import exact_groups
from sightline.exploration.look import band_of
from sightline.features import PCA, Deskew, IntensitySymmetry
from sightline.studio.framing import measure
from sightline.studio.packet import codes, packed, singles
from sightline.studio.wire import (
    ClassSummary,
    DatasetSummary,
    ExplorationSummary,
    Framing,
    Pair,
    PCASummary,
    ScatterSummary,
    StagesSummary,
)

Kept = TypeVar("Kept")
Pixels = npt.NDArray[np.uint8]
BLOCK_BYTES, MOST_IN_BLOCK = 1 << 20, 1024
THUMB = 32
"""Longest side of a thumbnail."""
PLOTTED = 10
"""Components that the scatter offers as axes."""
COMPONENT_NUMBERS, MOST_COMPONENTS = 1_000_000, 200
ROWS_FOR_PCA, WIDE = 20_000, 1500
"""Rows that the directions of the pictures are found from; far fewer for WIDE images, where all would take long."""

MOST_PAIRS = 200
ROWS = 4096


class Library:
    """Answers about one data set; safe to ask from many threads.

    Parameters
    ----------
    dataset : Dataset
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.n_train = len(dataset) if dataset.n_train is None else dataset.n_train
        self._kept: dict[str, Any] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._door = threading.Lock()

    def once(self, name: str, make: Callable[[], Kept]) -> Kept:
        """Make something the first time it is asked for; who asks meanwhile waits."""
        with self._door:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            if name not in self._kept:
                self._kept[name] = make()
            kept: Kept = self._kept[name]
            return kept

    # -- records ---------------------------------------------------------------------------------------

    def summary(self) -> DatasetSummary:
        """What the data set is."""
        return self.once("summary", self._summary)

    def _summary(self) -> DatasetSummary:
        data, K = self.dataset, self.dataset.n_classes
        train = np.bincount(data.labels[: self.n_train], minlength=K)
        test = np.bincount(data.labels[self.n_train :], minlength=K)
        th, tw = self._thumb_size()
        return DatasetSummary(
            name=data.name,
            source=data.source,
            licence=data.licence,
            notes=data.notes,
            digest=data.digest,
            n=len(data),
            n_train=self.n_train,
            height=data.height,
            width=data.width,
            channels=data.channels,
            classes=tuple(
                ClassSummary(name, int(train[k]), int(test[k])) for k, name in enumerate(data.classes)
            ),
            image_block=_in_block(data.n_features),
            thumb_height=th,
            thumb_width=tw,
            thumb_block=_in_block(th * tw * data.channels),
            band=band_of(data.n_features),
        )

    def framing(self) -> Framing:
        """How the training images were framed."""
        return self.once("framing", lambda: measure(self.dataset.images[: self.n_train]))

    def found(self) -> Exploration:
        """The look at the images."""
        return self.once("found", lambda: explore(self.dataset))

    # -- images ----------------------------------------------------------------------------------------

    def images(self, block: int) -> bytes:
        """One block of images."""
        return np.ascontiguousarray(self._block(block, self.summary().image_block)).tobytes()

    def thumbs(self, block: int) -> bytes:
        """One block of thumbnails."""
        images = self._block(block, self.summary().thumb_block)
        size = self._thumb_size()
        if size == images.shape[1:3]:
            return np.ascontiguousarray(images).tobytes()
        from PIL import Image

        box = Image.Resampling.BOX
        small = [np.asarray(Image.fromarray(one).resize(size[::-1], box)) for one in images]
        return np.stack(small).tobytes()

    def _block(self, block: int, size: int) -> Pixels:
        if not 0 <= block * size < len(self.dataset):
            raise NotFoundError(
                f"there is no block {block}", f"The last is {(len(self.dataset) - 1) // size}."
            )
        return self.dataset.images[block * size : (block + 1) * size]

    def _thumb_size(self) -> tuple[int, int]:
        data = self.dataset
        scale = min(1.0, THUMB / max(data.height, data.width))
        return max(1, round(data.height * scale)), max(1, round(data.width * scale))

    def image(self, row: int) -> Pixels:
        """One image.

        Raises
        ------
        NotFoundError
            There is no such row.
        """
        if not 0 <= row < len(self.dataset):
            raise NotFoundError(f"there is no image {row}", f"Rows are 0…{len(self.dataset) - 1}.")
        image: Pixels = self.dataset.images[row]
        return image

    # -- packets ---------------------------------------------------------------------------------------

    def columns(self) -> bytes:
        """Label, ink and duplicates of every image."""
        return self.once("columns", self._columns)

    def _columns(self) -> bytes:
        data = self.dataset
        ink = np.empty(len(data), np.float32)
        for start in range(0, len(data), ROWS):
            ink[start : start + ROWS] = data.X[start : start + ROWS].mean(axis=1) / 255
        duplicate = np.zeros(len(data), np.uint8)
        for group in exact_groups(data.X)[0]:
            duplicate[list(group)] = 1
        return packed(None, label=codes(data.labels, data.n_classes), ink=ink, duplicate=duplicate)

    def exploration(self) -> bytes:
        """The look at the images, with its pictures."""
        return self.once("exploration", self._exploration)

    def _exploration(self) -> bytes:
        found = self.found()
        summary = ExplorationSummary(
            minimum=found.minimum,
            maximum=found.maximum,
            mean=found.mean,
            std=found.std,
            zero_share=found.zero_share,
            balance=found.balance,
            rank=(found.rank[0.90], found.rank[0.95], found.rank[0.99]),
            duplicates=tuple(tuple(int(row) for row in group) for group in found.exact_duplicates),
            near=_pairs(found.near_duplicates),
            leaks=_pairs(found.leaks),
            conflicts=tuple(tuple(int(row) for row in group) for group in found.conflicts),
            typical=_rows(found.typical),
            atypical=_rows(found.atypical),
            blank=tuple(int(row) for row in found.blank),
        )
        return packed(
            summary,
            counts=found.counts.astype(np.uint32),
            histogram=found.histogram.astype(np.uint32),
            mean=singles(found.mean_image),
            variance=singles(found.variance_image),
            class_mean=singles(found.class_mean),
            class_variance=singles(found.class_variance),
            constant=found.constant.astype(np.uint8),
            explained=singles(found.explained),
        )

    def components(self) -> PCA:
        """Principal directions of the training images, scaled to 0…1."""
        return self.once("components", self._components)

    def _components(self) -> PCA:
        d = self.dataset.n_features
        train = self.dataset.X[: self.n_train]
        rows = train[:: -(-len(train) // (ROWS_FOR_PCA if d <= WIDE else max(d // 5, MOST_COMPONENTS)))]
        k = int(np.clip(COMPONENT_NUMBERS // d, PLOTTED, min(MOST_COMPONENTS, d)))
        return PCA(k).fit(rows.astype(np.float32) / np.float32(255))

    def pca(self) -> bytes:
        """Mean and directions."""
        return self.once("pca", self._pca)

    def _pca(self) -> bytes:
        pca = self.components()
        share = tuple(float(one) for one in pca.explained_variance_ratio_)
        return packed(
            PCASummary(int(pca.n_components_), share),
            mean=singles(pca.mean_),
            components=singles(pca.components_),
        )

    def scatter(self) -> bytes:
        """Two numbers and the first components of every image."""
        return self.once("scatter", self._scatter)

    def _scatter(self) -> bytes:
        pca, X = self.components(), self.dataset.X
        k = min(PLOTTED, int(pca.n_components_))
        directions = np.ascontiguousarray(pca.components_[:k].T)
        pair = IntensitySymmetry(self.dataset.shape).fit(X[:1])
        out = np.empty((2 + k, len(X)), np.float32)
        for start in range(0, len(X), ROWS):
            part = slice(start, start + ROWS)
            block = X[part].astype(np.float32) / np.float32(255)
            out[:2, part] = pair.transform(block).T
            out[2:, part] = ((block - pca.mean_) @ directions).T
        names = ("intensity", "symmetry", *(f"component {i + 1}" for i in range(k)))
        share = (None, None, *(float(one) for one in pca.explained_variance_ratio_[:k]))
        return packed(ScatterSummary(names, share), scatter=out)

    def stages(self, image: Pixels, row: int | None = None) -> bytes:
        """One image on its way through scaling, straightening and components."""
        pca, (mean, spread) = self.components(), self.once("spread", self._spread)
        scaled = image.reshape(1, -1).astype(np.float32) / np.float32(255)
        standard = np.where(spread > 0, (scaled[0] - mean) / np.where(spread > 0, spread, 1), 0)
        deskew = self.once("deskew", self._deskew)
        geometry = deskew.geometry(scaled[0])
        moved = (geometry.whole + geometry.part)[0].astype(np.float64)
        return packed(
            StagesSummary(
                row=row,
                label=None if row is None else int(self.dataset.labels[row]),
                slant=float((moved[-1] - moved[0]) / max(len(moved) - 1, 1)),
            ),
            original=image,
            scaled=scaled.reshape(image.shape),
            standard=singles(standard).reshape(image.shape),
            deskewed=singles(deskew.transform(scaled)).reshape(image.shape),
            coordinates=singles(pca.transform(scaled))[0],
        )

    def _spread(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Mean and standard deviation of each pixel over the training images, scaled to 0…1."""
        first, second = np.zeros((2, self.dataset.n_features))
        for start in range(0, self.n_train, ROWS):
            block = self.dataset.X[start : min(start + ROWS, self.n_train)].astype(np.float64) / 255
            first += block.sum(axis=0)
            second += np.square(block).sum(axis=0)
        mean = first / self.n_train
        return singles(mean), singles(np.sqrt(np.maximum(second / self.n_train - mean**2, 0)))

    def _deskew(self) -> Deskew:
        rows = self.dataset.X[: self.n_train : max(1, self.n_train // 2000)]
        return Deskew(self.dataset.shape).fit(rows.astype(np.float32) / np.float32(255))


def _in_block(numbers: int) -> int:
    return max(1, min(MOST_IN_BLOCK, BLOCK_BYTES // numbers))


def _pairs(found: list[tuple[int, int, float]]) -> tuple[Pair, ...]:
    return tuple(Pair(int(one), int(other), float(distance)) for one, other, distance in found[:MOST_PAIRS])


def _rows(found: npt.NDArray[np.int64]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(row) for row in rows if row >= 0) for rows in found)
