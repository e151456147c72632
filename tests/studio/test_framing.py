import numpy as np
import pytest

from sightline.sources import load
from sightline.studio.framing import frame, measure


def blobs(n, *, box=10, side=16, seed=0, ground=0):
    """Strokes that fill a box of `box` pixels, whose centre of mass is in the middle of `side`."""
    rng = np.random.default_rng(seed)
    images = np.zeros((n, side, side), np.uint8)
    for one in images:
        ink = np.zeros((box, box))
        ink[:, rng.integers(0, 3) : 4] = 255
        ink[rng.integers(0, 8), :] = 255
        ink[-1, rng.integers(4, 10)] = 200
        row = round((side - 1) / 2 - ink.sum(axis=1) @ np.arange(box) / ink.sum())
        column = round((side - 1) / 2 - ink.sum(axis=0) @ np.arange(box) / ink.sum())
        one[row : row + box, column : column + box] = ink
    return images if ground == 0 else 255 - images


@pytest.mark.parametrize("ground", [0, 255])
def test_how_images_were_framed_is_found_out(ground):
    found = measure(blobs(80, ground=ground))
    assert found.ink
    assert found.negative is (ground == 255)
    assert found.box_height == found.box_width == 10
    assert found.centre == "mass"
    assert abs(found.centre_row - 7.5) < 0.5


def test_photos_are_not_taken_for_drawings(two_colours):
    rng = np.random.default_rng(0)
    assert not measure(rng.integers(0, 256, (50, 12, 12, 3), dtype=np.uint8)).ink


def test_a_drawing_may_be_anywhere_on_its_pad():
    framing = measure(blobs(80))
    pad = np.zeros((60, 70), np.uint8)
    pad[5:30, 4:9] = 255
    pad[5:10, 4:40] = 255
    moved = np.roll(pad, (20, 25), axis=(0, 1))
    np.testing.assert_array_equal(frame(pad, framing), frame(moved, framing))


def test_a_drawing_twice_as_large_gives_the_same_image():
    framing = measure(blobs(80))
    pad = np.zeros((30, 30), np.uint8)
    pad[5:25, 4:9] = 255
    pad[5:9, 4:24] = 255
    large = np.kron(pad, np.ones((2, 2), np.uint8))
    np.testing.assert_array_equal(frame(pad, framing), frame(large, framing))


def test_an_empty_pad_is_all_ground():
    assert not frame(np.zeros((20, 20), np.uint8), measure(blobs(80))).any()
    assert (frame(np.zeros((20, 20), np.uint8), measure(blobs(80, ground=255))) == 255).all()


def test_training_images_are_framed_already(real_data):
    mnist = load(real_data / "mnist")
    framing = measure(mnist.train.images)
    same = [np.abs(frame(one, framing).astype(int) - one).mean() < 1 for one in mnist.test.images[:300]]
    assert np.mean(same) > 0.9
    assert (framing.box_height, framing.box_width, framing.centre) == (20, 20, "mass")
