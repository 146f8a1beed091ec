"""The six wrongs on a real socket: a gateway of processes of its own, and what the operator then sees on the page.

A foreign device and a wrong password get no answer; what the profile forgives (wrong edition, time ten years off, unknown factor, value out
of its type) is answered with 9014 as the standard asks, kept, and named; a strict device is refused the same.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from shuangkong.apps.monitoring.models import Device, Incident
from shuangkong.apps.monitoring.services import collecting
from shuangkong.hj212 import NEED_DATA, Connection, Message, build_frame
from shuangkong.hj212.message import CIVIL
from tests.monitoring import kit

pytestmark = pytest.mark.django_db
STRICT = "D" * 24
GOOD = "w01018-Rtd=30.1,w01018-Flag=N"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def gateway(users, places):
    """The processes of ``shuangkong gateway`` on the store of this installation; gives their port."""
    kit.register(users["city"], subject_id=places["91-A"].pk)
    kit.register(users["city"], STRICT, name="严格设备", profile="strict")
    collecting.step(kit.NOW)
    port, store = free_port(), ["--store", str(collecting.store())]
    part = [sys.executable, "-m", "shuangkong", "gateway"]
    environment = {"PATH": "", "PYTHONPATH": ":".join(sys.path)}
    commands = (
        [*part, "worker", *store, "--port", str(port), "--incident-seconds", "0.2"],
        [*part, "handover", *store],
    )
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for command in commands]
    try:
        yield port
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)


def within(seconds, ask):
    """What ``ask`` gives as soon as it gives something."""
    deadline = time.monotonic() + seconds
    while not (found := ask()):
        assert time.monotonic() < deadline, "nothing came in time"
        time.sleep(0.05)
    return found


class Logger:
    """A data logger on a socket."""

    def __init__(self, port):
        self.socket = within(60, lambda: self._connected(port))
        self.connection = Connection()
        self.number = 0

    @staticmethod
    def _connected(port):
        try:
            return socket.create_connection(("127.0.0.1", port), 5)
        except OSError:
            return None

    def send(self, mn=kit.MN, pw=kit.PW, flag=5, cp=GOOD, data_time=None):
        self.number += 1
        at = datetime.now(UTC).astimezone(CIVIL) - timedelta(seconds=30)
        qn = f"{at:%Y%m%d%H%M%S}{self.number:03d}"
        data = f"DataTime={data_time or f'{at:%Y%m%d%H%M%S}'};{cp}"
        self.socket.sendall(build_frame(qn=qn, st="32", cn="2011", pw=pw, mn=mn, flag=flag, cp=data))
        return qn

    def answer(self, seconds):
        """The next message of the gateway as (command, QN); None when it says nothing."""
        self.socket.settimeout(seconds)
        while True:
            event = self.connection.next_event()
            if isinstance(event, Message):
                return event.cn, event.qn
            if event is NEED_DATA:
                try:
                    self.connection.receive_data(self.socket.recv(65536))
                except TimeoutError:
                    return None

    def close(self):
        self.socket.close()


TEN_YEARS_AGO = f"{datetime.now(UTC).year - 10}0301080000"
#: code → (what is sent, whether the standard's answer goes out, what the page says of the answer)
WRONGS = {
    "device_unknown": ({"mn": "E" * 24}, False, "不应答"),
    "password_wrong": ({"pw": "000000"}, False, "不应答"),
    "edition_mismatch": ({"flag": 9}, True, "照收并应答 9014"),
    "data_time_implausible": ({"data_time": TEN_YEARS_AGO}, True, "照收并应答 9014"),
    "factor_unknown": ({"cp": f"{GOOD};w99999-Rtd=1.0"}, True, "照收并应答 9014"),
    "value_out_of_type": ({"cp": "w01018-Rtd=9876543.2"}, True, "照收并应答 9014"),
}


def seen(code, mn):
    """The incident once the platform has collected it."""

    def look():
        while collecting.step(datetime.now(UTC)):
            pass
        return Incident.objects.unscoped("test").filter(code=code, mn=mn).first()

    return within(60, look)


def heard_six():
    """The device once its six good frames are counted: the last may come in a batch behind the incident's."""
    while collecting.step(datetime.now(UTC)):
        pass
    return Device.objects.unscoped("test").filter(mn=kit.MN, frames__gte=6).first()


def test_each_wrong_is_answered_as_the_standard_says_and_visible_to_the_operator(gateway, users):
    operator = Client()
    operator.force_login(users["city"])
    for code, (sent, is_answered, words) in WRONGS.items():
        logger = Logger(gateway)
        qn = logger.send(**sent)
        if is_answered:
            assert logger.answer(30) == ("9014", qn), code
        else:
            # silence, and the connection still answers what is right
            good = logger.send()
            assert logger.answer(30) == ("9014", good), code
        logger.close()
        mn = sent.get("mn", kit.MN)
        line = seen(code, mn)
        assert (line.address, line.answer) == ("127.0.0.1", "9014" if is_answered else "none"), code
        listed = operator.get(f"/monitoring/incidents/?code={code}").content.decode()
        assert mn in listed and "127.0.0.1" in listed and words in listed, code
        page = operator.get(f"/monitoring/incidents/{line.pk}/").content.decode()
        assert words in page and mn in page and re.search(r"<td class=\"mono\">2011</td>", page), code
        assert "PW=000000" not in page and kit.PW not in line.sample, code
    device = within(60, heard_six)
    assert (device.frames, device.marked) == (6, 4)
    assert device.last_address == "127.0.0.1"


def test_a_strict_device_is_refused_what_a_lenient_one_is_forgiven(gateway, users):
    operator = Client()
    operator.force_login(users["city"])
    logger = Logger(gateway)
    logger.send(mn=STRICT, cp=f"{GOOD};w99999-Rtd=1.0")
    good = logger.send(mn=STRICT)
    assert logger.answer(30) == ("9014", good)
    logger.close()
    line = seen("factor_unknown", STRICT)
    assert line.answer == "none"
    assert "不应答" in operator.get(f"/monitoring/incidents/{line.pk}/").content.decode()


def test_a_device_that_is_registered_while_the_gateway_runs_is_heard(gateway, users):
    logger = Logger(gateway)
    mn = "E" * 24
    logger.send(mn=mn)
    seen("device_unknown", mn)
    kit.register(users["city"], mn)
    collecting.step(kit.NOW)

    def heard():
        logger.send(mn=mn)
        return logger.answer(1)

    assert within(30, heard)[0] == "9014"
    assert Incident.objects.unscoped("test").get(mn=mn).handled_note == "设备已登记"
    logger.close()
