"""Finding disputed labels: what would a model say of an image had it not learned the label?

A wrong label is noticed only by a model that has not learned it. So training images are judged *out of fold*:
they are dealt into folds, each class evenly, and every fold is judged by a model (features and all) that learned
from the others. Test images are judged by the model of all training images. A label is disputed where another
class is more probable; how strongly, the margin says, the difference of their z:

    margin_i = max_j z_ij − z_i,given = log(p_i,suggested / p_i,given)

Not every disputed label is wrong, the model errs as well. `confident` estimates how many are, and that many of the
most strongly disputed are suspected. cleanlab picks otherwise: where 1,800 of the 60,000 training labels of MNIST
were changed at random, its default found 94 % of them, and one in ten that it named was a right label; by the
margin it is 97 % and one in thirteen.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.dataset import Dataset
from sightline.disputes.confident import thresholds_of, wrong_share
from sightline.disputes.record import Codes, Disputed, Doubles
from sightline.errors import DataError, UsageError
from sightline.features import Recipe, find_recipe, make_recipe
from sightline.logistic import Pass
from sightline.selection import keep_aside, quiet_convergence, select

Keys = npt.NDArray[np.bytes_]
Told = Callable[[str, float], None]

CANDIDATES = ("standard", "pca", "pca-poly", "deskew-pca-poly")
"""Recipes that take seconds, among which validation chooses where nobody names one."""

SAMPLE = 3_000
"""Training images on which the recipe is chosen, at most."""


def find_disputed(
    dataset: Dataset, recipe: str | None = None, *, folds: int = 5, seed: int = 0, told: Told | None = None
) -> Disputed:
    """Find images whose label is disputed by a model that has not learned it.

    Parameters
    ----------
    dataset : Dataset
        Training images are judged out of fold, all images where there is no split; test images by the model of
        all training images. An only training image of its class cannot be judged, nor can a test image of a
        class that has no training image.
    recipe : str, optional
        One of `recipes()`, with the choices it has by default; by default the one of four quick ones that does
        best on a sample of the training images.
    folds : int
        Parts that the training images are dealt into, 2 or more.
    seed : int
        Draws the folds and the sample; same seed, same bits.
    told : callable, optional
        Told what is being done and the share 0…1 that is done, after every pass of a fit.

    Returns
    -------
    Disputed
        Law: rows in another order give the same images, probabilities and order. Law: what is said of training
        images does not depend on test images.

    Raises
    ------
    DataError
        There are too few training images: none that could be judged, or of one class only.
    UsageError
        There is no such recipe, fewer than two folds, or the seed is negative.
    KeyboardInterrupt
        After Ctrl-C; nothing is kept.

    Notes
    -----
    Two copies of one image may come into different folds; then each is judged by a model that knows the other,
    and if they share a wrong label neither stands out as it should. `explore` lists exact and near copies.

    Examples
    --------
    >>> from sightline.sources import load
    >>> found = find_disputed(load("digits"), "pca-poly")
    >>> len(found) < 40, found.judged
    (True, (1437, 360))
    """
    _check(folds, seed)
    named = None if recipe is None else find_recipe(recipe)
    keys = _keys(dataset, seed)
    n_train = len(dataset) if dataset.n_train is None else dataset.n_train
    order = _ordered(keys, dataset.labels, np.arange(n_train))
    train = replace(dataset, n_train=None).take(order)
    fold = _dealt(train, folds)
    tell = told or (lambda _words, _share: None)
    if named is None:
        named = choose_recipe(train, seed=seed, told=tell)
    parts = sorted(set(fold[fold >= 0].tolist()))
    has_test = n_train < len(dataset)
    steps = len(parts) + has_test
    log_p = np.full((len(dataset), dataset.n_classes), np.nan)
    for i, part in enumerate(parts):
        progress = _progress(tell, f"{named.name}: fold {i + 1} of {len(parts)}", i / steps, (i + 1) / steps)
        log_p[order[fold == part]] = _judged(
            named, train.take(fold != part), dataset.X[order[fold == part]], seed, progress
        )
    if has_test:
        progress = _progress(tell, f"{named.name}: all training images", len(parts) / steps, 1.0)
        log_p[n_train:] = _judged(named, train, dataset.X[n_train:], seed, progress)
        log_p[n_train:][~np.isin(dataset.labels[n_train:], train.labels)] = np.nan
    tell("done", 1.0)
    return _disputed(dataset, log_p, keys, n_train, (named.name, len(parts), seed))


def choose_recipe(train: Dataset, *, seed: int = 0, told: Told | None = None) -> Recipe:
    """Return that of the quick recipes which does best on a third of a sample of the training images."""
    names, drawn = CANDIDATES, np.random.default_rng(seed).permutation(len(train))[:SAMPLE]
    sample = train.take(np.sort(drawn))
    counts = np.bincount(sample.labels)
    if np.count_nonzero(counts) < 2 or counts.max() < 2:
        return find_recipe(names[0])
    parts, trials = keep_aside(sample, seed)[:1], []
    for name in names:
        if told is not None:
            told(f"choosing a recipe: {name}", 0.0)
        with _quiet():
            trials.append(select(_settled(find_recipe(name), parts[0].train), parts, seed=seed).best)
    return find_recipe(names[max(range(len(names)), key=lambda i: trials[i].rank)])


def _check(folds: int, seed: int) -> None:
    if folds < 2:
        raise UsageError(
            f"folds = {folds} is not possible", "Give 2 or more: one to judge, the rest to learn from."
        )
    if not 0 <= seed < 1 << 32:
        raise UsageError(f"a seed of {seed} is not possible", "Give a whole number, 0 or more.")


def _keys(dataset: Dataset, seed: int) -> Keys:
    """(n,) a digest of the pixels of each image: an order that is random but does not depend on the rows' own."""
    salt = seed.to_bytes(4, "little")
    return np.array(
        [hashlib.blake2b(row.tobytes(), digest_size=12, key=salt).hexdigest() for row in dataset.X], "S"
    )


