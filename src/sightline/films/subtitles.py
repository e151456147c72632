"""Captions as a WebVTT file, for players that show them, and for those who translate them."""

from __future__ import annotations

from collections.abc import Iterable

from sightline.films.timeline import Cue


def webvtt(cues: Iterable[Cue]) -> str:
    """Return a WebVTT file.

    Source: WebVTT, W3C, https://www.w3.org/TR/webvtt1/.

    Examples
    --------
    >>> print(webvtt([Cue(0, 2.5, "z may be any number.")]), end="")
    WEBVTT
    <BLANKLINE>
    1
    00:00:00.000 --> 00:00:02.500
    z may be any number.
    """
    blocks = ["WEBVTT\n"]
    for number, cue in enumerate(cues, start=1):
        text = cue.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        blocks.append(f"{number}\n{_clock(cue.start)} --> {_clock(cue.end)}\n{text}\n")
    return "\n".join(blocks)


def _clock(seconds: float) -> str:
    minutes, thousandths = divmod(round(1000 * seconds), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{thousandths // 1000:02}.{thousandths % 1000:03}"
