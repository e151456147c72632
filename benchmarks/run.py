"""The run: one work, every peer, in one process on the same array, one after the other."""

from __future__ import annotations

import math
import os
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from threadpoolctl import threadpool_limits

from peers.ours import TOLERANCES, Ours, optimum
from peers.peer import Peer
from reading import LEVELS
from watch import Enough, Point, Watch
from works import Work, blobs

QUICK = 2.0
"""Seconds; a rival's run shorter than this is repeated as often as ours."""


BUSY = 0.5
"""Load, in processes that want a core, before the first fit of this one."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`target` relative gap of the headline; `threads` for everyone; `repeats`; `budget` seconds a fit."""

    target: float = 1e-4
    threads: int = 2
    repeats: int = 3
    budget: float = 240.0

    @property
    def levels(self) -> tuple[float, ...]:
        """Gaps whose times are told, the widest first."""
        return tuple(sorted({*LEVELS, self.target}, reverse=True))


@dataclass(frozen=True, slots=True)
class Trace:
    """How a peer fared on so many threads: its points, and why it ended before the goal, empty if it did not."""

    peer: Peer
    threads: int
    points: tuple[Point, ...]
    ended: str


@dataclass(frozen=True, slots=True)
class Result:
    """One work: F*, the least objective that anyone reached, and the traces, ours first."""

    work: Work
    settings: Settings
    optimum: float
    traces: tuple[Trace, ...]

    def seconds(self, trace: Trace, target: float) -> float:
        """Seconds that a peer took to a relative gap."""
        return trace.peer.seconds(trace.points, self.optimum, target)


def compare(work: Work, rivals: Sequence[Peer], settings: Settings, *, only_target: bool = False) -> Result:
    """Measure ours, then each rival.

    Parameters
    ----------
    work : Work
    rivals : sequence of Peer
        None of them gives ours alone.
    settings : Settings
    only_target : bool
        Fit ours at the target only.
    """
    tolerances = (settings.target,) if only_target else tuple({*TOLERANCES, settings.target})
    ours = Ours(tuple(sorted(tolerances, reverse=True)))
    for peer in (ours, *rivals):
        warm_up(peer, settings.threads)
    with threadpool_limits(settings.threads):
        best = optimum(work, settings.threads)
    traces = [measured(work, ours, best, settings)]
    traces += [measured(work, rival, best, settings) for rival in rivals]
    least = min([best, *(point.objective for trace in traces for point in trace.points)])
    return Result(work, settings, least, tuple(traces))


def warm_up(peer: Peer, threads: int) -> None:
    """Let a peer import and load what it needs, on a few rows, where it does not count."""
    if not peer.missing():
        work = Work("warm-up", *blobs(n=200, d=4, K=2), 1.0)
        trace(work, peer, threads, goal=math.inf, budget=1.0)


def measured(work: Work, peer: Peer, best: float, settings: Settings) -> Trace:
    """Ours on the threads allowed; a rival on these and on one, whichever takes it to the target sooner.

    Threads of a linear algebra library wait for each other by turning in circles. On small arrays, and beside
    other programmes, two can be a hundred times slower than one, and a rival should not be blamed for it.
    """
    if isinstance(peer, Ours):
        chosen = median(work, peer, settings.threads, best, settings, budget=math.inf)
    else:
        counts = sorted({settings.threads, 1} if peer.threaded else {1}, reverse=True)
        chosen = median(work, peer, counts[0], best, settings, budget=settings.budget)
        for threads in counts[1:] if chosen.points else ():
            enough = 0.1 + 1.5 * max(point.seconds for point in chosen.points)
            other = median(work, peer, threads, best, settings, budget=min(settings.budget, enough))
            chosen = min(chosen, other, key=lambda one: rank(one, best, settings.target))
    report(f"{work.title} | {peer.name}: {len(chosen.points)} points; {chosen.ended or 'done'}")
    return chosen


def rank(one: Trace, best: float, target: float) -> tuple[float, float]:
    """Sooner at the target is better; where it is never reached, nearer to it."""
    nearest = min((point.objective for point in one.points), default=math.inf)
    return one.peer.seconds(one.points, best, target), nearest


def median(work: Work, peer: Peer, threads: int, best: float, settings: Settings, *, budget: float) -> Trace:
    """Of several runs the one with the median time to the target; of a long run of a rival only the one.

    Ours makes the same fits every time, so each of them has a median of its own.
    """
    goal = -math.inf if isinstance(peer, Ours) else best * (1 + settings.levels[-1])
    runs = [trace(work, peer, threads, goal=goal, budget=budget)]
    if isinstance(peer, Ours) or 0 < sum(point.seconds for point in runs[0].points) < QUICK:
        more = range(settings.repeats - 1)
        runs += [trace(work, peer, threads, goal=goal, budget=budget) for _ in more]
    if isinstance(peer, Ours):
        fits = zip(*(one.points for one in runs), strict=True)
        points = (replace(one[0], seconds=statistics.median(fit.seconds for fit in one)) for one in fits)
        return replace(runs[0], points=tuple(points))
    runs.sort(key=lambda one: rank(one, best, settings.target))
    return runs[len(runs) // 2]


def trace(work: Work, peer: Peer, threads: int, *, goal: float, budget: float) -> Trace:
    """One run of one peer, or why there is none."""
    why = peer.missing() or peer.unfit(work)
    if why:
        return Trace(peer, threads, (), why)
    watch = Watch(work, goal=goal, budget=budget)
    with threadpool_limits(threads):
        try:
            ended = peer.run(work, watch, threads)
        except Enough as enough:
            ended = str(enough)
    return Trace(peer, threads, tuple(watch.points), ended)


def busy() -> str:
    """Say so where other programmes keep the machine busy, or nothing."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if load < BUSY:
        return ""
    return f"other programmes are running (load {load:.1f}): do not quote these times"


def report(line: str) -> None:
    """Tell how far it is, beside the tables."""
    print(line, file=sys.stderr, flush=True)
