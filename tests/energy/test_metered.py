"""From readings to the ledger: months worked out, complete ones beside what was filed, differences told, the page that shows both."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from typing import Any

import pyarrow as pa
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shuangkong.apps.desk.models import InboxItem
from shuangkong.apps.energy import differences, metered
from shuangkong.apps.ledger import services as ledger
from shuangkong.apps.ledger.loading import Consignment, NewRow
from shuangkong.apps.ledger.models import Batch, Row
from shuangkong.apps.ledger.posting import post
from shuangkong.apps.ledger.selectors import accepted
from shuangkong.apps.monitoring.models import Meter, MeteredMonth, MeterTerm
from shuangkong.apps.monitoring.services import metering
from shuangkong.apps.monitoring.services.collecting import store
from shuangkong.apps.organisations.models import Department, Subject
from shuangkong.series.schema import KINDS, READINGS
from shuangkong.series.store import Readings
from tests.monitoring.test_meters import CODE, asked

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 10, 3, 2, tzinfo=UTC)
SEPTEMBER, HOUR = datetime(2026, 8, 31, 16, tzinfo=UTC), timedelta(hours=1)
HOURS = 30 * 24


class Field:
    """What comes from the field, as batches of the store."""

    def __init__(self) -> None:
        self.batch = 0

    def sends(self, meter: Meter, registers: dict[int, float], received: datetime = NOW) -> None:
        """Registers by hour of September in Shanghai."""
        self.batch += 1
        count = len(registers)
        times = [(SEPTEMBER + hour * HOUR).replace(tzinfo=None) for hour in registers]
        columns = [[meter.point] * count, times, [KINDS["meter.realtime"]] * count, list(registers.values()), [""] * count, [0] * count,
                   [received.replace(tzinfo=None)] * count, range(count)]  # fmt: skip
        arrays = [pa.array(column, field.type) for column, field in zip(columns, READINGS, strict=True)]
        with Readings(store()) as writer:
            writer.append(pa.table(arrays, schema=READINGS), self.batch)


def a_month(skip: Any = ()) -> dict[int, float]:
    """A register that rises by 10 an hour: 7 200 in September, behind a multiplier of 40 28.8 万kWh."""
    return {hour: 1000.0 + 10 * hour for hour in range(HOURS + 1) if hour not in skip}


@pytest.fixture
def field() -> Field:
    return Field()


@pytest.fixture
def meter(users, places) -> Meter:
    return metering.register_meter(asked(places["91-A"]), users["city"])


def work_out(now: datetime = NOW) -> bool:
    return metered.work_out(now, store())


def month(of: date = date(2026, 9, 1)) -> MeteredMonth:
    return MeteredMonth.objects.unscoped("test").get(month=of)


def rows(origin: str = "metered") -> list[Row]:
    return list(accepted().unscoped("test").filter(origin=origin).order_by("id"))


def file(places: Any, quantity: str, flow: str = "inflow", known_on: date = date(2026, 10, 2)) -> None:
    micro = int(D(quantity).scaleb(6))
    row = NewRow(
        "91-A", "", "energy", "", "electricity", flow, "month", date(2026, 9, 1), date(2026, 10, 1), micro, None, "万kWh", quantity, None,
        "reported", "preliminary", False, "", "", known_on,
    )  # fmt: skip
    post([row], Consignment("filing", "月报", "test", "91-A"), now=NOW)


def open_items() -> list[InboxItem]:
    return list(InboxItem.objects.unscoped("test").filter(kind=differences.KIND, closed_at=None).order_by("key"))


# the ledger


def test_a_complete_month_goes_into_the_ledger_with_its_coal_equivalent(meter, field):
    field.sends(meter, a_month())
    assert work_out()
    found = month()
    assert (found.complete, found.why, found.quantity, found.meters) == (True, "", D("28.8"), 1)
    assert found.energy_tce == D("35.3952")  # 288 000 kWh × 0.1229
    (row,) = rows()
    assert (row.quantity, row.product, row.flow, row.subject.code) == (D("28.8"), "electricity", "inflow", "91-A")
    assert (row.period_start, row.period_end, row.known_on) == (date(2026, 9, 1), date(2026, 10, 1), date(2026, 10, 3))
    assert (row.batch.kind, row.batch.accepted) == ("metered", True)
    assert work_out() is False
    assert len(rows()) == 1


def test_an_incomplete_month_is_told_and_stays_out_of_the_ledger(meter, field):
    field.sends(meter, a_month(skip={0, 1}))
    work_out()
    assert (month().complete, month().why) == (False, "缺2小时的数")
    assert rows() == []
    assert not Batch.objects.unscoped("test").exists()


def test_a_month_that_is_not_over_stays_out_of_the_ledger(meter, field):
    field.sends(meter, a_month())
    work_out(datetime(2026, 9, 30, 15, tzinfo=UTC))
    assert rows() == []
    assert month().complete
    work_out(datetime(2026, 9, 30, 16, 30, tzinfo=UTC))
    assert [row.quantity for row in rows()] == [D("28.8")]


def test_late_values_complete_a_month_and_a_correction_supersedes_its_row(meter, field):
    field.sends(meter, a_month(skip={HOURS}))
    work_out()
    assert rows() == []
    field.sends(meter, {HOURS: 8200.0}, NOW + HOUR)
    work_out(NOW + HOUR)
    (first,) = rows()
    field.sends(meter, {HOURS: 8250.0}, NOW + 2 * HOUR)
    work_out(NOW + 2 * HOUR)
    (second,) = rows()
    assert (first.quantity, second.quantity, second.supersedes_id) == (D("28.8"), D("29"), first.pk)


def test_an_exchange_completes_the_month_with_its_registers(meter, field, users):
    """Taken off at hour 100 with register 2 000; the new one at 60 shows 0 then and rises by 5 an hour: 4.0 + 18.6."""
    new = {hour: 5.0 * (hour - 100) for hour in range(101, HOURS + 1)}
    field.sends(meter, {hour: 1000.0 + 10 * hour for hour in range(100)} | new)
    work_out()
    assert month().why == "缺2小时的数；1处读数倒退"
    at = SEPTEMBER + 100 * HOUR
    metering.exchange(meter, metering.Exchange(at, "到期轮换", D(60), D(2000), D(0)), users["enterprise"], NOW)
    work_out(NOW + HOUR)
    assert (month().complete, month().quantity) == (True, D("22.6"))


def test_a_step_takes_its_turn_once_in_a_quarter_of_an_hour(meter, field):
    field.sends(meter, a_month())
    assert metered.step(NOW)
    field.sends(meter, {HOURS: 8250.0})
    assert metered.step(NOW + timedelta(minutes=14)) is False
    assert metered.step(NOW + timedelta(minutes=15))


def test_without_meters_there_is_nothing_to_do(users):
    assert work_out() is False


def test_what_is_invented_is_marked(meter, field, settings):
    settings.DEMONSTRATION = True
    field.sends(meter, a_month())
    work_out()
    assert month().demonstration
    assert [row.demonstration for row in rows()] == [True]


def test_a_meter_that_is_no_longer_counted_takes_its_months_with_it(meter, field):
    field.sends(meter, a_month(skip={0}))
    work_out()
    Meter.objects.unscoped("test").update(counted=False)
    work_out()
    assert not MeteredMonth.objects.unscoped("test").exists()


def test_what_is_no_longer_counted_is_gone_from_months_long_ago_too(meter, field):
    field.sends(meter, a_month())
    later = datetime(2026, 12, 20, tzinfo=UTC)
    work_out(later)
    assert month().quantity == D("28.8")
    Meter.objects.unscoped("test").update(counted=False)
    work_out(later + HOUR)
    assert not MeteredMonth.objects.unscoped("test").filter(month=date(2026, 9, 1)).exists()


def a_second(users: Any, places: Any, since: datetime) -> Meter:
    return metering.register_meter(replace(asked(places["91-A"]), code=CODE[:-1] + "9", since=since), users["city"])


def test_closing_a_meter_makes_no_month_before_smaller(meter, field, users, places):
    """Both counted all September; the second is taken away on 3 October."""
    second = a_second(users, places, SEPTEMBER)
    field.sends(meter, a_month())
    field.sends(second, a_month())
    work_out()
    metering.change_meter(second, replace(asked(places["91-A"]), code=CODE[:-1] + "9", active=False), users["city"], NOW)
    work_out(NOW + HOUR)
    assert (month().complete, month().quantity, [row.quantity for row in rows()]) == (True, D("57.6"), [D("57.6")])
    work_out(NOW + 40 * 24 * HOUR)
    november = month(date(2026, 11, 1))
    assert (november.meters, november.quantity) == (1, None)


@pytest.mark.parametrize(("days", "complete"), [(29, False), (30, True)])
def test_a_meter_that_came_later_is_not_missing_before(days, complete, meter, field, users, places):
    """The second begins a day before the month ends, or with the next month."""
    field.sends(meter, a_month())
    a_second(users, places, SEPTEMBER + timedelta(days=days))
    work_out()
    assert (month().complete, month().meters) == (complete, 1 if complete else 2)


def test_a_complete_month_that_was_not_handed_over_is_handed_over_later(meter, field):
    """It was complete while it ran, and nothing worked on the first day after it."""
    field.sends(meter, a_month())
    work_out(datetime(2026, 9, 30, 15, tzinfo=UTC))
    assert (month().complete, rows()) == (True, [])
    work_out(NOW)
    assert [row.quantity for row in rows()] == [D("28.8")]


@pytest.fixture
def neighbour(places) -> Subject:
    firm = {"kind": Subject.Kind.ENTERPRISE, "parent": places["431002"], "county": places["431002"]}
    return Subject.objects.create(code="91-B", name="演示企业乙", **firm)


def test_a_reading_beyond_all_measure_keeps_its_own_unit_out_of_the_ledger_and_no_other(meter, field, users, neighbour):
    """A register without a largest step that jumps to 10²³ would fit neither the month nor the ledger: the others are worked out."""
    wild = metering.register_meter(asked(neighbour, modulus=None, largest_per_hour=None), users["city"])
    field.sends(meter, a_month())
    field.sends(wild, a_month() | {HOURS: 1e23})
    assert work_out()
    assert [row.subject.code for row in rows()] == ["91-A"]
    found = MeteredMonth.objects.unscoped("test").get(month=date(2026, 9, 1), subject__code="91-B")
    assert (found.complete, found.quantity, found.energy_tce) == (False, None, None)
    assert found.why == "用量超出账上能记的范围，请核对读数、倍率和单位"


def test_a_registration_that_does_not_hold_together_keeps_its_own_unit_waiting_and_no_other(meter, field, users, neighbour):
    broken = metering.register_meter(asked(neighbour), users["city"])
    for multiplier in (40, 60):
        at = SEPTEMBER - multiplier * HOUR
        MeterTerm.objects.create(meter=broken, starts_at=at, multiplier=D(multiplier))
    field.sends(meter, a_month())
    field.sends(broken, a_month())
    assert work_out()
    assert [row.subject.code for row in rows()] == ["91-A"]
    assert MeteredMonth.objects.unscoped("test").get(month=date(2026, 9, 1), subject__code="91-B").why == "缺30天的数"


def test_a_sum_below_zero_stays_out_of_the_ledger(meter, field, users, places):
    asked_behind = asked(places["91-A"], CODE[:-1] + "9", counted=False)
    behind = metering.register_meter(asked_behind, users["city"])
    metering.change_meter(meter, asked(places["91-A"], counted=False), users["city"], NOW)
    metering.register_virtual(places["91-A"], "自用", [(meter, D(1)), (behind, D(-1))], users["city"])
    field.sends(meter, a_month())
    field.sends(behind, {hour: 11.0 * hour for hour in range(HOURS + 1)})
    work_out()
    assert (month().complete, month().quantity, month().why) == (False, D("-2.88"), "减去的比加上的多，合计为负")
    assert rows() == []


# beside what was filed


@pytest.mark.parametrize(("filed", "told"), [("29.664", False), ("29.6641", True), ("27.936", False), ("27.9359", True)])
def test_what_lies_further_apart_than_the_rule_is_told(filed, told, meter, field, places):
    """28.8 metered: 3 % are 0.864."""
    Department.objects.create(code="fgw", short_name="市发改委")
    file(places, filed)
    field.sends(meter, a_month())
    work_out()
    items = open_items()
    assert bool(items) is told
    if told:
        assert items[0].for_subject.code == "91-A"
        assert items[0].title == "演示企业甲：1处填报与计量相差超过3%"
        assert items[0].detail.startswith(f"2026年9月电力购进量填报{filed}，计量28.8，")


def test_a_corrected_filing_settles_it(meter, field, places):
    file(places, "40")
    field.sends(meter, a_month())
    work_out()
    assert len(open_items()) == 1
    file(places, "28.8", known_on=date(2026, 10, 3))
    differences.raise_differences(date(2026, 10, 3))
    assert open_items() == []


def test_nothing_filed_or_another_flow_is_no_difference(meter, field, places):
    file(places, "40", "terminal")
    field.sends(meter, a_month())
    work_out()
    assert open_items() == []
    assert {pair.flow for pair in differences.pairs(rows("reported") + rows())} == {"inflow", "terminal"}


def test_the_filed_figure_goes_before_the_metered_one_in_the_account(meter, field, places):
    """Both stand in the ledger; the account of the unit takes what it filed and never both."""
    from shuangkong.apps.indicators.evidence import AsOf, energy_cells

    file(places, "30")
    field.sends(meter, a_month())
    work_out()
    found = energy_cells(AsOf(), subject_id=places["91-A"].pk, period=("month", date(2026, 10, 1)))
    assert [row[8] for row in found if row[5:7] == ("electricity", "inflow")] == [30_000_000]


def test_a_month_that_does_not_hold_any_more_is_told_until_it_holds_or_its_batch_is_withdrawn(meter, field, users, places):
    """The largest step is found to be smaller than what was counted: the month is incomplete, the ledger still has its figure."""
    field.sends(meter, a_month())
    work_out()
    assert open_items() == []
    metering.change_meter(meter, asked(places["91-A"], largest_per_hour=D(5)), users["city"], NOW)
    work_out(NOW + HOUR)
    assert (month().complete, [row.quantity for row in rows()]) == (False, [D("28.8")])
    (told,) = open_items()
    assert (told.title, told.for_subject.code) == ("演示企业甲：1个计量月用量已不成立，账上仍是原数", "91-A")
    assert f"2026年9月（批次{rows()[0].batch_id}）" in told.detail
    ledger.withdraw(rows()[0].batch_id, actor=users["city"], reason="量程登记错了")
    differences.raise_differences(date(2026, 10, 3))
    assert (rows(), open_items()) == ([], [])


# the page


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_page_shows_both_numbers_the_difference_and_the_reason(meter, field, places, users):
    file(places, "40")
    field.sends(meter, a_month())
    work_out()
    shown = client_of(users["enterprise"]).get("/units/91-A/").content.decode()
    for words in ("计量与填报", "28.8000", "40.0000", "+38.9%", "1处相差过大"):
        assert words in shown
    shown = client_of(users["city"]).get("/units/91-A/").content.decode()
    assert "+38.9%" in shown


def test_the_page_says_why_a_month_is_incomplete(meter, field, users):
    field.sends(meter, a_month(skip={0}))
    work_out()
    shown = client_of(users["enterprise"]).get("/units/91-A/").content.decode()
    assert "缺1小时的数" in shown
    assert "未填报" in shown


def test_the_running_month_shows_what_is_known_and_is_not_called_incomplete(meter, field, users, monkeypatch):
    monkeypatch.setattr("shuangkong.project.middleware.timezone.now", lambda: NOW)
    field.sends(meter, {HOURS + hour: 8200.0 + 10 * hour for hour in range(10)})
    work_out()
    shown = client_of(users["enterprise"]).get("/units/91-A/")
    running = next(line for line in shown.context["page"].metered.lines if line.month == date(2026, 10, 1))
    assert (running.metered.quantity, running.running) == (D("0.36"), True)
    assert "0.3600" in shown.content.decode()
    assert "本月未完" in shown.content.decode()


def test_a_month_of_which_nothing_is_known_has_no_number_not_even_zero(meter, field, users, monkeypatch):
    monkeypatch.setattr("shuangkong.project.middleware.timezone.now", lambda: NOW)
    field.sends(meter, {HOURS + hour: 8200.0 for hour in range(2)})
    work_out()
    kept = {each.month: each.quantity for each in MeteredMonth.objects.unscoped("test")}
    assert kept == {date(2026, 9, 1): None, date(2026, 10, 1): D(0)}
    client = client_of(users["enterprise"])
    assert client.get("/units/91-A/").content.decode().count("没有数") == 1
    unknown = MeteredMonth.objects.unscoped("test").get(month=date(2026, 9, 1))
    opened = client.get(f"/units/91-A/metered/{unknown.pk}/").content.decode()
    assert "0.0000" not in opened and "—" in opened


def test_months_long_ago_of_which_nothing_came_are_not_kept(meter, field):
    field.sends(meter, a_month())
    work_out(datetime(2026, 11, 20, tzinfo=UTC))
    assert sorted(MeteredMonth.objects.unscoped("test").values_list("month", flat=True)) == [date(2026, month, 1) for month in (9, 10, 11)]


def test_a_month_opens_into_meters_days_and_rules(meter, field, users):
    field.sends(meter, a_month())
    work_out()
    address = f"/units/91-A/metered/{month().pk}/"
    shown = client_of(users["enterprise"]).get(address).content.decode()
    for words in ("总降1号进线", "28.8000", "0.9600", "0.1229", "35.3952"):
        assert words in shown
    assert client_of(users["other_county"]).get(address).status_code == 404
    assert client_of(users["enterprise"]).get("/units/91-A/metered/999999/").status_code == 404


def test_more_months_cost_no_more_statements(meter, field, users, places):
    field.sends(meter, a_month())
    work_out()
    client = client_of(users["enterprise"])

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/units/91-A/").status_code == 200
        return len(captured)

    statements()
    before = statements()
    kept = month()
    for past in range(1, 9):
        kept.pk, kept.month = None, date(2025, past, 1)
        kept.save()
    file(places, "40")
    assert statements() == before


def test_a_unit_without_meters_shows_no_table(users, places):
    assert "计量与填报" not in client_of(users["enterprise"]).get("/units/91-A/").content.decode()


def test_a_second_meter_that_is_silent_makes_the_unit_incomplete(meter, field, users, places):
    metering.register_meter(replace(asked(places["91-A"]), code=CODE[:-1] + "9"), users["city"])
    field.sends(meter, a_month())
    work_out()
    assert (month().complete, month().meters, month().incomplete) == (False, 2, 1)
    assert rows() == []
