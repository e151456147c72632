"""Every decision adds up, and its smallest change flips it and is the smallest."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression as Theirs
from sklearn.tree import DecisionTreeClassifier

from sightline.errors import ModelError
from sightline.explanation import explain, pixel_weights
from sightline.explanation.change import _within
from sightline.explanation.neighbours import nearest
from sightline.explanation.numbers import sentences, to_json
from sightline.features import RECIPES, make_recipe
from sightline.model import Model

LINEAR = ("pixels", "minmax", "standard", "pca")


@pytest.fixture(scope="module")
def fitted(digits, two_colours, three_bars):
    def model(name, data):
        key = (name, data.name, data.n_classes)
        if key not in made:
            pipeline = make_recipe(name, shape=data.shape).fit(data.train.X, data.train.y)
            made[key] = Model(pipeline, data.classes, data.shape, name)
        return made[key]

    made = {}
    return model


@pytest.mark.parametrize("fixture", ["digits", "two_colours", "three_bars"])
@pytest.mark.parametrize("name", RECIPES)
def test_contributions_and_bias_add_up_to_z(name, fixture, request, fitted):
    data = request.getfixturevalue(fixture)
    model = fitted(name, data)
    # a number on the edge between two bytes may fall to either side, in float32 and in float64
    near = 5e-3 if "bytes" in model.pipeline.named_steps else 1e-4
    for image in data.test.images[:5]:
        found = explain(model, image, change=False)
        z = np.atleast_1d(model.decision_function(image)[0])
        np.testing.assert_allclose(found.z, z, atol=near)
        total = found.contributions.reshape(len(found.z), -1).sum(axis=1) + found.bias
        np.testing.assert_allclose(total, found.z, atol=1e-4)
        assert found.contributions.shape[1:] == image.shape
        np.testing.assert_allclose(found.probability, model.predict_proba(image)[0], atol=near / 10)
        assert found.predicted == model.predict(image)[0]
        assert found.predicted != found.runner_up
        seen = found.features
        np.testing.assert_allclose(seen.contributions.sum(axis=1) + seen.bias, found.z, atol=1e-4)
        assert len(seen.names) == len(seen.values) == model.pipeline[-1].coef_.shape[1]


@pytest.mark.parametrize("fixture", ["digits", "two_colours"])
@pytest.mark.parametrize("name", RECIPES)
def test_the_smallest_change_flips_the_decision_and_stays_an_image(name, fixture, request, fitted):
    data = request.getfixturevalue(fixture)
    model = fitted(name, data)
    flipped = 0
    for image in data.test.images[:4]:
        found = explain(model, image)
        change = found.smallest_change
        if change is None:
            continue
        flipped += 1
        assert change.flips
        assert model.predict(change.image[None])[0] == change.target != found.predicted
        assert change.image.min() >= 0
        assert change.image.max() <= 255
        np.testing.assert_allclose(change.image - image, change.delta, atol=1e-9)
        np.testing.assert_allclose(np.linalg.norm(change.delta), change.norm)
        half = image + 0.5 * change.delta
        assert model.predict(half[None])[0] == found.predicted or name not in LINEAR
    assert flipped >= 3


def test_no_smaller_change_is_found_by_a_general_solver(fitted, three_bars):
    model = fitted("pixels", three_bars)
    W, b = pixel_weights(model, three_bars.n_features), None
    for image in three_bars.test.images[:3]:
        found = explain(model, image)
        x, b = image.reshape(-1).astype(float), found.bias
        shortest = np.inf
        for k in range(3):
            if k == found.predicted:
                continue
            w = W[k] - W[found.predicted]
            c = b[k] - b[found.predicted]
            answer = minimize(
                lambda d: d @ d / 1e4,
                np.zeros_like(x),
                jac=lambda d: 2 * d / 1e4,
                bounds=list(zip(-x, 255 - x, strict=True)),
                constraints={
                    "type": "ineq",
                    "fun": lambda d, w=w, c=c, x=x: w @ (x + d) + c,
                    "jac": lambda d, w=w: w,
                },
                method="SLSQP",
                options={"maxiter": 500, "ftol": 1e-12},
            )
            if answer.success:
                shortest = min(shortest, np.linalg.norm(answer.x))
        assert found.smallest_change.norm <= shortest * 1.01 + 0.05
        assert found.smallest_change.norm >= shortest * 0.99 - 0.05


@given(st.integers(0, 10_000), st.floats(0.01, 500))
@settings(max_examples=50, deadline=None)
def test_the_step_inside_the_box_gains_what_is_needed_or_all_there_is(seed, needed):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 256, 20).astype(float)
    direction = rng.standard_normal(20) * (rng.random(20) < 0.8)
    point = _within(x, direction, needed)
    assert (point >= 0).all()
    assert (point <= 255).all()
    most = np.maximum(direction * (255 - x), -direction * x).sum()
    np.testing.assert_allclose(direction @ (point - x), min(needed, most), rtol=1e-9, atol=1e-9)


def test_where_nothing_can_flip_it_none_is_said(digits):
    model = make_recipe("pixels").fit(digits.train.X, digits.train.y)
    model[-1].intercept_ = model[-1].intercept_ + 1e6 * np.eye(10)[3].astype(np.float32)
    found = explain(model, digits.test.images[0])
    assert found.predicted == 3
    assert found.smallest_change is None
    assert "No change" in " ".join(sentences(found))


def test_weights_of_the_pixels_are_those_of_the_whole_pipeline(fitted, digits):
    for name in LINEAR:
        model = fitted(name, digits)
        W = pixel_weights(model, digits.n_features)
        z0, z1 = (model.decision_function(image[None]) for image in digits.test.images[:2])
        difference = digits.test.X[1].astype(float) - digits.test.X[0]
        np.testing.assert_allclose(W @ difference, (z1 - z0)[0], atol=1e-3)
    assert pixel_weights(fitted("pca-poly", digits), digits.n_features) is None


def test_the_nearest_training_images_are_the_nearest(digits):
    image = digits.test.images[5]
    near = nearest(image, digits.train, 7)
    distance = np.sqrt(((digits.train.X.astype(float) - image.reshape(-1)) ** 2).mean(axis=1))
    np.testing.assert_array_equal(np.sort(distance)[:7], np.sort(distance[near.rows]))
    np.testing.assert_allclose(near.distance, distance[near.rows], rtol=1e-5)
    np.testing.assert_array_equal(near.labels, digits.train.labels[near.rows])
    assert nearest(digits.train.images[3], digits.train, 1).rows[0] == 3


def test_models_of_scikit_learn_are_explained_too(digits):
    model = Theirs(max_iter=3000).fit(digits.train.X, np.array(digits.classes)[digits.train.y])
    found = explain(model, digits.test.images[0], train=digits)
    assert found.classes == digits.classes
    np.testing.assert_allclose(found.contributions.sum(axis=(1, 2)) + found.bias, found.z)
    assert len(found.neighbours.rows) == 6


def test_what_cannot_be_explained_is_refused(digits):
    tree = DecisionTreeClassifier().fit(digits.train.X, digits.train.y)
    with pytest.raises(ModelError, match="no weights to explain"):
        explain(tree, digits.test.images[0])
    model = make_recipe("pixels").fit(digits.train.X, digits.train.y)
    for wrong in (np.zeros((8, 8)), np.zeros(64, np.uint8)):
        with pytest.raises(ModelError, match="cannot explain"):
            explain(model, wrong)
    with pytest.raises(ModelError, match="does not fit"):
        explain(model, np.zeros((9, 9), np.uint8))
    with pytest.raises(ModelError, match="do not fit"):
        explain(Model(model, digits.classes, digits.shape), np.zeros((9, 9), np.uint8))


def test_words_and_json_tell_the_same(fitted, digits):
    found = explain(fitted("deskew-pca-poly", digits), digits.test.images[0], train=digits, label=0)
    told = json.loads(json.dumps(to_json(found), allow_nan=False))
    assert told["predicted"] == found.classes[found.predicted]
    np.testing.assert_allclose(np.array(told["contributions"]).sum(axis=(1, 2)) + told["bias"], told["z"])
    assert len(told["features"]["names"]) == len(told["features"]["values"])
    wrong = replace(found, label=(found.predicted + 1) % 10)
    assert "the decision is wrong" in " ".join(sentences(wrong))
