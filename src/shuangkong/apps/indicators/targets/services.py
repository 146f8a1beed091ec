"""Writing targets: put in place from packs, changed by two people, annex tables opened by a recorded decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.desk.services import jobs
from shuangkong.apps.desk.services.inbox import close_items, open_item
from shuangkong.apps.desk.two_persons import settle
from shuangkong.apps.indicators.models import HANDED_DOWN, INTERNAL, DisclosedAnnex, Disclosure, Indicator, Target, TargetProposal
from shuangkong.apps.indicators.targets import content
from shuangkong.apps.indicators.targets.paths import CUMULATIVE, DECLINE, shape_by_code
from shuangkong.apps.organisations.models import Subject, User
from shuangkong.apps.organisations.services import Change, put_rows
from shuangkong.apps.plans.models import Action, Annex, Plan
from shuangkong.apps.plans.services import RECOMPUTE
from shuangkong.core.errors import InputError

#: The annex table in which the targets of places stand: their rates, and their pollutants.
PLACES_ANNEX, POLLUTANTS_ANNEX = 2, 3
_PLACES = (Subject.Kind.COUNTY, Subject.Kind.ZONE)
_NUMBERS = ("number", "incentive", "base_value")
_KEY = ("plan_id", "indicator_id", "subject_id", "industry")


def annex_of(code: str, subject_kind: str) -> int:
    """The annex table that holds such a target of a place; 0 for the city's own."""
    if subject_kind not in _PLACES:
        return 0
    return {DECLINE: PLACES_ANNEX, CUMULATIVE: POLLUTANTS_ANNEX}.get(shape_by_code(code), 0)


def put_targets(rows: Iterable[Mapping[str, Any]], *, actor: Any = None, origin: str = "") -> Change:
    """Targets by plan, indicator and region (codes); an empty number is none. Internal numbers stand beside those handed down."""
    subjects = {code: (pk, kind) for code, pk, kind in Subject.objects.values_list("code", "id", "kind")}
    indicators = dict(Indicator.objects.values_list("code", "id"))
    plans = dict(Plan.objects.values_list("code", "id"))
    actions = {(plan, number): pk for plan, number, pk in Action.objects.values_list("plan__code", "number", "id")}
    listed: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
    for row in rows:
        subject, kind = subjects[row["region"]]
        fields = {name: Decimal(row[name]) if row.get(name) else None for name in _NUMBERS}
        keys = {"plan_id": plans[row["plan"]], "indicator_id": indicators[row["indicator"]], "subject_id": subject}
        rest = {name: value for name, value in row.items() if name not in {"plan", "indicator", "region", "action", *_NUMBERS}}
        action = {"action_id": actions[row["plan"], row["action"]]} if row.get("action") else {}
        annex = annex_of(row["indicator"], kind)
        listed[row["kind"] == INTERNAL].append({"industry": "", "annex": annex, **keys, **fields, **rest, **action})
    change = Change()
    for internal, made in listed.items():
        among = ~HANDED_DOWN if internal else HANDED_DOWN
        change += put_rows(Target, _KEY, made, action="indicators.target.put", actor=actor, origin=origin, among=among)
    return change


# A change by hand: proposed by one person, decided by another.


@transaction.atomic
def propose(
    plan: Plan, indicator: Indicator, subject: Subject, fields: Mapping[str, Any], *, actor: Any, document: str, reason: str,
    today: date, target: Target | None = None,
) -> TargetProposal:  # fmt: skip
    """Propose how a target is to stand; ``target`` is the one that changes. It stands only when another person has confirmed it.

    Raises:
        InputError: who does not work for the city, no document, nothing changes, or content that cannot be.
    """
    _require_city(actor)
    if not document.strip():
        raise InputError(_("没有写依据文件"), where="document", do=_("写明文号"))
    wanted = content.made(plan, indicator, subject, fields)
    _must_fit(wanted, target)
    before, body = content.as_text(target) if target else {}, content.as_text(wanted)
    if body == before:
        raise InputError(_("没有改动"), where="number", do=_("改一处再提出"))
    proposal = TargetProposal(
        plan=plan, indicator=indicator, subject=subject, target=target, body=body, before=before, document=document.strip(), reason=reason,
        asked_by=actor, demonstration=settings.DEMONSTRATION,
    )  # fmt: skip
    proposal.save()
    after = {"plan": plan.code, "indicator": indicator.code, "subject": subject.code, "document": document, **_changed(before, body)}
    record("indicators.target.proposed", proposal, actor=actor, subject_id=subject.pk, before=before, after=after)
    _ask_the_others(proposal, actor, today)
    return proposal


