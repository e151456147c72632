"""The transformers keep scikit-learn's rules and their own laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA as Reference
from sklearn.preprocessing import StandardScaler as TheirScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from sightline.errors import UsageError
from sightline.features import PCA, Deskew, IntensitySymmetry, RangeScaler, Shrink, StandardScaler
from sightline.features.images import resolve_shape


@parametrize_with_checks(
    [RangeScaler(), StandardScaler(), Deskew(), IntensitySymmetry(), Shrink(), PCA(), PCA(2), PCA(0.9)]
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_dtype_in_dtype_out(dtype, digits):
    X = digits.X[:200].astype(dtype)
    wanted = np.float64 if dtype == np.float64 else np.float32
    for step in (RangeScaler(), Deskew(), Shrink(), IntensitySymmetry(), PCA(5)):
        assert step.fit_transform(X).dtype == wanted, step


def test_range_scaler_goes_there_and_back(digits):
    scaler = RangeScaler().fit(digits.X)
    scaled = scaler.transform(digits.X)
    assert (scaled.min(), scaled.max()) == (0, 1)
    np.testing.assert_array_equal(np.rint(scaler.inverse_transform(scaled)), digits.X)


def test_an_empty_range_is_refused(digits):
    with pytest.raises(UsageError, match="must be below"):
        RangeScaler(low=3, high=3).fit(digits.X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_standard_scaler_is_scikit_learns(dtype, offset):
    rng = np.random.default_rng(0)
    X = (rng.standard_normal((5000, 40)) * np.geomspace(1e-2, 1e3, 40) + offset).astype(dtype)
    X[:, 7] = 3.5
    ours, theirs = StandardScaler().fit(X), TheirScaler().fit(X.astype(np.float64))
    rtol = 1e-9 if dtype == np.float64 else 1e-3 if offset else 1e-4
    np.testing.assert_allclose(ours.mean_, theirs.mean_, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(ours.scale_, theirs.scale_, rtol=rtol)
    assert ours.transform(X).dtype == dtype


def test_standard_scaler_leaves_weights_and_gaps_to_scikit_learn():
    rng = np.random.default_rng(0)
    X, weight = rng.random((50, 4)), rng.random(50)
    np.testing.assert_allclose(
        StandardScaler().fit(X, sample_weight=weight).mean_, TheirScaler().fit(X, sample_weight=weight).mean_
    )
    X[3, 2] = np.nan
    np.testing.assert_allclose(StandardScaler().fit(X).var_, TheirScaler().fit(X).var_)


# -- deskew ------------------------------------------------------------------------------------------------


def stroke(slant, height=28, width=28):
    """A vertical stroke of soft edges, leaning by `slant` columns a row."""
    r, c = np.mgrid[:height, :width]
    middle = (width - 1) / 2 + slant * (r - (height - 1) / 2)
    ink = np.clip(2.5 - np.abs(c - middle), 0, 1) * ((r > 4) & (r < height - 5))
    return np.rint(255 * ink).astype(np.uint8)


@given(st.floats(-0.45, 0.45))
@settings(max_examples=25, deadline=None)
def test_a_leaning_stroke_is_straightened(slant):
    upright, leaning = stroke(0.0).reshape(1, -1), stroke(slant).reshape(1, -1)
    deskew = Deskew().fit(upright)
    straight = deskew.transform(leaning)[0]
    assert np.abs(straight - upright[0]).mean() < 6
    again = deskew._geometry(straight.reshape(1, 28, 28, 1))
    assert np.abs(np.diff(again.whole[0] + again.part[0])).max() < 0.02


def test_an_upright_image_in_the_middle_stays_to_the_last_bit():
    image = stroke(0.0).reshape(1, -1)
    np.testing.assert_array_equal(Deskew().fit_transform(image)[0], image[0])


def test_ink_and_paper_may_change_places():
    leaning = stroke(0.3).reshape(1, -1)
    light, dark = Deskew().fit(leaning), Deskew().fit(255 - leaning)
    np.testing.assert_allclose(dark.transform(255 - leaning), 255 - light.transform(leaning), atol=1e-3)


def test_strength_zero_only_centres():
    leaning = stroke(0.3).reshape(1, -1)
    same = Deskew(strength=0.0, centre=False).fit_transform(leaning)
    np.testing.assert_array_equal(same, leaning)


def test_blank_images_stay_blank():
    blank = np.full((3, 64), 7, np.uint8)
    np.testing.assert_array_equal(Deskew().fit_transform(blank), blank)


def test_colour_moves_as_one():
    grey = stroke(0.3)
    colour = np.stack([grey, grey // 2, grey // 4], axis=2).reshape(1, -1)
    moved = Deskew(shape=(28, 28, 3)).fit_transform(colour).reshape(28, 28, 3)
    np.testing.assert_allclose(moved[..., 0], 2 * moved[..., 1], atol=1.1)


@pytest.mark.parametrize("shape", [(28, 28), (14, 14, 4), (784,), (10, 10)])
def test_a_shape_that_does_not_fit_is_refused(shape):
    if shape == (28, 28):
        assert resolve_shape(shape, 784) == (28, 28)
        return
    with pytest.raises(UsageError, match="are not images of shape"):
        Deskew(shape=shape).fit(np.zeros((2, 784)))


def test_strength_outside_its_range_is_refused():
    with pytest.raises(UsageError, match="not within"):
        Deskew(strength=1.5).fit(np.zeros((2, 4)))


@pytest.mark.parametrize(
    ("d", "shape"), [(784, (28, 28)), (3072, (32, 32, 3)), (10, (1, 10)), (3, (1, 1, 3))]
)
def test_shapes_are_inferred(d, shape):
    assert resolve_shape(None, d) == shape


# -- shrink ------------------------------------------------------------------------------------------------


@given(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3]))
@settings(max_examples=40)
def test_each_pixel_of_a_shrunken_image_is_the_mean_of_its_square(factor, height, width, channels):
    images = np.random.default_rng(0).random((2, height, width, channels))
    shape = (height, width) if channels == 1 else (height, width, 3)
    step = Shrink(shape, factor=factor)
    small = step.fit_transform(images.reshape(2, -1)).reshape(2, *step.small_shape_[:2], channels)
    for i in range(small.shape[1]):
        for j in range(small.shape[2]):
            square = images[:, i * factor : (i + 1) * factor, j * factor : (j + 1) * factor]
            np.testing.assert_allclose(small[:, i, j], square.mean(axis=(1, 2)))


def test_images_are_not_shrunk_by_less_than_nothing():
    with pytest.raises(UsageError, match="factor of 0 is below 1"):
        Shrink(factor=0).fit(np.zeros((2, 4)))


# -- intensity and symmetry ---------------------------------------------------------------------------------


def test_intensity_and_symmetry_of_what_is_known():
    face = np.array([[0, 255, 0], [255, 0, 255], [0, 255, 0]], np.uint8)
    half = np.array([[255, 255, 0], [255, 255, 0], [255, 255, 0]], np.uint8)
    pair = IntensitySymmetry().fit_transform(np.stack([face, half]).reshape(2, -1))
    np.testing.assert_allclose(pair[0], [4 * 255 / 9, 0])
    np.testing.assert_allclose(pair[1], [6 * 255 / 9, -(6 * 255 / 9) / 2])  # upright mirror: no difference
    assert list(IntensitySymmetry().fit(face.reshape(1, -1)).get_feature_names_out()) == [
        "intensity",
        "symmetry",
    ]


def test_a_mirrored_image_has_the_same_pair():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (5, 6, 4), dtype=np.uint8)
    pair = IntensitySymmetry((6, 4)).fit(images.reshape(5, -1))
    for flipped in (images[:, ::-1], images[:, :, ::-1]):
        a, b = pair.transform(images.reshape(5, -1)), pair.transform(flipped.reshape(5, -1))
        np.testing.assert_allclose(a, b, rtol=1e-5)


# -- principal components -----------------------------------------------------------------------------------


@pytest.mark.parametrize("n_components", [1, 7, 64])
def test_pca_agrees_with_scikit_learn(digits, n_components):
    X = digits.X.astype(np.float64)
    ours, theirs = PCA(n_components).fit(X), Reference(n_components, svd_solver="full").fit(X)
    np.testing.assert_allclose(ours.explained_variance_, theirs.explained_variance_, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(
        ours.explained_variance_ratio_, theirs.explained_variance_ratio_, rtol=1e-8, atol=1e-12
    )
    kept = theirs.explained_variance_ > 1e-6  # directions in which nothing varies are anybody's choice
    same = np.abs(np.einsum("kd,kd->k", ours.components_, theirs.components_))[kept]
    np.testing.assert_allclose(same, 1, atol=1e-8)
    np.testing.assert_allclose(
        ours.inverse_transform(ours.transform(X)), theirs.inverse_transform(theirs.transform(X)), atol=1e-6
    )


def test_pca_of_bytes_is_pca_of_numbers(digits):
    bytes_, numbers = PCA(10).fit(digits.X), PCA(10).fit(digits.X.astype(np.float64))
    np.testing.assert_allclose(bytes_.components_, numbers.components_, atol=1e-5)


@pytest.mark.parametrize(("n", "d"), [(500, 40), (20, 300), (900, 700)])
def test_components_are_orthonormal_and_coordinates_uncorrelated(n, d):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((n, 12)) @ rng.standard_normal((12, d)) + 0.1 * rng.standard_normal((n, d)) + 5
    pca = PCA(8).fit(X)
    np.testing.assert_allclose(pca.components_ @ pca.components_.T, np.eye(8), atol=1e-8)
    covariance = np.cov(pca.transform(X).T)
    np.testing.assert_allclose(covariance, np.diag(pca.explained_variance_), atol=1e-6 * covariance.max())
    largest = pca.components_[np.arange(8), np.abs(pca.components_).argmax(axis=1)]
    assert (largest > 0).all()


def test_what_is_lost_is_the_variance_left_out(digits):
    X = digits.X.astype(np.float64)
    pca = PCA(20).fit(X)
    lost = ((X - pca.inverse_transform(pca.transform(X))) ** 2).sum() / (len(X) - 1)
    total = X.var(axis=0, ddof=1).sum()
    np.testing.assert_allclose(lost, total - pca.explained_variance_.sum(), rtol=1e-9)


def test_a_share_takes_as_many_as_carry_it(digits):
    pca = PCA(0.9).fit(digits.X)
    assert pca.explained_variance_ratio_.sum() >= 0.9 > pca.explained_variance_ratio_[:-1].sum()


def test_more_components_than_there_are_is_all_there_are():
    assert PCA(50).fit(np.random.default_rng(0).random((4, 9))).n_components_ == 4


@pytest.mark.parametrize("wrong", [0, -1, 0.0, 1.5, "many"])
def test_impossible_numbers_of_components_are_refused(wrong):
    with pytest.raises(UsageError, match="n_components"):
        PCA(wrong).fit(np.random.default_rng(0).random((4, 9)))


def test_the_random_way_finds_the_same_directions(digits, monkeypatch):
    monkeypatch.setattr("sightline.features.pca.LARGEST_GRAM", 10)
    X = digits.X.astype(np.float64)
    pca = PCA(5).fit(X)
    monkeypatch.undo()
    np.testing.assert_allclose(pca.components_, PCA(5).fit(X).components_, atol=1e-4)


@pytest.mark.parametrize("w", [0.0, 0.5, 1.0])
def test_whitening_is_a_scale_that_is_taken_back(digits, w):
    X = digits.X.astype(np.float64)
    plain, white = PCA(12).fit(X), PCA(12, whiten=w).fit(X)
    p = white.transform(X)
    sigma = np.sqrt(plain.explained_variance_)
    np.testing.assert_allclose(p.std(axis=0, ddof=1), (sigma / sigma[0]) ** (1 - w), rtol=1e-8)
    np.testing.assert_allclose(white.inverse_transform(p), plain.inverse_transform(plain.transform(X)))


def test_directions_without_variance_are_not_blown_up():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 3)) @ rng.standard_normal((3, 9))
    p = PCA(6, whiten=1.0).fit(X).transform(X)
    assert np.abs(p[:, 3:]).max() < 1e-6


def test_a_whitening_outside_its_range_is_refused():
    with pytest.raises(UsageError, match="whiten"):
        PCA(2, whiten=2.0).fit(np.eye(3))
