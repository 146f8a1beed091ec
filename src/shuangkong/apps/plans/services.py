"""Writing plans and their tables, and a place's own rules; and the rulebook as the platform uses it now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from shuangkong import rulebook
from shuangkong.apps.audit.services import record
from shuangkong.apps.desk.services import jobs
from shuangkong.apps.desk.services.inbox import close_items, open_item
from shuangkong.apps.desk.two_persons import require_second
from shuangkong.apps.organisations.models import Department, Subject, User
from shuangkong.apps.organisations.services import Change, put_rows
from shuangkong.apps.plans.models import Action, Annex, Clause, Duty, LocalRuleRow, Obligation, ParentTarget, Plan
from shuangkong.core.digest import canonical_json
from shuangkong.core.errors import InputError
from shuangkong.rulebook.loader import RecordingBook, Rulebook

#: The kind of job that computes all accounts anew.
RECOMPUTE = "recompute"

_cached: dict[str, tuple[tuple[str, ...], Rulebook]] = {}
_cache_lock = Lock()


def put_plans(rows: Iterable[Mapping[str, Any]], *, actor: Any = None, origin: str = "") -> Change:
    """Plans by code; ``subject`` is a code."""
    subjects = dict(Subject.objects.values_list("code", "id"))
    made = [{**_without(row, "subject"), "subject_id": subjects[row["subject"]]} for row in rows]
    return put_rows(Plan, ("code",), made, action="plans.plan.put", actor=actor, origin=origin)


def put_clauses(rows: Iterable[Mapping[str, Any]], *, actor: Any = None, origin: str = "") -> Change:
    """Clauses by plan and code; ``plan`` is a code."""
    return put_rows(Clause, ("plan_id", "code"), _of_plan(rows), action="plans.clause.put", actor=actor, origin=origin)


def put_duties(rows: Iterable[Mapping[str, Any]], *, actor: Any = None, origin: str = "") -> Change:
    """Who leads, supports and implements; ``plan``, ``clause`` and ``department`` are codes."""
    departments = dict(Department.objects.values_list("code", "id"))
    made = [
        {**_without(row, "department"), "department_id": departments[row["department"]]}
        for row in _of_clause(rows)
    ]  # fmt: skip
    return put_rows(Duty, ("clause_id", "department_id", "role"), made, action="plans.duty.put", actor=actor, origin=origin)


def put_obligations(rows: Iterable[Mapping[str, Any]], *, actor: Any = None, origin: str = "") -> Change:
    """Obligations by clause and code."""
    return put_rows(Obligation, ("clause_id", "code"), _of_clause(rows), action="plans.obligation.put", actor=actor, origin=origin)


def put_actions(rows: Iterable[Mapping[str, Any]], *, actor: Any = None, origin: str = "") -> Change:
    """The key actions by plan and number."""
    return put_rows(Action, ("plan_id", "number"), _of_plan(rows), action="plans.action.put", actor=actor, origin=origin)


def put_parent_targets(rows: Iterable[Mapping[str, Any]], *, actor: Any = None, origin: str = "") -> Change:
    """What parent plans ask under an action; ``plan`` is a code, ``action`` a number."""
    actions = {(plan, number): pk for plan, number, pk in Action.objects.values_list("plan__code", "number", "id")}
    made = [{**_without(row, "plan", "action"), "action_id": actions[row["plan"], row["action"]]} for row in rows]
    key = ("action_id", "place", "document", "indicator")
    return put_rows(ParentTarget, key, made, action="plans.parent_target.put", actor=actor, origin=origin)


def put_annexes(rows: Iterable[Mapping[str, Any]], *, actor: Any = None, origin: str = "") -> Change:
    """The annexes by plan and number."""
    return put_rows(Annex, ("plan_id", "number"), _of_plan(rows), action="plans.annex.put", actor=actor, origin=origin)


def _without(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def _of_plan(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    plans = dict(Plan.objects.values_list("code", "id"))
    return [{**_without(row, "plan"), "plan_id": plans[row["plan"]]} for row in rows]


def _of_clause(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    clauses = {(plan, code): pk for plan, code, pk in Clause.objects.values_list("plan__code", "code", "id")}
    return [{**_without(row, "plan", "clause"), "clause_id": clauses[row["plan"], row["clause"]]} for row in rows]


# The law library: a row is proposed by one person and confirmed by another.


@transaction.atomic
def propose_rule(
    parameter: str, region: str, body: Mapping[str, Any], *, actor: Any, document: str, today: date
) -> LocalRuleRow:
    """Propose a row of ``parameter`` for ``region`` (a code); ``body`` is a row of the rulebook's shape. It is law only when confirmed.

    The city's other people find it in their inbox. In the demonstration every row is marked 演示.

    Raises:
        InputError: the person does not work for the city, or no document is named.
        RulebookError: the row does not fit the rulebook (unknown parameter, overlap, not allowed at that place …).
    """
    _require_city(actor, parameter)
    if not document.strip():
        raise InputError(_("没有写依据文件"), where="document", do=_("写明文号"))
    stated = {**body, "parameter": parameter, "region": region}
    _must_fit(stated)
    row = LocalRuleRow(
        parameter=parameter,
        region=region,
        body=dict(body),
        document=document,
        proposed_by=actor,
        demonstration=settings.DEMONSTRATION,
    )
    row.save()
    record("plans.rule.proposed", row, actor=actor, after={**stated, "document": document})
    _ask_the_others(row, actor, today)
    return row


def _ask_the_others(row: LocalRuleRow, actor: Any, today: date) -> None:
    """A 待办 for everybody who may confirm it."""
    title = current_rulebook().parameters[row.parameter].title
    for person in User.objects.filter(role=User.Role.CITY, is_active=True).exclude(pk=actor.pk):
        open_item(
            f"rule:{row.pk}:{person.pk}",
            kind="rule",
            title=_("本地规则待确认：%(title)s") % {"title": title},
            detail=_("%(who)s提出，依据%(document)s") % {"who": actor.display_name, "document": row.document},
            address=f"/rules/{row.parameter}/",
            today=today,
            severity=2,
            user=person,
        )


@transaction.atomic
def confirm_rule(row: LocalRuleRow, *, actor: Any, now: datetime) -> LocalRuleRow:
    """Put a proposed row in force, close what waited for it, and queue the accounts anew.

    Raises:
        InputError: the person proposed it or does not work for the city, or it is confirmed already.
        RulebookError: it no longer fits, because of what was confirmed meanwhile.
    """
    _require_city(actor, row.parameter)
    require_second(row.proposed_by_id, actor, where=row.parameter)
    waiting = LocalRuleRow.objects.unscoped("a proposal is confirmed once").filter(pk=row.pk, confirmed_at__isnull=True)
    if not waiting.exists():
        raise InputError(_("这一行已经确认过"), where=row.parameter)
    _must_fit(_as_stated(row))
    if waiting.update(confirmed_by=actor, confirmed_at=now) != 1:
        raise InputError(_("这一行已经确认过"), where=row.parameter)
    row.refresh_from_db(from_queryset=LocalRuleRow.objects.unscoped("just confirmed"))
    record("plans.rule.confirmed", row, actor=actor, before={"confirmed": False}, after={"confirmed": True})
    close_items(f"rule:{row.pk}:")
    title = current_rulebook().parameters[row.parameter].title
    jobs.start(RECOMPUTE, _("按新规则重算：%(title)s") % {"title": title}, {"rule": row.pk}, actor)
    return row


def _require_city(actor: Any, parameter: str) -> None:
    if not actor.sees_all:
        raise InputError(_("只有市级主管可以提出或确认本地规则"), where=parameter)


def _must_fit(stated: Mapping[str, Any]) -> None:
    Rulebook.load(extra_dirs=rule_folders(), extra_rows=[*_confirmed_rows(), stated])


def _as_stated(row: LocalRuleRow) -> dict[str, Any]:
    return {**row.body, "parameter": row.parameter, "region": row.region}


def _confirmed_rows() -> list[dict[str, Any]]:
    rows = LocalRuleRow.objects.unscoped("confirmed rules are law").filter(confirmed_at__isnull=False)
    return [_as_stated(row) for row in rows]


def rule_folders() -> list[Path]:
    """The folders with the installed pack's own rules, in the demonstration also its invented ones; none without a pack."""
    return rulebook.pack_rule_folders(Path(settings.PACKS_DIR) / settings.PACK, demonstration=settings.DEMONSTRATION)


def current_rulebook() -> Rulebook:
    """The shipped rules, the installed pack's and the law library's confirmed rows; kept until a row is confirmed.

    It is also what :func:`shuangkong.rulebook.current` gives in this process from then on.
    """
    folders, confirmed = rule_folders(), _confirmed_rows()
    mark = (*map(str, folders), canonical_json(confirmed))
    with _cache_lock:
        kept = _cached.get("rulebook")
        if kept is None or kept[0] != mark:
            kept = (mark, rulebook.install(folders, confirmed))
            _cached["rulebook"] = kept
    return kept[1]


def current_book(region: str | None = None, known_on: date | None = None) -> RecordingBook:
    """A fresh recording book over :func:`current_rulebook` for one calculation; ``region`` defaults to the installed pack's."""
    return current_rulebook().book(region, known_on)
