"""Lessons are listed without being run, copied without harm, exported whole or not at all."""

import json
import subprocess
import sys

import pytest

from sightline.errors import NotFoundError, SightlineError, StorageError, UsageError
from sightline.lessons import VARIABLE, copy_lessons, data_name, export_lessons, find_lesson, lessons


def test_there_are_ten_and_each_says_what_it_is_about():
    found = lessons()
    assert [one.number for one in found] == list(range(1, 11))
    assert all(one.title and one.about for one in found)
    assert len({one.title for one in found}) == 10


def test_the_list_needs_no_marimo():
    code = "import sys; from sightline.lessons import lessons; lessons(); print({'marimo', 'numpy'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "marimo" not in done.stdout


def test_lessons_say_their_own_number():
    for one in lessons():
        assert one.path.name.startswith(f"chapter_{one.number:02d}_")
        assert f"# {one.number} · " in one.path.read_text(encoding="utf-8")


def test_a_lesson_that_is_not_there():
    with pytest.raises(NotFoundError, match=r"no lesson 11\. The lessons are 1, 2,"):
        find_lesson(11)


def test_the_data_are_named_on_the_command_line_then_in_the_environment(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["lesson.py"])
    monkeypatch.delenv(VARIABLE, raising=False)
    assert data_name() == "digits"
    monkeypatch.setenv(VARIABLE, "mnist")
    assert data_name() == "mnist"
    for given in (["--data", "photos/"], ["--data=photos/"]):
        monkeypatch.setattr(sys, "argv", ["lesson.py", *given])
        assert data_name() == "photos/"


def test_copies_are_the_lessons_and_nobodys_changes_are_lost(tmp_path):
    folder = tmp_path / "mine" / "lessons"
    written = copy_lessons(folder)
    assert [path.read_bytes() for path in written] == [one.path.read_bytes() for one in lessons()]
    assert copy_lessons(folder) == written
    written[3].write_text("changed", encoding="utf-8")
    written[0].unlink()
    with pytest.raises(StorageError, match="is not the lesson as it comes"):
        copy_lessons(folder)
    assert written[3].read_text(encoding="utf-8") == "changed"
    assert not written[0].exists()
    assert copy_lessons(folder, [find_lesson(1)]) == [written[0]]


def test_an_export_for_jupyter_holds_code_and_results(tmp_path):
    pytest.importorskip("nbformat")
    said = []
    [path] = export_lessons(tmp_path, "ipynb", [find_lesson(4)], told=said.append)
    book = json.loads(path.read_text(encoding="utf-8"))
    assert path.suffix == ".ipynb"
    assert any("sigmoid_curve" in "".join(cell["source"]) for cell in book["cells"])
    assert any(cell.get("outputs") for cell in book["cells"])
    assert said == ["4 · The sigmoid"]


def test_an_exported_script_runs_without_marimos_help(tmp_path):
    [path] = export_lessons(tmp_path, "py", [find_lesson(5)])
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_an_exported_page_holds_the_results(tmp_path):
    [path] = export_lessons(tmp_path, "html", [find_lesson(2)], data="digits")
    text = path.read_text(encoding="utf-8")
    assert "Meet the data" in text
    assert "1,797 images" in text


def test_a_lesson_that_fails_leaves_no_file(tmp_path):
    with pytest.raises(SightlineError, match="lesson 2 could not be exported"):
        export_lessons(tmp_path, "html", [find_lesson(2)], data=str(tmp_path / "nowhere"))
    assert list(tmp_path.iterdir()) == []


def test_a_form_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="not exported to 'pdf'"):
        export_lessons(tmp_path, "pdf")
