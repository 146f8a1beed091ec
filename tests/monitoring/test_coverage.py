"""Who must be connected against who is, by county and kind; the list by workbook, undone as a whole."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.desk.services import imports
from shuangkong.apps.monitoring.coverage import Coverage, as_data, coverage
from shuangkong.apps.monitoring.models import ConnectionDuty, Point, PointDay
from shuangkong.apps.monitoring.services import duties
from shuangkong.apps.monitoring.services.duties import Stated
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.errors import InputError
from shuangkong.core.quality import Rates
from tests.ledger import kit as ledger
from tests.monitoring import kit

pytestmark = pytest.mark.django_db
TODAY, NOW = date(2026, 11, 24), kit.NOW
SINCE = date(2026, 1, 1)
HEADER = ("单位", "类别", "理由", "依据", "起日", "止日")


@pytest.fixture
def firms(places):
    """The enterprise 甲 in 北湖区 with a workshop, 乙 in 苏仙区."""
    kind = Subject.Kind
    other = places["431003"]
    second = Subject.objects.create(kind=kind.ENTERPRISE, code="91-B", name="演示企业乙", parent=other, county=other)
    shop = Subject.objects.create(kind=kind.ESTABLISHMENT, code="91-A-1", name="一车间", parent=places["91-A"], county=places["431002"])
    return {"91-A": places["91-A"], "91-B": second, "91-A-1": shop, "CZ-HITECH": places["CZ-HITECH"]}


def state(firms, *stated: tuple[str, str]) -> None:
    duties.put([Stated(firms[code].pk, kind, "重点管理", "名录", SINCE) for code, kind in stated])


def point(subject, number: int, medium: str = "water", heard_days: float | None = 0) -> Point:
    at = None if heard_days is None else NOW - timedelta(days=heard_days)
    made = Point.objects.create(
        id=number, key=f"k{number}", source=f"s{number}", subject=subject, code="c", name="n", medium=medium, role="pollutant",
        interval_s=60, active_from=NOW - timedelta(days=90), last_at=at, last_received_at=at,
    )  # fmt: skip
    PointDay.objects.create(
        point=made, day=TODAY - timedelta(days=3), expected=1440, received=1080, on_time=1080, hours=18, valid=9, is_valid=False
    )
    PointDay.objects.create(
        point=made, day=TODAY - timedelta(days=60), expected=1440, received=0, on_time=0, hours=0, valid=0, is_valid=False
    )
    return made


def seen(user, **filters) -> Coverage:
    return coverage(user, TODAY, NOW, **filters)


def test_who_must_be_connected_and_is_by_county_and_kind(users, firms):
    state(firms, ("91-A", "permit"), ("91-A", "energy"), ("91-B", "permit"), ("CZ-HITECH", "park"))
    point(firms["91-A-1"], 1)
    point(firms["91-B"], 2, heard_days=8)
    found = seen(users["city"])
    assert [(u.code, u.kind, u.points, u.missing) for u in found.units] == [
        ("91-A", "energy", 0, "no_point"), ("91-A", "permit", 1, ""), ("CZ-HITECH", "park", 0, "no_point"), ("91-B", "permit", 1, "silent"),
    ]  # fmt: skip
    assert [(line.name, line.required, line.connected) for line in found.by_county] == [("北湖区", 3, 1), ("苏仙区", 1, 0)]
    kinds = [(line.name, line.required, line.connected) for line in found.by_kind]
    assert kinds == [("排污许可", 2, 1), ("园区", 1, 0), ("重点用能单位", 1, 0)]
    assert (found.by_both["431002", "permit"].connected, found.total.required, found.total.share) == (1, 4, found.total.share)
    unit = found.units[1]
    assert unit.rates == Rates(1440, 1080, 1080, 18, 9)
    assert (unit.is_connected, str(unit.rates.completeness), str(unit.rates.effective)) == (True, "0.75", "0.375")


def test_a_point_that_never_sent_and_one_of_another_medium_do_not_connect(users, firms):
    state(firms, ("91-A", "voc"))
    point(firms["91-A"], 1, "water")
    assert seen(users["city"]).units[0].missing == "no_point"
    point(firms["91-A"], 2, "gas", heard_days=None)
    assert seen(users["city"]).units[0].missing == "never"
    Point.objects.unscoped("test").filter(pk=2).update(active_to=NOW)
    assert seen(users["city"]).units[0].missing == "no_point"


def test_a_duty_counts_from_its_day_until_its_day_and_filters_narrow(users, firms):
    state(firms, ("91-A", "permit"), ("91-B", "energy"))
    owner = firms["91-A"].pk
    duties.put([Stated(owner, "energy", "r", "", TODAY + timedelta(days=1)), Stated(owner, "voc", "r", "", SINCE, TODAY)])
    assert {(u.code, u.kind) for u in seen(users["city"]).units} == {("91-A", "permit"), ("91-B", "energy")}
    assert [u.code for u in seen(users["city"], county="431003").units] == ["91-B"]
    assert [u.code for u in seen(users["city"], kind="permit").units] == ["91-A"]
    assert seen(users["city"], kind="park").total.share is None


def test_each_sees_their_own(users, firms):
    state(firms, ("91-A", "permit"), ("91-B", "permit"), ("CZ-HITECH", "park"))
    who = {name: sorted(u.code for u in seen(user).units) for name, user in users.items()}
    assert who == {
        "city": ["91-A", "91-B", "CZ-HITECH"], "county": ["91-A"], "other_county": ["91-B"], "zone": ["CZ-HITECH"], "enterprise": ["91-A"],
        "department": [], "reader": [], "administrator": [],
    }  # fmt: skip


def test_coverage_costs_a_fixed_number_of_statements(users, firms, django_assert_num_queries):
    state(firms, ("91-A", "permit"), ("91-B", "permit"))
    for number in range(20):
        point(firms["91-B"], number)
    with django_assert_num_queries(3):
        found = seen(users["city"])
    assert found.units[1].points == 20


def test_coverage_as_data_says_nothing_of_what_is_not_known(users, firms):
    state(firms, ("91-A", "permit"))
    data = as_data(seen(users["city"]))
    assert data["total"] == {
        "code": "", "name": "", "required": 1, "connected": 0, "connected_share": "0.000000", "completeness": None,
        "effective_transmission": None,
    }  # fmt: skip
    assert (data["first_day"], data["last_day"], data["counties"][0]["name"]) == ("2026-10-25", "2026-11-23", "北湖区")


def rows() -> list[list[object]]:
    return [
        ["91-A", "排污许可", "重点管理排污许可", "91-A-001", "2026-01-01", ""],
        ["演示企业乙", "重点用能单位", "年耗能5万吨", "", "2026-01-01", ""],
    ]


def test_the_list_comes_by_workbook_again_changes_nothing_and_is_undone_as_a_whole(users, firms, tmp_path: Path):
    state(firms, ("91-B", "energy"))
    job = ledger.load(ledger.workbook(tmp_path / "a.xlsx", HEADER, rows()), users["city"], "connection_duty")
    assert job.state == "done", job.message
    assert {name: job.result["counts"][name] for name in ("new", "corrected", "unchanged")} == {"new": 1, "corrected": 1, "unchanged": 0}
    listed = {(d.subject.code, d.kind): d for d in ConnectionDuty.objects.unscoped("test").select_related("subject")}
    assert listed["91-B", "energy"].reason == "年耗能5万吨"
    assert (listed["91-A", "permit"].document, listed["91-A", "permit"].entered_by) == ("91-A-001", users["city"])
    again = ledger.check(ledger.workbook(tmp_path / "b.xlsx", HEADER, rows()), users["city"], "connection_duty")
    assert again.result["counts"]["unchanged"] == 2
    imports.undo(job.result["batch"], "connection_duty", users["city"], reason="文件错了")
    (left,) = ConnectionDuty.objects.unscoped("test")
    assert (left.subject, left.reason) == (firms["91-B"], "重点管理")
    assert Entry.objects.filter(action="monitoring.duties.restored").count() == 1


@pytest.mark.parametrize(
    ("column", "value", "cell", "words"),
    [
        (0, "没有的厂", "A2", "不认识单位“没有的厂”"), (1, "随便", "B2", "不认识类别“随便”"), (2, "", "C2", "没有填"),
        (2, "长" * 201, "C2", "过长"), (4, "去年", "E2", "不是日期"), (5, "2025-12-31", "F2", "止日不晚于起日"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named(users, firms, tmp_path: Path, column: int, value: str, cell: str, words: str):
    row = rows()[0]
    row[column] = value
    found = ledger.faults(ledger.check(ledger.workbook(tmp_path / "a.xlsx", HEADER, [row]), users["city"], "connection_duty"))
    assert len(found) == 1
    assert found[0][0] == cell
    assert words in found[0][1]


def test_only_the_city_keeps_the_list(users, firms, tmp_path: Path):
    with pytest.raises(InputError, match="不能导入这一类数据"):
        ledger.check(ledger.workbook(tmp_path / "a.xlsx", HEADER, rows()), users["county"], "connection_duty")
    state(firms, ("91-A", "permit"))
    duty = ConnectionDuty.objects.unscoped("test").get()
    with pytest.raises(InputError, match="您不能改应联网名单"):
        duties.end(duty, TODAY, "停产", users["county"])
    with pytest.raises(InputError, match="没有写理由"):
        duties.end(duty, TODAY, " ", users["city"])
    with pytest.raises(InputError, match="止日不晚于起日"):
        duties.end(duty, SINCE, "停产", users["city"])
    duties.end(duty, TODAY, "停产", users["city"])
    assert seen(users["city"]).units == []
    assert ConnectionDuty.objects.unscoped("test").get().reason == "重点管理；停产"
