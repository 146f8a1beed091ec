"""Writing decompositions: figures stated by who answers for them, versions saved and solved, two people, targets at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.desk.services import jobs
from shuangkong.apps.desk.services.inbox import close_items, open_item
from shuangkong.apps.desk.services.states import Step, advance
from shuangkong.apps.desk.two_persons import require_second
from shuangkong.apps.indicators.decomposition import gather, solving
from shuangkong.apps.indicators.decomposition.models import CountyInput, Decomposition
from shuangkong.apps.indicators.decomposition.schemes import INPUTS, SCHEMES, Scheme
from shuangkong.apps.indicators.decomposition.solving import Asked
from shuangkong.apps.indicators.models import HANDED_DOWN, INTERNAL, Indicator, Target
from shuangkong.apps.indicators.targets.content import as_text
from shuangkong.apps.indicators.targets.services import annex_of
from shuangkong.apps.organisations.models import Subject, User
from shuangkong.apps.organisations.services import Change
from shuangkong.apps.plans.models import Plan
from shuangkong.apps.plans.services import RECOMPUTE, current_book
from shuangkong.core.errors import InputError
from shuangkong.core.figures import RuleRow
from shuangkong.core.states import DECOMPOSITION

#: Shared out as the city's own internal number, never as a target handed down (accounting 13).
INTERNALLY = ("energy_total_tce",)


# ---- figures of the counties -----------------------------------------------------------------------------------------


@transaction.atomic
def state_input(plan: Plan, subject: Subject, key: str, value: Decimal, *, actor: Any, source: str = "", owner: str = "") -> CountyInput:
    """State a figure of a county for a plan: a county its own growth, the city's people any. The same figure again adds nothing.

    Raises:
        InputError: an unknown figure, not this person's, or a value that cannot be.
    """
    kind = INPUTS.get(key)
    if kind is None:
        raise InputError(_("不认识的分解输入“%(key)s”") % {"key": key})
    if not may_state(actor, subject, key):
        raise InputError(_("这个数不由您填报"), where=f"{subject.name} {kind.title}", why=_("由%(who)s负责") % {"who": kind.owner})
    solving.checked_input(key, value, subject.name)
    newest = CountyInput.objects.unscoped("what stands now").filter(plan=plan, subject=subject, key=key).order_by("-id").first()
    if newest is not None and (newest.value, newest.source) == (value, source):
        return newest
    made = CountyInput(
        plan=plan, subject=subject, key=key, value=value, source=source, stated_by=actor, demonstration=settings.DEMONSTRATION,
        owner=owner or (subject.name if kind.by_county else _owner_of(actor, kind.owner)),
    )  # fmt: skip
    made.save()
    before = {"value": format(newest.value, "f")} if newest else {}
    after = {"plan": plan.code, "key": key, "value": format(value, "f"), "source": source, "owner": made.owner}
    record("indicators.input.stated", made, actor=actor, subject_id=subject.pk, before=before, after=after)
    return made


@transaction.atomic
def put_inputs(rows: Iterable[Mapping[str, Any]], *, origin: str = "") -> Change:
    """Figures that come with a pack: plan and region by code; what stands already adds nothing. One audit entry."""
    plans = dict(Plan.objects.values_list("code", "id"))
    subjects = {code: (pk, name) for code, pk, name in Subject.objects.values_list("code", "id", "name")}
    known = CountyInput.objects.unscoped("what stands now").order_by("id")
    newest = {(p, s, k): (v, src) for p, s, k, v, src in known.values_list("plan_id", "subject_id", "key", "value", "source")}
    made, same = [], 0
    for row in rows:
        plan, (subject, name), value = plans[row["plan"]], subjects[row["region"]], Decimal(row["value"])
        if newest.get((plan, subject, row["key"])) == (value, row["source"]):
            same += 1
            continue
        fields = {field: row[field] for field in ("key", "source", "demonstration")}
        made.append(CountyInput(plan_id=plan, subject_id=subject, value=value, owner=row["owner"] or name, **fields))
    CountyInput.objects.bulk_create(made, batch_size=400)
    if made:
        record("indicators.input.put", CountyInput, after={"created": len(made)}, origin=origin)
    return Change(created=len(made), unchanged=same)


def may_state(actor: Any, subject: Subject, key: str) -> bool:
    """Whether a person may state a figure: the city's people any, a county its own growth."""
    return actor.sees_all or (INPUTS[key].by_county and actor.role == User.Role.COUNTY and actor.subject_id == subject.pk)


def _owner_of(actor: Any, otherwise: str) -> str:
    return str(actor.department.short_name) if actor.department_id else otherwise


# ---- versions --------------------------------------------------------------------------------------------------------


