"""Every message about images, features and learning, provoked."""

import pickle
from dataclasses import replace

import array_api_strict as STRICT
import numpy as np
import pytest
from sklearn.model_selection import PredefinedSplit
from sklearn.preprocessing import MinMaxScaler

from sightline.disputes import find_disputed
from sightline.engine.blocks import ArrayBlocks, read_ahead
from sightline.engine.cluster import ClusterSums
from sightline.engine.connection import Connection
from sightline.engine.encryption import place
from sightline.engine.sums import LocalSums
from sightline.engine.threads import ThreadTeam
from sightline.engine.workers import Recipe, part_sum
from sightline.features import (
    PCA,
    Augmentation,
    ByteScaler,
    Deskew,
    Orientation,
    Patches,
    RangeScaler,
    Shrink,
    averaged,
    find_recipe,
    make_recipe,
)  # fmt: skip
from sightline.features.layer import Layer
from sightline.features.layered import patches
from sightline.features.local import local_map
from sightline.features.streamed import StreamedPipeline
from sightline.logistic import LogisticRegression, LogisticRegressionCV, simulate
from sightline.logistic.sparse import minimise_sparse

from . import words

ROOMS = ("dataset", "disputes", "features", "logistic", "engine")
KILLED = "tests/engine provokes it with a scheduler and workers that are processes of their own"
SECRET = "tests/engine provokes it with certificates of its own"
APART = {
    "engine/cluster.py::sum": KILLED,
    "engine/cluster.py::_present": KILLED,
    "engine/cluster.py::awaited": KILLED,
    "engine/connection.py::lost": KILLED,
    "engine/connection.py::_reached: no scheduler answers": "ten seconds of waiting, which tests/engine has",
    "engine/connection.py::_local: workers did not start": KILLED,
    "engine/connection.py::check_versions": KILLED,
    "engine/connection.py::_connected: cluster is an asynchronous": "an event loop; tests/engine has one",
    "engine/device.py::_found": "an installation without PyTorch",
    "engine/connection.py::imported": "an installation without Dask",
    "engine/encryption.py::greet": SECRET,
    "engine/device.py::memory_of": "a graphics card whose memory is full",
    "engine/device.py::_number": "a graphics card, and one that is not there",
}
"""Messages that no test here can provoke, and why."""
X = np.random.default_rng(0).integers(0, 255, (20, 16)).astype(np.uint8)
Y = np.arange(20) % 2
FLOATS = X.astype(np.float64)


def fit(y=Y, rows=X, weight=None, **settings):
    return LogisticRegression(**settings).fit(rows, y, weight)


def cv(**settings):
    return LogisticRegressionCV(**settings).fit(X, Y)


class Blocks:
    """Blocks that say one thing of themselves and give another."""

    def __init__(self, *given, shape=(20, 16), n=None):
        self.given, self.shape, self.n_blocks, self.asked = given, shape, n or len(given), 0

    def block(self, index):
        self.asked += 1
        one = self.given[index]
        return one(self.asked) if callable(one) else one


def blocks(*given, settings=None, **how):
    return LogisticRegression(**settings or {}).fit_blocks(Blocks(*given), **how)


def by_turns(asked):
    """The second time another class is in it."""
    return (X, Y if asked < 2 else Y + 1)


def stream(*batches, settings=None, **how):
    model = LogisticRegression(**settings or {})
    for labels, more in batches:
        model.partial_fit(X[: len(labels)], labels, **more)
    return model


def layer(**how):
    edges, zeros = np.array([0, 2]), np.zeros
    made = {
        "shape": (6, 6, 1),
        "size": 3,
        "filters": zeros((9, 2), np.float32),
        "offset": zeros(2, np.float32),
    }
    return Layer(**{**made, "rows": edges, "columns": edges, "threshold": 0.1, "floor": 0.1, **how})


def strictly(rows):
    """Learn from an array that no NumPy function understands."""
    return fit(rows=rows, device="array_api_strict:cpu")


