"""The command line: one file a command; `main` turns every error into one message and an exit status."""

from __future__ import annotations

import codecs
import io
import os
import shutil
import signal
import sys
import textwrap
import threading
import warnings
from collections.abc import Callable
from types import FrameType

FAILED, MISUSED, INTERRUPTED = 1, 2, 130
UNSEEN = 140
"""Columns where no terminal is attached: lines of a file are not cut as those on a screen are."""
_interrupts: list[int] = []
"""Ctrl-C, as often as it came: an extension module that is being loaded turns the KeyboardInterrupt that it
meets into an ImportError, so what went wrong cannot always tell."""


def main() -> None:
    """Run the command line and leave with its status: 0 done, 1 failed, 2 misused, 130 interrupted."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _interrupted)
    _set_width()
    _set_letters()
    warnings.showwarning = _warned
    sys.exit(status_of(_run))


def _set_width() -> None:
    """Say how wide lines may be where neither input, output nor errors are a terminal that tells."""
    for stream in range(3):
        try:
            os.get_terminal_size(stream)
        except OSError:
            continue
        return
    os.environ.setdefault("COLUMNS", str(UNSEEN))


def _set_letters() -> None:
    """Let nothing that is shown be impossible to show: a terminal may know ASCII alone, and few know a star.

    UTF-8 gives the bytes of file names as they are; JSON writes what is missing in its own way.
    """
    codecs.register_error("json", _escaped)
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper):
            continue
        utf = codecs.lookup(stream.encoding).name == "utf-8"
        plain = "surrogateescape" if utf else "replace"
        stream.reconfigure(errors="json" if stream is sys.stdout and "--json" in sys.argv else plain)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)), error.end


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    *more: object,
    **named: object,
) -> None:
    """Say a warning as one line: where in the code it came from helps nobody at a terminal."""
    sys.stderr.write(f"sightline: {str(message).rstrip('.')}.\n")


def _interrupted(number: int, frame: FrameType | None) -> None:
    _interrupts.append(number)
    raise KeyboardInterrupt


def _run() -> object:
    from sightline.cli.app import app  # here, so that Ctrl-C while it loads is one message too

    return app(standalone_mode=False, prog_name="sightline")


def status_of(call: Callable[[], object]) -> int:
    """Call, and return the exit status; whatever went wrong is one message on standard error."""
    try:
        answer = call()
        sys.stdout.flush()
    except KeyboardInterrupt:
        answer = INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except MemoryError:
        _say("there is not enough memory for this. Try smaller images (--size) or fewer of them.")
        return FAILED
    except Exception as error:  # noqa: BLE001 — the last place where an error can become a message
        answer = INTERRUPTED if _interrupts else _explained(error)
    if answer == INTERRUPTED:
        _say("stopped. Nothing was left half written.")
    return answer if isinstance(answer, int) else 0


def _explained(error: Exception) -> int:
    from sightline.errors import NotFoundError, SightlineError, UsageError

    if isinstance(error, SightlineError):
        _say(str(error))
        return MISUSED if isinstance(error, (UsageError, NotFoundError)) else FAILED
    if type(error).__name__ == "Abort":  # what typer makes of Ctrl-C, in some of its versions
        _say("stopped. Nothing was left half written.")
        return INTERRUPTED
    show, code = getattr(error, "show", None), getattr(error, "exit_code", None)
    if callable(show) and isinstance(code, int):  # what typer raises for wrong options
        show()
        return code
    if os.environ.get("SIGHTLINE_DEBUG"):
        import traceback

        traceback.print_exception(error)
    _say(
        f"an error in Sightline itself: {type(error).__name__}: {error}. Nothing was left half written. "
        "Set SIGHTLINE_DEBUG=1 to see where, and report it, please."
    )
    return FAILED


def _say(message: str) -> None:
    """Write one message to standard error: as one line, or between words at the width of a terminal."""
    text = f"sightline: {message}"
    if sys.stderr.isatty():
        wide = max(40, shutil.get_terminal_size().columns)
        text = textwrap.fill(
            text, wide, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
    sys.stderr.write(f"{text}\n")
