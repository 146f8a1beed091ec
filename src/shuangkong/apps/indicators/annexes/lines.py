"""A row of an annex table as targets, and back: what a row says, what stands, and how the two are compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from shuangkong.apps.indicators.models import HANDED_DOWN, Indicator, Target
from shuangkong.core.digest import sm3_hex
from shuangkong.core.errors import InputError
from shuangkong.core.quantities import decimal_of

#: Signs as people write them → as they are kept.
SIGNS = {"≥": ">=", "≤": "<=", ">": ">", "＞": ">", "<": "<", "＜": "<", "≈": "≈", "=": "=", "＝": "="}
_WRITTEN = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "≈": "≈", "=": "=", "": "="}
_NUMBER = re.compile(r"(?P<name>.+?)(?P<sign>[≥≤>＞<＜≈=＝])(?P<number>[\d.,，]+)(?P<unit>[^（(]*)[（(](?P<year>\d{4})年[)）]")
_WORDS = re.compile(r"(?P<name>.+?)[：:](?P<words>.+)[（(](?P<year>\d{4})年[)）]")
#: Ways of writing a rate that falls.
_FALLS = ("降低率", "下降率", "降幅", "减少率")
FAMILY = "plan"
#: Set when a target is made, and never by a workbook afterwards.
ONCE = ("shape",)


class Saying(NamedTuple):
    """What a row says of one target: of which indicator (code, name, unit), whose, and the fields that the table carries, as text."""

    code: str
    name: str
    unit: str
    subject_id: int
    action_id: int | None
    industry: str
    fields: dict[str, Any]

    @property
    def key(self) -> tuple[Any, ...]:
        """Which target it is within a plan."""
        return self.code, self.subject_id, self.industry


def named_code(name: str, unit: str) -> str:
    """The code of an indicator that a plan names and nothing here computes."""
    return f"named:{sm3_hex(f'{name}|{unit}'.encode())[:16]}"


def shape_of_named(name: str, unit: str) -> str:
    """How a named indicator is read: a rate that falls counts from the base year, all else is a level."""
    return "decline" if unit == "%" and name.endswith(_FALLS) else "level"


def read_main(text: str) -> tuple[str, str, dict[str, Any]]:
    """``规模以上工业单位增加值能耗降低率≥14%（2025年）`` as name, unit and fields; words stand behind a colon.

    Raises:
        InputError: it is neither.
    """
    plain = "".join(text.split())
    if found := _NUMBER.fullmatch(plain):
        number = decimal_of(found["number"].replace("，", ""))
        fields = {"number": format(number, "f"), "words": "", "comparison": SIGNS[found["sign"]], "target_year": int(found["year"])}
        return found["name"], found["unit"], fields
    if found := _WORDS.fullmatch(plain):
        return found["name"], "", {"number": None, "words": found["words"], "comparison": "", "target_year": int(found["year"])}
    do = "写成 单位面积能耗降低率≥5%（2025年），或 低氮改造：基本完成（2025年）"
    raise InputError(f"读不出主要目标“{text[:40]}”", why="要有指标、目标值、年份", do=do)


def write_main(target: Target) -> str:
    """The same text of a target."""
    if target.number is None:
        return f"{target.indicator.name}：{target.words}（{target.last}年）"
    number = format(target.number, "f")
    return f"{target.indicator.name}{_WRITTEN[target.comparison]}{number}{target.indicator.unit}（{target.last}年）"


def standing(plan_ids: Iterable[int]) -> dict[tuple[Any, ...], Target]:
    """The targets of plans that are handed down, by plan and key: one statement."""
    rows = Target.objects.unscoped("a workbook is compared with what it would change").filter(HANDED_DOWN, plan__in=list(plan_ids))
    return {(t.plan_id, t.indicator.code, t.subject_id, t.industry): t for t in rows.select_related("indicator", "subject", "action")}


def differs(target: Target | None, saying: Saying) -> bool:
    """Whether a row says something else than what stands, in the fields that the table carries."""
    if target is None:
        return True
    return target.action_id != saying.action_id or any(_differs(target, name, value) for name, value in saying.fields.items())


def _differs(target: Target, name: str, value: Any) -> bool:
    if name in ONCE:
        return False
    if name == "details":
        return any(target.details.get(key) != word for key, word in value.items())
    if name == "target_year":
        return target.last != value
    stands = getattr(target, name)
    return (stands is None) != (value is None) or (Decimal(value) != stands if isinstance(stands, Decimal) else stands != value)


def put_on(target: Target, fields: Mapping[str, Any]) -> None:
    """The fields of a row onto a target; words make it qualitative, a number binding where it was words."""
    for name, value in fields.items():
        if name == "details":
            target.details = {**target.details, **value}
        elif name not in ONCE or target.pk is None:
            setattr(target, name, Decimal(value) if name in ("number", "incentive", "base_value") and value is not None else value)
    if target.number is None:
        target.kind = Target.Kind.QUALITATIVE
    elif target.kind == Target.Kind.QUALITATIVE:
        target.kind = Target.Kind.BINDING


def indicator_for(saying: Saying, known: dict[str, Indicator]) -> Indicator:
    """The indicator of a row, made when a plan names it for the first time."""
    if saying.code not in known:
        made = Indicator(code=saying.code, name=saying.name, unit=saying.unit, family=FAMILY, position=900, decimals=_decimals(saying))
        made.save()
        known[saying.code] = made
    return known[saying.code]


def _decimals(saying: Saying) -> int:
    number = saying.fields.get("number")
    return 0 if number is None else min(4, max(0, -int(Decimal(number).normalize().as_tuple().exponent)))
