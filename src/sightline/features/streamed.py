"""A pipeline that learns from more than fits in memory: block by block, and from changed copies of every image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline

from sightline.errors import UsageError
from sightline.features.augment import Augmentation, augmented
from sightline.features.images import Shape, resolve_shape

BLOCK = 2048
Told = Callable[[float], None]


class StreamedPipeline(Pipeline):  # type: ignore[misc]
    """A pipeline whose steps learn from a sample of the rows, and whose classifier learns from the features of all.

    Between steps only a block of rows is held, so that steps may widen them manifold. With `copies`, the classifier
    sees that many changed copies of every image as well; what it predicts from are images as they are.

    Parameters
    ----------
    steps : list of (name, transformer), the last a classifier
    augmentation : Augmentation or None
    copies : int ≥ 0
        Of every image, beside the image itself.
    shape : (height, width[, 3]) or None
        Of an image, for the copies.
    sample : int
        Rows that the transformers learn from, drawn at random.
    random_state : int
        Draws sample and copies.

    Notes
    -----
    Laws: without copies, and with a sample of all rows, it is scikit-learn's `Pipeline` · same seed, same model, on
    any number of threads.
    """

    def __init__(
        self,
        steps: list[tuple[str, Any]],
        *,
        augmentation: Augmentation | None = None,
        copies: int = 0,
        shape: Shape | None = None,
        sample: int = 10_000,
        random_state: int = 0,
        transform_input: list[str] | None = None,
        memory: Any = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(steps, transform_input=transform_input, memory=memory, verbose=verbose)
        self.augmentation = augmentation
        self.copies = copies
        self.shape = shape
        self.sample = sample
        self.random_state = random_state

    def fit(self, X: npt.ArrayLike, y: Any = None, **params: Any) -> Self:
        """Learn the steps, then the classifier.

        Parameters
        ----------
        X : (n, d) pixels 0…255
        y : (n,) labels
        **params
            ``classifier__listeners=…`` and the like, for the last step's `fit`.
        """
        rows, names = np.asarray(X), list(getattr(X, "columns", ()))
        self._names = names if names and all(isinstance(name, str) for name in names) else None
        features, labels = self.training_features(rows, np.asarray(y))
        name = self.steps[-1][0]
        own = {key.removeprefix(f"{name}__"): value for key, value in params.items()}
        self.steps[-1][1].fit(features, labels, **own)
        columns = getattr(self._table(rows[:1]), "columns", None)
        if columns is not None:
            self.steps[-1][1].feature_names_in_ = np.asarray(columns, dtype=object)
        return self

    def training_features(
        self, X: npt.NDArray[Any], y: npt.NDArray[Any], told: Told | None = None
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Learn the steps, and return what the classifier is to learn from.

        Parameters
        ----------
        X : (n, d); y : (n,)
        told : callable, optional
            Told the share that is done, 0…1.

        Returns
        -------
        features : (n · (1 + copies), m)
            The images themselves first, then copy by copy.
        labels : (n · (1 + copies),)
        """
        if self.copies < 0:
            raise UsageError(f"copies = {self.copies!r} is below 0")
        first = self._learned(X, y)
        n, times = len(X), 1 + self.copies
        features = np.empty((n * times, first.shape[1]), first.dtype)
        done = 0
        for copy in range(times):
            for rows, block in self._blocks(X, copy):
                for part in range(0, len(block), BLOCK):
                    start = copy * n + rows.start + part
                    piece = block[part : part + BLOCK]
                    features[start : start + len(piece)] = self._through(piece)
                    done += len(piece)
                    if told is not None:
                        told(done / len(features))
        return features, np.tile(y, times)

    def learn_steps(self, X: npt.NDArray[Any], y: npt.NDArray[Any]) -> int:
        """Learn the steps alone, from rows X (n, d) or a sample of them; the numbers that they leave of a row."""
        return int(self._learned(X, y).shape[1])

    def features(self, X: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """What the classifier sees of rows X (n, d): (n, m), block by block."""
        parts = [self._through(X[start : start + BLOCK]) for start in range(0, len(X), BLOCK)]
        return np.concatenate(parts)

    def _learned(self, X: npt.NDArray[Any], y: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Fit the transformers one after the other on a sample; return the last one's first few rows."""
        rows = np.arange(len(X))
        if len(X) > self.sample:
            rows = np.sort(np.random.default_rng(self.random_state).permutation(len(X))[: self.sample])
        value, labels = self._named(X[rows]), y[rows]
        for i, (_, step) in enumerate(self.steps[:-1]):
            step.fit(value, labels)
            value = step.transform(value if i < len(self.steps) - 2 else value[:2])
        return np.asarray(value)

    def _blocks(self, X: npt.NDArray[Any], copy: int) -> Any:
        if copy == 0:
            return ((slice(i, min(i + BLOCK, len(X))), X[i : i + BLOCK]) for i in range(0, len(X), BLOCK))
        shape = resolve_shape(self.shape, X.shape[1])
        how = self.augmentation or Augmentation()
        return augmented(X, shape, how, copy=copy, seed=self.random_state)

    def _through(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.asarray(self._table(rows))

    def _table(self, rows: Any) -> Any:
        """What the steps make of rows: an array, or a table where `set_output` asked for one."""
        rows = self._named(rows)
        for _, step in self.steps[:-1]:
            rows = step.transform(rows)
        return rows

    def _named(self, rows: npt.NDArray[Any]) -> Any:
        """Rows as a table, where `fit` was given one: then the steps know its columns."""
        names = self.__dict__.get("_names")
        if names is None:
            return rows
        import pandas as pd

        return pd.DataFrame(rows, columns=pd.Index(names), copy=False)
