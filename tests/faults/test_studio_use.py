"""Much use, in short: crowds, trainings begun and cancelled; nothing is held that nobody needs any more.

The long versions are `benchmarks/studio_load.py` and `benchmarks/studio_soak.py`.
"""

import gc
import json
import os
import subprocess
import sys
import time
import weakref
from pathlib import Path

import pytest

from sightline.studio.service import Service
from sightline.studio.wire import TrainRequest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def measured(script, *arguments):
    command = [sys.executable, str(BENCHMARKS / script), *arguments]
    answer = subprocess.run(
        command, capture_output=True, text=True, timeout=180, encoding="utf-8", check=False
    )
    assert answer.stdout, answer.stderr
    return answer, [line for line in answer.stdout.splitlines() if line.startswith("{")]


@pytest.mark.skipif(os.name == "nt", reason="processes are ended as POSIX ends them")
def test_a_crowd_draws_while_one_trains():
    _, (line,) = measured("studio_load.py", "--people", "40", "--seconds", "1.5", "--every", "0.4", "--train")
    found = json.loads(line)
    assert found["errors"] == 0, found["wrong"]
    assert found["asked"] >= 40
    assert found["p50_ms"] <= found["p90_ms"] <= found["p99_ms"]


@pytest.mark.skipif(os.name == "nt", reason="processes are ended as POSIX ends them")
def test_threads_and_handles_return_to_where_they_were():
    use = ("--trainings", "30", "--minutes", "0.05", "--every", "0.1", "--people", "4")
    answer, lines = measured("studio_soak.py", *use, "--rest", "0", "--slope", "1e9", "--growth", "200")
    assert len(lines) == 2
    for found in map(json.loads, lines):
        assert found["errors"] == 0, found["wrong"]
        assert found["done"]["train"] > 0
        assert found["after"]["threads"] <= found["before"]["threads"]
        assert found["after"]["handles"] <= found["before"]["handles"]
    assert answer.stdout.splitlines()[-1] == "passed"
    assert answer.returncode == 0


@pytest.mark.parametrize("more", [{}, {"descent": True}, {"paused": True}], ids=str)
def test_what_a_training_held_is_free_when_its_page_has_gone(digits, more):
    """At once, without waiting for the collector of circles: that counts objects, and these few are large."""
    service = Service(digits)
    sessions = service.sessions
    session = sessions.make(None)
    request = {"warm": False, "paused": False, "descent": False, "pace": None, **more}
    gc.collect()
    gc.disable()
    try:
        sessions.train(session, TrainRequest(sessions.opening_setup, **request))
        training = session.training
        ends = time.monotonic() + 60
        while not training.passes:
            assert time.monotonic() < ends
            time.sleep(0.005)
        judge = weakref.ref(training.judge)
        if more.get("paused"):
            training.stop()
        assert training.wait(60)
        assert judge() is None, "the features are free as soon as it is over"
        left = weakref.ref(training), weakref.ref(training.learned.classifier), weakref.ref(session)
        sessions.leave(session.name)
        sessions.trainings.discard(training)  # as the server's loop does, which does not run here
        del training, session
        assert [one() is None for one in left] == [True, True, True]
    finally:
        gc.enable()
        service.close()
