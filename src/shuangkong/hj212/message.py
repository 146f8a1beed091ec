"""A message: the header of a data segment read and checked, its data area left as text until asked."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from shuangkong.hj212.catalogue import commands, standard
from shuangkong.hj212.content import Content, read_content
from shuangkong.hj212.errors import RemoteProtocolError
from shuangkong.hj212.faults import Fault
from shuangkong.hj212.framing import Frame

CIVIL = timezone(timedelta(hours=8))
"""The civil time in which field devices write: UTC+8, without summer time."""

_BY_VERSION = {0: 2005, 1: 2017, 2: 2025}
_SYSTEMS = frozenset(standard()["systems"])
_COMMANDS = frozenset(commands())
_CONTENT_BYTES: int = standard()["limits"]["content_bytes"]
_FLAG_MAX: int = standard()["limits"]["flag_max"]

_REGULAR = re.compile(
    r"QN=(\d{17});ST=(\d\d);CN=(\d{4});PW=([0-9A-Za-z]{6});MN=([0-9A-F]{24});Flag=(\d{1,3});"
    r"(?:PNUM=(\d{1,4});PNO=(\d{1,4});)?(RF=1;)?CP=&&(.*)&&",
    re.DOTALL,
)
_ORDER = ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF")
_BY_CAPITALS = {name.upper(): name for name in _ORDER}
_MN = re.compile(r"[0-9A-F]{24}")
_SPLIT_BIT, _ANSWER_BIT = 2, 1
_QN_CHARS, _HEAD_CHARS = 20, 160


_UNSPLIT: dict[int | None, int] = {version << 2 | answer: edition for version, edition in _BY_VERSION.items() for answer in (0, 1)}


class _Minutes(dict[str, bool]):
    """``YYYYMMDDhhmm`` → whether there is such a minute; the devices of a city share their minutes."""

    LIMIT = 4096

    def __missing__(self, text: str) -> bool:
        if len(self) >= self.LIMIT:
            self.clear()
        known = self[text] = read_qn(text + "00000") is not None
        return known


_MINUTES = _Minutes()


class Profile(NamedTuple):
    """How a device is read: the edition it is registered with (None: by its flag) and whether deviations are forgiven.

    ``modbus``: somebody approved that this device checks by CRC-16/Modbus.
    """

    name: str
    strict: bool
    edition: int | None = None
    modbus: bool = False

    def forgives(self, fault: Fault) -> bool:
        """Whether the fault is a warning under this profile."""
        if fault.code == "crc_modbus":
            return self.modbus
        return fault.forgivable and not self.strict


LENIENT = Profile("lenient", strict=False)
STRICT = Profile("strict", strict=True)


class Message:
    """A message as it came: header fields (text; empty when absent), ``cp`` between the ``&&``, and the faults so far.

    ``flag`` is None when absent (edition of 2005).  ``raw`` is the frame as it came, with its tail.
    """

    __slots__ = ("_content", "cn", "cp", "faults", "flag", "mn", "pno", "pnum", "profile", "pw", "qn", "raw", "resent", "st")

    def __init__(
        self, qn: str, st: str, cn: str, pw: str, mn: str, flag: int | None, pnum: int, pno: int, resent: bool, cp: str,
        raw: bytes, faults: tuple[Fault, ...], profile: Profile,
    ) -> None:  # fmt: skip
        self.qn, self.st, self.cn, self.pw, self.mn, self.flag = qn, st, cn, pw, mn, flag
        self.pnum, self.pno, self.resent, self.cp = pnum, pno, resent, cp
        self.raw, self.faults, self.profile = raw, faults, profile
        self._content: Content | None = None

    def __repr__(self) -> str:
        return f"<Message QN={self.qn} ST={self.st} CN={self.cn} MN={self.mn}>"

    @property
    def edition(self) -> int:
        """The registered edition, else by the version bits of the flag, else 2005."""
        return self.profile.edition or _BY_VERSION.get((self.flag or 0) >> 2, 2017)

    @property
    def wants_answer(self) -> bool:
        """Bit 0 of the flag (the letter differs by edition, the bit does not)."""
        return bool((self.flag or 0) & _ANSWER_BIT)

    @property
    def is_split(self) -> bool:
        """Whether this is one packet of several."""
        return self.pnum > 1

    @property
    def sent_at(self) -> datetime | None:
        """The moment that QN names, in civil time."""
        return read_qn(self.qn)

    @property
    def content(self) -> Content:
        """The data area, typed on first use."""
        if self._content is None:
            self._content = read_content(self.cp, self.cn, self.st, self.edition, self.mn)
        return self._content

    @property
    def all_faults(self) -> tuple[Fault, ...]:
        """Faults of hull, header and data area."""
        return self.faults + self.content.faults

    @property
    def errors(self) -> tuple[Fault, ...]:
        """Faults that the profile does not forgive."""
        return tuple(fault for fault in self.all_faults if not self.profile.forgives(fault))

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """Deviations that the profile lets pass."""
        return tuple(fault for fault in self.all_faults if self.profile.forgives(fault))

    @property
    def header(self) -> dict[str, object]:
        """The header as the calculator prints it, without the password."""
        names = ("qn", "st", "cn", "mn", "flag", "pnum", "pno", "resent")
        return {name: getattr(self, name) for name in names} | {"edition": self.edition}


def read_qn(text: str) -> datetime | None:
    """``YYYYMMDDhhmmsszzz`` as civil time, or None."""
    if len(text) != 17 or not text.isdigit():
        return None
    try:
        return datetime.fromisoformat(f"{text[:8]}T{text[8:14]}.{text[14:]}+08:00")
    except ValueError:
        return None


def read_message(frame: Frame, profile: Profile = LENIENT) -> Message:
    """Reads the header of a frame.  Raises RemoteProtocolError when there is nothing to read a header from."""
    try:
        text = frame.segment.decode()
    except UnicodeDecodeError as error:
        raise RemoteProtocolError((*frame.faults, Fault("not_utf8", str(error.start)))) from error
    at = text.find(";CP=&&", _QN_CHARS, _HEAD_CHARS)
    known = _HEADS.get(text[_QN_CHARS:at])
    if known is not None and (message := _read_known(text, at, known, frame, profile)) is not None:
        return message
    regular = _REGULAR.fullmatch(text)
    if regular is not None:
        qn, st, cn, pw, mn, flag, pnum, pno, rf, cp = regular.groups()
        message = Message(
            qn, st, cn, pw, mn, int(flag), int(pnum or 0), int(pno or 0), rf is not None, cp, frame.raw, frame.faults, profile
        )
        if not pnum and _is_ordinary(message, len(frame.segment)):
            if not rf:
                _HEADS.remember(text[_QN_CHARS:at], message)
            return message
    else:
        message = _read_irregular(text, frame, profile)
    message.faults += _semantic_faults(message)
    return message


class _Head(NamedTuple):
    """What stands between QN and data area in an ordinary frame: the same in all frames of a device and command."""

    st: str
    cn: str
    pw: str
    mn: str
    flag: int
    edition: int


class _Heads(dict[str, _Head]):
    """Header texts that have been read before; bounded, since a peer writes them."""

    LIMIT = 16_384

    def remember(self, text: str, message: Message) -> None:
        """Keeps the header of an ordinary message."""
        if len(self) >= self.LIMIT:
            self.clear()
        flag = message.flag or 0
        self[text] = _Head(message.st, message.cn, message.pw, message.mn, flag, _UNSPLIT[flag])


_HEADS = _Heads()


def _read_known(text: str, at: int, head: _Head, frame: Frame, profile: Profile) -> Message | None:
    """The message of a header that was read before, as the regular way would read it; None when anything else is unusual."""
    st, cn, pw, mn, flag, edition = head
    qn = text[3:_QN_CHARS]
    if (
        len(text) < at + 8
        or len(text) > _CONTENT_BYTES
        or profile.edition not in (None, edition)
        or not (text.isascii() and text.startswith("QN=") and text.endswith("&&") and qn.isdigit())
        or not (qn[12] < "6" and _MINUTES[qn[:12]])
    ):
        return None
    return Message(qn, st, cn, pw, mn, flag, 0, 0, False, text[at + 6 : -2], frame.raw, frame.faults, profile)


def _is_ordinary(message: Message, segment_bytes: int) -> bool:
    """A quick answer for the bulk of all frames: nothing that :func:`_semantic_faults` looks for is there."""
    edition = _UNSPLIT.get(message.flag)
    return (
        edition is not None
        and message.profile.edition in (None, edition)
        and segment_bytes <= _CONTENT_BYTES
        and message.cn in _COMMANDS
        and message.st in _SYSTEMS
        and _MINUTES[message.qn[:12]]
        and message.qn[12] < "6"
    )


def _semantic_faults(message: Message) -> tuple[Fault, ...]:
    """What the grammar cannot see: known codes, a QN that is a time, packet numbers that agree with the flag."""
    found: list[Fault] = []
    if message.qn and read_qn(message.qn) is None:
        found.append(Fault("qn_malformed", "QN", message.qn))
    if message.st not in _SYSTEMS and message.st.isdigit() and len(message.st) == 2:
        found.append(Fault("st_unknown", "ST", message.st))
    if message.cn not in _COMMANDS and message.cn:
        found.append(Fault("cn_unknown", "CN", message.cn))
    flag = message.flag
    if flag is not None:
        found += _flag_faults(flag, message)
    if message.pnum and not 1 <= message.pno <= message.pnum:
        found.append(Fault("packet_number_invalid", "PNO", f"{message.pno}/{message.pnum}"))
    if len(message.cp) > _CONTENT_BYTES // 4 and len(message.cp.encode()) > _CONTENT_BYTES:
        found.append(Fault("content_too_long", "CP", str(len(message.cp.encode()))))
    return tuple(found)


def _flag_faults(flag: int, message: Message) -> list[Fault]:
    found: list[Fault] = []
    edition = _BY_VERSION.get(flag >> 2)
    if flag > _FLAG_MAX:
        return [Fault("flag_malformed", "Flag", str(flag))]
    if edition is None:
        found.append(Fault("edition_unknown", "Flag", str(flag)))
    elif message.profile.edition not in (None, edition):
        found.append(Fault("edition_mismatch", "Flag", str(flag)))
    if flag & _SPLIT_BIT and not message.pnum:
        found.append(Fault("packet_numbers_missing", "Flag", str(flag)))
    if message.pnum and not flag & _SPLIT_BIT:
        found.append(Fault("packet_flag_missing", "Flag", str(flag)))
    return found


def _read_irregular(text: str, frame: Frame, profile: Profile) -> Message:
    """The header when it is not written as the standard's examples are: read what can be read and name each deviation."""
    head, opening, rest = text.partition("CP=&&")
    cp, closing, behind = rest.rpartition("&&")
    faults = list(frame.faults)
    if not opening or not closing or behind:
        raise RemoteProtocolError((*faults, Fault("content_missing", "CP")))
    fields = _header_fields(head, faults)
    faults += _syntax_faults(fields)
    flag_text = fields.get("Flag", "")
    return Message(
        fields.get("QN", ""), fields.get("ST", ""), fields.get("CN", ""), fields.get("PW", ""), fields.get("MN", ""),
        int(flag_text) if _is_whole(flag_text, 3) else None, _whole(fields, "PNUM", faults), _whole(fields, "PNO", faults),
        fields.get("RF") == "1", cp, frame.raw, tuple(faults), profile,
    )  # fmt: skip


