"""Fits on workers that are not there, event by event: client, scheduler, network, workers with luck of their own.

Who does one thing after the other is a `Server`. In a pass the client sends parts, the scheduler passes them on,
workers read and compute, and sums are added in a tree of eight, as `sightline.engine.cluster` has it done.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from cluster_costs import Costs
from sightline.engine.cluster import FAN


@dataclass(frozen=True)
class World:
    """What is stated, in bytes and seconds.

    `rows` in blocks of `block`; a worker has `threads` and `ram`, reads its own `disk` or a `store` that all share; a
    machine's `network` and its `latency`; `uneven` is the deviation of the logarithm of a worker's speed; a share of
    `hiccup` of the parts takes `slow` times longer. `lost`: how many workers are lost in a fit, `silent` whether the
    scheduler hears nothing of it, and waits `notice`; `parts` a worker.
    """

    rows: int = 1_000_000_000
    block: int = 8192
    threads: int = 1
    ram: float = 16e9
    disk: float = 1e9
    store: float = 0.0
    network: float = 1.25e9
    latency: float = 2e-4
    uneven: float = 0.05
    hiccup: float = 0.005
    slow: float = 3.0
    lost: int = 0
    silent: bool = False
    notice: float = 30.0
    parts: int = 1


@dataclass
class Server:
    """Someone who does one thing after the other."""

    free: float = 0.0
    busy: float = 0.0

    def take(self, now: float, seconds: float) -> float:
        """When a thing that is asked for now is done."""
        self.free = max(self.free, now) + seconds
        self.busy += seconds
        return self.free


@dataclass
class Round:
    """One pass as it went: seconds, the mean worker's computing, the slowest one's, busy seconds of the scheduler."""

    seconds: float
    mean: float
    slowest: float
    scheduler: float


@dataclass
class Outcome:
    """One simulated fit: seconds of the survey, of the client alone, and its passes."""

    survey: Round
    sample: float
    passes: list[Round] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """In all."""
        return self.survey.seconds + self.sample + sum(one.seconds for one in self.passes)

    def shares(self) -> dict[str, float]:
        """Seconds by what they went to."""
        rounds = [self.survey, *self.passes]
        return {
            "computing": sum(one.mean for one in rounds),
            "the slowest worker": sum(one.slowest - one.mean for one in rounds),
            "tasks and network": sum(one.seconds - one.slowest for one in rounds),
            "the sample, on the client": self.sample,
        }


class Fleet:
    """Workers with luck of their own, and one fit on them."""

    def __init__(self, costs: Costs, world: World, workers: int, seed: int) -> None:
        self.costs, self.world, self.rng = costs, world, np.random.default_rng([seed, workers])
        self.alive = list(range(workers))
        self.pace = np.exp(self.rng.normal(-(world.uneven**2) / 2, world.uneven, workers))

    def fit(self) -> Outcome:
        """Survey, sample, passes; those that are lost are lost in one pass."""
        costs, world = self.costs, self.world
        drawn = costs.sample_rows * costs.columns + -(-world.rows // world.block) * costs.piece
        survey = self.round(costs.row_survey, drawn, cold=True)
        unpacked = costs.unpack * drawn / 1e6
        outcome = Outcome(survey, costs.sample_start + unpacked + (costs.passes - 1) * costs.sample_pass)
        bad = int(self.rng.integers(costs.passes)) if world.lost else -1
        for number in range(costs.passes):
            outcome.passes.append(self.round(costs.row_pass, 0.0, lost=world.lost if number == bad else 0))
        return outcome

    def round(self, row: float, back: float, *, cold: bool = False, lost: int = 0) -> Round:
        """One pass of `row` seconds a row; its results hold `back` bytes in all beyond the sums."""
        world, count = self.world, len(self.alive) * self.world.parts
        homes = np.asarray(self.alive)[np.arange(count) % len(self.alive)]
        rows = world.rows / count
        own = world.rows * self.costs.columns / len(self.alive)
        rate = world.store / len(self.alive) if world.store else world.disk
        reading = 0.0 if own <= world.ram and not cold else rows * self.costs.columns / rate
        takes = np.maximum(row * rows / world.threads * self.pace[homes], reading)
        takes[self.rng.random(count) < world.hiccup] *= world.slow
        gone = self.rng.choice(self.alive, min(lost, len(self.alive) - 1), replace=False)
        when = {int(one): float(self.rng.random() * takes.max() * world.parts) for one in gone}
        found = _Round(self.costs, world, takes, homes, when, back).go()
        self.alive = [one for one in self.alive if one not in when]
        return found


class _Round:
    """The events of one pass: parts (`count`,) that take so long, each first on its home; `gone` leave at a time."""

    def __init__(
        self, costs: Costs, world: World, takes: Any, homes: Any, gone: dict[int, float], back: float
    ) -> None:
        self.costs, self.world, self.takes, self.homes, self.gone, self.back = (
            costs,
            world,
            takes,
            homes,
            gone,
            back,
        )
        self.client, self.scheduler, self.card = Server(), Server(), Server()
        self.free = dict.fromkeys(map(int, homes), 0.0)
        self.work = dict.fromkeys(self.free, 0.0)
        self.events: list[tuple[float, int, str, int, int]] = []
        self.number = 0
        self.sizes = [len(takes)]
        while self.sizes[-1] > FAN:
            self.sizes.append(-(-self.sizes[-1] // FAN))
        self.missing = [
            [min(FAN, below - FAN * i) for i in range(above)] for below, above in pairwise(self.sizes)
        ]
        self.left = self.sizes[-1]

    def at(self, when: float, what: str, level: int, index: int) -> None:
        """Something will happen; things of one time in the order in which they were foreseen."""
        self.number += 1
        heapq.heappush(self.events, (when, self.number, what, level, index))

    def go(self) -> Round:
        """From the first part that is sent to the last sum that is there."""
        costs, world, now = self.costs, self.world, 0.0
        for part in range(len(self.takes)):
            self.at(self.client.take(0.0, costs.client_task + costs.payload / world.network), "sent", 0, part)
        happens = {"sent": self.sent, "there": self.there, "done": self.done}
        while self.left:
            now, _, what, level, index = heapq.heappop(self.events)
            happens[what](now, level, index)
        gathered = (self.sizes[-1] * costs.partial + self.back) / world.network + costs.turn
        return Round(
            max(now, self.scheduler.free) + gathered,
            float(np.mean(list(self.work.values()))),
            max(self.work.values()),
            self.scheduler.busy,
        )

    def sent(self, now: float, level: int, index: int) -> None:
        """The scheduler has a task and passes it on."""
        costs, world = self.costs, self.world
        out = self.card.take(
            self.scheduler.take(now, costs.scheduler_task / 2), costs.payload / world.network
        )
        self.at(out + 2 * world.latency, "there", level, index)

    def there(self, now: float, level: int, index: int) -> None:
        """A worker has a task: a part, or sums that it fetches and adds."""
        costs, world = self.costs, self.world
        if level:
            bytes_each = costs.partial + self.back / self.sizes[level - 1]
            fetched = (FAN - 1) * bytes_each / world.network + world.latency
            self.at(now + fetched + costs.worker_task, "done", level, index)
            return
        home = int(self.homes[index])
        if home in self.gone and now >= self.gone[home]:
            home = min((one for one in self.free if one not in self.gone), key=self.free.__getitem__)
            self.homes[index] = home
        ends = max(now, self.free[home]) + costs.worker_task + float(self.takes[index])
        if home in self.gone and ends > self.gone[home]:  # done anew by another, from its first block
            self.at(max(now, self.gone[home]) + (world.notice if world.silent else 0.0), "sent", 0, index)
            return
        self.free[home] = ends
        self.work[home] += float(self.takes[index])
        self.at(ends, "done", 0, index)

    def done(self, now: float, level: int, index: int) -> None:
        """The scheduler hears of a sum, and where all of a group are there, has them added."""
        told = self.scheduler.take(now + self.world.latency, self.costs.scheduler_task / 2)
        if level == len(self.missing):
            self.left -= 1
            return
        group = index // FAN
        self.missing[level][group] -= 1
        if not self.missing[level][group]:
            self.at(told, "sent", level + 1, group)
