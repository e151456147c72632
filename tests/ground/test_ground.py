"""Recipes learned block by block are those learned in memory; what is shown of many images says of how many."""

import gc
from contextlib import closing

import numpy as np
import pytest

from sightline import load
from sightline.dataset import Dataset
from sightline.engine.blocks import ArrayBlocks
from sightline.engine.connection import Connection
from sightline.engine.kept import KeptBlocks
from sightline.engine.sums import LocalSums
from sightline.errors import DataError, UsageError
from sightline.evaluation import evaluate
from sightline.evaluation.tally import judged_blocks
from sightline.exploration import explore
from sightline.exploration.blocks import explore_totals, look
from sightline.features import PCA, make_recipe
from sightline.features.augment import Augmentation
from sightline.features.columns import ProductTask
from sightline.features.overblocks import CopiedBlocks, FeatureBlocks, learn_steps, through
from sightline.ground import BlockGround, Unfinished, large_scene
from sightline.ground.place import Place
from sightline.sources.large import Apart, Large, of_dataset, open_large
from sightline.sources.sharding import write_shards
from sightline.story import Config, run

DIGITS = load("digits")


class Quiet:
    """Is told, and says nothing."""

    def tried(self, words, one_pass):
        pass

    def looked(self, share):
        pass

    def passed(self, one_pass):
        pass


def small_blocks(rows=300):
    train, test = DIGITS.train, DIGITS.test
    return Large(
        ArrayBlocks(train.X, train.labels, rows),
        ArrayBlocks(test.X, test.labels, rows),
        DIGITS.classes,
        DIGITS.shape,
    )


@pytest.mark.parametrize(
    "name", ["pixels", "minmax", "standard", "symmetry", "pca", "pca-poly", "deskew-pca-poly"]
)
def test_a_recipe_learned_from_blocks_is_the_one_learned_in_memory(name):
    choices = {"n_components": 12} if "pca" in name else {}
    whole = make_recipe(name, shape=(8, 8), **choices)
    train = DIGITS.train
    whole.fit(train.X, train.labels)
    apart = make_recipe(name, shape=(8, 8), **choices)
    with closing(BlockGround(small_blocks(), DIGITS, Place(), 0)) as ground:
        learned = ground.learn(apart, Quiet())
    assert learned.n_features == whole[-1].coef_.shape[1] == apart[-1].coef_.shape[1]
    far = np.abs(whole.predict_proba(DIGITS.test.X) - apart.predict_proba(DIGITS.test.X)).max()
    assert far < 0.01, far  # both end at a relative gap of 1e-5
    np.testing.assert_allclose(
        through(apart.steps[:-1], DIGITS.test.X), through(whole.steps[:-1], DIGITS.test.X), atol=2e-3
    )


def test_steps_that_learn_nothing_or_dictionaries_work_on_blocks_too():
    pipeline = make_recipe("orientation", shape=(8, 8))
    with closing(BlockGround(small_blocks(), DIGITS, Place(), 0)) as ground:
        learned = ground.learn(pipeline, Quiet())
    assert learned.n_features == pipeline[-1].coef_.shape[1]
    assert (pipeline.predict(DIGITS.test.X) == DIGITS.test.labels).mean() > 0.95


def test_directions_of_wide_rows_are_found_in_passes(monkeypatch):
    monkeypatch.setattr("sightline.features.pca.LARGEST_GRAM", 10)
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(500, 40)) * np.r_[30.0, 20, 10, np.ones(37)] + 5).astype(np.float32)
    blocks = ArrayBlocks(X, np.zeros(500, int), 64)
    with closing(LocalSums(blocks)) as sums:
        found = PCA(3).fit_sums(sums, 500, X[:50].mean(axis=0))
    monkeypatch.undo()
    whole = PCA(3).fit(X)
    np.testing.assert_allclose(np.abs(found.components_ @ whole.components_.T), np.eye(3), atol=1e-3)
    np.testing.assert_allclose(found.explained_variance_, whole.explained_variance_, rtol=1e-3)
    np.testing.assert_allclose(found.explained_variance_ratio_, whole.explained_variance_ratio_, rtol=1e-3)
    np.testing.assert_allclose(found.mean_, whole.mean_, atol=1e-3)
    one = ProductTask(found.mean_, found.components_.T)
    np.testing.assert_allclose(
        one(0, X, None), (X - found.mean_).T @ ((X - found.mean_) @ found.components_.T)
    )


