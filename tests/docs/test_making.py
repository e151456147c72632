"""The parts that the site is made of: what they must find, and what they must refuse."""

import re

import pytest

from sightline.figures.style import DARK, LIGHT

from .conftest import DOCS, ROOT

HEAD = "<!doctype html><title>x</title>"


@pytest.fixture
def faults(script, tmp_path):
    """Write pages, and say what is wrong with their links."""
    links = script("links")

    def found(**pages):
        for name, text in pages.items():
            (tmp_path / f"{name}.html").write_text(HEAD + text, encoding="utf-8")
        return links.faults(tmp_path)

    return found


def test_links_that_lead_somewhere_are_no_fault(faults, tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    assert (
        faults(
            one='<p id="here"><a href="two.html#there">x</a><a href="#here">x</a><img src="a.png">',
            two='<p id="there"><a href="https://example.org/">out</a><a href="mailto:a@b.c">x</a>',
        )
        == []
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('<a href="no.html">x</a>', "no.html leads nowhere"),
        ('<a href="#no">x</a>', "#no leads to no place on one.html"),
        ('<img src="no.png">', "no.png leads nowhere"),
        ('<a href="../outside.html">x</a>', "leads nowhere"),
        ('<script src="https://cdn.example/x.js"></script>', "is loaded from elsewhere"),
        ('<link rel="stylesheet" href="//fonts.example/x.css">', "is loaded from elsewhere"),
        ('<img srcset="https://example.org/a.png 2x">', "is loaded from elsewhere"),
        ('<link rel="preconnect" href="https://fonts.example">', "is loaded from elsewhere"),
    ],
)
def test_dead_links_and_what_is_loaded_from_elsewhere_are_faults(faults, text, said):
    found = faults(one=text)
    assert len(found) == 1
    assert said in found[0]


def test_style_sheets_load_nothing_from_elsewhere(faults, tmp_path):
    (tmp_path / "x.css").write_text("@import 'https://example.org/a.css'; p { background: url(a.png) }")
    assert faults(one="") == ["x.css: https://example.org/a.css is loaded from elsewhere"]


def test_formulas_become_mathml_and_code_and_money_stay(script):
    pytest.importorskip("latex2mathml", reason="comes with sightline[docs]")
    markdown = pytest.importorskip("markdown", reason="comes with sightline[docs]")
    made = markdown.markdown(
        "Let $\\sigma(z) < 1$ be, `$x$` is code, and it costs $5 or $ 6.\n\n$$\n\\frac{1}{2}\n$$",
        extensions=[script("mathml").makeExtension()],
    )
    assert made.count("<math ") == 2
    assert "<code>$x$</code>" in made
    assert "costs $5 or $ 6" in made
    assert "<mfrac>" in made
    assert 'display="block"' in made


def test_every_public_name_and_every_command_is_in_the_reference(script, tmp_path):
    pytest.importorskip("griffe", reason="comes with sightline[docs]")
    import sightline
    from sightline.cli.app import app

    reference = script("reference")
    written = reference.write_reference(tmp_path)
    text = "\n".join((tmp_path / name).read_text(encoding="utf-8") for _, name in written)
    names = {name for name in sightline.__all__ if name not in ("__version__", "figures")}
    lost = {name for name in names if not re.search(rf"^## {name} ", text, re.MULTILINE)}
    assert not lost
    for command in app.registered_commands:
        assert f"## sightline {command.callback.__name__.strip('_')} " in text
    for page in [name for _, name in written]:
        content = (tmp_path / page).read_text(encoding="utf-8")
        assert "Parameters\n---" not in content, "a docstring's section was not understood"


def test_words_of_docstrings_are_no_markup(script):
    pytest.importorskip("griffe", reason="comes with sightline[docs]")
    prose = script("reference").prose
    assert prose("F − F* <= `a*b` and [x]", {}) == r"F − F\* &lt;= `a*b` and \[x\]"
    assert prose("a `Dataset`", {"Dataset": "data.md#x"}) == "a [`Dataset`](data.md#x)"


def test_the_site_has_the_colours_of_the_figures():
    css = (DOCS / "assets" / "site.css").read_text(encoding="utf-8")
    for scheme, theme in (("default", LIGHT), ("slate", DARK)):
        block = re.search(rf'^\[data-md-color-scheme="{scheme}"\] {{(.*?)}}', css, re.DOTALL | re.MULTILINE)[
            1
        ]
        told = dict(re.findall(r"--(\w+): (#\w+);", block))
        for name in ("paper", "ink", "soft", "sunken", "favour"):
            assert told[name] == getattr(theme, name), (scheme, name)


