"""What this installation has, what it lacks, and how to get it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, metadata, requires
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any, Literal

State = Literal["good", "optional", "bad"]

EXTRAS = {
    "studio": "the page in the browser: sightline studio",
    "widgets": "parts of that page in notebooks",
    "onnx": "models for other runtimes: sightline export",
    "dask": "fits on many machines",
    "gpu": "fits on a graphics card",
    "films": "films of what is learned",
    "lessons": "the lessons as notebooks",
}
"""What an extra of pyproject.toml is for, where it is known here."""
INNER = {"dev", "test", "docs"}
"""Extras for those who work on Sightline itself."""
VARIABLES = ("SIGHTLINE_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Of the environment, those that change how many threads there are."""
LITTLE = 2 << 30
"""Bytes of free space below which larger data sets may not fit."""
VECTORS = {0: "what every processor of its kind has", 3: "AVX2 and FMA", 4: "AVX-512"}
WAIT = 10.0
"""Seconds that a graphics card's driver is given to answer."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    `part` the group it belongs to and `name`; `state` good, optional (missing, but everything else works) or bad;
    `said` what was found, in words; `remedy` how to get it, where it is missing; `facts` the same for programs.
    """

    part: str
    name: str
    state: State
    said: str
    remedy: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


def examine() -> tuple[Finding, ...]:
    """Look at this installation: nothing is changed, nothing is fetched.

    Returns
    -------
    tuple of Finding
        Group by group: installation, packages, extras, compiled passes, threads, cache, browser, graphics card.
    """
    parts = (_installation, _packages, _extras, _compiled, _threads, _cache, _browser, _graphics)
    return tuple(finding for part in parts for finding in part())


def _installation() -> Iterator[Finding]:
    from sightline.machine import machine, version

    here, at = machine(), Path(__file__).parent
    python = f"{platform.python_implementation()} {platform.python_version()}, {sys.executable}"
    yield Finding("installation", "sightline", "good", f"{version()}, {at}", facts={"version": version()})
    yield Finding("installation", "python", "good", python, facts={"version": platform.python_version()})
    processor = {key: here[key] for key in ("processor", "cores", "system")}
    said = f"{here['processor']}, {platform.system()} {platform.release()}"
    yield Finding("installation", "machine", "good", said, facts=processor)


# -- packages -----------------------------------------------------------------------------------------------


def _required(extra: str = "") -> list[tuple[str, str]]:
    """Names and version ranges of what Sightline needs, or of what only one of its extras needs."""
    from packaging.requirements import Requirement

    found = []
    for line in requires("sightline") or []:
        one = Requirement(line)
        always, asked = (one.marker is None or one.marker.evaluate({"extra": name}) for name in ("", extra))
        if (asked and not always if extra else always) and one.name != "sightline":
            found.append((one.name, str(one.specifier)))
    return found


def _installed(name: str, asked: str) -> tuple[str | None, bool]:
    """Version of a package, and whether it is there in a version as asked."""
    from packaging.specifiers import SpecifierSet

    try:
        version = version_of(name)
    except PackageNotFoundError:
        return None, False
    return version, SpecifierSet(asked).contains(version, prereleases=True)


def _packages() -> Iterator[Finding]:
    try:
        asked = _required()
    except PackageNotFoundError:
        said = "Sightline is not installed as a package, so what it needs is not known"
        yield Finding("packages", "packages", "bad", said, "pip install sightline")
        return
    for name, range_ in asked:
        version, fits = _installed(name, range_)
        said = version or "missing"
        remedy = "" if fits else f"pip install '{name}{range_}'"
        if version and not fits:
            said = f"{version}, but {range_} is needed"
        yield Finding("packages", name, "good" if fits else "bad", said, remedy, {"version": version})


def _extras() -> Iterator[Finding]:
    try:
        names = metadata("sightline").get_all("Provides-Extra") or []
    except PackageNotFoundError:
        return
    for extra in names:
        asked = _required(extra)
        if extra in INNER or not asked:
            continue
        versions = {name: _installed(name, range_) for name, range_ in asked}
        lacking = [name for name, (_, fits) in versions.items() if not fits]
        purpose = EXTRAS.get(extra, "")
        there = ", ".join(f"{name} {version}" for name, (version, _) in versions.items() if version)
        said = "; ".join(
            one for one in (purpose, there if not lacking else f"missing: {', '.join(lacking)}") if one
        )
        yield Finding(
            "extras",
            extra,
            "optional" if lacking else "good",
            said,
            f"pip install 'sightline[{extra}]'" if lacking else "",
            {"for": purpose, "versions": {name: version for name, (version, _) in versions.items()}},
        )


# -- speed ----------------------------------------------------------------------------------------------------


