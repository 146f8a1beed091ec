"""What is taken out of energy before it is judged: feedstock, non-fossil energy, listed projects in tce, green certificates in numbers.

A deduction lowers a region's figure, so it needs its document: without one no row is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuangkong.apps.desk.imports.kinds import Column, Fault, Form, words_of
from shuangkong.apps.ledger.imports import columns as c
from shuangkong.apps.ledger.imports.base import LedgerChecker, LedgerKind, Made, Units
from shuangkong.apps.ledger.imports.lines import Line
from shuangkong.apps.ledger.measures import CERTIFICATE_ORIGINS, MEASURES
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.core.errors import InputError

CERTIFICATES = "green_certificate"
#: The word on the screen → the ledger's measure.
DEDUCTIONS = {MEASURES[name].label: name for name in ("feedstock_energy", "nonfossil_energy", "listed_energy", CERTIFICATES)}
_ORIGINS = {word: code for code, word in CERTIFICATE_ORIGINS.items()}
_FIRST_YEAR, _LAST_YEAR = 2017, 2100


def _kind(raw: Any) -> str:
    text = "".join(words_of(raw).split())
    if text not in DEDUCTIONS:
        raise InputError(_("不认识扣除项“{text}”").format(text=raw), why=_("不在扣除项名单中"), do=_("从下拉列表中选择"))
    return DEDUCTIONS[text]


def _origin(raw: Any) -> str:
    text = "" if raw is None else "".join(words_of(raw).split())
    if text and text not in _ORIGINS:
        raise InputError(_("绿证来源写“省外”或“省内”"), why=_("单元格里是“{text}”").format(text=raw))
    return _ORIGINS.get(text, "")


def _year(raw: Any) -> str:
    if raw is None:
        return ""
    number = c.number_of(raw)
    if number != number.to_integral_value() or not _FIRST_YEAR <= number <= _LAST_YEAR:
        raise InputError(_("绿证生产年份“{text}”不是年份").format(text=raw), do=_("写成 2025"))
    return str(int(number))


class DeductionKind(LedgerKind):
    """Deductions with the document that allows them."""

    id = "deduction"
    title = gettext_lazy("考核扣除项")
    about = gettext_lazy("原料用能、非化石能源、单列项目能耗（折标准煤）和绿证（个），1—n 月累计；须写依据文件")

    def columns(self, user: Any) -> list[Column]:
        """Region, zone, deduction, period, quantity, unit, origin and year of certificates, release, remark."""
        book = current_rulebook()
        place, zone = c.place_columns(c.Places(user))
        units = ("吨标准煤", "万吨标准煤", "个", "万个")
        return [
            place, zone,
            Column("kind", _("扣除项"), _("从下拉列表中选择"), next(iter(DEDUCTIONS)), choices=tuple(DEDUCTIONS), convert=_kind, width=20),
            c.period_column(c.cumulative_quarter, _("写成 2025年1—6月 或 2025年"), _("2025年")),
            Column("quantity", _("数量"), _("不带单位的数；空白不等于零，没有的写 0"), 1200, required=False, raw=True),
            Column("unit", _("计量单位"), _("能耗用吨标准煤，绿证用个"), units[0], choices=units, convert=words_of),
            Column("origin", _("绿证来源"), _("省外或省内；不是绿证的留空"), "", required=False, choices=tuple(_ORIGINS), convert=_origin),
            Column("made_in", _("绿证生产年份"), _("写成 2025；不是绿证的留空"), "", required=False, convert=_year),
            c.release_column(book),
            c.remark_column(),
        ]  # fmt: skip

    def checker(self, user: Any, form: Form) -> DeductionChecker:
        """Makes the lines of one file."""
        return DeductionChecker(user, form)


class DeductionChecker(LedgerChecker):
    """Rows of deductions."""

    def __init__(self, user: Any, form: Form) -> None:
        super().__init__(user, form)
        self._units = Units()

    def lines(self, columns: Mapping[str, list[Any]]) -> Iterator[Made]:
        """One deduction a row."""
        order = ("place", "zone", "kind", "period", "quantity", "unit", "origin", "made_in", "release", "remark")
        self.note(columns["period"], columns["kind"])
        for place, zone, kind, period, raw, unit, origin, made_in, release, remark in zip(*(columns[n] for n in order), strict=True):
            dimension = MEASURES[kind].dimension
            scale = self._units.of(dimension, unit)
            fault = self._undocumented() or _certificate_fault(kind, origin, made_in)
            if fault is not None or type(scale) is Fault:
                yield self.refused(fault or scale)  # type: ignore[arg-type]
                continue
            micro, faults = self.quantity(raw, scale, dimension)  # type: ignore[arg-type]
            if micro is None:
                yield self.refused(faults[0])
                continue
            marks = (made_in, origin) if kind == CERTIFICATES else ("", "")
            filed = c.filed_text(raw)
            yield self.made(
                Line(*place, zone, kind, "", *marks, *period, micro, None, unit, filed, None, release, False, remark), faults
            )  # fmt: skip

    def _undocumented(self) -> Fault | None:
        if self.form.document.strip():
            return None
        return Fault("kind", _("没有写依据文件"), _("扣除项会降低考核的能耗，须有依据"), _("在导入页填写文号，随文件一并保存"))


def _certificate_fault(kind: str, origin: str, made_in: str) -> Fault | None:
    """Certificates name their origin and year; nothing else does."""
    if kind == CERTIFICATES and not (origin and made_in):
        column = "made_in" if origin else "origin"
        return Fault(column, _("绿证要写来源和生产年份"), _("省内的不重复扣，生产年份须与考核年份相符"), _("补上后再导入"))
    if kind != CERTIFICATES and (origin or made_in):
        return Fault("origin" if origin else "made_in", _("只有绿证写来源和生产年份"), "", _("清空这一格，或把扣除项改为绿证"))
    return None


KIND = DeductionKind()
