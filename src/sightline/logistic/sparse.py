r"""The minimiser where weights may be exactly zero: the elastic net, by proximal Newton steps.

    G(W, c) = F(W, c) + l1 ‖W‖₁,      F with penalty μ:   μ = λ (1 − α),   l1 = λ α,   α = l1_ratio

1. Start at W = 0 with the best intercept.
2. Each round: a pass for F, its gradient and the residuals; the best intercept, found from the residuals
   alone, and a pass there; the duality gap; one event. Stop at gap ≤ `tol` · G.
3. A few weights join those that are not zero: the worst of those whose condition |∂F/∂w| ≤ l1 fails.
4. On these weights alone, minimise F's quadratic model + l1 ‖W‖₁ (`FaceModel`), and step from here towards there
   so that G falls (Lee, Sun and Saunders, 2014, SIAM J. Optim. 24, algorithm 1). While gradients are far above
   l1, the model's own l1 is larger: that keeps the weights few and the model true.
5. Where no such step is found: accelerated proximal gradient steps, each column in its own scale, restarted
   where G rises (Beck and Teboulle, 2009; O'Donoghue and Candès, 2015). They need no curvature.

The weights of softmax are never centred over the classes: that would change ‖W‖₁, and zeros would be lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sightline.engine.threads import single_threaded_blas
from sightline.errors import UsageError
from sightline.logistic.duality import best_shift, duality_gap, least_subgradient, norm1
from sightline.logistic.face import FaceModel
from sightline.logistic.history import FitHistory, Listener, Pass, tell
from sightline.logistic.lbfgs import Solution
from sightline.logistic.objective import Doubles, Evaluated, Objective
from sightline.logistic.sampled import sample_size
from sightline.logistic.stopping import ended

Floats = npt.NDArray[np.floating[Any]]
Mask = npt.NDArray[np.bool_]

FEWEST = 16
"""So many weights for every class may join at once, or as many as there are already, if that is more."""
PATH = 0.25
"""The model's l1 is never below this part of the largest gradient."""
LEAST_DAMPING, FIRST_DAMPING, MOST_DAMPING = 1e-10, 1e-4, 1e3
GROWTH = 3
PROXIMAL = 50
"""Accelerated steps in a row, before curvature gets its next chance."""
PATIENCE = 3
"""So many rounds in a row may bring nothing."""


def minimise_sparse(
    objective: Objective,
    *,
    l1: float,
    tol: float = 1e-5,
    max_iter: int = 1000,
    seed: int = 0,
    start: Doubles | None = None,
    listeners: Sequence[Listener] = (),
    keep_weights: bool = False,
    clock: Callable[[], float] = time.perf_counter,
) -> Solution:
    """Minimise G(W, c) = F(W, c) + l1 ‖W‖₁, F the objective with its own penalty μ ≥ 0.

    Parameters
    ----------
    objective : Objective
        Its penalty is μ = λ (1 − α), 0 for the pure L1 penalty.
    l1 : float > 0
        λ α.
    tol : float
        Stop when the duality gap, which is no less than G − G*, falls to ``tol · G``.
    max_iter : int
        Most passes over the data.
    seed : int
        Of the row samples behind the curvature.
    start : (R, d+1) or None
        Where to begin; None is W = 0 with log class frequencies.
    listeners : sequence of callables
        Called with every `Pass` (`objective` is G, `gap` and `bound` the duality gap, `gradient` the norm of the
        least subgradient); one that returns True ends the fit.
    keep_weights : bool
        Put the coefficients into every `Pass`.
    clock : callable
        Seconds.

    Returns
    -------
    Solution
        Weights that are zero are 0.0 exactly; turn `point` into coefficients by `coefficients` of this module.
        Never raises for lack of convergence: ``history.converged`` and ``history.outcome`` say how it ended.

    Raises
    ------
    UsageError
        `l1` is not a positive number: without an L1 penalty, `lbfgs.minimise` is the faster way.
    """
    if not 0 < l1 < np.inf:
        raise UsageError(f"l1 = {l1!r} is not a positive number", "Without l1, use lbfgs.minimise.")
    run = _Run(objective, l1, tol, max_iter, np.random.default_rng(seed), listeners, keep_weights, clock)
    with single_threaded_blas(), np.errstate(all="ignore"):
        return run.go(objective.start() if start is None else start.copy())


def coefficients(objective: Objective, point: Doubles) -> tuple[Doubles, Doubles]:
    """(R, d) weights, their zeros kept, and (R,) intercepts of z = W x + b; b of softmax sums to zero."""
    W = point[:, :-1].copy()
    intercept = point[:, -1] - W @ objective.mean if objective.fit_intercept else np.zeros(objective.R)
    return W, intercept - intercept.mean() if objective.R > 1 else intercept


