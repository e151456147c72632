"""The checks of benchmarks/truth.py, a few of each: numbers against references, closed forms and laws."""

import sys
from pathlib import Path

import numpy as np
import pytest

from sightline.features import PCA
from sightline.studio.framing import frame
from sightline.studio.wire import Framing

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))  # scripts, not a package

from checks import coverage, images, leakage, measures, page, problems, sameness
from checks.row import Row, told


def hold(rows):
    for row in rows:
        assert row.passed, f"{row}\n" + "\n".join(row.wrong[:5])


def test_a_row_fails_where_it_should(capsys):
    row = Row("something", 0.5)
    assert not row.passed  # nothing was checked
    row.add(0.4)
    assert row.passed
    row.add(float("nan"), "here")
    row.add(0.2)
    assert not row.passed
    assert not told([row])
    assert "FAIL" in (said := capsys.readouterr().out)
    assert "here: nan" in said


def test_problems_reach_the_optimum_of_scikit_learn():
    hold(problems.check(30))


def test_image_sets_go_through_every_recipe():
    checks = images.Checks()
    for seed, names in ((22, images.RECIPES), (27, ("pixels", "pca", "pca-poly", "orientation"))):
        for name in names:
            checks.take(images.random_set(seed), name, seed)
    hold(checks.rows)


def test_random_sets_are_what_they_should_be():
    sets = [images.random_set(seed) for seed in range(40)]
    assert {one.kind for one in sets} == set(images.KINDS)
    assert {len(one.shape) for one in sets} == {2, 3}
    assert any((np.bincount(one.labels) == 1).any() for one in sets)
    assert all((np.bincount(one.labels, minlength=one.K) > 0).all() for one in sets)
    assert all(min(one.shape[:2]) >= 6 and max(one.shape[:2]) <= 40 for one in sets)


def test_measures_are_scikit_learns():
    hold(measures.scores(12))


def test_intervals_and_tests_are_their_closed_forms():
    hold(measures.closed_forms(100))


def test_intervals_cover_as_often_as_they_say():
    hold(coverage.check(120, worlds=(coverage.World(10, 150, 3.5),), margin=0.05, known=300_000))


def test_shuffled_labels_teach_nothing():
    hold(leakage.check(160, names=("pixels", "pca-poly", "orientation", "two-layers"), budgets=(60.0,)))


def test_threads_change_no_bit():
    hold(sameness.check(150, names=("two-layers",), threads=(4,)))


def test_the_page_computes_what_python_does():
    if lack := page.missing():
        pytest.skip(lack)
    hold(page.check(30))


def test_components_of_float64_rows_are_divided_in_float64():
    """Explanations take float64 rows: a quotient rounded to float32 would leave their sums a ten-millionth off."""
    rng = np.random.default_rng(0)
    rows = rng.random((30, 12))
    fitted = PCA(5, whiten=0.5).fit(rows.astype(np.float32))
    wide = fitted.components_.astype(np.float64) / fitted.scale_.astype(np.float64)[:, None]
    np.testing.assert_allclose(fitted.transform(rows), (rows - fitted.mean_) @ wide.T, atol=1e-14)


def test_a_mean_that_is_a_half_is_rounded_up_whatever_its_last_digits():
    """Pixels are averaged into one cell by shares that are not exact; the order of the sum must not decide."""
    framing = Framing(
        ink=True, negative=False, height=5, width=5, channels=1, box_height=1.0, box_width=1.0, centre="box",
        centre_row=2.0, centre_column=2.0, stroke=2.0, threshold=25,
    )  # fmt: skip
    rng = np.random.default_rng(0)
    for high, wide in ((6, 14), (2, 22), (14, 3), (7, 6), (9, 10), (3, 14), (10, 13)):
        pad = rng.integers(26, 200, (high, wide))
        pad.ravel()[: (high * wide // 2 - pad.sum()) % (high * wide)] += 1
        mean = pad.sum() / pad.size
        assert mean % 1 == pytest.approx(0.5)
        assert frame(pad.astype(np.uint8), framing).max() == np.floor(mean + 0.5 + 1e-9)
