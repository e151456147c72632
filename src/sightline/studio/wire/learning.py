"""Trainings, their passes, the models that come of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sightline.studio.wire.data import Problem, Setup

Method = Literal["solver", "descent"]
Phase = Literal["waiting", "preparing", "running", "paused", "done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """Begin a training, in place of the session's last one.

    `warm`: begin at the session's model where it has the same features and classes. `paused`: stop before the first
    step, to go on by `step` or `play`. `descent`: run plain gradient descent beside the solver, pass for pass. `pace`
    most passes a second, None for as fast as it goes.
    """

    setup: Setup
    warm: bool = False
    paused: bool = False
    descent: bool = False
    pace: float | None = None


@dataclass(frozen=True, slots=True)
class Plane:
    """Where there are two features: z = weights · (first, second) + bias, in units of `scatter`; (R, 2), (R,)."""

    weights: tuple[tuple[float, float], ...]
    bias: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PassEvent:
    """One pass over the data. `index` counts the solver's events from 0: `weights/INDEX` has the weights after it.

    `gradient` Euclidean norm; `gap` estimated distance of the objective from its minimum, None where unknown;
    accuracies are shares, on at most 5,000 images each, and None for passes where they were not taken.
    """

    kind: Literal["pass"]
    training: int
    method: Method
    index: int
    number: int
    seconds: float
    objective: float
    gradient: float
    gap: float | None
    step: float
    train_accuracy: float | None
    test_accuracy: float | None
    plane: Plane | None


@dataclass(frozen=True, slots=True)
class TrainingState:
    """The session's training. `ahead`: trainings before it while it waits; `events`: passes of the solver so far."""

    id: int
    phase: Phase
    setup: Setup
    ahead: int
    events: int
    outcome: str
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """A model that was learned. `features` numbers that its classifier sees; `snapshots` weights that are kept."""

    id: str
    setup: Setup
    classes: tuple[int, ...]
    linear: bool
    features: int
    passes: int
    snapshots: int
    seconds: float
    objective: float
    converged: bool
    outcome: str
    train_accuracy: float
    test_accuracy: float | None


@dataclass(frozen=True, slots=True)
class SessionState:
    """Where one page stands. `model` answers all questions; `models` those kept for comparing, newest first.

    Of two states of a session the one of the higher `revision` was taken later; an answer may be overtaken by the
    stream.
    """

    kind: Literal["state"]
    session: str
    revision: int
    setup: Setup
    training: TrainingState | None
    model: ModelSummary | None
    models: tuple[ModelSummary, ...]


Event = PassEvent | SessionState
"""What the stream of a session sends."""


@dataclass(frozen=True, slots=True)
class Passes:
    """All passes of the session's last training so far."""

    passes: tuple[PassEvent, ...]


@dataclass(frozen=True, slots=True)
class WeightsSummary:
    """`exact`: z = weights · x + bias for every image x of intensities 0…255. Else the weights are the slope of z at
    the mean training image, a picture and no more.
    """

    model: str
    classes: tuple[int, ...]
    exact: bool
    index: int
    passes: int
