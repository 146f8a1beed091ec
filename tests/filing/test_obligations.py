"""The register of duties, the filings that follow from it, and their deadlines."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from shuangkong.apps.desk.services import calendar
from shuangkong.apps.filing.deadlines import due_on
from shuangkong.apps.filing.models import Filing, Obligation
from shuangkong.apps.filing.services import oblige, open_due
from shuangkong.apps.filing.services.obligations import end_obligation
from shuangkong.core.errors import InputError
from shuangkong.core.forms import Deadline
from shuangkong.core.periods import Period

pytestmark = pytest.mark.django_db


def codes(**of: Any) -> list[str]:
    return [filing.period.code for filing in Filing.objects.unscoped("test").filter(**of).order_by("period_end")]


def test_what_is_owed_is_opened_when_its_period_is_over_and_only_once(people: dict[str, Any], places: dict[str, Any]) -> None:
    oblige([places["91-A"]], "key_unit_month", date(2026, 8, 1), people["drc"])
    assert open_due(date(2026, 9, 30)) == 1
    assert open_due(date(2026, 10, 1)) == 1
    assert open_due(date(2026, 10, 1)) == 0
    assert codes(form_id="key_unit_month") == ["2026-08", "2026-09"]
    (duty,) = Obligation.objects.unscoped("test")
    end_obligation(duty, date(2026, 11, 1), people["drc"], "关停")
    open_due(date(2027, 1, 1))
    assert codes(form_id="key_unit_month") == ["2026-08", "2026-09", "2026-10"]


def test_each_period_is_filed_on_its_edition(people: dict[str, Any], places: dict[str, Any]) -> None:
    oblige([places["91-A"]], "key_unit_month", date(2025, 12, 1), people["drc"])
    open_due(date(2026, 2, 1))
    found = Filing.objects.unscoped("test").order_by("period_end")
    assert [(filing.period.code, filing.edition) for filing in found] == [("2025-12", "2025"), ("2026-01", "2026")]


def test_who_may_keep_the_register_and_what_may_stand_in_it(people: dict[str, Any], places: dict[str, Any]) -> None:
    start = date(2026, 1, 1)
    for who in ("county", "enterprise", "reader", "city"):
        with pytest.raises(InputError, match="名录"):
            oblige([places["91-A"]], "key_unit_month", start, people[who])
    with pytest.raises(InputError, match="填报单位的类别不符"):
        oblige([places["431002"]], "key_unit_month", start, people["drc"])
    with pytest.raises(InputError, match="没有报表"):
        oblige([places["91-A"]], "nothing", start, people["drc"])
    with pytest.raises(InputError, match="终止日期"):
        oblige([places["91-A"]], "key_unit_month", start, people["drc"], ends_on=start)
    (made,) = oblige([places["91-A"]], "key_unit_month", start, people["administrator"])
    assert oblige([places["91-A"]], "key_unit_month", start, people["drc"]) == []
    with pytest.raises(InputError, match="名录"):
        end_obligation(made, date(2027, 1, 1), people["county"], "x")
    with pytest.raises(InputError, match="终止日期"):
        end_obligation(made, start, people["drc"], "x")


@pytest.mark.parametrize(
    ("deadline", "period", "due"),
    [
        (Deadline(90), Period.year(2025), date(2026, 3, 31)), (Deadline(15), Period.quarter(2026, 1), date(2026, 4, 15)),
        (Deadline(1), Period.month(2026, 8), date(2026, 9, 1)), (Deadline(8, "working"), Period.month(2025, 9), date(2025, 10, 17)),
    ],
)  # fmt: skip
def test_the_last_day_in_time(deadline: Deadline, period: Period, due: date) -> None:
    assert due_on(deadline, period.end) == due


def test_a_deadline_follows_the_calendar_until_one_has_filed(people: dict[str, Any], places: dict[str, Any]) -> None:
    oblige([places["91-A"]], "key_unit_month", date(2026, 10, 1), people["drc"])
    open_due(date(2026, 11, 1))
    before = Filing.objects.unscoped("test").get().due_on
    calendar.enter([date(2026, 11, 4)], False, "测试通知", people["drc"])
    assert Filing.objects.unscoped("test").get().due_on > before
