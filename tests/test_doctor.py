"""The doctor sees what is there, says how to get what is not, and changes nothing."""

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version

import pytest

import sightline
from sightline.doctor import Finding, examine
from sightline.engine import compiled
from sightline.engine.threads import available_threads
from sightline.logistic import native


def by_name(found):
    return {(one.part, one.name): one for one in found}


def command(*args, **environment):
    return subprocess.run(
        [sys.executable, "-m", "sightline", "doctor", *args],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "COLUMNS": "140", **environment},
    )


def test_it_says_what_is_so():
    found = by_name(examine())
    assert found["installation", "sightline"].facts["version"] == sightline.__version__
    assert found["installation", "python"].facts["version"] == platform.python_version()
    assert found["packages", "numpy"].facts["version"] == version("numpy")
    assert found["packages", "scikit-learn"].state == "good"
    assert found["threads", "threads"].facts["threads"] == available_threads()
    assert found["threads", "blas"].facts["num_threads"] >= 1
    passes = found["compiled", "logistic.native"]
    assert passes.facts["used"] == native.available()
    assert passes.facts["built"] == native.LIBRARY.exists()
    if native.available():
        assert passes.facts["level"] == compiled.level(native.LIBRARY)


def test_whatever_is_missing_has_a_remedy_and_nothing_else_has():
    for one in examine():
        assert one.said, one
        assert bool(one.remedy) == (one.state != "good"), one


def test_extras_are_those_of_the_package():
    from importlib.metadata import metadata

    names = set(metadata("sightline").get_all("Provides-Extra")) - {"dev", "test", "docs", "all"}
    extras = {one.name: one for one in examine() if one.part == "extras"}
    assert set(extras) == names
    assert "fastapi" in extras["studio"].facts["versions"]


def test_passes_that_are_not_wanted_are_optional(monkeypatch):
    monkeypatch.setenv("SIGHTLINE_NATIVE", "0")
    for name in ("logistic.native", "features.layer"):
        one = by_name(examine())["compiled", name]
        assert one.state == "optional"
        assert one.facts["used"] is False
        assert one.remedy == "unset SIGHTLINE_NATIVE"


def test_the_cache_is_looked_at_and_not_made(tmp_path, monkeypatch):
    home = tmp_path / "a" / "b"
    monkeypatch.setenv("SIGHTLINE_HOME", str(home))
    assert by_name(examine())["cache", "cache"].facts["bytes"] == 0
    assert not home.exists()
    (home / "ready" / "mine").mkdir(parents=True)
    (home / "ready" / "mine" / "images.npy").write_bytes(b"x" * 1234)
    one = by_name(examine())["cache", "cache"]
    assert one.facts["stored"] == {"ready/mine": 1234}
    assert "1 data set" in one.said


def test_without_a_home_the_cache_has_a_remedy(monkeypatch):
    monkeypatch.setenv("SIGHTLINE_HOME", "~no-user-has-this-name/x")
    (found,) = (one for one in examine() if one.name == "cache")
    assert (found.state, "SIGHTLINE_HOME" in found.remedy) == ("bad", True)


def test_json_is_one_object_of_the_same_findings():
    done = command("--json")
    told = json.loads(done.stdout)
    assert (told["version"], told["healthy"], done.returncode) == (sightline.__version__, True, 0)
    findings = [Finding(**one) for one in told["findings"]]
    assert {(one.part, one.name) for one in findings} == set(by_name(examine()))


def test_what_must_be_mended_fails(tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = command(SIGHTLINE_HOME=str(tmp_path / "file" / "home"))
    assert done.returncode == 1
    assert "cannot be written to" in done.stdout
    assert "→ point SIGHTLINE_HOME" in done.stdout
    assert "1 of these must be mended" in done.stdout


@pytest.mark.parametrize("columns", ["50", "200"])
def test_it_is_plain_text_that_fits_when_piped(columns):
    done = command(COLUMNS=columns)
    assert "\x1b" not in done.stdout
    assert max(len(line.rstrip()) for line in done.stdout.splitlines()) <= int(columns)
