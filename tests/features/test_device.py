"""Features of patches on a device are those of the processor, within float32; a pipeline goes there and back."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from sightline.engine.device import find_device, library_of, usable
from sightline.errors import DataError, UsageError
from sightline.features import Patches, make_recipe, on_device
from sightline.logistic import LogisticRegression
from sightline.model import Model
from sightline.store import load_model, save_model


@pytest.fixture(params=["array_api_strict:cpu", "torch:cpu", "cuda"])
def device(request):
    if request.param == "torch:cpu":
        pytest.importorskip("torch").set_num_threads(1)
    elif request.param == "cuda" and usable("cuda")[1]:
        pytest.skip(usable("cuda")[1])
    return find_device(request.param)


KINDS = {
    "grey": ((12, 10), {"size": 4, "grid": 3}),
    "one cell": ((9, 9), {"size": 9, "grid": 1}),
    "colour": ((10, 12, 3), {"size": 5, "grid": 2, "threshold": 0.3}),
    "map": ((12, 10), {"size": 5, "grid": None, "pool": 3, "pad": 2, "n_components": 5}),
}


def fitted(kind, dtype=np.float32):
    shape, choices = KINDS[kind]
    X = np.random.default_rng(0).random((40, int(np.prod(shape))))
    X[0], X[1, : X.shape[1] // 2] = 0.3, 0.6  # an image all blank, and one in half
    X = np.rint(255 * X).astype(np.uint8) if dtype == np.uint8 else X.astype(dtype)
    return Patches(shape, n_atoms=9, n_patches=2000, **choices).fit(X), X


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_features(device, kind, dtype):
    patches, X = fitted(kind, dtype)
    here = patches.transform(X)
    there = clone(patches).set_params(device=str(device)).fit(X).transform(X)
    tolerance = 1e-10 if dtype == np.float64 else 1e-4
    np.testing.assert_allclose(there, here, atol=tolerance * np.abs(here).max())
    assert isinstance(there, np.ndarray)
    assert there.dtype == here.dtype


@pytest.mark.parametrize("kind", KINDS)
def test_arrays_in_arrays_out(device, kind):
    patches, X = fitted(kind)
    found = patches.transform(device.put(X))
    assert library_of(found) == device.library
    np.testing.assert_allclose(device.get(found), patches.transform(X), atol=1e-3)
    again = clone(patches).fit(device.put(X))
    np.testing.assert_array_equal(again.filters_, patches.filters_)


def test_blocks_of_images_do_not_matter(device):
    patches, X = fitted("grey")
    many = device.put(np.tile(X, (20, 1)))
    found = device.get(patches.transform(many))
    np.testing.assert_allclose(found, np.tile(found[:40], (20, 1)), atol=1e-5)


def test_from_images_to_decisions_without_leaving_the_device(device, three_bars):
    X, y = device.put(three_bars.train.X), three_bars.train.labels
    patches = Patches(three_bars.shape, size=4, n_atoms=8, grid=2, n_patches=2000).fit(X)
    model = LogisticRegression(C=0.1, device=str(device)).fit(patches.transform(X), y)
    right = model.predict(patches.transform(device.put(three_bars.test.X))) == three_bars.test.labels
    assert right.mean() > 0.95


def test_what_cannot_be_used(device):
    patches, X = fitted("grey")
    with pytest.raises(DataError, match="Expected rows of 120 numbers"):
        patches.transform(device.put(X[:, :-1]))
    with pytest.raises(UsageError, match="no device 'gpu'"):
        patches.set_params(device="gpu").transform(X)


def test_a_recipe_learns_there_and_its_model_is_at_home_anywhere(device, three_bars, tmp_path):
    X, y = three_bars.train.X, three_bars.train.labels
    here, there = (
        on_device(make_recipe("patches", shape=three_bars.shape, n_atoms=10), one).fit(X, y)
        for one in ("cpu", str(device))
    )
    np.testing.assert_allclose(
        there.predict_proba(three_bars.test.X), here.predict_proba(three_bars.test.X), atol=5e-3
    )
    save_model(Model(there, three_bars.classes, three_bars.shape, "patches"), tmp_path / "m")
    steps = dict(load_model(tmp_path / "m").pipeline.steps)
    assert {steps[name].device for name in ("patches", "classifier")} == {"cpu"}


def test_without_a_card_the_processor_works_and_it_is_said():
    if not usable("cuda")[1]:
        pytest.skip("there is a card here")
    patches, X = fitted("grey")
    here = patches.transform(X)
    with pytest.warns(UserWarning, match=r"no CUDA device: .*; going on on the CPU"):
        there = patches.set_params(device="cuda").transform(X)
    np.testing.assert_array_equal(there, here)
