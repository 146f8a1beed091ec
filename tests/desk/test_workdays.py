"""Working days: the library's, laid over by what people enter; an unpublished year says so."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.desk import workdays
from shuangkong.apps.desk.services import calendar
from shuangkong.core.errors import InputError

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh():
    workdays.forget()
    yield
    workdays.forget()


def test_published_holidays_are_known():
    known = workdays.workdays()
    assert not known.works(date(2026, 10, 1))
    assert not known.works(date(2026, 11, 28)) and known.works(date(2026, 11, 27))
    assert known.after(date(2026, 9, 30), 1) > date(2026, 10, 6)
    assert known.after(date(2026, 11, 27), 0) == date(2026, 11, 27)
    assert known.after(date(2026, 11, 27), 1) == date(2026, 11, 30)


def test_days_between_in_both_directions():
    known = workdays.workdays()
    assert known.between(date(2026, 11, 27), date(2026, 11, 30)) == 1
    assert known.between(date(2026, 11, 30), date(2026, 11, 27)) == -1
    assert known.between(date(2026, 11, 28), date(2026, 11, 29)) == 0


def test_an_unpublished_year_counts_weekends_only_and_says_so(users):
    known = workdays.workdays()
    far = date(2041, 10, 1)
    assert known.works(far) and not known.works(date(2041, 10, 5))
    assert not known.published(2041)
    assert known.left(date(2041, 9, 26), far) == "剩3个工作日（2041年节假日安排未发布，只扣除周末）"
    assert known.note(date(2026, 1, 1)) == ""
    calendar.enter([far], works=False, document="国办发明电〔2040〕9号", actor=users["city"])
    assert not workdays.workdays().works(far)
    assert workdays.workdays().note(far)
    calendar.complete(2041, "国办发明电〔2040〕9号", users["city"])
    assert workdays.workdays().left(date(2041, 9, 26), far) == "剩2个工作日"


def test_deadlines_in_words():
    known = workdays.workdays()
    friday = date(2026, 11, 27)
    assert known.left(friday, friday) == "今天到期"
    assert known.left(friday, date(2026, 12, 1)) == "剩2个工作日"
    assert known.left(friday, date(2026, 11, 25)) == "超2个工作日"


def test_entered_days_lie_over_the_library_and_can_be_taken_back(users):
    sunday = date(2026, 11, 29)
    assert calendar.enter([sunday, sunday], works=True, document="通知", actor=users["administrator"]) == 1
    assert workdays.workdays().works(sunday)
    assert calendar.remove(sunday, users["city"]) is True
    assert calendar.remove(sunday, users["city"]) is False
    assert not workdays.workdays().works(sunday)
    actions = list(Entry.objects.filter(action__startswith="desk.workdays.").order_by("id").values_list("action", flat=True))
    assert actions == ["desk.workdays.entered", "desk.workdays.removed"]


def test_what_cannot_be_entered(users):
    for days, document, actor in (([date(2027, 1, 1)], " ", "city"), ([], "x", "city"), ([date(2027, 1, 1)], "x", "county")):
        with pytest.raises(InputError):
            calendar.enter(days, works=False, document=document, actor=users[actor])
    assert not Entry.objects.filter(action__startswith="desk.workdays.").exists()


@pytest.mark.parametrize(("role", "may"), [("city", True), ("administrator", True), ("county", False), ("reader", False)])
def test_the_page(users, role, may):
    client = Client()
    client.force_login(users[role])
    page = client.get("/workdays/").content.decode()
    assert "节假日安排未发布" in page
    assert ("录入放假与调休" in page) is may
    answer = client.post("/workdays/", {"days": "2026-11-29、2026-12-06", "works": "1", "document": "通知"})
    assert answer.status_code == (302 if may else 400)
    assert workdays.workdays().works(date(2026, 12, 6)) is may
    for wrong in ({"days": "2026-13-01", "document": "x"}, {"do": "complete", "of": "abc", "document": ""}, {"do": "remove", "of": "x"}):
        assert client.post("/workdays/", wrong).status_code == 400
