"""LogisticRegression: a thin scikit-learn coat over the minimiser."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import closing
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from sightline.engine.blocks import RowBlocks
from sightline.engine.device import host
from sightline.errors import DataError, UsageError
from sightline.logistic.arrays import ArrayRows
from sightline.logistic.beginning import are_many, minimise_many
from sightline.logistic.functions import log_probability, sigmoid, softmax
from sightline.logistic.history import FitHistory, Listener
from sightline.logistic.incoming import array_scores, checked, taken
from sightline.logistic.lbfgs import minimise
from sightline.logistic.masses import masses
from sightline.logistic.objective import Objective
from sightline.logistic.reservoir import Streaming
from sightline.logistic.rowspace import RowSpace
from sightline.logistic.scores import scores
from sightline.logistic.sparse import coefficients, minimise_sparse, point_of

Floats = npt.NDArray[np.floating[Any]]
DTYPES = [np.float64, np.float32, np.uint8]


class LogisticRegression(Streaming, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    r"""Softmax regression for K classes, sigmoid for two, with an L2 penalty on the weights.

    Minimises, with masses m_i = sample weight × class weight and M = Σ m_i,

        F(W, b) = (1/M) Σ_i m_i ℓ(W x_i + b, y_i) + [(1 − α) ‖W‖² / 2 + α ‖W‖₁] / (C M),   α = l1_ratio,

    the same minimum as scikit-learn's: the intercept b is not penalised and `C` means the same.

    Parameters
    ----------
    C : float > 0, default 1.0
        Inverse strength of the penalty; ``numpy.inf`` for none.
    l1_ratio : float in 0…1, default 0.0
        Share of the absolute values in the penalty: 0 is ridge, 1 the lasso. Above 0, weights that do not pay
        are exactly 0, and the fit ends when its duality gap, which is certain, is below ``tol · F``.
    fit_intercept : bool, default True
    class_weight : dict, 'balanced' or None
        Mass of each class; 'balanced' makes every class count the same.
    tol : float > 0, default 1e-5
        Stop when the estimated gap F − F* falls below ``tol · F``.
    max_iter : int ≥ 1, default 1000
        Most passes over the data.
    warm_start : bool, default False
        Begin the next fit at the coefficients of the last.
    random_state : int, default 0
        Seed of the row samples behind the curvature; same seed, same model, on any number of threads.
    n_threads : int or None
        None takes all cores this process may use.
    device : str, default 'cpu'
        Where `fit` works: 'cpu', or in float32 on a graphics card, 'cuda', 'cuda:1' (extra ``gpu``; without a card
        a UserWarning says so, and the processor is used). Arrays of PyTorch or CuPy on a card are learned from,
        and decided on, where they are; what comes out is NumPy. See `sightline.engine.device`.

    Attributes
    ----------
    coef_ : (K, d), or (1, d) for two classes; dtype of the data, float32 for uint8
    intercept_ : (K,) or (1,)
    classes_ : (K,) labels in sorted order
    n_iter_ : (1,) int, passes over the data
    history_ : FitHistory, one record a pass
    converged_ : bool
    n_features_in_ : int

    Notes
    -----
    Laws: Σ_k W_k = 0 · λ W = Σ_i m_i (onehot − p)_i x_iᵀ / M at the optimum · X·c with C/c² gives W/c ·
    shifting X moves only the intercept · a row repeated twice is a row of weight 2.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(return_X_y=True)
    >>> model = LogisticRegression(C=0.1).fit(X, y)
    >>> model.converged_, model.coef_.shape
    (True, (10, 64))
    """

    def __init__(
        self,
        C: float = 1.0,
        *,
        l1_ratio: float = 0.0,
        fit_intercept: bool = True,
        class_weight: dict[Any, float] | str | None = None,
        tol: float = 1e-5,
        max_iter: int = 1000,
        warm_start: bool = False,
        random_state: int = 0,
        n_threads: int | None = None,
        device: str = "cpu",
    ) -> None:
        self.C = C
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.tol = tol
        self.max_iter = max_iter
        self.warm_start = warm_start
        self.random_state = random_state
        self.n_threads = n_threads
        self.device = device

    # -- learning ------------------------------------------------------------------------------------

    def fit(
        self,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
        *,
        listeners: Sequence[Listener] = (),
        keep_weights: bool = False,
    ) -> Self:
        """Learn from rows and labels.

        Parameters
        ----------
        X : (n, d) uint8, float32 or float64; other dtypes become float64. Used without a copy.
        y : (n,) labels of any sortable kind
        sample_weight : (n,) ≥ 0 or None
        listeners : callables
            Called with every `Pass`; one that returns True ends the fit.
        keep_weights : bool
            Put the coefficients into every `Pass`.

        Returns
        -------
        self

        Raises
        ------
        DataError
            Fewer than two classes, or no mass; ValueError from scikit-learn for NaN and wrong shapes.
        UsageError
            A parameter is out of its range.
        KeyboardInterrupt
            After Ctrl-C; the best coefficients so far are kept, and the model can be used.
        """
        self._check_parameters()
        rows, labels = self._checked(X, y)
        classes, codes = self._classes(labels)
        mass = self._mass(rows, labels, classes, codes, sample_weight)
        penalty = 0.0 if np.isinf(self.C) else 1.0 / max(self.C * float(mass.sum()), 1e-280)
        l1, narrow = penalty * self.l1_ratio, None
        if penalty > 0 and l1 == 0 and not keep_weights and not isinstance(rows, ArrayRows):
            narrow = RowSpace.of(rows, mass, centred=self.fit_intercept)
        seen = rows if narrow is None else narrow.L
        many = l1 == 0 and narrow is None and not keep_weights and are_many(rows, *rows.shape)
        objective = self._objective(seen, codes, classes, mass, penalty - l1, not many)
        settings: dict[str, Any] = {
            "tol": self.tol, "max_iter": self.max_iter, "seed": self.random_state,
            "start": self._warm(objective, classes, narrow), "listeners": listeners, "keep_weights": keep_weights,
        }  # fmt: skip
        dense = minimise_many if many else minimise
        try:
            solution = (
                minimise_sparse(objective, l1=l1, **settings) if l1 > 0 else dense(objective, **settings)
            )
        finally:
            objective.close()
        coef, intercept = (coefficients if l1 > 0 else Objective.coefficients)(objective, solution.point)
        if narrow is not None:
            coef, intercept = narrow.coefficients(coef, intercept)
        self.classes_ = classes
        self.coef_ = coef.astype(objective.dtype)
        self.intercept_ = intercept.astype(objective.dtype)
        self._report(solution.history)
        return self

    def fit_blocks(
        self,
        blocks: RowBlocks,
        *,
        classes: Sequence[Any] | None = None,
        scale: npt.ArrayLike | None = None,
        cluster: object = None,
        sample_rows: int | None = None,
        readers: int = 1,
        listeners: Sequence[Listener] = (),
        keep_weights: bool = False,
    ) -> Self:
        """Learn from more rows than fit into memory, or on more machines than one: the same minimum as `fit`.

        Parameters
        ----------
        blocks : RowBlocks, (n, d) in all, with codes 0…K−1
        classes : (K,) labels by code, or None for the codes; those that occur become `classes_`
        scale : float > 0, (d,), or None
            The penalty, and so C, is about columns multiplied by it (1 / 255 makes bytes 0…1); `coef_` are for
            the rows as they are.
        cluster : None, "tcp://…", "tls://…", "local:N" or a `distributed.Client`
            Who does the sums: this process, the workers of a Dask scheduler, or N workers started here.
        sample_rows : int or None
            Rows kept in memory for the start and the curvature; None takes as many as help.
        readers : int ≥ 1
            Threads that read ahead, in every process.
        listeners, keep_weights
            As for `fit`; one `Pass` for each pass over all blocks.

        Raises
        ------
        DataError, UsageError, KeyboardInterrupt
            As `fit`.
        SightlineError
            The cluster cannot be reached, has other versions, or is lost; after the first pass, as after Ctrl-C,
            the best coefficients so far are kept.
        """
        from sightline.logistic.blocks import Wish, learn, opened

        self._check_parameters()
        if self.l1_ratio > 0:
            raise UsageError(f"l1_ratio = {self.l1_ratio!r} cannot be learned from blocks", "Use fit, or 0.")
        if self.device != "cpu":
            raise UsageError(
                f"device = {self.device!r} cannot learn from blocks", "Use fit, or device='cpu'."
            )
        warm = self.warm_start and hasattr(self, "coef_")
        wish = Wish(
            self.C, self.fit_intercept, self.tol, self.max_iter, self.random_state, self.n_threads, self._masses,
            (self.classes_, self.coef_, self.intercept_) if warm else None, listeners, keep_weights,
        )  # fmt: skip
        with closing(opened(blocks, cluster, n_threads=self.n_threads, readers=readers)) as sums:
            found = learn(
                sums,
                blocks.shape,
                blocks.n_blocks,
                wish,
                classes=classes,
                scale=scale,
                sample_rows=sample_rows,
            )
        self.classes_, self.coef_, self.intercept_ = found.classes, found.coef, found.intercept
        self.n_features_in_ = found.coef.shape[1]
        self.__dict__.pop("feature_names_in_", None)  # of an earlier fit; blocks have no names
        self._report(found.history)
        if found.failure is not None:
            raise found.failure
        return self

    def _masses(self, classes: npt.NDArray[Any], counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """What one row of each class counts, (K,), where there are so many of each."""
        codes = np.arange(len(classes))
        return self._mass(codes[:, None], classes, classes, codes, counts) / counts

    def _checked(self, X: npt.ArrayLike, y: npt.ArrayLike) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        rows, labels = checked(self, X, y, self.device, DTYPES)
        check_classification_targets(labels)
        return rows, labels

    @staticmethod
    def _classes(labels: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
        """The labels in order, and the number of each row's: (K,), (n,)."""
        classes, codes = np.unique(labels, return_inverse=True)
        if len(classes) < 2:
            raise DataError(
                f"all rows (n_samples = {len(labels)}) have one class, {classes.tolist()[0]!r}",
                "A classifier needs at least two classes.",
            )
        return classes, codes.astype(np.int64)

    def _objective(
        self, rows: Any, codes: Any, classes: Any, mass: Any, penalty: float, pack: bool = True
    ) -> Objective:
        settings: dict[str, Any] = {"fit_intercept": self.fit_intercept, "n_threads": self.n_threads}
        return Objective(rows, codes, len(classes), mass, penalty, pack=pack, **settings)

    def _check_parameters(self) -> None:
        if not self.C > 0:
            raise UsageError(f"C = {self.C!r} is not a positive number", "Smaller C, stronger penalty.")
        if not 0 <= self.l1_ratio <= 1:
            raise UsageError(f"l1_ratio = {self.l1_ratio!r} is not within 0…1", "0 is ridge, 1 the lasso.")
        if not self.tol > 0:
            raise UsageError(f"tol = {self.tol!r} is not a positive number", "Try the default, 1e-5.")
        if not self.max_iter >= 1:
            raise UsageError(f"max_iter = {self.max_iter!r} is below 1", "Try the default, 1000.")

    def _mass(
        self, X: npt.NDArray[Any], y: npt.NDArray[Any], classes: Any, codes: Any, sample_weight: Any
    ) -> npt.NDArray[np.float64]:
        return masses(y, classes, codes, host(sample_weight), self.class_weight)

    def _warm(
        self, objective: Objective, classes: npt.NDArray[Any], narrow: RowSpace | None
    ) -> npt.NDArray[np.float64] | None:
        if not (self.warm_start and hasattr(self, "coef_")):
            return None
        d = objective.d if narrow is None else len(narrow.mean)
        if not np.array_equal(self.classes_, classes) or self.coef_.shape[1] != d:
            return None
        if narrow is not None:
            return objective.point(*narrow.taken(self.coef_, self.intercept_))
        sparse = self.l1_ratio > 0 and np.isfinite(self.C)
        return (point_of if sparse else Objective.point)(objective, self.coef_, self.intercept_)

    def _report(self, history: FitHistory) -> None:
        self.history_ = history
        self.__dict__.pop("_stream", None)  # a new beginning: see partial_fit
        self.converged_ = history.converged
        self.n_iter_ = np.array([history.passes[-1].number if history.passes else 0], dtype=np.int32)
        if history.outcome.startswith("interrupted"):
            raise KeyboardInterrupt  # what comes after this fit must not run; the model itself is sound
        if not history.converged and not history.outcome.startswith("stopped"):
            warnings.warn(history.outcome, ConvergenceWarning, stacklevel=3)

    # -- deciding ------------------------------------------------------------------------------------

    def _scores(self, X: npt.ArrayLike) -> Floats:
        check_is_fitted(self, "coef_")  # not n_features_in_, which a fit that failed has set
        there = taken(X, self.device, None)
        if there is not None:
            return array_scores(there, self.coef_, self.intercept_)
        rows: npt.NDArray[Any] = validate_data(self, host(X), dtype=DTYPES, reset=False)
        return scores(rows, self.coef_, self.intercept_, self.n_threads)

    def decision_function(self, X: npt.ArrayLike) -> Floats:
        """z = W x + b: (n, K), or (n,) for two classes (positive speaks for ``classes_[1]``)."""
        Z = self._scores(X)
        return Z[:, 0] if Z.shape[1] == 1 else Z

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """The most probable class of each row: (n,)."""
        Z = self._scores(X)
        codes = (Z[:, 0] > 0).astype(np.int64) if Z.shape[1] == 1 else Z.argmax(axis=1)
        labels: npt.NDArray[Any] = self.classes_[codes]
        return labels

    def predict_proba(self, X: npt.ArrayLike) -> Floats:
        """Probability of each class: (n, K), rows summing to 1."""
        return probability_of(self._scores(X))

    def predict_log_proba(self, X: npt.ArrayLike) -> Floats:
        """Log probability of each class: (n, K), finite wherever z is."""
        return log_probability(self._scores(X))


def probability_of(Z: Floats) -> Floats:
    """Scores (n, R) to probabilities (n, K): sigmoid where R = 1, else softmax."""
    if Z.shape[1] == 1:
        return np.column_stack([sigmoid(-Z[:, 0]), sigmoid(Z[:, 0])])
    return softmax(Z, axis=1)