def test_sums_and_samples_of_all_rows_are_the_look_in_memory():
    train, test = DIGITS.train, DIGITS.test
    looks = []
    for part in (train, test):
        blocks = ArrayBlocks(part.X, part.labels, 100)
        with closing(LocalSums(blocks)) as sums:
            looks.append(look(sums, len(part), blocks.n_blocks, 10, rows=400, rare=False, seed=1))
    X, y = (np.concatenate(both) for both in zip(*(one.sample() for one in looks), strict=True))
    assert 300 < len(looks[0].sample()[1]) < 500
    shown = Dataset(X.reshape(-1, 8, 8), y, DIGITS.classes, n_train=len(looks[0].sample()[1]))
    found, whole = explore_totals(shown, looks[0].totals, looks[1].totals), explore(DIGITS)
    for name in (
        "counts",
        "train_counts",
        "test_counts",
        "histogram",
        "constant",
        "mean_image",
        "variance_image",
    ):
        np.testing.assert_allclose(getattr(found, name), getattr(whole, name), atol=1e-9)
    np.testing.assert_allclose(found.class_variance, whole.class_variance, atol=1e-9)
    assert (found.n, found.n_train, found.minimum, found.maximum) == (
        1797,
        1437,
        whole.minimum,
        whole.maximum,
    )
    assert found.shown == len(shown) < 1797


def test_a_class_that_is_rare_is_drawn():
    labels = np.zeros(20_000, int)
    labels[:10] = 1
    blocks = ArrayBlocks(np.zeros((20_000, 4), np.uint8), labels, 1000)
    with closing(LocalSums(blocks)) as sums:
        drawn = look(sums, 20_000, 20, 2, rows=500, rare=True, seed=0).sample()[1]
    assert (drawn == 1).sum() >= 1
    assert 400 < len(drawn) < 620


def test_judging_by_sums_is_judging_all():
    model = make_recipe("pixels").fit(DIGITS.train.X, DIGITS.train.labels)
    blocks = ArrayBlocks(DIGITS.test.X, DIGITS.test.labels, 77)
    shown = evaluate(model, DIGITS)
    with closing(LocalSums(FeatureBlocks(blocks, model.steps[:-1], 64))) as sums:
        found = judged_blocks(sums, model[-1], 10, shown)
    np.testing.assert_array_equal(found.confusion, shown.confusion)
    for name in ("log_loss", "brier", "accuracy"):
        one, other = getattr(found, name), getattr(shown, name)
        assert one.value == pytest.approx(other.value, abs=1e-9)
        assert one.low == pytest.approx(other.low, abs=0.03)
        assert one.high == pytest.approx(other.high, abs=0.03)
    assert found.macro == pytest.approx(shown.macro)


@pytest.mark.parametrize("sizes", [[10, 1, 2, 7], [1, 1, 2], [100] * 5])
def test_rows_kept_apart_and_the_others_are_all_rows(sizes):
    ends = np.cumsum([0, *sizes])
    X = np.arange(ends[-1], dtype=np.float64)[:, None]

    class Cut:
        shape, n_blocks = (len(X), 1), len(sizes)

        def block(self, index):
            rows = slice(ends[index], ends[index + 1])
            return X[rows], np.zeros(sizes[index], int)

    halves = [Apart(Cut(), sizes, 0.2, 3, test=test) for test in (False, True)]
    seen = []
    for half in halves:
        blocks = [half.block(i)[0] for i in range(half.n_blocks)]
        assert all(len(block) for block in blocks)
        assert sum(map(len, blocks)) == half.shape[0]
        seen += [np.concatenate(blocks)]
    assert sorted(np.concatenate(seen).ravel()) == list(range(len(X)))


def test_copies_depend_on_their_block_and_number_alone():
    blocks = ArrayBlocks(DIGITS.X, DIGITS.labels, 500)
    made = CopiedBlocks(blocks, Augmentation(rotation=0.2), 2, (8, 8), 0.0, 5)
    assert made.shape == (3 * 1797, 64)
    assert made.n_blocks == 12
    np.testing.assert_array_equal(made.block(1)[0], blocks.block(1)[0])
    first, second = made.block(5), made.block(9)
    assert (first[0] != second[0]).any()
    np.testing.assert_array_equal(first[0], made.block(5)[0])
    np.testing.assert_array_equal(first[1], blocks.block(1)[1])


