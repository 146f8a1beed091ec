"""The checks at work: what a draft is asked, what stands in its round, who explains, switches and suppresses, and what a page costs."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.filing.checking import examine
from shuangkong.apps.filing.checks import selectors, switches
from shuangkong.apps.filing.checks.finder import outcome_of
from shuangkong.apps.filing.models import CheckSwitch, FoundFinding, Suppression
from shuangkong.apps.filing.services import oblige, return_, save_draft, submit
from shuangkong.apps.filing.services.submission import Unfit
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period
from tests.filing.conftest import NOW
from tests.filing.kit import COUNTY, MONTH, accepted, again, submitted

pytestmark = pytest.mark.django_db

TOO_MANY_DAYS = {**MONTH, "operation.days.value": "31"}
LEFTOVER = {
    **MONTH, "consumption.raw_coal.opening_stock": "100", "consumption.raw_coal.purchased": "1200", "consumption.raw_coal.consumed": "1000",
    "consumption.raw_coal.closing_stock": "100",
}  # fmt: skip
EXPLANATION = "途耗较大，见磅单"


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def numbers(filing: Any, cells: dict[str, str]) -> list[str]:
    return [finding.check for finding in examine(filing, cells).findings]


def explained(filing: Any, user: Any, cells: dict[str, str]) -> Any:
    """Submitted with what had to be explained explained."""
    keys = [f"{found.check}:{','.join(found.addresses)}" for found in examine(filing, cells).of("explain")]
    save_draft(filing, cells, 0, user, now=NOW, explanations=dict.fromkeys(keys, EXPLANATION))
    return submit(filing, user, now=NOW)


def test_a_finding_blocks_or_asks_for_an_explanation_that_is_signed(people: dict[str, Any], filing: Any) -> None:
    mine = filing()
    save_draft(mine, TOO_MANY_DAYS, 0, people["enterprise"], now=NOW)
    with pytest.raises(Unfit) as caught:
        submit(mine, people["enterprise"], now=NOW)
    assert caught.value.findings[0].check == "T13"
    other = filing(period=Period.month(2026, 8))
    made = explained(other, people["enterprise"], LEFTOVER)
    kept = FoundFinding.objects.unscoped("test").get(round=made, check_number="A02")
    assert (kept.severity, kept.explanation, kept.explained_by) == ("explain", EXPLANATION, people["enterprise"])
    assert "平衡差额200" in kept.saw
    assert kept.why_odd and kept.settle


def test_the_grid_is_given_the_findings(people: dict[str, Any], filing: Any) -> None:
    mine = filing()
    save_draft(mine, LEFTOVER, 0, people["enterprise"], now=NOW)
    told = signed_in(people["enterprise"]).get(reverse("filing:cells", args=[mine.pk])).json()
    found = next(each for each in told["findings"] if each["check"] == "A02")
    assert "consumption.raw_coal.purchased" in found["addresses"]
    assert found["why_odd"] and found["settle"]


def test_the_past_the_round_sent_back_and_peers_are_looked_at(people: dict[str, Any], filing: Any) -> None:
    before = accepted(submitted(filing(period=Period.month(2026, 8)), people["enterprise"], MONTH), people["county"], people["drc"])
    assert before.state == "accepted"
    mine = filing()
    assert "T03" in numbers(mine, MONTH)
    changed = {**MONTH, "consumption.raw_coal.consumed": "1011.3", "consumption.electricity.consumed": "333.21"}
    assert "T03" not in numbers(mine, changed)
    mine = submitted(mine, people["enterprise"], changed)
    return_(mine, people["county"], "核对", now=NOW)
    of = outcome_of(again(mine), examine(mine, changed).cells)
    assert "T12" not in of.silent
    assert of.silent["A09"] == "没有计量数"
    assert "T03" not in {finding.check for finding in of.findings}


def test_a_draft_is_checked_in_few_queries_however_long_its_past(people: dict[str, Any], filing: Any) -> None:
    counts = []
    for month in (5, 6, 7, 8):
        mine = filing(period=Period.month(2026, month))
        with CaptureQueriesContext(connection) as queries:
            examine(mine, MONTH)
        counts.append(len(queries))
        varied = {**MONTH, "consumption.raw_coal.consumed": f"10{month}1.3", "consumption.electricity.consumed": f"31{month}.77"}
        submitted(mine, people["enterprise"], varied)
    assert counts[-1] == counts[1]
    assert counts[-1] <= 8


def test_two_of_the_city_switch_a_check_off_and_on(people: dict[str, Any], filing: Any) -> None:
    mine, first, second = filing(), people["drc"], people["stat"]
    assert "T13" in numbers(mine, TOO_MANY_DAYS)
    for number, on, reason, words in (
        ("T13", True, "x", "已经是这样"), ("T13", False, " ", "没有写理由"), ("X99", False, "x", "没有这条检查"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=words):
            switches.propose_switch(number, on, reason, first, now=NOW)
    with pytest.raises(InputError, match="不能启停"):
        switches.propose_switch("T13", False, "x", people["county"], now=NOW)
    asked = switches.propose_switch("T13", False, "夏令时试点", first, now=NOW)
    with pytest.raises(InputError, match="已有人提出"):
        switches.propose_switch("T13", False, "again", second, now=NOW)
    assert "T13" in numbers(mine, TOO_MANY_DAYS)
    with pytest.raises(InputError, match="提出人不能自己决定"):
        switches.decide_switch(asked, True, first, now=NOW)
    switches.decide_switch(asked, True, second, now=NOW)
    assert "T13" not in numbers(mine, TOO_MANY_DAYS)
    with pytest.raises(InputError, match="已经有人决定"):
        switches.decide_switch(asked, False, second, now=NOW)
    back = switches.propose_switch("T13", True, "试点结束", second, now=NOW)
    switches.decide_switch(back, False, first, now=NOW)
    assert "T13" not in numbers(mine, TOO_MANY_DAYS)
    names = set(Entry.objects.filter(action__startswith="filing.check").values_list("action", flat=True))
    assert names == {"filing.check.proposed", "filing.check.confirmed", "filing.check.refused"}


def test_a_reviewer_suppresses_a_check_for_a_subject_and_a_time(people: dict[str, Any], filing: Any) -> None:
    mine = filing()
    with pytest.raises(InputError, match="审核范围"):
        switches.suppress(mine, "T13", "x", people["enterprise"], until=None, now=NOW)
    for number, reason, until, words in (
        ("X99", "x", None, "没有这条检查"), ("C04", "x", None, "没有这条检查"), ("T13", "", None, "没有写理由"),
        ("T13", "x", mine.period_start, "早于开始日"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=words):
            switches.suppress(mine, number, reason, people["county"], until=until, now=NOW)
    made = switches.suppress(mine, "T13", "按班次折算天数", people["county"], until=mine.period_end, now=NOW)
    assert "T13" not in numbers(mine, TOO_MANY_DAYS)
    assert outcome_of(mine, {"operation.days.value": "31"}).silent["T13"] == "已按记录停用"
    assert "T13" in numbers(filing(period=Period.month(2026, 11)), TOO_MANY_DAYS)
    assert Entry.objects.filter(action="filing.suppression.made").count() == 1
    with pytest.raises(DatabaseError), transaction.atomic():
        Suppression.objects.unscoped("test").filter(pk=made.pk).update(reason="anders")
    with pytest.raises(DatabaseError), transaction.atomic():
        Suppression.objects.unscoped("test").filter(pk=made.pk).delete()


def test_the_catalogue_page_counts_and_decides(people: dict[str, Any], filing: Any) -> None:
    explained(filing(), people["enterprise"], LEFTOVER)
    found = next(each for each in selectors.entries(people["drc"]) if each.check.number == "A02")
    assert (found.raised, found.explained) == (1, 1)
    client, second = signed_in(people["drc"]), signed_in(people["stat"])
    page = client.get(reverse("filing:checks")).content.decode()
    assert "一条发现是问题，不是结论" in page and "提议停用" in page
    assert "提议停用" not in signed_in(people["enterprise"]).get(reverse("filing:checks")).content.decode()
    assert client.post(reverse("filing:propose_check", args=["T13"]), {"on": "no", "reason": ""}).status_code == 400
    assert client.post(reverse("filing:propose_check", args=["T13"]), {"on": "no", "reason": "试点"}).status_code == 302
    asked = CheckSwitch.objects.unscoped("test").get()
    decide = reverse("filing:decide_check", args=[asked.pk])
    assert client.post(decide, {"granted": "yes"}).status_code == 400
    assert signed_in(people["county"]).post(decide, {"granted": "yes"}).status_code == 404
    assert second.post(reverse("filing:decide_check", args=[asked.pk + 1])).status_code == 404
    assert second.post(decide, {"granted": "yes"}).status_code == 302
    assert "试点" in second.get(reverse("filing:checks")).content.decode()


def test_the_findings_are_filtered_and_kept_to_those_who_may_see_them(people: dict[str, Any], filing: Any) -> None:
    made = explained(filing(), people["enterprise"], LEFTOVER)
    kept = FoundFinding.objects.unscoped("test").get(round=made, check_number="A02")
    page, one = reverse("filing:findings"), reverse("filing:finding", args=[kept.pk])
    for who in ("enterprise", "county", "drc"):
        assert "平衡差额200" in signed_in(people[who]).get(page).content.decode(), who
        assert EXPLANATION in signed_in(people[who]).get(one).content.decode(), who
    for who in ("other_county", "reader", "administrator"):
        assert "平衡差额200" not in signed_in(people[who]).get(page).content.decode(), who
        assert signed_in(people[who]).get(one).status_code == 404, who
    client = signed_in(people["drc"])
    right = {"check": "A02", "severity": "explain", "form": "key_unit_month", "period": "2026-09", "subject": "91-A", "explained": "yes"}
    assert "平衡差额200" in client.get(page, right).content.decode()
    others = (("check", "T01"), ("severity", "notice"), ("period", "2025"), ("period", "gestern"), ("subject", "x"), ("explained", "no"))
    for name, wrong in others:
        assert "平衡差额200" not in client.get(page, {**right, name: wrong}).content.decode(), name


def test_findings_of_a_statistical_return_are_for_the_respondent_and_the_bureau_of_statistics(people: dict[str, Any], filing: Any) -> None:
    mine = filing("county_energy_balance_quarter", "431002", Period.ytd(2026, 9))
    made = explained(mine, people["county"], {**COUNTY, "balance.inflow.raw_coal": "1500"})
    kept = FoundFinding.objects.unscoped("test").get(round=made, check_number="A01")
    one = reverse("filing:finding", args=[kept.pk])
    assert [who for who in people if signed_in(people[who]).get(one).status_code == 200] == ["county", "stat", "stat2"]


def test_one_suppresses_on_the_page_of_a_finding(people: dict[str, Any], filing: Any) -> None:
    made = explained(filing(), people["enterprise"], LEFTOVER)
    kept = FoundFinding.objects.unscoped("test").get(round=made, check_number="A02")
    one = reverse("filing:finding", args=[kept.pk])
    assert "记录停用" not in signed_in(people["enterprise"]).get(one).content.decode()
    assert signed_in(people["enterprise"]).post(one, {"reason": "x"}).status_code == 404
    client = signed_in(people["county"])
    assert client.post(one, {"reason": ""}).status_code == 400
    assert client.post(one, {"reason": "x", "until": "2026-01-01"}).status_code == 400
    assert client.post(one, {"reason": "按合同盘点", "until": "2027-01-01"}).status_code == 302
    assert "按合同盘点" in client.get(one).content.decode()
    assert "按合同盘点" in client.get(reverse("filing:checks")).content.decode()


def test_a_period_is_looked_at_as_a_whole(people: dict[str, Any], places: dict[str, Any], filing: Any) -> None:
    oblige([places["431002"], places["431003"]], "county_energy_balance_year", date(2025, 1, 1), people["administrator"])
    submitted(filing("county_energy_balance_year", "431002", Period.year(2025)), people["county"], COUNTY)
    asked = {"form": "county_energy_balance_year", "period": "2025"}
    page = signed_in(people["stat"]).get(reverse("filing:findings"), asked).content.decode()
    assert "应报2家" in page and f"{places['431003'].name}没有报" in page
    assert "报送率50.0%" in page
    assert "A10 没有看：本级没有报" in page
    assert "应报2家" not in signed_in(people["drc"]).get(reverse("filing:findings"), asked).content.decode()
    own = signed_in(people["county"]).get(reverse("filing:findings"), asked).content.decode()
    assert places["431003"].name not in own
    assert "合在一起看" not in signed_in(people["stat"]).get(reverse("filing:findings"), {**asked, "period": "2025-03"}).content.decode()


@pytest.mark.parametrize("name", ["filing:checks", "filing:findings"])
def test_a_page_takes_as_many_queries_for_many_findings(people: dict[str, Any], filing: Any, name: str) -> None:
    client, counts = signed_in(people["drc"]), []
    for month in (5, 7):
        for each in (month, month + 1):
            varied = {**LEFTOVER, "consumption.electricity.consumed": f"3{each}1.77", "operation.days.value": "30"}
            explained(filing(period=Period.month(2026, each)), people["enterprise"], varied)
        client.get(reverse(name))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(name))
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[1] <= 12
