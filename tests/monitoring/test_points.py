"""The register of points: made from devices and from what the series holds, changed with an entry, seen by whom it concerns."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.monitoring.models import Point, PointLimit
from shuangkong.apps.monitoring.services import points, registry
from shuangkong.apps.organisations.models import Department
from shuangkong.apps.plans.models import Clause, Duty, Plan
from shuangkong.core.errors import InputError
from shuangkong.series.schema import point_of
from tests.monitoring import kit

pytestmark = pytest.mark.django_db


def every():
    return Point.objects.unscoped("test").order_by("code")


def test_a_registered_device_has_the_points_that_it_is_to_report(users, places):
    device = kit.register(users["city"], subject_id=places["91-A"].pk, factors=("w01018", "w00000", "w01010"))
    flow, heat, cod = every()
    assert [(p.name, p.unit, p.medium, p.role) for p in (flow, heat, cod)] == [
        ("污水", "升/秒", "water", "flow"), ("水温", "摄氏度", "water", "condition"), ("化学需氧量", "毫克/升", "water", "pollutant"),
    ]  # fmt: skip
    assert (cod.device, cod.subject, cod.source, cod.interval_s) == (device, places["91-A"], f"hj212/{kit.MN}", 60)
    assert cod.pk == point_of("hj212", kit.MN, "w01018").point
    assert Entry.objects.filter(action="monitoring.points.created").count() == 1
    more = kit.asked(subject_id=places["431003"].pk, factors=("w01018", "w00000", "w01010", "w21003"))
    registry.change(device, more, users["city"], kit.NOW)
    assert every().count() == 4
    assert {point.subject_id for point in every()} == {places["431003"].pk}


def test_what_the_series_holds_becomes_a_point_only_of_a_registered_device_or_energy_user(users, places):
    kit.register(users["city"])
    found = [
        point_of("hj212", kit.MN, "a21026"), point_of("hj212", "C" * 24, "a21026"), point_of("hj212", kit.MN, "xyz"),
        point_of("meter", "91-A", "0000000034000080"), point_of("meter", "431002", "0000000034000080"),
    ]  # fmt: skip
    made = points.make_points(found, kit.NOW)
    assert {(p.code, p.medium, p.role, p.interval_s) for p in made} == {
        ("a21026", "gas", "pollutant", 60), ("xyz", "other", "condition", 60), ("0000000034000080", "energy", "meter", 900),
    }  # fmt: skip
    assert points.make_points(found[:1], kit.NOW) == []
    assert every().get(medium="energy").subject == places["91-A"]


def test_many_points_cost_a_fixed_number_of_statements(users, django_assert_max_num_queries):
    kit.register(users["city"])
    with django_assert_max_num_queries(14):
        points.make_points([point_of("hj212", kit.MN, f"w{n:05}") for n in range(150)], kit.NOW)
    assert every().count() == 150


def test_an_interval_is_changed_with_an_entry_and_not_by_a_reader(users):
    kit.register(users["city"], factors=("w01018",))
    point = every().get()
    points.change_point(point, points.Change(interval_s=5), users["city"])
    points.change_point(point, points.Change(interval_s=5), users["city"])
    assert every().get().interval_s == 5
    assert Entry.objects.filter(action="monitoring.point.change").count() == 1
    with pytest.raises(InputError, match="间隔须是正的秒数"):
        points.change_point(point, points.Change(interval_s=0), users["city"])
    with pytest.raises(InputError, match="请市级主管登记"):
        points.change_point(point, points.Change(interval_s=7), users["reader"])


def bound(day: int = 1, upper: str | None = "50", lower: str | None = None, document: str = "GB 8978-1996"):
    return points.Bound(
        "standard", None if upper is None else Decimal(upper), None if lower is None else Decimal(lower), date(2026, 1, day), document
    )


def test_a_limit_has_its_document_and_ends_where_the_next_begins(users):
    kit.register(users["city"], factors=("w01018",))
    point = every().get()
    points.set_limit(point, bound(1), users["city"])
    points.set_limit(point, bound(20, "40"), users["city"])
    first, second = PointLimit.objects.unscoped("test")
    assert (first.upper, first.applies_to, second.upper, second.applies_to) == (Decimal(50), date(2026, 1, 20), Decimal(40), None)
    assert Entry.objects.filter(action="monitoring.point.limit").count() == 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (bound(30, None), "没有填上限"), (bound(30, "5", "5"), "下限应小于上限"), (bound(30, document=" "), "没有填依据"),
        (bound(1), "应自更晚的一天起"),
    ],
)  # fmt: skip
def test_a_wrong_limit_is_refused_with_what_to_do(users, wrong, words):
    kit.register(users["city"], factors=("w01018",))
    points.set_limit(every().get(), bound(1), users["city"])
    with pytest.raises(InputError, match=words):
        points.set_limit(every().get(), wrong, users["city"])


def test_points_are_seen_by_whom_they_concern_and_by_the_department_that_the_clause_names(users, places):
    kit.register(users["city"], subject_id=places["91-A"].pk, factors=("w01018",))
    points.set_limit(every().get(), bound(1), users["city"])

    def seen() -> set[str]:
        return {name for name, user in users.items() if Point.objects.visible_to(user).exists()}

    assert seen() == {"city", "county", "enterprise"}
    assert PointLimit.objects.visible_to(users["other_county"]).count() == 0
    plan = Plan.objects.create(code="p", title="方案", subject=places["431000"], base_year=2020, first_year=2021, last_year=2025)
    clause = Clause.objects.create(plan=plan, code="1", number="一", chapter="一", title="许可", summary="-", topic="telemetry")
    Duty.objects.create(clause=clause, department=Department.objects.get(code="gxj"), role="lead")
    del users["department"]._named_by_telemetry
    assert seen() == {"city", "county", "enterprise", "department"}


def test_what_was_heard_only_moves_on(users):
    kit.register(users["city"], factors=("w01018",))
    point, later = every().get(), kit.NOW + timedelta(minutes=5)
    assert points.heard({point.pk: (kit.NOW, later), 5: (kit.NOW, kit.NOW)}) == 1
    assert points.heard({point.pk: (kit.NOW - timedelta(hours=1), kit.NOW)}) == 0
    assert points.heard({point.pk: (kit.NOW - timedelta(hours=1), later + timedelta(minutes=1))}) == 1
    assert (every().get().last_at, every().get().last_received_at) == (kit.NOW, later + timedelta(minutes=1))
