"""Live pages: what a stream tells, that it ends with the session and with the scope, and that streams hold few threads."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.test import Client

from shuangkong.apps.monitoring import live
from shuangkong.apps.monitoring.models import Point
from tests.monitoring import kit
from tests.monitoring.series_kit import gateway as running_gateway
from tests.monitoring.series_kit import realtime, send

pytestmark = pytest.mark.django_db
NOW, MINUTE = kit.NOW, timedelta(minutes=1)


def end(answer):
    """Closes an answer by hand. A test lives in one transaction, which the end of an answer must not end."""
    request_finished.disconnect(close_old_connections)
    answer.close()
    request_finished.connect(close_old_connections)


@pytest.fixture
def clock(monkeypatch):
    """Time passes only when a stream sleeps; ``clock[1]`` is done meanwhile."""
    state = [0.0, lambda: None]

    def sleep(seconds):
        state[0] += seconds
        state[1]()

    monkeypatch.setattr("shuangkong.project.middleware.timezone.now", lambda: NOW + timedelta(seconds=state[0]))
    monkeypatch.setattr(live, "SLEEP", sleep)
    monkeypatch.setattr(live, "CLOCK", lambda: state[0])
    return state


@pytest.fixture
def device(users, places):
    return kit.register(users["city"], subject_id=places["91-A"].pk)


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def events(answer):
    """(name, id, data) of each event, and the pauses that the stream asks for."""
    told = b"".join(answer.streaming_content).decode()
    blocks = [dict(line.split(": ", 1) for line in block.splitlines() if ": " in line) for block in told.split("\n\n")]
    pauses = [int(block["retry"]) for block in blocks if "retry" in block]
    return [(block["event"], block["id"], json.loads(block["data"])) for block in blocks if "event" in block], pauses


def test_a_stream_tells_a_change_once_and_ends_with_its_time(device, users, clock):
    running_gateway(NOW)
    client = client_of(users["city"])
    first, pauses = events(client.get("/monitoring/live/"))
    assert [name for name, _id, _data in first] == ["state"] and pauses == [live.RETRY_MS]
    assert first[0][2]["counts"]["never"] == 1
    assert clock[0] == pytest.approx(live.LIFE_S, abs=2)
    again, _ = events(client.get("/monitoring/live/", headers={"Last-Event-ID": first[0][1]}))
    assert again == []

    def comes():
        running_gateway(NOW + timedelta(seconds=clock[0]))
        at = NOW + timedelta(seconds=int(clock[0]))
        send(at, realtime(at))
        clock[1] = lambda: None

    clock[1] = comes
    turned, _ = events(client.get(f"/monitoring/live/?known={first[0][1]}"))
    assert [data["counts"]["online"] for _n, _i, data in turned[:1]] == [1]


def test_a_point_tells_its_new_values_and_nothing_twice(device, users, clock):
    running_gateway(NOW)
    send(NOW, realtime(NOW - MINUTE), realtime(NOW))
    point = Point.objects.unscoped("test").get()
    client = client_of(users["enterprise"])
    address = f"/monitoring/points/{point.pk}/live/"
    (first,), _ = events(client.get(address))
    assert first[0] == "values" and [value for _at, value in first[2]["values"]] == [30.1, 30.1]
    clock[0] = 0.0

    def comes():
        send(NOW + timedelta(seconds=2), realtime(NOW + timedelta(seconds=2), value=31.5))
        clock[1] = lambda: None

    clock[1] = comes
    told, _ = events(client.get(address, headers={"Last-Event-ID": first[1]}))
    assert [data["values"][0][1] for name, _id, data in told if name == "values"] == [31.5]
    assert client_of(users["other_county"]).get(address).status_code == 404


def test_who_signs_out_or_reaches_something_else_hears_no_more(device, users, places, clock):
    running_gateway(NOW)
    client = client_of(users["enterprise"])

    def leaves():
        client.session.flush()

    clock[1] = leaves
    events(client.get("/monitoring/live/"))
    assert clock[0] <= 2 * live.LOOK_S

    clock[0] = 0.0
    client = client_of(users["county"])

    def moves():
        users["county"].subject = places["431003"]
        users["county"].save()

    clock[1] = moves
    events(client.get("/monitoring/live/"))
    assert clock[0] <= 2 * live.LOOK_S
    assert Client().get("/monitoring/live/").status_code == 302


def test_a_crowd_is_answered_at_once_and_asked_to_come_again_later(device, users, clock):
    client = client_of(users["city"])
    held = [client.get("/monitoring/live/") for _ in range(live.PLACES)]
    told, pauses = events(client.get("/monitoring/live/"))
    assert [name for name, _id, _data in told] == ["state"] and pauses == [live.CROWDED_RETRY_MS] and clock[0] == 0.0
    for answer in held:
        end(answer)
    _told, pauses = events(client.get("/monitoring/live/"))
    assert pauses == [live.RETRY_MS]


def test_a_stream_gives_its_place_back_however_it_ends(device, users, clock, monkeypatch):
    client = client_of(users["city"])

    def fails(*_args):
        raise RuntimeError("the store is gone")

    with monkeypatch.context() as broken:
        broken.setattr("shuangkong.apps.monitoring.overview.sources", fails)
        for _ in range(2 * live.PLACES):
            answer = client.get("/monitoring/live/")
            with pytest.raises(RuntimeError):
                list(answer.streaming_content)
            end(answer)
    _told, pauses = events(client.get("/monitoring/live/"))
    assert pauses == [live.RETRY_MS]
