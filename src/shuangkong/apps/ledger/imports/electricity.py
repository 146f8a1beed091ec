"""Electricity used, by month and 1–n月, by sector or for all. The file to copy for a new kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuangkong.apps.desk.imports.kinds import Column, Fault, Form, words_of
from shuangkong.apps.ledger.imports import columns as c
from shuangkong.apps.ledger.imports.base import LedgerChecker, LedgerKind, Made, Units
from shuangkong.apps.ledger.imports.lines import Line
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.core.periods import Period


def _monthly(period: Period) -> Period | None:
    if period.kind == "year":
        return Period.ytd(period.start.year, 12)
    return period if period.kind in {"month", "ytd"} else None


class ElectricityKind(LedgerKind):
    """What the grid company and the counties know each month."""

    id = "electricity"
    title = gettext_lazy("用电量（月度、累计）")
    about = gettext_lazy("分地区、行业的全社会用电量，按月或 1—n 月累计")

    def columns(self, user: Any) -> list[Column]:
        """Region, zone, industry, period, quantity, unit, release, remark."""
        book = current_rulebook()
        place, zone = c.place_columns(c.Places(user))
        return [
            place,
            zone,
            c.industry_column(book),
            c.period_column(_monthly, _("写成 2025年6月 或 2025年1—6月"), _("2025年6月")),
            Column("quantity", _("用电量"), _("不带单位的数；空白不等于零"), 4321.5, required=False, raw=True),
            Column(
                "unit",
                _("计量单位"),
                _("千瓦时、万千瓦时、亿千瓦时"),
                _("万千瓦时"),
                choices=("千瓦时", "万千瓦时", "亿千瓦时"),
                convert=words_of,
            ),
            c.release_column(book),
            c.remark_column(),
        ]

    def checker(self, user: Any, form: Form) -> ElectricityChecker:
        """Makes the lines of one file."""
        return ElectricityChecker(user, form)


class ElectricityChecker(LedgerChecker):
    """Rows of electricity."""

    def __init__(self, user: Any, form: Form) -> None:
        super().__init__(user, form)
        self._units = Units()

    def lines(self, columns: Mapping[str, list[Any]]) -> Iterator[Made]:
        """One electricity line a row."""
        order = ("place", "zone", "industry", "period", "quantity", "unit", "release", "remark")
        self.note(columns["period"], ("electricity",))
        for place, zone, industry, period, raw, unit, release, remark in zip(*(columns[name] for name in order), strict=True):
            scale = self._units.of("electricity", unit)
            if type(scale) is Fault:
                yield self.refused(scale)
                continue
            micro, faults = self.quantity(raw, scale, "electricity")
            if micro is None:
                yield self.refused(faults[0])
                continue
            yield self.made(
                Line(
                    *place,
                    zone,
                    "electricity",
                    industry,
                    "",
                    "",
                    *period,
                    micro,
                    None,
                    unit,
                    c.filed_text(raw),
                    None,
                    release,
                    False,
                    remark,
                ),
                faults,
            )


KIND = ElectricityKind()
