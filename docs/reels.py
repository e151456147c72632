"""The site's films: rendered by the build where a page asks for one by `<!-- film: NAME | what happens in it -->`."""

from __future__ import annotations

import html
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

ASKED = re.compile(r"^<!-- film: (?P<name>[\w-]+) \| (?P<words>[^|]+?) -->$", re.MULTILINE)
THEMES = ("light", "dark")
SIZE, FRAMES_A_SECOND, STILL = "480p", 15, 0.6
"""Of a film; where in it the still is from that stands for it until it plays."""


def placed(text: str, page: Path, folder: Path) -> str:
    """A page's text with its films in their places, in both themes; `page` and `folder` are where both are staged."""
    way = Path(os.path.relpath(folder, page.parent)).as_posix()

    def film(found: re.Match[str]) -> str:
        name, words = found["name"], html.escape(found["words"].strip(), quote=True)
        width, height = rendered(name, folder)
        films = "".join(
            f'<video class="only-{theme}" controls muted loop playsinline preload="none" width="{width}" '
            f'height="{height}" aria-label="Film: {words}" poster="{way}/{name}-{theme}.png">'
            f'<source src="{way}/{name}-{theme}.mp4" type="video/mp4"></video>'
            for theme in THEMES
        )
        return f'<figure class="made">{films}<figcaption>{words}. It has no sound.</figcaption></figure>'

    return ASKED.sub(film, text)


@cache
def rendered(name: str, folder: Path) -> tuple[int, int]:
    """Render a film in both themes, with a still of each; return its width and height."""
    from PIL import Image

    from sightline.films import SIZES, Look, Painter, Timeline, english, make, render

    folder.mkdir(parents=True, exist_ok=True)
    film: Any = make(name)
    width, height = SIZES[SIZE]
    for theme in THEMES:
        render(film, folder / f"{name}-{theme}.mp4", size=SIZE, fps=FRAMES_A_SECOND, theme=theme)
        frames = len(Timeline(film, FRAMES_A_SECOND))
        painter = Painter(film, Look(width, height, theme), FRAMES_A_SECOND, english())
        still = painter.paint(int(STILL * frames))
        Image.fromarray(still).convert("RGB").save(folder / f"{name}-{theme}.png", optimize=True)
    return width, height