def _changed(before: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if before.get(name) != value}


def _must_fit(wanted: Target, target: Target | None) -> None:
    content.check(wanted)
    content.check_against_others(wanted)
    same = Target.objects.unscoped("a subject has one target of an indicator").filter(
        plan=wanted.plan, indicator=wanted.indicator, subject=wanted.subject, industry=wanted.industry
    )
    same = same.filter(~HANDED_DOWN if wanted.kind == INTERNAL else HANDED_DOWN)
    if same.exclude(pk=target.pk if target else None).exists():
        raise InputError(_("已经有这个目标"), where="indicator", why=_("同一方案、指标、地区只有一个目标"), do=_("打开原目标修改"))


def _ask_the_others(proposal: TargetProposal, actor: Any, today: date) -> None:
    for person in User.objects.filter(role=User.Role.CITY, is_active=True).exclude(pk=actor.pk):
        open_item(
            f"target:{proposal.pk}:{person.pk}", kind="target", severity=2, user=person, today=today,
            title=_("目标待确认：%(subject)s%(name)s") % {"subject": proposal.subject.name, "name": proposal.indicator.name},
            detail=_("%(who)s提出，依据%(document)s") % {"who": actor.display_name, "document": proposal.document},
            address=f"/targets/proposals/{proposal.pk}/",
        )  # fmt: skip


@transaction.atomic
def decide(proposal: TargetProposal, *, accept: bool, actor: Any, now: datetime) -> Target | None:
    """The second person puts a proposal in place or turns it down; answers with the target.

    Raises:
        InputError: the person proposed it or does not work for the city, it is decided, or no longer fits.
    """
    _require_city(actor)
    settle(proposal, actor, granted=accept, now=now, where=proposal.indicator.name)
    close_items(f"target:{proposal.pk}:")
    verb = "confirmed" if accept else "refused"
    record(f"indicators.target.{verb}", proposal, actor=actor, subject_id=proposal.subject_id, after={"document": proposal.document})
    return _put_in_place(proposal, actor) if accept else None


def _put_in_place(proposal: TargetProposal, actor: Any) -> Target:
    target = proposal.target
    fields = content.from_text(proposal.body)
    _must_fit(content.made(proposal.plan, proposal.indicator, proposal.subject, fields), target)
    if target is not None and content.as_text(target) != proposal.before:
        raise InputError(_("提出以后目标又变了"), where=proposal.indicator.name, do=_("重新提出"))
    if target is None:
        annex = annex_of(proposal.indicator.code, proposal.subject.kind)
        target = Target(plan=proposal.plan, indicator=proposal.indicator, subject=proposal.subject, annex=annex)
        target.public = annex == 0 and fields["kind"] != INTERNAL and proposal.subject.kind == Subject.Kind.CITY
    for name, value in fields.items():
        setattr(target, name, value)
    target.source, target.demonstration = proposal.document, proposal.demonstration
    target.save()
    TargetProposal.objects.unscoped("the target that was made").filter(pk=proposal.pk).update(target=target)
    after = {**content.as_text(target), "document": proposal.document}
    record("indicators.target.set", target, actor=actor, subject_id=target.subject_id, before=proposal.before, after=after)
    jobs.start(RECOMPUTE, _("按新目标重算：%(name)s") % {"name": proposal.indicator.name}, {"rule": 0}, actor)
    return target


def _require_city(actor: Any) -> None:
    if not actor.sees_all:
        raise InputError(_("只有市级主管可以提出或确认目标"), where=_("目标"))


@transaction.atomic
def open_annex(annex: Annex, *, reason: str, document: str, actor: Any) -> Disclosure:
    """Open an annex table and all that stands in it to everybody who signs in, by a recorded decision.

    Raises:
        InputError: who does not work for the city, no reason or document, or it is open.
    """
    _require_city(actor)
    if not reason.strip() or not document.strip():
        raise InputError(_("公开附件须写明理由和文号"), where=annex.title, do=_("两项都写"))
    if Annex.objects.filter(pk=annex.pk, published=False).update(published=True) != 1:
        raise InputError(_("附件已经公开"), where=annex.title)
    decision = Disclosure.objects.create(reason=reason.strip(), document=document.strip(), decided_by=actor)
    DisclosedAnnex.objects.create(disclosure=decision, annex=annex)
    inside = Target.objects.unscoped("a decision opens an annex").filter(HANDED_DOWN, plan=annex.plan_id, annex=annex.number, public=False)
    count = inside.update(public=True)
    after = {"annex": annex.title, "reason": reason, "document": document, "targets": count}
    record("indicators.annex.disclosed", decision, actor=actor, after=after)
    return decision
