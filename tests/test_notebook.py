"""What results look like in a notebook: whole, escaped, self-contained, to be read on light and on dark."""

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from sightline import notebook
from sightline.dataset import Dataset
from sightline.evaluation import evaluate
from sightline.explanation import explain
from sightline.exploration import explore
from sightline.features import make_recipe
from sightline.figures.style import contrast
from sightline.model import Model

from .conftest import drawn

HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a & b\n'c'")
VOID = {"img", "br"}


class Page(HTMLParser):
    """Reads HTML and complains of what is not closed."""

    def __init__(self, source):
        super().__init__()
        self.open, self.tags, self.pictures, self.words = [], [], [], ""
        self.feed(source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "img":
            self.pictures.append(dict(attributes))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1] != "style":
            self.words += data


def learned(data, recipe="pixels"):
    pipeline = make_recipe(recipe, shape=data.shape).fit(data.train.X, data.train.y)
    return Model(pipeline, data.classes, data.shape, recipe, {"dataset": data.name, "accuracy": 0.5})


@pytest.fixture(scope="module", params=["grey", "colour", "two"])
def shown(request):
    """Every result of hostile data, by name."""
    n = 2 if request.param == "two" else 3
    data = drawn(n, shape=(8, 6), colour=request.param == "colour", names=HOSTILE[:n], n=90)
    data = Dataset(
        data.images,
        data.labels,
        data.classes,
        "<i>name",
        "<i>source",
        "<i>licence",
        data.n_train,
        notes=HOSTILE,
    )
    model = learned(data)
    return {
        "dataset": data,
        "model": model,
        "evaluation": evaluate(model, data),
        "exploration": explore(data),
        "explanation": explain(model, data.test.images[0], train=data, label=0),
    }


NAMES = ("dataset", "model", "evaluation", "exploration", "explanation")


@pytest.mark.parametrize("name", NAMES)
def test_it_is_whole_and_loads_and_runs_nothing(name, shown):
    source = shown[name]._repr_html_()
    page = Page(source)
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "iframe", "i" if name == "dataset" else "object"}
    assert "url(" not in source
    for _, attributes in page.tags:
        assert not any(key.startswith("on") for key in attributes)
    for picture in page.pictures:
        assert picture["alt"]
        head, _, content = picture["src"].partition(",")
        assert head == "data:image/png;base64"
        Image.open(io.BytesIO(base64.b64decode(content))).verify()


@pytest.mark.parametrize("name", NAMES)
def test_names_are_shown_as_they_are(name, shown):
    words = Page(shown[name]._repr_html_()).words
    assert HOSTILE[0] in words
    assert HOSTILE[1] in words


@pytest.mark.parametrize("name", NAMES)
def test_letters_take_the_colour_of_the_page(name, shown):
    source = shown[name]._repr_html_()
    assert set(re.findall(r"[^-]color:\s*([^;}\"]+)", source)) <= {"inherit"}


@pytest.mark.parametrize("name", NAMES)
def test_in_a_terminal_it_is_one_short_line(name, shown):
    assert len(repr(shown[name])) < 300
    assert "array(" not in repr(shown[name])


@pytest.mark.parametrize(("ink", "ground"), [((0.13,) * 3, (1.0,) * 3), ((0.88,) * 3, (0.07,) * 3)])
@pytest.mark.parametrize("colour", [notebook.FOR, notebook.AGAINST])
def test_words_are_readable_on_every_shade_light_and_dark(ink, ground, colour):
    for share in np.linspace(0, notebook.STRONGEST, 13):
        mixed = share * np.array(colour) / 255 + (1 - share) * np.array(ground)
        assert contrast(ink, mixed) >= 4.5
    assert contrast(np.array(colour) / 255, ground) >= 3


def test_signed_pictures_are_transparent_at_zero_and_tell_the_sides_apart():
    source = notebook.signed(np.array([[0.0, 2.0], [-1.0, -4.0]]), "shares")
    content = re.search(r"base64,([^\"]+)", source)[1]
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))
    assert pixels[0, 0, 3] == 0
    assert tuple(pixels[0, 1, :3]) == notebook.FOR
    assert tuple(pixels[1, 1]) == (*notebook.AGAINST, 255)
    assert 0 < pixels[1, 0, 3] < pixels[0, 1, 3] < 255


def test_the_numbers_are_those_of_the_evaluation(digits):
    judged = evaluate(learned(digits), digits)
    words = Page(judged._repr_html_()).words
    assert f"{judged.accuracy.value:.4f}" in words
    assert f"{judged.f1[3]:.4f}" in words
    assert words.count("\n") == 0


def test_many_classes_are_told_as_pairs_and_kept_short():
    data = drawn(30, shape=(4, 30), n=600)
    judged = evaluate(learned(data), data)
    words = Page(judged._repr_html_()).words
    assert "taken for" in words
    wrong = judged.confusion * ~np.eye(30, dtype=bool)
    assert f"{wrong.max():,}" in words
    assert "18 more classes" in Page(data._repr_html_()).words
