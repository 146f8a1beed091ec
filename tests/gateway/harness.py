"""A gateway in the test's own loop, and loggers that talk to it."""

import asyncio
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from shuangkong.gateway.limits import Limits
from shuangkong.gateway.server import Gateway
from shuangkong.hj212 import Connection, Message, build_frame
from shuangkong.hj212.message import CIVIL
from shuangkong.series.devices import Device, write_devices
from shuangkong.series.spool import Place, Record, SpoolWriter, read_spool

NOW = datetime(2026, 3, 1, 8, tzinfo=CIVIL)
NOW_MS = int(NOW.timestamp() * 1000)
MN, OTHER, STRICT, KEYED = (f"{number:024X}" for number in range(1, 5))
PW = "123456"
KEY = b"0" * 16
DEVICES = [
    Device(MN, PW, st=("32",), edition=2017, over_time_s=0.2, resends=1),
    Device(OTHER, "654321", addresses=("10.0.0.0/8",)),
    Device(STRICT, PW, profile="strict", edition=2017),
    Device(KEYED, PW, edition=2025, key=KEY.hex()),
]


def frame(cp="DataTime=20260301075900;w01018-Rtd=30.1,w01018-Flag=N", number=0, **more):
    moment = NOW - timedelta(seconds=30) + timedelta(milliseconds=number)
    qn = f"{moment:%Y%m%d%H%M%S}{moment.microsecond // 1000:03d}"
    return build_frame(**{"qn": qn, "st": "32", "cn": "2011", "pw": PW, "mn": MN, "flag": 5, "cp": cp} | more)


class Client:
    """A logger."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self._connection = reader, writer, Connection()

    async def send(self, *frames):
        self.writer.write(b"".join(frames))
        await self.writer.drain()

    async def hear(self, wait_s=2.0):
        """The next message from the gateway; None when it says nothing; EOFError when it closed."""
        while not isinstance(event := self._connection.next_event(), Message):
            try:
                data = await asyncio.wait_for(self.reader.read(65536), wait_s)
            except TimeoutError:
                return None
            if not data:
                raise EOFError
            self._connection.receive_data(data)
        return event

    async def is_closed(self, wait_s=3.0):
        try:
            await self.hear(wait_s)
        except (EOFError, ConnectionError):
            return True
        return False


class Running:
    def __init__(self, gateway, port, root):
        self.gateway, self.port, self.root = gateway, port, root

    async def connect(self):
        return Client(*await asyncio.open_connection("127.0.0.1", self.port))

    def kept(self, kind=1):
        return [found for found, _ in read_spool(self.root / "spool" / "w0", Place()) if isinstance(found, Record) and found.kind == kind]

    def incidents(self):
        return {incident.code: incident for incident in self.gateway.incidents.take(NOW_MS)}


@asynccontextmanager
async def running(root, store=None, **limits):
    write_devices(root, DEVICES)
    store = store or SpoolWriter(root / "spool" / "w0")
    gateway = Gateway(root, "w0", store, lambda: NOW_MS, Limits(**limits))
    port = await gateway.start("127.0.0.1", 0)
    try:
        yield Running(gateway, port, root)
    finally:
        await gateway.stop()
        if isinstance(store, SpoolWriter):
            store.close()
