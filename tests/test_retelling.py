"""The tutorial retold: its code runs, its pictures are there, its formulas and captions are markup, names are not."""

import re
from dataclasses import replace
from datetime import date

import pytest
from PIL import Image

from sightline.cli.retell import call
from sightline.errors import StorageError
from sightline.retelling import THEMES, plain, retell, write_retelling
from sightline.story import Config, run

NASTY = "<script>alert(1)</script> *a* [b](c) `d` | $e$"


@pytest.fixture(scope="module")
def story():
    return run(Config(recipes=("pixels", "pca"), command="sightline story digits"))


@pytest.fixture(scope="module")
def folder(story, tmp_path_factory):
    out = tmp_path_factory.mktemp("told") / "deep" / "down"
    assert write_retelling(story, out, on=date(2026, 1, 2)) == out / "story.md"
    return out


def test_every_picture_that_the_page_names_is_there_in_both_themes_and_no_other(folder):
    text = (folder / "story.md").read_text(encoding="utf-8")
    named = re.findall(r"!\[[^]]+\]\((assets/[\w-]+\.png)#only-(light|dark)\)", text)
    assert {path.rsplit("-", 1)[1] for path, _ in named} == {f"{theme}.png" for theme in THEMES}
    assert {path for path, _ in named} == {f"assets/{one.name}" for one in (folder / "assets").iterdir()}
    for path, theme in named:
        assert path.endswith(f"-{theme}.png")
        with Image.open(folder / path) as image:
            assert min(image.size) > 200
    assert text.count("/// caption\n") == len(named) // 2
    assert text.count("\n///\n") == len(named) // 2


def test_the_front_matter_is_yaml_and_the_day_is_the_one_given(folder):
    yaml = pytest.importorskip("yaml", reason="PyYAML comes with sightline[docs]")
    text = (folder / "story.md").read_text(encoding="utf-8")
    _, front, body = text.split("---\n", 2)
    told = yaml.safe_load(front)
    assert told["date"]["created"] == date(2026, 1, 2)
    assert "digits" in told["title"]
    assert set(told) == {"title", "description", "categories", "tags", "date"}
    assert "<!-- more -->" in body


def test_the_code_of_the_page_runs_and_finds_the_accuracy_that_the_page_tells(story, folder, capsys):
    text = (folder / "story.md").read_text(encoding="utf-8")
    namespace = {}
    for code in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        exec(code, namespace)
    assert namespace["judged"].accuracy == story.winner.evaluation.accuracy
    assert f"{100 * story.winner.evaluation.accuracy.value:.2f} %" in text
    assert str(namespace["X"].shape) in capsys.readouterr().out


def test_formulas_stand_between_dollars_and_the_sigmoid_is_among_them(folder):
    text = (folder / "story.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^\$\$\n(.+?)\n\$\$$", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    assert r"\sigma(z) = \frac{1}{1 + e^{-z}}" in blocks
    assert (re.sub(r"```.*?```", "", text, flags=re.DOTALL).count("$") - 4 * len(blocks)) % 2 == 0


def test_the_same_run_on_the_same_day_tells_the_same(story):
    assert retell(story, on=date(2026, 1, 2)).text == retell(story, on=date(2026, 1, 2)).text


def test_names_are_text_whatever_they_are(story):
    dataset = replace(story.dataset, name=NASTY, classes=(NASTY, *story.dataset.classes[1:]), licence=NASTY)
    text = retell(replace(story, dataset=dataset), on=date(2026, 1, 2)).text
    body = re.sub(r"```.*?```", "", text.split("---\n", 2)[2], flags=re.DOTALL)
    assert "<script>" not in body
    assert "[b](c)" not in body
    assert plain(NASTY) in body


def test_two_classes_have_no_softmax():
    from sightline.dataset import Dataset
    from sightline.sources import load

    digits = load("digits")
    rows = (digits.labels < 2).nonzero()[0]
    pair = Dataset(digits.images[rows], digits.labels[rows], ("none", "one"), "pair")
    text = retell(run(Config(data=pair, recipes=("pixels",)))).text
    assert "softmax" not in text
    assert "none" in text


def test_a_folder_that_cannot_be_made_is_one_message(story, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be made"):
        write_retelling(story, tmp_path / "file" / "below")


def test_the_call_that_loads_it_again_says_all_that_was_asked_for():
    assert call("digits", None, None, None, None, 0) == 'load("digits")'
    assert call('a "b".csv', "0.3", "64", (28, 20), "y", 7) == (
        r'load("a \"b\".csv", split="0.3", size="64", label="y", shape=(28, 20), seed=7)'
    )
