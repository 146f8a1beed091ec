"""``python -m shuangkong.hj212 decode FILE``: what stands in a file of frames, one JSON object a line.

Exit status: 0 all frames good; 1 something is wrong with a frame, or there are bytes outside frames; 2 the file cannot be read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from shuangkong.hj212.catalogue import EDITIONS
from shuangkong.hj212.connection import NEED_DATA, Connection, Event
from shuangkong.hj212.description import describe
from shuangkong.hj212.framing import Garbage
from shuangkong.hj212.message import Profile
from shuangkong.hj212.sm4 import decrypter

_CHUNK_BYTES = 65_536


def read_events(file: BinaryIO, connection: Connection) -> Iterator[Event]:
    """All events of a file; line ends and blanks between frames are no garbage."""
    while chunk := file.read(_CHUNK_BYTES):
        connection.receive_data(chunk)
        yield from _pending(connection)
    while connection.buffered:
        event = connection.give_up()
        if isinstance(event, Garbage) and event.sample.strip():
            yield event
        yield from _pending(connection)


def _pending(connection: Connection) -> Iterator[Event]:
    while (event := connection.next_event()) is not NEED_DATA:
        if not isinstance(event, Garbage) or event.sample.strip():
            yield event


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m shuangkong.hj212", description="污染物自动监测数据传输（HJ 212）报文解码")
    verbs = parser.add_subparsers(dest="verb", required=True)
    decode = verbs.add_parser("decode", help="解码文件中的报文，每条一行JSON")
    decode.add_argument("file", help="报文文件；- 为标准输入")
    decode.add_argument("--edition", type=int, choices=EDITIONS, help="设备登记的标准版本（缺省按标志Flag）")
    decode.add_argument("--strict", action="store_true", help="严格：任何偏差都算错误")
    decode.add_argument("--key", help="2025年版SM4密钥，32位十六进制")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command."""
    chosen = _parser().parse_args(arguments)
    profile = Profile("strict" if chosen.strict else "lenient", chosen.strict, chosen.edition)
    try:
        decrypt = decrypter(bytes.fromhex(chosen.key)) if chosen.key else None
        file = sys.stdin.buffer if chosen.file == "-" else open(chosen.file, "rb")  # noqa: SIM115
    except (OSError, ValueError) as error:
        print(f"{chosen.file}：无法读取（{error}）", file=sys.stderr)
        return 2
    good = True
    with file:
        for event in read_events(file, Connection(lambda mn: profile, decrypt)):
            described = describe(event)
            good = good and bool(described["valid"])
            print(json.dumps(described, ensure_ascii=False))
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
