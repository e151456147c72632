"""What the pictures of the features claim is what the records say."""

import re
from dataclasses import replace

import numpy as np
import pytest

from sightline import figures
from sightline.anatomy import climb
from sightline.figures import lettering
from sightline.figures.climbing import told
from sightline.figures.overlay import by_cell, by_place, fineness, ghost, overlaid
from sightline.figures.style import DARK, LIGHT, contrast, mix, rgb

from . import seen
from .conftest import named, said, texts


def images_of(figure):
    return [np.asarray(image.get_array()) for ax in figure.axes for image in ax.get_images()]


def number(text):
    return float(text.replace("−", "-").replace(",", ""))


# -- cells ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fixture", ["ten", "two"])
@pytest.mark.parametrize("grids", [((3, 4),), ((4, 4), (2, 3))])
def test_the_numbers_of_the_cells_and_the_bias_add_up_to_what_is_written(fixture, grids, request):
    one = seen.cells(request.getfixturevalue(fixture), grids=grids)
    written = said(figures.cell_shares(one))
    cells = [number(text) for text in written if re.fullmatch(r"[+−]?\d+\.\d\d", text)]
    features = min(len(one.found), 7)
    cells = cells[: len(cells) - features] if features else cells
    assert len(cells) == sum(down * across for down, across in grids)
    ends = [line for line in written if " bias = " in line]
    assert len(ends) == (1 if len(one.z) == 1 else 3)
    for line in ends:
        terms = re.findall(r"([+−]?) ?(\d[\d,]*\.\d\d)", line.split(": ", 1)[1])
        *parts, whole = [number(f"{sign}{size}") for sign, size in terms]
        assert sum(parts) == pytest.approx(whole, abs=1e-9)
    last = re.search(r"([+−]) (\S+) bias = (\S+)$", ends[-1])
    bias, lead = number(f"{last[1]}{last[2]}"), number(last[3])
    assert sum(cells) + bias == pytest.approx(lead, abs=1e-9)
    assert lead == pytest.approx(float(one.against(one.z)), abs=0.0051)
    z = one.of(one.z, one.predicted)
    assert number(ends[0].rsplit("= ", 1)[1]) == pytest.approx(float(z), abs=0.0051)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_numbers_can_be_read_on_their_tint(theme):
    from sightline.figures.cells import TINT

    for colour in (theme.favour, theme.against):
        assert contrast(rgb(theme.ink), mix(colour, theme.paper, TINT)) >= 4.5


def test_too_many_cells_have_no_numbers_and_a_decision_without_features_no_patches(ten):
    written = said(figures.cell_shares(seen.cells(ten, grids=((9, 9),))))
    assert not [text for text in written if re.fullmatch(r"[+−]\d+\.\d\d", text)]
    assert not [text for text in written if "single features" in text]
    assert len([text for text in written if " bias = " in text]) == 3


@pytest.mark.parametrize("label", [None, 0])
@pytest.mark.parametrize("on_pixels", [True, False])
def test_cells_without_label_or_filters(label, on_pixels, ten):
    one = replace(seen.cells(ten, on_pixels), label=label)
    written = said(figures.cell_shares(one))
    assert ("without a label" in written) == (label is None)
    assert any("its filter" in text for text in written) == on_pixels


