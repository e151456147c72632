"""What is disputed: wrong labels are found, right ones are left alone, and the order of the rows means nothing."""

from dataclasses import fields, replace

import numpy as np
import pytest

from sightline import figures
from sightline.dataset import Dataset
from sightline.disputes import choose_recipe, find_disputed
from sightline.disputes.find import CANDIDATES
from sightline.errors import DataError, UsageError
from sightline.features import recipes


def flipped(dataset, share, seed):
    """The data set with a share of its labels changed at random, and the rows where."""
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(dataset), round(share * len(dataset)), replace=False)
    labels = dataset.labels.copy()
    labels[rows] = (labels[rows] + rng.integers(1, dataset.n_classes, len(rows))) % dataset.n_classes
    return replace(dataset, labels=labels), rows


def squares(counts, *, side=8, seed=0):
    """Images that are easily told apart, straightened or not: class k has k + 1 bright columns; a little noise."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    images = rng.integers(0, 40, (len(labels), side, side))
    images += 150 * (np.arange(side) <= labels[:, None])[:, None]
    order = rng.permutation(len(labels))
    names = tuple(f"class {k}" for k in range(len(counts)))
    return Dataset(images[order].astype(np.uint8), labels[order], names, name="squares")


def same(one, other):
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray) and a.dtype.kind == "f":  # products may add up in another order
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
        elif isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b)
        else:
            assert a == b or (field.name == "wrong_share" and np.isnan(b).any())


@pytest.mark.parametrize("seed", range(4))
def test_changed_labels_of_digits_are_found_and_counted(seed, digits):
    noisy, rows = flipped(digits, 0.03, seed)
    found = find_disputed(noisy, "pca-poly", seed=seed)
    suspected = found.rows[found.suspected]
    assert np.isin(rows, suspected).mean() > 0.88
    assert np.isin(suspected, rows).mean() > 0.82
    assert np.isin(found.rows[:25], rows).all()
    assert 0.02 < found.wrong_share[0] < 0.045
    right = digits.labels[found.rows] == found.suggested
    assert right[found.suspected & np.isin(found.rows, rows)].mean() > 0.9


def test_of_the_digits_as_they_are_none_is_suspected(digits):
    found = find_disputed(digits, "pca-poly")
    assert found.suspected.sum() <= 2
    assert len(found) < 30
    assert not found.in_doubt


@pytest.mark.parametrize("recipe", [*recipes()][1:])
def test_right_labels_of_a_clean_problem_are_not_disputed_and_one_wrong_label_is(recipe):
    clean = squares([40, 40, 40])
    assert len(find_disputed(clean, recipe)) == 0
    labels = clean.labels.copy()
    labels[7] = (labels[7] + 1) % 3
    found = find_disputed(replace(clean, labels=labels), recipe)
    assert found.rows[found.suspected].tolist() == [7]
    assert found.suggested[0] == clean.labels[7]
    assert found.counts.tolist() == np.bincount([labels[7]], minlength=3).tolist()


def test_the_record_says_what_it_says_of_itself(digits):
    noisy, _ = flipped(digits, 0.05, 1)
    found = find_disputed(noisy, "pca")
    np.testing.assert_array_equal(found.given, noisy.labels[found.rows])
    np.testing.assert_array_equal(found.is_test, found.rows >= noisy.n_train)
    assert (np.diff(found.margin) <= 0).all()
    assert (found.margin > 0).all()
    ratio = np.log(found.suggested_probability / found.given_probability)
    np.testing.assert_allclose(found.margin, ratio, rtol=1e-5)
    for part, is_test in enumerate((False, True)):
        mine = found.suspected[found.is_test == is_test]
        assert mine.sum() == round(found.judged[part] * found.wrong_share[part])
        assert mine[: mine.sum()].all()
    assert found.counts.sum() == found.suspected.sum()
    assert str(len(found)) in repr(found)


def test_the_same_seed_gives_the_same_bits_and_another_one_other_folds(digits):
    one, other = (find_disputed(digits, "pca", seed=3) for _ in range(2))
    same(one, other)
    assert find_disputed(digits, "pca", seed=4).margin.tolist() != one.margin.tolist()


def test_rows_in_another_order_give_the_same_answer(digits):
    noisy, _ = flipped(digits, 0.03, 0)
    rng = np.random.default_rng(5)
    order = np.concatenate(
        [rng.permutation(noisy.n_train), rng.permutation(np.arange(noisy.n_train, len(noisy)))]
    )
    moved = replace(noisy.take(order), n_train=noisy.n_train)
    one, other = find_disputed(noisy), find_disputed(moved)
    same(one, replace(other, rows=order[other.rows]))


def test_test_images_do_not_touch_what_is_said_of_training_images(digits):
    plain = find_disputed(digits, "pca")
    labels = digits.labels.copy()
    labels[digits.n_train :] = np.random.default_rng(0).permutation(labels[digits.n_train :])
    shuffled = find_disputed(replace(digits, labels=labels), "pca")
    alone = find_disputed(digits.train, "pca")
    for other in (shuffled, alone):
        for name in ("rows", "given", "suggested", "given_probability", "margin", "suspected"):
            mine, its = getattr(plain, name)[~plain.is_test], getattr(other, name)[~other.is_test]
            np.testing.assert_array_equal(mine, its)
        assert other.wrong_share[0] == plain.wrong_share[0]
    assert len(shuffled) > len(plain) + 200
    assert alone.judged == (digits.n_train, 0)
    assert np.isnan(alone.wrong_share[1])


def test_an_image_is_judged_by_models_that_have_not_learned_it():
    """Labels that are pure chance can be learned by heart, but not foretold."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (120, 12, 12), dtype=np.uint8)
    noise = Dataset(images, np.arange(120) % 2, ("a", "b"))
    found = find_disputed(noise, "pixels")
    assert 30 < len(found) < 90
    assert found.in_doubt
    assert "the model is in doubt" in figures.disputed_labels(found, noise).axes[0].texts[0].get_text()


