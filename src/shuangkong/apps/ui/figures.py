"""Figures as markup: number, unit, status, marks, and the link that opens the explanation (DESIGN-LOOK 5, 6).

One rule for each kind of indicator, read from the ending of its code: a change or decline is said in words (降2.38%), growth
carries a sign, a gap is 百分点, amounts of a region are shown in 万 or 亿. Rounding happens here, once and last.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from html import escape
from typing import NamedTuple, Protocol

from django.urls import get_script_prefix
from django.utils.safestring import SafeString, mark_safe

from shuangkong.apps.ui import statuses
from shuangkong.apps.ui.words import said as _
from shuangkong.apps.ui.words import said_lazy
from shuangkong.core import wording
from shuangkong.core.rounding import round_half_up

#: Stands where a figure cannot be computed because an input is missing.
NOT_COMPUTABLE = "—"


class MeasuredBy(Protocol):
    """What is read of an indicator."""

    code: str
    unit: str
    decimals: int


class Shown(Protocol):
    """What is read of a value."""

    indicator: MeasuredBy
    value: Decimal | None
    words: str
    status: str
    demonstration: bool
    recalled: bool

    @property
    def ref(self) -> str:
        """What names it in an address."""
        ...


class Screen(NamedTuple):
    """A unit as a region's page shows it: the name, the power of ten that divides, and the decimals."""

    unit: str
    power: int
    decimals: int


#: 万 and 亿 as the statistics have them; one unit a column (DESIGN-LOOK 6).
REGIONAL = {
    "tce": Screen("万tce", 4, 2),
    "t": Screen("t", 0, 0),
    "万元": Screen("亿元", 4, 2),
    "万kWh": Screen("亿kWh", 4, 2),
}


#: CO2 of a region is counted in 10 000 tonnes, pollutants in tonnes.
_CO2 = Screen("万t", 4, 2)


def screen_unit(indicator: MeasuredBy, large: bool = True) -> Screen:
    """How amounts of ``indicator`` are shown: scaled for a region, as they are for an enterprise (``large=False``)."""
    if large and indicator.code == "energy_co2_t":
        return _CO2
    own = Screen(indicator.unit, 0, indicator.decimals)
    return REGIONAL.get(indicator.unit, own) if large else own


def scaled(value: Decimal, screen: Screen) -> Decimal:
    """``value`` in the unit of ``screen``, rounded half up."""
    return round_half_up(value.scaleb(-screen.power), screen.decimals)


def text(value: Shown, large: bool = True, unit: bool = True) -> str:
    """A value as words for a sentence, a table or an export: 降2.38%, +3.1%, 648.30万tce, 缺报, —."""
    amount = value.value
    if amount is None:
        return _absent(value)
    measure = value.indicator
    code, places = measure.code, measure.decimals
    if code.endswith("_change_percent"):
        return wording.short_decline(-amount, places)
    if code.endswith("_decline_percent") and amount < 0:
        return wording.short_decline(amount, places)
    screen = screen_unit(measure, large)
    if code.endswith(("_growth_percent", "_gap_points")):
        shown = wording.signed(amount, places)
    else:
        shown = wording.number(amount.scaleb(-screen.power) if screen.power else amount, screen.decimals)
    return f"{shown}{screen.unit}" if unit else shown


def _absent(value: Shown) -> str:
    if value.words:
        return value.words
    return NOT_COMPUTABLE if value.status == "incomplete" else _("缺报")


def address(value: Shown) -> str:
    """Where the explanation of ``value`` opens."""
    return explained_at(value.ref)


def explained_at(ref: int | str) -> str:
    """Where the explanation of the value with that number opens, or of the line of a table (number/line)."""
    return f"{_explanations()}{ref}/"


@lru_cache(maxsize=1)
def _explanations() -> str:
    """The prefix of all explanations: it does not change while the program runs."""
    return f"{get_script_prefix()}explain/value/"


def cell(value: Shown | None, large: bool = True) -> SafeString:
    """A figure for a table: the number alone (the unit stands in the heading), a status icon when it is not sound.

    No value at all is —; a missing one says 缺报 and still opens its explanation.
    """
    if not value:
        return mark_safe(f'<span class="na">{NOT_COMPUTABLE}</span>')
    shown = escape(text(value, large, unit=False))
    return mark_safe(f'{_status_icon(value)}<a {_attributes(value)} href="{address(value)}">{shown}</a>')