def test_values_lie_on_the_pixels_of_their_cell():
    part = seen.grid((12, 8), 1, 3, 2, "grid")
    fine = fineness((12, 8))
    spread = by_cell(part.shares[0], part, (12, 8))
    assert spread.shape == (12 * fine, 8 * fine)
    for r in range(12):
        for c in range(8):
            assert spread[r * fine, c * fine] == part.shares[0, r // 4, c // 4]
    places = by_place(part.places[0], replace(part, extent=(2.0, 1.0, 10.0, 7.0)), (12, 8))
    assert (places[: 2 * fine] == 0).all()
    assert (places[:, : 1 * fine] == 0).all()
    assert set(np.unique(places)) - {0} == set(np.unique(part.places[0]))


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_where_nothing_is_added_the_image_shows_through(theme):
    image = np.zeros((5, 5))
    image[2] = 255
    blank = overlaid(image, np.zeros((5, 5)), 1.0, theme)
    assert np.abs(blank / 255 - ghost(image, theme)).max() < 0.003
    assert contrast(blank[2, 2] / 255, blank[0, 0] / 255) > 1.5
    full = overlaid(image, np.full((5, 5), 1.0), 1.0, theme)
    assert full[..., 2].mean() > full[..., 0].mean()


# -- dictionary, maps, roses ------------------------------------------------------------------------


def test_the_busiest_atoms_are_shown_large_with_what_excites_them(ten):
    atoms = seen.atoms(ten)
    shown = images_of(figures.dictionary_atoms(atoms))
    for i in range(8):
        assert (shown[i] == atoms.patterns[i]).all()
        assert np.abs(shown[8 + i] - atoms.excited[i, 0]).max() <= 0.5
        assert np.abs(shown[16 + i] - atoms.excited[i, 1]).max() <= 0.5
    assert len(shown) == 24 + 15
    on_maps = images_of(figures.dictionary_atoms(seen.atoms(ten, on_pixels=False)))
    assert len(on_maps) == 16 + 15


@pytest.mark.parametrize("K", [1, 8, 230])
def test_dictionaries_of_any_size(K, two):
    figure = figures.dictionary_atoms(seen.atoms(two, K))
    assert any("30 atoms of 230" in text for text in said(figure)) == (K == 230)
    texts(figure)


def test_the_maps_are_those_of_the_record(ten):
    maps = seen.maps(ten)
    shown = images_of(figures.feature_maps(maps))
    assert (shown[0] == maps.image).all()
    assert any(one.shape == (4, 5) and (one == maps.stages[3].pictures[0]).all() for one in shown)
    alone = figures.feature_maps(replace(maps, stages=()))
    assert len(images_of(alone)) == 1
    texts(alone)


def test_rays_point_where_the_directions_say(ten):
    one = seen.directions(ten)
    figure = figures.orientation_roses(one)
    (lines,) = figure.findobj(lambda artist: artist.get_gid() == "roses-0")
    rays = np.array([segment[1] - segment[0] for segment in lines.get_segments()])
    values = one.values[0].reshape(-1)
    values = values[values > 0]
    length = np.linalg.norm(rays, axis=1)
    assert length / length.max() == pytest.approx(values / values.max())
    angle = np.arctan2(rays[:8, 1], rays[:8, 0]) % (2 * np.pi)
    assert angle == pytest.approx(2 * np.pi * np.arange(8) / 8, abs=1e-9)


# -- straightened, copies ---------------------------------------------------------------------------


def test_the_line_leans_before_and_stands_after(ten):
    straight = seen.straightened(ten)
    figure = figures.straightened(straight)
    for i, slant in enumerate(straight.slant):
        before, after = (named(figure, f"line-{n}-{i}").get_xdata() for n in (0, 1))
        assert np.ptp(after) == pytest.approx(0)
        assert np.sign(before[-1] - before[0]) == np.sign(round(slant, 9))
    assert {"leans 27° right", "upright", "leans 27° left"} <= set(said(figure))


@pytest.mark.parametrize("m", [0, 1, 12])
def test_any_number_of_images_is_straightened_or_copied(m, ten):
    for figure in (
        figures.straightened(seen.straightened(ten, m)),
        figures.augmentation_examples(seen.copies(ten, m)),
    ):
        texts(figure)
        assert any("4 images of 12" in text for text in said(figure)) == (m == 12)


def test_every_copy_stands_beside_its_image(ten):
    copies = seen.copies(ten, 3, 10)
    shown = images_of(figures.augmentation_examples(copies))
    assert len(shown) == 3 * 9
    assert (shown[9] == copies.originals[1]).all()
    assert (shown[10] == copies.copies[1, 0]).all()
    texts(figures.augmentation_examples(replace(copies, copies=copies.copies[:, :0])))


# -- the ladder's story -----------------------------------------------------------------------------


def test_the_story_shows_the_images_that_changed_sides(ten):
    (rung,) = climb(ten)
    shown = images_of(figures.ladder_story(ten))
    expected = [*rung.fixed[:9], *rung.broken[:4]]
    assert len(shown) == len(expected)
    for image, row in zip(shown, expected, strict=True):
        assert (image == ten.test.images[row]).all()


def test_one_recipe_alone_has_no_story_and_a_long_ladder_is_cut(ten):
    alone = figures.ladder_story(replace(ten, recipes=ten.recipes[:1]))
    assert said(alone) == ["One recipe alone: nothing to compare"]
    long = replace(ten, recipes=ten.recipes * 8)
    assert any("6 rungs of 15" in text for text in said(figures.ladder_story(long)))


def test_what_is_told_of_a_rung_is_what_the_test_says(ten):
    (rung,) = climb(ten)
    a, b = len(rung.fixed), len(rung.broken)
    for p, words in (
        (0.2, "chance could make (p = 0.2)"),
        (0.01, "beyond chance (p = 0.01)"),
        (1e-9, "p < 0.0001"),
    ):
        line = told(replace(rung, comparison=replace(rung.comparison, p_value=p)))
        assert words in line
        assert f"fixes {a:,}" in line
        assert f"newly gets {b:,} wrong" in line
    none = replace(rung, fixed=rung.fixed[:0], broken=rung.broken[:0])
    assert told(none) == "both decide every test image equally well"
    worse = replace(rung, fixed=np.arange(1), broken=np.arange(30))
    assert ": worse" in told(replace(worse, comparison=replace(rung.comparison, p_value=0.001)))


# -- numbers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(30))
def test_rounded_numbers_add_up_and_none_is_far_off(seed):
    values = np.random.default_rng(seed).normal(size=50) * 10.0 ** (seed % 5 - 2)
    rounded = lettering.adding_up(values)
    assert rounded.sum() == pytest.approx(round(values.sum(), 2), abs=1e-6)
    assert np.abs(rounded - values).max() < 0.01
    assert (np.round(rounded, 2) == rounded).all()
