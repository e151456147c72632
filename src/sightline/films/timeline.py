"""Which frame shows what: scenes laid end to end, cut into frames, with captions and chapters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sightline.errors import UsageError
from sightline.films.script import Film, Scene
from sightline.films.wording import Words

FADE = 0.3
"""Seconds in which one scene fades out, and in which the next fades in."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One frame: `scene` its number, `t` seconds since that began, `caption` number or −1, `opacity` 0…1."""

    scene: int
    t: float
    caption: int
    opacity: float


@dataclass(frozen=True, slots=True)
class Cue:
    """A text that holds from `start` to `end`, in seconds since the film began."""

    start: float
    end: float
    text: str


class Timeline:
    """A film at `fps` frames a second: frame i shows what is to be seen at i / fps seconds.

    Raises
    ------
    UsageError
        The film has no scene, or lasts less than a frame.
    """

    def __init__(self, film: Film, fps: int) -> None:
        self.film, self.fps = film, fps
        self.scenes: tuple[Scene, ...] = film.scenes()
        self.first: list[int] = [0]
        seconds = 0.0
        for scene in self.scenes:
            seconds += scene.seconds
            self.first.append(round(seconds * fps))
        if self.first[-1] < 1:
            raise UsageError(
                f"the film '{film.name}' has nothing to show", "Give it a scene of some seconds."
            )

    def __len__(self) -> int:
        """How many frames there are."""
        return self.first[-1]

    @property
    def seconds(self) -> float:
        """How long the film lasts."""
        return len(self) / self.fps

    def at(self, frame: int) -> Moment:
        """Return what frame number `frame` shows, 0…len − 1."""
        number = next(i for i, end in enumerate(self.first[1:]) if frame < end)
        t = (frame - self.first[number]) / self.fps
        said = [i for i, caption in enumerate(self.scenes[number].captions) if caption.at <= t]
        return Moment(number, t, said[-1] if said else -1, self._opacity(number, frame))

    def _opacity(self, number: int, frame: int) -> float:
        """Scenes fade into one another; the film itself begins and ends in full."""
        share = 1.0
        if number > 0:
            share = min(share, (frame - self.first[number] + 1) / (FADE * self.fps))
        if number < len(self.scenes) - 1:
            share = min(share, (self.first[number + 1] - frame) / (FADE * self.fps))
        return share

    def captions(self, words: Words) -> Iterator[Cue]:
        """All captions, in order."""
        for scene, first, last in zip(self.scenes, self.first, self.first[1:], strict=False):
            starts = [first / self.fps + caption.at for caption in scene.captions]
            for caption, start, end in zip(
                scene.captions, starts, [*starts[1:], last / self.fps], strict=True
            ):
                yield Cue(start, end, words.said(scene, caption.key))

    def chapters(self, words: Words) -> list[Cue]:
        """One chapter a scene; in a film made of films, one for each of those."""
        found: list[Cue] = []
        previous: tuple[str, str] | None = None
        for scene, first, last in zip(self.scenes, self.first, self.first[1:], strict=False):
            own = scene.film == self.film.name
            title = words.said(scene, "title") if own else words.title(scene)
            start = found.pop().start if found and (scene.film, title) == previous else first / self.fps
            found.append(Cue(start, last / self.fps, title))
            previous = scene.film, title
        return found
