"""A place's own rule: proposed by one person, confirmed by another, in the rulebook only then, with audit; annexes stay restricted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from shuangkong import rulebook
from shuangkong.apps.audit.models import Entry
from shuangkong.apps.desk.models import InboxItem, Job
from shuangkong.apps.desk.services import jobs
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans import selectors
from shuangkong.apps.plans.models import Annex, LocalRuleRow, Plan
from shuangkong.apps.plans.services import confirm_rule, current_book, current_rulebook, propose_rule
from shuangkong.core.errors import InputError, NotInForce, RulebookError

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
PARAMETER = "energy.electricity_equivalent"
BODY = {
    "row": "4310-2025", "value": "0.2995", "applies_from": "2025-01-01", "applies_to": "2026-01-01", "published_on": "2025-01-20",
    "entered_on": "2026-11-24", "checked_on": "2026-11-24", "evidence": "text",
    "source": {"number": "郴统函〔2025〕1号", "locator": "附件"},
}  # fmt: skip


@pytest.fixture
def two(make_user: Callable[..., Any]) -> tuple[Any, Any]:
    return make_user("city", "first"), make_user("city", "second")


def _value() -> str:
    return current_book().at(PARAMETER, "431021", date(2025, 6, 1)).value


def test_a_rule_is_in_force_when_two_persons_say_so(two: tuple[Any, Any]) -> None:
    row = propose_rule(PARAMETER, "4310", BODY, actor=two[0], document="郴统函〔2025〕1号", today=TODAY)
    with pytest.raises(NotInForce):
        _value()
    confirm_rule(row, actor=two[1], now=NOW)
    assert _value() == "0.2995"
    assert rulebook.current() is current_rulebook()
    assert list(Entry.objects.order_by("id").values_list("action", flat=True)) == [
        "plans.rule.proposed",
        "plans.rule.confirmed",
        "desk.job.started",
    ]


def test_a_proposal_waits_in_the_inbox_of_the_others_until_it_is_confirmed(two: tuple[Any, Any], make_user: Callable[..., Any]) -> None:
    third = make_user("city", "third")
    make_user("reader", "outsider")
    row = propose_rule(PARAMETER, "4310", BODY, actor=two[0], document="郴统函〔2025〕1号", today=TODAY)
    waiting = InboxItem.objects.unscoped("test").filter(kind="rule")
    assert {item.for_user for item in waiting.filter(closed_at=None)} == {two[1], third}
    assert waiting[0].address == f"/rules/{PARAMETER}/"
    confirm_rule(row, actor=two[1], now=NOW)
    assert not waiting.filter(closed_at=None).exists()
    job = Job.objects.unscoped("test").get()
    assert (job.kind, job.owner) == ("recompute", two[1])


def test_a_confirmed_rule_computes_the_accounts_anew(two: tuple[Any, Any]) -> None:
    row = propose_rule(PARAMETER, "4310", BODY, actor=two[0], document="郴统函〔2025〕1号", today=TODAY)
    confirm_rule(row, actor=two[1], now=NOW)
    job = jobs.run(Job.objects.unscoped("test").get().pk)
    assert (job.state, job.result) == (Job.State.DONE, {"run": None})


def test_nobody_confirms_what_he_proposed(two: tuple[Any, Any]) -> None:
    row = propose_rule(PARAMETER, "4310", BODY, actor=two[0], document="郴统函〔2025〕1号", today=TODAY)
    with pytest.raises(InputError, match="提出人不能自己决定"):
        confirm_rule(row, actor=two[0], now=NOW)
    with pytest.raises(NotInForce):
        _value()


def test_a_rule_is_confirmed_once(two: tuple[Any, Any]) -> None:
    row = propose_rule(PARAMETER, "4310", BODY, actor=two[0], document="郴统函〔2025〕1号", today=TODAY)
    confirm_rule(row, actor=two[1], now=NOW)
    with pytest.raises(InputError, match="已经确认过"):
        confirm_rule(row, actor=two[1], now=NOW)


def test_only_the_citys_people_make_rules(two: tuple[Any, Any], make_user: Callable[..., Any]) -> None:
    for role in ("county", "reader", "department", "administrator"):
        with pytest.raises(InputError, match="只有市级主管"):
            propose_rule(PARAMETER, "4310", BODY, actor=make_user(role), document="甲", today=TODAY)
    row = propose_rule(PARAMETER, "4310", BODY, actor=two[0], document="甲", today=TODAY)
    with pytest.raises(InputError, match="只有市级主管"):
        confirm_rule(row, actor=make_user("reader", "another"), now=NOW)


@pytest.mark.parametrize(
    ("parameter", "change", "words"),
    [
        ("energy.magic", {}, "没有声明过的参数"),
        (PARAMETER, {"value": "约0.3"}, "不是 number"),
        (PARAMETER, {"evidence": "hearsay"}, "evidence"),
        (PARAMETER, {"source": {}}, "source"),
        ("statistics.gdp_price_base", {"value": "2020"}, "下级不得自定"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(two: tuple[Any, Any], parameter: str, change: dict[str, Any], words: str) -> None:
    with pytest.raises(RulebookError, match=words):
        propose_rule(parameter, "4310", {**BODY, **change}, actor=two[0], document="甲", today=TODAY)
    assert not LocalRuleRow.objects.unscoped("test").exists()


def test_a_proposal_needs_a_document(two: tuple[Any, Any]) -> None:
    with pytest.raises(InputError, match="没有写依据文件"):
        propose_rule(PARAMETER, "4310", BODY, actor=two[0], document=" ", today=TODAY)


def test_two_proposals_of_one_day_cannot_both_be_confirmed(two: tuple[Any, Any]) -> None:
    rows = [propose_rule(PARAMETER, "4310", {**BODY, "row": name}, actor=two[0], document="甲", today=TODAY) for name in ("a", "b")]
    confirm_rule(rows[0], actor=two[1], now=NOW)
    with pytest.raises(RulebookError, match="重叠"):
        confirm_rule(rows[1], actor=two[1], now=NOW)


def test_proposals_are_the_citys_own(two: tuple[Any, Any], make_user: Callable[..., Any]) -> None:
    reader = make_user("reader")
    row = propose_rule(PARAMETER, "4310", BODY, actor=two[0], document="甲", today=TODAY)
    assert list(selectors.local_rules(reader)) == []
    assert list(selectors.local_rules(two[1])) == [row]
    confirm_rule(row, actor=two[1], now=NOW)
    assert list(selectors.local_rules(reader)) == [row]


def test_annexes_stay_with_the_city(two: tuple[Any, Any], make_user: Callable[..., Any]) -> None:
    city = Subject.objects.create(kind="city", code="431000", name="郴州市")
    plan = Plan.objects.create(code="p", title="方案", period_name="甲", subject=city, base_year=2020, first_year=2021, last_year=2025)
    secret = Annex.objects.create(plan=plan, number=1, title="分解表")
    public = Annex.objects.create(plan=plan, number=2, title="名单", published=True)
    reader = make_user("reader")
    assert list(selectors.annexes(plan, reader)) == [public]
    assert list(selectors.restricted_annexes(plan, reader)) == [secret]
    assert list(selectors.annexes(plan, two[0])) == [secret, public]
    assert list(selectors.restricted_annexes(plan, two[0])) == []


def test_the_plan_of_a_year_is_the_real_one_where_there_is_one(db: None) -> None:
    city = Subject.objects.create(kind="city", code="431000", name="郴州市")
    years = {"subject": city, "base_year": 2025, "first_year": 2026, "last_year": 2030}
    invented = Plan.objects.create(code="d", title="演示", period_name="甲", demonstration=True, **years)
    assert selectors.plan_of_year(2026) == invented
    real = Plan.objects.create(code="r", title="方案", period_name="甲", **years)
    assert selectors.plan_of_year(2026) == real
    assert selectors.plan_of_year(2020) is None
