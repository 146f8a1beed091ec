"""What key energy-using units consumed and made: comprehensive energy, and by product output, energy and electricity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuangkong.apps.desk.imports.kinds import Column, Fault, Form, words_of
from shuangkong.apps.ledger.imports import columns as c
from shuangkong.apps.ledger.imports.base import LedgerChecker, LedgerKind, Made, Units
from shuangkong.apps.ledger.imports.lines import Line
from shuangkong.apps.ledger.measures import BY_PRODUCT, MEASURES
from shuangkong.apps.organisations.models import Subject, User
from shuangkong.apps.organisations.selectors import named_subjects
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period

TOTAL = "energy_total"
ITEMS = {"综合能源消费量": TOTAL, "产品产量": "output", "产品综合能耗": "product_energy", "产品用电量": "product_electricity"}
_UNITS = ("吨标准煤", "吨", "万吨", "万千瓦时", "千瓦时")


def _period(period: Period) -> Period | None:
    return Period.ytd(period.start.year, 12) if period.kind == "year" else period if period.kind in ("month", "ytd") else None


class KeyUnitsKind(LedgerKind):
    """What the units file, or a county for its own."""

    id = "key_units"
    title = gettext_lazy("重点用能单位能耗与产品能耗")
    about = gettext_lazy("用能单位的综合能源消费量（当量值），分产品的产量、综合能耗和用电量，按月或1—n月累计")

    def may_import(self, user: Any) -> bool:
        """Also the unit itself."""
        return super().may_import(user) or (user.is_active and user.role == User.Role.ENTERPRISE and user.subject_id is not None)

    def origins(self, user: Any) -> tuple[str, ...]:
        """A unit's own figures are always reported, whoever loads them."""
        return ("reported",)

    def columns(self, user: Any) -> list[Column]:
        """Unit, item, product, period, quantity, unit of measure, release, remark."""
        book = current_rulebook()
        firms = _firms(user)
        products = tuple(term.label for term in book.terms("outputs"))
        example = next(iter(firms.values())).name if firms else ""
        return [
            Column("place", _("用能单位"), _("名称或代码"), example, convert=lambda raw: _found(raw, firms)),
            Column("item", _("项目"), "、".join(ITEMS), next(iter(ITEMS)), choices=tuple(ITEMS), convert=_item),
            Column(
                "product", _("产品"), _("分产品的项目填；综合能源消费量留空"), products[0], required=False, choices=products,
                convert=lambda raw: "" if raw is None else book.terms("outputs").find(words_of(raw), _("产品")).code,
            ),
            c.period_column(_period, _("写成 2025年6月 或 2025年1—6月"), _("2025年1—6月")),
            Column("quantity", _("数量"), _("不带单位的数；空白不等于零"), 4321.5, required=False, raw=True),
            Column("unit", _("计量单位"), "、".join(_UNITS), _UNITS[0], choices=_UNITS, convert=words_of),
            c.release_column(book),
            c.remark_column(),
        ]  # fmt: skip

    def checker(self, user: Any, form: Form) -> KeyUnitsChecker:
        """Makes the lines of one file."""
        return KeyUnitsChecker(user, form)


def _firms(user: Any) -> dict[str, Subject]:
    """The units that the user files for, by name and code."""
    kinds = Q(kind__in=[Subject.Kind.ENTERPRISE, Subject.Kind.ESTABLISHMENT])
    found = named_subjects(user).filter(kinds).select_related("county").order_by("position", "code")
    return {word: subject for subject in found for word in (subject.name, subject.code.lower())}


def _found(raw: Any, firms: dict[str, Subject]) -> tuple[int, int | None]:
    word = "".join(words_of(raw).split())
    subject = firms.get(word) or firms.get(word.lower())
    if subject is None:
        raise InputError(_("不认识用能单位“{word}”").format(word=word), why=_("不在您可填报的单位名单中"), do=_("核对名称或代码"))
    return subject.pk, subject.county_id


def _item(raw: Any) -> str:
    word = words_of(raw)
    if word not in ITEMS:
        raise InputError(_("不认识项目“{word}”").format(word=word), do=_("从下拉列表中选择"))
    return ITEMS[word]


class KeyUnitsChecker(LedgerChecker):
    """Rows of units."""

    def __init__(self, user: Any, form: Form) -> None:
        super().__init__(user, form)
        self._units = Units()

    def lines(self, columns: Mapping[str, list[Any]]) -> Iterator[Made]:
        """One figure a row."""
        order = ("place", "item", "product", "period", "quantity", "unit", "release", "remark")
        self.note(columns["period"], {item for item in columns["item"] if isinstance(item, str)})
        for place, item, product, period, raw, unit, release, remark in zip(*(columns[name] for name in order), strict=True):
            if (item == TOTAL) == bool(product):
                what = _("综合能源消费量不分产品") if product else _("这一项要填产品")
                yield self.refused(Fault("product", what, "", _("核对项目与产品")))
                continue
            scale = self._units.of(MEASURES[item].dimension, unit)
            if type(scale) is Fault:
                yield self.refused(scale)
                continue
            micro, faults = self.quantity(raw, scale, MEASURES[item].dimension)
            if micro is None:
                yield self.refused(faults[0])
                continue
            flow = BY_PRODUCT if product else ""
            told = (unit, c.filed_text(raw), None, release, False, remark)
            yield self.made(Line(*place, None, item, "", product, flow, *period, micro, None, *told), faults)


KIND = KeyUnitsKind()