@transaction.atomic
def begin(plan: Plan, indicator: Indicator, *, actor: Any, today: date, like: Decomposition | None = None) -> Decomposition:
    """A new version as a draft, solved at once; ``like`` is the version whose task it takes over.

    Raises:
        InputError: who does not work for the city, or an indicator that is not shared out.
    """
    _require_city(actor)
    scheme = scheme_of(indicator.code)
    versions = Decomposition.objects.unscoped("the next number").filter(plan=plan, indicator=indicator, subject=plan.subject)
    number = (versions.aggregate(last=Max("number"))["last"] or 0) + 1
    asked = Asked.of(like.asked) if like else _first_task(plan, scheme, today)
    made = Decomposition(
        plan=plan, indicator=indicator, subject=plan.subject, number=number, made_by=actor, asked=asked.body(),
        demonstration=settings.DEMONSTRATION,
    )  # fmt: skip
    _solve(made, scheme, asked)
    made.save()
    record("indicators.decomposition.made", made, actor=actor, subject_id=plan.subject_id, after=_entry(made))
    return made


def scheme_of(code: str) -> Scheme:
    """How an indicator is shared out.

    Raises:
        InputError: it is not.
    """
    if code not in SCHEMES:
        raise InputError(_("这个指标不能分解"), where=code, why=_("可分解的见列表"), do=_("选能耗强度、碳强度、内部总量或一种污染物"))
    return SCHEMES[code]


def _first_task(plan: Plan, scheme: Scheme, today: date) -> Asked:
    """The city's target without reserve or bounds, over the regions of today (within the plan)."""
    target = city_target(plan, scheme.indicator)
    on = min(max(today, date(plan.first_year, 1, 1)), date(plan.last_year, 12, 31))
    number = target.number if target is not None and target.number is not None else Decimal(0)
    return Asked(number, Decimal(0), scheme.step, on)


def city_target(plan: Plan, code: str) -> Target | None:
    """The city's number that is shared out: what was handed down, for an internal total the city's own."""
    found = Target.objects.unscoped("what is shared out").filter(plan=plan, indicator__code=code, subject=plan.subject)
    return found.filter(~HANDED_DOWN if code in INTERNALLY else HANDED_DOWN, number__isnull=False).first()


def _solve(version: Decomposition, scheme: Scheme, asked: Asked) -> None:
    """Reads the figures as they are now, and keeps them with what the model says."""
    plan = version.plan
    figures, book = gather.figures(plan, scheme, asked.on), current_book()
    target = city_target(plan, scheme.indicator) if scheme.indicator not in INTERNALLY else None
    task = solving.Task(plan, scheme, asked, figures, book, least=target.number if target is not None else None)
    version.result = solving.solve(task)
    version.trial = solving.solve(task, asked.what_if) if any(asked.what_if.values()) else {}
    version.inputs = {
        "regions": [[s.code, s.name] for s in figures.regions], "base": gather.as_text(figures.base), "gdp": gather.as_text(figures.gdp),
        "stated": gather.as_text(figures.inputs), "owners": figures.owners, "readings": gather.as_text(figures.readings),
        "reading_year": figures.reading_year,
    }  # fmt: skip
    version.rules = [_rule(row) for row in book.used]
    version.demonstration = settings.DEMONSTRATION or figures.demonstration


def _rule(row: RuleRow) -> dict[str, str]:
    return {name: str(getattr(row, name)) for name in RuleRow.__dataclass_fields__ if getattr(row, name)}


def _entry(version: Decomposition) -> dict[str, Any]:
    about = {"plan": version.plan.code, "indicator": version.indicator.code, "number": version.number, "asked": version.asked}
    shares = {share["code"]: share["rounded"] for share in version.result.get("shares", [])}
    return {**about, "shares": shares, "problem": version.result.get("problem", {}).get("what", "")}


@transaction.atomic
def save(version: Decomposition, asked: Asked, *, revision: int, note: str, actor: Any) -> Decomposition:
    """Keep a changed task and solve it again with the figures of now. ``revision`` is the one that the person started from.

    Raises:
        InputError: who does not work for the city, no draft, or somebody saved meanwhile.
    """
    before = _entry(version)
    version.asked, version.note = asked.body(), note
    _solve(version, scheme_of(version.indicator.code), asked)
    changes = {name: getattr(version, name) for name in ("asked", "result", "trial", "inputs", "rules", "demonstration", "note")}
    step = Step(
        "indicators.decomposition.save", actor, version.subject_id, {**changes, "revision": revision + 1}, {"revision": revision},
        {**_entry(version), "before": before["asked"]},
    )  # fmt: skip
    advance(version, DECOMPOSITION, "save", _guards(version, actor), step)
    version.revision = revision + 1
    return version


def _guards(version: Decomposition, actor: Any) -> dict[str, Callable[[], None]]:
    return {
        "city": lambda: _require_city(actor), "solved": lambda: _require_solved(version, actor),
        "second_person": lambda: _require_second(version, actor), "newer": lambda: None,
    }  # fmt: skip


def _require_city(actor: Any) -> None:
    if not actor.sees_all:
        raise InputError(_("只有市级主管可以分解目标"), where=_("目标分解"))


