"""What a film is made of: scenes that last some seconds, each with what it shows and what is said meanwhile."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from sightline.films.stage import Stage

Move = Callable[[float], None]
"""Puts everything that moves where it is `t` seconds after the scene began; any t, in any order."""


@dataclass(frozen=True, slots=True)
class Caption:
    """The text `key` of the scene, said from `at` seconds on, until the next one or the scene's end."""

    at: float
    key: str


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene of a film.

    `film`, `key` name its texts; `seconds` it lasts; `set_up` places on a stage what is seen, and returns what
    moves it; `captions` in order; `values` fill the {names} in its texts.
    """

    film: str
    key: str
    seconds: float
    set_up: Callable[[Stage], Move]
    captions: tuple[Caption, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)


class Film(ABC):
    """A film: data that can be pickled, and a script.

    Every process that paints frames gets a copy; a frame depends on the film and its own number alone.
    """

    name: ClassVar[str]

    @abstractmethod
    def scenes(self) -> tuple[Scene, ...]:
        """The scenes, in order."""

    def scene(
        self,
        set_up: Callable[[Stage], Move],
        seconds: float,
        *captions: tuple[float, str],
        **values: str,
    ) -> Scene:
        """Return the scene that `set_up` shows, called as that function is."""
        said = tuple(Caption(at, key) for at, key in captions)
        return Scene(self.name, set_up.__name__.strip("_"), seconds, set_up, said, values)