DATA = [
    lambda h: replace(h.plain, images=h.plain.X),
    lambda h: replace(h.plain, images=h.plain.images[:, :0]),
    lambda h: replace(h.plain, classes=("a", "a", "b")),
    lambda h: replace(h.plain, labels=Y),
    lambda h: replace(h.plain, labels=h.plain.labels / 2),
    lambda h: replace(h.plain, labels=h.plain.labels + 5),
    lambda h: replace(h.plain, n_train=999),
    lambda h: replace(h.plain, files=("a",)),
    lambda h: replace(h.plain, rows=np.arange(3)),
    lambda h: h.plain.split(test_size=0),
    lambda h: h.plain.split(test_size=59),
    lambda h: h.plain.test,
    lambda h: h.plain.split(seed=-1),
    lambda h: h.plain.subset(["dog"]),
    lambda h: find_disputed(h.plain, "pixels", folds=1),
    lambda h: find_disputed(h.plain, "pixels", seed=-1),
    lambda h: find_disputed(h.plain.take([0, 3, 6, 9]), "pixels"),
    lambda h: find_disputed(h.plain.take([0, 1, 2]), "pixels"),
]

FEATURES = [
    lambda h: Augmentation(shift=-1),
    lambda h: Augmentation(mirror=2),
    lambda h: averaged(h.model.predict_proba, X, (4, 4), views=-1),
    lambda h: Deskew((4, 4), strength=2).fit(X),
    lambda h: Deskew((5, 4)).fit(X),
    lambda h: make_recipe("patches"),
    lambda h: patches((4, 4), find_recipe("patches").defaults),
    lambda h: local_map(object(), FLOATS[0]),
    lambda h: local_map(MinMaxScaler(clip=True).fit(FLOATS), FLOATS[0]),
    lambda h: Orientation((4, 4), sizes=(3,), grids=(1, 2)).fit(X),
    lambda h: Orientation((4, 4), sizes=(3,), grids=(1,), n_directions=3).fit(X),
    lambda h: Orientation((4, 4), sizes=(9,), grids=(1,)).fit(X),
    lambda h: Patches((4, 4), size=9).fit(X),
    lambda h: Patches((4, 4), size=3, dictionary="words").fit(X),
    lambda h: Patches((4, 4), size=3, n_atoms=0).fit(X),
    lambda h: Patches((4, 4), size=3, grid=0).fit(X),
    lambda h: Patches((4, 4), size=3).fit(np.zeros_like(X)),
    lambda h: Patches((4, 4, 2), size=3).fit(X),
    lambda h: PCA(whiten=2).fit(FLOATS),
    lambda h: PCA(n_components=0).fit(FLOATS),
    lambda h: find_recipe("pixel"),
    lambda h: make_recipe("pixels", shape=(4, 4), colour=1),
    lambda h: RangeScaler(3, 3).fit(X),
    lambda h: ByteScaler(steps=0).fit(FLOATS),
    lambda h: ByteScaler().fit(-FLOATS),
    lambda h: Shrink((4, 4), factor=0).fit(X),
    lambda h: StreamedPipeline(h.fitted("patches").pipeline.steps, copies=-1).fit(h.plain.X, h.plain.y),
    lambda h: Patches((4, 4), size=3).fit(X).transform(STRICT.ones((2, 9))),
    lambda h: layer(size=9),
    lambda h: layer(filters=np.zeros((3, 3), np.float32)),
    lambda h: layer(offset=np.zeros(9, np.float32)),
    lambda h: layer(rows=np.array([0, 99])),
]

