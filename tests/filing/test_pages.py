"""The plain pages and the JSON of the grid: what each person gets, what a save answers, how many queries a list takes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shuangkong.apps.filing.models import Filing
from shuangkong.apps.filing.services import oblige, save_draft
from shuangkong.core.periods import Period
from tests.filing.conftest import NOW
from tests.filing.kit import COUNTY, MONTH, accepted, again, month_of, submitted

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def cells_of(filing: Filing) -> str:
    return reverse("filing:cells", args=[filing.pk])


def test_the_respondent_fills_in_and_submits_without_javascript(people: dict[str, Any], filing: Any) -> None:
    mine, client = filing(), signed_in(people["enterprise"])
    page = client.get(reverse("filing:filing", args=[mine.pk]) + "?plain=1").content.decode()
    assert 'name="consumption.raw_coal.consumed"' in page
    for table in ("consumption", "output", "operation"):
        typed = {name: text for name, text in MONTH.items() if name.startswith(f"{table}.")}
        data = {**typed, "revision": str(again(mine).draft_revision), "do": "save"}
        assert client.post(reverse("filing:save", args=[mine.pk]) + f"?table={table}", data).status_code == 302
    assert again(mine).draft == MONTH
    wrong = {"consumption.coke.consumed": "<script>alert(1)</script>", "revision": str(again(mine).draft_revision), "do": "submit"}
    answer = client.post(reverse("filing:save", args=[mine.pk]) + "?table=consumption", wrong)
    assert answer.status_code == 400
    assert "&lt;script&gt;" in answer.content.decode()
    assert "<script>alert(1)" not in answer.content.decode()
    right = {"consumption.coke.consumed": "", "revision": str(again(mine).draft_revision), "do": "submit"}
    assert client.post(reverse("filing:save", args=[mine.pk]), right).status_code == 302
    assert again(mine).state == "submitted"


def test_a_draft_is_the_respondents_alone(people: dict[str, Any], filing: Any) -> None:
    mine = filing()
    save_draft(mine, {"notes.changes.text": "尚未报出"}, 0, people["enterprise"], now=NOW)
    for who in ("county", "drc"):
        client = signed_in(people[who])
        assert "尚未报出" not in client.get(reverse("filing:filing", args=[mine.pk]) + "?table=notes").content.decode()
        told = client.get(cells_of(mine)).json()
        assert (told["cells"], told["editable"], told["explanations"]) == ({}, False, {})


def test_the_grid_reads_and_saves(people: dict[str, Any], filing: Any) -> None:
    before = filing("county_energy_balance_quarter", "431002", Period.ytd(2026, 6))
    accepted(submitted(before, people["county"], COUNTY), people["stat"])
    mine, client = filing("county_energy_balance_quarter", "431002", Period.ytd(2026, 9)), signed_in(people["county"])
    told = client.get(cells_of(mine)).json()
    assert told["previous"]["period"] == "2026年1—6月"
    assert told["previous"]["cells"]["balance.inflow.raw_coal"] == "1000"
    assert (told["revision"], told["editable"], told["allowed"]) == (0, True, ["save", "submit"])
    balance = told["definition"]["tables"][0]
    assert next(line for line in balance["lines"] if line["key"] == "difference")["sum_of"][0] == ["available", 1]
    answer = client.post(cells_of(mine), json.dumps({"revision": 0, "cells": COUNTY}), "application/json")
    assert answer.status_code == 200
    assert answer.json()["revision"] == 1
    assert answer.json()["computed"]["balance.terminal.raw_coal"] == "900"
    late = client.post(cells_of(mine), json.dumps({"revision": 0, "cells": {"balance.inflow.raw_coal": "7"}}), "application/json")
    assert late.status_code == 409
    assert late.json()["theirs"] == {"balance.inflow.raw_coal": {"mine": "7", "theirs": "1000"}}


@pytest.mark.parametrize(
    "body", ["", "[]", "{", '{"cells": []}', '{"cells": {"a": 1}}', '{"revision": "1"}', '{"explanations": {"a": null}}']
)
def test_a_wrong_body_is_refused(people: dict[str, Any], filing: Any, body: str) -> None:
    mine = filing()
    answer = signed_in(people["enterprise"]).post(cells_of(mine), body, "application/json")
    assert answer.status_code == (200 if body == "" else 400)


def test_a_reviewer_returns_and_points_at_cells(people: dict[str, Any], filing: Any) -> None:
    mine = submitted(filing(), people["enterprise"], MONTH)
    client = signed_in(people["county"])
    assert "通过所选" in client.get(reverse("filing:review")).content.decode()
    act = reverse("filing:act", args=[mine.pk, "return"])
    seen = {"round": mine.round}
    assert client.post(act, seen | {"reason": ""}).status_code == 400
    assert client.post(act, seen | {"reason": "核对产量", "pointed": ["output.r1.amount"]}).status_code == 302
    assert client.post(act, seen | {"reason": "再退"}).status_code == 409
    page = signed_in(people["enterprise"]).get(reverse("filing:filing", args=[mine.pk]) + "?table=output").content.decode()
    assert "核对产量" in page
    assert "退回时点到" in page


def test_accepting_several_from_the_list(people: dict[str, Any], filing: Any) -> None:
    made = [submitted(filing(period=Period.month(2026, month)), people["enterprise"], month_of(month)) for month in (7, 8)]
    data = {"filing": [f"{each.pk}-{each.round}" for each in made] + ["x", "99999999999999999999"]}
    assert signed_in(people["county"]).post(reverse("filing:accept_selected"), data).status_code == 302
    assert {again(each).level for each in made} == {"city"}


def test_what_one_may_not_see_is_not_found(people: dict[str, Any], filing: Any) -> None:
    mine = submitted(filing("county_energy_balance_quarter", "431002", Period.ytd(2026, 9)), people["county"], COUNTY)
    for who in ("other_county", "enterprise", "drc", "eeb", "reader", "zone", "administrator"):
        client = signed_in(people[who])
        for address in (reverse("filing:filing", args=[mine.pk]), cells_of(mine)):
            assert client.get(address).status_code == 404, who
        assert client.post(reverse("filing:act", args=[mine.pk, "accept"])).status_code == 404
        assert client.post(reverse("filing:save", args=[mine.pk])).status_code == 404
    assert signed_in(people["stat"]).get(cells_of(mine)).status_code == 200
    assert signed_in(people["stat"]).post(reverse("filing:act", args=[mine.pk, "nothing"])).status_code == 404


def test_lists_filter_and_take_the_same_queries_however_many_there_are(people: dict[str, Any], filing: Any) -> None:
    client = signed_in(people["drc"])
    address = reverse("filing:filings") + "?form=key_unit_month&state=not_filed&period=2026&subject=演示"

    def queries(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert client.get(path).status_code == 200
        return len(caught)

    filing(period=Period.month(2026, 1))
    one = queries(address)
    for month in range(2, 10):
        filing(period=Period.month(2026, month))
    assert queries(address) == one <= 12
    assert client.get(address).content.decode().count("演示企业甲") == 9
    assert "不是期别" in client.get(reverse("filing:filings") + "?period=x").content.decode()
    Filing.objects.unscoped("test").update(state="submitted", level="city")
    assert queries(reverse("filing:review")) <= 12


def test_the_register_and_the_forms(people: dict[str, Any], places: dict[str, Any]) -> None:
    from datetime import date

    oblige([places["91-A"]], "key_unit_month", date(2025, 1, 1), people["drc"], reason="年用能一万吨标准煤以上")
    for who in ("enterprise", "county", "drc"):
        assert "演示企业甲" in signed_in(people[who]).get(reverse("filing:obligations")).content.decode()
    assert "演示企业甲" not in signed_in(people["other_county"]).get(reverse("filing:obligations")).content.decode()
    client = signed_in(people["reader"])
    assert "重点用能单位能源消费月报" in client.get(reverse("filing:forms")).content.decode()
    page = client.get(reverse("filing:form", args=["county_energy_balance_year"])).content.decode()
    assert "待核实" in page
    assert "只用于统计" in page
    assert client.get(reverse("filing:form", args=["nothing"])).status_code == 404


def test_who_keeps_the_register_adds_to_it_on_the_page(people: dict[str, Any], places: dict[str, Any]) -> None:
    address = reverse("filing:obligations")
    given = {"form": "key_unit_month", "subjects": "91-A，演示企业甲", "starts_on": "2026-08-01", "reason": "名录"}
    for who in ("county", "enterprise", "reader"):
        assert signed_in(people[who]).post(address, given).status_code == 403
    client = signed_in(people["drc"])
    wrong = client.post(address, {**given, "subjects": "91-A 甲乙丙"})
    assert (wrong.status_code, "甲乙丙" in wrong.content.decode()) == (400, True)
    assert client.post(address, {**given, "subjects": "431002"}).status_code == 400
    assert client.post(address, {**given, "ends_on": "2026-08-01"}).status_code == 400
    assert client.post(address, given).status_code == 302
    assert {filing.subject.code for filing in Filing.objects.unscoped("test").select_related("subject")} == {"91-A"}
    assert "名录" in client.get(address).content.decode()
