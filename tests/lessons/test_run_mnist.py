"""Every lesson runs on MNIST as well, where its files are, without an exception or a warning."""

import pytest

from sightline.lessons import lessons

NUMBERS = [one.number for one in lessons()]


@pytest.mark.slow
@pytest.mark.parametrize("number", NUMBERS)
def test_runs_on_mnist(lesson, number, real_data):
    found = lesson(number, real_data / "mnist")
    assert len(found.shown) > 8
    images = found.defs.get("images")
    assert images is None or images.shape == (28, 28)
