"""Shared by all tests: the user's own cache is never touched; real data are used where they are."""

import os

if "PYTEST_XDIST_WORKER" in os.environ:  # one test a core already: threads would only get in each other's way
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import signal
import threading
from pathlib import Path

if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    and threading.current_thread() is threading.main_thread()
):
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # as in a terminal, where tests run in the background

import hypothesis
import numpy as np
import pytest

from sightline.dataset import Dataset
from sightline.sources import load

ROOT = Path(__file__).parents[1]

# Machines are busy at times, and a check that lands or not by luck is none.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(autouse=True, scope="session")
def own_home(tmp_path_factory):
    before = os.environ.get("SIGHTLINE_HOME")
    os.environ["SIGHTLINE_HOME"] = str(tmp_path_factory.mktemp("home"))
    yield
    if before is None:
        del os.environ["SIGHTLINE_HOME"]
    else:
        os.environ["SIGHTLINE_HOME"] = before


@pytest.fixture(scope="session")
def real_data():
    """Folder with mnist/ and cats-dogs/; tests that need it say so when they skip."""
    folder = Path(os.environ.get("SIGHTLINE_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "mnist").is_dir():
        pytest.skip(
            f"no real data at {folder}: set SIGHTLINE_TEST_DATA to a folder with mnist/ and cats-dogs/"
        )
    return folder


@pytest.fixture(scope="session")
def digits():
    return load("digits")


def drawn(n_classes, *, n=240, shape=(9, 7), colour=False, seed=0, names=None):
    """Images that can be told apart: a bar at a place of its own for each class, and noise."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % n_classes
    height, width = shape
    images = rng.integers(0, 60, (n, height, width, 3) if colour else (n, height, width))
    for row, label in enumerate(labels):
        column = int(label * width / n_classes)
        images[row, 2:-2, column : column + 2] += 120
        if colour:
            images[row, 2:-2, column : column + 2, label % 3] += 60
    names = tuple(names or (f"class {k}" for k in range(n_classes)))
    return Dataset(images.astype(np.uint8), labels.astype(np.int64), names, name="drawn").split(seed=seed)


@pytest.fixture(scope="session")
def two_colours():
    return drawn(2, colour=True, names=("cat", "dog"))


@pytest.fixture(scope="session")
def three_bars():
    return drawn(3, shape=(10, 6))
