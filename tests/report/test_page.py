"""The page stands alone, escapes everything, and can be read without seeing it."""

import re
import time
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from sightline.errors import StorageError
from sightline.report import page as pages
from sightline.report import render_report, write_report

VOID = {"meta", "link", "img", "br", "source", "hr", "input", "col", "wbr"}
LOADING = {"src", "srcset", "href", "poster", "data", "action", "formaction", "background", "xlink:href"}


class Page(HTMLParser):
    """Every element with its attributes and text, strict about nesting."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.words = [], [], []
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> repeats an attribute"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.words.append(data)

    def all(self, *tags):
        return [attrs for tag, attrs in self.elements if tag in tags]

    @property
    def text(self):
        return re.sub(r"[ \n\t]+", " ", " ".join(self.words))


@pytest.fixture(scope="module", params=["ten", "hostile", "two_colours"])
def case(request):
    run = request.getfixturevalue(request.param)
    html = render_report(run)
    return run, html, Page(html)


def test_nothing_is_loaded_from_anywhere(case):
    _, html, page = case
    for tag, attrs in page.elements:
        for name in LOADING & set(attrs):
            assert attrs[name].startswith(("data:image/", "#")), f"<{tag} {name}={attrs[name][:60]}>"
        assert not [name for name in attrs if name.startswith("on")], tag
        assert "url(" not in (attrs.get("style") or "")
    assert not page.all("script", "iframe", "object", "embed", "link", "base", "form", "audio", "video")
    style = html[html.index("<style>") : html.index("</style>")]
    assert not re.search(r"url\(|@import|expression", style)
    policy = next(attrs["content"] for attrs in page.all("meta") if attrs.get("http-equiv"))
    assert policy.startswith("default-src 'none'; img-src data:;")


def test_a_hostile_name_is_only_ever_text(hostile):
    page = Page(render_report(hostile))
    assert "<script>alert(1)</script>" in page.text
    assert "</style><img src=http://x.example/y.png>" in page.text


def test_it_is_small(case):
    assert len(case[1].encode()) < 2_000_000


def test_headings_go_down_one_level_at_a_time_from_a_single_first(case):
    levels = [int(tag[1]) for tag, _ in case[2].elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_landmarks_language_title_and_skip_link(case):
    _, html, page = case
    for tag in ("main", "nav", "header", "footer", "title"):
        assert len(page.all(tag)) == 1, tag
    assert page.all("html") == [{"lang": "en"}]
    links = [attrs["href"] for attrs in page.all("a")]
    assert links[0] == "#main"
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    referred = [attrs["aria-labelledby"] for _, attrs in page.elements if "aria-labelledby" in attrs]
    assert {*(link[1:] for link in links), *referred} <= set(ids)
    assert html.startswith("<!DOCTYPE html>")


def test_every_picture_says_what_it_shows_and_keeps_its_room(case):
    images = case[2].all("img")
    assert len(images) > 50
    for attrs in images:
        assert len(attrs["alt"]) > 10
        assert int(attrs["width"]) > 0
        assert int(attrs["height"]) > 0


def test_every_table_has_a_caption_and_headers_with_a_scope(case):
    page = case[2]
    assert len(page.all("table")) == len(page.all("caption")) >= 5
    assert all(attrs.get("scope") in ("col", "row") for attrs in page.all("th"))


def test_what_scrolls_can_be_reached_and_has_a_name(case):
    for attrs in case[2].all("div"):
        if attrs.get("class") in ("scroll", "formula"):
            assert attrs["tabindex"] == "0"
            assert attrs.get("aria-label") or attrs.get("aria-labelledby")


def test_the_verdict_and_the_numbers_are_those_of_the_run(case):
    run, _, page = case
    judged = run.winner.evaluation
    value = f"{100 * judged.accuracy.value:.2f}\u202f%"
    assert f"{value} of new images decided rightly" in page.text
    assert f"{len(judged.errors):,} of {len(judged.labels):,}" in page.text
    for recipe in run.recipes:
        assert recipe.name in page.text
    for words in (
        run.dataset.digest,
        run.command,
        run.version,
        "Why 64 columns?" if run.dataset.channels == 1 else "192",
    ):
        assert words in page.text
    cells = [attrs for attrs in page.all("td") if "--heat" in (attrs.get("style") or "")]
    assert len(cells) == len(run.dataset.classes) ** 2


def test_every_decision_is_told(case):
    run, _, page = case
    for one in run.explanations:
        assert f"Decided {one.classes[one.predicted]}" in page.text
    assert page.text.count("the runner-up is") == len(run.explanations)


def test_the_same_run_gives_the_same_page(ten):
    assert render_report(ten) == render_report(ten)


def test_writing_leaves_one_file_that_others_may_read(ten, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    write_report(ten, path)
    assert path.read_text(encoding="utf-8") == render_report(ten)
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]
    assert path.stat().st_mode & 0o600 == 0o600


def test_what_was_there_survives_a_failure(monkeypatch, tmp_path, ten):
    monkeypatch.setattr(pages, "render_report", lambda run: "new")
    path = tmp_path / "report.html"
    path.write_text("old")

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(StorageError, match="No space left"):
        write_report(ten, path)
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


def test_a_folder_that_is_not_there_is_named(monkeypatch, tmp_path, ten):
    monkeypatch.setattr(pages, "render_report", lambda run: "new")
    with pytest.raises(StorageError, match=r"nowhere.*Choose a folder"):
        write_report(ten, tmp_path / "nowhere" / "report.html")


def test_it_is_quick_enough_to_end_a_run_with(ten):
    started = time.perf_counter()
    render_report(ten)
    assert time.perf_counter() - started < 15
