"""The intake of meter readings: rows by mapping, keys, exact values, the same again, back-fill, and real HTTPS."""

import asyncio
import json
import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta

import pytest

from shuangkong.gateway import intake as room
from shuangkong.gateway.certificate import ensure_certificate
from shuangkong.gateway.intake import Intake
from shuangkong.gateway.meters import CIVIL, read_dialects, read_object
from shuangkong.series.files import write_json
from shuangkong.series.handover import Handover
from shuangkong.series.spool import METER, Place, SpoolWriter, identity, read_spool

NOW = datetime(2026, 3, 1, 8, tzinfo=CIVIL)
CODE, KEY, DEVICE = "914310000000000XY1", "a-long-secret", "f" * 32
OTHER, OTHER_KEY = "914310000000000XY2", "another-secret"


def sm3(text):
    from cryptography.hazmat.primitives import hashes

    digest = hashes.Hash(hashes.SM3())
    digest.update(text.encode())
    return digest.finalize().hex()


def row(**more):
    return {
        "dataCode": "02-02-0000-040100-30", "dataValue": 12.50, "inputType": "1", "statType": "0",
        "statDate": "2026-03-01 07:45:00", "uploadDate": "2026-03-01 07:46:00", "scope": "3",
    } | more  # fmt: skip


def batch(*rows, **more):
    return {"deviceId": DEVICE, "enterpriseCode": CODE, "data": list(rows)} | more


class Caller:
    def __init__(self, root, application):
        self.root, self.application = root, application

    async def __call__(self, path, content=None, key=KEY, method=None, body=None, client="127.0.0.1"):
        body = json.dumps(content).encode() if body is None and content is not None else body or b""
        headers = [(b"authorization", b"Bearer " + key.encode())] if key else [(b"x", b"y")]
        events = [{"type": "http.request", "body": body[:10], "more_body": True}, {"type": "http.request", "body": body[10:]}]
        sent = []

        async def receive():
            return events.pop(0)

        async def send(event):
            sent.append(event)

        scope = {"type": "http", "method": method or ("POST" if body else "GET"), "path": path, "headers": headers, "client": (client, 1)}
        await self.application(scope, receive, send)
        return sent[0]["status"], sent[1]["body"] if path == "/metrics" else json.loads(sent[1]["body"])

    def kept(self):
        return [json.loads(found.body) for found, _ in read_spool(self.root / "spool" / "intake", Place()) if found.kind == METER]


def play(root, story, store=None):
    write_json(root / "meters.json", {"enterprises": [
        {"code": CODE, "key_sm3": sm3(KEY), "device_id": DEVICE, "region": "431003", "demonstration": True},
        {"code": OTHER, "key_sm3": sm3(OTHER_KEY), "device_id": "e" * 32},
    ]})  # fmt: skip

    async def scene():
        application = Intake(root, "https://host", lambda: int(NOW.timestamp() * 1000), store)
        stop, started = asyncio.Event(), asyncio.Event()
        events = iter([{"type": "lifespan.startup"}])

        async def receive():
            for event in events:
                return event
            await stop.wait()
            return {"type": "lifespan.shutdown"}

        async def send(event):
            started.set()

        life = asyncio.create_task(application({"type": "lifespan"}, receive, send))
        await started.wait()
        try:
            return await story(Caller(root, application))
        finally:
            stop.set()
            await life

    return asyncio.run(asyncio.wait_for(scene(), 20))


def test_register_gives_the_addresses(tmp_path):
    async def story(call):
        status, answer = await call("/national/register", {"enterpriseCode": CODE, "region": "431003"})
        assert status == 200 and answer["responseCode"] == "0" and answer["responseMessage"] == "RECEIVE SUCCESS"
        assert answer["deviceId"] == DEVICE and answer["centerDataURL"] == "https://host/national/data"

    play(tmp_path, story)


