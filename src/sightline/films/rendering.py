"""A film becomes a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sightline.errors import UsageError
from sightline.figures.style import find_theme
from sightline.files import written_aside
from sightline.films.crew import Job, painted
from sightline.films.encoder import Encoder, Kind, Layout, find_kind, palette_of
from sightline.films.painter import Painter
from sightline.films.script import Film
from sightline.films.stage import Look
from sightline.films.subtitles import webvtt
from sightline.films.timeline import Timeline
from sightline.films.wording import Words, english

Pixels = npt.NDArray[np.uint8]

SIZES = {
    "480p": (854, 480),
    "720p": (1280, 720),
    "1080p": (1920, 1080),
    "square": (1080, 1080),
    "square-720": (720, 720),
}
"""Name of a size → width and height in dots; square ones for phones."""

CAPTIONS = ("burnt", "file", "both", "none")
FRAMES_A_SECOND = 30
SAMPLED = 24
"""Frames from which the colours of a GIF are chosen."""

Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Made:
    """What was written: `path`; `captions`, the WebVTT file, or None; `frames`; `seconds` the film lasts."""

    path: Path
    captions: Path | None
    frames: int
    seconds: float


def render(
    film: Film,
    path: str | os.PathLike[str],
    *,
    size: str = "720p",
    fps: int = FRAMES_A_SECOND,
    theme: str = "light",
    captions: str = "burnt",
    codec: str | None = None,
    words: Words | None = None,
    processes: int | None = None,
    told: Told | None = None,
) -> Made:
    """Paint a film and write it to a file: aside first, then renamed, so that it is never half a film.

    Parameters
    ----------
    film : Film
    path : path ending in .mp4, .webm, .gif or .webp; its folder must exist
    size : one of `SIZES`
    fps : int
        Frames a second, 1…120; 50 at most for a GIF, 60 for WebP.
    theme : "light" or "dark"
    captions : "burnt" into the picture, a WebVTT "file" beside it, "both" or "none"
    codec : "h264", "vp9", "av1", optional
        Of a WebM, VP9 by default.
    words : Words, optional
        The texts; English by default.
    processes : int, optional
        How many paint; as many as there are cores by default. The frames are the same.
    told : callable, optional
        Called with the frames done and all frames.

    Returns
    -------
    Made

    Raises
    ------
    UsageError
        No such size, theme, kind of file or captions; too many frames a second; PyAV is not installed.
    StorageError
        It cannot be written; what was there before is still there.
    """
    require()
    target = Path(path)
    kind, look = check(target, size=size, fps=fps, theme=theme, captions=captions, codec=codec)
    words = words or english()
    timeline = Timeline(film, fps)
    layout = Layout(kind, _palette(film, look, fps, words, kind))
    job = Job(film, look, fps, words, layout)
    beside = target.with_suffix(".vtt") if captions in ("file", "both") else None
    with (
        written_aside(target, "the film") as aside,
        _sorted_out(),
        painted(job, len(timeline), processes or _cores()) as frames,
        Encoder(aside, layout, (look.width, look.height), fps, timeline.chapters(words)) as encoder,
    ):
        for number, laid in enumerate(frames, start=1):
            encoder.write(laid)
            if told is not None:
                told(number, len(timeline))
    if beside is not None:
        with written_aside(beside, "the captions") as aside:
            aside.write_text(webvtt(timeline.captions(words)), encoding="utf-8")
    return Made(target, beside, len(timeline), timeline.seconds)


def require() -> None:
    """Say which extra is missing, before anything is made.

    Raises
    ------
    UsageError
        PyAV is not installed.
    """
    from importlib.util import find_spec

    if find_spec("av") is None:
        raise UsageError("PyAV, which encodes films, is not installed", "pip install 'sightline[films]'")


def check(
    target: Path, *, size: str, fps: int, theme: str, captions: str, codec: str | None
) -> tuple[Kind, Look]:
    """Return the kind of file and the look of the frames that are asked for, before anything is made.

    Raises
    ------
    UsageError
        One of them is not possible.
    """
    kind = find_kind(target, codec)
    if size not in SIZES:
        raise UsageError(f"there is no size '{size}'", f"Choose one of {', '.join(SIZES)}.")
    if captions not in CAPTIONS:
        raise UsageError(f"captions cannot be '{captions}'", f"Choose one of {', '.join(CAPTIONS)}.")
    if not 1 <= fps <= kind.fastest:
        raise UsageError(
            f"{fps} frames a second are not possible in a {target.suffix} file",
            f"Between 1 and {kind.fastest} are.",
        )
    return kind, Look(*SIZES[size], find_theme(theme).name, burnt=captions in ("burnt", "both"))


def _palette(film: Film, look: Look, fps: int, words: Words, kind: Kind) -> Pixels | None:
    """The colours of a film that has only 256, from frames all over it; else None."""
    if kind.layout != "pal8":
        return None
    painter, theme = Painter(film, look, fps, words), find_theme(look.theme)
    step = max(1, len(painter.timeline) // SAMPLED)
    exact = (theme.paper, theme.ink, theme.soft, theme.rule, theme.favour, theme.against)
    return palette_of((painter.paint(i).copy() for i in range(0, len(painter.timeline), step)), exact)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _sorted_out() -> Iterator[None]:
    """Let what PyAV says of a file that cannot be written be an OSError like any other."""
    import av.error

    try:
        yield
    except av.error.FFmpegError as error:
        if isinstance(error, OSError):
            raise
        raise OSError(error.errno, error.strerror) from error