def test_blocks_are_made_once_and_their_files_go_with_them():
    calls = []

    class Dear(ArrayBlocks):
        def block(self, index):
            calls.append(index)
            return super().block(index)

    kept = KeptBlocks(Dear(DIGITS.X, DIGITS.labels, 600))
    for _ in range(3):
        for index in range(kept.n_blocks):
            X, y = kept.block(index)
            np.testing.assert_array_equal(X, DIGITS.X[600 * index : 600 * (index + 1)])
            np.testing.assert_array_equal(y, DIGITS.labels[600 * index : 600 * (index + 1)])
    assert calls == [0, 1, 2]
    folder = kept.folder
    assert len(list(folder.iterdir())) == 6
    del kept
    gc.collect()
    assert not folder.exists()


def test_where_nothing_can_be_kept_blocks_are_made_again(tmp_path):
    kept = KeptBlocks(ArrayBlocks(DIGITS.X, DIGITS.labels, 600))
    kept.close()
    assert len(kept.block(2)[0]) == 597
    assert kept.full


# -- the whole story -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts") / "digits"
    write_shards(open_large("infinite:digits:3000").train.blocks, folder, part_bytes=64 * 700)
    return folder


def test_a_story_of_parts(parts, monkeypatch):
    monkeypatch.setattr("sightline.sources.large.IN_MEMORY", 1)
    monkeypatch.setattr("sightline.ground.scene.TESTED_ON", 300)
    events = []
    told = run(Config(data=str(parts), recipes=("pixels", "pca")), events.append)
    assert any(event.what == "looking at 3,000 images, 100%" for event in events)
    assert any(event.what == "pca: features of all training images, 100%" for event in events)
    assert told.n_train + told.winner.evaluation.n == 3000
    assert len(told.test) < told.winner.evaluation.n
    assert len(told.winner.evaluation.labels) == len(told.test)
    assert any("drawn at random" in note for note in told.dataset.notes)
    assert told.winner.evaluation.accuracy.value > 0.85
    assert told.explanations


def test_a_folder_of_parts_that_memory_has_room_for_is_a_data_set(parts):
    assert len(load(parts)) >= 3000


def test_other_workers_learn_the_same():
    here = run(Config(data="digits", recipes=("pixels", "standard")))
    there = run(Config(data="digits", recipes=("pixels", "standard"), cluster="local:2"))
    assert here.winner.chosen == there.winner.chosen
    for one, other in zip(here.recipes, there.recipes, strict=True):
        far = np.abs(one.evaluation.probability - other.evaluation.probability).max()
        assert far < 0.01, far


def test_what_cannot_be_is_said(parts, tmp_path, monkeypatch):
    monkeypatch.setattr("sightline.sources.large.IN_MEMORY", 1)
    with pytest.raises(UsageError, match="size= does not apply"):
        run(Config(data=str(parts), size=16))
    with pytest.raises(UsageError, match="tutorial's split"):
        run(Config(data=str(parts), split="seed"))
    with pytest.raises(UsageError, match="budget"):
        run(Config(data=str(parts), budget=10))
    with pytest.raises(UsageError, match="does not say what to make copies of"):
        run(Config(data="infinite:"))
    one = ArrayBlocks(np.zeros((10, 4), np.uint8), np.zeros(10, int))
    with pytest.raises(DataError, match="one class only"), closing(Place()) as place:
        large_scene(Large(one, one, ("a", "b"), (2, 2)), place)
    two = ArrayBlocks(np.zeros((10, 4), np.uint8), np.arange(10) % 2)
    with pytest.raises(DataError, match="no image of class “c”"), closing(Place()) as place:
        large_scene(Large(two, two, ("a", "b", "c"), (2, 2)), place)


def test_own_steps_learn_from_the_sample():
    from sklearn.feature_selection import VarianceThreshold
    from sklearn.pipeline import Pipeline

    from sightline.logistic import LogisticRegression

    pipeline = Pipeline([("some", VarianceThreshold(1.0)), ("classifier", LogisticRegression())])
    blocks = of_dataset(DIGITS).train
    width = learn_steps(pipeline, blocks, DIGITS.train.X, DIGITS.train.labels, Place().over)
    assert width == pipeline[0].transform(DIGITS.X).shape[1] < 64


def test_all_workers_lost_in_a_pass_leaves_the_best_model_so_far():
    reached = Connection("local:1")

    def kill(event):
        if event.one_pass is not None:
            reached.workers.processes[0].kill()

    try:
        with pytest.raises(Unfinished, match="no workers") as ended:
            run(Config(data="infinite:digits:40000", recipes=("pixels",), cluster=reached.client), kill)
    finally:
        reached.close()
    model = ended.value.model
    assert (model.predict(DIGITS.test.images) == DIGITS.test.labels).mean() > 0.8
