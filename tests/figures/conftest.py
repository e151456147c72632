"""Runs built by hand (as for the report's tests), and every picture as a function of run and theme."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from sklearn.datasets import load_digits

from sightline import LogisticRegressionCV, figures
from sightline.dataset import Dataset
from sightline.disputes import Disputed
from sightline.logistic import simulate

from . import seen

HOSTILE = ("$\\frac{a}{$ \\alpha_", "W" * 120, "a\nb\tc\x00\u202e", "\U0001f600 犬 猫", "", "i" * 300)


def _report_conftest():
    path = Path(__file__).parents[1] / "report" / "conftest.py"
    spec = importlib.util.spec_from_file_location("report_conftest", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = _report_conftest()


def many(n_classes, side=6):
    """Colour images of many classes, hostile names among them."""
    rng, n = np.random.default_rng(0), n_classes * 9
    labels = np.arange(n) % n_classes
    prototypes = rng.integers(0, 256, (n_classes, side, side, 3))
    images = np.clip(prototypes[labels] * 0.3 + rng.normal(90, 60, (n, side, side, 3)), 0, 255)
    names = tuple(HOSTILE[k] if k < len(HOSTILE) else f"class {k}" for k in range(n_classes))
    return Dataset(images.astype(np.uint8), labels.astype(np.int64), names, name="many", n_train=n * 2 // 3)


@pytest.fixture(scope="session")
def ten():
    return build.make_run(build.digits())


@pytest.fixture(scope="session")
def two():
    return build.make_run(build.digits((HOSTILE[0], HOSTILE[1]), colour=True))


@pytest.fixture(scope="session")
def sixty():
    return build.make_run(many(60))


@pytest.fixture(scope="session", params=["ten", "two", "sixty"])
def run(request):
    return request.getfixturevalue(request.param)


def _history(run):
    return {recipe.name: recipe.history for recipe in run.recipes}


def _path():
    X, y = load_digits(return_X_y=True)
    return LogisticRegressionCV(Cs=7, cv=3).fit(X[:300], y[:300]).path_


def _disputed(run):
    judged = run.winner.evaluation
    rows = judged.errors
    p, given, suggested = judged.probability[rows], judged.labels[rows], judged.predicted[rows]
    at = np.arange(len(rows))
    return Disputed(
        classes=judged.classes, n=len(judged.labels), rows=rows, is_test=at % 2 == 1, given=given,
        suggested=suggested, given_probability=p[at, given], suggested_probability=p[at, suggested],
        margin=p[at, suggested] - p[at, given], suspected=at < 3, judged=(len(judged.labels), 0),
        wrong_share=(0.1, float("nan")), recipe="by hand", folds=5, seed=0,
    )  # fmt: skip


PICTURES = {
    "first_image": lambda run, theme: figures.first_image(run.dataset, theme=theme),
    "gallery": lambda run, theme: figures.gallery(run.dataset, theme=theme),
    "class_means": lambda run, theme: figures.class_means(run.exploration, theme=theme),
    "variance_map": lambda run, theme: figures.variance_map(run.exploration, theme=theme),
    "pixel_band": lambda run, theme: figures.pixel_band(run.dataset, run.exploration, theme=theme),
    "intensity_histogram": lambda run, theme: figures.intensity_histogram(run.exploration, theme=theme),
    "scree": lambda run, theme: figures.scree(run.exploration, theme=theme),
    "eigen_images": lambda run, theme: figures.eigen_images(run.stages, theme=theme),
    "stages": lambda run, theme: figures.stages(
        run.stages, run.dataset.classes, run.dataset.labels[run.stages.rows], theme=theme
    ),
    "sigmoid_curve": lambda run, theme: figures.sigmoid_curve(theme=theme),
    "simulation": lambda run, theme: figures.simulation(simulate(seed=0), theme=theme),
    "two_features": lambda run, theme: figures.two_features(run.two_features, theme=theme),
    "weight_maps": lambda run, theme: figures.weight_maps(run.winner, run.dataset.classes, theme=theme),
    "convergence": lambda run, theme: figures.convergence(_history(run), theme=theme),
    "regularisation_path": lambda run, theme: figures.regularisation_path(_path(), theme=theme),
    "ladder": lambda run, theme: figures.ladder(run, theme=theme),
    "confusion_matrix": lambda run, theme: figures.confusion_matrix(run.winner.evaluation, theme=theme),
    "reliability": lambda run, theme: figures.reliability(run.winner.evaluation, theme=theme),
    "roc": lambda run, theme: figures.roc(run.winner.evaluation, theme=theme),
    "precision_recall": lambda run, theme: figures.precision_recall(run.winner.evaluation, theme=theme),
    "errors": lambda run, theme: figures.errors(run.winner.evaluation, run.test, theme=theme),
    "disputed_labels": lambda run, theme: figures.disputed_labels(_disputed(run), run.test, theme=theme),
    "thresholds": lambda run, theme: figures.thresholds(run.winner.evaluation, 1, theme=theme),
    "explanation": lambda run, theme: figures.explanation(run.explanations[0], theme=theme),
    "cell_shares": lambda run, theme: figures.cell_shares(seen.cells(run), theme=theme),
    "dictionary_atoms": lambda run, theme: figures.dictionary_atoms(seen.atoms(run), theme=theme),
    "feature_maps": lambda run, theme: figures.feature_maps(seen.maps(run), theme=theme),
    "orientation_roses": lambda run, theme: figures.orientation_roses(seen.directions(run), theme=theme),
    "straightened": lambda run, theme: figures.straightened(
        seen.straightened(run), [run.dataset.classes[k] for k in run.test.labels[:3]], theme=theme
    ),
    "augmentation_examples": lambda run, theme: figures.augmentation_examples(
        seen.copies(run), [run.dataset.classes[k] for k in run.test.labels[:3]], theme=theme
    ),
    "ladder_story": lambda run, theme: figures.ladder_story(run, theme=theme),
}


def texts(figure):
    """All texts that are drawn, with their extents in pixels."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    return [
        (text, text.get_window_extent(renderer))
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text()
    ]


def said(figure):
    """All that is written in a figure."""
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def named(figure, gid):
    """The one artist of that name."""
    (found,) = figure.findobj(lambda artist: artist.get_gid() == gid)
    return found
