"""What a run was made on: a figure without its machine says little."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path

from sightline.engine.threads import available_threads


def version() -> str:
    """Return the installed version of Sightline."""
    import sightline

    return sightline.__version__


def machine() -> dict[str, str | int]:
    """Name the processor, the threads used, and the versions that decide the last bits of a result."""
    found: dict[str, str | int] = {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "threads": available_threads(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
    for package in ("numpy", "scipy", "scikit-learn"):
        try:
            found[package] = version_of(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return found


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine() or "unknown"