def test_unknown_figures_and_misspelt_requests_are_refused(script, tmp_path):
    drawings = script("drawings")
    page = tmp_path / "page.md"
    page.write_text("<!-- figure: nothing | words -->")
    with pytest.raises(ValueError, match=r"no drawings \['nothing'\]"):
        drawings.asked([page])
    page.write_text("<!-- figure: ladder -->")
    with pytest.raises(ValueError, match="in another form"):
        drawings.asked([page])
    page.write_text("<!-- figure: ladder | words | more -->")
    assert drawings.asked([page]) == {"ladder"}


NOTEBOOK = '''"""1 · Trying: how a lesson becomes a page."""

import marimo

app = marimo.App()


@app.cell(hide_code=True)
def _():
    import marimo as mo
    import pandas as pd

    theme = mo.app_meta().theme
    return mo, pd, theme


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # Trying

    With $x$ a number.
    """)
    return


@app.cell
def _(mo):
    w = mo.ui.slider(-5, 5, step=0.1, value=2, label="weight w")
    w
    return (w,)


@app.cell(hide_code=True)
def _(mo, pd, w):
    mo.accordion({"Why?": mo.vstack([mo.md(f"w is {w.value}."), pd.DataFrame({"a|b": [1.5]})])})
    return


@app.cell
def _(mo, w):
    mo.stop(w.value > 1, mo.md("Too heavy."))
    unreached = 1
    return (unreached,)


@app.cell
def _(theme):
    from sightline import figures

    figures.sigmoid_curve(theme=theme)
    return


if __name__ == "__main__":
    app.run()
'''


def test_a_notebook_becomes_a_page(script, tmp_path):
    lessons = script("lessons")
    path = tmp_path / "trying.py"
    path.write_text(NOTEBOOK, encoding="utf-8")
    text = lessons.tell(path, lessons.Writer("trying", tmp_path))
    assert text.startswith("# Trying\n\nWith $x$ a number.")
    assert "weight w: <strong>2</strong>" in text
    assert '??? question "Why?"\n\n    w is 2.\n\n    |' in text
    assert "a\\|b" in text
    assert "Too heavy." in text
    assert "import marimo" not in text
    assert "```python\nfrom sightline import figures\n\nfigures.sigmoid_curve(theme=theme)\n```" in text
    light, dark = ((tmp_path / f"trying-1-{theme}.png").read_bytes() for theme in ("light", "dark"))
    assert light != dark


def test_a_cell_that_fails_names_itself(script, tmp_path):
    lessons = script("lessons")
    path = tmp_path / "failing.py"
    path.write_text("import marimo\napp = marimo.App()\n\n\n@app.cell\ndef _():\n    1 / 0\n    return\n")
    with pytest.raises(ValueError, match=r"failing\.py, cell 1: ZeroDivisionError"):
        lessons.tell(path, lessons.Writer("failing", tmp_path))


def test_commands_of_a_console_are_told_from_what_it_answers(script):
    check = script("check")
    assert check.commands("$ one --two \\\n    three\nanswer $ 5\n$ four\n") == [
        "one --two      three",
        "four",
    ]


def test_an_example_that_fails_is_a_fault(script, tmp_path, monkeypatch):
    check = script("check")
    monkeypatch.setattr(check, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "page.md"
    page.write_text("```python\nx = 1\n```\n```console\n$ test -e nowhere\n```\n")
    assert "example 2 fails: test -e nowhere" in check.run_examples(page)[0]
    page.write_text("```python\nx = 1\n```\n```python\nassert x == 2\n```\n")
    assert "example 2 fails: AssertionError" in check.run_examples(page)[0]
    page.write_text("```python\nx = 1\n```\n```console\n$ true\n```\n```text\n$ false\n```\n")
    assert check.run_examples(page) == []


def test_dead_links_of_a_page_are_faults(script, tmp_path, monkeypatch):
    check = script("check")
    monkeypatch.setattr(check, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text('[a](page.md#x) [b](no.md) [c](https://example.org) <img src="no.png">')
    assert check.dead_links(page) == ["page.md: no.md is not there", "page.md: no.png is not there"]


def test_security_md_and_the_threat_model_name_files_that_are_there():
    text = (DOCS / "security.md").read_text(encoding="utf-8")
    assert (ROOT / "SECURITY.md").is_file()
    files = {one.name for where in ("src/sightline", "tests/faults") for one in (ROOT / where).rglob("*.py")}
    named = {
        one.rsplit("/", 1)[-1] for one in re.findall(r"`([\w/]+\.py)`", text) if not one.startswith("tests/")
    }
    assert named <= files
    for test in re.findall(r"`(tests/[\w/.]+)`", text):
        assert (ROOT / test).exists(), test
