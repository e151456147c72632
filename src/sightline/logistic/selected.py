"""LogisticRegressionCV: C chosen by cross-validation along the regularisation path."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import check_cv

from sightline.errors import DataError, UsageError
from sightline.logistic.classifier import LogisticRegression
from sightline.logistic.path import Fold, Path, Progress, follow

SCORINGS = ("log_loss", "accuracy")
RULES = ("best", "one-se")


class LogisticRegressionCV(LogisticRegression):
    r"""`LogisticRegression` with the C that cross-validation prefers, at the price of a few fits.

    All values of C are followed by warm starts and shared curvature, see `sightline.logistic.path`; the model
    is the path's own fit to all rows.

    Parameters
    ----------
    Cs : int or array_like, default 20
        How many values, evenly spaced in log C from 1e-4 to 1e4; or the values, positive and finite.
    cv : int, splitter or iterable, default 5
        As in scikit-learn; a number shuffles nothing, classes are kept in proportion.
    scoring : {'log_loss', 'accuracy'}, default 'log_loss'
    rule : {'best', 'one-se'}, default 'best'
        The best mean score, or the strongest penalty within one standard error of it.
    fold_tol : float > 0, default 1e-3
        Relative gap of the fits to the folds, which only have to be judged.
    fit_intercept, class_weight, tol, max_iter, random_state, n_threads
        As for `LogisticRegression`.

    Attributes
    ----------
    C_ : float
    path_ : Path, every C with its coefficients, objective, losses and accuracies
    coef_, intercept_, classes_, n_iter_, converged_, n_features_in_
        As for `LogisticRegression`; `n_iter_` counts the passes of all fits.

    Notes
    -----
    The path is followed on the processor: there is no parameter `device`.

    Raises
    ------
    UsageError
        A parameter is out of its range.
    DataError
        A fold leaves fewer than two classes to learn from.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(return_X_y=True)
    >>> model = LogisticRegressionCV(Cs=[1e-3, 1e-2, 1e-1]).fit(X, y)
    >>> model.C_, model.path_.accuracy.shape
    (0.01, (3, 5))
    """

    device = "cpu"

    def __init__(
        self,
        Cs: int | npt.ArrayLike = 20,
        *,
        cv: Any = 5,
        scoring: str = "log_loss",
        rule: str = "best",
        fold_tol: float = 1e-3,
        fit_intercept: bool = True,
        class_weight: dict[Any, float] | str | None = None,
        tol: float = 1e-4,
        max_iter: int = 1000,
        random_state: int = 0,
        n_threads: int | None = None,
    ) -> None:
        self.Cs = Cs
        self.cv = cv
        self.scoring = scoring
        self.rule = rule
        self.fold_tol = fold_tol
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state
        self.n_threads = n_threads

    C = 1.0
    """Only until one has been chosen."""
    l1_ratio, warm_start = 0.0, False

    def fit(  # type: ignore[override]
        self,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
        *,
        groups: npt.ArrayLike | None = None,
        progress: Progress = lambda done, of: None,
    ) -> Self:
        """Follow the path on all rows and on every fold, and keep the C that the rule names.

        Parameters
        ----------
        X, y, sample_weight
            As for `LogisticRegression`. Weights count in learning; rows held out are judged one by one.
        groups : (n,) or None
            For splitters that want them.
        progress : callable
            Called with how many of how many fits are done.
        """
        self._check_parameters()
        values = self._values()
        rows, labels = self._checked(X, y)
        classes, codes = self._classes(labels)
        mass = self._mass(rows, labels, classes, codes, sample_weight)
        folds = self._folds(rows, labels, groups, codes, mass)
        objective = self._objective(rows, codes, classes, mass, 1.0)
        try:
            path = follow(
                objective, values, folds, tol=self.tol, fold_tol=self.fold_tol, max_iter=self.max_iter,
                seed=self.random_state, progress=progress,
            )  # fmt: skip
        finally:
            objective.close()
        self._choose(path, classes, objective.dtype)
        return self

    def fit_blocks(self, *_: Any, **__: Any) -> Self:
        """Refuses: folds of rows that are not in memory are not kept.

        Raises
        ------
        UsageError
            Always.
        """
        raise UsageError(
            "LogisticRegressionCV cannot learn from blocks",
            "Choose C on a sample in memory, then LogisticRegression(C=chosen.C_).fit_blocks(…).",
        )

    def partial_fit(self, *_: Any, **__: Any) -> Self:
        """Refuses, as `fit_blocks` does.

        Raises
        ------
        UsageError
            Always.
        """
        raise UsageError(
            "LogisticRegressionCV cannot learn from batches",
            "Choose C on the rows at hand, then LogisticRegression(C=chosen.C_).partial_fit(…).",
        )

    def _folds(
        self, rows: npt.NDArray[Any], labels: npt.NDArray[Any], groups: Any, codes: Any, mass: Any
    ) -> list[Fold]:
        """The splitter's folds, as they are: what a fold does not name for learning is not learned from."""
        numbers = np.arange(len(rows))
        folds = []
        for train, test in check_cv(self.cv, labels, classifier=True).split(rows, labels, groups):
            fold = Fold(np.bincount(numbers[train], minlength=len(rows)), numbers[test])
            folds.append(fold)
            if np.count_nonzero(np.bincount(codes, weights=mass * fold.times)) < 2 or not fold.judged.size:
                raise DataError(
                    f"fold {len(folds)} has fewer than two classes to learn from, or no row to be judged by",
                    "Ask for fewer folds, or give more rows of each class.",
                )
        if len(folds) < 2:
            raise UsageError(f"cv gives {len(folds)} fold", "Scores are compared over two or more.")
        return folds

    def _choose(self, path: Path, classes: npt.NDArray[Any], dtype: np.dtype[Any]) -> None:
        pick = path.best if self.rule == "best" else path.one_standard_error
        chosen = pick(self.scoring)
        self.path_, self.C_ = path, float(path.C[chosen])
        self.classes_ = classes
        self.coef_, self.intercept_ = path.coef[chosen].astype(dtype), path.intercept[chosen].astype(dtype)
        self.n_iter_ = np.array([int(path.passes.sum())], dtype=np.int32)
        self.converged_ = bool(path.converged[chosen])
        if not path.converged.all():
            late = ", ".join(f"{one:.3g}" for one in path.C[~path.converged])
            warnings.warn(
                f"not converged: fits with C = {late}; raise max_iter or leave these out",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _values(self) -> npt.NDArray[np.float64]:
        if isinstance(self.Cs, (int, np.integer)):
            if self.Cs < 1:
                raise UsageError(f"Cs = {self.Cs!r} is below 1", "Say how many values of C, or which.")
            return np.logspace(-4, 4, int(self.Cs))
        values = np.unique(np.asarray(self.Cs, dtype=np.float64))
        if values.size == 0 or not (np.isfinite(values) & (values > 0)).all():
            raise UsageError(f"Cs = {self.Cs!r} has values that are not positive and finite", "Try 20.")
        return values

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if not self.fold_tol > 0:
            raise UsageError(f"fold_tol = {self.fold_tol!r} is not a positive number", "Try 1e-3.")
        if self.scoring not in SCORINGS:
            raise UsageError(f"scoring = {self.scoring!r} is unknown", f"Known: {', '.join(SCORINGS)}.")
        if self.rule not in RULES:
            raise UsageError(f"rule = {self.rule!r} is unknown", f"Known: {', '.join(RULES)}.")
