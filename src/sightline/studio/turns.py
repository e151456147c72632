"""Turns: so many trainings at once and no more, the others in the order in which they came."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from sightline.errors import SightlineError


class BusyError(SightlineError):
    """The studio has as much to do as it takes on."""


class Turns:
    """A queue with limits.

    Parameters
    ----------
    running, waiting : int
        Trainings that run at the same time, and that wait for one of them to end or to pause.
    """

    def __init__(self, running: int = 1, waiting: int = 16) -> None:
        self.running, self.waiting = running, waiting
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()
        self._holders: set[object] = set()

    def check(self) -> None:
        """Refuse where too many wait already.

        Raises
        ------
        BusyError
        """
        with self._changed:
            if len(self._queue) >= self.waiting:
                raise BusyError(
                    f"{len(self._queue)} trainings are waiting already", "Try again when some have ended."
                )

    def take(self, who: object, ended: Callable[[], bool], told: Callable[[], None]) -> bool:
        """Wait for a turn; False where `ended` came true first. `told` is called when the place changes."""
        with self._changed:
            if who in self._holders:
                return True
            self._queue.append(who)
            place = -1
            while True:
                ahead = self._queue.index(who)
                if ended():
                    self._queue.remove(who)
                    self._changed.notify_all()
                    return False
                if ahead == 0 and len(self._holders) < self.running:
                    self._queue.popleft()
                    self._holders.add(who)
                    self._changed.notify_all()
                    return True
                if ahead != place:
                    place = ahead
                    told()
                self._changed.wait()

    def give(self, who: object) -> None:
        """Give the turn back."""
        with self._changed:
            self._holders.discard(who)
            self._changed.notify_all()

    def wake(self) -> None:
        """Let those who wait ask anew whether they have ended."""
        with self._changed:
            self._changed.notify_all()

    def ahead(self, who: object) -> int:
        """How many must end or pause before it is this one's turn."""
        with self._changed:
            if who not in self._queue:
                return 0
            return self._queue.index(who) + len(self._holders)
