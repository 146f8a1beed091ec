"""A small form, and returns on it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from shuangkong.core.checks import REGISTERED, Return, model_of
from shuangkong.core.forms import Basis, Column, Deadline, Form, Line, Table
from shuangkong.core.periods import Period

USE = Table(
    "use", "消费", "fixed",
    (Column("stock", "库存", decimals=4), Column("bought", "购进", decimals=4), Column("used", "消费", decimals=4, required=True)),
    (Line("coal", "原煤", unit="吨"), Line("power", "电力", unit="万千瓦时"), Line("gas", "天然气", unit="万立方米")),
)  # fmt: skip
MADE = Table(
    "made", "产品", "repeating",
    (
        Column("product", "产品", kind="text"), Column("unit", "单位", kind="choice", choices=("吨", "件")), Column("amount", "产量"),
        Column("hours", "小时", unit="小时"), Column("energy", "能耗", unit="吨标准煤"), Column("share", "占比", unit="%", kind="ratio"),
    ),
)  # fmt: skip
RUN = Table("run", "运行", "fixed", (Column("value", "本月"),), (Line("days", "天数", unit="天"), Line("note", "备注")))
SUMS = Table(
    "sums", "合计", "fixed", (Column("coal", "原煤", unit="吨"),),
    (Line("in", "进"), Line("out", "出"), Line("net", "净", sum_of=(("in", 1), ("out", -1)))),
)  # fmt: skip
WORDS = Table("words", "说明", "fixed", (Column("text", "文字", kind="text"),), (Line("why", "原因"),))


def form_of(kind: str = "month", tables: Sequence[Table] = (USE, MADE, RUN, SUMS, WORDS), months: Sequence[int] = ()) -> Form:
    """A form of these tables."""
    basis = Basis("平台规则", "测试", "design")
    return Form(
        "small", "1", "小表", date(2020, 1, 1), None, kind, "enterprise", ("city",), ("drc",), Deadline(5), "administrative", basis,
        tuple(tables), months=tuple(months),
    )  # fmt: skip


FORM = form_of()
SEPTEMBER = Period.month(2026, 9)


def months(count: int, last: Period = SEPTEMBER) -> list[Period]:
    """So many months up to ``last``, oldest first."""
    end = last.start.year * 12 + last.start.month - 1
    return [Period.month(at // 12, at % 12 + 1) for at in range(end - count + 1, end + 1)]


def of(cells: Mapping[str, Any], form: Form = FORM, period: Period = SEPTEMBER, **beside: Any) -> Return:
    """A return of these cells."""
    return Return(form, "91-A", period, {address: str(value) for address, value in cells.items()}, **beside)


def over_time(address: str, values: Iterable[Any], **more: Any) -> Return:
    """A return whose cell had these values month by month, the last one now; None leaves it out."""
    listed = list(values)
    pairs = list(zip(months(len(listed)), listed, strict=True))
    history = [(period, {} if value is None else {address: str(value)}) for period, value in pairs[:-1]]
    return of({address: listed[-1], **more}, history=history)


def found(name: str, on: Any, **parameters: Any) -> list[str]:
    """What a registered check says, in words."""
    model = model_of(name, parameters, lambda rule: "0")
    return [saw.words for saw in REGISTERED[name].function(on, model)]


def wobble(count: int, middle: str = "1000", spread: str = "0.08", places: int = 2) -> list[str]:
    """Values that vary evenly within a share of the middle, the same at each run."""
    chance = random.Random(20)
    return [str(round(Decimal(middle) * (1 + Decimal(spread) * Decimal(str(chance.uniform(-1, 1)))), places)) for _ in range(count)]