def _require_solved(version: Decomposition, actor: Any) -> None:
    _require_city(actor)
    if "shares" not in version.result:
        raise InputError(_("还没有分解结果，不能提交"), where=str(version), why=version.result.get("problem", {}).get("what", ""))


def _require_second(version: Decomposition, actor: Any) -> None:
    _require_city(actor)
    require_second(version.submitted_by_id, actor, where=str(version), do=_("请另一位市级主管处理"))


@transaction.atomic
def submit(version: Decomposition, *, actor: Any, now: datetime, today: date) -> None:
    """Hand a solved version to a second person, whose inbox says so.

    Raises:
        InputError: not solved, no draft, or somebody was first.
    """
    step = Step(
        "indicators.decomposition.submit", actor, version.subject_id, {"submitted_by": actor, "submitted_at": now},
        {"revision": version.revision}, _entry(version),
    )  # fmt: skip
    advance(version, DECOMPOSITION, "submit", _guards(version, actor), step)
    for person in User.objects.filter(role=User.Role.CITY, is_active=True).exclude(pk=actor.pk):
        open_item(
            f"decomposition:{version.pk}:{person.pk}", kind="decomposition", severity=2, user=person, today=today,
            title=_("目标分解待确认：%(name)s") % {"name": version}, detail=_("%(who)s提交") % {"who": actor.display_name},
            address=f"/decomposition/{version.pk}/",
        )  # fmt: skip


@transaction.atomic
def return_(version: Decomposition, *, actor: Any, now: datetime, reason: str) -> None:
    """The second person sends it back with a reason.

    Raises:
        InputError: no reason, the same person, or somebody was first.
    """
    if not reason.strip():
        raise InputError(_("退回要写理由"), where=str(version))
    changes = {"decided_by": actor, "decided_at": now, "note": reason.strip()[:200]}
    step = Step("indicators.decomposition.return", actor, version.subject_id, changes, after={"reason": reason})
    advance(version, DECOMPOSITION, "return", _guards(version, actor), step)
    close_items(f"decomposition:{version.pk}:")


@transaction.atomic
def publish(version: Decomposition, *, actor: Any, now: datetime, document: str) -> None:
    """The second person publishes: the shares become targets of the counties, an earlier version is superseded.

    Raises:
        InputError: no document, the same person, or somebody was first.
    """
    if not document.strip():
        raise InputError(_("发布要写文号"), where=str(version), do=_("写明下达分解目标的文件"))
    changes = {"decided_by": actor, "decided_at": now, "document": document.strip()}
    step = Step("indicators.decomposition.publish", actor, version.subject_id, changes, after={"document": document, **_entry(version)})
    advance(version, DECOMPOSITION, "publish", _guards(version, actor), step)
    version.document = document.strip()
    close_items(f"decomposition:{version.pk}:")
    earlier = Decomposition.objects.unscoped("the version it supersedes").filter(
        plan=version.plan, indicator=version.indicator, subject=version.subject, state="published"
    )
    for old in earlier.exclude(pk=version.pk):
        by = Step("indicators.decomposition.supersede", actor, old.subject_id, after={"by": version.number})
        advance(old, DECOMPOSITION, "supersede", _guards(old, actor), by)
    _write_targets(version, actor)
    jobs.start(RECOMPUTE, _("按分解目标重算：%(name)s") % {"name": version}, {"rule": 0}, actor)


def _write_targets(version: Decomposition, actor: Any) -> None:
    """The rounded shares as targets. An incentive target that would fall below its basic one goes."""
    code = version.indicator.code
    kind = INTERNAL if code in INTERNALLY else Target.Kind.BINDING
    shares = {share["code"]: Decimal(share["rounded"]) for share in version.result["shares"]}
    subjects = {s.code: s for s in Subject.objects.filter(code__in=list(shares))}
    standing = Target.objects.unscoped("the targets that a decomposition sets").filter(
        ~HANDED_DOWN if kind == INTERNAL else HANDED_DOWN, plan=version.plan, indicator=version.indicator, subject__code__in=list(shares),
        industry="",
    )  # fmt: skip
    known = {target.subject_id: target for target in standing.select_related("subject", "plan", "indicator")}
    before, after = {}, {}
    for share, number in shares.items():
        subject = subjects[share]
        target = known.get(subject.pk)
        if target is None:
            target = Target(plan=version.plan, indicator=version.indicator, subject=subject, annex=annex_of(code, subject.kind))
        else:
            before[share] = as_text(target)
        _set(target, number, kind, version)
        target.save()
        after[share] = as_text(target)
    record("indicators.target.set", version, actor=actor, subject_id=version.subject_id, before=before, after=after)


def _set(target: Target, number: Decimal, kind: str, version: Decomposition) -> None:
    target.number, target.kind, target.words = number, kind, ""
    if target.incentive is not None and target.incentive < number:
        target.incentive = None
    target.set_by, target.source = version.subject.name, version.document
    target.demonstration = version.demonstration
    if version.indicator.code in INTERNALLY:
        base: Mapping[str, str] = version.inputs["base"]
        target.base_value = Decimal(base[target.subject.code])
