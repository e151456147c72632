"""The command line: one file a command; `main` turns every error into one message and an exit status."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer

from sightline import __version__
from sightline.cli import data
from sightline.cli.explain import explain
from sightline.cli.explore import explore
from sightline.cli.learn import learn
from sightline.cli.predict import predict
from sightline.cli.simulate import simulate

FAILED, MISUSED, INTERRUPTED = 1, 2, 130

app = typer.Typer(
    name="sightline",
    help="Labelled images in, a linear classifier that anyone can see through out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (learn, explore, predict, explain, simulate):
    app.command()(command)
app.add_typer(data.app, name="data")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"sightline {__version__}")
        raise typer.Exit


@app.callback()
def sightline(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    """Labelled images in, a linear classifier that anyone can see through out.

    Start with `sightline learn`: it needs no data and no network.
    """


def main() -> None:
    """Run the command line and leave with its status: 0 done, 1 failed, 2 misused, 130 interrupted."""
    sys.exit(status_of(lambda: app(standalone_mode=False)))


def status_of(call: Any) -> int:
    """Call, and return the exit status; whatever went wrong is one message on standard error."""
    try:
        answer = call()
        sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort):
        _say("stopped. Nothing was left half written.")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except MemoryError:
        _say("there is not enough memory for this. Try smaller images (--size) or fewer of them.")
        return FAILED
    except Exception as error:  # noqa: BLE001 — the last place where an error can become a message
        return _explained(error)
    return answer if isinstance(answer, int) else 0


def _explained(error: Exception) -> int:
    from sightline.errors import NotFoundError, SightlineError, UsageError

    if isinstance(error, SightlineError):
        _say(str(error))
        return MISUSED if isinstance(error, (UsageError, NotFoundError)) else FAILED
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
    typer.echo(f"sightline: {message}", err=True)
