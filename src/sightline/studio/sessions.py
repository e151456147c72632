"""Sessions: what each page has set up, learns and has learned. All is on the server's thread but the learning."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from sightline.errors import UsageError
from sightline.studio.features import FeatureStore
from sightline.studio.learned import Learned
from sightline.studio.library import Library
from sightline.studio.packet import to_json
from sightline.studio.setups import checked, opening
from sightline.studio.training import Training
from sightline.studio.turns import BusyError, Turns
from sightline.studio.wire import Passes, PassEvent, SessionState, Setup, TrainRequest

HEARTBEAT = 15.0
SHARED = "this is the opening model of all who come; it ends by itself in a moment"


@dataclass(frozen=True, slots=True)
class Patience:
    """Limits of what is held for pages; times in seconds.

    `grace` after which a training whose page has gone is stopped; `memory` after which a session without a word is
    forgotten; `pause` after which a paused training ends with what it has; `sessions` and `trainings` (paused ones
    included) at most; `waiting` trainings in the queue at most; `models` kept for comparing; `look` how often all
    this is looked after.
    """

    grace: float = 20.0
    memory: float = 900.0
    pause: float = 900.0
    sessions: int = 1000
    trainings: int = 24
    waiting: int = 16
    models: int = 4
    look: float = 1.0


class GoneError(UsageError):
    """There is no such session, or no longer."""


class Session:
    """One page."""

    def __init__(self, name: str, setup: Setup) -> None:
        self.name, self.setup = name, setup
        self.training: Training | None = None
        self.learned: Learned | None = None
        self.models: deque[Learned] = deque()
        self.log: list[tuple[int, bool, bytes]] = []
        self.numbers, self.revisions = itertools.count(1), itertools.count(1)
        self.streams: set[asyncio.Event] = set()
        self.seen = time.monotonic()
        self.closed = False

    def state(self) -> SessionState:
        """Where it stands."""
        return SessionState(
            kind="state",
            session=self.name,
            revision=next(self.revisions),
            setup=self.setup,
            training=None if self.training is None else self.training.state(),
            model=None if self.learned is None else self.learned.summary,
            models=tuple(one.summary for one in self.models),
        )

    def passes(self) -> Passes:
        """Those of the last training, or of the model's where there was none."""
        if self.training is not None:
            return Passes(tuple(self.training.passes))
        return Passes(() if self.learned is None else self.learned.passes)

    def note(self, event: PassEvent | SessionState) -> None:
        """Write an event down and show it to whoever listens."""
        self.log.append((next(self.numbers), event.kind == "pass", to_json(event)))
        self.wake()

    def wake(self) -> None:
        """Let the streams look at the log."""
        for stream in self.streams:
            stream.set()

    def forget_log(self) -> None:
        """A new training begins."""
        self.log.clear()

    async def events(self, after: int) -> AsyncIterator[bytes]:
        """Server-sent events after number `after`; from 0 on, the state as it is and all passes so far come first."""
        awake = asyncio.Event()
        self.streams.add(awake)
        try:
            if after == 0:
                known, now = (
                    list(self.log),
                    to_json(self.state()),
                )  # together: what comes between is told below
                after = known[-1][0] if known else 0
                yield b"retry: 1000\ndata: " + now + b"\n\n"
                for number, is_pass, content in known:
                    if is_pass:
                        yield b"id: %d\ndata: %b\n\n" % (number, content)
            while not self.closed:
                awake.clear()
                for number, _, content in list(self.log):
                    if number > after:
                        after = number
                        yield b"id: %d\ndata: %b\n\n" % (number, content)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(awake.wait(), HEARTBEAT)
                    continue
                yield b": here\n\n"
            yield b"event: gone\ndata: {}\n\n"
        finally:
            self.streams.discard(awake)
            self.seen = time.monotonic()


