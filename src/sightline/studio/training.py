"""One training in a thread of its own: the solver's events, and a person's hand on play, pause, step and stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning

from sightline.engine.threads import single_threaded_blas
from sightline.errors import SightlineError
from sightline.intake import background_of
from sightline.logistic import LogisticRegression, Pass
from sightline.logistic.descent import Descent
from sightline.model import Model
from sightline.studio.accuracy import Accuracy
from sightline.studio.features import JUDGED, Features, FeatureStore, assembled, key_of
from sightline.studio.learned import Learned
from sightline.studio.turns import Turns
from sightline.studio.weights import Snapshots, WayBack
from sightline.studio.wire import (
    Method,
    ModelSummary,
    PassEvent,
    Phase,
    Problem,
    TrainingState,
    TrainRequest,
)

Floats = npt.NDArray[np.floating[Any]]
MOST_PASSES = 5000
BESIDE = 4
"""When the solver has ended, gradient descent goes on until it has had so many times its passes (at least 100)."""

OVER: tuple[Phase, ...] = ("done", "stopped", "failed")


def _to_nobody(event: PassEvent | None) -> None:
    """Nobody listens any more."""


class Training:
    """A training that can be played, paused, stepped and stopped from any thread.

    Parameters
    ----------
    number : int
        Its number in the session.
    request : TrainRequest
        With a setup that was checked.
    store : FeatureStore
    turns : Turns
    before : Learned or None
        Where a warm start begins.
    told : callable
        Called, from the training's thread, with a `PassEvent`, or with None where its state changed.
    """

    def __init__(
        self,
        number: int,
        request: TrainRequest,
        store: FeatureStore,
        turns: Turns,
        before: Learned | None,
        told: Callable[[PassEvent | None], None],
    ) -> None:
        self.number, self.request, self.store, self.turns = number, request, store, turns
        self.before, self.told = before, told
        self.phase: Phase = "waiting"
        self.outcome = ""
        self.passes: list[PassEvent] = []
        self.snapshots = Snapshots()
        self.back: WayBack | None = None
        self.classes: tuple[int, ...] = ()
        self.learned: Learned | None = None
        self.judge: Accuracy | None = None
        self.descent: Descent | None = None
        self.pace = request.pace
        self.problem: Problem | None = None
        self._hand = threading.Condition()
        self._playing, self._steps, self._stop = not request.paused, 0, False
        self._held = 0.0
        self._thread = threading.Thread(target=self._run, name=f"training {number}", daemon=True)

    # -- a person's hand -------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def play(self) -> None:
        """Go on."""
        self._handle(playing=True)

    def pause(self) -> None:
        """Hold before the next pass."""
        self._handle(playing=False)

    def step(self) -> None:
        """Make one pass, then hold."""
        with self._hand:
            self._playing = False
            self._steps += 1
            self._hand.notify_all()

    def stop(self) -> None:
        """End; the best weights so far are the model."""
        with self._hand:
            self._stop = True
            self._hand.notify_all()
        self.turns.wake()

    def set_pace(self, pace: float | None) -> None:
        """Passes a second at most; None as fast as it goes."""
        with self._hand:
            self.pace = pace
            self._hand.notify_all()

    def _handle(self, *, playing: bool) -> None:
        with self._hand:
            self._playing, self._steps = playing, 0
            self._hand.notify_all()

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.phase in OVER

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end; whether it came."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def state(self) -> TrainingState:
        """Where it stands."""
        return TrainingState(
            id=self.number,
            phase=self.phase,
            setup=self.request.setup,
            ahead=self.turns.ahead(self),
            events=sum(one.method == "solver" for one in self.passes),
            outcome=self.outcome,
            problem=self.problem,
        )

    # -- the training's own thread ---------------------------------------------------------------------

    def _run(self) -> None:
        try:
            with single_threaded_blas():  # its threads would spin beside the solver's own
                self._learn()
        except SightlineError as error:
            self._fail(Problem(error.what, error.remedy, "data"))
        except MemoryError:
            self._fail(
                Problem("there is not enough memory for this", "Take fewer images or features.", "data")
            )
        except Exception as error:  # noqa: BLE001 - whatever it was, the page is told and the turn given back
            self._fail(
                Problem(f"an error in Sightline itself: {type(error).__name__}: {error}", "", "internal")
            )
        finally:
            self.turns.give(self)
            self._let_go()

    def _let_go(self) -> None:
        """Forget what only the learning needed: features, the model before, and who listened, who knows the training.

        Without this, what was large would wait for the collector of circles, which counts objects, not bytes.
        """
        self.judge = self.descent = self.before = None
        self.told = _to_nobody

    def _fail(self, problem: Problem) -> None:
        self.problem, self.outcome = problem, problem.error
        self._enter("failed")

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self.told(None)

    def _ended(self) -> bool:
        return self._stop

    def _learn(self) -> None:
        if not self.turns.take(self, self._ended, lambda: self.told(None)):
            self.outcome = "stopped before it began"
            return self._enter("stopped")
        self._enter("preparing")
        features = self.store.of(self.request.setup, self._ended)
        if features is None:
            self.outcome = "stopped before the first pass"
            return self._enter("stopped")
        names = self.store.library.dataset.classes
        self.classes = tuple(names.index(name) for name in features.data.classes)
        mean = features.data.X[: len(features.y) : max(1, len(features.y) // JUDGED)].mean(axis=0)
        self.back = WayBack([step for _, step in features.steps], np.asarray(mean, np.float64))
        setup = self.request.setup
        classifier = LogisticRegression(C=setup.C, random_state=setup.seed, max_iter=MOST_PASSES)
        self._warm(classifier, features)
        self.judge = Accuracy(features)
        self.descent = (
            Descent(features.X, features.y, features.data.n_classes, setup.C)
            if self.request.descent
            else None
        )
        self._enter("running")
        try:
            classifier.fit(features.X, features.y, listeners=[self._listen], keep_weights=True)
        except ConvergenceWarning:
            pass  # where warnings are errors; the outcome is told
        finally:
            if self.descent is not None and not self._stop:
                self._descend()
            if self.descent is not None:
                self.descent.close()
        classifier.set_params(warm_start=False, max_iter=1000)
        self.learned = self._finished(classifier, features)
        self.outcome = classifier.history_.outcome
        self._enter("stopped" if self._stop and not classifier.converged_ else "done")
        return None

    def _warm(self, classifier: LogisticRegression, features: Features) -> None:
        known = self.before
        if self.request.warm and known is not None and known.features_key == key_of(self.request.setup):
            classifier.set_params(warm_start=True)
            classifier.classes_ = known.classifier.classes_
            classifier.coef_, classifier.intercept_ = known.classifier.coef_, known.classifier.intercept_

    # -- listening -------------------------------------------------------------------------------------

    def _listen(self, one: Pass) -> bool:
        began = time.perf_counter()
        index = sum(event.method == "solver" for event in self.passes)
        assert one.coef is not None
        assert one.intercept is not None
        self.snapshots.add(index, one.coef, one.intercept)
        self._tell("solver", index, one, one.seconds - self._held)
        if self.descent is not None:
            while self.descent.number < one.number and not self._stop:
                self._tell_descent(self.descent)
        self._hold()
        self._held += time.perf_counter() - began
        return self._stop

    def _descend(self) -> None:
        """Let gradient descent go on where the solver has ended: how far does it get?"""
        assert self.descent is not None
        last = max(100, BESIDE * self.descent.number)
        while self.descent.number < last and not self._stop:
            self._tell_descent(self.descent)
            self._hold()

    def _tell_descent(self, descent: Descent) -> None:
        one = descent.advance(time.perf_counter)
        self._tell("descent", one.number - 1, one, one.seconds)

    def _tell(self, method: Method, index: int, one: Pass, seconds: float) -> None:
        assert self.judge is not None
        train, test = self.judge.shares(one.coef, one.intercept)
        event = PassEvent(
            kind="pass",
            training=self.number,
            method=method,
            index=index,
            number=one.number,
            seconds=seconds,
            objective=one.objective,
            gradient=one.gradient,
            gap=one.gap if np.isfinite(one.gap) else None,
            step=one.step,
            train_accuracy=train,
            test_accuracy=test,
            plane=self.judge.plane(one.coef, one.intercept),
        )
        self.passes.append(event)
        self.told(event)

    def _hold(self) -> None:
        """Wait as long as the person wants it: paused, or at a pace."""
        due = time.perf_counter() + (1 / self.pace if self.pace else 0)
        with self._hand:
            while self._playing and not self._stop and self.pace and time.perf_counter() < due:
                self._hand.wait(due - time.perf_counter())
            if self._stop or self._playing:
                return
            if self._steps == 0:
                self._pause()
            self._steps = max(0, self._steps - 1)

    def _pause(self) -> None:
        """Hold, with `_hand` taken; the turn goes to who waits for it, and is asked for again."""
        self.turns.give(self)
        self._enter("paused")
        while not (self._stop or self._playing or self._steps):
            self._hand.wait()
        self._hand.release()
        try:
            self.turns.take(self, self._ended, lambda: self.told(None))
        finally:
            self._hand.acquire()
        self._enter("running")

    # -- the end ---------------------------------------------------------------------------------------

    def _finished(self, classifier: LogisticRegression, features: Features) -> Learned:
        assert self.back is not None
        assert self.judge is not None
        setup, data = self.request.setup, features.data
        whole = self.store.library.dataset
        solver = [one for one in self.passes if one.method == "solver"]
        train, test = self.judge.shares(classifier.coef_, classifier.intercept_)
        numbers = np.array(self.classes, dtype=np.int64)
        about = {
            "data": whole.name,
            "C": setup.C,
            "background": background_of(data.images[: len(features.y)]),
        }
        summary = ModelSummary(
            id=f"{self.number}",
            setup=setup,
            classes=self.classes,
            linear=self.back.exact,
            features=features.X.shape[1],
            passes=solver[-1].number if solver else 0,
            snapshots=len(self.snapshots.kept),
            seconds=solver[-1].seconds if solver else 0.0,
            objective=solver[-1].objective if solver else 0.0,
            converged=bool(classifier.converged_),
            outcome=classifier.history_.outcome,
            train_accuracy=train,
            test_accuracy=test,
        )
        model = Model(assembled(features, classifier), data.classes, data.shape, setup.recipe, about)
        return Learned(summary, model, features.key, self.back, self.snapshots, tuple(self.passes), numbers)
