"""Meter readings of key energy users: a dialect's JSON turned into one canonical form, row by row, each fault named.

Pure: bytes and the time in, readings and faults out.  Field names come from a mapping file per dialect; conformity with a
platform is not claimed before a test with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from shuangkong.series.files import read_json

CIVIL = timezone(timedelta(hours=8))
ENTERPRISES_FILE = "meters.json"
BASE_DATA_FILE = "base-data.json"
_DATA_CODE = re.compile(r"[0-9]{16}")
_LEVELS = ((1, slice(0, 2)), (2, slice(2, 4)), (3, slice(4, 8)))
"""Digits of process, process unit, equipment with its unit: a level above the scope is zeros."""
_INPUT_TYPE = re.compile(r"[0-9]{1,2}")
_MOST_ERRORS = 100


class RowFault(NamedTuple):
    """What is wrong with a row: its place in the batch (None: the message itself), the field as the sender calls it, words."""

    row: int | None
    field: str
    text: str


@dataclass(frozen=True)
class Dialect:
    """A mapping file: how one platform's clients call the fields, and how they are answered."""

    name: str
    success: dict[str, str]
    failure_code: str
    code_field: str
    message_field: str
    errors_field: str
    time_format: str
    fields: dict[str, str]
    optional: tuple[str, ...]
    period_kinds: dict[str, str]
    register_answer: dict[str, str]
    limits: dict[str, int]


@dataclass(frozen=True)
class Enterprise:
    """An energy user that may upload: ``key_sm3`` is the SM3 of its key; ``demonstration`` marks all that it sends."""

    code: str
    key_sm3: str
    device_id: str
    region: str = ""
    demonstration: bool = False


class Batch(NamedTuple):
    """A read upload: canonical readings and the faults of the rest."""

    readings: list[dict[str, Any]]
    faults: list[RowFault]


def read_dialects(root: Path) -> dict[str, Dialect]:
    """The dialects that ship with the gateway, and those of ``dialects/*.json`` in the store, which prevail.  Raises ValueError."""
    shipped = resources.files(__package__).joinpath("dialects")
    contents = [json.loads(file.read_text("utf-8")) for file in shipped.iterdir() if file.name.endswith(".json")]
    contents += [read_json(path) for path in sorted((root / "dialects").glob("*.json"))]
    return {content["name"]: _read_dialect(content) for content in contents}


def _read_dialect(content: dict[str, Any]) -> Dialect:
    known = set(Dialect.__dataclass_fields__)
    missing = sorted(known - set(content))
    if missing:
        raise ValueError(f"dialect {content.get('name')!r} lacks {', '.join(missing)}")
    return Dialect(**{name: content[name] for name in known} | {"optional": tuple(content["optional"])})


def read_enterprises(root: Path) -> dict[str, Enterprise]:
    """The energy users of a store by their code; empty without a file."""
    content = read_json(root / ENTERPRISES_FILE) or {"enterprises": []}
    return {row["code"]: Enterprise(**row) for row in content["enterprises"]}


def read_object(body: bytes) -> dict[str, Any]:
    """A JSON object with exact numbers.  Raises ValueError (also for NaN, and for nesting beyond reason)."""
    try:
        content = json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("嵌套过深") from error
    if not isinstance(content, dict):
        raise ValueError("不是JSON对象")
    return content


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text}不是数")


def read_batch(content: dict[str, Any], dialect: Dialect, enterprise: Enterprise, now: datetime) -> Batch:
    """The readings of an upload.  ``now`` is aware."""
    name = dialect.fields["rows"]
    rows = content.get(name)
    if not isinstance(rows, list) or not rows:
        return Batch([], [RowFault(None, name, "缺少数据行")])
    if len(rows) > dialect.limits["rows"]:
        return Batch([], [RowFault(None, name, f"一次最多{dialect.limits['rows']}行，共{len(rows)}行，请分批上传")])
    if content.get(dialect.fields["device_id"]) != enterprise.device_id:
        return Batch([], [RowFault(None, dialect.fields["device_id"], "端设备编号不是注册时给出的编号")])
    readings: list[dict[str, Any]] = []
    faults: list[RowFault] = []
    for index, row in enumerate(rows):
        found = list(_row_faults(index, row, dialect, now))
        if found:
            faults += found[: max(_MOST_ERRORS - len(faults), 0)]
        else:
            readings.append(_canonical(row, dialect, enterprise))
    return Batch(readings, faults)


