"""The site's pictures: each drawn in light and dark from one run on the bundled digits, and from nothing else.

A page asks for one by a line of its own, `<!-- figure: NAME | what it shows, in words | caption -->`,
whose caption may be left out. What no page asks for is not drawn.
"""

from __future__ import annotations

import html
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sightline import figures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sightline.results import Run

ASKED = re.compile(
    r"^<!-- figure: (?P<name>[\w-]+) \| (?P<alt>[^|]+?)(?: \| (?P<caption>.+?))? -->$", re.MULTILINE
)
TABLE = re.compile(r"^<!-- table: ladder -->$", re.MULTILINE)
THEMES = ("light", "dark")
PIXELS_PER_INCH = 96


@dataclass(frozen=True, slots=True)
class Drawing:
    """How a picture is made of a run in a theme, and the kind of its file: svg for lines, png for pixels."""

    draw: Callable[[Run, str], Figure]
    kind: str = "png"


def _wrong(story: Run) -> Any:
    return next((one for one in story.explanations if one.label != one.predicted), story.explanations[0])


def _mapped(story: Run) -> Any:
    return next(one for one in story.recipes if one.weight_maps is not None)


def _simulation(_: Run, theme: str) -> Figure:
    from sightline import simulate

    return figures.simulation(simulate(seed=0), theme=theme)


def _disputed(story: Run, theme: str) -> Figure:
    from sightline import find_disputed

    return figures.disputed_labels(find_disputed(story.dataset, "pixels"), story.dataset, theme=theme)


DRAWINGS = {
    "explanation": Drawing(lambda story, theme: figures.explanation(_wrong(story), theme=theme)),
    "ladder": Drawing(lambda story, theme: figures.ladder(story, theme=theme), "svg"),
    "stages": Drawing(lambda story, theme: figures.stages(story.stages, theme=theme)),
    "gallery": Drawing(lambda story, theme: figures.gallery(story.dataset, theme=theme)),
    "class-means": Drawing(lambda story, theme: figures.class_means(story.exploration, theme=theme)),
    "weights": Drawing(
        lambda story, theme: figures.weight_maps(_mapped(story), story.dataset.classes, theme=theme)
    ),
    "confusion": Drawing(lambda story, theme: figures.confusion_matrix(story.winner.evaluation, theme=theme), "svg"),
    "reliability": Drawing(lambda story, theme: figures.reliability(story.winner.evaluation, theme=theme), "svg"),
    "two-features": Drawing(lambda story, theme: figures.two_features(story.two_features, theme=theme)),
    "sigmoid": Drawing(lambda _, theme: figures.sigmoid_curve(theme=theme), "svg"),
    "simulation": Drawing(_simulation, "svg"),
    "convergence": Drawing(
        lambda story, theme: figures.convergence({one.name: one.history for one in story.recipes}, theme=theme), "svg"
    ),
    "disputed": Drawing(_disputed),
}  # fmt: skip


def asked(pages: Iterable[Path]) -> set[str]:
    """Names of the pictures that pages ask for.

    Raises
    ------
    ValueError
        There is no picture of a name, or a line that asks is not as it should be.
    """
    names: set[str] = set()
    for page in pages:
        text = page.read_text(encoding="utf-8")
        found = [one["name"] for one in ASKED.finditer(text)]
        if len(found) != len(re.findall(r"<!-- figure:", text)):
            raise ValueError(
                f"{page}: a figure is asked for in another form than '<!-- figure: NAME | ALT -->'"
            )
        if unknown := set(found) - set(DRAWINGS):
            raise ValueError(f"{page}: there are no drawings {sorted(unknown)}; there are {sorted(DRAWINGS)}")
        names |= set(found)
    return names


def draw(names: Iterable[str], story: Run, folder: Path) -> dict[str, tuple[int, int]]:
    """Draw each picture in both themes; return the width and height of each, in CSS pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    sizes = {}
    for name in sorted(names):
        one = DRAWINGS[name]
        for theme in THEMES:
            figure = one.draw(story, theme)
            figures.save(figure, folder / f"{name}-{theme}.{one.kind}")
            width, height = figure.get_size_inches()
            sizes[name] = round(width * PIXELS_PER_INCH), round(height * PIXELS_PER_INCH)
    return sizes


def placed(text: str, page: Path, folder: Path, sizes: dict[str, tuple[int, int]], story: Run | None) -> str:
    """A page's text with its pictures and tables in their places; `page` and `folder` where both are staged."""
    way = Path(os.path.relpath(folder, page.parent)).as_posix()

    def figure(found: re.Match[str]) -> str:
        name = found["name"]
        width, height = sizes[name]
        alt, kind = html.escape(found["alt"].strip(), quote=True), DRAWINGS[name].kind
        images = "".join(
            f'<a class="only-{theme}" href="{way}/{name}-{theme}.{kind}"><img src="{way}/{name}-{theme}.{kind}" '
            f'alt="{alt}" width="{width}" height="{height}" loading="lazy"></a>'
            for theme in THEMES
        )
        caption = f"<figcaption>{html.escape(found['caption'])}</figcaption>" if found["caption"] else ""
        return f'<figure class="made">{images}{caption}</figure>'

    text = ASKED.sub(figure, text)
    return TABLE.sub(lambda _: ladder_table(story), text) if story is not None else text


def ladder_table(story: Run) -> str:
    """The rungs of a run as a Markdown table."""
    lines = ["| recipe | features | fit | accuracy | 95 % interval |", "|---|---:|---:|---:|---:|"]
    for one in story.recipes:
        best, accuracy = one.name == story.best, one.evaluation.accuracy
        mark = "**" if best else ""
        lines.append(
            f"| {mark}`{one.name}`{mark} | {one.n_features:,} | {one.fit_seconds:.2f} s | "
            f"{mark}{accuracy.value:.2%}{mark} | {accuracy.low:.2%} to {accuracy.high:.2%} |"
        )
    return "\n".join(lines)