def point_of(objective: Objective, coef: Floats, intercept: Floats) -> Doubles:
    """Inverse of `coefficients`: the point (R, d+1) to start from."""
    W = np.asarray(coef, dtype=np.float64)
    offset = intercept + W @ objective.mean if objective.fit_intercept else np.zeros(len(W))
    return np.column_stack([W, offset])


class _Move(NamedTuple):
    length: float
    point: Doubles
    at: Evaluated


@dataclass(eq=False)
class _Run:
    """One run of the numbered steps above."""

    objective: Objective
    l1: float
    tol: float
    max_iter: int
    rng: np.random.Generator
    listeners: Sequence[Listener]
    keep_weights: bool
    clock: Callable[[], float]

    def __post_init__(self) -> None:
        objective = self.objective
        self.began, self.calls_before = self.clock(), objective.n_passes
        self.passes: list[Pass] = []
        self.dual = 0.0  # the largest lower bound of G* so far; no loss is negative
        self.damping, self.growth, self.lipschitz = FIRST_DAMPING, 1, 1.0
        self.path = np.inf  # the model's own l1
        share = np.clip(objective.share, 1e-3, 1 - 1e-3)[-objective.R :]
        spread = np.append(np.where(objective.variance > 0, objective.variance, 1), 1)
        self.scale = np.outer(share * (1 - share), spread)
        self.scale[:, :-1] += objective.penalty
        self.residual = np.empty((objective.R, objective.n), dtype=objective.dtype)

    def go(self, point: Doubles) -> Solution:
        """Run from `point`."""
        point[:, :-1][:, self.objective.constant] = 0  # they change nothing, and cost
        self.best = point
        try:
            outcome = self._loop(point)
        except KeyboardInterrupt:
            outcome = "interrupted: these are the best coefficients so far"
        return Solution(self.best, FitHistory(tuple(self.passes), outcome.startswith("converged"), outcome))

    def _loop(self, point: Doubles) -> str:
        point, now = self._centred(point, self._at(point))
        length, idle = 0.0, 0
        while True:
            self.best = point
            G, gap = self._judged(point, now)
            idle = idle + 1 if self._idle(G, gap) else 0
            if self._emit(point, now, gap, length):
                return "stopped by a listener: these are the best coefficients so far"
            if gap <= self.tol * G:
                return f"converged: duality gap {gap:.1e} of objective {G:.6g}"
            move = self._newton(point, now) if idle != PATIENCE and self._left() > 0 else None
            if move is None and idle <= PATIENCE and self._left() > 1:
                move = self._proximal(point, self._at(point))
            if move is None or idle > 2 * PATIENCE:
                return self._ended(G, gap)
            length, point, now = move
            point, now = self._centred(point, now)

    # -- step 2: where we are -------------------------------------------------------------------------

    def _at(self, point: Doubles) -> Evaluated:
        return self.objective.at(point, keep=self.residual)

    def _left(self) -> int:
        return self.max_iter - (self.objective.n_passes - self.calls_before)

    def _value(self, point: Doubles, now: Evaluated) -> float:
        return now.value + self.l1 * norm1(point)

    def _steep(self, now: Evaluated) -> float:
        """|∂F/∂c| in units of rounding."""
        return float(np.abs(now.gradient[:, -1]).max()) / self.objective.eps

    def _centred(self, point: Doubles, now: Evaluated) -> tuple[Doubles, Evaluated]:
        for _ in range(3):
            if self._steep(now) <= 20 or self._left() <= 0:
                break
            new = point.copy()
            new[:, -1] += best_shift(self.objective, self.residual)
            at = self._at(new)
            if not at.value <= now.value * (1 + 8 * self.objective.eps):
                return point, self._at(point)
            point, now = new, at
        return point, now

    def _judged(self, point: Doubles, now: Evaluated) -> tuple[float, float]:
        """G and the duality gap, from the best lower bound of G* so far."""
        G = self._value(point, now)
        if self._steep(now) <= 200:
            bound = G - duality_gap(self.objective, point, now, self.residual, self.l1)
            self.dual = bound if bound > self.dual else self.dual
        return G, max(G - self.dual, 0.0)

    def _idle(self, G: float, gap: float) -> bool:
        last = self.passes[-1] if self.passes else None
        return bool(last and last.objective - G <= 2 * self.objective.eps * G and gap > 0.9 * last.gap)

    # -- steps 3 and 4 ---------------------------------------------------------------------------------

    def _size(self) -> int:
        """How many rows the model's Hessian sees."""
        return sample_size(self.objective, self.growth)

    def _working(self, point: Doubles, now: Evaluated, l1: float) -> Mask:
        """The weights that are not zero, the worst of the others, and the intercepts."""
        weights = point[:, :-1] != 0
        v = least_subgradient(point, now.gradient, l1)[:, :-1]
        score = np.where(weights, 0, v * v / self.scale[:, :-1]).ravel()
        worst = np.argsort(-score, kind="stable")[: max(FEWEST * len(weights), int(weights.sum()))]
        weights.flat[worst[score[worst] > 0]] = True
        return np.column_stack([weights, np.full(len(weights), self.objective.fit_intercept)])

    def _model(self, working: Mask) -> FaceModel:
        return FaceModel(
            self.objective,
            self.residual,
            working,
            self.path,
            scale=self.scale,
            damping=self.damping,
            size=self._size(),
            rng=self.rng,
        )

    def _newton(self, point: Doubles, now: Evaluated) -> _Move | None:
        top = float(np.abs(now.gradient[:, :-1]).max(initial=0))
        self.path = max(self.l1, min(self.path, PATH * top))
        while True:
            end = self._model(self._working(point, now, self.path)).minimum(point, now.gradient)
            promise = self._promised(end, point, now)
            if promise < 0:
                return self._towards(end, promise, point, now)
            if self.path == self.l1:
                return None
            self.path = max(self.l1, PATH * self.path)

    def _promised(self, end: Doubles, point: Doubles, now: Evaluated) -> float:
        """Change of G to first order, summed weight by weight: two sums would cancel to rounding."""
        change = now.gradient * (end - point)
        change[:, :-1] += self.l1 * (np.abs(end) - np.abs(point))[:, :-1]
        return float(change.sum())

    def _towards(self, end: Doubles, promise: float, point: Doubles, now: Evaluated) -> _Move | None:
        """Step to `end`, or not as far, so that G falls; learn from that how far to trust the next model."""
        G, length = self._value(point, now), 1.0
        noise = 4 * self.objective.eps * abs(G)
        for _ in range(min(20, self._left())):
            new = end if length == 1 else point + length * (end - point)
            at = self._at(new)
            if self._value(new, at) <= G + max(1e-4 * length * promise, noise):
                break
            length *= 0.4
        else:
            self._distrust(100)
            return None
        if length == 1:
            self.damping = max(LEAST_DAMPING, self.damping / 4)
        else:
            self._distrust(4 if length > 0.1 else 16)
        return _Move(length, new, at)

    def _distrust(self, factor: float) -> None:
        self.damping = min(MOST_DAMPING, factor * self.damping)
        self.growth *= GROWTH if self._size() < self.objective.n else 1

    # -- step 5 ---------------------------------------------------------------------------------------

    def _proximal(self, point: Doubles, now: Evaluated) -> _Move | None:
        x, y, t = _Move(0.0, point, now), _Move(0.0, point, now), 1.0
        for _ in range(PROXIMAL):
            new = self._descent(y)
            if new is not None and self._value(*new[1:]) < self._value(*x[1:]):
                following = 0.5 + float(np.sqrt(0.25 + t * t))
                ahead = new.point + (t - 1) / following * (new.point - x.point)
                x, t = new, following
                if self._left() <= 2:
                    break
                y = _Move(0.0, ahead, self._at(ahead))
            elif y.point is x.point or self._left() <= 2:
                break
            else:
                y, t = x, 1.0
        return None if x.point is point else _Move(x.length, x.point, self._at(x.point))

    def _descent(self, y: _Move) -> _Move | None:
        """One proximal gradient step, short enough that F stays below its upper model; None if none is."""
        noise = 4 * self.objective.eps * abs(y.at.value)
        for _ in range(min(60, self._left() - 1)):
            rate = 1 / (self.lipschitz * self.scale)
            new = y.point - rate * y.at.gradient
            W = new[:, :-1]
            W[:] = np.sign(W) * np.maximum(np.abs(W) - self.l1 * rate[:, :-1], 0)
            s, at = new - y.point, self._at(new)
            if at.value <= y.at.value + float((y.at.gradient * s + 0.5 * s * s / rate).sum()) + noise:
                length, self.lipschitz = 1 / self.lipschitz, max(0.9 * self.lipschitz, 1e-3)
                return _Move(length, new, at)
            self.lipschitz *= 2
        return None

    # -- what to say ----------------------------------------------------------------------------------

    def _ended(self, G: float, gap: float) -> str:
        most = self.max_iter if self._left() <= 1 else None
        return ended("a duality gap", gap, G, self.objective.dtype, tol=self.tol, max_iter=most)

    def _emit(self, point: Doubles, now: Evaluated, gap: float, length: float) -> bool:
        coef, intercept = coefficients(self.objective, point) if self.keep_weights else (None, None)
        least = least_subgradient(point, now.gradient, self.l1)
        record = Pass(
            number=self.objective.n_passes - self.calls_before,
            seconds=self.clock() - self.began,
            objective=self._value(point, now),
            gradient=float(np.sqrt((least**2).sum())),
            gap=gap,
            bound=gap,
            step=length,
            coef=coef,
            intercept=intercept,
        )
        return tell(record, self.passes, self.listeners)
