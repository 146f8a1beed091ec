"""Reads of the law library: every parameter with the row in force, all its rows by place, and what changed when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.models import LocalRuleRow
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.core.errors import NotInForce
from shuangkong.core.figures import RuleRow
from shuangkong.rulebook.loader import Rulebook
from shuangkong.rulebook.parameters import Local, Parameter, Row, finite
from shuangkong.rulebook.places import NATION

#: What a lower place may do.
PERMISSIONS = {
    Local.FORBIDDEN: _("下级不得另定"), Local.REPLACES: _("下级可另定"), Local.MAY_ONLY_RAISE: _("下级只可提高"),
    Local.MAY_ONLY_LOWER: _("下级只可降低"), Local.REQUIRED: _("须由各地自定"),
}  # fmt: skip
DOMAINS = {
    "energy": _("能源"), "carbon": _("碳"), "warning": _("预警"), "statistics": _("统计"), "import": _("导入"), "disclosure": _("公开"),
    "account": _("核算"), "target": _("目标"), "targets": _("目标"), "plan": _("方案"),
    "telemetry": _("自动监测"), "project": _("项目"), "pollution": _("污染物"), "decomposition": _("分解"),
}  # fmt: skip
EVIDENCE = {"text": _("原文"), "recalled": _("待核实"), "design": _("平台规则"), "demonstration": _("演示")}


@dataclass(frozen=True, slots=True)
class Entry:
    """A parameter with its row in force at the place on the day; None when none is, then ``why`` says what is near."""

    parameter: Parameter
    row: RuleRow | None
    why: str = ""

    @property
    def value(self) -> str:
        """The value in force, for sorting and searching."""
        return self.row.value if self.row else ""

    def holds(self, words: str) -> bool:
        """Whether title, id, value or any source contains ``words`` (lower case)."""
        sources = " ".join(str(row.source) for row in self.parameter.all_rows())
        return words in f"{self.parameter.title} {self.parameter.id} {self.value} {sources}".lower()


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a parameter's history: what it changed against the row before it at the same place, and whether it is in force now."""

    row: Row
    before: Row | None
    in_force: bool
    replaced_by: str = ""

    @property
    def change(self) -> Decimal | None:
        """This number less the one before; None where either is no single number."""
        if self.before is None:
            return None
        now, then = finite(self.row.value), finite(self.before.value)
        return None if now is None or then is None else now - then


def entries(on: date, words: str = "", evidence: str = "", domain: str = "") -> list[Entry]:
    """Every parameter of the rulebook as it stands at the installed place ``on`` that day, narrowed as asked."""
    rulebook = current_rulebook()
    found = [_entry(rulebook, parameter, on) for parameter in rulebook.parameters.values()]
    if domain:
        found = [entry for entry in found if _domain(entry.parameter) == domain]
    if evidence:
        found = [entry for entry in found if entry.row is not None and entry.row.evidence == evidence]
    lowered = words.lower()
    return [entry for entry in found if entry.holds(lowered)] if lowered else found


def _entry(rulebook: Rulebook, parameter: Parameter, on: date) -> Entry:
    try:
        return Entry(parameter, rulebook.at(parameter.id, rulebook.default_region, on).row)
    except NotInForce as error:
        return Entry(parameter, None, error.why)


def _domain(parameter: Parameter) -> str:
    return parameter.id.partition(".")[0]


def domains() -> list[tuple[str, Any]]:
    """The domains that the rulebook has, with their words."""
    known = dict.fromkeys(_domain(parameter) for parameter in current_rulebook().parameters.values())
    return [(domain, DOMAINS.get(domain, domain)) for domain in known]


def parameter(name: str) -> Parameter | None:
    """One parameter; None for an unknown one."""
    return current_rulebook().parameters.get(name)


def entry(found: Parameter, on: date) -> Entry:
    """One parameter with its row in force."""
    return _entry(current_rulebook(), found, on)


def history(found: Parameter, on: date) -> list[tuple[str, list[Line]]]:
    """All rows by place, the widest place first, within it the newest first."""
    places = sorted(found.rows, key=lambda code: (code != NATION, len(code), code))
    return [(place, list(_lines(found.rows[place], on))) for place in places if found.rows[place]]


def _lines(rows: Iterable[Row], on: date) -> Iterator[Line]:
    ordered = sorted(rows, key=lambda row: (row.applies_from, row.published_on))
    replaced = {row.supersedes: row.row for row in ordered if row.supersedes}
    lines, before = [], None
    for row in ordered:
        lines.append(Line(row, before, row.applies(on) and row.row not in replaced, replaced.get(row.row, "")))
        before = row
    yield from reversed(lines)


def row_of(found: Parameter, region: str, name: str, on: date) -> Line | None:
    """One row of a parameter at a place; None when there is none."""
    return next((line for place, lines in history(found, on) if place == region for line in lines if line.row.row == name), None)


def place_names(codes: Iterable[str]) -> dict[str, str]:
    """Short codes of places and their names; a place that is no subject keeps its code. One statement."""
    full = {code: code.ljust(6, "0") for code in codes if code != NATION}
    names = dict(Subject.objects.filter(code__in=full.values()).values_list("code", "name"))
    return {NATION: str(_("全国")), **{code: names.get(long, code) for code, long in full.items()}}


def local_rows(user: Any, name: str = "") -> Any:
    """The place's own rows that ``user`` may see, newest first; of one parameter, or all."""
    found = LocalRuleRow.objects.visible_to(user).select_related("proposed_by", "confirmed_by").order_by("-id")
    return found.filter(parameter=name) if name else found


def proposals(user: Any) -> list[LocalRuleRow]:
    """Rows that wait for a second person; only the city's people see them."""
    return list(local_rows(user).filter(confirmed_at__isnull=True)) if user.sees_all else []
