"""What Sightline was last tested with, to the digest: every package that the extras bring, for one kind of machine.

    python .ci/lock.py                  asks pip what it would install today, and writes .ci/locked.txt
    python .ci/lock.py --check          whether what this Python has installed is what the file says

To have exactly that, on CPython 3.11 and Linux with an x86-64 processor; pip refuses whatever has another digest:

    pip install --require-hashes -r .ci/locked.txt && pip install --no-deps --no-build-isolation .

The file names versions and digests, never where they came from. `bash .ci/audit.sh` asks whether they are sound.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILE = ROOT / ".ci" / "locked.txt"
HEAD = (
    "# Written by `python .ci/lock.py`: names, versions, digests; for CPython {python} on Linux x86-64.\n"
    "# pip install --require-hashes -r .ci/locked.txt\n"
)


def normal(name: str) -> str:
    """A project's name as indexes write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted() -> list[str]:
    """What the package with all of the extra dev asks for, and what builds it."""
    about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [f"{ROOT}[dev]", *about["build-system"]["requires"]]


def resolved() -> dict[str, tuple[str, str]]:
    """Name to version and SHA-256 of all that pip would install into an empty environment."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        subprocess.run([*command, "--report", str(report), *wanted()], check=True)
        found = json.loads(report.read_text(encoding="utf-8"))
    return {
        normal(one["metadata"]["name"]): (
            one["metadata"]["version"],
            one["download_info"]["archive_info"]["hashes"]["sha256"],
        )
        for one in found["install"]
        if "archive_info" in one["download_info"]
    }


def write() -> int:
    """Write the file, aside first."""
    packages = resolved()
    lines = [
        f"{name}=={version} --hash=sha256:{digest}\n" for name, (version, digest) in sorted(packages.items())
    ]
    aside = FILE.with_suffix(".part")
    aside.write_text(HEAD.format(python=f"3.{sys.version_info.minor}") + "".join(lines), encoding="utf-8")
    aside.replace(FILE)
    print(f"{len(lines)} packages in {FILE.relative_to(ROOT)}")
    return 0


def check() -> int:
    """Say what is installed in another version than the file has, or is not in it; 1 where there is any."""
    locked = dict(re.findall(r"^([\w.-]+)==(\S+)", FILE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    here = {normal(one.metadata["Name"]): one.version for one in importlib.metadata.distributions()}
    other = [
        f"{name} {here[name]}, and {version} in the file"
        for name, version in locked.items()
        if here.get(name, version) != version
    ]
    foreign = sorted(here.keys() - locked.keys() - {"sightline", "pip", "setuptools"})
    for line in [*other, *(f"{name} {here[name]}, not in the file" for name in foreign)]:
        print(line)
    print(
        f"{len(locked)} packages are locked; {len(other)} are here in another version, {len(foreign)} are not in it"
    )
    return int(bool(other or foreign))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    sys.exit(check() if parser.parse_args().check else write())
