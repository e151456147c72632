"""Learning from rows that come in batches and are not kept: a uniform sample of all that came, and its minimum.

Every row draws a key in 0…1, and the R smallest keys stay: a uniform sample of R of the n rows that ever came,
whatever their order (Vitter, Random sampling with a reservoir, 1985). Which places in the stream are drawn depends on
the seed alone, not on how the stream is cut into batches. As the keys are kept, R can be lowered at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import clone
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, validate_data

from sightline.errors import DataError, UsageError
from sightline.logistic.history import FitHistory, Listener

Floats = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.int64]

RESERVOIR_BYTES, LEAST_ROWS = 120_000_000, 20_000
"""The reservoir has as many rows as so many bytes hold, and no fewer than LEAST_ROWS."""
ABSENT = 50.0
"""A class without rows has an intercept so far below the others' mean: its probability is below exp(−ABSENT)."""
DTYPES = [np.float64, np.float32, np.uint8]


class Reservoir:
    """A uniform sample of at most R of all rows that were added, with their codes and weights.

    Parameters
    ----------
    d : int
        Columns.
    seed : int
        Draws the places in the stream whose rows stay.
    rows : int ≥ 1 or None
        R; None takes what `RESERVOIR_BYTES` hold of the widest dtype that came, at least `LEAST_ROWS`.

    Attributes
    ----------
    seen : int, n, rows that were added
    kept : int, rows that are here, min(n, R)

    Notes
    -----
    Laws: every set of R of the n places is equally likely · the same stream cut otherwise leaves the same rows ·
    while n ≤ R, all rows are here, in order.
    """

    def __init__(self, d: int, seed: int, rows: int | None = None) -> None:
        self.rng, self.rows = np.random.default_rng([seed, 0x5E55]), rows
        self.seen = self.kept = 0
        self._X: npt.NDArray[Any] = np.empty((0, d), np.uint8)
        self._codes = np.empty(0, np.int64)
        self._weights, self._keys = np.empty(0), np.empty(0)

    @property
    def most(self) -> int:
        """R: so many rows have room."""
        d = max(1, self._X.shape[1])
        return self.rows or max(LEAST_ROWS, RESERVOIR_BYTES // (d * self._X.dtype.itemsize))

    @property
    def held(self) -> tuple[npt.NDArray[Any], Integers, npt.NDArray[np.float64]]:
        """The rows kept (kept, d), their codes and weights (kept,): views, not to be written to."""
        return self._X[: self.kept], self._codes[: self.kept], self._weights[: self.kept]

    def add(self, X: npt.NDArray[Any], codes: Integers, weights: npt.NDArray[np.float64]) -> None:
        """Let rows (m, d) come by, with codes and weights (m,)."""
        self._widen(np.promote_types(self._X.dtype, X.dtype))
        keys = self.rng.random(len(X))
        self.seen += len(X)
        most, kept = self.most, self.kept
        if kept + len(X) <= most:
            new, slots = np.arange(len(X)), np.arange(kept, kept + len(X))
        else:
            order = np.argpartition(np.concatenate([self._keys[:kept], keys]), most - 1)[:most]
            stays = np.zeros(kept, bool)
            stays[order[order < kept]] = True
            new = np.sort(order[order >= kept]) - kept
            slots = np.concatenate([np.flatnonzero(~stays), np.arange(kept, most)])
        self.kept = min(most, kept + len(X))
        self._resize(self.kept)
        for here, there in zip(self._arrays(), (X, codes, weights, keys), strict=True):
            here[slots] = there[new]

    def recode(self, new: Integers) -> None:
        """Code k becomes `new[k]`."""
        self._codes[: self.kept] = new[self._codes[: self.kept]]

    def _arrays(self) -> tuple[npt.NDArray[Any], ...]:
        return self._X, self._codes, self._weights, self._keys

    def _widen(self, dtype: np.dtype[Any]) -> None:
        """Hold numbers of another dtype from now on, and no more rows of it than there is room for."""
        if dtype == self._X.dtype:
            return
        narrow = self._X
        self._X = np.empty((0, narrow.shape[1]), dtype)
        few = np.sort(np.argsort(self._keys[: self.kept])[: self.most])
        self.kept = len(few)
        self._X = narrow[few].astype(dtype)
        self._codes, self._weights, self._keys = self._codes[few], self._weights[few], self._keys[few]

    def _resize(self, rows: int) -> None:
        """Have memory for so many rows, and for more to come."""
        have = len(self._keys)
        if rows <= have:
            return
        size = min(self.most, max(rows, 2 * have))
        grown = [np.empty((size, *one.shape[1:]), one.dtype) for one in self._arrays()]
        for new, old in zip(grown, self._arrays(), strict=True):
            new[:have] = old
        self._X, self._codes, self._weights, self._keys = grown


class Found(NamedTuple):
    """Of the classes that the reservoir has rows of: their `classes` (K',), and `coef` and `intercept` of a fit."""

    classes: npt.NDArray[Any]
    coef: Floats
    intercept: Floats


class Streaming:
    """`partial_fit` for a classifier that has `fit` with weights and a warm start."""

    classes_: Any
    coef_: Any
    intercept_: Any
    random_state: int
    class_weight: Any

    def partial_fit(
        self,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        classes: npt.ArrayLike | None = None,
        sample_weight: npt.ArrayLike | None = None,
        *,
        reservoir_rows: int | None = None,
        listeners: Sequence[Listener] = (),
    ) -> Self:
        """Learn from one more batch of rows: the minimum over a uniform sample of all rows that ever came.

        A reservoir keeps R rows: as many as 120 MB hold (153,061 of 784 bytes), 20,000 at least. After each call the
        model is the minimum, to ``tol``, of the objective over them, each counting n/R times, where n rows came.

        - While n ≤ R, it is the minimum of `fit` on all rows so far, whatever the batches and their order.
        - Beyond, it is that of `fit` on R rows drawn uniformly from all n, whatever their order. Its objective on
          all n rows is above the least by about p/2 · (1/R − 1/n), where p weights are free and the model holds.

        Parameters
        ----------
        X : (m, d), y : (m,), sample_weight : (m,) ≥ 0 or None
            As for `fit`. A row of weight 0 has not come.
        classes : (K,) labels or None
            All that can ever come. Those without a row have coefficients of 0 and a probability below 2e-22. None
            takes them as they come: `classes_`, and with it the columns of `predict_proba`, grow.
        reservoir_rows : int ≥ 1 or None
            Another R, at the first call.
        listeners : callables
            As for `fit`.

        Returns
        -------
        self

        Raises
        ------
        DataError
            All rows so far have one class, and `classes` names no other; or a label that `classes` does not have.
        UsageError
            `classes` or `reservoir_rows` differ from the first call's, or are impossible.
        KeyboardInterrupt
            After Ctrl-C; the rows have come, the best coefficients so far are kept.

        Notes
        -----
        Every call begins at the last call's coefficients. `fit` and `fit_blocks` let the reservoir go; rows that
        they saw are not in it. It is pickled with the model. With ``class_weight="balanced"`` classes are counted in
        the reservoir.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from sightline import LogisticRegression
        >>> X, y = load_digits(return_X_y=True)
        >>> model = LogisticRegression(C=0.1)
        >>> for start in range(0, 1797, 600):
        ...     _ = model.partial_fit(X[start : start + 600], y[start : start + 600], classes=range(10))
        >>> model.n_samples_seen_, model.coef_.shape
        (1797, (10, 64))
        """
        self._check_parameters()
        stream: _Stream | None = self.__dict__.get("_stream")
        rows, labels = validate_data(self, X, y, dtype=DTYPES, order="C", reset=stream is None)
        check_classification_targets(np.tile(labels, 3))  # few rows may well have a class each
        weights = _check_sample_weight(sample_weight, rows, dtype=np.float64, ensure_non_negative=True)
        if stream is None:
            stream = _Stream(rows.shape[1], self.random_state, classes, reservoir_rows)
            if hasattr(self, "coef_") and self.coef_.shape[1] == rows.shape[1]:
                stream.found = Found(self.classes_, self.coef_, self.intercept_)
        else:
            stream.agree(classes, reservoir_rows)
        some = weights > 0
        stream.add(*((rows, labels, weights) if some.all() else (rows[some], labels[some], weights[some])))
        self._stream = stream
        self._learn_again(stream, listeners)
        return self

    @property
    def n_samples_seen_(self) -> int:
        """Rows that `partial_fit` was given since it was begun."""
        if "_stream" not in self.__dict__:
            raise AttributeError("no rows have come by partial_fit")
        return self._stream.reservoir.seen

    def _learn_again(self, stream: _Stream, listeners: Sequence[Listener]) -> None:
        """The minimum over the reservoir, from the last one."""
        X, codes, weights = stream.reservoir.held
        classes = stream.classes
        present = classes[np.flatnonzero(np.bincount(codes, minlength=len(classes)))]
        if isinstance(self.class_weight, dict):
            compute_class_weight(self.class_weight, classes=classes, y=classes)  # names no other class
        if len(present) < 2:
            nothing = np.zeros((1, X.shape[1]), np.float32 if X.dtype == np.uint8 else X.dtype)
            stream.found = Found(present, nothing, nothing[:, 0])
            self._take(stream, FitHistory((), True, "converged: all rows so far have one class"))
            return
        inner: Any = clone(self)
        inner.warm_start = True
        if isinstance(self.class_weight, dict):
            inner.class_weight = {k: v for k, v in self.class_weight.items() if k in present}
        if stream.found is not None:
            inner.classes_, inner.coef_, inner.intercept_ = stream.found
        try:
            times = stream.reservoir.seen / stream.reservoir.kept
            inner.fit(X, classes[codes], weights * times, listeners=listeners)
        finally:
            if hasattr(inner, "history_"):
                stream.found = Found(inner.classes_, inner.coef_, inner.intercept_)
                self._take(stream, inner.history_)

    def _take(self, stream: _Stream, history: FitHistory) -> None:
        self.classes_ = stream.classes
        self.coef_, self.intercept_ = stream.spread()
        self.history_, self.converged_ = history, history.converged
        passes = history.passes[-1].number if history.passes else 0
        self.n_iter_ = np.array([passes], dtype=np.int32)

    def _check_parameters(self) -> None:
        raise NotImplementedError


class _Stream:
    """What `partial_fit` keeps from call to call: the reservoir, the `classes` by code, the last minimum `found`."""

    def __init__(self, d: int, seed: int, classes: npt.ArrayLike | None, rows: int | None) -> None:
        if rows is not None and rows < 1:
            raise UsageError(f"reservoir_rows = {rows!r} is below 1", "None takes as many as 120 MB hold.")
        self.named = None if classes is None else _distinct(classes)
        self.classes: npt.NDArray[Any] = np.empty(0) if self.named is None else self.named
        self.rows, self.reservoir = rows, Reservoir(d, seed, rows)
        self.found: Found | None = None

    def agree(self, classes: npt.ArrayLike | None, rows: int | None) -> None:
        """See that a later call asks for the same.

        Raises
        ------
        UsageError
            It does not.
        """
        if classes is not None and not np.array_equal(_distinct(classes), self.classes):
            raise UsageError(
                f"classes = {np.asarray(classes).tolist()!r} are not those of the calls before, "
                f"{self.classes.tolist()!r}",
                "Name all classes at the first call; fit begins anew.",
            )
        if rows is not None and rows != self.rows:
            raise UsageError(
                f"reservoir_rows = {rows!r} is not that of the first call, {self.rows!r}", "Leave it out."
            )

    def add(self, X: npt.NDArray[Any], labels: npt.NDArray[Any], weights: npt.NDArray[np.float64]) -> None:
        """Let rows come by.

        Raises
        ------
        DataError
            A label is not among the classes that were named; or all rows so far have one label and none was named.
        """
        if self.named is None:
            present = np.unique(labels)
            grown = present if not len(self.classes) else np.union1d(self.classes, present)
            if len(grown) < 2:
                raise DataError(
                    f"all rows so far (n_samples = {len(labels)}) have one class, {grown.tolist()!r}",
                    "A classifier needs at least two classes. With classes=[…], which names all of them, rows of "
                    "one class alone can come first.",
                )
            if len(self.classes):
                self.reservoir.recode(np.searchsorted(grown, self.classes))
            self.classes = grown
        strange = labels[~np.isin(labels, self.classes)]
        if len(strange):
            raise DataError(
                f"a row has label {strange.tolist()[0]!r}, which is not one of the classes "
                f"{self.classes.tolist()!r}",
                "Name all classes at the first call.",
            )
        self.reservoir.add(X, np.searchsorted(self.classes, labels), weights)

    def spread(self) -> tuple[Floats, Floats]:
        """Coefficients (K, d) or (1, d) and intercepts of all classes; those without rows as good as never decide."""
        assert self.found is not None
        present, coef, intercept = self.found
        K = len(self.classes)
        if len(present) == K:
            return coef, intercept
        if K == 2:
            return coef, np.full_like(intercept, ABSENT if present[0] == self.classes[1] else -ABSENT)
        if len(present) == 2:  # the same differences of z
            coef, intercept = np.vstack([-coef, coef]) / 2, np.concatenate([-intercept, intercept]) / 2
        at = np.searchsorted(self.classes, present)
        W, b = np.zeros((K, coef.shape[1]), coef.dtype), np.full(K, intercept.mean() - ABSENT, coef.dtype)
        W[at], b[at] = coef, intercept
        return W, b


def _distinct(classes: npt.ArrayLike) -> npt.NDArray[Any]:
    named = np.unique(np.asarray(classes))
    if len(named) < 2:
        raise UsageError(f"classes = {named.tolist()!r}: fewer than two", "Name all classes that can come.")
    return named
