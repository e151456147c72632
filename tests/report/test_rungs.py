"""The ladder as the page tells it: what changed sides is shown, and pictures of what each rung sees."""

from dataclasses import replace

import numpy as np
import pytest

from sightline.anatomy import climb, share_cells
from sightline.evaluation import evaluate
from sightline.explanation import explain
from sightline.features import find_recipe, make_recipe
from sightline.model import Model
from sightline.report import render_report
from sightline.report.pictures import chart
from sightline.report.rungs import rungs_section
from sightline.results import RecipeResult

from .test_page import Page


def learned(run, name, **choices):
    dataset = run.dataset
    pipeline = make_recipe(name, shape=dataset.shape, **choices).fit(dataset.train.X, dataset.train.labels)
    model = Model(pipeline, dataset.classes, dataset.shape, name)
    last = pipeline[-1]
    return RecipeResult(
        name=name, summary=find_recipe(name).summary, n_features=last.coef_.shape[1], fit_seconds=1.0,
        total_seconds=2.0, n_passes=int(last.n_iter_[0]), converged=last.converged_, history=last.history_,
        evaluation=evaluate(model, dataset), chosen={}, model=model,
    )  # fmt: skip


@pytest.fixture(scope="module", params=["ten", "two_colours"])
def story(request):
    run = request.getfixturevalue(request.param)
    recipes = (
        *run.recipes,
        learned(run, "deskew-pca-poly", n_components=10),
        learned(run, "orientation"),
        learned(run, "patches", n_atoms=10),
        learned(run, "two-layers", n_atoms=12),
        learned(run, "patches-augmented", n_atoms=12, copies=1),
    )
    winner = recipes[-1]
    told = tuple(explain(winner.model, run.test.images[row], change=False) for row in (0, 3))
    return replace(run, recipes=recipes, best=winner.name, explanations=told)


@pytest.fixture(scope="module")
def section(story):
    return rungs_section(story)


@pytest.fixture(scope="module")
def html(story):
    return render_report(story)


def test_every_rung_says_what_it_sees_and_what_it_fixed(story, html):
    text = Page(html).text
    for rung in climb(story):
        assert rung.sees in text
        if len(rung.fixed):
            assert f"fixes {len(rung.fixed):,} image" in text
    assert text.count("newly gets") + text.count("equally well") == len(story.recipes) - 1


def test_the_images_shown_are_those_that_changed_sides(story, section):
    for told, rung, former in zip(section[1:], climb(story), story.recipes, strict=False):
        for (picture, words), row in zip(told["fixed"], rung.fixed, strict=False):
            judged = former.evaluation
            names = judged.classes[judged.predicted[row]], judged.classes[judged.labels[row]]
            assert words == " → ".join(names)
            assert f"Test image {row}," in picture.alt
        assert len(told["fixed"]) == min(12, len(rung.fixed))
        assert len(told["broken"]) == min(6, len(rung.broken))


def test_new_features_are_pictured_once(story, section):
    pictures = {told["name"]: [words for _, words in told["pictures"]] for told in section}
    assert pictures["pixels"] == pictures["squares"] == []
    assert len(pictures["deskew-pca-poly"]) == 1
    assert "straightened" in pictures["deskew-pca-poly"][0]
    assert "Directions" in pictures["orientation"][0]
    assert "dictionary of patches" in pictures["patches"][0]
    assert sum("dictionary" in words for words in pictures["two-layers"]) == 2
    # of writing it is the same as before; of photos it is one layer with more atoms
    more = int(story.dataset.channels == 3)
    assert sum("dictionary" in words for words in pictures["patches-augmented"]) == more
    assert any("copies" in words for words in pictures["patches-augmented"])
    assert sum("straightened" in words for told in pictures.values() for words in told) == 1


def test_decisions_of_the_winner_are_told_cell_by_cell(story, html):
    page = Page(html)
    alts = [attrs["alt"] for attrs in page.all("img")]
    for one in story.explanations:
        shares = share_cells(story.winner.model, one.image)
        whole = sum(float(shares.against(grid.shares).sum()) for grid in shares.grids)
        assert any(f"together {whole:.2f}".replace("-", "−") in alt for alt in alts)
    assert page.text.count("Cell by cell:") == 2


def test_the_page_stays_whole_and_small(html):
    page = Page(html)
    assert len(html.encode()) < 2_500_000
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    for attrs in page.all("div"):
        if attrs.get("class") == "scroll":
            assert attrs["tabindex"] == "0"
            assert attrs.get("aria-label") or attrs.get("aria-labelledby")


def test_the_paper_of_a_picture_is_the_paper_of_the_page(ten):
    import base64
    import io

    from PIL import Image

    from sightline import figures

    for theme, paper in (("light", (251, 250, 247)), ("dark", (20, 23, 27))):
        drawn = chart(lambda theme: figures.ladder(ten, theme=theme), "The ladder", vector=False)
        content = base64.b64decode(getattr(drawn, theme).split(",")[1])
        pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
        assert tuple(pixels[0, 0]) == paper
