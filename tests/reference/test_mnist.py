"""The seventy thousand digits themselves: raw pixels, the optimum known to seven digits."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from sightline.logistic import LogisticRegression

OPTIMUM = 0.2321207
"""min F for C = 1 on pixels from 0 to 1, all 60,000 training images."""


@pytest.fixture(scope="module")
def folder() -> Path:
    given = os.environ.get("SIGHTLINE_TEST_DATA")
    root = Path(__file__).parents[2]
    for one in [Path(given), Path(given) / "mnist"] if given else [root.parent / "shared" / "data" / "mnist"]:
        if any(one.glob("train-images*")):
            return one
    pytest.skip("no MNIST files: set SIGHTLINE_TEST_DATA to a folder that holds train-images-idx3-ubyte.gz")


@pytest.mark.slow
def test_raw_pixels_reach_the_known_optimum(folder, tmp_path, monkeypatch):
    import sightline

    monkeypatch.setenv("SIGHTLINE_HOME", str(tmp_path))
    train = sightline.load(str(folder)).train
    X, y = train.images.reshape(len(train.labels), -1), train.labels
    assert X.shape == (60_000, 784)
    assert X.dtype == np.uint8
    model = LogisticRegression(C=1 / 255**2).fit(X, y)
    assert model.converged_
    assert model.n_iter_[0] < 60
    assert model.coef_.dtype == np.float32
    assert model.history_.passes[-1].objective == pytest.approx(OPTIMUM, rel=1e-4)
    assert model.history_.passes[-1].objective >= OPTIMUM * (1 - 1e-6)
    z = model.decision_function(X).astype(np.float64)
    loss = np.logaddexp.reduce(z, axis=1) - z[np.arange(len(y)), y]
    value = loss.mean() + 0.5 * 255**2 / len(y) * np.square(model.coef_.astype(np.float64)).sum()
    assert value == pytest.approx(OPTIMUM, rel=1e-4)
