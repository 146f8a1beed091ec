"""The gateway of one process: who may send, what is kept, what is answered.

Telemetry is evidence with a quality, never authority: what a registered device sends is kept with its deviations named; what a
stranger sends is neither kept as data nor answered, and a stranger, a wrong password and a wrong address look alike from
outside.  An answer goes out only after its frame is durable.
"""

from __future__ import annotations

import asyncio
import hmac
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from shuangkong.gateway.commit import Committer, Store
from shuangkong.gateway.field import FieldRunner
from shuangkong.gateway.incidents import Incidents
from shuangkong.gateway.limits import Limits
from shuangkong.gateway.metrics import Metrics
from shuangkong.gateway.session import Session
from shuangkong.hj212 import LENIENT, Garbage, LocalProtocolError, Message, PacketAssembler, Profile, build_reply
from shuangkong.hj212.catalogue import standard
from shuangkong.hj212.connection import Unreadable
from shuangkong.hj212.sm4 import decrypter
from shuangkong.hj212.writing import answer_command
from shuangkong.series.devices import DEVICES_FILE, Device, read_devices
from shuangkong.series.files import write_atomically, write_json
from shuangkong.series.records import frame_record, incident_record, words_of

_ANSWERS = frozenset({"9011", "9012", "9013", "9014"})
_NOBODY = Device("", "\x00")
_TICK_S = 0.5
_decrypter = lru_cache(maxsize=4096)(decrypter)


