"""The widgets as Python sees them."""

import numpy as np
import pytest

import sightline as sl
from sightline.errors import UsageError
from sightline.widgets.front import BUILT, to_bytes, to_image

from .conftest import learned


def noise(data):
    """Images without a ground."""
    images = np.random.default_rng(0).integers(0, 256, data.images.shape, dtype=np.uint8)
    return sl.Dataset(images, data.labels, data.classes, name="noise")


def test_a_drawing_is_judged_as_the_model_judges(digits, model):
    pad = sl.DrawPad(digits, model)
    assert pad.probabilities == []
    pad.image = digits.images[7]
    np.testing.assert_allclose(pad.probabilities, model.predict_proba(digits.images[7:8])[0])
    assert pad.image.dtype == np.uint8
    pad.image = None
    assert pad.probabilities == []


def test_what_comes_from_the_browser_is_an_image(digits):
    pad = sl.DrawPad(digits)
    seen = []
    pad.observe(lambda change: seen.append(change["new"]), "image")
    image = digits.images[3]
    pad.set_state({"image": memoryview(to_bytes(image))})
    np.testing.assert_array_equal(pad.image, image)
    assert len(seen) == 1
    np.testing.assert_array_equal(to_image(pad.get_state("image")["image"], pad), image)


def test_weights_in_the_browser_are_those_of_the_model(digits, model):
    pad = sl.DrawPad(digits, model)
    W = np.frombuffer(pad.weights, "<f4").reshape(10, 64)
    z = digits.images[:5].reshape(5, -1) @ W.T + np.frombuffer(pad.bias, "<f4")
    np.testing.assert_allclose(z, model.decision_function(digits.images[:5]), atol=1e-3)
    squared = learned(digits, "pca-poly", n_components=8)
    assert sl.DrawPad(digits, squared).weights is None
    with pytest.raises(UsageError, match="not linear in the pixels"):
        sl.WeightMaps(squared)


def test_weight_maps_of_two_classes_are_one(digits):
    maps = sl.WeightMaps(learned(digits.subset(["3", "8"])))
    assert maps.names == ["8 rather than 3"]
    assert len(maps.weights) == 64 * 4
    maps.pixel = [2, 3]
    assert maps.get_state("pixel") == {"pixel": [2, 3]}


def test_a_cell_has_as_many_rows_as_it_says(digits, judged):
    grid = sl.ConfusionGrid(judged)
    np.testing.assert_array_equal(grid.rows, judged.errors)
    for cell in np.argwhere(judged.confusion).tolist():
        grid.cell = cell
        assert len(grid.rows) == judged.confusion[tuple(cell)]
        assert np.all(np.diff(judged.probability[grid.rows, cell[1]]) <= 0)


def test_a_gallery_shows_rows_in_their_order(digits):
    gallery = sl.Gallery(digits, [5, 3, 9], predicted=[1, 2, 3])
    assert gallery.get_state("images")["images"] == digits.images[[5, 3, 9]].tobytes()
    gallery.selected = 9
    with pytest.raises(UsageError, match="not in this gallery"):
        gallery.selected = 4


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda digits, two: sl.Gallery(digits, [5000]), "no such row"),
        (
            lambda digits, two: sl.Gallery(digits, [1, 2], predicted=[1]),
            "1 decisions were given for 2 images",
        ),
        (lambda digits, two: sl.DrawPad(noise(two)), "no strokes on one ground"),
        (
            lambda digits, two: sl.DrawPad(digits, learned(two)),
            "Give the data set that the model learned from",
        ),
        (lambda digits, two: setattr(sl.DrawPad(digits), "image", np.zeros((3, 3))), "shape"),
        (lambda digits, two: setattr(sl.DrawPad(digits), "image", np.full((8, 8), 300)), "no image"),
    ],
)
def test_what_cannot_be_is_refused_in_words(digits, two_colours, wrong, said):
    with pytest.raises(UsageError, match=said):
        wrong(digits, two_colours)


def test_the_other_half_loads_nothing_from_elsewhere():
    for file in BUILT.glob("*.js"):
        text = file.read_text(encoding="utf-8")
        assert "\nimport " not in text
        assert "import(" not in text
        assert len(text) < 150_000, file
