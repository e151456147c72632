"""Sessions over real sockets: what one hears, what is shared, and what is left when a page vanishes."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from sightline.studio.sessions import Patience

from .conftest import BYTES, opened


def take(stream, until, most=500):
    """Events until one fits."""
    found = []
    for number, event in stream:
        found.append((number, event))
        if until(event) or len(found) > most:
            break
    return found


def is_over(event):
    return (
        event.get("kind") == "state"
        and event["training"]
        and event["training"]["phase"] in ("done", "stopped")
    )


def test_a_page_sees_every_pass_and_then_the_model(studio):
    address = studio.session()
    with studio.listening(address) as stream:
        first = next(stream)[1]
        assert first["kind"] == "state"
        assert studio.train(address, C=0.3, request={"descent": True}).status_code == 202
        heard = take(stream, lambda event: is_over(event) and event["training"]["setup"]["C"] == 0.3)
    number = heard[-1][1]["training"]["id"]
    passes = [event for _, event in heard if event["kind"] == "pass" and event["training"] == number]
    solver = [event["index"] for event in passes if event["method"] == "solver"]
    assert solver == list(range(len(solver)))
    assert any(event["method"] == "descent" for event in passes)
    assert heard[-1][1]["model"]["setup"]["C"] == 0.3
    numbers = [number for number, _ in heard]
    assert numbers == sorted(set(numbers))
    assert studio.client.get(f"{address}/passes").json()["passes"] == passes


def test_who_comes_back_misses_nothing_and_hears_nothing_twice(studio):
    address = studio.session()
    studio.train(address, request={"paused": True})
    studio.phase(address, "paused")
    with studio.listening(address) as stream:
        seen = take(stream, lambda event: event["kind"] == "pass")
    assert seen[0][1]["training"]["phase"] == "paused"
    last = seen[-1][0]
    for _ in range(3):
        studio.client.post(f"{address}/step")
        time.sleep(0.05)
    studio.client.post(f"{address}/stop")
    studio.phase(address, "stopped")
    with studio.listening(address, {"last-event-id": str(last)}) as stream:
        rest = take(stream, is_over)
    assert all(number > last for number, _ in rest)
    indices = [event["index"] for _, event in rest if event["kind"] == "pass"]
    assert indices == [1, 2, 3]
    with studio.listening(address) as stream:  # a new listener gets all of the training
        again = take(stream, lambda event: event.get("index") == 3)
    assert [event["index"] for _, event in again if event["kind"] == "pass"] == [0, 1, 2, 3]


def test_play_pause_step_and_stop(studio):
    address = studio.session()
    assert studio.client.post(f"{address}/pause").status_code == 422, "there is nothing to pause"
    studio.train(address, request={"paused": True})
    studio.phase(address, "paused")
    assert studio.state(address)["training"]["events"] == 1
    studio.client.post(f"{address}/step")
    studio.until(address, lambda state: state["training"]["events"] == 2)
    studio.client.post(f"{address}/play")
    state = studio.phase(address, "done")
    assert state["model"]["converged"]
    assert studio.client.post(f"{address}/step").status_code == 422


def test_a_new_training_takes_the_place_of_the_old(studio):
    address = studio.session()
    studio.train(address, request={"paused": True})
    first = studio.phase(address, "paused")["training"]["id"]
    studio.train(address, C=0.1)
    state = studio.phase(address, "done")
    assert state["training"]["id"] != first
    assert state["model"]["setup"]["C"] == 0.1
    studio.until(address, lambda _: not any(one.number == first for one in studio.service.sessions.trainings))


def test_sessions_do_not_see_each_other(studio):
    one, other = studio.session(), studio.session()
    assert one != other
    studio.trained(one, C=0.02)
    assert studio.state(other)["model"]["setup"]["C"] == 1.0
    assert len(one.rsplit("/", 1)[1]) >= 20


def test_a_link_brings_its_setup_along(studio):
    setup = studio.setup("pca", C=0.2, classes=["3", "8"])
    made = studio.client.post("/api/sessions", json=setup).json()
    assert made["setup"]["classes"] == ["3", "8"]
    assert made["model"] is None
    refused = studio.client.post("/api/sessions", json={**setup, "recipe": "none"})
    assert refused.status_code == 422


def test_where_there_is_no_model_yet_it_is_said(studio):
    setup = studio.setup(C=0.7)
    address = f"/api/sessions/{studio.client.post('/api/sessions', json=setup).json()['session']}"
    for path in ("model", "weights/last", "evaluation", "predictions", "suspects", "explain/0", "file"):
        answer = studio.client.get(f"{address}/{path}")
        assert answer.status_code == 422, path
        assert "Train one first" in answer.json()["remedy"], path
    assert studio.client.get(f"{address}/passes").json() == {"passes": []}


def test_who_comes_while_the_opening_model_is_learned_sees_it_learn(many):
    with opened(many) as studio:
        made = studio.client.post("/api/sessions").json()
        address = f"/api/sessions/{made['session']}"
        refused = studio.client.post(f"{address}/stop")
        with studio.listening(address) as stream:
            heard = take(stream, lambda event: event.get("kind") == "state" and event["model"])
        if made["model"] is None:
            assert refused.status_code == 422
            passes = [event["index"] for _, event in heard if event["kind"] == "pass"]
            assert passes == list(range(len(passes)))
            assert len(passes) > 3
        assert heard[-1][1]["model"]["setup"] == made["setup"]


# -- limits ---------------------------------------------------------------------------------------------


def test_trainings_run_one_at_a_time_and_too_many_are_refused(many):
    with opened(many, Patience(waiting=2, trainings=6, look=0.05)) as studio:
        addresses = [studio.session() for _ in range(5)]
        studio.train(addresses[0], request={"pace": 5.0})
        studio.phase(addresses[0], "running")
        answers = [studio.train(one) for one in addresses[1:]]
        assert [one.status_code for one in answers] == [202, 202, 429, 429]
        assert answers[-1].json()["code"] == "busy"
        studio.until(addresses[2], lambda state: state["training"]["ahead"] == 2)
        assert studio.state(addresses[1])["training"]["ahead"] == 1
        assert studio.state(addresses[3])["model"] is not None, "who was refused keeps the model"
        studio.client.post(f"{addresses[0]}/stop")
        studio.phase(addresses[2], "done")
        ends = [studio.service.sessions.known[one.rsplit("/", 1)[1]].training for one in addresses[:3]]
        assert all(one.over for one in ends)


def test_paused_trainings_are_limited_too(digits):
    with opened(digits, Patience(trainings=3, look=0.05)) as studio:
        addresses = [studio.session() for _ in range(4)]
        for one in addresses[:3]:
            assert studio.train(one, request={"paused": True}).status_code == 202
            studio.phase(one, "paused")
        assert studio.train(addresses[3]).status_code == 429
        assert studio.train(addresses[0]).status_code == 202, "its own old one makes room"


def test_sessions_are_limited_and_the_longest_silent_goes_first(digits):
    with opened(digits, Patience(sessions=3)) as studio:
        first = studio.session()
        others = [studio.session() for _ in range(3)]
        assert studio.client.get(first).json()["code"] == "gone"
        assert all(studio.client.get(one).status_code == 200 for one in others)


# -- vanished pages -------------------------------------------------------------------------------------


def threads():
    return sum(one.name.startswith("training") for one in threading.enumerate())


def test_a_page_that_vanishes_leaves_no_work_behind(many):
    with opened(many, Patience(grace=0.3, memory=1.0, look=0.05)) as studio:
        address = studio.session()
        name = address.rsplit("/", 1)[1]
        session = studio.service.sessions.known[name]
        with studio.listening(address) as stream:
            next(stream)
            studio.train(address, request={"pace": 2.0})
            take(stream, lambda event: event["kind"] == "pass")
            time.sleep(0.6)
            assert session.training.phase == "running", "as long as it listens, it goes on"
        training = session.training
        assert training.wait(10)
        assert training.phase == "stopped"
        ends = time.monotonic() + 10
        while name in studio.service.sessions.known and time.monotonic() < ends:
            time.sleep(0.05)
        assert name not in studio.service.sessions.known
        assert threads() == 0
        assert not studio.service.sessions.turns._holders


def test_a_page_that_never_listened_is_cleaned_as_well(digits):
    with opened(digits, Patience(grace=0.3, memory=30, look=0.05)) as studio:
        address = studio.session()
        studio.train(address, request={"paused": True})
        session = studio.service.sessions.known[address.rsplit("/", 1)[1]]
        assert session.training.wait(10)
        assert session.training.phase == "stopped"


def test_a_training_paused_for_ever_ends_with_what_it_has(digits):
    with opened(digits, Patience(pause=0.3, look=0.05)) as studio:
        address = studio.session()
        with studio.listening(address) as stream:
            next(stream)
            studio.train(address, request={"paused": True})
            heard = take(stream, is_over)
        assert heard[-1][1]["training"]["phase"] == "stopped"


def test_good_bye_ends_it_at_once(digits):
    with opened(digits) as studio:
        address = studio.session()
        studio.train(address, request={"paused": True})
        training = studio.service.sessions.known[address.rsplit("/", 1)[1]].training
        beacon = {"content-type": "text/plain;charset=UTF-8"}
        assert studio.client.post(f"{address}/leave", content=b"bye", headers=beacon).status_code == 204
        assert training.wait(10)
        assert studio.client.get(address).json()["code"] == "gone"
        assert studio.client.post("/api/sessions/stranger/leave").status_code == 204


def test_a_server_that_ends_ends_everything(many):
    with opened(many) as studio:
        address = studio.session()
        studio.train(address, request={"pace": 1.0})
        studio.phase(address, "running")
        training = studio.service.sessions.known[address.rsplit("/", 1)[1]].training
    assert training.wait(10)


# -- many at once ---------------------------------------------------------------------------------------


def test_two_hundred_predict_at_once_and_each_gets_their_own_answer(studio, digits):
    linear, other = studio.session(), studio.session()
    studio.trained(other, "pca-poly")
    expected = {}
    for address in (linear, other):
        _, answer = studio.packet(f"{address}/predict", digits.images[:100].tobytes())
        expected[address] = answer["z"]

    def ask(i):
        address = (linear, other)[i % 2]
        row = i // 2
        answer = studio.client.post(f"{address}/predict", content=digits.images[row].tobytes(), headers=BYTES)
        from sightline.studio.packet import unpacked

        assert answer.status_code == 200
        np.testing.assert_allclose(unpacked(answer.content)[1]["z"][0], expected[address][row], atol=1e-3)

    with ThreadPoolExecutor(40) as pool:
        list(pool.map(ask, range(200)))


def test_predictions_are_answered_while_a_training_runs(many):
    with opened(many) as studio:
        asking, learning = studio.session(), studio.session()
        studio.train(learning, request={"descent": True})
        waits = []
        for i in range(50):
            began = time.perf_counter()
            studio.packet(f"{asking}/predict", many.images[i].tobytes())
            waits.append(time.perf_counter() - began)
        assert np.median(waits) < 0.1
        studio.client.post(f"{learning}/stop")
