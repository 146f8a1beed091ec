"""Energy by product × flow × sector × county × period. Quantities in the product's own units; a row without a flow is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuangkong.apps.desk.imports.kinds import Column, Fault, Form, words_of
from shuangkong.apps.ledger.imports import columns as c
from shuangkong.apps.ledger.imports.base import LedgerChecker, LedgerKind, Made, Units
from shuangkong.apps.ledger.imports.lines import Line
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.rulebook.loader import Rulebook

UNIT_CHOICES = ("吨", "万吨", "立方米", "万立方米", "亿立方米", "千瓦时", "万千瓦时", "亿千瓦时", "GJ", "吨标准煤", "万吨标准煤")


class EnergyKind(LedgerKind):
    """What counties file each quarter, cumulative."""

    id = "energy"
    title = gettext_lazy("能源消费（分品种、流向、行业）")
    about = gettext_lazy("分地区、行业、品种、流向的能源实物量，按季累计（1—3、1—6、1—9、1—12月）")

    def columns(self, user: Any) -> list[Column]:
        """Region, zone, industry, product, flow, period, quantity, unit, release, remark."""
        place, zone = c.place_columns(c.Places(user), parts_only=True)
        book = current_rulebook()
        products = tuple(product.label for product in book.products)
        return [
            place,
            zone,
            c.industry_column(book),
            Column(
                "product", _("能源品种"), _("规则库中的品种名称"), _("原煤"), choices=products, convert=partial(_product, book), width=16
            ),
            c.term_column(
                book,
                "flow",
                _("流向"),
                "flows",
                _("终端消费、加工转换投入、加工转换产出、回收利用、输配损失、调入、调出、期初库存、期末库存等"),
                _("终端消费"),
            ),
            c.period_column(c.cumulative_quarter, _("写成 2025年1—3月、1—6月、1—9月 或 2025年"), _("2025年1—6月")),
            Column("quantity", _("数量"), _("不带单位的数；空白不等于零"), 12345.67, required=False, raw=True),
            Column(
                "unit", _("计量单位"), _("吨、万吨、万立方米、万千瓦时、GJ、吨标准煤等"), _("吨"), choices=UNIT_CHOICES, convert=words_of
            ),
            c.release_column(book),
            c.remark_column(),
        ]

    def checker(self, user: Any, form: Form) -> EnergyChecker:
        """Makes the lines of one file."""
        return EnergyChecker(user, form)


def _product(book: Rulebook, raw: Any) -> tuple[str, str]:
    product = book.products.find(words_of(raw))
    return product.code, product.dimension


class EnergyChecker(LedgerChecker):
    """Rows of product and flow."""

    def __init__(self, user: Any, form: Form) -> None:
        super().__init__(user, form)
        self._units = Units()

    def lines(self, columns: Mapping[str, list[Any]]) -> Iterator[Made]:
        """One energy line a row."""
        order = ("place", "zone", "industry", "product", "flow", "period", "quantity", "unit", "release", "remark")
        self.note(columns["period"], ("energy",))
        for place, zone, industry, (product, dimension), flow, period, raw, unit, release, remark in zip(
            *(columns[name] for name in order), strict=True
        ):
            scale = self._units.of(dimension, unit)
            if type(scale) is Fault:
                yield self.refused(scale)
                continue
            micro, faults = self.quantity(raw, scale, dimension)
            if micro is None:
                yield self.refused(faults[0])
                continue
            filed = c.filed_text(raw)
            line = Line(*place, zone, "energy", industry, product, flow, *period, micro, None, unit, filed, None, release, False, remark)
            yield self.made(line, faults)


KIND = EnergyKind()
