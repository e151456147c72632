"""The record of a fit."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sightline.logistic import FitHistory, Pass

PASSES = tuple(Pass(i + 1, i / 10, 1 / (i + 1), 0.5, 0.1, np.inf, 1.0) for i in range(3))


def test_it_is_a_sequence_of_passes():
    history = FitHistory(PASSES, True, "converged: gap 0")
    assert len(history) == 3
    assert list(history) == list(PASSES)
    assert "converged: gap 0" in repr(history)
    assert "Pass" not in repr(history)


@pytest.mark.parametrize("name", ["number", "seconds", "objective", "gradient", "gap", "bound", "step"])
def test_columns(name):
    column = FitHistory(PASSES, True, "").column(name)
    assert column.dtype == np.float64
    assert column.tolist() == [getattr(one, name) for one in PASSES]


def test_columns_of_nothing():
    assert FitHistory((), False, "").column("objective").shape == (0,)


def test_records_are_frozen():
    history = FitHistory(PASSES, True, "")
    with pytest.raises(dataclasses.FrozenInstanceError):
        history.converged = False
    with pytest.raises(dataclasses.FrozenInstanceError):
        PASSES[0].objective = 0.0