def _row_faults(index: int, row: object, dialect: Dialect, now: datetime) -> Iterator[RowFault]:
    if not isinstance(row, dict):
        yield RowFault(index, "", "不是JSON对象")
        return
    names = dialect.fields
    for name in ("data_code", "value", "input_type", "period_kind", "period_start", "scope"):
        if row.get(names[name]) in (None, "") and name not in dialect.optional:
            yield RowFault(index, names[name], "缺少该字段")
            return
    code = _bare(row[names["data_code"]])
    scope = str(row.get(names["scope"]))
    if not _DATA_CODE.fullmatch(code):
        yield RowFault(index, names["data_code"], "采集数据编码去掉连字符后应为16位数字")
    elif scope not in ("1", "2", "3", "4"):
        yield RowFault(index, names["scope"], "采集范围应为1至4")
    elif any(int(scope) <= level and code[digits].strip("0") for level, digits in _LEVELS):
        yield RowFault(index, names["data_code"], f"采集范围为{scope}时，更细层级的编码应为0")
    if _number(row[names["value"]], dialect.limits["value_digits"]) is None:
        yield RowFault(index, names["value"], "不是数，或位数过多")
    if not _INPUT_TYPE.fullmatch(str(row.get(names["input_type"]))):
        yield RowFault(index, names["input_type"], "采集方式应为编码")
    yield from _time_faults(index, row, dialect, now)


def _time_faults(index: int, row: dict[str, Any], dialect: Dialect, now: datetime) -> Iterator[RowFault]:
    names, limits = dialect.fields, dialect.limits
    kind = dialect.period_kinds.get(str(row.get(names["period_kind"])))
    if kind is None:
        yield RowFault(index, names["period_kind"], "统计周期不在编码表中")
    start = _moment(row[names["period_start"]], dialect)
    if start is None:
        yield RowFault(index, names["period_start"], "时间格式不符")
        return
    if kind == "realtime" and (start.minute % limits["realtime_minutes"] or start.second):
        yield RowFault(index, names["period_start"], f"实时数据的时间应为{limits['realtime_minutes']}分钟的整倍数")
    if start > now + timedelta(minutes=limits["future_minutes"]):
        yield RowFault(index, names["period_start"], "时间在未来")
    if start < now - timedelta(days=limits["backfill_days"]):
        yield RowFault(index, names["period_start"], f"早于可补传的{limits['backfill_days']}天")


def _canonical(row: dict[str, Any], dialect: Dialect, enterprise: Enterprise) -> dict[str, Any]:
    names = dialect.fields
    kind = dialect.period_kinds[str(row[names["period_kind"]])]
    start = _moment(row[names["period_start"]], dialect)
    value = _number(row[names["value"]], dialect.limits["value_digits"])
    assert start is not None
    assert value is not None
    return {
        "enterprise_code": enterprise.code,
        "data_code": _bare(row[names["data_code"]]),
        "period_kind": kind,
        "period_start": _floor(start, kind).isoformat(),
        "value": format(value, "f"),
        "input_type": str(row[names["input_type"]]),
        "scope": str(row[names["scope"]]),
        "valid": row.get(names["valid"], True) not in (False, "false", "0", 0),
        "demonstration": enterprise.demonstration,
        "dialect": dialect.name,
    }


def _bare(code: object) -> str:
    return str(code).replace("-", "")


def _number(value: object, digits: int) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    if not number.is_finite() or len(number.as_tuple().digits) > digits or abs(number.adjusted()) > digits:
        return None
    return number


def _moment(text: object, dialect: Dialect) -> datetime | None:
    try:
        return datetime.strptime(str(text), dialect.time_format).replace(tzinfo=CIVIL)
    except ValueError:
        return None


def _floor(start: datetime, kind: str) -> datetime:
    """The beginning of the period in which the time lies."""
    if kind == "realtime":
        return start
    start = start.replace(hour=0, minute=0, second=0)
    if kind == "day":
        return start
    return start.replace(day=1) if kind == "month" else start.replace(month=1, day=1)