LEARNING = [
    lambda h: fit(C=0),
    lambda h: fit(l1_ratio=2),
    lambda h: fit(tol=0),
    lambda h: fit(max_iter=0),
    lambda h: fit(np.zeros(20)),
    lambda h: fit(class_weight={0: -1, 1: 1}),
    lambda h: fit(weight=1.0 * Y),
    lambda h: fit(rows=FLOATS * 1e200),
    lambda h: blocks((X, Y), settings={"l1_ratio": 0.5}),
    lambda h: blocks((X, Y), settings={"device": "torch:cpu"}),
    lambda h: LogisticRegression().fit_blocks(Blocks(shape=(0, 16))),
    lambda h: blocks((X, Y), sample_rows=0),
    lambda h: blocks((X[:9], Y[:9])),
    lambda h: blocks((X, Y), classes=["a"]),
    lambda h: blocks((X, 0 * Y)),
    lambda h: blocks((X, Y), classes=["a", "a"]),
    lambda h: blocks((X, Y), scale=-1),
    lambda h: blocks(by_turns, sample_rows=5),
    lambda h: blocks((X[:, :5], Y)),
    lambda h: blocks((X, -Y)),
    lambda h: blocks((FLOATS * np.nan, Y)),
    lambda h: stream((Y, {"reservoir_rows": 0})),
    lambda h: stream((Y, {"classes": [0, 1]}), (Y, {"classes": [0, 2]})),
    lambda h: stream((Y, {"classes": [0, 1], "reservoir_rows": 9}), (Y, {"reservoir_rows": 5})),
    lambda h: stream((0 * Y, {})),
    lambda h: stream((Y, {"classes": [0, 1]}), (Y + 5, {})),
    lambda h: stream((Y, {"classes": [0]})),
    lambda h: LogisticRegressionCV().fit_blocks(Blocks((X, Y))),
    lambda h: LogisticRegressionCV().partial_fit(X, Y),
    lambda h: cv(cv=PredefinedSplit(np.where(np.arange(20) < 10, -1, 0))),
    lambda h: cv(cv=[(np.flatnonzero(Y), np.flatnonzero(Y == 0)), (np.arange(10), np.arange(10, 20))]),
    lambda h: cv(Cs=0),
    lambda h: cv(Cs=[-1.0]),
    lambda h: cv(fold_tol=0),
    lambda h: cv(scoring="beauty"),
    lambda h: cv(rule="golden"),
    lambda h: simulate(0),
    lambda h: strictly(STRICT.ones((2, 2, 2))),
    lambda h: strictly(STRICT.ones((20, 2), dtype=STRICT.complex64)),
    lambda h: strictly(STRICT.ones((20, 2)) * float("nan")),
    lambda h: fit(device="array_api_strict:cpu").predict(STRICT.ones((2, 9), dtype=STRICT.float32)),
    lambda h: minimise_sparse(None, l1=0),
]

ENGINE = [
    lambda h: ArrayBlocks(X[0], Y),
    lambda h: ArrayBlocks(X, 0.5 * Y),
    lambda h: ArrayBlocks(X, Y, 0),
    lambda h: read_ahead(ArrayBlocks(X, Y), threads=-1),
    lambda h: LocalSums(ArrayBlocks(X, Y), 0),
    lambda h: ThreadTeam(20, 16, 0),
    lambda h: ClusterSums(ArrayBlocks(X, Y), "local:1", readers=0),
    lambda h: Connection("somewhere"),
    lambda h: Connection("local:many"),
    lambda h: fit(device="abacus"),
    lambda h: Recipe("x", b"cnowhere\nnothing\n.").opened(),
    lambda h: part_sum([Recipe("y", pickle.dumps(Broken()))], None, [0], 1, 1),
    lambda h: fit(device="array_api_strict:cuda"),
    lambda h: fit(device="cupy:cpu"),
    lambda h: place("somewhere"),
    lambda h: encrypted(h),
]


def encrypted(h):
    import dask

    with dask.config.set({"distributed.comm.require-encryption": True}):
        return Connection("local:1")


class Broken:
    """Held blocks of which one cannot be read."""

    shape, n_blocks = (20, 16), 1

    def block(self, index):
        raise OSError("the disk is gone")


@pytest.fixture(scope="module")
def meeting(tmp_path_factory):
    everything = [*DATA, *FEATURES, *LEARNING, *ENGINE]
    return words.meet(everything, words.places(*ROOMS), tmp_path_factory.mktemp("words"))


test_a_message_is_provoked_and_reads_well, test_no_provocation_is_idle = words.both(APART, *ROOMS)