def _compiled() -> Iterator[Finding]:
    from sightline.engine import compiled
    from sightline.features import layer
    from sightline.logistic import native

    libraries = (
        ("logistic.native", native.LIBRARY, "the passes over the rows in a fit"),
        ("features.layer", layer.LIBRARY, "patches and their atoms"),
    )
    for name, path, what in libraries:
        facts = {"built": path.exists(), "used": compiled.library(path) is not None}
        if facts["used"]:
            level = compiled.level(path)
            said = f"{what}, compiled; vector instructions: {VECTORS.get(level, f'level {level}')}"
            yield Finding("compiled", name, "good", said, facts={**facts, "level": level})
            continue
        state: State = "optional"
        if os.environ.get("SIGHTLINE_NATIVE", "1") == "0":
            said, remedy = f"{what} on NumPy, as SIGHTLINE_NATIVE=0 asks", "unset SIGHTLINE_NATIVE"
        else:
            why = "compiled for another machine or version" if path.exists() else "not compiled"
            said, remedy = f"{what} on NumPy, slower: {why}", _compiler_remedy()
        yield Finding("compiled", name, state, said, remedy, facts)


def _compiler_remedy() -> str:
    there = next(
        (one for one in (os.environ.get("CC"), "cc", "gcc", "clang") if one and shutil.which(one)), None
    )
    again = "pip install --force-reinstall --no-deps --no-binary sightline sightline"
    return again if there else f"install a C compiler (gcc or clang), then {again}"


def _threads() -> Iterator[Finding]:
    import scipy.linalg  # noqa: F401 - a BLAS is found only once it is loaded, and SciPy brings its own
    from threadpoolctl import threadpool_info

    from sightline.engine.threads import available_threads

    count, cores = available_threads(), os.cpu_count() or 1
    said = f"{count} of {cores} cores" if count <= cores else f"{count} threads on {cores} cores"
    asked = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    told = f"; {', '.join(f'{name}={value}' for name, value in asked.items())}" if asked else ""
    yield Finding("threads", "threads", "good", said + told, facts={"threads": count, "environment": asked})
    try:
        libraries = threadpool_info()
    except UnicodeError:  # installed at a path that this locale has no letters for
        libraries = []
    for one in libraries:
        where = Path(one["filepath"]).name
        name = one["user_api"]
        library = " ".join(filter(None, (one["internal_api"], one["version"])))
        said = f"{library}, {one['num_threads']} threads, {where}"
        keys = ("internal_api", "version", "num_threads", "threading_layer", "architecture", "filepath")
        yield Finding("threads", name, "good", said, facts={key: one.get(key) for key in keys})


# -- surroundings ---------------------------------------------------------------------------------------------


def _cache() -> Iterator[Finding]:
    from sightline.errors import StorageError
    from sightline.sources import cache

    try:
        home = cache.home()
    except StorageError as none:
        yield Finding("cache", "cache", "bad", none.what, none.remedy)
        return
    near = next(one for one in (home, *home.absolute().parents) if one.exists())
    stored = {} if not home.is_dir() else cache.contents()
    size, free = sum(stored.values()), shutil.disk_usage(near).free
    facts = {"home": str(home), "stored": stored, "bytes": size, "free": free}
    if not near.is_dir() or not os.access(near, os.W_OK):
        remedy = "point SIGHTLINE_HOME at a folder that may be written to"
        yield Finding("cache", "cache", "bad", f"{home} cannot be written to", remedy, facts)
        return
    names = {what.partition("/")[2] for what in stored}
    number = "1 data set" if len(names) == 1 else f"{len(names)} data sets"
    held = f"{number}, {size / 1e6:,.0f} MB" if names else "empty"
    said = f"{home}: {held}; {free / 1e9:,.1f} GB free"
    if free < LITTLE:
        remedy = "sightline data clear, or point SIGHTLINE_HOME at another disk"
        yield Finding("cache", "cache", "optional", said, remedy, facts)
    else:
        yield Finding("cache", "cache", "good", said, facts=facts)


def _browser() -> Iterator[Finding]:
    import webbrowser

    try:
        name = getattr(webbrowser.get(), "name", "") or "the system's own"
    except webbrowser.Error:
        remedy = "sightline studio prints its link; reports are files: open both in any browser"
        yield Finding("browser", "browser", "optional", "none that can be opened from here", remedy)
    else:
        yield Finding("browser", "browser", "good", str(name), facts={"name": str(name)})
    page = Path(__file__).parent / "studio" / "page" / "index.html"
    if page.is_file():
        yield Finding("browser", "studio's page", "good", "built", facts={"built": True})
    else:
        remedy = "in a checkout: cd web && npm ci && npm run build; an installed wheel brings it"
        yield Finding("browser", "studio's page", "optional", "not built", remedy, {"built": False})


def _graphics() -> Iterator[Finding]:
    cards = _cards()
    if not cards:
        said = "none found; none is needed: fits run on the processor"
        yield Finding("graphics", "graphics card", "good", said, facts={"cards": []})
        return
    yield Finding("graphics", "graphics card", "good", "; ".join(cards), facts={"cards": cards})


def _cards() -> list[str]:
    """Names and memory of NVIDIA's cards, as their driver tells them."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    query = [program, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=WAIT, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]
