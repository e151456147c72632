"""The few kinds of error a user can meet: each says what is wrong, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable


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
        self.what = what
        self.remedy = remedy
        super().__init__(f"{what}. {remedy}" if remedy else f"{what}.")


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
