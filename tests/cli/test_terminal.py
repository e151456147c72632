"""What every command has in common: --json, completion, widths, colours only where they are wanted."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from sightline import __version__
from sightline.cli.app import app
from sightline.features import recipes

MODULE = [sys.executable, "-m", "sightline"]


def leaves(command, path=()):
    for name, one in command.commands.items():
        if hasattr(one, "commands"):
            yield from leaves(one, (*path, name))
        else:
            yield " ".join((*path, name)), one


SERVES = {"lessons open"}
"""Commands that hand the terminal over to another program until it is closed."""
COMMANDS = dict(leaves(typer.main.get_command(app)))


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - SERVES))
def test_every_command_answers_programs(name):
    assert "--json" in {option for one in COMMANDS[name].params for option in one.opts}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_explained(name):
    assert COMMANDS[name].help
    for one in COMMANDS[name].params:
        assert getattr(one, "help", None), one.name


def test_the_module_is_the_command():
    done = subprocess.run([*MODULE, "--version"], capture_output=True, text=True, timeout=60)
    assert done.stdout == f"sightline {__version__}\n"
    done = subprocess.run([*MODULE, "explore", "--what"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "Usage: sightline explore" in done.stderr


@pytest.mark.parametrize(
    ("shell", "asked"),
    [
        ("bash", {"COMP_WORDS": "sightline ex", "COMP_CWORD": "1"}),
        ("zsh", {"_TYPER_COMPLETE_ARGS": "sightline ex"}),
        ("fish", {"_TYPER_COMPLETE_ARGS": "sightline ex", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}),
    ],
)
def test_shells_complete_commands(shell, asked):
    environment = {**os.environ, **asked, "_SIGHTLINE_COMPLETE": f"complete_{shell}"}
    done = subprocess.run(MODULE, capture_output=True, text=True, timeout=60, env=environment)
    assert {"explain", "explore", "export"} <= set(re.findall(r"\w+", done.stdout))
    assert "learn" not in done.stdout


def on_a_terminal(*args, columns, **environment):
    """What a command writes to a terminal of so many columns."""
    pty, fcntl, termios, struct = (pytest.importorskip(one) for one in ("pty", "fcntl", "termios", "struct"))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    inherited = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR")}
    process = subprocess.Popen(
        [*MODULE, *args],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**inherited, "TERM": "xterm-256color", **environment},
    )
    os.close(theirs)
    said = b""
    try:
        while part := os.read(ours, 65536):
            said += part
    except OSError:
        pass  # the other end is closed
    process.wait(timeout=60)
    os.close(ours)
    return said.decode()


def plain(text):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


@pytest.mark.parametrize("args", [("data", "list"), ("doctor",), ("explain", "nothing.sightline", "x.png")])
def test_lines_fit_the_terminal_and_break_between_words(args):
    said = plain(on_a_terminal(*args, columns=60))
    assert said.strip()
    assert max(len(line.rstrip()) for line in said.splitlines()) <= 60


def test_an_error_is_wrapped_on_a_terminal_and_one_line_in_a_file(tmp_path):
    seen = on_a_terminal("explain", "nothing.sightline", "x.png", columns=60)
    lines = seen.splitlines()
    assert len(lines) > 1
    done = subprocess.run(
        [*MODULE, "explain", "nothing.sightline", "x.png"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
    )
    assert done.stderr.count("\n") == 1
    assert "".join(done.stderr.split()) == "".join(seen.split())


def test_colour_is_for_terminals_that_want_it():
    assert "\x1b[" in on_a_terminal("data", "list", columns=100)
    assert not re.findall(r"\x1b\[[0-9;]*3[0-9]m", on_a_terminal("doctor", columns=100, NO_COLOR="1"))
    environment = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS")}
    done = subprocess.run(
        [*MODULE, "data", "list"], capture_output=True, text=True, timeout=60, env=environment
    )
    assert "\x1b" not in done.stdout


def test_a_file_gets_lines_as_long_as_they_are(tmp_path):
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    done = subprocess.run(
        [*MODULE, "data", "where"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env={**environment, "SIGHTLINE_HOME": str(tmp_path / ("long" * 30))},
    )
    assert str(Path("long" * 30)) in done.stdout
    done = subprocess.run(
        [*MODULE, "recipes"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )
    assert all(summary in done.stdout for summary in recipes().values())


POOR = {
    "ASCII": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "Latin-1": {"PYTHONIOENCODING": "latin-1"},
}


@pytest.mark.parametrize("letters", POOR)
def test_what_a_terminal_cannot_show_is_no_error(letters):
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONIOENCODING", "PYTHONUTF8")}
    environment |= POOR[letters]
    for words in (["recipes"], ["data", "info", "mnist"], ["learn", "no-such-dätä"]):
        done = subprocess.run([*MODULE, *words], env=environment, capture_output=True, check=False)
        assert b"error in Sightline itself" not in done.stderr, done.stderr
        assert done.returncode == (2 if words[0] == "learn" else 0), done.stderr
    done = subprocess.run(
        [*MODULE, "data", "list", "--json"], env=environment, capture_output=True, check=True
    )
    names = json.loads(done.stdout.decode("latin-1"))["datasets"]
    assert {"digits", "mnist"} <= {one["name"] for one in names}
    assert not any("?" in one["title"] for one in names), "JSON loses no letter"
