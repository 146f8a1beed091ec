"""Building frames: requests to the field, answers, and what simulators upload."""

from __future__ import annotations

from shuangkong.hj212.catalogue import commands, standard
from shuangkong.hj212.check import crc16
from shuangkong.hj212.errors import LocalProtocolError
from shuangkong.hj212.message import Message, read_qn

_VERSION = {2005: 0, 2017: 1, 2025: 2}
_ANSWER_ST = "91"


def hull(segment: bytes) -> bytes:
    """A data segment with head, length, check and tail.  Raises LocalProtocolError beyond 1 024 bytes."""
    if len(segment) > standard()["limits"]["segment_bytes"]:
        raise LocalProtocolError(f"data segment of {len(segment)} bytes: split it")
    return b"##%04d%b%04X\r\n" % (len(segment), segment, crc16(segment))


def build_frame(
    *, qn: str, st: str, cn: str, pw: str, mn: str, flag: int | None, cp: str = "", pnum: int = 0, pno: int = 0, resent: bool = False
) -> bytes:  # fmt: skip
    """A whole frame; ``flag`` None writes the edition of 2005 without Flag.  Raises LocalProtocolError."""
    if read_qn(qn) is None:
        raise LocalProtocolError(f"QN {qn!r} is no 17-digit time")
    if pnum and not 1 <= pno <= pnum <= standard()["limits"]["packets_max"]:
        raise LocalProtocolError(f"packet {pno} of {pnum}")
    if "&&" in cp or "\r" in cp or "\n" in cp:
        raise LocalProtocolError("the data area must not hold && or a line end")
    parts = [f"QN={qn};ST={st};CN={cn};PW={pw};MN={mn};"]
    if flag is not None:
        parts.append(f"Flag={flag};")
    if pnum:
        parts.append(f"PNUM={pnum};PNO={pno};")
    if resent:
        parts.append("RF=1;")
    parts.append(f"CP=&&{cp}&&")
    return hull("".join(parts).encode())


def flag_of(edition: int, *, answer: bool, split: bool = False) -> int:
    """The Flag of an edition."""
    return _VERSION[edition] << 2 | split << 1 | answer


def build_request(edition: int, cn: str, *, qn: str, st: str, pw: str, mn: str, cp: str = "") -> bytes:
    """A command to the field that asks for an answer.  Raises LocalProtocolError for what no host may send."""
    command = commands().get(cn)
    if command is None or command.from_host not in ("request", "notify"):
        raise LocalProtocolError(f"CN {cn} is no command to the field")
    return build_frame(qn=qn, st=st, cn=cn, pw=pw, mn=mn, flag=flag_of(edition, answer=True), cp=cp)


def answer_command(message: Message) -> str | None:
    """The command that answers an uploaded message: 9014 for data, 9013 for a notice, None for answers.

    A command that is not in the lists is answered as data when it is of the data group (2000–2999).
    """
    command = commands().get(message.cn)
    if command is None:
        return "9014" if message.cn.startswith("2") else None
    return {"upload": "9014", "notify": "9013"}.get(command.from_field)


def build_reply(message: Message, cn: str, cp: str = "") -> bytes:
    """The answer to a message: same QN and MN, system 91, a Flag that asks for no answer.

    A message without a QN (edition of 2005) can be named by no answer.  Raises LocalProtocolError.
    """
    if cn not in ("9011", "9012", "9013", "9014"):
        raise LocalProtocolError(f"CN {cn} is no answer")
    flag = None if message.flag is None else message.flag & ~0b11
    return build_frame(qn=message.qn, st=_ANSWER_ST, cn=cn, pw=message.pw, mn=message.mn, flag=flag, cp=cp)
