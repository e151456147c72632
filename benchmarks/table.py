"""A result in words: the table for a terminal, and the record for a file."""

from __future__ import annotations

import math
from typing import Any

from peers.ours import Ours
from reading import count_to, gap
from run import Result, Trace

WIDTH = 38


def table(result: Result) -> str:
    """Seconds of every peer to every level, the ratio to ours at the target, and a remark."""
    levels, target = result.settings.levels, result.settings.target
    ours = result.seconds(result.traces[0], target)
    heads = "".join(f"{_power(level):>9}" for level in levels)
    lines = [
        f"optimum F* = {result.optimum:.9g}; seconds to (F - F*) / F* of",
        f"{'':{WIDTH}}{heads} {'ratio at ' + _power(target):>15}",
    ]
    for trace in result.traces:
        times = [result.seconds(trace, level) for level in levels]
        cells = "".join(f"{_seconds(one):>9}" for one in times)
        ratio = result.seconds(trace, target) / ours if math.isfinite(ours) else math.inf
        shown = f"{ratio:.2f}" if math.isfinite(ratio) else "-"
        lines.append(f"{trace.peer.name:{WIDTH}}{cells} {shown:>15}  {_remark(result, trace)}".rstrip())
    lines += [f"  {trace.peer.note}" for trace in result.traces if trace.points and trace.peer.note]
    return "\n".join(lines)


def one_line(result: Result) -> str:
    """Ours alone at the target: seconds, ratio 1, the gap reached, passes."""
    ours = result.traces[0]
    target, last = result.settings.target, ours.points[-1]
    reached = f"{gap(last, result.optimum):.1e}, {last.count} passes"
    return (
        f"optimum F* = {result.optimum:.7f}\n\n"
        f"{'':32} {'seconds':>9} {'ratio':>7}  reached {target:.0e}\n"
        f"{ours.peer.name:32} {last.seconds:9.2f} {1:7.1f}  {reached}"
    )


def missed(result: Result) -> bool:
    """Whether ours did not reach the target, so that there is nothing to compare with."""
    return math.isinf(result.seconds(result.traces[0], result.settings.target))


def record(result: Result) -> dict[str, Any]:
    """All points and what was read off them, as JSON takes it; null where a level was not reached."""
    work = result.work
    return {
        "work": work.name,
        "rows": len(work.X),
        "columns": work.X.shape[1],
        "classes": work.n_classes,
        "C": work.C,
        "optimum": result.optimum,
        "peers": [
            {
                "peer": trace.peer.key,
                "name": trace.peer.name,
                "remark": _remark(result, trace),
                "seconds_to": {
                    _power(level): _or_null(result.seconds(trace, level)) for level in result.settings.levels
                },
                "points": [
                    {"seconds": one.seconds, "objective": one.objective, "count": one.count}
                    for one in trace.points
                ],
            }
            for trace in result.traces
        ],
    }


def _remark(result: Result, trace: Trace) -> str:
    if not trace.points:
        return f"not run: {trace.ended}"
    target = result.settings.target
    words = []
    if isinstance(trace.peer, Ours):
        fits = [one for one in trace.points if one.seconds == result.seconds(trace, target)]
        words += [f"{gap(one, result.optimum):.1e} in {one.count} passes" for one in fits[:1]]
    else:
        count = count_to(trace.points, result.optimum, target)
        words += [f"at most {count} iterations"] if count is not None else []
        words += ["on one thread"] if trace.threads < result.settings.threads and trace.peer.threaded else []
    if trace.ended or not words:
        best = min(trace.points, key=lambda one: one.objective)
        words.append(f"{trace.ended or 'ended'} at {gap(best, result.optimum):.0e}, {best.seconds:.3g} s")
    return "; ".join(words)


def _seconds(seconds: float) -> str:
    if math.isinf(seconds):
        return "-"
    return f"{seconds:.2f}" if seconds >= 1 else f"{seconds:.4f}"


def _power(level: float) -> str:
    digits, power = f"{level:.0e}".split("e")
    return f"{digits}e{int(power)}"


def _or_null(seconds: float) -> float | None:
    return seconds if math.isfinite(seconds) else None