def _ordered(keys: Keys, labels: Codes, rows: Codes) -> Codes:
    """Sort `rows` by the digest of their pixels, equal ones by label."""
    return rows[np.lexsort((labels[rows], keys[rows]))]


def _dealt(train: Dataset, folds: int) -> Codes:
    """Fold of each training image, each class dealt out evenly; −1, always learned from, for an only one."""
    counts = np.bincount(train.labels, minlength=train.n_classes)
    if np.count_nonzero(counts) < 2:
        raise DataError(
            f"the {len(train):,} training images of '{train.name}' are all of one class",
            "A label can only be disputed in favour of another: give images of two classes or more.",
        )
    if counts.max() < 2:
        raise DataError(
            f"'{train.name}' has one training image of each class, and a model must know others to dispute its label",
            "Give two images of a class or more; ten make it worth while.",
        )
    fold, dealt = np.full(len(train), -1, dtype=np.int64), 0
    for k in np.flatnonzero(counts > 1):
        rows = np.flatnonzero(train.labels == k)
        fold[rows] = (np.arange(len(rows)) + dealt) % folds
        dealt += len(rows)
    return fold


def _settled(recipe: Recipe, learned: Dataset) -> Recipe:
    """Leave nothing to choose, and ask for no more components than `learned` has."""
    choices = dict(recipe.defaults)
    if "n_components" in choices:
        choices["n_components"] = min(choices["n_components"], learned.n_features, len(learned))
    return replace(recipe, defaults=choices, sizes=(), tune_C=False)


def _judged(
    recipe: Recipe, learned: Dataset, pixels: npt.NDArray[np.uint8], seed: int, passed: Callable[[Pass], None]
) -> Doubles:
    """(n, K) log probability of each class for rows of pixels, by a model of the images `learned`."""
    choices: Any = _settled(recipe, learned).defaults
    pipeline = make_recipe(recipe.name, shape=learned.shape, seed=seed, **choices)
    with _quiet():
        pipeline.fit(learned.X, learned.labels, classifier__listeners=[passed])
    log_p = np.full((len(pixels), learned.n_classes), -np.inf)
    log_p[:, pipeline.classes_] = pipeline.predict_log_proba(pixels)
    return log_p


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence what fits say of themselves, and scikit-learn's guess that few images a class are no classes."""
    with quiet_convergence():
        warnings.filterwarnings("ignore", "The number of unique classes is greater than", UserWarning)
        yield


def _progress(tell: Told, words: str, start: float, end: float) -> Callable[[Pass], None]:
    """Turn the passes of one fit into shares from `start` towards `end`."""
    tell(words, start)

    def passed(one: Pass) -> None:
        tell(words, start + (end - start) * (1 - 0.9**one.number))  # how many there will be is not known

    return passed


def _disputed(
    dataset: Dataset, log_p: Doubles, keys: Keys, n_train: int, made: tuple[str, int, int]
) -> Disputed:
    """Compare what was judged with the labels: (n, K) log probabilities, NaN where an image could not be."""
    labels, rows, judged = dataset.labels, np.arange(len(dataset)), ~np.isnan(log_p[:, 0])
    p, suggested = np.exp(log_p), np.where(judged, np.nan_to_num(log_p, nan=0.0).argmax(axis=1), labels)
    margin = log_p[rows, suggested] - log_p[rows, labels]
    learned, tested = rows[:n_train][judged[:n_train]], rows[n_train:][judged[n_train:]]
    thresholds, shares = thresholds_of(p[learned], labels[learned]), []
    found, suspected = rows[judged & (suggested != labels)], np.zeros(len(dataset), dtype=bool)
    found = found[np.lexsort((labels[found], keys[found], -margin[found]))]
    for part in (learned, tested):
        shares.append(wrong_share(p[part], labels[part], thresholds))
        number = round(len(part) * shares[-1]) if len(part) else 0
        suspected[found[np.isin(found, part)][:number]] = True
    name, folds, seed = made
    return Disputed(
        classes=dataset.classes,
        n=len(dataset),
        rows=found,
        is_test=found >= n_train,
        given=labels[found],
        suggested=suggested[found],
        given_probability=p[found, labels[found]],
        suggested_probability=p[found, suggested[found]],
        margin=margin[found],
        suspected=suspected[found],
        judged=(len(learned), len(tested)),
        wrong_share=(shares[0], shares[1]),
        recipe=name,
        folds=folds,
        seed=seed,
    )