def _header_fields(head: str, faults: list[Fault]) -> dict[str, str]:
    """Name → value of the header; ``,`` for ``;`` between fields is read too (``,MN=`` was seen)."""
    fields: dict[str, str] = {}
    if head and not head.endswith(";"):
        faults.append(Fault("header_malformed", "CP", head[-8:]))
    for part in head.rstrip(";").split(";") if head else ():
        for piece in part.split(",") if ",MN=" in part else (part,):
            if piece is not part and piece.startswith("MN="):
                faults.append(Fault("header_malformed", "MN", ",MN="))
            _take_field(piece, fields, faults)
    known = [name for name in fields if name in _ORDER]
    if known != sorted(known, key=_ORDER.index):
        faults.append(Fault("header_order", "", ";".join(known)))
    return fields


def _take_field(piece: str, fields: dict[str, str], faults: list[Fault]) -> None:
    name, equals, value = piece.partition("=")
    if not equals:
        faults.append(Fault("header_malformed", piece[:20]))
        return
    proper = _BY_CAPITALS.get(name.upper(), name)
    if proper != name:
        faults.append(Fault("header_field_case", proper, name))
    if proper not in _ORDER:
        faults.append(Fault("header_field_unknown", name[:20], value[:20]))
    if proper in fields:
        faults.append(Fault("header_field_repeated", proper, "" if proper == "PW" else value[:20]))
        return
    fields[proper] = value


