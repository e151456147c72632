"""Compiles the inner loops where there is a C compiler; without one the wheel is pure Python. And builds the page.

The compiler is ``$CC``, or the first of cc, gcc and clang that is on the path; ``SIGHTLINE_NATIVE=0`` builds without.
Every file is compiled for every number type and level of vector instructions, and the library picks when it is
loaded: a wheel runs on any processor of its kind. How the studio's page is built is in ``hatch_page.py``.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))
from hatch_page import build_page, lay_page

SOURCES = Path("src", "sightline")
LIBRARIES = {
    "logistic/_passes.so": ("logistic/passes.c", "logistic/packing.c"),
    "features/_layers.so": ("features/layer.c", "features/warp.c"),
}
"""Each library, and what it is made of beside engine/level.c; the features need no doubles."""
FLAGS = ["-O3", "-std=gnu11", "-fPIC", "-Wno-psabi", "-Wno-unknown-pragmas"]
NUMBERS = {"float": "int32_t", "double": "int64_t"}
LEVELS = {0: (16, [])}
"""Level: bytes of a vector, and what the compiler has to be told; see level.c."""
if platform.machine().lower() in ("x86_64", "amd64"):
    LEVELS[3] = (32, ["-mavx2", "-mfma"])
    LEVELS[4] = (64, ["-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw", "-mavx2", "-mfma"])


class Built(BuildHookInterface):  # type: ignore[type-arg]
    """Adds what is built to the wheel, and to the source folder of an editable installation."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page and compile, or say why not."""
        self.aside = Path(tempfile.mkdtemp(prefix="sightline-build-"))
        self._page(version, build_data)
        self._compile(version, build_data)

    def _page(self, version: str, build_data: dict[str, Any]) -> None:
        page = build_page(Path(self.root), self.aside, self.app.display_warning)
        if page is not None and version == "editable":
            lay_page(page, Path(self.root))
        elif page is not None:
            build_data["force_include"][str(page)] = "sightline/studio/page"

    def _compile(self, version: str, build_data: dict[str, Any]) -> None:
        if os.environ.get("SIGHTLINE_NATIVE", "1") == "0":
            return
        compiler = _compiler()
        if compiler is None:
            self.app.display_warning("no C compiler: sightline will run on NumPy alone, slower")
            return
        try:
            built = _compiled(compiler, Path(self.root) / SOURCES, self.aside)
        except (subprocess.CalledProcessError, OSError) as error:
            said = (getattr(error, "stderr", None) or str(error).encode()).decode(errors="replace").strip()
            self.app.display_warning(
                f"{shlex.join(compiler)} failed, sightline will run on NumPy alone: {said}"
            )
            return
        if version == "editable":
            for name, path in built.items():
                aside = Path(self.root) / SOURCES / (name + ".part")
                shutil.copyfile(path, aside)
                aside.replace(aside.with_name(path.name))
            return
        for name, path in built.items():
            build_data["force_include"][str(path)] = f"sightline/{name}"
        build_data["pure_python"] = False
        build_data["tag"] = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was built aside."""
        shutil.rmtree(self.aside, ignore_errors=True)


def _compiler() -> list[str] | None:
    named = shlex.split(os.environ.get("CC", ""))
    if named:
        return named if shutil.which(named[0]) else None
    return next(([one] for one in ("cc", "gcc", "clang") if shutil.which(one)), None)


def _compiled(compiler: list[str], folder: Path, aside: Path) -> dict[str, Path]:
    jobs = [("engine/level.c", "", 0)]
    jobs += [
        (source, real, level)
        for name, sources in LIBRARIES.items()
        for source in sources
        for real in (NUMBERS if name.startswith("logistic") else ["float"])
        for level in LEVELS
    ]

    def one(job: tuple[str, str, int]) -> str:
        source, real, level = job
        to = _object(aside, *job)
        told: list[str] = []
        if real:
            width, told = LEVELS[level]
            lanes = width // (4 if real == "float" else 8)
            told = [
                f"-DREAL={real}",
                f"-DINTEGER={NUMBERS[real]}",
                f"-DLEVEL={level}",
                f"-DLANES={lanes}",
                *told,
            ]
        subprocess.run(
            [*compiler, *FLAGS, *told, "-c", str(folder / source), "-o", to], check=True, capture_output=True
        )
        return to

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, jobs))
    built: dict[str, Path] = {}
    for name, sources in LIBRARIES.items():
        objects = [_object(aside, *job) for job in jobs if job[0] in (*sources, "engine/level.c")]
        built[name] = aside / Path(name).name
        subprocess.run(
            [*compiler, "-shared", "-o", str(built[name]), *objects, "-lm"], check=True, capture_output=True
        )
    return built


def _object(aside: Path, source: str, real: str, level: int) -> str:
    return str(aside / f"{Path(source).name}-{real}-{level}.o")
