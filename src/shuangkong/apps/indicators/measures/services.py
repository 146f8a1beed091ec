"""Drawing up a choice, keeping a version of it, deciding on it, and entering measures of the library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.desk.two_persons import require_second
from shuangkong.apps.indicators.drafts import number_text
from shuangkong.apps.indicators.measures.gaps import Gap, gaps
from shuangkong.apps.indicators.measures.models import ControlMeasure, MeasurePlan
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.organisations.services import Change, put_rows
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.core.digest import canonical_json, sm3_hex
from shuangkong.core.errors import InputError, NotInForce
from shuangkong.core.figures import RuleRow
from shuangkong.core.measures import NO_LIMITS, Alternative, Limits, Plan, alternatives, close_gap
from shuangkong.core.targets import MONTHS_OF_A_YEAR

#: With fewer months left the choice looks at the next year-end.
FEWEST_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What the choice is asked for: a year-end, the forecast's value or the worse end, and limits."""

    year: int
    side: str = "point"
    limits: Limits = NO_LIMITS

    def as_text(self) -> dict[str, Any]:
        """For keeping."""
        return {
            "year": self.year, "side": self.side, "cost_10k_yuan": number_text(self.limits.cost_10k_yuan),
            "gdp_loss_10k_yuan": number_text(self.limits.gdp_loss_10k_yuan),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drawn:
    """A choice with all that it rests on."""

    gap: Gap
    asked: Asked
    months_left: int
    plan: Plan
    others: tuple[Alternative, ...]
    library: Mapping[str, ControlMeasure]
    rules: tuple[RuleRow, ...]

    @property
    def decline_percent(self) -> Decimal:
        """The decline with the choice."""
        return self.gap.decline_with(self.plan.effect_tce, self.plan.gdp_10k_yuan)

    @property
    def demonstration(self) -> bool:
        """Whether anything invented is in it."""
        return self.gap.demonstration or any(self.library[choice.code].demonstration for choice in self.plan.choices)

    @property
    def recalled(self) -> bool:
        """Whether a rule in it is still to be verified."""
        return self.gap.recalled or any(rule.evidence == "recalled" for rule in self.rules)


def months_of(year: int, today: date) -> tuple[int, int]:
    """Whole months of ``year`` that are still ahead, and those ahead before it begins."""
    ahead = (year - today.year) * MONTHS_OF_A_YEAR + MONTHS_OF_A_YEAR - today.month
    left = min(ahead, MONTHS_OF_A_YEAR)
    return left, ahead - left


def usual_year(today: date) -> int:
    """This year, or the next when hardly anything can take effect in this one."""
    return today.year if months_of(today.year, today)[0] >= FEWEST_MONTHS else today.year + 1


def draw_up(user: Any, subject: Subject, asked: Asked, today: date) -> Drawn:
    """The cheapest choice for a place that ``user`` reaches.

    Raises:
        InputError: no forecast and requirement for that year, or no month left in it.
    """
    gap = gaps(user, [subject], asked.side).get((subject.pk, asked.year))
    if gap is None:
        where = f"{subject.name}{asked.year}年"
        raise InputError(_("算不出缺口"), where=where, why=_("没有这一年的强度预测，或没有目标"), do=_("先下达目标、补齐数据"))
    left, before = months_of(asked.year, today)
    if left <= 0:
        raise InputError(_("这一年已没有剩余的整月"), where=f"{asked.year}年", do=_("换下一年"))
    rulebook = current_rulebook()
    book, region = rulebook.book(known_on=today), rulebook.default_region
    rows = ControlMeasure.objects.visible_to(user).filter(Q(subject=subject) | Q(subject__isnull=True))
    library = {row.code: row for row in rows.exclude(closed_on__lte=today)}
    measures = [row.as_measure(before) for row in library.values()]
    plan = close_gap(gap.tce, left, measures, book, region, today, asked.limits)
    others = alternatives(plan, left, measures, book, region, today, asked.limits) if plan.closed and gap.tce > 0 else ()
    taken = {choice.code for choice in plan.choices}
    rules = {library[code].rule for code in taken}
    return Drawn(gap, asked, left, plan, others, library, tuple(book.at(rule, region, today).row for rule in sorted(rules)))


def frozen(drawn: Drawn) -> dict[str, Any]:
    """The result as text: exactly what the page showed."""
    plan = drawn.plan
    amounts = ("effect_tce", "cost_10k_yuan", "gdp_10k_yuan")
    choices = [
        {
            "code": c.code, "label": c.label, "units": c.units, "unit": drawn.library[c.code].unit,
            **{name: number_text(getattr(c, name)) for name in amounts}, "pollutants_t": _texts(c.pollutants_t),
        }
        for c in plan.choices
    ]  # fmt: skip
    return {
        "gap_tce": number_text(plan.gap_tce), "required_percent": number_text(drawn.gap.required_percent),
        "forecast_percent": number_text(drawn.gap.decline_percent), "decline_percent": number_text(drawn.decline_percent),
        "months_left": drawn.months_left, **{name: number_text(getattr(plan, name)) for name in amounts},
        "remaining_tce": number_text(plan.remaining_tce), "pollutants_t": _texts(plan.pollutants_t), "choices": choices,
        "others": [{**asdict_of(other), "extra_10k_yuan": number_text(other.extra_10k_yuan)} for other in drawn.others],
        "left_out": [asdict_of(left) for left in plan.left_out], "rules": [asdict(rule) for rule in drawn.rules],
        "forecasts": [drawn.gap.decline.forecast_id, drawn.gap.gdp.forecast_id],
    }  # fmt: skip


def asdict_of(row: Any) -> dict[str, Any]:
    """A named tuple as a dictionary."""
    return dict(row._asdict())


def _texts(amounts: Mapping[str, Decimal]) -> dict[str, str | None]:
    return {name: number_text(amount) for name, amount in sorted(amounts.items())}


def keep(drawn: Drawn, *, note: str, actor: Any) -> MeasurePlan:
    """Keep the choice as the next version of its place."""
    subject, result = drawn.gap.subject, frozen(drawn)
    with transaction.atomic():
        list(Subject.objects.select_for_update().filter(pk=subject.pk))
        mine = MeasurePlan.objects.unscoped("versions are counted for the place").filter(subject=subject)
        version = (mine.aggregate(last=Max("version"))["last"] or 0) + 1
        kept = MeasurePlan.objects.create(
            subject=subject, version=version, year=drawn.asked.year, asked=drawn.asked.as_text(), result=result, note=note[:200],
            sm3=sm3_hex(canonical_json(result).encode()), made_by=actor, demonstration=drawn.demonstration,
        )  # fmt: skip
        after = {"version": version, "year": kept.year, "sm3": kept.sm3, "cost_10k_yuan": result["cost_10k_yuan"]}
        record("indicators.measure_plan.kept", kept, actor=actor, subject_id=subject.pk, after=after)
    return kept


def decide(plan: MeasurePlan, *, adopt: bool, document: str, actor: Any, now: datetime) -> None:
    """Adopt or reject a kept version; the one adopted before for that year is replaced. Only the city's people decide, and not who kept it.

    Raises:
        InputError: not for this person, no document, or decided already.
    """
    if not actor.sees_all:
        raise InputError(_("调控方案由市级主管部门决定"), do=_("请市级主管部门办理"))
    require_second(plan.made_by_id, actor, where=str(plan.subject), do=_("请另一位市级主管决定"))
    if adopt and not document:
        raise InputError(_("采用方案须写明文号或会议"), where=_("文号"))
    states, plans = MeasurePlan.Decision, MeasurePlan.objects.unscoped("the service that decides")
    decided = {"decision": states.ADOPTED if adopt else states.REJECTED, "decided_by": actor, "decided_at": now, "document": document[:120]}
    with transaction.atomic():
        list(Subject.objects.select_for_update().filter(pk=plan.subject_id))
        if plans.filter(pk=plan.pk, decision=states.OPEN).update(**decided) != 1:
            raise InputError(_("这一版已经决定过"), do=_("刷新页面看结果"))
        if adopt:
            older = plans.filter(subject=plan.subject_id, year=plan.year, decision=states.ADOPTED).exclude(pk=plan.pk)
            older.update(decision=states.REPLACED)
        after = {"decision": decided["decision"], "document": document, "version": plan.version, "year": plan.year}
        record("indicators.measure_plan.decided", plan, actor=actor, subject_id=plan.subject_id, before={"decision": ""}, after=after)


def put_measures(rows: Iterable[Mapping[str, Any]], *, actor: Any = None, origin: str = "") -> Change:
    """Measures of the library by code; ``subject`` is a code or empty.

    Raises:
        InputError: a rule that the rulebook does not know.
    """
    subjects, known = dict(Subject.objects.values_list("code", "pk")), current_rulebook().parameters
    made = []
    for row in rows:
        if row["rule"] not in known:
            raise InputError(_("规则库没有这项依据：{rule}").format(rule=row["rule"]), where=row["code"], do=_("先在法规库登记"))
        place = subjects[row["subject"]] if row.get("subject") else None
        made.append({**{name: value for name, value in row.items() if name != "subject"}, "subject_id": place})
    return put_rows(ControlMeasure, ("code",), made, action="indicators.measure.put", actor=actor, origin=origin)


def close(measure: ControlMeasure, *, actor: Any, today: date) -> None:
    """Take a measure out of the library from today on; kept versions still name it.

    Raises:
        InputError: not for this person.
    """
    if not actor.sees_all:
        raise InputError(_("措施库由市级主管部门维护"))
    with transaction.atomic():
        open_ = ControlMeasure.objects.unscoped("the service that closes").filter(pk=measure.pk, closed_on__isnull=True)
        if open_.update(closed_on=today):
            record("indicators.measure.closed", measure, actor=actor, after={"closed_on": today.isoformat()})


def allowed(rule: str, on: date) -> bool:
    """Whether the text that a measure rests on is in force."""
    rulebook = current_rulebook()
    try:
        rulebook.at(rule, rulebook.default_region, on)
    except NotInForce:
        return False
    return True
