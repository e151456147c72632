"""A decision, cell by cell: everything adds up, and lies where it is said to lie."""

import numpy as np
import pytest
from sklearn.decomposition import PCA as Components
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import PolynomialFeatures

from sightline.anatomy import find_directions, has_cells, has_directions, share_cells
from sightline.errors import ModelError
from sightline.explanation import explain
from sightline.features import Orientation, Patches, RangeScaler, StandardScaler, make_recipe
from sightline.logistic import LogisticRegression
from sightline.model import Model

RECIPES = {"orientation": {}, "patches": {"n_atoms": 12}, "two-layers": {"n_atoms": 14}}


@pytest.fixture(scope="module", params=["two_colours", "three_bars", "digits"])
def data(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module", params=RECIPES)
def case(request, data):
    few = data.train.take(np.arange(min(len(data.train), 400)))
    pipeline = make_recipe(request.param, shape=data.shape, **RECIPES[request.param])
    return Model(pipeline.fit(few.X, few.labels), data.classes, data.shape, request.param), data.test.images


@pytest.fixture(scope="module", params=[0, 5])
def shares(request, case):
    model, images = case
    return share_cells(model, images[request.param], label=0, most=40), model, images[request.param]


def test_the_cells_and_the_bias_make_z(shares):
    one, model, image = shares
    total = sum(grid.shares.sum(axis=(1, 2)) for grid in one.grids) + one.bias
    np.testing.assert_allclose(total, one.z, rtol=0, atol=1e-9)
    np.testing.assert_allclose(one.z, np.atleast_1d(model.decision_function(image)[0]), atol=1e-4)
    np.testing.assert_allclose(one.probability, model.predict_proba(image)[0], atol=1e-5)


def test_it_is_the_decision_that_explain_takes_apart(shares):
    one, model, image = shares
    found = explain(model, image, change=False)
    assert (one.predicted, one.runner_up, one.classes) == (found.predicted, found.runner_up, found.classes)
    np.testing.assert_allclose(one.z, found.z, atol=1e-9)
    names = dict(zip(found.features.names, found.features.contributions.T, strict=True))
    by_name = {(feature.name, feature.grid): feature.shares for feature in one.found}
    for (name, _), values in by_name.items():
        assert any(
            np.allclose(values, column)
            for column in [
                names[name],
                *found.features.contributions.T[np.array(found.features.names) == name],
            ]
        )


def test_the_patches_of_a_cell_add_up_to_it(shares):
    one, _, _ = shares
    for grid in one.grids:
        np.testing.assert_allclose(
            grid.places.sum(axis=(1, 2)), grid.shares.sum(axis=(1, 2)), rtol=0, atol=1e-9
        )
        top, left, bottom, right = grid.extent
        high, wide = grid.places.shape[1:]
        row = np.searchsorted(grid.rows, top + (np.arange(high) + 0.5) * (bottom - top) / high) - 1
        column = np.searchsorted(grid.columns, left + (np.arange(wide) + 0.5) * (right - left) / wide) - 1
        summed = np.zeros_like(grid.shares)
        for r in range(high):
            for c in range(wide):
                summed[:, row[r], column[c]] += grid.places[:, r, c]
        np.testing.assert_allclose(summed, grid.shares, rtol=0, atol=1e-9)


def test_cells_tile_the_image(shares):
    one, _, image = shares
    for grid in one.grids:
        for edges, side in ((grid.rows, image.shape[0]), (grid.columns, image.shape[1])):
            assert edges[0] == 0
            assert edges[-1] == side
            assert (np.diff(edges) > 0).all()


def test_found_features_are_the_strongest_and_lie_in_their_cell(shares):
    one, _, image = shares
    size = [abs(float(one.against(feature.shares))) for feature in one.found]
    assert size == sorted(size, reverse=True)
    assert 0 < len(one.found) <= 40
    for feature in one.found:
        grid, (r, c) = one.grids[feature.grid], feature.cell
        assert (np.diff(feature.answers) <= 0).all()
        inside = (feature.at[:, 0] + 0.5 >= grid.rows[r]) & (feature.at[:, 0] + 0.5 <= grid.rows[r + 1])
        inside &= (feature.at[:, 1] + 0.5 >= grid.columns[c]) & (
            feature.at[:, 1] + 0.5 <= grid.columns[c + 1]
        )
        assert inside.all()
        assert f"cell {r}·{c}," in feature.name
        assert feature.patch.shape[2:] == image.shape[2:]


def test_the_best_match_is_the_patch_that_answers_most(three_bars):
    model = Pipeline(
        [("range", RangeScaler()), ("patches", Patches(three_bars.shape, size=3, n_atoms=9, grid=2)),
         ("classifier", LogisticRegression())]
    ).fit(three_bars.train.X, three_bars.train.labels)  # fmt: skip
    layer = model["patches"]._layer
    for feature in share_cells(model, three_bars.test.images[0]).found:
        scores = layer.scores(feature.patch.reshape(1, -1) / 255)[0]
        atom = int(feature.name.split()[-2])
        sign = 1 if feature.name.endswith("+") else -1
        assert sign * scores[atom] - layer.threshold == pytest.approx(feature.answers[0], abs=1e-5)
        assert feature.pattern.reshape(-1) == pytest.approx(sign * layer.filters[:, atom])


def test_directions_kept_of_the_atoms_share_by_cell_alone(three_bars):
    steps = [
        ("range", RangeScaler()),
        ("patches", Patches(three_bars.shape, size=3, n_atoms=9, n_components=4)),
    ]
    model = Pipeline([*steps, ("standard", StandardScaler()), ("classifier", LogisticRegression())])
    model.fit(three_bars.train.X, three_bars.train.labels)
    one = share_cells(model, three_bars.test.images[0])
    total = sum(grid.shares.sum(axis=(1, 2)) for grid in one.grids) + one.bias
    np.testing.assert_allclose(total, one.z, atol=1e-9)
    np.testing.assert_allclose(one.grids[0].places.sum(axis=(1, 2)), one.grids[0].shares.sum(axis=(1, 2)))
    assert one.found == ()


@pytest.mark.parametrize("last", [Components(3), PolynomialFeatures(2)])
def test_models_without_cells_are_refused(last, three_bars):
    train = three_bars.train
    pixels = make_recipe("pixels").fit(train.X, train.labels)
    assert not has_cells(pixels)
    with pytest.raises(ModelError, match=r"no grid of cells.*orientation and patches"):
        share_cells(pixels, three_bars.test.images[0])
    layer = Patches(three_bars.shape, size=3, n_atoms=2, grid=1)
    mixed = Pipeline([("patches", layer), ("last", last), ("classifier", LogisticRegression())])
    assert not has_cells(mixed.fit(train.X / 255, train.labels))


def test_an_image_of_another_size_is_refused(case):
    model, images = case
    with pytest.raises(ModelError, match="do not fit this model"):
        share_cells(model, np.pad(images[0], 1))


def test_a_blank_image_is_the_bias_or_what_blank_patches_say(data):
    train = data.train
    pipeline = make_recipe("orientation", shape=data.shape).fit(train.X, train.labels)
    one = share_cells(Model(pipeline, data.classes, data.shape), np.zeros(data.shape, np.uint8))
    np.testing.assert_allclose(one.z, one.bias)
    assert one.found == ()


def test_directions_are_the_features_of_the_step(three_bars):
    train = three_bars.train
    model = make_recipe("orientation", shape=three_bars.shape).fit(train.X, train.labels)
    assert has_directions(model)
    found = find_directions(model, three_bars.test.images[2])
    features = model[:2].transform(three_bars.test.X[2:3])
    step = next(step for step in model if isinstance(step, Orientation))
    features = step.transform(features)[0]
    np.testing.assert_allclose(np.concatenate([v.ravel() for v in found.values]), features)
    with pytest.raises(ModelError, match="no directions"):
        find_directions(make_recipe("pixels").fit(train.X, train.labels), three_bars.test.images[2])
