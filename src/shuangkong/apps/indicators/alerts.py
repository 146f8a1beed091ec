"""What the newest figures ask of whom (待办): explain a rise, file what is missing, settle a difference.

The items follow from the current values alone: after each run those that no longer hold are closed, new ones open. A county is asked
itself; whoever leads the plan's clause on warnings is asked to guide or to remind it (二（一）3).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Max

from shuangkong.apps.desk.services.inbox import Notice, reconcile
from shuangkong.apps.indicators.models import Value
from shuangkong.apps.organisations.models import Department, Subject
from shuangkong.core.figures import Status
from shuangkong.core.periods import Period

CHANGE = "energy_intensity_change_percent"
#: The kinds of items that are kept here; no other capability writes them.
KINDS = ("warning", "missing", "finding")
_COEFFICIENT = "折标系数"
_LACKING = (Status.INCOMPLETE.value, Status.MISSING.value)
_KINDS_OF_PLACES = (Subject.Kind.COUNTY, Subject.Kind.ZONE)


def raise_alerts(today: date) -> None:
    """Bring the inbox in line with the current values of the newest quarter. Four reads, however many counties."""
    leads = list(Department.objects.filter(duties__role="lead", duties__clause__topic="warning").distinct())
    values, reported = _newest()
    reconcile(KINDS, [notice for value in values for notice in _notices(value, leads, value.subject_id in reported)], today)


def _newest() -> tuple[list[Value], set[int]]:
    """Levels, changes, electricity and findings of counties and zones in the newest quarter of which anything is known, and which
    places have filed their own energy of it."""
    of_places = Value.objects.unscoped("the inbox is written for every place").filter(
        current__isnull=False, release="", period_kind="ytd", subject__kind__in=_KINDS_OF_PLACES
    )
    current = of_places.filter(lens="issued")
    end = current.filter(indicator__code=CHANGE).aggregate(end=Max("period_end"))["end"]
    asked = current.filter(period_end=end).select_related("subject", "indicator").order_by("subject__position", "indicator__position", "id")
    levels = asked.filter(indicator__code="warning_national", severity=1)
    lacking = asked.filter(indicator__code__in=(CHANGE, "electricity_10k_kwh"), status__in=_LACKING, treatment="gross")
    findings = asked.exclude(finding="").filter(indicator__code="energy_total_tce", basis="equivalent", treatment="gross")
    own = of_places.filter(period_end=end, lens="reported", indicator__code="energy_total_tce", value__isnull=False)
    return list(levels | lacking | findings), set(own.values_list("subject_id", flat=True))


def _notices(value: Value, leads: Iterable[Department], reported: bool) -> list[Notice]:
    """One to the place itself, one to each department that leads; a missing rule is nobody's to file but the city's, and what a place
    has ``reported`` waits for those who issue it."""
    if _wants_rule(value):
        return [_rule_notice(value, lead) for lead in leads]
    waits = reported and value.indicator.code == CHANGE
    kind, own, theirs = ("missing", "", "能耗已填报：待核定下达") if waits else _words(value)
    place, period = value.subject, value.period
    stem = f"{kind}:{place.code}:{period.code}:{value.indicator.code}"
    detail = value.finding or value.sentence
    quarter = Period.quarter(period.start.year, period.last_month // 3)
    address = f"/counties/{place.code}/?period={quarter.code}"
    severity = 1 if kind == "warning" else 2
    to_place = Notice(f"{stem}:own", kind, f"{period.label}{own}", address, detail, severity, subject_id=place.pk)
    to_leads = [
        Notice(f"{stem}:{lead.code}", kind, f"{place.name}{period.label}{theirs}", address, detail, severity, department_id=lead.pk)
        for lead in leads
    ]
    return to_leads if waits else [to_place, *to_leads]


def _wants_rule(value: Value) -> bool:
    """Whether all that is missing is a coefficient of the law library."""
    return value.status in _LACKING and bool(value.sentence) and all(_COEFFICIENT in part for part in value.sentence.split("；"))


def _rule_notice(value: Value, lead: Department) -> Notice:
    """One for all places that lack the same: propose the coefficient, another person confirms it."""
    detail = value.sentence
    address = "/rules/energy.electricity_equivalent/" if "电力" in detail else "/rules/?domain=energy"
    title = f"{value.period.label}能耗强度算不出：补录折标系数"
    key = f"missing:rule:{value.period.code}:{detail[:80]}:{lead.code}"
    return Notice(key, "missing", title, address, detail, severity=2, department_id=lead.pk)


def _words(value: Value) -> tuple[str, str, str]:
    """The kind, what the place must do and what the lead must do."""
    if value.indicator.code == "warning_national":
        return "warning", "能耗强度不降反升（一级）：说明原因、提出措施", "能耗强度一级预警：加强工作指导"
    if value.finding:
        return "finding", "能源平衡有差额：核对并说明", "能源平衡有差额：督促核对"
    what = "用电量" if value.indicator.code == "electricity_10k_kwh" else "能耗强度"
    return "missing", f"{what}不完整：补报所缺", f"{what}不完整：催报"
