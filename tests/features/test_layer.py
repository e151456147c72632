"""One layer of patches: by hand, and compiled against NumPy at every level of vector instructions."""

import numpy as np
import pytest

from sightline.engine import compiled
from sightline.features.layer import LIBRARY, Layer, cells
from sightline.features.layer_at import LayerAt
from sightline.features.warp import warp


def some(shape, size, K, grid, *, seed=0, **more):
    rng = np.random.default_rng(seed)
    entries = size * size * shape[2]
    down, across = shape[0] - size + 1, shape[1] - size + 1
    return Layer(
        shape,
        size,
        rng.standard_normal((entries, K)).astype(np.float32),
        (0.3 * rng.standard_normal(K)).astype(np.float32),
        cells(down, grid),
        cells(across, grid),
        0.5,
        0.1,
        **more,
    )


def images(shape, n=11, seed=1):
    rng = np.random.default_rng(seed)
    X = rng.random((n, *shape), dtype=np.float32)
    X[:, : shape[0] // 3] = 0.25  # some patches are blank
    X[0] = 0
    return X


SHAPES = [
    ((8, 7, 1), 3, 5, 2),
    ((9, 9, 1), 6, 40, 3),
    ((12, 10, 3), 4, 17, 4),
    ((6, 6, 32), 3, 33, 2),
    ((3, 3, 1), 3, 1, 1),
]


@pytest.mark.parametrize(("shape", "size", "K", "grid"), SHAPES)
@pytest.mark.parametrize("contrast", [True, False])
@pytest.mark.parametrize("level", [0, 3, 4])
def test_compiled_and_numpy_agree(monkeypatch, level, contrast, shape, size, K, grid):
    if compiled.library(LIBRARY) is None:
        pytest.skip("the layer is not compiled here")
    if level > compiled.level(LIBRARY):
        pytest.skip(f"this processor has no instructions of level {level}")
    X = images(shape)
    monkeypatch.setattr(compiled, "level", lambda _: level)
    fast = some(shape, size, K, grid, contrast=contrast)(X)
    monkeypatch.setenv("SIGHTLINE_NATIVE", "0")
    plain = some(shape, size, K, grid, contrast=contrast)(X)
    np.testing.assert_allclose(fast, plain, atol=2e-3 * plain.max(), rtol=1e-3)


def test_by_hand():
    """Two pixels beside each other, one atom that is their difference: no contrast taken out."""
    image = np.array([[[0.0], [1.0], [3.0]], [[0.0], [0.0], [0.0]]])[None]
    filters = np.array([[-1.0], [1.0], [0.0], [0.0]], np.float32)
    layer = Layer(
        (2, 3, 1), 2, filters, np.zeros(1, np.float32), np.array([0, 1]), np.array([0, 1, 2]), 0.5, 0.0, False
    )
    np.testing.assert_allclose(layer(image), [[np.sqrt(0.5), 0, np.sqrt(1.5), 0]])


def test_a_blank_image_says_the_same_in_any_grey():
    layer = some((8, 8, 1), 3, 6, 2)
    X = np.stack([np.full((8, 8, 1), grey, np.float32) for grey in (0, 0.3, 1)])
    found = layer(X)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_features_of_an_image_do_not_depend_on_its_neighbours():
    layer, X = some((9, 9, 1), 4, 12, 2), images((9, 9, 1), 40)
    np.testing.assert_array_equal(layer(X)[7:9], layer(X[7:9]))


def test_the_cells_of_a_grid_are_summed_apart():
    """The squares of a grid of 2 add up to those of a grid of 1."""
    X = images((9, 8, 1))
    fine, whole = some((9, 8, 1), 3, 6, 2), some((9, 8, 1), 3, 6, 1)
    sums = np.square(fine(X)).reshape(len(X), 4, -1).sum(axis=1)
    np.testing.assert_allclose(sums, np.square(whole(X)), rtol=1e-4, atol=1e-5)


def test_cells_are_nearly_equal_and_never_more_than_positions():
    assert cells(10, 3).tolist() == [0, 3, 6, 10]
    assert cells(2, 5).tolist() == [0, 1, 2]


def test_the_way_back_adds_up():
    layer = some((7, 8, 2), 3, 9, 2)
    image = images((7, 8, 2)).astype(np.float64)[3:4]
    W = np.random.default_rng(4).standard_normal((3, layer.width))
    here = LayerAt(layer, image)
    whole = (here.share(W) * image).sum(axis=(1, 2, 3)) + W @ here.constant
    np.testing.assert_allclose(whole, W @ layer(image)[0], rtol=1e-9)


@pytest.mark.parametrize("native", ["0", "1"])
class TestWarp:
    def test_where_pixels_are_read_in_place_nothing_changes(self, monkeypatch, native):
        monkeypatch.setenv("SIGHTLINE_NATIVE", native)
        X = images((6, 5, 3))
        places = np.broadcast_to(np.stack(np.mgrid[:6, :5], axis=-1), (len(X), 6, 5, 2))
        np.testing.assert_array_equal(warp(X, places, 0.5), X)

    def test_half_a_pixel_is_the_mean_of_two(self, monkeypatch, native):
        monkeypatch.setenv("SIGHTLINE_NATIVE", native)
        X = images((6, 5, 1))
        places = np.stack(np.mgrid[:6, :5], axis=-1).astype(np.float32) + np.float32([0, 0.5])
        moved = warp(X, np.broadcast_to(places, (len(X), 6, 5, 2)), 0.5)
        np.testing.assert_allclose(moved[:, :, :-1], (X[:, :, 1:] + X[:, :, :-1]) / 2, atol=1e-6)
        np.testing.assert_allclose(moved[:, :, -1], (X[:, :, -1] + 0.5) / 2, atol=1e-6)

    def test_beyond_the_border_is_outside_wherever_it_is(self, monkeypatch, native):
        monkeypatch.setenv("SIGHTLINE_NATIVE", native)
        X = images((6, 5, 1))
        for far in (-1e9, -7.3, 7.0, 1e9, np.nan):
            places = np.full((len(X), 6, 5, 2), far, np.float32)
            np.testing.assert_array_equal(warp(X, places, 0.25), np.full_like(X, 0.25))


def test_warp_compiled_and_numpy_agree(monkeypatch):
    X = images((9, 7, 3), 20)
    places = np.random.default_rng(0).uniform(-3, 12, (20, 9, 7, 2)).astype(np.float32)
    fast = warp(X, places, 0.3)
    monkeypatch.setenv("SIGHTLINE_NATIVE", "0")
    np.testing.assert_allclose(fast, warp(X, places, 0.3), atol=1e-5)
