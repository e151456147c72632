"""Every warning, provoked, and the words of the command line for what is no error of ours."""

import ast
import warnings

import numpy as np
import pytest

from sightline.cli import FAILED, INTERRUPTED, status_of
from sightline.engine.device import find_device
from sightline.engine.encryption import warn_of_readers
from sightline.logistic import LogisticRegression, LogisticRegressionCV

from . import words

X, Y = np.random.default_rng(0).random((40, 5)), np.arange(40) % 2
WARNINGS = {
    "logistic/classifier.py": lambda: LogisticRegression(max_iter=1, tol=1e-9).fit(X, Y),
    "logistic/selected.py": lambda: LogisticRegressionCV(Cs=[1e6], cv=2, max_iter=1, fold_tol=1e-12).fit(
        X, Y
    ),
    "engine/device.py": lambda: find_device("cuda"),
    "engine/encryption.py": lambda: warn_of_readers("tcp://192.0.2.7:8786", 1),
}
"""File → what makes it warn; a file that warns in two places needs two."""


def warn_calls():
    for file, tree in words.trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "warnings.warn":
                yield file


def test_every_warning_is_listed():
    assert sorted(warn_calls()) == sorted(WARNINGS)


@pytest.mark.parametrize("file", WARNINGS)
def test_a_warning_is_given_and_says_what_and_what_next(file):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        WARNINGS[file]()
    if file == "engine/device.py" and not found:
        pytest.skip("there is a graphics card")
    said = str(found[0].message)
    assert len(said.split()) > 4
    assert not words.INNER.search(said), said
    assert not words.EMPTY.search(said), said
    assert len(said) <= words.LONGEST, said
    assert any(word in said for word in ("raise", "larger", "more", "going on", "Give", "max_iter")), said


def leaving(error):
    def call():
        raise error

    return call


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (MemoryError(), FAILED, "Try smaller images"),
        (KeyboardInterrupt(), INTERRUPTED, "stopped. Nothing was left half written."),
        (ZeroDivisionError("7 / 0"), FAILED, "Set SIGHTLINE_DEBUG=1 to see where, and report it"),
    ],
)
def test_what_is_no_error_of_ours_is_one_message(error, status, says, capsys):
    assert status_of(leaving(error)) == status
    said = capsys.readouterr().err
    assert says in said
    assert said.startswith("sightline: ")
    assert said.count("\n") == 1
