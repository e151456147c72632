"""A run tells the whole story, the same each time, and nothing but training images chose anything."""

import json
from dataclasses import replace

import numpy as np
import pytest

from sightline.errors import UsageError
from sightline.evaluation import evaluate
from sightline.metrics import metrics
from sightline.publish import VECTORS, pictures_of, write_run
from sightline.sources import load
from sightline.store import load_model
from sightline.story import Config, run


@pytest.fixture(scope="module")
def story():
    return run(Config(recipes=("pixels", "pca", "deskew-pca-poly"), command="sightline learn"))


@pytest.fixture(scope="module")
def folder(story, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "deep" / "out"
    write_run(story, out)
    return out


def test_every_recipe_is_fitted_judged_and_converged(story):
    assert [one.name for one in story.recipes] == ["pixels", "pca", "deskew-pca-poly"]
    for one in story.recipes:
        assert one.converged
        assert one.n_passes == one.history.passes[-1].number
        assert evaluate(one.model, story.dataset).accuracy == one.evaluation.accuracy
        assert (one.weight_maps is None) == (one.name == "deskew-pca-poly")
    assert story.recipes[0].weight_maps.shape == (10, 8, 8)
    assert story.recipes[0].chosen == {}
    assert set(story.recipes[2].chosen) == {"n_components", "C"}


def test_the_best_is_the_best_of_validation(story):
    tops = {one.name: max(accuracy for _, accuracy in one.tried) for one in story.recipes}
    assert tops[story.best] == max(tops.values())


def test_explained_decisions_are_of_the_test_images(story):
    assert 4 <= len(story.explanations) <= 6
    images = {image.tobytes() for image in story.test.images}
    for one in story.explanations:
        assert one.image.tobytes() in images
        assert one.neighbours is not None
    assert any(one.label != one.predicted for one in story.explanations)


def test_stages_and_two_features(story):
    stages, two = story.stages, story.two_features
    assert len(set(story.dataset.train.labels[stages.rows])) == len(stages.rows) == 8
    assert 0 <= stages.scaled.min() < stages.scaled.max() <= 1
    error = np.abs(stages.restored - stages.original / 255.0).mean()
    assert 0 < error < 0.1
    side = (two.values @ two.weights + two.bias > 0).astype(int)
    np.testing.assert_allclose((side == two.labels).mean(), two.accuracy)
    assert two.accuracy > 0.8


def test_metrics_hold_what_is_promised(story):
    found = json.loads(json.dumps(metrics(story), allow_nan=False))
    assert {"name", "n_train", "n_test", "height", "width", "channels", "classes", "digest"} <= set(
        found["dataset"]
    )
    for one in found["recipes"].values():
        assert {
            "accuracy", "error_percent", "log_loss", "fit_seconds", "total_seconds", "n_features", "n_passes",
            "converged",
        } <= set(one)  # fmt: skip
        assert one["error_percent"] == pytest.approx(100 * (1 - one["accuracy"]))
    assert {"best", "seed", "version", "machine"} <= set(found)
    assert found["recipes"]["pixels"]["n_features"] == 64


def timeless(found):
    if isinstance(found, dict):
        return {key: timeless(value) for key, value in found.items() if "seconds" not in key}
    return found


def test_same_seed_same_numbers(story):
    again = run(Config(recipes=("pixels", "pca", "deskew-pca-poly"), command="sightline learn"))
    assert timeless(metrics(again)) == timeless(metrics(story))


def test_another_seed_draws_another_split(story):
    other = run(Config(recipes=("pixels",), seed=1))
    assert other.dataset.digest != story.dataset.digest


def test_the_test_images_choose_nothing():
    dataset = load("digits")
    rng = np.random.default_rng(0)
    labels = dataset.labels.copy()
    labels[dataset.n_train :] = rng.permutation(labels[dataset.n_train :])
    spoilt = replace(dataset, labels=labels)
    config = Config(recipes=("pca", "standard"))
    honest, fooled = run(replace(config, data=dataset)), run(replace(config, data=spoilt))
    for one, other in zip(honest.recipes, fooled.recipes, strict=True):
        assert one.tried == other.tried
        np.testing.assert_array_equal(one.model.pipeline[-1].coef_, other.model.pipeline[-1].coef_)
    assert honest.best == fooled.best


def test_the_folder_is_whole(folder, story):
    assert {one.name for one in folder.iterdir()} == {
        "report.html",
        "metrics.json",
        "model.sightline",
        "figures",
    }
    drawn = {one.name for one in (folder / "figures").iterdir()}
    assert drawn == {f"{name}.png" for name in pictures_of(story)} | {f"{name}.svg" for name in VECTORS}
    assert json.loads((folder / "metrics.json").read_text())["best"] == story.best
    model = load_model(folder / "model.sightline")
    assert model.about["digest"] == story.dataset.digest
    assert evaluate(model, story.dataset).accuracy == story.winner.evaluation.accuracy
    assert "decided rightly" in (folder / "report.html").read_text()


def test_other_files_of_the_folder_are_left_alone(story, tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "mine.txt").write_text("keep")
    (tmp_path / "notes.txt").write_text("keep")
    write_run(replace(story, explanations=()), tmp_path)
    assert (tmp_path / "figures" / "mine.txt").read_text() == (tmp_path / "notes.txt").read_text() == "keep"


def test_progress_never_goes_back():
    seen = []
    run(Config(recipes=("pixels", "pca")), seen.append)
    done = [event.done for event in seen]
    assert done == sorted(done)
    assert done[-1] == 1
    assert [event.result.name for event in seen if event.result] == ["pixels", "pca"]
    assert {event.stage for event in seen} == {"load", "explore", "recipe", "explain"}


def test_choices_of_the_user_are_kept():
    found = run(Config(recipes=("pca",), choices={"pca": {"n_components": 7}}))
    assert found.recipes[0].chosen == {"n_components": 7}
    assert found.recipes[0].n_features == 7
    with pytest.raises(UsageError, match="no choice 'n_components'"):
        run(Config(recipes=("pixels",), choices={"pixels": {"n_components": 7}}))


def test_no_recipe_is_no_run():
    with pytest.raises(UsageError, match="no recipe was named"):
        run(Config(recipes=()))


@pytest.mark.parametrize("fixture", ["two_colours", "three_bars"])
def test_any_images_will_do(fixture, request, tmp_path):
    data = request.getfixturevalue(fixture)
    found = run(Config(data=data))
    assert found.winner.evaluation.accuracy.value > 0.8
    write_run(found, tmp_path)
