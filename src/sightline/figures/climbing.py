"""The ladder as a story: the very images that each rung fixed, and those it newly got wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sightline.anatomy import Rung, climb
from sightline.figures import lettering
from sightline.figures.page import MARGIN, Page, shape_in
from sightline.figures.style import SMALL, TEXT, find_theme
from sightline.figures.tiles import left_out
from sightline.results import RecipeResult, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_RUNGS = 9
FIXED, BROKEN = 9, 4
SIDE, GAP, APART = 0.62, 0.14, 0.4
TOP = 0.9


def ladder_story(run: Run, *, theme: str = "light") -> Figure:
    """Draw, for each recipe against the one before, images that it fixed and images that it newly got wrong.

    Parameters
    ----------
    run : Run
        At most the last 10 of its recipes are compared.
    theme : "light" or "dark"

    Returns
    -------
    Figure
        Those first on which the two differ most; below each the class that the wrong one of the two took it for,
        and the right one. McNemar's test says whether the difference may be chance.
    """
    rungs = climb(run)
    shown = rungs[-MOST_RUNGS:]
    judged = {one.name: one for one in run.recipes}
    width, height = shape_in(run.test.images[0], SIDE)
    room = max(width, 0.62)
    pitch = 0.52 + height + 0.5
    wide = 2 * MARGIN + (FIXED + BROKEN) * (room + GAP) - GAP + APART
    foot = 0.3 if len(shown) < len(rungs) else 0.0
    page = Page.blank(wide, TOP + pitch * max(len(shown), 0) + foot, find_theme(theme))
    page.title(
        "What each rung fixed, and what it newly got wrong"
        if shown
        else "One recipe alone: nothing to compare",
        "blue: fixed; orange: newly wrong; below each the wrong decision → the right one, the clearest first"
        if shown
        else "",
    )
    for i, rung in enumerate(shown):
        pair = judged[rung.before], judged[rung.after]
        _draw_rung(page, run, rung, pair, (TOP + i * pitch, width, height, room))
    page.footnote(left_out(len(shown), len(rungs), "rung"))
    return page.figure


def _draw_rung(
    page: Page, run: Run, rung: Rung, pair: tuple[RecipeResult, RecipeResult], place: tuple[float, ...]
) -> None:
    """Draw one rung: a heading, its sentence, then the two groups of images."""
    (top, width, height, room), theme = place, page.theme
    inches = page.width - 2 * MARGIN
    after = lettering.fit(rung.after, 2.4, TEXT, bold=True)
    page.write(MARGIN, top + 0.1, after, bold=True)
    x = MARGIN + lettering.measure(after, TEXT, bold=True) + 0.12
    page.write(x, top + 0.1, rung.sees, size=TEXT, colour=theme.ink, within=MARGIN + inches - x)
    said = f"after {lettering.fit(rung.before, 2.0, SMALL)}: {told(rung)}"
    page.write(MARGIN, top + 0.29, said, size=SMALL, colour=theme.soft, within=inches)
    y = top + 0.42
    groups = ((rung.fixed[:FIXED], pair[0], 0.0, theme.favour), (rung.broken[:BROKEN], pair[1],
              FIXED * (room + GAP) - GAP + APART, theme.against))  # fmt: skip
    for rows, wrong, offset, colour in groups:
        for j, row in enumerate(rows.tolist()):
            x = MARGIN + offset + j * (room + GAP)
            left = x + (room - width) / 2
            page.picture(run.test.images[row], left, y, width, height, frame=False)
            page.box(left, y, width, height, edge=colour, line=1.6)
            for n, line in enumerate(_pair(wrong, row, room + GAP - 0.04)):
                level = y + height + 0.16 + 0.15 * n
                page.write(x + room / 2, level, line, size=SMALL, colour=theme.soft, align="center")


def told(rung: Rung) -> str:
    """Say what a rung fixed and broke, and whether it may be chance: "fixes 42 images, newly gets 23 wrong: …"."""
    fixed, broken = len(rung.fixed), len(rung.broken)
    if not fixed + broken:
        return "both decide every test image equally well"
    said = f"fixes {lettering.plural(fixed, 'image')}, newly gets {broken:,} wrong"
    p = rung.comparison.p_value
    size = "p < 0.0001" if p < 1e-4 else f"p = {lettering.number(p, 2)}"
    if p >= 0.05:
        return f"{said}: a difference that chance could make ({size})"
    return f"{said}: {'better' if fixed > broken else 'worse'}, beyond chance ({size})"


def _pair(wrong: RecipeResult, row: int, room: float) -> tuple[str, ...]:
    """Write the wrong decision and the right one, below each other where they are long."""
    judged = wrong.evaluation
    taken, true = judged.classes[int(judged.predicted[row])], judged.classes[int(judged.labels[row])]
    whole = lettering.plain(f"{taken} → {true}")
    if lettering.measure(whole, SMALL) <= room:
        return (whole,)
    return lettering.fit(taken, room, SMALL), lettering.fit(f"→ {true}", room, SMALL)
