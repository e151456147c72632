"""A hand on the training: what is paused stands still, what is stepped goes one pass, what is stopped is a model."""

import time

import numpy as np
import pytest

from sightline.explanation.linear import pixel_weights
from sightline.logistic import LogisticRegression
from sightline.studio.features import FeatureStore
from sightline.studio.library import Library
from sightline.studio.setups import checked, defaults, summaries
from sightline.studio.training import Training
from sightline.studio.turns import BusyError, Turns
from sightline.studio.weights import Snapshots
from sightline.studio.wire import Setup, TrainRequest


@pytest.fixture(scope="module")
def library(digits):
    return Library(digits)


def setup(library, recipe="pixels", **changes):
    asked = {**{name: getattr(_default(library, recipe), name) for name in Setup.__slots__}, **changes}
    return checked(Setup(**asked), library)


def _default(library, recipe):
    from sightline.features.recipes import find_recipe

    return defaults(find_recipe(recipe), library)


class Heard:
    """Who listens to a training."""

    def __init__(self):
        self.events = []

    def __call__(self, event):
        if event is not None:
            self.events.append(event)


def training(library, request, *, before=None, turns=None, heard=None, store=None):
    one = Training(7, request, store or FeatureStore(library), turns or Turns(), before, heard or Heard())
    one.start()
    return one


def until(true, seconds=20):
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.005)


def finished(library, request, **options):
    one = training(library, request, **options)
    assert one.wait(60)
    assert one.phase == "done", (one.outcome, one.problem)
    return one


@pytest.mark.parametrize("recipe", ["symmetry", "pixels", "pca", "pca-poly"])
def test_a_training_gives_the_model_that_the_recipe_gives(library, digits, recipe):
    from sightline.features import make_recipe

    one = finished(library, TrainRequest(setup(library, recipe)))
    own = make_recipe(recipe, shape=digits.shape).fit(digits.train.X, digits.train.y)
    same = one.learned.model.predict(digits.test.images) == own.predict(digits.test.X)
    assert same.mean() > 0.99
    summary = one.learned.summary
    assert abs(summary.test_accuracy - own.score(digits.test.X, digits.test.y)) < 0.01
    assert summary.features == one.learned.classifier.coef_.shape[1]
    assert next(r for r in summaries(library) if r.name == recipe).features == summary.features
    assert next(r for r in summaries(library) if r.name == recipe).linear is summary.linear


def test_the_width_of_a_recipe_that_nobody_counted_is_seen_on_a_few_images(library):
    from sightline.studio.setups import _counted

    assert _counted(setup(library, "symmetry"), library) == 2
    assert _counted(setup(library, "pca-poly"), library) == 1080


def test_paused_is_paused_and_a_step_is_one_pass(library):
    heard = Heard()
    one = training(library, TrainRequest(setup(library), paused=True), heard=heard)
    until(lambda: one.phase == "paused")
    assert len(heard.events) == 1
    for expected in (2, 3):
        one.step()
        until(lambda n=expected: len(heard.events) == n and one.phase == "paused")
        time.sleep(0.05)
        assert len(heard.events) == expected
    one.play()
    assert one.wait(20)
    assert one.phase == "done"
    assert one.learned.summary.converged


def test_time_that_was_paused_does_not_count(library):
    one = training(library, TrainRequest(setup(library), paused=True))
    until(lambda: one.phase == "paused")
    time.sleep(0.6)
    one.play()
    one.wait(20)
    assert one.learned.summary.seconds < 0.5


def test_what_is_stopped_is_the_best_model_so_far(library, digits):
    heard = Heard()
    one = training(library, TrainRequest(setup(library), paused=True), heard=heard)
    for expected in range(2, 6):
        until(lambda n=expected: len(heard.events) == n - 1 and one.phase == "paused")
        one.step()
    until(lambda: len(heard.events) == 5 and one.phase == "paused")
    one.stop()
    assert one.wait(20)
    assert one.phase == "stopped"
    assert not one.learned.summary.converged
    assert one.learned.model.predict_proba(digits.test.images).shape == (360, 10)
    assert one.learned.summary.objective == heard.events[-1].objective


def test_a_warm_start_begins_where_the_last_one_ended(library):
    store = FeatureStore(library)
    first = finished(library, TrainRequest(setup(library)), store=store).learned
    cold = finished(library, TrainRequest(setup(library, C=0.5)), store=store)
    warm = finished(library, TrainRequest(setup(library, C=0.5), warm=True), store=store, before=first)
    assert warm.passes[0].objective < cold.passes[0].objective / 2
    assert warm.learned.summary.objective == pytest.approx(cold.learned.summary.objective, rel=1e-5)
    other = finished(library, TrainRequest(setup(library, "pca"), warm=True), store=store, before=first)
    assert other.passes[0].objective == pytest.approx(np.log(10), rel=1e-3)


