"""A page in the making: what has been said so far, and the pictures that it needs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sightline.results import Run

ASSETS = "assets"
THEMES = ("light", "dark")
MARKUP = re.compile(r"([\\`*_{}\[\]<>|#$~^!])")


class Page:
    """What has been said so far, and the pictures that it needs."""

    def __init__(self, story: Run) -> None:
        self.story = story
        self.parts: list[str] = []
        self.pictures: dict[str, Callable[[str], Any]] = {}

    def say(self, *paragraphs: str) -> None:
        """Add paragraphs."""
        self.parts += paragraphs

    def code(self, text: str) -> None:
        """Add Python."""
        self.parts.append(f"```python\n{text.strip()}\n```")

    def formula(self, tex: str) -> None:
        """Add a formula in TeX, on a line of its own."""
        self.parts.append(f"$$\n{tex}\n$$")

    def picture(self, name: str, draw: Callable[[str], Any], alt: str, caption: str) -> None:
        """Add a picture in both themes, and what stands below it."""
        self.pictures[name] = draw
        images = "\n".join(
            f'![{plain(alt)}]({ASSETS}/{name}-{theme}.png#only-{theme}){{ width="680" }}' for theme in THEMES
        )
        self.parts += [images, f"/// caption\n{caption}\n///"]


def plain(text: str) -> str:
    r"""Anybody's text, so that none of it is markup.

    Examples
    --------
    >>> plain("a_b *c* <d>")
    'a\\_b \\*c\\* \\<d\\>'
    """
    return MARKUP.sub(r"\\\1", " ".join(text.split()))


def percent(share: float, digits: int = 2) -> str:
    """A share in percent.

    Examples
    --------
    >>> percent(0.98054)
    '98.05 %'
    """
    return f"{100 * share:.{digits}f} %"
