"""The transfer standard for monitored pollution sources, HJ 212, as a codec without I/O: bytes in, events out.

Editions HJ/T 212-2005, HJ 212-2017 and HJ 212-2025 (the last as far as its rules are known).  This room depends on
nothing but Python.  ``python -m shuangkong.hj212 decode FILE`` uses it from the command line.

::

    bytes ─→ Framer ─→ Frame ─→ read_message ─→ Message ─→ .content (typed when asked)
             Connection: the three together, one per TCP connection, with the profile of the device
             PacketAssembler: split packets in any order;  Exchange: a command to the field and its answers
             columns.read_columns: many kept frames at once
"""

from __future__ import annotations

from shuangkong.hj212.check import crc16, crc16_modbus
from shuangkong.hj212.connection import NEED_DATA, Connection, decode
from shuangkong.hj212.content import Content
from shuangkong.hj212.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from shuangkong.hj212.exchange import Exchange
from shuangkong.hj212.faults import FAULTS, Fault
from shuangkong.hj212.framing import Frame, Framer, Garbage
from shuangkong.hj212.message import LENIENT, STRICT, Message, Profile, read_message
from shuangkong.hj212.packets import PacketAssembler
from shuangkong.hj212.writing import build_frame, build_reply, build_request

__all__ = [
    "FAULTS",
    "LENIENT",
    "NEED_DATA",
    "STRICT",
    "Connection",
    "Content",
    "Exchange",
    "Fault",
    "Frame",
    "Framer",
    "Garbage",
    "LocalProtocolError",
    "Message",
    "PacketAssembler",
    "Profile",
    "ProtocolError",
    "RemoteProtocolError",
    "build_frame",
    "build_reply",
    "build_request",
    "crc16",
    "crc16_modbus",
    "decode",
    "read_message",
]
