"""What each picture claims is what the results say."""

from dataclasses import replace

import numpy as np
import pytest

from sightline import figures
from sightline.errors import UsageError
from sightline.figures.confusion import heat
from sightline.figures.learning import remaining
from sightline.figures.plane import boundary
from sightline.figures.style import LIGHT, rgb
from sightline.logistic import FitHistory, Pass, sigmoid, simulate

from .conftest import build, named, said, texts


def images_of(figure):
    return [image for ax in figure.axes for image in ax.get_images()]


# -- images -----------------------------------------------------------------------------------------


def test_the_gallery_shows_the_images_themselves(ten):
    figure = figures.gallery(ten.dataset, rows=[5, 3])
    shown = [np.asarray(image.get_array()) for image in images_of(figure)]
    assert (shown[0] == ten.dataset.images[5]).all()
    assert (shown[1] == ten.dataset.images[3]).all()
    assert images_of(figure)[0].get_clim() == (0, 255)
    assert {"5", "3"} <= set(said(figure))


def test_the_gallery_is_limited_and_may_be_empty(ten):
    assert any("50 images of 150" in text for text in said(figures.gallery(ten.dataset, n=150)))
    assert said(figures.gallery(ten.dataset, rows=[])) == ["No images"]


@pytest.mark.parametrize("row", [-1, 10_000])
def test_rows_that_are_not_there(row, ten):
    for draw in (
        lambda: figures.first_image(ten.dataset, row),
        lambda: figures.gallery(ten.dataset, [row]),
        lambda: figures.pixel_band(ten.dataset, ten.exploration, row),
    ):
        with pytest.raises(UsageError, match="has no row"):
            draw()


def test_the_band_of_another_data_set_is_refused(ten, two):
    with pytest.raises(UsageError, match="the exploration is of images"):
        figures.pixel_band(ten.dataset, two.exploration)


