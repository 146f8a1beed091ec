"""The reference of the codec benchmark: a plain Python parser with a table CRC, written for the comparison.

It checks length, CRC, QN and the known codes, types every value (Decimal, time, flag) with the digits of the factor table, and
gives the same structure as the codec: a fair, ordinary piece of code, not a slow one.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal

from shuangkong.hj212.catalogue import commands, factors, flags, standard
from shuangkong.hj212.check import TABLE

CIVIL = timezone(timedelta(hours=8))
FACTORS = factors()
DIGITS = {code: factor.digits(2017) for code, factor in FACTORS.items()}
FLAGS = flags()
SYSTEMS = standard()["systems"]
COMMANDS = commands()
TIMES = {"DataTime", "BeginTime", "EndTime", "SystemTime", "RestartTime"}


def table_crc(data):
    crc = 0xFFFF
    for byte in data:
        crc = TABLE[(crc >> 8) ^ byte]
    return crc


def parse_time(text):
    return datetime(int(text[:4]), int(text[4:6]), int(text[6:8]), int(text[8:10]), int(text[10:12]), int(text[12:14]), tzinfo=CIVIL)


def parse_value(factor, field, text):
    if field == "Flag":
        if text not in FLAGS:
            raise ValueError("flag")
        return text
    value = Decimal(text)
    whole, _, decimals = text.partition(".")
    digits = (14, 2) if field == "Cou" else DIGITS[factor]
    if digits is not None and (len(whole.lstrip("+-").lstrip("0")) > digits[0] or len(decimals) > digits[1]):
        raise ValueError("type")
    return value


def parse_frame(frame):
    """One frame with its CR LF → (header, plain fields, factor → field → value)."""
    if frame[:2] != b"##" or frame[-2:] != b"\r\n":
        raise ValueError("hull")
    length = int(frame[2:6])
    segment = frame[6:-6]
    if len(segment) != length:
        raise ValueError("length")
    if table_crc(segment) != int(frame[-6:-2], 16):
        raise ValueError("crc")
    head, cp, _ = segment.decode().split("&&")
    header = {}
    for part in head.split(";"):
        name, value = part.split("=")
        header[name] = value
    parse_time(header["QN"])
    if header["ST"] not in SYSTEMS or header["CN"] not in COMMANDS or not 0 <= int(header["Flag"]) <= 255:
        raise ValueError("header")
    fields, values = {}, {}
    for item in cp.split(";"):
        for pair in item.split(","):
            name, text = pair.split("=")
            if "-" in name:
                factor, field = name.split("-")
                if factor not in FACTORS:
                    raise ValueError("factor")
                values.setdefault(factor, {})[field] = parse_value(factor, field, text)
            elif name in TIMES:
                fields[name] = parse_time(text)
            else:
                fields[name] = text
    return header, fields, values


def parse_stream(data):
    """All frames of a stream of whole lines."""
    return [parse_frame(line) for line in data.splitlines(keepends=True)]
