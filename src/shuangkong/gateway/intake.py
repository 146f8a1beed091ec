"""HTTPS intake of meter readings, with the operations that the national energy monitoring asks of a platform.

::

    POST /DIALECT/register   who I am                     → the addresses below and the device id
    GET  /DIALECT/version    versions of the base data    GET /DIALECT/base/N   one table of them
    POST /DIALECT/info       the energy user's base data  POST /DIALECT/meters  its meters
    POST /DIALECT/data       readings: real time, day, month; back-fill; the same again changes nothing
    GET  /metrics            of all gateway processes, for callers on this machine only

Every call but ``/metrics`` carries the user's key (``Authorization: Bearer …``).  An answer goes out only after what was sent is
durable.  ASGI, so any kept server can run it; ``serve_intake`` runs it by uvicorn.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives import hashes

from shuangkong.gateway.commit import Committer
from shuangkong.gateway.limits import Limits
from shuangkong.gateway.meters import (
    BASE_DATA_FILE,
    Dialect,
    Enterprise,
    RowFault,
    read_batch,
    read_dialects,
    read_enterprises,
    read_object,
)
from shuangkong.gateway.metrics import Metrics, expose
from shuangkong.series.files import read_json, write_atomically, write_json
from shuangkong.series.records import meter_record
from shuangkong.series.spool import SpoolWriter, identity

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

WORKER = "intake"
_BODY_S = 30.0
_STORE_S = 30.0
_NO_KEY = hashes.SM3.digest_size * "00"
_LOCAL = ("127.0.0.1", "::1")


class Answer(NamedTuple):
    """Status, body, and its type."""

    status: int
    body: bytes
    kind: str = "application/json; charset=utf-8"


class Refused(Exception):
    """A call that is answered by an error."""

    def __init__(self, status: int, text: str, faults: list[RowFault] | None = None) -> None:
        super().__init__(text)
        self.status, self.text, self.faults = status, text, faults or []


class Intake:
    """The ASGI application.  ``now_ms`` is the civil clock, handed in; ``address`` the one under which callers reach it."""

    def __init__(self, root: Path, address: str, now_ms: Callable[[], int], store: SpoolWriter | None = None) -> None:
        self._root, self._address, self._now_ms = root, address, now_ms
        self._store = store
        self._metrics = Metrics()
        self._dialects = read_dialects(root)
        self._committer: Committer | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call, or the life of the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            answer = await self._answer(scope, receive)
            headers = [(b"content-type", answer.kind.encode()), (b"content-length", str(len(answer.body)).encode())]
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": answer.body})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._store = self._store or SpoolWriter(self._root / "spool" / WORKER)
        self._committer = Committer(self._store, self._metrics, Limits().remembered_keys)
        self._metrics.set("storage_failing", 0)
        self._tasks = [asyncio.create_task(self._committer.run()), asyncio.create_task(self._tick())]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._committer.stop()
        await self._tasks[0]
        self._tasks[1].cancel()
        await asyncio.gather(self._tasks[1], return_exceptions=True)
        self._committer.close()
        self._store.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _tick(self) -> None:
        while True:
            try:
                write_atomically(self._root / "metrics" / f"{WORKER}.prom", self._metrics.text(WORKER).encode())
                alarms = [self._committer.alarm] if self._committer and self._committer.alarm else []
                write_json(self._root / "status" / f"{WORKER}.json", {"worker": WORKER, "written_ms": self._now_ms(), "alarms": alarms})
            except OSError:
                # told again when the disk has room
                self._metrics.set("storage_failing", 1)
            await asyncio.sleep(Limits().status_s)

    # ── one call ──

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        if scope["path"] == "/metrics":
            local = (scope.get("client") or ("",))[0] in _LOCAL
            return Answer(200, expose(self._root / "metrics").encode(), "text/plain; version=0.0.4") if local else Answer(404, b"{}")
        parts = scope["path"].strip("/").split("/")
        dialect = self._dialects.get(parts[0])
        if dialect is None or len(parts) < 2:
            return Answer(404, b"{}")
        try:
            return await self._call(dialect, parts[1:], scope, receive)
        except Refused as refused:
            self._metrics.add("frames_refused_total", label=f"http_{refused.status}")
            return _json(refused.status, _failure(dialect, refused.text, refused.faults))

    async def _call(self, dialect: Dialect, parts: list[str], scope: Scope, receive: Receive) -> Answer:
        key = _key_of(scope)
        # before the body: a stranger fills no memory
        self._who(key, None)
        if scope["method"] == "GET":
            return self._download(dialect, parts)
        if scope["method"] != "POST" or len(parts) != 1 or parts[0] not in ("register", "info", "meters", "data"):
            raise Refused(404, "没有这个接口")
        body = await _body(receive, dialect.limits["body_bytes"])
        try:
            content = read_object(body)
        except ValueError as error:
            raise Refused(400, f"报文不是合格的JSON：{error}") from error
        enterprise = self._who(key, content.get(dialect.fields["enterprise_code"]))
        if parts[0] == "register":
            return self._register(dialect, enterprise)
        if parts[0] == "data":
            return await self._data(dialect, enterprise, content)
        return await self._keep(dialect, enterprise, parts[0], content)

    def _who(self, key: str, code: object) -> Enterprise:
        """The user that the key names.  A wrong key and an unknown user are answered alike, after the same work."""
        digest = hashes.Hash(hashes.SM3())
        digest.update(key.encode())
        sm3 = digest.finalize().hex()
        try:
            known = read_enterprises(self._root)
        except (ValueError, KeyError, TypeError) as error:
            raise Refused(503, "登记文件无法读取，请联系平台") from error
        found = [each for each in known.values() if hmac.compare_digest(each.key_sm3, sm3)]
        if not found or (code is not None and found[0].code != code):
            raise Refused(401, "密钥或用能单位编码不符")
        return found[0]

    def _register(self, dialect: Dialect, enterprise: Enterprise) -> Answer:
        base = f"{self._address}/{dialect.name}"
        values = {"device_id": enterprise.device_id} | {name: f"{base}/{name}" for name in ("info", "data", "meters", "base", "version")}
        return _json(200, dialect.success | {field: values[name] for name, field in dialect.register_answer.items()})

    def _download(self, dialect: Dialect, parts: list[str]) -> Answer:
        base: Any = read_json(self._root / BASE_DATA_FILE) or {"versions": {}, "tables": {}}
        if parts == ["version"]:
            return _json(200, dialect.success | base["versions"])
        if len(parts) == 2 and parts[0] == "base" and parts[1] in base["tables"]:
            return _json(200, dialect.success | {"itemIndex": parts[1], dialect.fields["rows"]: base["tables"][parts[1]]})
        raise Refused(404, "平台没有这张基础数据表")

    async def _data(self, dialect: Dialect, enterprise: Enterprise, content: dict[str, Any]) -> Answer:
        batch = read_batch(content, dialect, enterprise, datetime.fromtimestamp(self._now_ms() / 1000, UTC))
        await self._store_all(batch.readings)
        self._metrics.add("readings_total", len(batch.readings))
        if batch.faults:
            status = 200 if batch.readings else 400
            return _json(status, _failure(dialect, f"已接收{len(batch.readings)}行，其余有误", batch.faults))
        return _json(200, dict(dialect.success))

    async def _keep(self, dialect: Dialect, enterprise: Enterprise, message: str, content: dict[str, Any]) -> Answer:
        """Base data and meters are kept as they came; what they mean is read downstream."""
        await self._store_all(
            [{"message": message, "enterprise_code": enterprise.code, "dialect": dialect.name, "content": _texts(content)}]
        )
        return _json(200, dict(dialect.success))

    async def _store_all(self, rows: list[dict[str, Any]]) -> None:
        """Waits until all rows are durable."""
        if not rows:
            return
        assert self._committer is not None
        durable = asyncio.get_running_loop().create_future()
        waiting = len(rows)

        def done() -> None:
            nonlocal waiting
            waiting -= 1
            if not waiting and not durable.done():
                durable.set_result(None)

        for row in rows:
            key = identity(json.dumps(row, ensure_ascii=False, sort_keys=True).encode())
            self._committer.put(meter_record(row, key, self._now_ms()), done)
        try:
            await asyncio.wait_for(durable, _STORE_S if not self._committer.alarm else 1.0)
        except TimeoutError as error:
            raise Refused(503, "平台暂时无法存储，请稍后重传") from error


def _key_of(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization" and value.startswith(b"Bearer "):
            return str(value[7:].decode("latin-1").strip())
    return _NO_KEY


async def _body(receive: Receive, limit: int) -> bytes:
    """The whole body, within size and time."""
    parts: list[bytes] = []
    size = 0
    deadline = asyncio.get_running_loop().time() + _BODY_S
    while True:
        try:
            event = await asyncio.wait_for(receive(), max(deadline - asyncio.get_running_loop().time(), 0.001))
        except TimeoutError as error:
            raise Refused(408, "发送过慢") from error
        if event["type"] == "http.disconnect":
            raise Refused(400, "连接中断")
        size += len(event.get("body", b""))
        if size > limit:
            raise Refused(413, f"报文超过{limit}字节")
        parts.append(event.get("body", b""))
        if not event.get("more_body"):
            return b"".join(parts)


def _failure(dialect: Dialect, text: str, faults: list[RowFault]) -> dict[str, Any]:
    answer: dict[str, Any] = {dialect.code_field: dialect.failure_code, dialect.message_field: text}
    if faults:
        answer[dialect.errors_field] = [fault._asdict() for fault in faults]
    return answer


def _texts(content: Any) -> Any:
    """Exact numbers as text, so that JSON can hold them again."""
    if isinstance(content, dict):
        return {name: _texts(value) for name, value in content.items()}
    if isinstance(content, list):
        return [_texts(value) for value in content]
    return content if isinstance(content, (str, bool, int)) or content is None else str(content)


def _json(status: int, content: dict[str, Any]) -> Answer:
    return Answer(status, json.dumps(content, ensure_ascii=False).encode())


def serve_intake(root: Path, host: str, port: int, certificate: str, key: str, now_ms: Callable[[], int], address: str = "") -> int:
    """Runs the intake until it is told to stop."""
    import uvicorn

    application = Intake(root, address or f"https://{host}:{port}", now_ms)
    config = uvicorn.Config(
        application, host=host, port=port, ssl_certfile=certificate, ssl_keyfile=key, lifespan="on", log_level="warning",
        access_log=False, server_header=False, limit_concurrency=1000, timeout_keep_alive=30, h11_max_incomplete_event_size=65536,
    )  # fmt: skip
    uvicorn.Server(config).run()
    return 0
