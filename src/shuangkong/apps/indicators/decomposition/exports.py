"""The export of a version: what its page shows, at full precision."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from shuangkong.apps.desk.services.exports import Table
from shuangkong.apps.indicators.decomposition import selectors
from shuangkong.apps.indicators.decomposition.schemes import AIR, WATER
from shuangkong.apps.ledger.measures import MEASURES
from shuangkong.apps.organisations.selectors import city


def decomposition(user: Any, arguments: dict[str, str]) -> Table | None:
    """The version ``id``; None where there is none that the reader may see."""
    text = arguments.get("id", "")
    page = selectors.version_page(user, int(text)) if text.isascii() and text.isdigit() and len(text) < 19 else None
    if page is None:
        return None
    parts = next(([part.word for part in line.parts] for line in page.lines if line.parts), [])
    headings = [
        _("地区"), _("代码"), _("分解值"), _("模型值"), _("受何约束"), _("承担能力"),
        *(_("能力：%(word)s") % {"word": word} for word in parts),
        _("基期数"), _("年均增速（%）"), _("下限"), _("上限"), _("锁定"), _("试算值"),
    ]  # fmt: skip
    rows = [
        [
            line.label, line.code, line.rounded, line.exact, line.held, line.score, *(part.amount for part in line.parts),
            *[None] * (len(parts) - len(line.parts)), line.base, line.growth,
            *(line.bounds.get(name, "") for name in ("lower", "upper", "locked")), line.tried,
        ]
        for line in page.lines
    ]  # fmt: skip
    words = {
        "target": _("全市目标"), "reached": _("按分解值重算全市达到"), "surplus": _("富余（机动）"), "structure": _("结构影响（%）"),
        "equal": _("同一降低率"), "reserve": _("机动"), "shared": _("分到各县市区"),
    }  # fmt: skip
    notes = [f"{words[name]}：{value}" for name, value in page.facts.items()]
    title = _("%(plan)s%(name)s分解第%(n)d版") % {
        "plan": page.version.plan.period_name, "name": page.version.indicator.name, "n": page.version.number,
    }  # fmt: skip
    return Table(title, headings, rows, len(rows), notes)



def environment(user: Any, arguments: dict[str, str]) -> Table:
    """The quality of air and water by county in the asked year, as the page with the same address shows it."""
    year = arguments.get("year", "")
    on = date(int(year) + 1, 1, 1) if year.isascii() and year.isdigit() and len(year) == 4 and 2000 < int(year) < 2100 else date(2100, 1, 1)
    page = selectors.quality_page(user, city(), year, on)
    names = (*AIR, *WATER)
    headings = [_("地区"), _("代码"), _("年份"), *(f"{MEASURES[name].label}（{MEASURES[name].unit}）" for name in names), _("演示")]
    rows = [[s.name, s.code, page.year, *(_value(now, name) for name in names), _invented(now)] for s, now, _before in page.lines]
    return Table(_("%(year)d年环境质量") % {"year": page.year}, headings, rows, len(rows))


def _value(readings: dict[str, Any], name: str) -> Any:
    return readings[name][0] if name in readings else None


def _invented(readings: dict[str, Any]) -> str:
    return _("演示") if any(mark for _value, mark in readings.values()) else ""
