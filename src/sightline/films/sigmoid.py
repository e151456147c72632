"""The sigmoid in action: a number becomes a probability, the probability a decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sightline.figures import lettering
from sightline.figures.axes import ticks, trace
from sightline.figures.style import SMALL
from sightline.films.motion import between, ease, ramp, through
from sightline.films.script import Film, Move, Scene
from sightline.films.stage import Box, Spot, Stage
from sightline.logistic.functions import sigmoid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REACH, FAR = 10.0, 8.0
"""The curve is drawn from −10 to 10; the point walks from −8 to 8."""

all_z = np.linspace(-REACH, REACH, 401)


def place(t: float) -> float:
    """Return z of the walking point `t` seconds after it set out: 7 seconds from −8 to 8."""
    return through(t, (0.0, -FAR), (3.2, -1.0), (4.4, 1.0), (7.0, FAR))


def curve_chart(stage: Stage, box: Box, reach: float = REACH) -> Axes:
    """Return axes for the sigmoid, z from −reach to reach and the probability upwards."""
    ax = stage.chart(box, (-reach, reach), (-0.03, 1.03), x="z", y=stage.say("axis"))
    ticks(ax, "y", [0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
    return ax


@dataclass(frozen=True, slots=True)
class Sigmoid(Film):
    """`threshold` is where the second scene takes the threshold to."""

    name = "sigmoid"
    threshold: float = 0.8

    def scenes(self) -> tuple[Scene, ...]:
        """A walk along z; the threshold decides; the slope."""
        scene, turn = self.scene, float(np.log(self.threshold / (1 - self.threshold)))
        values = {"threshold": f"{self.threshold:g}", "turn": lettering.fixed(turn, 1)}
        return (
            scene(self.walk, 11.4, (0.0, "curve"), (2.4, "low"), (6.4, "half"), (8.2, "high")),
            scene(self.decide, 13.0, (0.0, "rule"), (4.4, "above"), (8.0, "stricter"), **values),
            scene(self.slope, 10.0, (0.0, "tangent"), (4.2, "steepest"), (7.2, "flat")),
        )

    def walk(self, stage: Stage) -> Move:
        """The curve is drawn, then a point runs along z."""
        left, right = stage.parts()
        ax, panel = curve_chart(stage, left), Readings(stage, right)
        drawn = stage.line(ax, width=2.2)
        guides = stage.line(ax, colour=stage.theme.rule, width=1.0, dashes=(0, (3, 2.4)))
        point = the_point(stage, ax)

        def move(t: float) -> None:
            known = all_z[all_z <= between(-REACH, REACH, ease(t, 0.2, 1.6))]
            drawn.set_data(known, sigmoid(known))
            z = place(t - 2.4)
            p = float(sigmoid(z))
            seen = t >= 2.0
            guides.set_data(([z, z, -REACH], [-0.03, p, p]) if seen else ([], []))
            point.put(z, p, seen=seen)
            panel.show(z, p, seen)

        return move

    def decide(self, stage: Stage) -> Move:
        """The threshold makes a decision of the probability, and moves."""
        left, right = stage.parts()
        theme = stage.theme
        ax, panel = curve_chart(stage, left), Readings(stage, right, decides=True)
        trace(ax, all_z, sigmoid(all_z), colour=theme.ink, width=2.2)
        level = stage.line(ax, colour=theme.rule, width=1.4, dashes=(0, (5, 3)))
        below = stage.line(ax, colour=theme.against, width=3.4)
        above = stage.line(ax, colour=theme.favour, width=3.4)
        turn = stage.line(ax, colour=theme.rule, width=1.0, dashes=(0, (1.5, 2)))
        named = stage.tag(ax, colour=theme.soft, align="left", va="bottom")
        point = the_point(stage, ax)

        def move(t: float) -> None:
            threshold = through(t, (8.2, 0.5), (9.8, self.threshold))
            cut = float(np.log(threshold / (1 - threshold)))
            z = through(t, (1.0, -4.5), (6.6, 4.5), (8.0, 4.5), (12.4, 0.9))
            p = float(sigmoid(z))
            one = p >= threshold
            shown = ease(t, 0.2, 1.0)
            level.set_data([-REACH, between(-REACH, REACH, shown)], [threshold] * 2)
            under, over = all_z[all_z <= cut], all_z[all_z >= cut]
            below.set_data(under[: round(shown * len(under))], sigmoid(under[: round(shown * len(under))]))
            above.set_data(over[: round(shown * len(over))], sigmoid(over[: round(shown * len(over))]))
            turn.set_data([cut, cut], [-0.03, threshold])
            named.set_text(stage.say("threshold_is", value=f"{threshold:.2f}"))
            named.set_position((-0.97 * REACH, threshold + 0.015))
            colour = theme.favour if one else theme.against
            point.put(z, p, colour=colour)
            panel.show(z, p, True, threshold, colour)

        return move

    def slope(self, stage: Stage) -> Move:
        """The tangent at the point, and below it how steep the curve is everywhere."""
        theme = stage.theme
        upper, lower = stage.content.beside(0.56) if stage.wide else stage.content.stacked(0.58)
        ax = curve_chart(stage, upper)
        trace(ax, all_z, sigmoid(all_z), colour=theme.ink, width=2.2)
        second = stage.chart(lower, (-REACH, REACH), (-0.008, 0.28), x="z", y=stage.say("slope_axis"))
        ticks(second, "y", [0, 0.1, 0.2, 0.25], ["0", "0.1", "0.2", "0.25"])
        tangent = stage.line(ax, colour=theme.against, width=2.0)
        point = the_point(stage, ax)
        drawn = stage.line(second, colour=theme.against, width=2.2)
        end = stage.line(second, colour=theme.against, marker="o", dashes="none", size=7)
        said = stage.tag(second, colour=theme.ink, align="center", va="bottom", size=SMALL)

        def move(t: float) -> None:
            z = through(t, (0.6, -FAR), (4.4, 0.0), (5.8, 0.0), (9.2, FAR))
            p = float(sigmoid(z))
            steep = p * (1 - p)
            half = 2.6 / np.hypot(1, 8 * steep)
            tangent.set_data([z - half, z + half], [p - half * steep, p + half * steep])
            point.put(z, p)
            seen = all_z[(all_z >= -FAR) & (all_z <= z)]
            drawn.set_data(seen, sigmoid(seen) * (1 - sigmoid(seen)))
            end.set_data([z], [steep])
            said.set_text(lettering.fixed(steep, 3))
            said.set_position((np.clip(z, -8.6, 8.6), steep + 0.008))
            tangent.set_alpha(ramp(t, 0.2, 0.5))

        return move


def the_point(stage: Stage, ax: Axes) -> Spot:
    """Return the point that walks along the curve."""
    return stage.spot(ax, stage.theme.favour)


class Readings:
    """Beside the chart: z, the probability as a number and as a bar, and with `decides` the class."""

    def __init__(self, stage: Stage, box: Box, *, decides: bool = False) -> None:
        self.stage, self.theme = stage, stage.theme
        places = stage.slots(box, 3 if decides or not stage.wide else 2)
        if not stage.wide:
            first, last = 0.2 * box.width, 0.3 * box.width
            middle = Box(box.left + first, box.top, box.width - first - last, box.height)
            places = [places[0], middle, Box(middle.right + 0.15, box.top, last - 0.15, box.height)]
        self.z = stage.reading(places[0], "z")
        self.p = stage.reading(places[1], stage.say("probability"))
        self.bar = Box(places[1].left, places[1].top + 0.62, min(places[1].width, 2.3), 0.1)
        stage.page.box(self.bar.left, self.bar.top, self.bar.width, self.bar.height, fill=self.theme.sunken)
        self.fill = stage.bar(self.bar, self.theme.favour)
        self.mark = stage.bar(self.bar, self.theme.ink)
        self.decision = stage.reading(places[2], stage.say("decision")) if decides else None

    def show(
        self, z: float, p: float, seen: bool, threshold: float | None = None, colour: str | None = None
    ) -> None:
        """Show the readings; nothing where they are not `seen` yet."""
        self.z.set_text(lettering.fixed(z, 2) if seen else "")
        self.p.set_text(lettering.fixed(p, 3) if seen else "")
        bar = self.bar
        self.fill.set_bounds(bar.left, bar.top, bar.width * p if seen else 0, bar.height)
        self.fill.set_facecolor(colour or self.theme.favour)
        at = bar.left + bar.width * (threshold or 0)
        self.mark.set_bounds(at - 0.01, bar.top - 0.04, 0.02 if threshold else 0, bar.height + 0.08)
        if self.decision is not None and threshold is not None:
            self.decision.set_text(self.stage.say("one" if p >= threshold else "zero"))
            self.decision.set_color(colour or self.theme.ink)
