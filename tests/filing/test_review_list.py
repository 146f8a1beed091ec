"""The review list: units × periods, what the bar may accept and why not the rest, the inbox of each level, and fixed numbers of queries."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shuangkong.apps.desk.models import InboxItem
from shuangkong.apps.filing import reviewing
from shuangkong.apps.filing.services import return_
from shuangkong.apps.filing.waiting import tell
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.services import confirm_rule, propose_rule
from shuangkong.core.periods import Period
from shuangkong.rulebook import forms
from tests.filing.conftest import NOW
from tests.filing.kit import COUNTY, MONTH, accepted, again, submitted

pytestmark = pytest.mark.django_db
FORM = "key_unit_month"


def firms(places: dict[str, Any], make_user: Any, count: int, county: str = "431002") -> list[Any]:
    """As many enterprises of a county, each with a person; known to ``places`` by code."""
    made = []
    for n in range(count):
        code = f"91-{county}-{n}"
        places[code] = Subject.objects.create(
            kind="enterprise", code=code, name=f"演示厂{county}{n}", parent=places[county], county=places[county]
        )
        made.append(make_user("enterprise", code, subject=places[code]))
    return made


def rows(user: Any, state: str = "", name: str = "") -> list[reviewing.Unit]:
    """The list as the person sees it."""
    board = reviewing.board(user, forms.current().newest(FORM), None, state)
    assert board is not None
    return reviewing.units(user, board, list(reviewing.subjects(user, board, name)))


def waiting(user: Any) -> list[str]:
    return [item.title for item in InboxItem.objects.visible_to(user).filter(closed_at=None)]


def test_each_level_sees_what_lies_there_and_why_not_the_rest(people: Any, filing: Any, places: Any, make_user: Any) -> None:
    (other,) = firms(places, make_user, 1)
    filing(period=Period.month(2026, 8))
    first, second = filing(), filing(code="91-431002-0")
    submitted(first, people["enterprise"], MONTH)
    by_name = {row.subject.name: row for row in rows(people["county"])}
    assert by_name["演示企业甲"].mine and by_name["演示企业甲"].why_not == ""
    assert by_name["演示厂4310020"].why_not == "没有提交"
    assert [cell.state if cell else "" for cell in by_name["演示企业甲"].cells] == ["not_filed", "submitted"]
    assert not any(row.mine for row in rows(people["drc"]))
    accepted(first, people["county"])
    (held,) = [row for row in rows(people["drc"]) if row.mine]
    assert held.why_not == "同县还缺1份" and held.passed_at is not None
    submitted(second, other, MONTH)
    accepted(second, people["county"])
    assert [row.why_not for row in rows(people["drc"]) if row.mine] == ["", ""]
    assert [row.subject.name for row in rows(people["drc"], "submitted", "厂")] == ["演示厂4310020"]


def test_who_reviews_nothing_is_told_so(people: Any, filing: Any) -> None:
    filing()
    for who in ("enterprise", "reader", "eeb"):
        client = Client()
        client.force_login(people[who])
        assert "演示企业甲" not in client.get("/filings/review/?form=key_unit_month").content.decode()


def test_statistics_are_on_nobody_elses_list(people: Any, filing: Any) -> None:
    submitted(filing("county_energy_balance_quarter", "431002", Period.parse("2026-01/09")), people["county"], COUNTY)
    listed = {who: {form.id for form in reviewing.forms_reviewed(people[who])} for who in ("stat", "drc", "county")}
    assert "county_energy_balance_quarter" in listed["stat"]
    assert "county_energy_balance_quarter" not in listed["drc"] | listed["county"]
    board = reviewing.board(people["drc"], forms.current().newest("county_energy_balance_quarter"), None, "")
    assert board is None


def test_the_list_takes_the_same_queries_however_many_units(people: Any, filing: Any, places: Any, make_user: Any) -> None:
    client = Client()
    client.force_login(people["drc"])

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get("/filings/review/").status_code == 200
        return len(caught)

    submitted(filing(), people["enterprise"], MONTH)
    few = queries()
    for n, user in enumerate(firms(places, make_user, 8)):
        submitted(filing(code=f"91-431002-{n}"), user, MONTH)
        submitted(filing(code=f"91-431002-{n}", period=Period.month(2026, 8)), user, MONTH)
    assert queries() == few <= 12


def test_the_page_of_a_filing_takes_the_same_queries_however_many_rounds(people: Any, filing: Any) -> None:
    made, client = filing(), Client()
    client.force_login(people["county"])

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get(f"/filings/{made.pk}/").status_code == 200
        return len(caught)

    submitted(made, people["enterprise"], MONTH)
    client.get(f"/filings/{made.pk}/")
    few = queries()
    for _ in range(3):
        return_(again(made), people["county"], "再核", now=NOW)
        submitted(again(made), people["enterprise"], MONTH)
    assert queries() == few <= 24


def test_the_inbox_follows_a_filing_from_level_to_level(people: Any, filing: Any) -> None:
    made, today = filing(), NOW.date()
    tell([made], today)
    assert waiting(people["enterprise"]) == ["重点用能单位能源消费月报（2026年9月）待填报"]
    submitted(made, people["enterprise"], MONTH)
    tell([made], today)
    assert waiting(people["enterprise"]) == [] == waiting(people["drc"])
    assert waiting(people["county"]) == ["重点用能单位能源消费月报（2026年9月）1 份待审核"]
    return_(again(made), people["county"], "改", now=NOW)
    tell([made], today)
    assert waiting(people["county"]) == [] and "被退回" in waiting(people["enterprise"])[0]
    submitted(again(made), people["enterprise"], MONTH)
    accepted(made, people["county"])
    tell([made], today)
    assert waiting(people["county"]) == [] and "1 份待审核" in waiting(people["drc"])[0] and waiting(people["stat"]) == []
    accepted(made, people["drc"])
    tell([made], today)
    assert [waiting(people[who]) for who in ("enterprise", "county", "drc")] == [[], [], []]


def test_a_decision_names_the_round_that_was_seen(people: Any, filing: Any) -> None:
    """A reviewer looks at round 1; it is returned by another and submitted anew; what was looked at is neither accepted nor returned."""
    made, client = submitted(filing(), people["enterprise"], MONTH), Client()
    client.force_login(people["county"])
    page = client.get(f"/filings/{made.pk}/").content.decode()
    assert 'name="round" value="1"' in page
    return_(made, people["county"], "再核", now=NOW)
    submitted(again(made), people["enterprise"], {**MONTH, "operation.days.value": "29"})
    for verb in ("start_review", "accept", "return"):
        for seen in ({"round": "1"}, {}, {"round": "x"}):
            answer = client.post(f"/filings/{made.pk}/do/{verb}/", {"reason": "再核", **seen})
            assert answer.status_code == 409, (verb, seen)
            assert "没有办理：填报人已重新提交" in answer.content.decode() and 'name="round" value="2"' in answer.content.decode()
    assert (again(made).state, again(made).round, again(made).level) == ("submitted", 2, "county")
    assert client.post(f"/filings/{made.pk}/do/accept/", {"round": "2"}).status_code == 302
    assert again(made).level == "city"


def test_the_list_accepts_only_the_rounds_that_it_showed(people: Any, filing: Any, places: Any, make_user: Any) -> None:
    made = [submitted(filing(), people["enterprise"], MONTH)]
    (user,) = firms(places, make_user, 1)
    made.append(submitted(filing(code="91-431002-0"), user, MONTH))
    client = Client()
    client.force_login(people["county"])
    listed = client.get("/filings/review/?form=key_unit_month").content.decode()
    chosen = [f"{each.pk}-1" for each in made]
    assert all(f'value="{value}"' in listed for value in chosen)
    return_(again(made[1]), people["county"], "再核", now=NOW)
    submitted(again(made[1]), user, {**MONTH, "operation.days.value": "29"})
    answer = client.post("/filings/review/accept/", {"filing": [*chosen, "x-1", "", "9" * 30]}, follow=True)
    assert "通过 1 份" in answer.content.decode() and "您看的是第 1 次报，现在是第 2 次报" in answer.content.decode()
    assert [again(each).level for each in made] == ["city", "county"]
    client.post("/filings/review/accept/", {"filing": [str(made[1].pk)]})
    assert again(made[1]).level == "county", "a filing without its round is not accepted"
    client.post("/filings/review/accept/", {"filing": [f"{made[1].pk}-2"]})
    assert again(made[1]).level == "city"


def test_how_large_a_jump_is_pointed_out_is_a_rule(people: Any, filing: Any) -> None:
    client, made = Client(), filing()
    client.force_login(people["enterprise"])
    assert '"jump": 30.0' in client.get(f"/filings/{made.pk}/").content.decode()
    days = dict.fromkeys(("applies_from", "published_on", "entered_on", "checked_on"), "2026-01-01")
    body = {"row": "own", "value": "12.5", **days, "evidence": "text", "source": {"number": "试", "locator": "附件"}}
    proposed = propose_rule("filing.jump_percent", "4310", body, actor=people["drc"], document="试", today=NOW.date())
    confirm_rule(proposed, actor=people["stat"], now=NOW)
    assert '"jump": 12.5' in client.get(f"/filings/{made.pk}/").content.decode()
