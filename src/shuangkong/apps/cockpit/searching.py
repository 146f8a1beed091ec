"""The search of the bar: names of places and indicators, words of clauses and duties, titles of calculators, rules and reports.

Several words must all be there. What is found is open to who signs in; reports are searched within the reader's scope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from shuangkong.apps.cockpit.models import Report
from shuangkong.apps.indicators.models import Indicator
from shuangkong.apps.indicators.pages import FAMILIES
from shuangkong.apps.organisations.models import Department, Subject
from shuangkong.apps.plans.models import Clause, Plan
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.calculators import CALCULATORS

#: Lines of one kind.
SHOWN = 20
#: Words that are looked for; more would only narrow to nothing.
MOST_WORDS = 6


class Hit(NamedTuple):
    """One line: what it is called, what else is said of it, and where it leads."""

    title: str
    note: str
    address: str


class Group(NamedTuple):
    """The hits of one kind; ``more`` says that there are others."""

    word: str
    hits: list[Hit]
    more: bool


def find(words: str, user: Any) -> list[Group]:
    """Hits by kind for ``user``, kinds without a hit left out; nothing for an empty search. At most seven statements."""
    terms = words.split()[:MOST_WORDS]
    if not terms:
        return []
    kinds: tuple[tuple[str, Callable[[Sequence[str]], list[Hit]]], ...] = (
        (_("县市区、园区"), _places), (_("指标"), _indicators), (_("方案条款"), _clauses), (_("部门职责"), _departments),
        (_("计算器"), _calculators), (_("法规标准"), _rules), (_("形势分析"), lambda terms: _reports(terms, user)),
    )  # fmt: skip
    found = [(word, search(terms)) for word, search in kinds]
    return [Group(word, hits[:SHOWN], len(hits) > SHOWN) for word, hits in found if hits]


def _all(terms: Iterable[str], *fields: str) -> Q:
    """Each term stands in one of the fields."""
    whole = Q()
    for term in terms:
        one = Q()
        for field in fields:
            one |= Q(**{f"{field}__icontains": term})
        whole &= one
    return whole


def _holds(terms: Iterable[str], text: str) -> bool:
    lowered = text.lower()
    return all(term.lower() in lowered for term in terms)


def _places(terms: Sequence[str]) -> list[Hit]:
    kinds = Subject.Kind
    rows = Subject.objects.filter(_all(terms, "name", "code"), kind__in=[kinds.CITY, kinds.COUNTY, kinds.ZONE])
    return [Hit(row.name, f"{row.get_kind_display()} {row.code}", reverse("cockpit:county", args=[row.code])) for row in rows[: SHOWN + 1]]


def _indicators(terms: Sequence[str]) -> list[Hit]:
    rows = Indicator.objects.filter(_all(terms, "name", "code", "note"))[: SHOWN + 1]
    return [Hit(row.name, _note(FAMILIES.get(row.family, ""), row.unit), reverse("indicators:indicator", args=[row.code])) for row in rows]


def _note(*parts: Any) -> str:
    return " · ".join(str(part) for part in parts if part)


def _clauses(terms: Sequence[str]) -> list[Hit]:
    where = _all(terms, "title", "summary", "number", "section", "obligations__text")
    rows = Clause.objects.filter(where).select_related("plan").distinct()[: SHOWN + 1]
    return [_clause(row) for row in rows]


def _clause(row: Clause) -> Hit:
    return Hit(f"{row.number} {row.title}", _note(row.plan.period_name, row.summary[:60]), f"{_plan(row.plan.code)}#c-{row.code}")


def _plan(code: str) -> str:
    return reverse("plan:plan", args=[code])


def _departments(terms: Sequence[str]) -> list[Hit]:
    """The departments that a plan names, each leading to its duties in the newest plan that has clauses."""
    plan = Plan.objects.filter(clauses__isnull=False).order_by("-first_year").first()
    rows = Department.objects.filter(_all(terms, "short_name", "full_name"), duties__clause__plan=plan).distinct() if plan else []
    return [Hit(row.short_name, row.full_name, f"{_plan(plan.code)}?department={quote(row.code)}") for row in rows[: SHOWN + 1]]


def _calculators(terms: Sequence[str]) -> list[Hit]:
    found = [c for c in CALCULATORS if _holds(terms, f"{c.id} {c.title_zh} {c.title_en} {' '.join(c.basis)}")]
    return [Hit(c.title_zh, _note(c.id, c.formula), reverse("calculators:calculator", args=[c.id])) for c in found]


def _rules(terms: Sequence[str]) -> list[Hit]:
    hits = []
    for rule in current_rulebook().parameters.values():
        sources = dict.fromkeys(str(row.source) for row in rule.all_rows())
        if _holds(terms, f"{rule.title} {rule.id} {' '.join(sources)}"):
            hits.append(Hit(rule.title, _note(rule.id, next(iter(sources), "")), reverse("rules:rule", args=[rule.id])))
    return hits


def _reports(terms: Sequence[str], user: Any) -> list[Hit]:
    rows = Report.objects.visible_to(user).filter(_all(terms, "title")).defer("frozen").order_by("-pk")[: SHOWN + 1]
    versions = [(row, _("第%(n)d版") % {"n": row.version}) for row in rows]
    return [Hit(row.title, version, reverse("cockpit:report", args=[row.pk])) for row, version in versions]