def test_the_marked_band_has_as_many_pixels_as_the_band_has_columns(ten, two):
    for run, channels in ((ten, 1), (two, 3)):
        tint = images_of(figures.pixel_band(run.dataset, run.exploration))[1].get_array()
        low, high = run.exploration.band
        marked = np.flatnonzero(np.asarray(tint)[..., 3].ravel())
        assert marked.tolist() == sorted({column // channels for column in range(low, high)})


# -- exploration ------------------------------------------------------------------------------------


def test_scree_marks_lie_on_the_curve(ten):
    figure = figures.scree(ten.exploration)
    x, y = named(figure, "explained").get_data()
    assert x[0] == y[0] == 0
    assert y[1:] == pytest.approx(ten.exploration.explained[: len(y) - 1])
    marks = [line for line in figure.axes[1].lines if line.get_gid() == "rank"]
    assert len(marks) == 3
    for mark, share in zip(marks, (0.9, 0.95, 0.99), strict=True):
        (n,), (level,) = mark.get_data()
        assert level == share
        assert y[n] >= share > y[n - 1]


def test_the_histogram_counts_every_number(ten):
    stairs = named(figures.intensity_histogram(ten.exploration), "counts")
    counts = stairs.get_data().values
    assert np.where(counts < 1, 0, counts).sum() == ten.dataset.images.size


def test_still_pixels_carry_a_dot(ten):
    dots = named(figures.variance_map(ten.exploration), "still")
    assert len(dots.get_xdata()) == ten.exploration.constant.sum() > 0


def test_classes_without_images_are_left_out(ten):
    counts = ten.exploration.counts.copy()
    counts[4] = 0
    figure = figures.class_means(replace(ten.exploration, counts=counts))
    assert "4" not in said(figure)
    assert any("1 class of 10 is not shown" in text for text in said(figure))


# -- sigmoid ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_every_simulated_point_lies_on_the_sigmoid_and_on_its_side(seed):
    simulation = simulate(seed=seed)
    figure = figures.simulation(simulation)
    upper, lower = (np.array(named(figure, f"class-{k}").get_data()) for k in (1, 0))
    for z, p in (upper, lower):
        assert p == pytest.approx(1 / (1 + np.exp(-z)))
    assert (upper[1] >= 0.5).all()
    assert (lower[1] < 0.5).all()
    assert np.sort(np.concatenate([upper[0], lower[0]])) == pytest.approx(np.sort(simulation.z))
    low, high = figure.axes[1].get_xlim()
    assert low <= simulation.z.min()
    assert simulation.z.max() <= high


@pytest.mark.parametrize("threshold", [1e-6, 0.05, 0.3, 0.5, 0.9, 1 - 1e-6])
def test_the_threshold_is_marked_where_the_sigmoid_reaches_it(threshold):
    figure = figures.sigmoid_curve(threshold)
    (z,), (p,) = named(figure, "turn").get_data()
    assert sigmoid(z) == pytest.approx(threshold)
    assert p == threshold
    for text, extent in texts(figure):
        assert extent.x0 >= 0, text.get_text()
        assert extent.x1 <= figure.bbox.x1, text.get_text()


@pytest.mark.parametrize("threshold", [0, 1, -1, 2, float("nan")])
def test_thresholds_outside_are_refused(threshold):
    with pytest.raises(UsageError, match="not between 0 and 1"):
        figures.sigmoid_curve(threshold)


# -- two features -----------------------------------------------------------------------------------


def test_the_boundary_drawn_is_where_the_model_is_undecided(ten):
    figure = figures.two_features(ten.two_features)
    line = np.array(named(figure, "boundary").get_data()).T
    assert line @ ten.two_features.weights + ten.two_features.bias == pytest.approx([0, 0])
    assert len(named(figure, "class-0").get_xdata()) == (ten.two_features.labels == 0).sum()


@pytest.mark.parametrize("seed", range(40))
def test_the_boundary_is_in_the_rectangle_exactly_where_its_corners_differ(seed):
    rng = np.random.default_rng(seed)
    low = rng.normal(size=2)
    high = low + rng.uniform(0.1, 3, 2)
    weights, bias = rng.normal(size=2) * (rng.random(2) > 0.2), float(rng.normal())
    corners = [np.array([x, y]) @ weights + bias for x in (low[0], high[0]) for y in (low[1], high[1])]
    line = boundary(weights, bias, low, high)
    assert (line is not None) == (min(corners) < 0 < max(corners))
    if line is not None:
        assert line @ weights + bias == pytest.approx([0, 0], abs=1e-9)
        assert (line >= low - 1e-9).all()
        assert (line <= high + 1e-9).all()


def test_two_features_without_points_or_weights(ten):
    nothing = replace(ten.two_features, values=np.empty((0, 2)), labels=np.empty(0, np.int64))
    texts(figures.two_features(nothing))
    flat = figures.two_features(replace(ten.two_features, weights=np.zeros(2)))
    assert not flat.findobj(lambda artist: artist.get_gid() == "boundary")


# -- weights and directions ---------------------------------------------------------------------------


def test_weight_maps_share_one_scale_that_is_even_about_zero(ten, two):
    for run, maps in ((ten, 10), (two, 1)):
        images = images_of(figures.weight_maps(run.winner, run.dataset.classes))[:maps]
        limits = {image.get_clim() for image in images}
        assert len(limits) == 1
        low, high = limits.pop()
        assert low == -high
    weights = ten.winner.weight_maps
    shown = images_of(figures.weight_maps(ten.winner, ten.dataset.classes))[:10]
    assert all(
        (np.asarray(image.get_array()) == one).all() for image, one in zip(shown, weights, strict=True)
    )


def test_a_recipe_without_weight_maps_is_refused(ten):
    with pytest.raises(UsageError, match="not linear in the pixels"):
        figures.weight_maps(ten.recipes[1], ten.dataset.classes)


def test_weights_of_zero(ten):
    texts(figures.weight_maps(replace(ten.winner, weight_maps=np.zeros((10, 8, 8))), ten.dataset.classes))


def test_stages_without_labels_and_with_names_as_labels(ten):
    assert "0" not in said(figures.stages(ten.stages))
    assert "zwei" in said(figures.stages(ten.stages, labels=["zwei"] * 8))


def test_restored_images_are_drawn_as_they_are(ten):
    images = images_of(figures.stages(ten.stages))
    assert len(images) == 24
    assert np.abs(np.asarray(images[16].get_array()) / 255 - ten.stages.restored[0]).max() < 0.002


def test_no_directions(ten):
    none = replace(ten.stages, components=np.empty((0, 8, 8)))
    assert said(figures.eigen_images(none)) == ["No principal directions"]


# -- learning ---------------------------------------------------------------------------------------


def history(values):
    passes = tuple(Pass(i, 0.1 * i, float(value), 1.0, 1.0, 1.0, 1.0) for i, value in enumerate(values))
    return FitHistory(passes, True, "converged")


def test_what_is_left_to_gain_is_above_zero_and_exact():
    number, left = remaining(history([3.0, 2.0, 1.5, 1.75]))
    assert number.tolist() == [0, 1, 3]
    assert left.tolist() == [1.5, 0.5, 0.25]


@pytest.mark.parametrize("values", [[], [1.0], [np.nan, np.nan], [2.0, 2.0], [np.inf, 2.0, 1.0]])
def test_histories_with_little_to_draw(values):
    figure = figures.convergence({"odd": history(values), "usual": history([3, 2, 1])})
    drawn = any(text.startswith("Nothing to draw: odd") for text in said(figure))
    assert drawn == (len(remaining(history(values))[0]) == 0)
    texts(figures.convergence({"odd": history(values)}))


def test_no_histories_at_all():
    texts(figures.convergence({}))


def test_each_line_is_named(ten):
    many = {f"recipe {i}": history(1 + (0.3 + 0.04 * i) ** np.arange(12.0)) for i in range(14)}
    figure = figures.convergence(many)
    assert set(many) <= set(said(figure))
    assert len({(line.get_color(), str(line._dash_pattern)) for line in figure.axes[1].lines}) == 14


# -- quality ----------------------------------------------------------------------------------------


def test_the_ladder_shows_each_interval_and_one_winner(ten):
    figure = figures.ladder(ten)
    for i, recipe in enumerate(ten.recipes):
        accuracy, least = recipe.evaluation.accuracy, 0.5 / len(ten.test)
        x, y = named(figure, f"interval-{i}").get_data()
        assert y == pytest.approx([max(1 - accuracy.high, least), 1 - accuracy.low])
        (at,), (error,) = named(figure, f"error-{i}").get_data()
        assert (at, error) == pytest.approx((recipe.total_seconds, 1 - accuracy.value))
        assert list(x) == [at, at]
        assert (named(figure, f"error-{i}").get_color() == LIGHT.favour) == (recipe.name == ten.best)


def test_nothing_cheaper_beats_what_the_ladder_joins(ten):
    errors, costs = [0.2, 0.1, 0.15, 0.0], [1.0, 10.0, 20.0, 100.0]
    recipes = tuple(
        replace(
            ten.recipes[0],
            name=f"recipe {i}",
            total_seconds=cost,
            evaluation=replace(ten.winner.evaluation, accuracy=build.interval(1 - error)),
        )
        for i, (error, cost) in enumerate(zip(errors, costs, strict=True))
    )
    figure = figures.ladder(replace(ten, recipes=recipes))
    x, y = named(figure, "frontier").get_data()
    assert list(y) == pytest.approx([0.2, 0.2, 0.1, 0.1, 0.5 / len(ten.test)])
    assert list(x) == [1, 10, 10, 100, 100]
    assert {"20.00 % recipe 0", "0.00 % recipe 3"} <= set(said(figure))


@pytest.mark.parametrize("n", [1, 30, 40])
def test_a_ladder_of_any_length_names_every_rung(n, ten):
    recipes = tuple(replace(ten.recipes[i % 2], name=f"recipe {i}") for i in range(n))
    figure = figures.ladder(replace(ten, recipes=recipes, best="recipe 0"))
    assert sum(" % recipe" in word for word in said(figure)) == min(n, 30)
    for text, extent in texts(figure):
        assert extent.y0 >= 0, text.get_text()
        assert extent.x1 <= figure.bbox.x1, text.get_text()


def test_the_cells_show_the_counts(ten):
    confusion = ten.winner.evaluation.confusion
    figure = figures.confusion_matrix(ten.winner.evaluation)
    for i, j in zip(*np.nonzero(confusion), strict=True):
        assert named(figure, f"cell-{i}-{j}").get_text() == str(confusion[i, j])
    assert not figure.findobj(lambda artist: artist.get_gid() == "cell-0-1") or confusion[0, 1]


def test_the_deeper_the_colour_the_larger_the_share():
    counts = np.array([[90, 0, 10], [1, 50, 2], [0, 0, 0]])
    colours = heat(counts, counts.sum(axis=1), LIGHT)
    from_paper = np.abs(colours - rgb(LIGHT.paper)).sum(axis=2)
    assert from_paper[0, 1] == from_paper[2, 2] == 0
    assert from_paper[0, 2] > from_paper[1, 2] > from_paper[1, 0] > 0


def test_the_most_mistaken_classes_are_kept_when_there_are_too_many(ten):
    confusion = np.eye(100, dtype=np.int64) * 5
    confusion[97, 98] = 3
    names = tuple(f"name {k}" for k in range(100))
    figure = figures.confusion_matrix(replace(ten.winner.evaluation, confusion=confusion, classes=names))
    assert {"name 97", "name 98", "name 0"} <= set(said(figure))
    assert "name 99" not in said(figure)


def test_an_empty_confusion_matrix(ten):
    empty = np.zeros((10, 10), np.int64)
    assert "0 of 0 images decided wrongly" in said(
        figures.confusion_matrix(replace(ten.winner.evaluation, confusion=empty))
    )


def test_empty_bins_have_no_dot(ten):
    bins = ten.winner.evaluation.reliability
    assert np.isnan(bins.accuracy).any()
    x, y = named(figures.reliability(ten.winner.evaluation), "bins").get_data()
    assert len(x) == (bins.count > 0).sum()
    assert y == pytest.approx(bins.accuracy[bins.count > 0])


@pytest.mark.parametrize("draw", [figures.roc, figures.precision_recall])
def test_a_class_that_was_never_tested_is_named_as_such(draw, ten):
    judged = ten.winner.evaluation
    nan = np.full(3, np.nan)
    unknown = build.Curve(np.array([np.inf, 0.5, 0.1]), nan, nan, nan, float("nan"), float("nan"))
    for curves in ((unknown, *judged.curves[1:]), (unknown,) * 10):
        figure = draw(replace(judged, curves=curves))
        count = sum(curve is unknown for curve in curves)
        assert any(f"{count} class" in text for text in said(figure))
        texts(figure)


def test_the_three_worst_classes_are_named_with_their_areas(ten):
    curves, written = ten.winner.evaluation.curves, said(figures.roc(ten.winner.evaluation))
    for k in np.argsort([curve.roc_auc for curve in curves])[:3]:
        assert f"{curves[k].roc_auc:.4f}" in written


def test_the_corner_shows_where_every_line_turns(ten):
    figure = figures.roc(ten.winner.evaluation)
    ax = figure.axes[2]
    for curve in ten.winner.evaluation.curves:
        nearest = np.argmin(np.maximum(curve.false_positive_rate, 1 - curve.true_positive_rate))
        assert ax.get_xlim()[0] <= curve.false_positive_rate[nearest] <= ax.get_xlim()[1]
        assert ax.get_ylim()[0] <= curve.true_positive_rate[nearest] <= ax.get_ylim()[1]


def test_thresholds_agree_with_counting_by_hand(ten):
    judged, k = ten.winner.evaluation, 8
    figure = figures.thresholds(judged, k)
    at, recall = named(figure, "recall").get_data()
    _, precision = named(figure, "precision").get_data()
    for i in (0, 40, 100, 150):
        called, true = judged.probability[:, k] >= at[i], judged.labels == k
        assert recall[i] == pytest.approx((called & true).sum() / true.sum())
        assert precision[i] == pytest.approx((called & true).sum() / called.sum())
    (_,), (highest,) = named(figure, "best").get_data()
    assert highest == pytest.approx(np.nanmax(named(figure, "F1").get_ydata()))


def test_thresholds_of_a_class_without_images_and_of_no_class(ten):
    judged = replace(ten.winner.evaluation, labels=np.zeros_like(ten.winner.evaluation.labels))
    assert "no image of this class: nothing to measure" in said(figures.thresholds(judged, 3))
    with pytest.raises(UsageError, match="no class 10"):
        figures.thresholds(judged, 10)


def test_mistakes_are_shown_surest_first_with_label_and_decision(ten):
    judged = ten.winner.evaluation
    figure = figures.errors(judged, ten.test, n=5)
    for image, row in zip(images_of(figure), judged.errors, strict=False):
        assert (np.asarray(image.get_array()) == ten.test.images[row]).all()
    row = judged.errors[0]
    decided, true = judged.classes[judged.predicted[row]], judged.classes[judged.labels[row]]
    assert {decided, f"labelled {true}", f"{100 * judged.probability[row].max():.1f} % sure"} <= set(
        said(figure)
    )
    assert any(f"{len(judged.errors) - 5} mistakes of" in text for text in said(figure))


def test_no_mistakes_and_the_wrong_data_set(ten):
    none = replace(ten.winner.evaluation, errors=np.empty(0, np.int64))
    assert said(figures.errors(none, ten.test)) == [f"0 of {len(ten.test)} images decided wrongly"]
    with pytest.raises(UsageError, match="row for row"):
        figures.errors(none, ten.dataset)


# -- one decision -----------------------------------------------------------------------------------


def test_a_decision_is_told_with_its_numbers(ten):
    one = ten.explanations[0]
    figure = figures.explanation(one)
    shown = [np.asarray(image.get_array()) for image in images_of(figure)]
    assert (shown[0] == one.image).all()
    assert (shown[1] == one.row(one.predicted)).all()
    assert (shown[2] == one.row(one.runner_up)).all()
    assert images_of(figure)[1].get_clim() == images_of(figure)[2].get_clim()
    assert (shown[3] == one.smallest_change.delta).all()
    for k in range(10):
        assert f"{one.z[k]:.2f}".replace("-", "−") in said(figure)


def test_two_classes_have_one_map_and_turned_signs(two):
    one = two.explanations[0]
    figure = figures.explanation(one)
    assert (np.asarray(images_of(figure)[1].get_array()) == one.row(one.predicted).sum(axis=2)).all()
    z = f"{abs(one.z[0]):.2f}"
    assert {z, f"−{z}"} <= set(said(figure))


@pytest.mark.parametrize("label", [None, 0, 1])
def test_a_decision_without_change_or_label(label, ten):
    one = replace(ten.explanations[0], smallest_change=None, label=label)
    written = said(figures.explanation(one))
    assert "smallest change" not in written
    assert ("without a label" in written) == (label is None)


def test_a_change_that_does_not_flip_says_so(ten):
    one = ten.explanations[0]
    kept = replace(one, smallest_change=replace(one.smallest_change, flips=False))
    assert "does not flip" in said(figures.explanation(kept))
