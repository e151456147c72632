"""Words are cut to fit, and labels kept apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.figures import lettering

from .conftest import HOSTILE


@given(st.text(max_size=80), st.floats(0.2, 3))
def test_what_fits_is_no_wider_than_its_room(text, inches):
    fitted = lettering.fit(text, inches, 9)
    assert lettering.measure(fitted, 9) <= inches
    assert fitted.isprintable()


@given(st.text(max_size=80))
def test_plain_text_is_one_line_and_stays_as_it_is(text):
    once = lettering.plain(text)
    assert lettering.plain(once) == once
    assert once == once.strip()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_short_name_is_not_cut(name):
    fitted = lettering.fit(name, 100, 9)
    assert "…" not in fitted
    assert "\n" not in fitted


def test_characters_without_a_glyph_are_shown_as_missing():
    assert lettering.plain("a\ue123b") == "a□b"
    assert lettering.plain("a\u202eb\x00c") == "ab c"


@given(st.lists(st.floats(0, 10), min_size=1, max_size=12), st.floats(0.01, 0.8))
def test_labels_are_apart_in_order_and_within_the_range(places, gap):
    moved = lettering.apart(places, gap, 0.0, 10.0)
    order = np.argsort(places, kind="stable")
    assert (np.diff(moved[order]) >= gap - 1e-9).all()
    assert moved.min() >= -1e-9
    assert moved.max() <= 10 + 1e-9
    if len(places) == 1 or np.diff(np.sort(places)).min() >= gap:
        assert moved == pytest.approx(places)


def test_too_many_labels_start_at_the_low_end():
    assert lettering.apart([1, 1, 1], 1.0, 0.0, 1.0).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("share", "written"),
    [
        (0.5, "50.0 %"),
        (0.0, "0.0 %"),
        (1.0, "100.0 %"),
        (1e-9, "< 0.1 %"),
        (1 - 1e-9, "> 99.9 %"),
        (np.nan, "unknown"),
    ],
)
def test_percent_never_claims_all_or_nothing(share, written):
    assert lettering.percent(share) == written


def test_decades_and_numbers():
    assert lettering.decade(-11, raised=True) == "10⁻¹¹"
    assert lettering.decade(-2, raised=False) == "0.01"
    assert lettering.decade(4, raised=False) == "10,000"
    assert lettering.number(-1234.5) == "−1,234.5"
    assert lettering.plural(1, "class", "classes") == "1 class"
    assert lettering.plural(0, "class", "classes") == "0 classes"