def test_what_is_chosen_is_one_of_the_quick_recipes(digits, two_colours):
    for dataset in (digits, two_colours):
        assert choose_recipe(dataset.train).name in CANDIDATES
    assert find_disputed(two_colours).recipe in CANDIDATES


def test_only_images_of_their_class_are_learned_from_and_not_judged():
    found = find_disputed(squares([12, 12, 1]), "pixels")
    assert found.judged == (24, 0)
    assert not np.isin(found.given, 2).any()


def test_test_images_of_an_unknown_class_are_not_judged():
    dataset = squares([12, 12, 3])
    order = np.argsort(dataset.labels, kind="stable")
    split = replace(dataset.take(order), n_train=22)
    assert find_disputed(split, "pixels").judged == (22, 2)


def test_two_images_of_a_class_are_enough_even_for_many_classes():
    found = find_disputed(squares([2] * 6), "pixels")
    assert found.judged == (12, 0)
    assert found.folds == 5


@pytest.mark.parametrize(
    ("dataset", "says"),
    [(squares([1, 1, 1]), "one training image of each class"), (squares([5, 0]), "all of one class")],
)
def test_too_few_images_are_one_message(dataset, says):
    with pytest.raises(DataError, match=says):
        find_disputed(dataset)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"folds": 1}, "folds = 1 is"),
        ({"seed": -1}, "seed of -1"),
        ({"recipe": "nothing"}, "no recipe 'nothing'"),
    ],
)
def test_wrong_wishes_are_one_message(wrong, says, digits):
    with pytest.raises(UsageError, match=says):
        find_disputed(digits, **wrong)


def test_who_listens_hears_every_fold_and_never_less_done(digits):
    heard = []
    find_disputed(digits, "pixels", folds=3, told=lambda words, done: heard.append((words, done)))
    shares = [done for _, done in heard]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    starts = dict.fromkeys(words for words, _ in heard)
    assert list(starts) == [
        "pixels: fold 1 of 3", "pixels: fold 2 of 3", "pixels: fold 3 of 3", "pixels: all training images", "done",
    ]  # fmt: skip
    assert len(heard) > 20


def test_the_gallery_shows_the_strongest_with_both_labels(digits):
    noisy, _ = flipped(digits, 0.03, 0)
    found = find_disputed(noisy, "pca-poly")
    figure = figures.disputed_labels(found, noisy, n=4)
    shown = [np.asarray(image.get_array()) for ax in figure.axes for image in ax.get_images()]
    assert len(shown) == 4
    for image, row in zip(shown, found.rows, strict=False):
        np.testing.assert_array_equal(image, noisy.images[row])
    written = [text.get_text() for text in figure.axes[0].texts]
    row, part = found.rows[0], "test" if found.is_test[0] else "training"
    assert f"{part} {row - noisy.n_train * found.is_test[0]:,}" in written
    assert any(line.startswith(f"labelled {found.given[0]}: ") for line in written)
    assert any(line.startswith(f"rather {found.suggested[0]}: ") for line in written)
    assert f"{len(found) - 4} disputed labels of {len(found)} are not shown." in written


def test_a_gallery_of_nothing_and_of_the_wrong_images(digits):
    clean = squares([20, 20])
    found = find_disputed(clean, "pixels")
    written = [text.get_text() for text in figures.disputed_labels(found, clean).axes[0].texts]
    (title,) = [line for line in written if line]
    assert title == "0 labels of 40 disputed, 0 suspected to be wrong"
    with pytest.raises(UsageError, match="not those of 'digits'"):
        figures.disputed_labels(found, digits)
