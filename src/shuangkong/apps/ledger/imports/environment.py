"""Quality of air and water by county and year: readings that are never summed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuangkong.apps.desk.imports.kinds import Column, Fault, Form, words_of
from shuangkong.apps.ledger.imports import columns as c
from shuangkong.apps.ledger.imports.base import LedgerChecker, LedgerKind, Made
from shuangkong.apps.ledger.imports.lines import Line
from shuangkong.apps.ledger.measures import MEASURES
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period

#: the word on the screen → the ledger's measure
READINGS = {MEASURES[name].label: name for name in ("pm25", "o3", "water_sections", "water_sections_met")}
COUNTS = ("water_sections", "water_sections_met")
ONE = c.scale_of(Decimal(1))


def _measure(raw: Any) -> str:
    text = "".join(words_of(raw).split())
    if text not in READINGS:
        raise InputError(_("不认识指标“{text}”").format(text=raw), why=_("不在环境质量指标名单中"), do=_("从下拉列表中选择"))
    return READINGS[text]


def _year(period: Period) -> Period | None:
    return period if period.kind == "year" else None


class EnvironmentKind(LedgerKind):
    """Readings of a year."""

    id = "environment"
    title = gettext_lazy("环境质量")
    about = gettext_lazy("各县市区年度空气质量（PM2.5、臭氧）和地表水考核断面；用于污染物目标分解")

    def columns(self, user: Any) -> list[Column]:
        """Region, measure, year, reading, release, remark."""
        place, _zone = c.place_columns(c.Places(user))
        hint = _("浓度写 μg/m³，断面写个数；不带单位")
        return [
            place,
            Column("measure", _("指标"), _("从下拉列表中选择"), next(iter(READINGS)), choices=tuple(READINGS), convert=_measure, width=32),
            c.period_column(_year, _("写成 2025年"), _("2025年")),
            Column("rate", _("数值"), hint, 28.5, required=False, raw=True),
            c.release_column(current_rulebook()),
            c.remark_column(),
        ]

    def checker(self, user: Any, form: Form) -> EnvironmentChecker:
        """Makes the lines of one file."""
        return EnvironmentChecker(user, form)


class EnvironmentChecker(LedgerChecker):
    """Rows of readings."""

    quantity_column = "rate"

    def lines(self, columns: Mapping[str, list[Any]]) -> Iterator[Made]:
        """One reading a row."""
        order = ("place", "measure", "period", "rate", "release", "remark")
        self.note(columns["period"], columns["measure"])
        for place, measure, period, raw, release, remark in zip(*(columns[name] for name in order), strict=True):
            micro, faults = self.quantity(raw, ONE, "reading")
            if micro is None:
                yield self.refused(faults[0])
                continue
            number = c.number_of(raw)
            if measure in COUNTS and number != number.to_integral_value():
                yield self.refused(Fault("rate", _("断面数不是整数"), "", _("核对数值")))
                continue
            rate, unit = format(number, "f"), MEASURES[measure].unit
            line = Line(
                *place, None, measure, "", "", "", *period, None, rate, unit, c.filed_text(raw), None, release, False, remark
            )  # fmt: skip
            yield self.made(line, faults)


KIND = EnvironmentKind()