def _is_whole(text: str, digits: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= digits


def _whole(fields: dict[str, str], name: str, faults: list[Fault]) -> int:
    text = fields.get(name)
    if text is None:
        return 0
    if not _is_whole(text, 4):
        faults.append(Fault("packet_number_invalid", name, text[:20]))
        return 0
    return int(text)


def _syntax_faults(fields: dict[str, str]) -> list[Fault]:
    """Each header field against table 3."""
    found: list[Fault] = []
    cn, st = fields.get("CN"), fields.get("ST", "")
    if not fields.get("QN"):
        found.append(Fault("qn_missing", "QN"))
    if not (len(st) == 2 and st.isdigit()):
        found.append(Fault("st_malformed", "ST", st[:20]))
    if cn is None:
        found.append(Fault("cn_missing", "CN"))
    elif not (_is_whole(cn, 4) and len(cn) == 4):
        found.append(Fault("cn_malformed", "CN", cn[:20]))
    if len(fields.get("PW", "")) != standard()["limits"]["password_chars"]:
        found.append(Fault("pw_malformed", "PW"))
    mn = fields.get("MN", "")
    if not _MN.fullmatch(mn):
        found.append(Fault("mn_malformed" if mn else "mn_missing", "MN", mn[:30]))
    flag = fields.get("Flag")
    if flag is None:
        found.append(Fault("flag_missing", "Flag"))
    elif not _is_whole(flag, 3):
        found.append(Fault("flag_malformed", "Flag", flag[:20]))
    if fields.get("RF", "1") != "1":
        found.append(Fault("rf_malformed", "RF", fields["RF"][:20]))
    return found
