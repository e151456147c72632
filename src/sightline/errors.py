"""The few kinds of error a user can meet: each says what is wrong, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST = 700
"""Characters of one sentence of a message."""

_UNSEEN = (*range(9), *range(11, 32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A),
           *range(0xD800, 0xE000))  # fmt: skip
_SEEN = {code: chr(code).encode("unicode_escape").decode() for code in _UNSEEN}


def visible(words: str) -> str:
    r"""Anybody's text with nothing in it that a terminal obeys: names come from files that strangers may have made.

    Control characters (but for line breaks and tabs), marks that turn the direction of writing, and bytes of file
    names that are no text are written as Python would.

    Examples
    --------
    >>> visible("cat\x1b[2J")
    'cat\\x1b[2J'
    """
    return words.translate(_SEEN)


def _short(words: str) -> str:
    """The same without its middle where it is too long to be read: what is wrong in a file may be the file."""
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 200]} … {words[-200:]}"


class SightlineError(Exception):
    """Something that the user can mend; its text is one complete message.

    Parameters
    ----------
    what : str
        What is wrong and where, as one sentence without a final full stop.
    remedy : str, optional
        What to do about it; shown after the sentence.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        self.what, self.remedy = _short(visible(what)), _short(visible(remedy))
        super().__init__(f"{self.what}. {self.remedy}" if remedy else f"{self.what}.")


class DataError(SightlineError, ValueError):
    """The images or labels cannot be used as they are: unreadable, empty, inconsistent."""


class NotFoundError(SightlineError, FileNotFoundError):
    """A file, folder or name that was asked for is not there."""


class DownloadError(SightlineError, OSError):
    """Data could not be fetched, or what came is not what was promised."""


class ModelError(SightlineError, ValueError):
    """A stored model is damaged or foreign, or does not fit the images it is given."""


class StorageError(SightlineError, OSError):
    """Results cannot be written: no space, no permission, not a folder."""


class UsageError(SightlineError, ValueError):
    """The request itself makes no sense: unknown name, impossible value (exit status 2)."""


def meant(name: str, known: Iterable[str]) -> str:
    """Say ``"Did you mean 'pixels'? "`` where a known name is near, else nothing: the start of a remedy."""
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), n=1)
    return f"Did you mean '{near[0]}'? " if near else ""
