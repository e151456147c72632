"""Lessons that were run: each once for each data set, its definitions and what it showed."""

import os
import runpy
import time
import warnings
from dataclasses import dataclass

import pytest

from sightline.lessons import VARIABLE, find_lesson

pytest.importorskip("marimo", reason="the lessons need marimo: pip install 'sightline[lessons]'")


@dataclass
class Ran:
    """`defs` what the cells define, `shown` what they show, as HTML, `seconds` of computing."""

    defs: dict
    shown: list
    seconds: float


def ran(number, data, changes=None):
    """Run a lesson from top to bottom, every warning an error, and draw all that it shows."""
    import marimo as mo

    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(data)
    began = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            app = runpy.run_path(str(find_lesson(number).path))["app"]
            outputs, defs = app.run(defs=changes)
            shown = [mo.as_html(one).text for one in outputs if one is not None]
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
    return Ran(dict(defs), shown, time.process_time() - began)


def turned(defs, to):
    """Every slider, dropdown and checkbox of a lesson at its first (`to` = 0) or last (−1) value."""
    import marimo as mo

    changed = {}
    for name, one in defs.items():
        if isinstance(one, mo.ui.range_slider):
            ends = [one.start, one.stop] if to else [one.start, one.start + 1]
            changed[name] = mo.ui.range_slider(one.start, one.stop, value=ends)
        elif isinstance(one, mo.ui.slider) and one.steps:
            changed[name] = mo.ui.slider(steps=one.steps, value=one.steps[to])
        elif isinstance(one, mo.ui.slider):
            value = one.stop if to else one.start
            changed[name] = mo.ui.slider(one.start, one.stop, one.step, value=value)
        elif isinstance(one, mo.ui.dropdown):
            changed[name] = mo.ui.dropdown(one.options, value=list(one.options)[to])
        elif isinstance(one, mo.ui.checkbox):
            changed[name] = mo.ui.checkbox(value=bool(to))
        elif hasattr(one, "_mime_") and type(one).__module__.startswith("marimo._plugins.ui"):
            changed[name] = one
    return changed


@pytest.fixture(scope="session")
def lesson():
    """Return what a lesson left; each is run once for each data set."""
    known = {}

    def get(number, data="digits"):
        key = number, str(data)
        if key not in known:
            known[key] = ran(number, data)
        return known[key]

    return get