class Sessions:
    """All sessions, their one queue of trainings, and the opening model that each begins with."""

    def __init__(self, library: Library, patience: Patience | None = None) -> None:
        self.library, self.patience = library, patience or Patience()
        self.store = FeatureStore(library)
        self.turns = Turns(1, self.patience.waiting)
        self.known: dict[str, Session] = {}
        self.opening_setup = checked(opening(library), library)
        self.first: Training | None = None
        self.first_passes: list[PassEvent] = []
        self.numbers = itertools.count(1)
        self.paused_since: dict[Training, float] = {}
        self.trainings: set[Training] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    # -- the server's own thread -----------------------------------------------------------------------

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to learn the opening model."""
        self._loop = loop
        self.first = self._training(TrainRequest(self.opening_setup), None, None)
        self.first.start()

    def close(self) -> None:
        """End everything."""
        for session in list(self.known.values()):
            self._end(session)
        for training in list(self.trainings):
            training.stop()

    def make(self, setup: Setup | None) -> Session:
        """A new session.

        Raises
        ------
        BusyError
            There are as many as there may be, and all in use.
        """
        setup = self.opening_setup if setup is None else checked(setup, self.library)
        if len(self.known) >= self.patience.sessions:
            idle = [one for one in self.known.values() if not one.streams]
            if not idle:
                raise BusyError(f"{len(self.known):,} pages are open already", "Try again later.")
            self._end(min(idle, key=lambda one: one.seen))
        session = Session(secrets.token_urlsafe(16), setup)
        if setup != self.opening_setup or self.first is None:
            pass  # the page will train
        elif not self.first.over:
            session.training = self.first
            for event in self.first_passes:
                session.note(event)
        elif self.first.learned is not None:
            self._adopt(session, self.first.learned)
        self.known[session.name] = session
        return session

    def get(self, name: str) -> Session:
        """The session of that name.

        Raises
        ------
        GoneError
        """
        session = self.known.get(name)
        if session is None:
            raise GoneError("this session is not known here (any more)", "Begin a new one.")
        session.seen = time.monotonic()
        return session

    def leave(self, name: str) -> None:
        """The page has gone."""
        session = self.known.get(name)
        if session is not None:
            self._end(session)

    def train(self, session: Session, request: TrainRequest) -> None:
        """Stop the session's training, and begin another.

        Raises
        ------
        UsageError
            The setup is not possible.
        BusyError
            Too many trainings already.
        """
        setup = checked(request.setup, self.library)
        if request.pace is not None and not request.pace > 0:
            raise UsageError(f"a pace of {request.pace:g} is not possible", "Give passes a second, above 0.")
        old = session.training
        if old is not None and old is not self.first:
            old.stop()
        alive = [one for one in self.trainings if one is not old and not one.over]
        if len(alive) >= self.patience.trainings:
            raise BusyError(f"{len(alive)} trainings are open already", "Try again when some have ended.")
        self.turns.check()
        begun = TrainRequest(setup, request.warm, request.paused, request.descent, request.pace)
        session.setup = setup
        session.forget_log()
        session.training = self._training(begun, session.learned, session)
        session.training.start()
        session.note(session.state())

    def control(self, session: Session, action: str) -> None:
        """Play, pause, step or stop the session's training.

        Raises
        ------
        UsageError
            There is none, or it is the opening one, which is everybody's.
        """
        training = session.training
        if training is None or training.over:
            raise UsageError("there is no training to go on with", "Begin one with train.")
        if training is self.first:
            raise UsageError(SHARED, "Wait for it, or begin your own with train.")
        getattr(training, action)()

    def pace(self, session: Session, pace: float | None) -> None:
        """Passes a second at most."""
        if pace is not None and not 0 < pace < 1e6:
            raise UsageError(f"a pace of {pace:g} is not possible", "Give passes a second, above 0.")
        if session.training is not None and session.training is not self.first:
            session.training.set_pace(pace)

    def learned(self, session: Session, model: str | None = None) -> Learned:
        """The session's model, or one of those kept.

        Raises
        ------
        UsageError
            There is none yet.
        """
        if model is None and session.learned is not None:
            return session.learned
        for one in session.models:
            if one.summary.id == model:
                return one
        raise UsageError(
            "there is no model yet" if model is None else f"there is no model '{model}' here (any more)",
            "Train one first.",
        )

    def choose(self, session: Session, model: str) -> None:
        """Let one of the kept models answer from now on."""
        session.learned = self.learned(session, model)
        session.note(session.state())

    def _training(self, request: TrainRequest, before: Learned | None, session: Session | None) -> Training:
        def told(event: PassEvent | None) -> None:
            if self._loop is not None:
                with contextlib.suppress(RuntimeError):  # the server has closed meanwhile
                    self._loop.call_soon_threadsafe(self._hear, training, session, event)

        training = Training(next(self.numbers), request, self.store, self.turns, before, told)
        self.trainings.add(training)
        return training

    def _hear(self, training: Training, session: Session | None, event: PassEvent | None) -> None:
        """What a training's thread had to say, on the server's thread."""
        if event is None:
            self._keep_count(training)
        elif training is self.first:
            self.first_passes.append(event)
        for one in [session] if session is not None else list(self.known.values()):
            if one.training is not training:
                continue
            if event is not None:
                one.note(event)
                continue
            if training.learned is not None and training.learned not in one.models:
                self._adopt(one, training.learned)
            one.note(one.state())

    def _keep_count(self, training: Training) -> None:
        if training.over:
            self.trainings.discard(training)
        if training.phase == "paused":
            self.paused_since.setdefault(training, time.monotonic())
        else:
            self.paused_since.pop(training, None)

    def _adopt(self, session: Session, learned: Learned) -> None:
        session.learned = learned
        session.models.appendleft(learned)
        while len(session.models) > self.patience.models:
            session.models.pop()

    def _end(self, session: Session) -> None:
        self.known.pop(session.name, None)
        session.closed = True
        if session.training is not None and session.training is not self.first:
            session.training.stop()
        session.wake()

    # -- looking after what is left behind -------------------------------------------------------------

    async def look_after(self) -> None:
        """Stop what nobody waits for any more, for as long as the server runs."""
        while True:
            await asyncio.sleep(self.patience.look)
            self.tidy()

    def tidy(self) -> None:
        """Stop the trainings of pages that have gone, forget sessions without a word."""
        now = time.monotonic()
        for session in list(self.known.values()):
            if session.streams:
                continue
            away = now - session.seen
            if away > self.patience.memory:
                self._end(session)
            elif away > self.patience.grace and session.training not in (None, self.first):
                assert session.training is not None
                session.training.stop()
        for training, since in list(self.paused_since.items()):
            if now - since > self.patience.pause:
                training.stop()
