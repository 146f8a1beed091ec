"""Growth at comparable prices or on a comparable basis: a quantity of its own, in percent (accounting 11)."""

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
from shuangkong.apps.ledger.measures import MEASURES, PERCENT
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period

#: the word on the screen → the ledger's measure
GROWTHS = {MEASURES[name].label: name for name in ("gdp_growth", "industry_value_added_growth", "energy_growth")}
ONE = c.scale_of(Decimal(1))
TOTAL_LOSS = -100 * int(ONE.micro)


def _measure(raw: Any) -> str:
    text = "".join(words_of(raw).split())
    if text not in GROWTHS:
        raise InputError(_("不认识指标“{text}”").format(text=raw), why=_("不在增速指标名单中"), do=_("从下拉列表中选择"))
    return GROWTHS[text]


def _cumulative(period: Period) -> Period | None:
    if period.kind == "year":
        return Period.ytd(period.start.year, 12)
    return period if period.kind == "ytd" else None


class GrowthKind(LedgerKind):
    """Published growth, cumulative."""

    id = "growth"
    title = gettext_lazy("可比增速")
    about = gettext_lazy("按可比价格或可比口径计算的同比增长速度（%），1—n 月累计")

    def columns(self, user: Any) -> list[Column]:
        """Region, zone, measure, period, rate, release, remark."""
        book = current_rulebook()
        place, zone = c.place_columns(c.Places(user))
        hint = _("同比增长的百分数，下降为负；不带 %")
        return [
            place,
            zone,
            Column("measure", _("指标"), _("从下拉列表中选择"), next(iter(GROWTHS)), choices=tuple(GROWTHS), convert=_measure, width=24),
            c.period_column(_cumulative, _("写成 2025年1—6月 或 2025年"), _("2025年1—6月")),
            Column("rate", _("同比增长（%）"), hint, 5.6, required=False, raw=True),
            c.release_column(book),
            c.remark_column(),
        ]

    def checker(self, user: Any, form: Form) -> GrowthChecker:
        """Makes the lines of one file."""
        return GrowthChecker(user, form)


class GrowthChecker(LedgerChecker):
    """Rows of rates."""

    quantity_column = "rate"

    def lines(self, columns: Mapping[str, list[Any]]) -> Iterator[Made]:
        """One rate a row."""
        order = ("place", "zone", "measure", "period", "rate", "release", "remark")
        self.note(columns["period"], columns["measure"])
        for place, zone, measure, period, raw, release, remark in zip(*(columns[name] for name in order), strict=True):
            micro, faults = self.quantity(raw, ONE, "rate", may_fall=True)
            if micro is None or micro <= TOTAL_LOSS:
                yield self.refused(faults[0] if micro is None else Fault("rate", _("降幅不会达到 100%"), "", _("核对数值")))
                continue
            rate = format(c.number_of(raw), "f")
            yield self.made(
                Line(
                    *place,
                    zone,
                    measure,
                    "",
                    "",
                    "",
                    *period,
                    None,
                    rate,
                    PERCENT,
                    c.filed_text(raw),
                    None,
                    release,
                    MEASURES[measure].comparable,
                    remark,
                ),
                faults,
            )


KIND = GrowthKind()
