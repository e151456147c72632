"""A static copy of the studio: the page, a sample of the data and a trained model, for any web server."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from sightline import __version__
from sightline.dataset import Dataset
from sightline.errors import ModelError, StorageError, UsageError
from sightline.files import made_folder, written_aside
from sightline.studio import judging
from sightline.studio.learned import Learned
from sightline.studio.library import Library
from sightline.studio.packet import to_json
from sightline.studio.page import PAGE, page_files
from sightline.studio.routes.sessions import model_file
from sightline.studio.service import Service
from sightline.studio.setups import LINEAR
from sightline.studio.training import Training
from sightline.studio.wire import Manifest, Passes, SessionState, Setup, TrainRequest

SAMPLE = 2000
STAGES = 100
SESSION = "static"


def export(
    dataset: Dataset,
    folder: Path,
    *,
    setup: Setup | None = None,
    most: int = SAMPLE,
    page: Path = PAGE,
    told: Callable[[str], None] = lambda what: None,
) -> int:
    """Write a copy of the studio that opens from any web server.

    Parameters
    ----------
    dataset : Dataset
        The model learns from all of it.
    folder : Path
        Empty, new, or an earlier copy.
    setup : Setup, optional
        A recipe that is linear in the pixels, so that the page predicts by itself; the opening one by default.
    most : int
        Images that go along; of a larger data set a sample, stratified, half for training where there are enough.
    told : callable
        Told what is being done.

    Returns
    -------
    int
        Bytes written.

    Raises
    ------
    UsageError
        The recipe is not linear in the pixels, or the folder holds something else.
    StorageError
        It cannot be written, or the page is not built.

    Notes
    -----
    Law: every file under `data/` is, byte for byte, what a live server over the same images answers.
    """
    if setup is not None and setup.recipe not in LINEAR:
        raise UsageError(
            f"a page without Python cannot compute the recipe '{setup.recipe}'",
            f"Take one of {', '.join(LINEAR)}.",
        )
    files = page_files(page)
    if not files:
        raise StorageError(
            "the studio's page is not built in this installation",
            "In a checkout: cd web && npm ci && npm run build.",
        )
    if folder.exists() and not _ours(folder):
        raise UsageError(f"'{folder}' holds something else", "Name a new folder, or an empty one.")
    made_folder(folder)
    told("learning")
    learned, whole = _learned(dataset, setup)
    sample = sampled(dataset, most)
    told("writing")
    contents = copy_of(Library(sample), learned, whole)
    shutil.rmtree(folder / "data", ignore_errors=True)
    size = 0
    for name, content in contents.items():
        size += _write(folder / "data" / name, content)
    for name, file in files.items():
        size += _write(folder / name, file.read_bytes()) if name else 0
    return size


def _ours(folder: Path) -> bool:
    return folder.is_dir() and (not any(folder.iterdir()) or (folder / "data" / "manifest.json").is_file())


def _write(file: Path, content: bytes) -> int:
    made_folder(file.parent)
    with written_aside(file, "the copy of the studio") as aside:
        aside.write_bytes(content)
    return len(content)


def _learned(dataset: Dataset, setup: Setup | None) -> tuple[Learned, Service]:
    studio = Service(dataset)
    request = TrainRequest(setup or studio.sessions.opening_setup)
    training = Training(1, request, studio.sessions.store, studio.sessions.turns, None, lambda event: None)
    training.start()
    training.wait()
    studio.close()
    if training.learned is None:
        problem = training.problem
        raise ModelError(problem.error if problem else training.outcome, problem.remedy if problem else "")
    return training.learned, studio


def sampled(dataset: Dataset, most: int) -> Dataset:
    """At most so many images, every class in proportion, as many for testing as for training where there are."""
    if len(dataset) <= most:
        return dataset
    n_train = len(dataset) if dataset.n_train is None else dataset.n_train
    n_test = min(len(dataset) - n_train, most // 2)
    train = _stratified(dataset.labels[:n_train], most - n_test)
    test = _stratified(dataset.labels[n_train:], n_test) + n_train
    kept = dataset.take(np.concatenate([train, test]))
    note = f"{most:,} of {len(dataset):,} images; the model learned from all of the training images"
    return replace(kept, n_train=len(train), notes=(*dataset.notes, note))


def _stratified(labels: np.ndarray, m: int) -> np.ndarray:
    """Rows spread evenly over each class, in their order."""
    order = np.argsort(labels, kind="stable")
    return np.sort(order[np.linspace(0, len(order) - 1, m).round().astype(np.int64)]) if m else order[:0]


def copy_of(library: Library, learned: Learned, studio: Service) -> dict[str, bytes]:
    """Every file under `data/` by its name, what a live server over `library` answers."""
    summary, n = library.summary(), len(library.dataset)
    fresh = replace(learned, kept={}, product=[])
    stages = tuple(int(row) for row in np.unique(np.linspace(0, n - 1, min(n, STAGES)).astype(np.int64)))
    mine = Service(library.dataset)
    state = SessionState(
        "state", SESSION, 0, learned.summary.setup, None, learned.summary, (learned.summary,)
    )
    hello = replace(mine.hello(static=True), framing=studio.library.framing(), setup=learned.summary.setup)
    mine.close()
    session = f"sessions/{SESSION}"
    contents = {
        "manifest.json": to_json(Manifest(True, __version__, stages)),
        "hello.json": to_json(hello),
        "columns.bin": library.columns(),
        "exploration.bin": library.exploration(),
        "scatter.bin": library.scatter(),
        "pca.bin": library.pca(),
        f"{session}.json": to_json(state),
        f"{session}/passes.json": to_json(Passes(learned.passes)),
        f"{session}/model.bin": judging.model_weights(fresh),
        f"{session}/predictions.bin": judging.predictions(fresh, library),
        f"{session}/evaluation.bin": judging.evaluation(fresh, library),
        f"{session}/suspects.bin": judging.suspects(fresh, library),
        f"{session}/file.bin": model_file(learned),
    }
    for block in range(-(-n // summary.thumb_block)):
        contents[f"thumbs/{block}.bin"] = library.thumbs(block)
    for block in range(-(-n // summary.image_block)):
        contents[f"images/{block}.bin"] = library.images(block)
    for row in stages:
        contents[f"stages/{row}.bin"] = library.stages(library.image(row), row)
    last = learned.snapshots.newest
    for index in range(0 if last is None else last[0] + 1):
        contents[f"{session}/weights/{index}.bin"] = judging.weights_at(learned, index)
    return contents
