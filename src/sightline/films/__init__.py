"""Films: each a small class that reads like a script, painted with Matplotlib and encoded by PyAV.

    make("training", "mnist") ──▶ Film ──▶ render(film, "training.mp4")

A film is data and scenes; a scene places things on a stage and returns a function of time that moves them. The texts
stand apart, in ``words/en.toml``. Everything here is loaded when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

_HOMES = {
    "FILMS": "catalog",
    "Caption": "script",
    "Film": "script",
    "Look": "stage",
    "Made": "rendering",
    "Painter": "painter",
    "SIZES": "rendering",
    "Scene": "script",
    "Stage": "stage",
    "Timeline": "timeline",
    "Words": "wording",
    "english": "wording",
    "make": "catalog",
    "read_words": "wording",
    "render": "rendering",
}

__all__ = [
    "FILMS",
    "SIZES",
    "Caption",
    "Film",
    "Look",
    "Made",
    "Painter",
    "Scene",
    "Stage",
    "Timeline",
    "Words",
    "english",
    "make",
    "read_words",
    "render",
]

if TYPE_CHECKING:
    from sightline.films.catalog import FILMS, make
    from sightline.films.painter import Painter
    from sightline.films.rendering import SIZES, Made, render
    from sightline.films.script import Caption, Film, Scene
    from sightline.films.stage import Look, Stage
    from sightline.films.timeline import Timeline
    from sightline.films.wording import Words, english, read_words


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sightline.films' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"sightline.films.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