def test_readings_are_exact_canonical_and_kept_once(tmp_path):
    async def story(call):
        body = json.dumps(
            batch(
                row(),
                row(statType="1", statDate="2026-02-28 23:59:59", dataValue="0.10"),
                row(statType="2", statDate="2025-10-15 00:00:00"),
            )
        )
        for _ in range(2):
            status, answer = await call("/national/data", body=body.replace("12.5", "12.50").encode())
            assert status == 200 and answer["responseCode"] == "0"
        first, day, month = call.kept()
        assert first == {
            "enterprise_code": CODE, "data_code": "0202000004010030", "period_kind": "realtime",
            "period_start": "2026-03-01T07:45:00+08:00",
            "value": "12.50", "input_type": "1", "scope": "3", "valid": True, "demonstration": True, "dialect": "national",
        }  # fmt: skip
        assert (day["period_start"], day["value"]) == ("2026-02-28T00:00:00+08:00", "0.10")
        assert month["period_start"] == "2025-10-01T00:00:00+08:00"
        status, _ = await call("/national/data", batch(row(dataValue=13)))
        assert [each["value"] for each in call.kept()] == ["12.50", "0.10", "12.50", "13"]

    play(tmp_path, story)
    handover = Handover(tmp_path)
    assert handover.step().records == 4
    handover.close()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"dataCode": "123"}, "dataCode"), ({"dataCode": "02-02-0000-040100-3x"}, "dataCode"), ({"dataCode": None}, "dataCode"),
        ({"scope": "9"}, "scope"), ({"scope": "1"}, "dataCode"), ({"scope": "2"}, "dataCode"), ({"scope": ""}, "scope"),
        ({"dataValue": "abc"}, "dataValue"),
        ({"dataValue": True}, "dataValue"),
        ({"dataValue": "1e400"}, "dataValue"),
        ({"dataValue": "NaN"}, "dataValue"),
        ({"dataValue": "1" * 30}, "dataValue"),
        ({"dataValue": []}, "dataValue"),
        ({"inputType": "x"}, "inputType"),
        ({"statType": "9"}, "statType"),
        ({"statDate": "2026/03/01"}, "statDate"),
        ({"statDate": "2026-03-01 07:46:00"}, "statDate"),
        ({"statDate": "2026-03-01 08:30:00"}, "statDate"),
        ({"statDate": "2025-08-01 00:00:00"}, "statDate"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_named_and_the_good_one_kept(tmp_path, wrong, field):
    async def story(call):
        status, answer = await call("/national/data", batch(row(**wrong), row()))
        assert status == 200 and answer["responseCode"] == "1"
        assert [(fault["row"], fault["field"]) for fault in answer["errors"]] == [(0, field)]
        assert len(call.kept()) == 1

    play(tmp_path, story)


def test_the_edges_of_time(tmp_path):
    async def story(call):
        for days, good in ((184, True), (185, False)):
            start = (NOW - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S")
            status, answer = await call("/national/data", batch(row(statDate=start)))
            assert (answer["responseCode"] == "0") is good and status == (200 if good else 400)
        assert (await call("/national/data", batch(row(statDate="2026-03-01 08:15:00"))))[0] == 200

    play(tmp_path, story)


def test_a_stranger_is_refused_before_the_body_is_read(tmp_path):
    """Eight megabytes each from a thousand connections that hold no key would be held in memory."""

    async def story(call):
        for key in ("wrong", ""):
            assert (await call("/national/info", body=b" " * 9_000_000, key=key))[0] == 401
        assert (await call("/national/info", body=b" " * 9_000_000))[0] == 413

    play(tmp_path, story)


def test_wrong_messages(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "_BODY_S", 0.2)

    async def story(call):
        data = "/national/data"
        assert (await call(data, batch(deviceId="0" * 32)))[0] == 400
        assert (await call(data, batch(row(), deviceId="0" * 32)))[0] == 400
        assert (await call(data, batch("row")))[1]["errors"][0]["text"] == "不是JSON对象"
        assert (await call(data, {"enterpriseCode": CODE}))[0] == 400
        assert "5000" in (await call(data, batch(*[row()] * 5001)))[1]["errors"][0]["text"]
        assert (await call(data, body=b"{broken....."))[0] == 400
        assert (await call(data, body=b"[1, 2, 3, 4, 5]"))[0] == 400
        assert (await call(data, body=b'{"a": NaN, "b": 1}'))[0] == 400
        assert (await call(data, body=b"[" * 200_000))[0] == 400
        assert (await call(data, body=b" " * 9_000_000))[0] == 413
        for key in ("wrong", "", OTHER_KEY):
            assert await call(data, batch(row()), key=key) == (401, {"responseCode": "1", "responseMessage": "密钥或用能单位编码不符"})
        assert await call(data, batch(row(), enterpriseCode="unknown")) == await call(data, batch(row()), key="wrong")
        for path in ("/national/nothing", "/national/data/more"):
            assert (await call(path, batch(row())))[0] == 404
        for path in ("/", "/nothing/data", "/national"):
            assert (await call(path, batch(row())))[0] == 404
        assert (await call(data, batch(row()), method="PUT"))[0] == 404
        assert call.kept() == []
        (tmp_path / "meters.json").write_text("{")
        assert (await call(data, batch(row())))[0] == 503

        async def hang():
            await asyncio.sleep(5)

        async def gone():
            return {"type": "http.disconnect"}

        for receive, status in ((hang, 408), (gone, 400)):
            with pytest.raises(room.Refused) as caught:
                await room._body(receive, 10)
            assert caught.value.status == status

    play(tmp_path, story)


def test_base_data_versions_meters_and_metrics(tmp_path):
    async def story(call):
        assert (await call("/national/version"))[1]["responseCode"] == "0"
        assert (await call("/national/base/4"))[0] == 404
        write_json(tmp_path / "base-data.json", {"versions": {"dicVersion": "3"}, "tables": {"4": [{"code": "01"}]}})
        assert (await call("/national/version"))[1]["dicVersion"] == "3"
        assert (await call("/national/base/4"))[1]["data"] == [{"code": "01"}]
        assert (await call("/national/version", key="wrong"))[0] == 401
        for message in ("info", "meters"):
            status, _ = await call(f"/national/{message}", {"enterpriseCode": CODE, "enterprise": {"latitude": 25.8, "x": [None, True]}})
            assert status == 200
        assert [each["message"] for each in call.kept()] == ["info", "meters"]
        assert call.kept()[0]["content"]["enterprise"] == {"latitude": "25.8", "x": [None, True]}
        await asyncio.sleep(0.05)
        assert (await call("/metrics", client="10.0.0.9"))[0] == 404
        assert b"shuangkong_gateway_" in (await call("/metrics"))[1]

    play(tmp_path, story)


def test_a_mapping_file_makes_a_dialect(tmp_path):
    national = json.loads((room.Path(room.__file__).parent / "dialects" / "national.json").read_text())
    fields = national["fields"] | {"value": "v", "rows": "rows"}
    write_json(tmp_path / "dialects" / "p.json", national | {"name": "province", "fields": fields, "success": {"responseCode": "200"}})

    async def story(call):
        reading = row(v="7")
        del reading["dataValue"]
        status, answer = await call("/province/data", {"deviceId": DEVICE, "enterpriseCode": CODE, "rows": [reading]})
        assert status == 200 and answer == {"responseCode": "200"}
        assert call.kept()[0]["value"] == "7" and call.kept()[0]["dialect"] == "province"

    play(tmp_path, story)
    write_json(tmp_path / "dialects" / "p.json", {"name": "broken"})
    with pytest.raises(ValueError, match="lacks"):
        read_dialects(tmp_path)


def test_a_full_disk_is_said(tmp_path, monkeypatch):
    class Full(SpoolWriter):
        def append(self, records):
            raise OSError(28, "full")

    monkeypatch.setattr(room, "_STORE_S", 0.3)

    async def story(call):
        status, answer = await call("/national/data", batch(row()))
        assert status == 503 and "重传" in answer["responseMessage"]

    play(tmp_path, story, Full(tmp_path / "spool" / "intake"))


def test_exact_numbers():
    assert str(read_object(b'{"a": 0.10}')["a"]) == "0.10"
    assert identity(b"a", b"b") != identity(b"ab")


def test_the_certificate_is_made_once_and_renewed(tmp_path):
    now_ms = int(NOW.timestamp() * 1000)
    certificate, key = ensure_certificate(tmp_path, now_ms)
    first = certificate.read_bytes()
    assert key.stat().st_mode & 0o077 == 0
    assert ensure_certificate(tmp_path, now_ms)[0].read_bytes() == first
    assert ensure_certificate(tmp_path, now_ms + 340 * 86_400_000)[0].read_bytes() != first


def test_over_real_https(tmp_path):
    write_json(tmp_path / "meters.json", {"enterprises": [{"code": CODE, "key_sm3": sm3(KEY), "device_id": DEVICE}]})
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "shuangkong", "gateway", "intake", "--store", str(tmp_path), "--intake-port", str(port)]
    process = subprocess.Popen(command, env=dict(os.environ, PYTHONPATH="src"))
    try:
        for _ in range(100):
            if (tmp_path / "certificate" / "certificate.pem").exists():
                break
            time.sleep(0.1)
        context = ssl.create_default_context(cafile=str(tmp_path / "certificate" / "certificate.pem"))
        start = datetime.now(CIVIL).replace(minute=0, second=0).strftime("%Y-%m-%d %H:%M:%S")
        request = urllib.request.Request(
            f"https://127.0.0.1:{port}/national/data", json.dumps(batch(row(statDate=start))).encode(), {"Authorization": f"Bearer {KEY}"}
        )
        for _ in range(100):
            try:
                with urllib.request.urlopen(request, context=context, timeout=5) as answer:
                    assert json.loads(answer.read())["responseCode"] == "0"
                break
            except urllib.error.URLError as error:
                if not isinstance(error.reason, ConnectionError):
                    raise
                time.sleep(0.1)
        else:
            raise AssertionError("no answer")
        (found,) = [found for found, _ in read_spool(tmp_path / "spool" / "intake", Place())]
        assert json.loads(found.body)["value"] == "12.5"
    finally:
        process.terminate()
        assert process.wait(20) in (0, -15)
