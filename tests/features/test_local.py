"""Taking scores back through a step: exact shares, and slopes that are derivatives."""

import numpy as np
import pytest
from sklearn.decomposition import FastICA
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures, StandardScaler

from sightline.errors import ModelError
from sightline.features import (
    PCA,
    ByteScaler,
    Deskew,
    IntensitySymmetry,
    Orientation,
    Patches,
    RangeScaler,
    Shrink,
)
from sightline.features.local import local_map

D = 30
STEPS = {
    "range": RangeScaler(low=-10, high=200),
    "standard": StandardScaler(),
    "standard, mean only": StandardScaler(with_std=False),
    "standard, variance only": StandardScaler(with_mean=False),
    "minmax": MinMaxScaler((-1, 2)),
    "pca": PCA(7),
    "pca, half whitened": PCA(7, whiten=0.5),
    "deskew": Deskew((6, 5)),
    "deskew in colour": Deskew((2, 5, 3)),
    "shrink": Shrink((6, 5), factor=2),
    "shrink in colour": Shrink((2, 5, 3), factor=3),
    "intensity and symmetry": IntensitySymmetry((5, 6)),
    "products": PolynomialFeatures(2),
    "products of three": PolynomialFeatures(3, include_bias=False),
    "products of different ones": PolynomialFeatures(2, interaction_only=True),
    "patches": Patches((6, 5), size=3, n_atoms=9, grid=2, pad=1),
    "patches in colour": Patches((2, 5, 3), size=2, n_atoms=7, grid=1),
    "a map of patches": Patches((6, 5), size=3, n_atoms=8, grid=None, pool=2, pad=2, n_components=5),
    "orientation": Orientation((6, 5), sizes=(3, 2), grids=(2, 3)),
    "orientation in colour": Orientation((2, 5, 3), sizes=(2,), grids=(2,)),
}


@pytest.fixture(params=STEPS)
def case(request):
    rng = np.random.default_rng(3)
    X = rng.integers(0, 256, (40, D)).astype(np.float64)
    X[:, 4] = 9
    step = STEPS[request.param].fit(X / 100)
    x = X[7] / 100
    W = rng.standard_normal((3, step.transform(x[None]).shape[1]))
    return request.param, step, x, W


def test_shares_and_constant_add_up_to_the_whole(case):
    _, step, x, W = case
    one = local_map(step, x)
    whole = W @ step.transform(x[None])[0]
    scale = np.abs(W) @ np.abs(step.transform(x[None])[0])
    np.testing.assert_allclose((one.share(W) @ x + W @ one.constant) / scale, whole / scale, atol=1e-12)


def test_the_slope_is_the_derivative(case):
    name, step, x, W = case
    if name.startswith(
        "deskew"
    ):  # its geometry is held fixed: the slope is that of the linear map it then is
        np.testing.assert_array_equal(local_map(step, x).slope(W), local_map(step, x).share(W))
        return
    h = 1e-5
    steps = h * np.eye(len(x))
    numeric = (step.transform(x + steps) - step.transform(x - steps)) @ W.T / (2 * h)
    root = "patches" in name or "orientation" in name  # bent most sharply near 0
    np.testing.assert_allclose(local_map(step, x).slope(W), numeric.T, atol=1e-4, rtol=3e-3 if root else 1e-5)


def test_a_linear_step_is_the_same_everywhere(case):
    _, step, x, W = case
    one = local_map(step, x)
    other = local_map(step, x + 1)
    same = np.allclose(one.share(W), other.share(W)) and np.allclose(one.constant, other.constant)
    assert same or not one.linear
    if one.linear:
        np.testing.assert_allclose(one.share(W), one.slope(W))


@pytest.mark.parametrize("shape", [(6, 5), (2, 5, 3)])
def test_deskew_and_its_adjoint_meet(shape):
    rng = np.random.default_rng(0)
    x, w, v = rng.random((3, D))
    step = Deskew(shape).fit(rng.random((20, D)))
    geometry = step.geometry(x)
    one = local_map(step, x)
    # <A v, w> = <v, A* w> for any v at this geometry; A x and what comes from outside make the transform.
    basis = np.array([step.adjoint(geometry, e[None])[0] for e in np.eye(D)])
    np.testing.assert_allclose(w @ (basis @ v), step.adjoint(geometry, w[None])[0] @ v, rtol=1e-12)
    np.testing.assert_allclose(basis @ x + one.constant, step.transform(x[None])[0], rtol=1e-9)


def test_an_unknown_step_is_refused():
    with pytest.raises(ModelError, match="FastICA"):
        local_map(FastICA(), np.zeros(3))


def test_a_clipping_scaler_is_refused():
    step = MinMaxScaler(clip=True).fit(np.eye(3))
    with pytest.raises(ModelError, match="clip"):
        local_map(step, np.zeros(3))


def test_bytes_have_shares_that_add_up_and_the_slope_of_what_was_rounded():
    X = np.random.default_rng(0).random((50, 12))
    X[:, 3] = 0.5
    step = ByteScaler(steps=8).fit(X)
    x, W = X[5], np.random.default_rng(1).standard_normal((2, 12))
    one = local_map(step, x)
    np.testing.assert_allclose(one.share(W) @ x, W @ step.transform(x[None])[0])
    np.testing.assert_allclose(one.slope(W), W * step.scale_, rtol=1e-6)
