"""Who has filed: cells, rates over all units, scope, statements; the inboxes of what is due; reminders from the matrix."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shuangkong.apps.desk import workdays
from shuangkong.apps.desk.models import InboxItem, Reminder
from shuangkong.apps.desk.services import calendar
from shuangkong.apps.filing import matrix
from shuangkong.apps.filing.models import Filing
from shuangkong.apps.filing.services import due, oblige, open_due, return_
from shuangkong.apps.filing.waiting import tell
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period
from tests.filing import kit
from tests.filing.conftest import NOW

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 26)
SEPTEMBER = Period.month(2026, 9)


@pytest.fixture(autouse=True)
def fresh():
    workdays.forget()
    yield
    workdays.forget()


@pytest.fixture
def owing(people, places):
    """Two enterprises owe the monthly form from August on, one of the other county from October on; all that is over is open."""
    other = Subject.objects.create(
        kind="enterprise", code="91-B", name="演示企业乙", parent=places["431003"], county=places["431003"], position=2
    )
    second = Subject.objects.create(
        kind="enterprise", code="91-C", name="演示企业丙", parent=places["431002"], county=places["431002"], position=3
    )
    oblige([places["91-A"], second], "key_unit_month", date(2026, 8, 1), people["administrator"])
    oblige([other], "key_unit_month", date(2026, 10, 1), people["administrator"])
    open_due(TODAY)
    return {"A": places["91-A"], "B": other, "C": second}


def one(subject, period=SEPTEMBER):
    return Filing.objects.unscoped("test").select_related("subject").get(subject=subject, period_end=period.end)


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def shown(user, year=2026):
    form = matrix.form_of("key_unit_month")
    periods = matrix.periods(form, year)
    found = matrix.rows(user, form, periods, list(matrix.units(user, form, year)), TODAY)
    return {subject.code: {p.last_month: cell for p, cell in zip(periods, cells, strict=True)} for subject, cells in found}


def rates(user):
    form = matrix.form_of("key_unit_month")
    return {c.period.last_month: c for c in matrix.columns(user, form, matrix.periods(form, 2026), TODAY, 2026)[0]}


def test_cells_say_where_each_unit_stands(people, owing):
    kit.submitted(one(owing["A"]), people["enterprise"], kit.MONTH)
    cells = shown(people["stat"])
    assert list(cells) == ["91-A", "91-B", "91-C"]
    months = cells["91-A"]
    assert months[9].state == "submitted" and not months[9].late
    assert (months[8].state, months[8].late) == ("not_filed", True)
    assert [months[m].state for m in (7, 11, 12)] == ["not_owed", "not_due", "not_due"]
    assert cells["91-B"][9].state == "not_owed" and cells["91-B"][10].state == "not_filed"


def test_rates_count_all_units_and_a_period_that_nobody_owes_has_none(people, owing):
    kit.submitted(one(owing["A"]), people["enterprise"], kit.MONTH)
    found = rates(people["stat"])
    assert (found[9].owed, found[9].filed, found[9].completeness) == (2, 1, 50)
    assert found[9].timely == 0, "submitted in November, due in October"
    assert found[9].overdue == 1
    assert (found[10].owed, found[10].filed, found[10].completeness) == (3, 0, 0)
    assert (found[7].owed, found[7].completeness, found[7].timeliness) == (0, None, None)


@pytest.mark.parametrize(("utc", "timely"), [((15, 59, 59), 1), ((16, 0, 0), 0)])
def test_in_time_is_until_the_end_of_the_civil_day(people, owing, utc, timely):
    filing = kit.submitted(one(owing["A"]), people["enterprise"], kit.MONTH)
    moment = datetime(filing.due_on.year, filing.due_on.month, filing.due_on.day, *utc, tzinfo=UTC)
    Filing.objects.unscoped("test").filter(pk=filing.pk).update(first_submitted_at=moment)
    assert rates(people["stat"])[9].timely == timely


def test_a_returned_filing_counts_as_filed_and_is_still_owed(people, owing):
    filing = kit.submitted(one(owing["A"]), people["enterprise"], kit.MONTH)
    return_(filing, people["county"], "核对", (), now=NOW)
    assert rates(people["stat"])[9].filed == 1
    assert shown(people["stat"])["91-A"][9].state == "returned"


def test_scope(people, owing):
    assert list(shown(people["enterprise"])) == ["91-A"]
    assert list(shown(people["county"])) == ["91-A", "91-C"]
    assert list(shown(people["other_county"])) == ["91-B"]
    assert shown(people["reader"]) == {}
    assert rates(people["other_county"])[10].owed == 1
    page = client_of(people["reader"]).get("/filings/matrix/").content.decode()
    assert "没有您可查看的填报义务" in page
    page = client_of(people["county"]).get("/filings/matrix/?form=key_unit_month&year=2026").content.decode()
    assert "演示企业丙" in page and "演示企业乙" not in page


def test_at_most_fifty_units_and_a_fixed_number_of_statements(people, owing):
    client, county_client = client_of(people["stat"]), client_of(people["county"])
    address = "/filings/matrix/?form=key_unit_month&year=2026"

    def asked(query="", client=client):
        client.get(address + query)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(address + query).content.decode()
        return len(queries), page.count('name="unit"')

    few = asked()[0]
    county = Subject.objects.get(code="431002")
    more = [Subject(kind="enterprise", code=f"X{n}", name=f"单位{n}", parent=county, county=county, position=10 + n) for n in range(70)]
    Subject.objects.bulk_create(more)
    oblige(list(Subject.objects.filter(code__startswith="X")), "key_unit_month", date(2026, 1, 1), people["administrator"])
    open_due(TODAY)
    assert asked() == (few, 50)
    assert few <= 12
    assert asked(client=county_client)[0] <= 12
    assert asked("&page=2")[1] == 23
    assert asked("&q=单位6")[1] == 11


# what is due stands in inboxes


def items():
    found = InboxItem.objects.unscoped("test").filter(closed_at=None, kind__startswith="filing")
    return {(str(item.for_subject or item.for_department), item.title) for item in found}


def test_the_step_opens_what_is_due_and_keeps_the_inboxes(people, places):
    oblige([places["91-A"]], "key_unit_month", date(2026, 9, 1), people["administrator"])
    assert due.step(NOW) is True
    assert due.step(NOW) is False
    filing = one(places["91-A"])
    name = str(places["91-A"])
    assert items() == {(name, f"{filing.title}（2026年{month}月）待填报") for month in (9, 10)}
    item = InboxItem.objects.unscoped("test").get(title__contains="9月")
    assert (item.due_on, item.address) == (filing.due_on, f"/filings/{filing.pk}/")
    kit.submitted(filing, people["enterprise"], kit.MONTH)
    assert due.step(NOW) is True
    assert items() == {
        (name, f"{filing.title}（2026年10月）待填报"), ("北湖区", f"{filing.title}（2026年9月）1 份待审核")
    }  # fmt: skip
    return_(kit.again(filing), people["county"], "核对", (), now=NOW)
    assert due.step(NOW) is True
    assert (name, f"{filing.title}（2026年9月）被退回，请改后重报") in items()
    assert not any("待审核" in title for _whose, title in items())


def test_deadlines_follow_the_calendar(people, owing):
    filing = one(owing["A"], Period.month(2026, 10))
    before = filing.due_on
    calendar.enter([before], works=False, document="通知", actor=people["stat"])
    assert kit.again(filing).due_on > before
    kit.submitted(kit.again(filing), people["enterprise"], kit.MONTH)
    moved = kit.again(filing).due_on
    calendar.remove(before, people["stat"])
    assert kit.again(filing).due_on == moved, "what was submitted keeps its deadline"


def test_the_acts_of_a_page_and_the_step_write_the_same_items(people, places):
    oblige([places["91-A"]], "key_unit_month", date(2026, 9, 1), people["administrator"])
    due.step(NOW)

    def all_items():
        fields = ("key", "kind", "title", "severity", "address", "due_on", "for_subject", "for_department", "closed_at")
        return set(InboxItem.objects.unscoped("test").filter(closed_at=None).values_list(*fields))

    for act in ("submit", "return"):
        filing = one(places["91-A"])
        if act == "submit":
            kit.submitted(filing, people["enterprise"], kit.MONTH)
        else:
            return_(filing, people["county"], "核对", (), now=NOW)
        tell([filing], TODAY)
        told = all_items()
        assert due.step(NOW) is True
        assert all_items() == told, act


# reminders


def test_reminding_all_who_have_not_filed(people, owing):
    form = matrix.form_of("key_unit_month")
    asked = due.remind(people["stat"], form, SEPTEMBER, None, TODAY)
    assert (asked.reminded, asked.already, asked.nobody) == (1, 0, ("演示企业丙",))
    again = due.remind(people["stat"], form, SEPTEMBER, [owing["A"].pk], TODAY)
    assert (again.reminded, again.already) == (0, 1)
    made = Reminder.objects.unscoped("test").get()
    assert made.user == people["enterprise"] and "演示企业甲" in made.body and "超" in made.body


def test_who_has_filed_is_not_reminded_and_nobody_reminds_strangers(people, owing):
    form = matrix.form_of("key_unit_month")
    kit.submitted(one(owing["A"]), people["enterprise"], kit.MONTH)
    with pytest.raises(InputError, match="没有要催的单位"):
        due.remind(people["stat"], form, SEPTEMBER, [owing["A"].pk], TODAY)
    with pytest.raises(InputError, match="没有要催的单位"):
        due.remind(people["other_county"], form, SEPTEMBER, [owing["C"].pk], TODAY)
    with pytest.raises(InputError, match="不能催报"):
        due.remind(people["enterprise"], form, SEPTEMBER, None, TODAY)
    assert not Reminder.objects.unscoped("test").exists()


def test_reminding_by_the_page(people, owing, monkeypatch):
    monkeypatch.setattr("shuangkong.project.middleware.timezone.now", lambda: datetime(2026, 11, 26, 2, tzinfo=UTC))
    client = client_of(people["stat"])
    post = {"form": "key_unit_month", "period": SEPTEMBER.code}
    assert client.post("/filings/matrix/remind/", post).status_code == 400
    answer = client.post("/filings/matrix/remind/", {**post, "unit": [owing["A"].pk]}, follow=True)
    assert "已提醒 1 人" in answer.content.decode()
    answer = client.post("/filings/matrix/remind/", {**post, "all": "1"}, follow=True).content.decode()
    assert "1 人今天已经提醒过" in answer and "演示企业丙" in answer
    assert client.post("/filings/matrix/remind/", {**post, "period": "nonsense", "all": "1"}).status_code == 400
    assert client.post("/filings/matrix/remind/", {**post, "form": "nothing"}).status_code == 404
    assert client_of(people["reader"]).post("/filings/matrix/remind/", {**post, "all": "1"}).status_code == 404
