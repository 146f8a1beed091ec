"""The rail: five groups of at most six entries, in one list. An entry stands there as soon as its address exists.

Addresses, not names, because ``ui`` knows no other app. ``roles`` narrows an entry to who can do something there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from django.urls import Resolver404, get_script_prefix, resolve
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: where it leads (below the script prefix), its icon and word, and for which roles (none: all)."""

    path: str
    icon: str
    word: object
    roles: tuple[str, ...] = ()


class Group(NamedTuple):
    """A heading and its entries."""

    word: object
    entries: tuple[Entry, ...]


RAIL = (
    Group(
        _("总览"),
        (
            Entry("", "gauge", _("驾驶舱")),
            Entry("inbox/", "inbox", _("待办")),
            Entry("counties/", "map-2", _("县市区")),
            Entry("carbon/", "building-factory", _("碳排放")),
            Entry("indicators/", "chart-line", _("指标")),
            Entry("forecasts/", "wave-sine", _("预测")),
        ),
    ),
    Group(
        _("数据"),
        (
            Entry("filings/", "clipboard-check", _("填报")),
            Entry("filings/review/", "file-check", _("审核"), roles=("city", "county", "department")),
            Entry("data/", "table", _("数据浏览")),
            Entry("data/import/", "upload", _("导入")),
            Entry("monitoring/", "wave-sine", _("监测"), roles=("city", "county", "department", "enterprise")),
            Entry("jobs/", "history", _("后台任务")),
        ),
    ),
    Group(
        _("方案"),
        (
            Entry("plan/", "list-check", _("方案条款")),
            Entry("actions/", "file-check", _("重点行动")),
            Entry("targets/", "scale", _("目标")),
            Entry("decomposition/", "table", _("目标分解"), roles=("city", "county")),
            Entry("measures/", "adjustments", _("调控措施")),
            Entry("units/", "building-factory", _("行业与用能单位")),
        ),
    ),
    Group(_("结果"), (Entry("reports/", "report-analytics", _("形势分析")),)),
    Group(
        _("规则与审计"),
        (
            Entry("calculators/", "calculator", _("计算器")),
            Entry("rules/", "book", _("法规标准库")),
            Entry("people/", "users", _("账号"), roles=("administrator",)),
            Entry("keys/", "key", _("接口密钥")),
            Entry("workdays/", "calendar", _("工作日历"), roles=("city", "administrator")),
            Entry("audit/", "shield-check", _("审计"), roles=("city", "administrator")),
        ),
    ),
)
#: The bottom bar of a phone; 更多 opens the rail.
BOTTOM = (
    Entry("inbox/", "inbox", _("待办")),
    Entry("", "gauge", _("驾驶舱")),
    Entry("filings/", "clipboard-check", _("填报")),
    Entry("indicators/", "chart-line", _("指标")),
)


class Link(NamedTuple):
    """An entry as a page shows it."""

    address: str
    icon: str
    word: object
    current: bool
    counted: bool


@cache
def exists(path: str) -> bool:
    """Whether an address answers in this installation."""
    try:
        resolve(f"/{path}")
    except Resolver404:
        return False
    return True


def rail(best: str, role: str) -> list[tuple[object, list[Link]]]:
    """The groups that ``role`` sees, without empty ones; ``best`` is the address that is current (:func:`best_match`)."""
    groups = [(group.word, _links(group.entries, role, best)) for group in RAIL]
    return [(word, links) for word, links in groups if links]


def bottom(best: str) -> list[Link]:
    """The entries of the bottom bar."""
    return _links(BOTTOM, "", best)


def _links(entries: tuple[Entry, ...], role: str, best: str) -> list[Link]:
    prefix = get_script_prefix()
    return [
        Link(prefix + entry.path, entry.icon, entry.word, prefix + entry.path == best, entry.path == "inbox/")
        for entry in entries
        if exists(entry.path) and (not entry.roles or role in entry.roles)
    ]


def best_match(at: str) -> str:
    """The longest address of the rail that ``at`` lies under; the cockpit only on itself."""
    return _best_match(at, get_script_prefix())


@lru_cache(maxsize=1024)
def _best_match(at: str, prefix: str) -> str:
    addresses = [prefix + entry.path for group in RAIL for entry in group.entries]
    return max((a for a in addresses if at == a or (a != prefix and at.startswith(a))), key=len, default="")
