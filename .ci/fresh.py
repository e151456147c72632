"""What a newcomer's machine may be like: Sightline is built, installed and used in clean places, a line for each.

    python .ci/fresh.py                         # all that can run here
    python .ci/fresh.py --only home --keep      # cases whose names match; leave the folder
    python .ci/fresh.py --python /usr/bin/python3.11 --root trixie

It needs the packages `build` and `hatchling` (the extra dev) and a registry that pip reaches. As root it also becomes
an ordinary user, cuts the network off, and fills an empty root folder with debootstrap, where that is installed.
Without root it says which cases it left out. The second command of the README is what .ci/run does.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
OLDEST = (3, 11)
NOBODY = 65534
"""An account with a name whose home does not exist."""
STRANGER = 23456
"""A number that no account has."""
KEPT = re.compile(r"PIP_|SSL_CERT|NODE_EXTRA_CA|npm_config_|.*_proxy$|.*_PROXY$", re.ASCII)
"""Of the environment, what pip and npm may need to reach their registries."""
OTHERS = (".cache/matplotlib", ".config/matplotlib")
"""What Matplotlib leaves in a home."""
LEARN = ("learn", "digits", "--recipe", "pixels", "--out")


class Skipped(Exception):
    """A case that cannot run here, and why."""


@dataclass
class Bench:
    """Where all happens: `folder` for scratch, what was built, the Pythons, and one installation for many cases."""

    folder: Path
    pythons: list[Path]
    suite: str
    wheel: Path = Path()
    sdist: Path = Path()
    shared: Path = Path()
    root: bool = field(default_factory=lambda: os.name == "posix" and os.geteuid() == 0)

    def place(self, name: str, *, user: int | None = None) -> Path:
        """Make a new folder that belongs to a user."""
        path = self.folder / name
        path.mkdir(parents=True)
        if user is not None:
            os.chown(path, user, user)
        return path


def program(name: str) -> str:
    """Find a program of the system, as the path of a case does not."""
    return shutil.which(name) or name


def call(
    *command: str | Path,
    cwd: Path,
    home: str | Path | None,
    user: int | None = None,
    offline: bool = False,
    status: int = 0,
    **variables: str,
) -> str:
    """Run a command with next to nothing in its environment; return what it says, or raise AssertionError."""
    environment = {name: value for name, value in os.environ.items() if KEPT.match(name)}
    environment |= {"PATH": f"{Path(command[0]).parent}{os.pathsep}/nowhere", "LANG": "C.UTF-8"} | variables
    if home is not None:
        environment["HOME"] = str(home)
    before: list[str] = []
    if offline:
        before += [program("unshare"), "-n"]
    if user is not None:
        before += [program("setpriv"), f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    done = subprocess.run(
        [*before, *map(str, command)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
    )
    said = done.stdout + done.stderr
    told = f"{' '.join(map(str, command))[-120:]} gave {done.returncode}: {said.strip()[-1500:]}"
    assert done.returncode == status, told
    assert not re.search("Traceback|error in Sightline itself", said), told
    return said


def installed(bench: Bench, python: Path, what: Path, name: str, *, user: int | None = None) -> Path:
    """Make a virtual environment with `what` in it; return the folder of its programs."""
    place = bench.place(name, user=user)
    run: dict[str, Any] = {"cwd": place, "home": place, "user": user}
    call(python, "-m", "venv", "v", **run)
    programs = place / "v" / "bin"
    call(programs / "python", "-m", "pip", "install", "-q", "--no-warn-script-location", what, **run)
    assert "No broken requirements" in call(programs / "python", "-m", "pip", "check", **run)
    return programs


def used(programs: Path, at: Path, home: str | Path | None, **how: Any) -> str:
    """The everyday commands; what they leave is what they say, and nobody but Sightline says anything."""
    here: dict[str, Any] = {"cwd": at, "home": home, **how}
    assert "Usage: sightline" in call(programs / "sightline", "--help", **here)
    said = call(programs / "sightline", *LEARN, "what ü learns", **here)
    assert "what ü learns/report.html" in said, said
    assert not re.search("temporary cache|mkdir|Warning", said), said
    assert (at / "what ü learns" / "report.html").stat().st_size > 100_000
    said = call(
        programs / "sightline", "explain", "what ü learns/model.sightline", "digits", "--row", "3",
        "--out", "wüst.png", **here,
    )  # fmt: skip
    assert (at / "wüst.png").stat().st_size > 1000
    assert {path.name for path in at.iterdir()} == {"what ü learns", "wüst.png", "wüst.json"}, list(
        at.iterdir()
    )
    return said


# -- built ------------------------------------------------------------------------------------------------


def build(bench: Bench) -> str:
    """Both archives from a copy that git knows nothing of."""
    copy = bench.place("source")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    for name in names:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    out = bench.folder / "dist"
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(copy)],
        check=True, capture_output=True,
    )  # fmt: skip
    (bench.sdist,), (bench.wheel,) = out.glob("*.tar.gz"), out.glob("*.whl")
    with tarfile.open(bench.sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    lacking = sorted(name for name in names if not name.startswith((".ci/", ".git")) and name not in held)
    assert not lacking, f"the sdist lacks {lacking[:10]}"
    with zipfile.ZipFile(bench.wheel) as archive:
        inside = set(archive.namelist())
    lacking = sorted(
        n[4:] for n in names if n.startswith("src/") and not n.endswith(".c") and n[4:] not in inside
    )
    assert not lacking, f"the wheel lacks {lacking[:10]}"
    assert "sightline/studio/page/index.html" in inside, "the wheel has no page for the studio"
    return f"{bench.sdist.stat().st_size / 1e6:.1f} MB and {bench.wheel.stat().st_size / 1e6:.1f} MB"


def sdist(bench: Bench) -> str:
    """From the sdist, with no compiler, no npm and no git on the path."""
    programs = installed(bench, bench.pythons[-1], bench.sdist, "from sdist")
    at, home = bench.place("from sdist/work"), bench.place("from sdist/home")
    used(programs, at, home)
    built = [path.name for path in programs.parent.glob("lib/python*/site-packages/sightline/studio/page/*")]
    assert "index.html" in built, "the studio's page was not built: pip install -v says why"
    return "with the studio's page"


def wheel(python: Path) -> Callable[[Bench], str]:
    """From the wheel; afterwards everything is uninstalled, and what is left is looked at."""

    def deed(bench: Bench) -> str:
        name = f"wheel {python.parents[1].name} {python.name}"
        programs = installed(bench, python, bench.wheel, name)
        at, home = bench.place(f"{name}/work"), bench.place(f"{name}/home")
        used(programs, at, home)
        call(programs / "sightline", "doctor", cwd=at, home=home)
        call(programs / "python", "-m", "pip", "uninstall", "-q", "-y", "sightline", cwd=at, home=home)
        left = [path for path in programs.parent.rglob("*") if "sightline" in path.name.lower()]
        assert not left, f"uninstalled, but {left[:5]} stays"
        own = [str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()]
        assert all(path.startswith(OTHERS) for path in own), f"left in the home: {own}"
        return "uninstalled, nothing of ours is left in the environment or the home"

    return deed


# -- homes ------------------------------------------------------------------------------------------------


def needs_root(bench: Bench) -> None:
    """Skip where no other user can be taken on."""
    if not bench.root or shutil.which("setpriv") is None:
        raise Skipped("needs root, to become another user")
    if not reachable(bench.pythons[0]):
        raise Skipped(f"an ordinary user cannot reach {bench.pythons[0]}: name another one with --python")


def reachable(python: Path) -> bool:
    """Whether every folder above a Python lets an ordinary user through."""
    return all(folder.stat().st_mode & 0o001 for folder in python.resolve().parents)


def named_home(bench: Bench) -> str:
    """A home with spaces and umlauts, in an installation whose path has them too."""
    used(bench.shared, bench.place("homes/named/wörk"), bench.place("homes/named/Jörg Müllers Haus"))
    return ""


def no_variable(bench: Bench) -> str:
    """HOME is not set; the account has one."""
    used(bench.shared, bench.place("homes/unset"), None)
    return ""


def no_home(user: int, home: str | None, name: str) -> Callable[[Bench], str]:
    """An ordinary user whose home is missing; what needs a cache says so and what to do."""

    def deed(bench: Bench) -> str:
        needs_root(bench)
        at = bench.place(f"homes/{name}", user=user)
        used(bench.shared, at, home, user=user)
        here = {"cwd": at, "home": home, "user": user}
        sightline = bench.shared / "sightline"
        call(sightline, "data", "list", **here)
        said = call(sightline, "data", "get", "mnist", status=1, **here)
        assert "Point SIGHTLINE_HOME at" in said, said
        said = call(sightline, "doctor", status=1, **here)
        assert "SIGHTLINE_HOME" in said, said
        said = call(sightline, "explain", "~/m.sightline", "~/i.png", status=2, **here)
        return said.strip()

    return deed


def letters(name: str, **variables: str) -> Callable[[Bench], str]:
    """A terminal that cannot show every letter."""

    def deed(bench: Bench) -> str:
        at, home = bench.place(f"letters/{name}"), bench.place(f"letters/{name} home")
        here = {"cwd": at, "home": home, **variables}
        for words in ([*LEARN, "run"], ["doctor"], ["recipes"], ["data", "list"], ["data", "list", "--json"]):
            call(bench.shared / "sightline", *words, **here)
        said = call(bench.shared / "sightline", "learn", "grün", status=2, **here)
        return said.strip()[:60]

    return deed


def offline(bench: Bench) -> str:
    """No network after the installation."""
    needs_root(bench)
    if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode:
        raise Skipped("unshare -n is not allowed here")
    home = bench.place("offline/home")
    used(bench.shared, bench.place("offline/work"), home, offline=True)
    here = {"cwd": home, "home": home, "offline": True, "status": 1}
    return call(bench.shared / "sightline", "data", "get", "mnist", **here).strip()[-70:]


def nowhere(bench: Bench) -> str:
    """A folder that may not be written to."""
    needs_root(bench)
    at = bench.place("nowhere")
    said = call(bench.shared / "sightline", *LEARN, "run", cwd=at, home=at, user=NOBODY, status=1)
    assert re.search("cannot be made.*--out", said), said
    return said.strip()[-80:]


def cleared(bench: Bench) -> str:
    """`sightline data clear` leaves nothing where data sets were kept."""
    home = bench.place("cleared")
    store = (
        "import sightline; from sightline.sources import cache;"
        "cache.cached('digits', lambda: sightline.load('digits'))"
    )
    call(bench.shared / "python", "-c", store, cwd=home, home=home)
    assert list(home.rglob("images.npy")), "nothing was stored"
    said = call(bench.shared / "sightline", "data", "clear", cwd=home, home=home)
    left = [path for path in home.rglob("*") if "sightline" in str(path.relative_to(home))]
    assert not left, f"cleared, but {left} stays"
    return said.strip()[:40]


def ordinary(bench: Bench) -> str:
    """An ordinary user makes an installation of their own, in a home with spaces and umlauts."""
    needs_root(bench)
    bench.place("ordinary")
    programs = installed(bench, bench.pythons[0], bench.wheel, "ordinary/Zoë Weiß", user=NOBODY)
    at = bench.place("ordinary/work", user=NOBODY)
    used(programs, at, programs.parents[1], user=NOBODY)
    return str(bench.pythons[0])


def empty_root(bench: Bench) -> str:
    """An empty root folder with Python and nothing else: the first command of the README, as it stands there."""
    needs_root(bench)
    debootstrap = shutil.which("debootstrap")
    if debootstrap is None or not bench.suite:
        raise Skipped("debootstrap is not installed" if bench.suite else "--root '' asks for none")
    inside = bench.folder / "root"
    packages = "--include=python3-venv,ca-certificates"
    made = subprocess.run(
        [debootstrap, "--variant=minbase", packages, bench.suite, str(inside)], capture_output=True, text=True
    )
    assert made.returncode == 0, made.stdout[-800:]
    for file in ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt"):
        if Path(file).is_file():
            shutil.copy(file, inside / file[1:])
    shutil.copytree(bench.folder / "source", inside / "root" / "sightline")
    chroot = [shutil.which("chroot") or "chroot", str(inside), "/bin/sh", "-c"]
    kept = {name: value for name, value in os.environ.items() if KEPT.match(name)}
    kept |= {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}

    def sh(words: str, *before: str) -> str:
        done = subprocess.run(
            [*before, *chroot, words], env=kept, cwd="/", capture_output=True, text=True, errors="replace"
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-1500:]
        return done.stdout

    command = "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/sightline learn"
    said = sh(f"cd /root/sightline && HOME=/root && export HOME && {command}")
    assert said.strip().endswith("sightline-run/report.html"), said[-300:]
    version = sh("python3 --version").strip()
    aside = "cp -r /root/sightline/src /tmp/src && chmod 755 /root && cd /tmp && /root/sightline/.venv/bin/sightline"
    sh(f"{aside} {' '.join(LEARN)} run", "unshare", "-n")
    return f"{bench.suite}, {version}, once more without a network"


# -- all of them ------------------------------------------------------------------------------------------


def pythons() -> Iterator[Path]:
    """Every Python here that Sightline says it supports, oldest first, one a version; one that all can reach."""
    folders = [Path(one) for one in os.environ.get("PATH", "").split(os.pathsep)]
    folders += sorted((Path.home() / ".pyenv" / "versions").glob("*/bin"))
    folders.sort(key=lambda folder: not (folder.is_dir() and reachable(folder / "python")))
    found: dict[tuple[int, int], Path] = {}
    for minor in range(OLDEST[1], 20):
        for folder in folders:
            path = folder / f"python3.{minor}"
            if (3, minor) in found or not path.is_file():
                continue
            asked = [str(path), "-c", "import ensurepip, sys, venv; print(sys.executable)"]
            told = subprocess.run(asked, capture_output=True, text=True)
            if told.returncode == 0:
                found[3, minor] = Path(told.stdout.strip())
    yield from (found[version] for version in sorted(found))


def cases(bench: Bench) -> dict[str, Callable[[Bench], str]]:
    """Names and deeds, in their order."""
    return {
        **{f"wheel: {path}": wheel(path) for path in bench.pythons},
        "sdist: no compiler, no npm, no git": sdist,
        "home: spaces and umlauts": named_home,
        "home: HOME not set": no_variable,
        "home: does not exist": no_home(NOBODY, "/nonexistent", "missing"),
        "home: an account without a name or a home": no_home(STRANGER, None, "stranger"),
        "letters: ASCII alone": letters("ascii", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0"),
        "letters: Latin-1": letters("latin", PYTHONIOENCODING="latin-1"),
        "network: cut off": offline,
        "folder: may not be written to": nowhere,
        "cache: cleared": cleared,
        "user: an ordinary one": ordinary,
        "root: an empty one": empty_root,
    }


def main() -> int:
    """Run the cases; 0 where none failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", action="append", type=Path, help="a Python to try; all here if left out")
    parser.add_argument("--root", default="sid", help="the Debian suite of the empty root; '' for none")
    parser.add_argument("--only", default="", help="run the cases whose names match this")
    parser.add_argument("--keep", action="store_true", help="leave the folder, and say where it is")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sightline-fresh-"))
    folder.chmod(0o755)  # an ordinary user comes by
    bench = Bench(folder, asked.python or list(pythons()), asked.root)
    count = {"passed": 0, "failed": 0, "skipped": 0}

    def one(name: str, deed: Callable[[Bench], str]) -> None:
        began = time.perf_counter()
        try:
            how, said = "passed", deed(bench)
        except Skipped as why:
            how, said = "skipped", str(why)
        except (AssertionError, OSError, ValueError, subprocess.SubprocessError) as error:
            how, said = "failed", str(error) + str(getattr(error, "stderr", None) or "")
        count[how] += 1
        print(f"{how:8} {time.perf_counter() - began:6.1f} s  {name}  {said}", flush=True)

    def share(bench: Bench) -> str:
        programs = installed(bench, bench.pythons[0], bench.wheel, "for all/Größe XL")
        bench.shared = programs
        return str(programs)

    try:
        one("build: both archives, without git", build)
        chosen = {name: deed for name, deed in cases(bench).items() if re.search(asked.only, name)}
        bench.pythons.sort(key=lambda path: not reachable(path))
        if any(not name.startswith(("wheel", "sdist", "root", "user")) for name in chosen):
            one("install: for the cases below", share)
        for name, deed in chosen.items():
            one(name, deed)
    finally:
        if asked.keep:
            print(f"left in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