def inline(value: Shown | None, large: bool = True) -> SafeString:
    """A figure inside a sentence or a note: the number closed up with its unit, or the word that stands for it."""
    if not value:
        return mark_safe(f'<span class="na">{NOT_COMPUTABLE}</span>')
    shown = escape(text(value, large))
    link = f'<a {_attributes(value, " num")} href="{address(value)}">{shown}</a>'
    return mark_safe(f"{_status_icon(value)}{link}")


def _status_icon(value: Shown) -> str:
    if value.status == "ok" or value.value is None:
        return ""
    return f"{statuses.state(value.status, extra='ico')} "


def _attributes(value: Shown, more: str = "") -> str:
    """Class and description of the link: what used a recalled rule says so to readers through the one hidden text ``#rec``."""
    amount = value.value
    state = " na" if amount is None else " up" if _wrong_way(value.indicator.code, amount) else ""
    if value.recalled:
        return f'class="fig rec{state}{more}" aria-describedby="rec"'
    return f'class="fig{state}{more}"'


def _wrong_way(code: str, amount: Decimal) -> bool:
    """Whether the figure tells of an intensity that rose or of a path that was missed: shown in red, beside its word."""
    if code.endswith("_intensity_change_percent"):
        return amount > 0
    return amount < 0 and code.endswith(("_decline_percent", "_gap_points"))


def figure(value: Shown | None, large: bool = True, lead: bool = False) -> SafeString:
    """A figure that stands alone: number, unit, status when it is not sound, 待核实.

    The page's lead figure (``lead``) also carries 演示; the others rely on the bar under the head.
    """
    if not value:
        return mark_safe(f'<span class="na">{NOT_COMPUTABLE}</span>')
    number, unit = _parts(value, large)
    parts = [f'<a {_attributes(value)} href="{address(value)}">{escape(number)}</a>']
    if unit:
        parts.append(f'<span class="u">{escape(unit)}</span>')
    if value.status != "ok" and value.value is not None:
        parts.append(f" {statuses.state(value.status, extra='s12')}")
    parts.append(marks(value) if lead else f" {mark('recalled')}" if value.recalled else "")
    return mark_safe("".join(parts))


def _parts(value: Shown, large: bool) -> tuple[str, str]:
    if value.value is None and not value.words and value.status in statuses.DATA:
        return str(statuses.DATA[value.status].word), ""
    whole, number = text(value, large), text(value, large, unit=False)
    if value.value is None:
        return whole, ""
    if whole == number and whole.endswith("%"):
        return whole[:-1], "%"
    return number, whole[len(number) :]


def marks(value: object) -> SafeString:
    """The marks of provenance of ``value``: 演示, 待核实."""
    parts = []
    if getattr(value, "demonstration", False):
        parts.append(f" {mark('demonstration')}")
    if getattr(value, "recalled", False):
        parts.append(f" {mark('recalled')}")
    return mark_safe("".join(parts))


_MARKS = {
    "demonstration": ("mk mk-demo", said_lazy("演示")),
    "recalled": ("mk", said_lazy("待核实")),
    "forecast": ("mk mk-fc", said_lazy("预测")),
}


def mark(kind: str) -> SafeString:
    """One mark of provenance: ``demonstration``, ``recalled`` or ``forecast``."""
    css, word = _MARKS[kind]
    return mark_safe(f'<span class="{css}">{word}</span>')


def evidence(kind: str) -> SafeString:
    """How sure a rule row is: 原文 and 平台规则 as states, 待核实 and 演示 as marks."""
    return mark(kind) if kind in ("recalled", "demonstration") else statuses.state(kind, extra="s12")


def citation(number: str, locator: str = "", recalled: bool = False) -> SafeString:
    """A § citation: document number and article, with 待核实 behind it when the rule is recalled."""
    words = escape(f"{number} {locator}".strip())
    behind = f" {mark('recalled')}" if recalled else ""
    return mark_safe(f'<span class="cite">{words}{behind}</span>')
