"""GDP with its price base and release. Two price bases in one series of constant prices are refused (accounting 4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuangkong.apps.desk.imports.kinds import CONFIRM, Column, Fault, Form, words_of
from shuangkong.apps.ledger.imports import columns as c
from shuangkong.apps.ledger.imports.base import LedgerChecker, LedgerKind, Made, Units, price_base_in_force, staged_at
from shuangkong.apps.ledger.imports.lines import Line
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.core.errors import InputError
from shuangkong.rulebook.loader import Rulebook

CURRENT_PRICES = "当年价"
_SUFFIXES = ("年不变价", "年价格", "年价", "年可比价", "不变价", "年")


def price_bases(book: Rulebook) -> tuple[int, ...]:
    """The bases of constant prices that the rulebook knows."""
    rows = book.parameters["statistics.gdp_price_base"].all_rows()
    return tuple(sorted({int(row.number) for row in rows}))


def price_base_of(bases: tuple[int, ...], raw: Any) -> int:
    """The price base that a cell means: 0 for current prices, else the year of constant prices.

    Raises:
        InputError: no base that the rulebook knows.
    """
    text = "".join(words_of(raw).split())
    if text in {CURRENT_PRICES, "现价", "当年价格", "0"}:
        return 0
    for suffix in _SUFFIXES:
        text = text.removesuffix(suffix)
    if text.isdigit() and int(text) in bases:
        return int(text)
    known = "、".join(f"{base}年不变价" for base in bases)
    raise InputError(
        _("不认识价格基期“{text}”").format(text=raw),
        why=_("规则库中的基期：{known}").format(known=known),
        do=_("填 当年价 或 2020年不变价 等"),
    )


class GdpKind(LedgerKind):
    """GDP levels, cumulative by quarter."""

    id = "gdp"
    has_series = True
    title = gettext_lazy("地区生产总值")
    about = gettext_lazy("分地区的地区生产总值，注明价格基期和数据版本，按季累计")

    def columns(self, user: Any) -> list[Column]:
        """Region, zone, period, quantity, unit, price base, release, remark."""
        place, zone = c.place_columns(c.Places(user))
        book = current_rulebook()
        bases = price_bases(book)
        choices = (CURRENT_PRICES, *(f"{base}年不变价" for base in bases))
        return [
            place,
            zone,
            c.period_column(c.cumulative_quarter, _("写成 2025年1—3月、1—6月、1—9月 或 2025年"), _("2025年1—6月")),
            Column("quantity", _("地区生产总值"), _("不带单位的数；空白不等于零"), 123456.78, required=False, raw=True),
            Column("unit", _("计量单位"), _("万元、亿元"), _("万元"), choices=("万元", "亿元"), convert=words_of),
            Column(
                "price_base",
                _("价格基期"),
                _("当年价，或某年不变价"),
                _("2020年不变价"),
                choices=choices,
                convert=partial(price_base_of, bases),
            ),
            c.release_column(book),
            c.remark_column(),
        ]

    def checker(self, user: Any, form: Form) -> GdpChecker:
        """Makes the lines of one file."""
        return GdpChecker(user, form)

    def series(self, line: Sequence[Any]) -> tuple[tuple[Any, ...], int] | None:
        """Constant prices of one subject and period kind share a base within a five-year period; the base year opens its own."""
        base = staged_at(line, "price_base")
        if not base:
            return None
        year = int(staged_at(line, "period_start")[:4])
        first = year + 1 if year == base else (year - 1) // 5 * 5 + 1
        return (
            staged_at(line, "subject"),
            staged_at(line, "zone"),
            staged_at(line, "measure"),
            staged_at(line, "period_kind"),
            first,
        ), base


class GdpChecker(LedgerChecker):
    """Rows of GDP."""

    def __init__(self, user: Any, form: Form) -> None:
        super().__init__(user, form)
        self._units = Units()
        self._bases: dict[str, int | None] = {}

    def lines(self, columns: Mapping[str, list[Any]]) -> Iterator[Made]:
        """One GDP line a row."""
        order = ("place", "zone", "period", "quantity", "unit", "price_base", "release", "remark")
        self.note(columns["period"], ("gdp",))
        for place, zone, period, raw, unit, base, release, remark in zip(*(columns[name] for name in order), strict=True):
            scale = self._units.of("money", unit)
            if type(scale) is Fault:
                yield self.refused(scale)
                continue
            micro, faults = self.quantity(raw, scale, "money")
            if micro is None:
                yield self.refused(faults[0])
                continue
            yield self.made(
                Line(*place, zone, "gdp", "", "", "", *period, micro, None, unit, c.filed_text(raw), base, release, False, remark),
                (*faults, *self._unusual(base, period)),
            )

    def _unusual(self, base: int, period: tuple[str, str, str]) -> tuple[Fault, ...]:
        end = period[2]
        if end not in self._bases:
            self._bases[end] = price_base_in_force(end, self.book)
        usual = self._bases[end]
        if not base or usual in {None, base} or base == int(period[1][:4]):
            return ()
        why = _("{year} 年属于 {usual} 年不变价时期").format(year=period[1][:4], usual=usual)
        return (Fault("price_base", _("价格基期与时期不符"), why, _("改为 {usual}年不变价；确实如此请确认").format(usual=usual), CONFIRM),)


KIND = GdpKind()
