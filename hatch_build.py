"""Compiles the passes of `sightline.logistic` where there is a C compiler; without one the wheel is pure Python.

The compiler is ``$CC``, or the first of cc, gcc and clang that is on the path; ``SIGHTLINE_NATIVE=0`` builds without.
Every file is compiled for every number type and level of vector instructions, and the library picks when it is
loaded: a wheel runs on any processor of its kind.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("src", "sightline", "logistic")
LIBRARY = "_passes.so"
FLAGS = ["-O3", "-std=gnu11", "-fPIC", "-Wno-psabi", "-Wno-unknown-pragmas"]
NUMBERS = {"float": "int32_t", "double": "int64_t"}
LEVELS = {0: (16, [])}
"""Level: bytes of a vector, and what the compiler has to be told; see level.c."""
if platform.machine().lower() in ("x86_64", "amd64"):
    LEVELS[3] = (32, ["-mavx2", "-mfma"])
    LEVELS[4] = (64, ["-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw", "-mavx2", "-mfma"])


class CompiledPasses(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the compiled library to the wheel, and to the source folder of an editable installation."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, or say why not."""
        self.aside = Path(tempfile.mkdtemp(prefix="sightline-build-"))
        if os.environ.get("SIGHTLINE_NATIVE", "1") == "0":
            return
        compiler = _compiler()
        if compiler is None:
            self.app.display_warning("no C compiler: sightline will run on NumPy alone, slower")
            return
        try:
            built = _compiled(compiler, Path(self.root) / FOLDER, self.aside)
        except (subprocess.CalledProcessError, OSError) as error:
            said = (getattr(error, "stderr", None) or str(error).encode()).decode(errors="replace").strip()
            self.app.display_warning(
                f"{shlex.join(compiler)} failed, sightline will run on NumPy alone: {said}"
            )
            return
        if version == "editable":
            aside = Path(self.root) / FOLDER / (LIBRARY + ".part")
            shutil.copyfile(built, aside)
            aside.replace(aside.with_name(LIBRARY))
            return
        build_data["force_include"][str(built)] = f"sightline/logistic/{LIBRARY}"
        build_data["pure_python"] = False
        build_data["tag"] = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was compiled aside."""
        shutil.rmtree(self.aside, ignore_errors=True)


def _compiler() -> list[str] | None:
    named = shlex.split(os.environ.get("CC", ""))
    if named:
        return named if shutil.which(named[0]) else None
    return next(([one] for one in ("cc", "gcc", "clang") if shutil.which(one)), None)


def _compiled(compiler: list[str], folder: Path, aside: Path) -> Path:
    jobs = [
        (
            "passes.c",
            real,
            level,
            [
                "-DREAL=" + real,
                "-DINTEGER=" + integer,
                f"-DLEVEL={level}",
                f"-DLANES={width // (4 if real == 'float' else 8)}",
                *told,
            ],
        )
        for real, integer in NUMBERS.items()
        for level, (width, told) in LEVELS.items()
    ]
    jobs += [("packing.c", real, level, told) for _, real, level, told in jobs] + [("level.c", "", 0, [])]

    def one(job: tuple[str, str, int, list[str]]) -> str:
        name, real, level, told = job
        to = str(aside / f"{name}-{real}-{level}.o")
        subprocess.run(
            [*compiler, *FLAGS, *told, "-c", str(folder / name), "-o", to], check=True, capture_output=True
        )
        return to

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(one, jobs))
    built = aside / LIBRARY
    subprocess.run([*compiler, "-shared", "-o", str(built), *objects, "-lm"], check=True, capture_output=True)
    return built