def test_gradient_descent_goes_pass_for_pass_and_never_below_the_minimum(library):
    one = finished(library, TrainRequest(setup(library), descent=True))
    solver = [event for event in one.passes if event.method == "solver"]
    beside = [event for event in one.passes if event.method == "descent"]
    assert beside[0].objective == pytest.approx(solver[0].objective, rel=1e-6)
    fall = np.array([event.objective for event in beside])
    assert (np.diff(fall) <= 1e-9).all(), "1/L is a safe step: the objective never rises"
    assert fall[-1] > solver[-1].objective
    assert len(beside) >= 100
    assert [event.number for event in beside] == list(range(1, len(beside) + 1))


def test_a_pace_holds_the_passes_apart(library):
    began = time.perf_counter()
    one = finished(library, TrainRequest(setup(library, classes=("3", "8")), pace=40.0))
    assert time.perf_counter() - began > (len(one.passes) - 2) / 40


def test_fewer_images_are_drawn_by_the_seed(library):
    store = FeatureStore(library)
    found = [store.of(setup(library, n_train=200, seed=seed), lambda: False) for seed in (0, 0, 1)]
    assert [len(one.y) for one in found] == [200] * 3
    assert found[0] is found[1]
    assert not np.array_equal(found[0].X, found[2].X)
    one = finished(library, TrainRequest(setup(library, n_train=200)), store=store)
    assert 0.7 < one.learned.summary.test_accuracy < 0.95


def test_two_classes_share_one_sigmoid(library, digits):
    one = finished(library, TrainRequest(setup(library, classes=("8", "3"))))
    assert one.learned.summary.classes == (3, 8)
    assert one.learned.classifier.coef_.shape == (1, 64)
    assert one.learned.summary.test_accuracy > 0.9


def test_weights_of_a_linear_recipe_are_exact_after_every_pass(library, digits):
    one = finished(library, TrainRequest(setup(library, "pca")))
    model = one.learned.model
    W, bias = one.learned.back.weights(one.learned.classifier.coef_, one.learned.classifier.intercept_)
    X = digits.test.X.astype(np.float64)
    np.testing.assert_allclose(X @ W.T + bias, model.decision_function(digits.test.images), atol=2e-3)
    np.testing.assert_allclose(W, pixel_weights(model, 64), atol=1e-9)
    index, coef, _ = one.learned.snapshots.at(None)
    assert index == sum(event.method == "solver" for event in one.passes) - 1
    np.testing.assert_allclose(coef, one.learned.classifier.coef_, atol=1e-5)


def test_the_line_between_two_features_is_the_decision(library, digits):
    from sightline.features import IntensitySymmetry

    one = finished(library, TrainRequest(setup(library, "symmetry", classes=("0", "1"))))
    plane = one.passes[-1].plane
    pair = IntensitySymmetry((8, 8)).fit_transform(digits.X / 255.0)
    z = pair @ np.array(plane.weights).T + np.array(plane.bias)
    model = one.learned.model
    np.testing.assert_allclose(z[:, 0], model.decision_function(digits.images), atol=1e-3)


def test_what_goes_wrong_is_told_and_gives_the_turn_back(library, monkeypatch):
    def broken(self, *args, **kwargs):
        raise RuntimeError("disk on fire")

    turns = Turns()
    monkeypatch.setattr(LogisticRegression, "fit", broken)
    one = training(library, TrainRequest(setup(library)), turns=turns)
    assert one.wait(20)
    assert one.phase == "failed"
    assert "disk on fire" in one.problem.error
    monkeypatch.undo()
    finished(library, TrainRequest(setup(library)), turns=turns)


def test_one_at_a_time_the_others_in_their_order(library):
    turns = Turns(1, 2)
    first = training(library, TrainRequest(setup(library), pace=20.0), turns=turns)
    until(lambda: first.phase == "running")
    second = training(library, TrainRequest(setup(library)), turns=turns)
    until(lambda: turns.ahead(second) == 1)
    third = training(library, TrainRequest(setup(library)), turns=turns)
    until(lambda: turns.ahead(third) == 2)
    with pytest.raises(BusyError, match="waiting already"):
        turns.check()
    assert second.phase == third.phase == "waiting"
    second.stop()
    assert second.wait(5)
    assert second.phase == "stopped"
    assert second.learned is None
    first.pause()  # who is paused lets the next one go
    assert third.wait(20)
    assert third.phase == "done"
    first.stop()
    assert first.wait(20)


def test_long_trainings_keep_ever_fewer_weights_and_always_the_newest():
    kept = Snapshots(most_bytes=4000)
    for index in range(1000):
        kept.add(index, np.full((10, 10), index), np.zeros(10))
    assert len(kept.kept) <= 11
    assert kept.at(None)[0] == 999
    index, coef, _ = kept.at(700)
    assert index <= 700
    assert (coef == index).all()


def test_features_are_forgotten_beyond_their_room(library, monkeypatch):
    from sightline.studio import features

    monkeypatch.setattr(features, "KEPT_BYTES", 1_000_000)
    store = FeatureStore(library)
    for recipe in ("pixels", "minmax", "standard", "pca"):
        store.of(setup(library, recipe), lambda: False)
    assert len(store._kept) == 2
