"""Events and frames described as plain data: what the command and the calculator print."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from shuangkong.hj212.connection import Event, Unreadable, decode
from shuangkong.hj212.errors import RemoteProtocolError
from shuangkong.hj212.faults import Fault
from shuangkong.hj212.framing import Frame, Garbage
from shuangkong.hj212.message import LENIENT, Message, Profile, read_message

Description = dict[str, object]


def plain(value: object) -> object:
    """A typed value as JSON holds it: numbers as exact text, times in ISO 8601."""
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, datetime) else value


def describe(event: Event) -> Description:
    """An event; ``valid`` says that nothing is wrong that the profile does not forgive."""
    if isinstance(event, Message):
        found: Description = {"valid": not event.errors, "errors": _plain_faults(event.errors), "warnings": _plain_faults(event.warnings)}
        return found | _contents(event)
    faults = (event.fault,) if isinstance(event, Garbage) else event.faults if isinstance(event, Unreadable) else ()
    raw = event.sample if isinstance(event, Garbage) else event.raw if isinstance(event, Unreadable) else b""
    return {"valid": False, "errors": _plain_faults(faults), "raw": raw.decode("utf-8", "backslashreplace")}


def inspect(text: str, profile: Profile = LENIENT) -> Description:
    """One frame as text, as a person pastes it.

    A tail that was lost or changed in pasting is put back and named.  Header and data are read as far as they can be even when
    length or check is wrong: then ``valid`` is false.
    """
    body = text.lstrip().rstrip("\r\n")
    lost = (Fault("tail_missing"),) if not text.endswith("\r\n") else ()
    raw = body.encode() + b"\r\n"
    message: Message | None
    known: tuple[Fault, ...] = lost
    try:
        message = decode(raw, profile)
    except RemoteProtocolError as error:
        message = _read_anyway(raw, profile)
        known += error.faults
    if message is not None:
        known += message.all_faults
    errors = [fault for fault in known if not profile.forgives(fault)]
    warnings = [fault for fault in known if profile.forgives(fault)]
    found: Description = {"valid": not errors, "errors": _plain_faults(errors), "warnings": _plain_faults(warnings)}
    return found | (_contents(message) if message else {"header": {}, "data": {"fields": {}, "factors": {}}})


def _read_anyway(raw: bytes, profile: Profile) -> Message | None:
    """What can be read of a frame whose hull is wrong."""
    end = raw.rfind(b"&&") + 2
    if not raw.startswith(b"##") or end < 2:
        return None
    try:
        return read_message(Frame(raw[6:end], raw), profile)
    except RemoteProtocolError:
        return None


def _contents(message: Message) -> Description:
    content = message.content
    factors = {code: {name: plain(value) for name, value in values.items()} for code, values in content.factors.items()}
    return {
        "header": message.header,
        "data": {"fields": {name: plain(value) for name, value in content.fields.items()}, "factors": factors},
    }


def _plain_faults(faults: Iterable[Fault]) -> list[dict[str, str]]:
    return [fault.as_dict() for fault in faults]
