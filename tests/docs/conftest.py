"""The documentation site, built once for all tests of this folder, and the scripts that build it."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))),
    None,
)


@pytest.fixture(scope="session")
def script():
    """Load one of the scripts in docs/ by its name."""

    def loaded(name):
        spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module

    return loaded


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The site, as `python docs/build.py --quick` makes it: without what takes minutes."""
    for package in ("zensical", "griffe", "latex2mathml"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed: pip install 'sightline[docs]'")
    out = tmp_path_factory.mktemp("docs") / "site"
    done = subprocess.run(
        [sys.executable, str(DOCS / "build.py"), "--quick", "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def browser():
    """Chromium, for one file of tests."""
    sync = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is not installed: pip install sightline[dev]"
    )
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here: apt install chromium")
    with sync.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()
