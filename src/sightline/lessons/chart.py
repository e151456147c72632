"""Lines and points for a lesson: one small drawing in SVG that takes its letters' colour from the page around it."""

from __future__ import annotations

import html
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
COLOURS = ("#2b83c9", "#d9691e", "#1f9a78", "#b0529a", "#9a7b10", "#6a6fd0")
"""Each with a contrast of at least 3 on white and on black alike."""
DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 2", "1 3")
WIDTH, HEIGHT = 680.0, 320.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 18.0, 34.0, 48.0


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing, `svg`, that notebooks show as it is."""

    svg: str

    def _repr_html_(self) -> str:
        return self.svg


@dataclass(frozen=True, slots=True)
class _Axis:
    """From numbers to places: `low`…`high` to `start`…`stop`; `log` for powers of ten."""

    low: float
    high: float
    start: float
    stop: float
    log: bool = False

    def at(self, values: npt.ArrayLike) -> Floats:
        found, low, high = np.asarray(values, dtype=np.float64), self.low, self.high
        if self.log:
            found, low, high = np.log10(found), math.log10(low), math.log10(high)
        placed: Floats = self.start + (found - low) / (high - low) * (self.stop - self.start)
        return placed

    def ticks(self) -> list[float]:
        if self.log:
            powers = range(
                math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9) + 1
            )
            return [10.0**power for power in powers][:: max(1, len(powers) // 6)]
        span = self.high - self.low
        step = 10.0 ** math.floor(math.log10(span / 5))
        step *= next(factor for factor in (1, 2, 5, 10) if span / (step * factor) <= 6)
        first = math.ceil(self.low / step - 1e-9)
        return [round(n * step, 12) for n in range(first, math.floor(self.high / step + 1e-9) + 1)]


def chart(
    series: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]],
    *,
    x: str,
    y: str,
    points: Collection[str] = (),
    marks: Mapping[str, float] | None = None,
    levels: Mapping[str, float] | None = None,
    log_x: bool = False,
    low: float | None = None,
    high: float | None = None,
) -> Chart:
    """Draw lines and points.

    Parameters
    ----------
    series : dict
        Name → (m,) places along x and (m,) along y, finite; at most 6.
    x, y : str
        What the axes say.
    points : names of series that are dots instead of lines
    marks, levels : dict, optional
        Upright and level dashed lines, by the word beside them.
    log_x : bool
        Powers of ten along x, whose values are then above 0.
    low, high : float, optional
        Limits along y; those of the values by default.

    Returns
    -------
    Chart

    Examples
    --------
    >>> "polyline" in chart({"line": ([0, 1], [0, 2])}, x="x", y="y").svg
    True
    """
    drawn = {
        name: (np.asarray(a, np.float64).ravel(), np.asarray(b, np.float64).ravel())
        for name, (a, b) in series.items()
    }
    across = np.concatenate([a for a, _ in drawn.values()] + [np.array(list((marks or {}).values()))])
    up = np.concatenate([b for _, b in drawn.values()] + [np.array(list((levels or {}).values()))])
    right = _Axis(*_limits(across, log_x), LEFT, WIDTH - RIGHT, log_x)
    bottom, top = _limits(up, False)
    rise = _Axis(bottom if low is None else low, top if high is None else high, HEIGHT - BOTTOM, TOP)
    parts = [*_frame(right, rise, x, y), *_guides(right, rise, marks or {}, levels or {})]
    at = LEFT
    for i, (name, (a, b)) in enumerate(drawn.items()):
        dots = name in points
        parts += _series(right.at(a), rise.at(b), i, dots)
        parts += _key(at, name, i, dots)
        at += 44 + 6.6 * len(name)
    names = html.escape(", ".join(drawn))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" '
        f'style="width:100%;max-width:{WIDTH:g}px;height:auto;color:inherit" font-family="inherit" '
        f'font-size="12" fill="currentColor"><title>{names}: {html.escape(y)} against {html.escape(x)}</title>'
    )
    return Chart(head + "".join(parts) + "</svg>")


def _limits(values: Floats, log: bool) -> tuple[float, float]:
    """Return the range of values, never empty; along a linear axis with a little room."""
    low, high = float(values.min()), float(values.max())
    if log:
        return (low, high) if high > low else (low / 2, high * 2)
    room = 0.04 * (high - low) or 0.5
    return (low - room if low < 0 or low > room else min(low, 0.0)), high + room


def _frame(right: _Axis, rise: _Axis, x: str, y: str) -> list[str]:
    """Draw both axes with their ticks and what they say."""
    parts = []
    for value in rise.ticks():
        place = float(rise.at(value))
        parts.append(_line(LEFT, place, WIDTH - RIGHT, place, 'stroke="currentColor" stroke-opacity=".13"'))
        parts.append(_text(LEFT - 8, place + 4, _number(value), "end"))
    for value in right.ticks():
        place = float(right.at(value))
        parts.append(
            _line(place, rise.start, place, rise.start + 5, 'stroke="currentColor" stroke-opacity=".5"')
        )
        parts.append(_text(place, rise.start + 19, _number(value), "middle"))
    parts.append(
        _line(LEFT, rise.start, WIDTH - RIGHT, rise.start, 'stroke="currentColor" stroke-opacity=".5"')
    )
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x, "middle"))
    middle = (rise.start + rise.stop) / 2
    parts.append(
        f'<text x="14" y="{middle:.1f}" text-anchor="middle" transform="rotate(-90 14 {middle:.1f})">'
        f"{html.escape(y)}</text>"
    )
    return parts


def _guides(right: _Axis, rise: _Axis, marks: Mapping[str, float], levels: Mapping[str, float]) -> list[str]:
    """Draw dashed lines across the whole drawing, each with its word."""
    look = 'stroke="currentColor" stroke-opacity=".6" stroke-dasharray="4 3"'
    parts = []
    for word, value in marks.items():
        place = float(right.at(value))
        over = place > WIDTH - RIGHT - 90
        parts.append(_line(place, rise.start, place, rise.stop, look))
        parts.append(_text(place + (-5 if over else 5), rise.stop + 11, word, "end" if over else "start"))
    for word, value in levels.items():
        place = float(rise.at(value))
        parts.append(_line(LEFT, place, WIDTH - RIGHT, place, look))
        parts.append(_text(LEFT + 5, place - 5, word, "start"))
    return parts


def _series(a: Floats, b: Floats, i: int, dots: bool) -> list[str]:
    """Draw one series as a line or as dots."""
    colour = COLOURS[i % len(COLOURS)]
    if dots:
        return [
            f'<circle cx="{p:.1f}" cy="{q:.1f}" r="3.6" fill="{colour}" fill-opacity=".75"/>'
            for p, q in zip(a, b, strict=True)
        ]
    places = " ".join(f"{p:.1f},{q:.1f}" for p, q in zip(a, b, strict=True))
    return [f'<polyline points="{places}" fill="none" stroke-linejoin="round" {_stroke(i)}/>']


def _key(at: float, name: str, i: int, dots: bool) -> list[str]:
    """Draw what tells one series from the others."""
    sign = (
        f'<circle cx="{at + 11:.1f}" cy="14" r="4" fill="{COLOURS[i % len(COLOURS)]}"/>'
        if dots
        else _line(at, 14, at + 22, 14, _stroke(i))
    )
    return [sign, _text(at + 28, 18, name, "start")]


def _stroke(i: int) -> str:
    dashes = DASHES[i % len(DASHES)]
    return f'stroke="{COLOURS[i % len(COLOURS)]}" stroke-width="2.2"' + (
        f' stroke-dasharray="{dashes}"' if dashes else ""
    )


def _line(x1: float, y1: float, x2: float, y2: float, look: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {look}/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(words)}</text>'


def _number(value: float) -> str:
    return f"{value:,.12g}".replace("-", "−")
