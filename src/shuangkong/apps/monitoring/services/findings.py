"""Findings of the quality rules: kept once for each window, told to whom they concern, explained and settled with words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuangkong.apps.audit.services import Act, record_many
from shuangkong.apps.desk.services.inbox import Notice, reconcile
from shuangkong.apps.desk.services.states import Guards, Step, advance
from shuangkong.apps.monitoring.models import Point, QualityFinding
from shuangkong.apps.monitoring.services.alerts import civil_day
from shuangkong.apps.monitoring.sharing import TOPIC
from shuangkong.apps.organisations.models import Department, User
from shuangkong.core.errors import InputError
from shuangkong.core.quality import Finding
from shuangkong.core.states import QUALITY

KIND = "telemetry.quality"
#: How a finding may be settled.
OUTCOMES = {
    "true_value": gettext_lazy("数据真实"), "faulty": gettext_lazy("数据有误，已标记"), "rectified": gettext_lazy("已整改"),
    "tampered": gettext_lazy("弄虚作假，已移送"),
}  # fmt: skip
_GRAVE = ("alarm", "warn")


def _findings() -> Any:
    return QualityFinding.objects.unscoped("the service that keeps the findings")


# what the rules saw


def keep(seen: Sequence[tuple[Point, Finding]], now: datetime) -> tuple[int, int]:
    """Keeps what was seen: a window that overlaps one that stands is that one, grown; answers how many are new and how many grew.

    What goes on after a finding was settled is a new window, from where the settled one ended.
    """
    if not seen:
        return 0, 0
    numbers = {finding.rule for _point, finding in seen}
    standing: defaultdict[tuple[int, str], list[QualityFinding]] = defaultdict(list)
    for row in _findings().filter(point__in={point.pk for point, _f in seen}, rule__in=numbers).order_by("window_start"):
        standing[row.point_id, row.rule].append(row)
    fresh, grown = [], []
    for point, finding in seen:
        rows = standing[point.pk, finding.rule]
        row = next((row for row in reversed(rows) if finding.start <= row.window_end and row.window_start <= finding.end), None)
        if row is None or (row.state == "settled" and finding.start >= row.window_end):
            row = _row(point, finding, finding.start, now)
            rows.append(row)
            fresh.append(row)
        elif finding.end > row.window_end:
            if row.state == "settled":
                row = _row(point, finding, row.window_end, now)
                rows.append(row)
                fresh.append(row)
            else:
                _grow(row, finding)
                if row.pk and row not in grown:
                    grown.append(row)
    QualityFinding.objects.bulk_create(fresh, batch_size=200)
    fields = ["window_end", "saw", "evidence", "severity"]
    QualityFinding.objects.bulk_update(grown, fields, batch_size=200)
    record_many(_entry(verb, row) for verb, rows in (("raise", fresh), ("extend", grown)) for row in rows)
    return len(fresh), len(grown)


def _entry(verb: str, row: QualityFinding) -> Act:
    after = {"rule": row.rule, "from": row.window_start, "to": row.window_end, "saw": row.saw}
    return Act(f"monitoring.finding.{verb}", row, subject_id=row.point.subject_id, after=after)


def _row(point: Point, finding: Finding, start: datetime, now: datetime) -> QualityFinding:
    return QualityFinding(
        point=point, rule=finding.rule, title=finding.title, severity=finding.severity, window_start=start, window_end=finding.end,
        found_at=now, saw=finding.saw[:400], evidence=finding.evidence(), demonstration=point.demonstration,
    )  # fmt: skip


def _grow(row: QualityFinding, finding: Finding) -> None:
    row.window_end, row.saw, row.evidence, row.severity = finding.end, finding.saw[:400], finding.evidence(), str(finding.severity)


# the inbox


def tell(today: date) -> None:
    """One item for each subject with findings to explain, one for the departments that lead the clause. A fixed number of statements."""
    waiting = _findings().filter(state="open", severity__in=_GRAVE)
    by_subject = waiting.order_by().values("point__subject", "point__subject__name").annotate(
        n=Count("pk"), alarms=Count("pk", filter=Q(severity="alarm"))
    )  # fmt: skip
    found = list(by_subject)
    notices = [_to_subject(row) for row in found if row["point__subject"]]
    explained = _findings().filter(state="explained", severity__in=_GRAVE).count()
    leads = Department.objects.filter(duties__role="lead", duties__clause__topic=TOPIC).distinct()
    total, alarms = sum(row["n"] for row in found), sum(row["alarms"] for row in found)
    if total or explained:
        notices += [_to_lead(lead, total, alarms, explained) for lead in leads]
    reconcile([KIND], notices, today)


def _to_subject(row: dict[str, Any]) -> Notice:
    whose, severity = row["point__subject"], 2 if row["alarms"] else 3
    title = _("{name}：{n}项监测数据疑点待说明").format(name=row["point__subject__name"], n=row["n"])
    detail = _("打开每一项，看规则看到了什么，写明情况。")
    return Notice(f"{KIND}:{whose}", KIND, title, "/monitoring/findings/", detail, severity, subject_id=whose)


def _to_lead(lead: Department, total: int, alarms: int, explained: int) -> Notice:
    title = _("监测数据疑点{total}项待说明，{explained}项待核实").format(total=total, explained=explained)
    severity = 2 if alarms else 3
    return Notice(f"{KIND}:lead:{lead.code}", KIND, title, "/monitoring/findings/", "", severity, department_id=lead.pk)


# what people say


def explain(finding: QualityFinding, words: str, actor: Any, now: datetime) -> None:
    """Says how it came.

    Raises:
        InputError: without words, or by one whom it does not concern.
    """
    _act(finding, "explain", words, actor, now)


def settle(finding: QualityFinding, outcome: str, words: str, actor: Any, now: datetime) -> None:
    """Settles it as one of :data:`OUTCOMES`.

    Raises:
        InputError: no such outcome, no words, or not by the city.
    """
    if outcome not in OUTCOMES:
        raise InputError(_("没有选核实结果"), do=_("选择：{words}").format(words="、".join(map(str, OUTCOMES.values()))))
    _act(finding, "settle", words, actor, now, {"outcome": outcome})


def reopen(finding: QualityFinding, words: str, actor: Any, now: datetime) -> None:
    """Opens a settled one anew.

    Raises:
        InputError: no words, or not by the city.
    """
    _act(finding, "reopen", words, actor, now, {"outcome": ""})


def guards(finding: QualityFinding, words: str, actor: Any) -> Guards:
    """What holds for a person; the page asks with words as if there were some."""
    subject_id = finding.point.subject_id
    return {
        "owner": lambda: _may(words, actor.sees_all or (subject_id is not None and actor.reaches(subject_id)), actor),
        "city": lambda: _may(words, actor.sees_all, actor),
    }


def _may(words: str, concerned: bool, actor: Any) -> None:
    if actor.role not in (User.Role.CITY, User.Role.COUNTY, User.Role.ENTERPRISE) or not concerned:
        raise InputError(_("您不能处理这项疑点"), why=_("所属单位说明，市级主管核实"), do=_("请所属单位或市级主管处理"))
    if not words.strip():
        raise InputError(_("没有写情况说明"), why=_("说明会记入审计"), do=_("写明查到什么、做了什么"))


def _act(finding: QualityFinding, verb: str, words: str, actor: Any, now: datetime, more: dict[str, Any] | None = None) -> None:
    said = words.strip()[:300]
    changes = {"words": said, "words_by": actor, "words_at": now, **(more or {})}
    after = {"rule": finding.rule, "words": said, **(more or {})}
    step = Step(f"monitoring.finding.{verb}", actor, finding.point.subject_id, changes, after=after)
    advance(finding, QUALITY, verb, guards(finding, words, actor), step)
    for name, value in changes.items():
        setattr(finding, name, value)
    tell(civil_day(now))