class Gateway:
    """All connections of one process.

    ``now_ms`` is the civil clock (milliseconds since 1970), handed in; ``announce`` hears alarms that no file can hold.
    """

    def __init__(
        self,
        root: Path,
        worker: str,
        store: Store,
        now_ms: Callable[[], int],
        limits: Limits | None = None,
        announce: Callable[[str], None] | None = None,
    ) -> None:
        self.root, self.worker, self.now_ms = root, worker, now_ms
        self.limits = limits or Limits()
        self.loop = asyncio.get_running_loop()
        self.metrics, self.incidents = Metrics(), Incidents()
        self.committer = Committer(store, self.metrics, self.limits.remembered_keys, announce)
        self.field = FieldRunner(self)
        self.devices: dict[str, Device] = {}
        self.sessions: set[Session] = set()
        self.session_of: dict[str, Session] = {}
        self.lost_ms: dict[str, int] = {}
        self._profiles: dict[str, Profile] = {}
        self._by_address: Counter[str] = Counter()
        self._packets = PacketAssembler(self.limits.packets_s, limit=1000)
        self._devices_stamp: object = None
        self._tasks: list[asyncio.Task[None]] = []
        self._server: asyncio.Server | None = None
        self._stopping = False
        self._status_is_due = False
        self.devices_alarm = ""
        self._started_ms = now_ms()

    # ── life ──

    async def start(self, host: str, port: int) -> int:
        """Listens; several processes may listen on one port.  Gives the port."""
        self.read_devices()
        self.field.recover()
        self._server = await self.loop.create_server(lambda: Session(self), host, port, reuse_port=True, backlog=4096)
        self._tasks = [asyncio.create_task(self.committer.run()), asyncio.create_task(self._tick())]
        self.write_status()
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """A clean stop: no new connections, what was taken is made durable and answered, then all is closed."""
        self._stopping = True
        assert self._server is not None
        self._server.close()
        self._flush_incidents()
        self.committer.stop()
        await self._tasks[0]
        for session in list(self.sessions):
            session.finish()
        await asyncio.sleep(0)
        self._tasks[1].cancel()
        await asyncio.gather(self._tasks[1], return_exceptions=True)
        for session in list(self.sessions):
            session.close("stopped")
        self.field.interrupt("网关停止")
        self.committer.close()
        self.write_status()

    async def _tick(self) -> None:
        """The slow work: time-outs, commands, files."""
        status_at = incidents_at = self.loop.time()
        while True:
            await asyncio.sleep(_TICK_S)
            now = self.loop.time()
            self.read_devices()
            for session in list(self.sessions):
                session.check_times(now)
            for group in self._packets.expire(now):
                first = group.packets[0]
                missing = "、".join(map(str, group.missing))
                self.tell("packets_missing", f"分包未到齐，缺第{missing}包", mn=first.mn, sample=first.raw)
            await self.field.step(now)
            if now - incidents_at >= self.limits.incident_s:
                incidents_at = now
                self._flush_incidents()
            if self._status_is_due or now - status_at >= self.limits.status_s:
                status_at = now
                self.write_status()

    # ── files ──

    def read_devices(self) -> None:
        """Reads the device file when it has changed; a broken one leaves the devices as they were and is an alarm."""
        path = self.root / DEVICES_FILE
        try:
            known = path.stat()
        except FileNotFoundError:
            return
        stamp = (known.st_mtime_ns, known.st_ino, known.st_size)
        if stamp == self._devices_stamp:
            return
        self._devices_stamp = stamp
        try:
            self.devices = read_devices(self.root)
            self.devices_alarm = ""
        except (ValueError, TypeError, KeyError) as error:
            self.devices_alarm = f"设备文件无法读取，仍用原来的设备：{error}"
            self.tell("devices_file_broken", self.devices_alarm)
            return
        self._profiles = {
            mn: Profile(device.profile, device.profile == "strict", device.edition, bool(device.modbus_crc))
            for mn, device in self.devices.items()
        }
        self.lost_ms = {mn: at_ms for mn, at_ms in self.lost_ms.items() if mn in self.devices}
        for mn, session in list(self.session_of.items()):
            if mn not in self.devices:
                session.close("unregistered", "设备已不在登记表")

    def write_status(self) -> None:
        """Writes the files that an operator and Prometheus read.  A full disk is an alarm already and no reason to end."""
        self.metrics.set("connections", len(self.sessions))
        content = {
            "worker": self.worker,
            "started_ms": self._started_ms,
            "written_ms": self.now_ms(),
            "stopping": self._stopping,
            "alarms": self.alarms,
            "connections": len(self.sessions),
            "online": sorted(self.session_of),
            "lost": self.lost_ms,
        }
        self._status_is_due = False
        try:
            write_json(self.root / "status" / f"{self.worker}.json", content)
            write_atomically(self.root / "metrics" / f"{self.worker}.prom", self.metrics.text(self.worker).encode())
        except OSError:
            # the alarm is also in memory and goes out with the next status that can be written
            self.metrics.set("storage_failing", 1)

    @property
    def alarms(self) -> list[str]:
        """What needs an operator now."""
        oldest = datetime.fromtimestamp(self.now_ms() / 1000, UTC).date() - timedelta(days=standard()["key_life_days"])
        old = [device.mn for device in self.devices.values() if device.key and device.key_created and device.key_created < str(oldest)]
        keys = f"{len(old)}台设备的密钥已过期，应更新：{'、'.join(old[:5])}" if old else ""
        return [alarm for alarm in (self.committer.alarm, self.devices_alarm, keys) if alarm]

    def _flush_incidents(self) -> None:
        for incident in self.incidents.take(self.now_ms()):
            self.committer.put(incident_record(incident, self.worker), _nothing)

    # ── connections ──

    def enter(self, session: Session) -> bool:
        """Whether a new connection may stay."""
        self.sessions.add(session)
        self._by_address[session.address] += 1
        full = len(self.sessions) > self.limits.connections
        if full or self._by_address[session.address] > self.limits.connections_per_address or self._stopping:
            self.metrics.add("connections_refused_total")
            self.tell("too_many_connections", "连接数超过上限", address=session.address)
            return False
        self.metrics.add("connections_total")
        return True

    def leave(self, session: Session) -> None:
        """A connection is gone."""
        if session not in self.sessions:
            return
        self.sessions.discard(session)
        self._by_address[session.address] -= 1
        if not self._by_address[session.address]:
            del self._by_address[session.address]
        for mn in session.devices:
            if self.session_of.get(mn) is session:
                del self.session_of[mn]
                self._miss(mn, session)

    def _miss(self, mn: str, session: Session) -> None:
        """A device is gone.  One that connects anew for each of its uploads is not lost by that; one that held its connection is."""
        if session.uploads > 1 and mn in self.devices:
            self.lost_ms[mn] = self.now_ms()
        self._status_is_due = True

    def note_closed(self, session: Session, reason: str, words: str) -> None:
        """We close a connection."""
        self.metrics.add("connections_closed_total", label=reason)
        if words:
            self.tell(f"closed_{reason}", words, address=session.address, mn=min(session.devices, default=""))
        self.leave(session)

    @property
    def is_behind(self) -> bool:
        """Whether more is pending than should be: then nobody is read for a moment."""
        return self.committer.pending_bytes > self.limits.pending_bytes

    def tell(self, code: str, text: str, *, mn: str = "", address: str = "", sample: bytes = b"", answer: str = "") -> None:
        """Something an operator should see."""
        self.incidents.tell(code, text, self.now_ms(), mn=mn, address=address, sample=sample, answer=answer)

    # ── messages ──

    def profile_of(self, mn: str) -> Profile:
        """How a device is read."""
        return self._profiles.get(mn, LENIENT)

    def decrypt(self, segment: bytes) -> bytes | None:
        """The plain text of an encrypted segment, if its device has a key."""
        start = segment.find(b"MN=") + 3
        end = segment.find(b";", start)
        if start < 3 or end < 0:
            return None
        device = self.devices.get(segment[start:end].decode("ascii", "replace"))
        if device is None or not device.key:
            return None
        return _decrypter(bytes.fromhex(device.key))(segment)

    def take(self, message: Message, session: Session) -> None:
        """A message came."""
        device = self.devices.get(message.mn)
        refusal = _refusal(device, message, session.address)
        if device is None or refusal:
            self._refuse(refusal, message, session)
            return
        if message.mn not in session.devices:
            session.devices.add(message.mn)
            self._status_is_due = True
        session.uploads += 1
        self.lost_ms.pop(message.mn, None)
        self.session_of[message.mn] = session
        if message.cn in _ANSWERS:
            self.field.receive(message, self.loop.time())
            self.committer.put(frame_record(message, session.address, self.worker, set(), self.now_ms()), _nothing)
            return
        if device.st and message.st not in device.st:
            self._deviation("st_not_registered", f"系统编码{message.st}不是登记的", message, session)
        codes = self._judge(message, device, session)
        if codes is None:
            return
        self.field.receive(message, self.loop.time())
        if message.is_split:
            self._packets.add(message, self.loop.time())
        record = frame_record(message, session.address, self.worker, codes, self.now_ms())
        answer = self._answer(message)
        metrics = self.metrics

        def done() -> None:
            if answer and session.send(answer):
                metrics.add("acknowledged_total")

        metrics.add("frames_total", label=message.cn)
        if not self.committer.put(record, done):
            metrics.add("frames_repeated_total")

    def _judge(self, message: Message, device: Device, session: Session) -> set[str] | None:
        """The codes of what is wrong with a message of a registered device; None when it is refused."""
        errors = message.errors
        if errors:
            self.metrics.add("frames_refused_total", label=errors[0].code)
            self._deviation(errors[0].code, words_of(errors), message, session)
            return None
        codes = set()
        for fault in message.warnings:
            codes.add(fault.code)
            self._deviation(fault.code, str(fault), message, session)
        for code, text in self._time_faults(message):
            codes.add(code)
            self._deviation(code, text, message, session)
        if device.st and message.st not in device.st:
            codes.add("st_not_registered")
        return codes

    def _time_faults(self, message: Message) -> list[tuple[str, str]]:
        """Times that cannot be: kept as they are, named, and no reason to let the device send for ever."""
        limits = self.limits
        now = datetime.fromtimestamp(self.now_ms() / 1000, UTC)
        found = []
        data_time, sent_at = message.content.data_time, message.sent_at
        if data_time is not None and not -limits.future_s <= (now - data_time).total_seconds() <= limits.past_s:
            found.append(("data_time_implausible", f"数据时间{data_time:%Y-%m-%d %H:%M:%S}与当前时间相差过大"))
        if sent_at is not None and abs((now - sent_at).total_seconds()) > limits.clock_off_s:
            found.append(("clock_off", f"现场机时钟{sent_at:%Y-%m-%d %H:%M:%S}与当前时间相差超过一天，应校时"))
        return found

    def _answer(self, message: Message) -> bytes | None:
        """The answer that the standard asks for: to a notice always, to data when the flag (or the edition of 2005) asks."""
        cn = _answer_asked(message)
        if cn is None:
            return None
        try:
            return build_reply(message, cn)
        except LocalProtocolError:
            return None

    def _deviation(self, code: str, text: str, message: Message, session: Session) -> None:
        answer = "none" if message.errors else _answer_asked(message) or "not_asked"
        self.tell(code, text, mn=message.mn, address=session.address, sample=message.raw, answer=answer)

    def _refuse(self, reason: str, message: Message, session: Session) -> None:
        """A stranger, by whatever sign: no answer, nothing kept as data, an incident for the operator."""
        self.metrics.add("frames_refused_total", label=reason)
        self.tell(reason, _REFUSALS[reason], mn=message.mn[:30], address=session.address, sample=message.raw, answer="none")
        self._count_refusal(session)

    def refuse_unreadable(self, event: Unreadable, session: Session) -> None:
        """A frame that cannot be read: dropped without an answer, as the standard says."""
        code = event.faults[-1].code
        self.metrics.add("frames_refused_total", label=code)
        mn = min(session.devices, default="")
        self.tell(code, words_of(event.faults), address=session.address, mn=mn, sample=event.raw, answer="none")
        self._count_refusal(session)

    def _count_refusal(self, session: Session) -> None:
        session.refusals += 1
        if session.refusals > self.limits.refusals and not session.devices:
            session.close("refusals")

    def hear_garbage(self, event: Garbage, session: Session) -> None:
        """Bytes outside frames."""
        self.metrics.add("garbage_bytes_total", event.size)
        self.tell("garbage", str(event.fault), address=session.address, mn=min(session.devices, default=""), sample=event.sample)


_REFUSALS = {
    "device_unknown": "未登记的设备",
    "password_wrong": "设备密码不符",
    "address_wrong": "设备从未登记的地址连接",
}


def _refusal(device: Device | None, message: Message, address: str) -> str:
    """Why a message is not taken, or empty.  All checks are made in every case, so that time tells a stranger nothing."""
    known = device or _NOBODY
    password_right = hmac.compare_digest(message.pw.encode(), known.pw.encode())
    address_right = known.may_call_from(address)
    if device is None:
        return "device_unknown"
    if not password_right:
        return "password_wrong"
    return "" if address_right else "address_wrong"


def _answer_asked(message: Message) -> str | None:
    """The command that answers a message; None where it asks for no answer or can be named by none."""
    cn = answer_command(message)
    return None if not message.qn or (cn == "9014" and not message.wants_answer) else cn


def _nothing() -> None:
    """What an incident waits for."""
