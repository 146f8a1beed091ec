"""The search of the bar: names of places and indicators, words of clauses, titles of calculators. All of it is open to who signs in."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Q
from django.urls import get_script_prefix, reverse
from django.utils.translation import gettext as _

from shuangkong.apps.indicators.models import Indicator
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.models import Clause
from shuangkong.apps.ui.navigation import exists
from shuangkong.calculators import CALCULATORS

#: Lines of one kind.
SHOWN = 20


class Hit(NamedTuple):
    """One line: what it is called, what else is said of it, and where it leads."""

    title: str
    note: str
    address: str


def find(words: str) -> list[tuple[str, list[Hit]]]:
    """Hits by kind, kinds without a hit left out; nothing for an empty search."""
    if not words:
        return []
    kinds = ((_("县市区、园区"), _places), (_("指标"), _indicators), (_("方案条款"), _clauses), (_("计算器"), _calculators))
    found = [(word, search(words)) for word, search in kinds]
    return [(word, hits) for word, hits in found if hits]


def _places(words: str) -> list[Hit]:
    kinds = Subject.Kind
    rows = Subject.objects.filter(Q(name__icontains=words) | Q(code__iexact=words), kind__in=[kinds.CITY, kinds.COUNTY, kinds.ZONE])
    return [Hit(row.name, row.get_kind_display(), reverse("cockpit:county", args=[row.code])) for row in rows[:SHOWN]]


def _indicators(words: str) -> list[Hit]:
    if not exists("indicators/"):
        return []
    rows = Indicator.objects.filter(Q(name__icontains=words) | Q(code__icontains=words))[:SHOWN]
    return [Hit(row.name, row.unit, f"{get_script_prefix()}indicators/{row.code}/") for row in rows]


def _clauses(words: str) -> list[Hit]:
    if not exists("plan/"):
        return []
    rows = Clause.objects.filter(Q(title__icontains=words) | Q(summary__icontains=words)).select_related("plan")[:SHOWN]
    return [Hit(f"{row.number} {row.title}", row.plan.title, f"{get_script_prefix()}plan/{row.code}/") for row in rows]


def _calculators(words: str) -> list[Hit]:
    if not exists("calculators/"):
        return []
    lowered = words.lower()
    found = [c for c in CALCULATORS if lowered in c.id.lower() or words in c.title_zh or lowered in c.title_en.lower()]
    return [Hit(c.title_zh, c.id, f"{get_script_prefix()}calculators/{c.id}/") for c in found[:SHOWN]]
