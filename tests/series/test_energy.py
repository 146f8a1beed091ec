"""Accounts over columns: against the pure arithmetic for random meters, and by hand for what a person can work out."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shuangkong.core.errors import InputError
from shuangkong.core.metering import Consumption, Fault, Meter, MeterKind, Reading, Span, Term, combined, consumption, local_spans, steps
from shuangkong.series.energy import Amount, Coefficient, Entry
from shuangkong.series.energy import consumption as accounts
from shuangkong.series.engines import DuckDB
from shuangkong.series.hours import CATALOGUE, HOURS, Hours
from shuangkong.series.reading import FOLDER, SPILL, Reader
from shuangkong.series.schema import KINDS, QUALITY, READINGS
from shuangkong.series.steps import Metered, Where, cells_of
from shuangkong.series.store import Readings

SHANGHAI = ZoneInfo("Asia/Shanghai")
QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
T0 = datetime(2026, 2, 28, 16, tzinfo=UTC)  # 1 March in Shanghai, still February in UTC
REALTIME = "meter.realtime"
YEARS = [
    Coefficient("electricity", datetime(year - 1, 12, 31, 16, tzinfo=UTC), datetime(year, 12, 31, 16, tzinfo=UTC), 1.229, worth, co2)
    for year, worth, co2 in ((2025, 3.0, 5.0), (2026, 2.9, 4.0))
]


def at(minutes: int) -> datetime:
    return T0 + timedelta(minutes=minutes)


class Store:
    """A store that readings are put into, as batches."""

    def __init__(self, root: Path) -> None:
        self.root, self.batch = root, 0

    def put(self, point: int, readings: Sequence[Reading], *, quality: int = 0) -> None:
        self.put_all({point: readings}, quality=quality)

    def put_all(self, readings: dict[int, Sequence[Reading]], *, quality: int = 0) -> None:
        self.batch += 1
        rows = [
            (point, r.time.replace(tzinfo=None), KINDS[REALTIME], None if r.value is None else float(r.value), "", quality,
             r.received.replace(tzinfo=None), r.source)
            for point, sent in readings.items()
            for r in sent
        ]  # fmt: skip
        columns = [pa.array(column, of.type) for column, of in zip(zip(*rows, strict=True), READINGS, strict=True)]
        with Readings(self.root) as writer:
            writer.append(pa.table(columns, schema=READINGS), self.batch)

    def ask(self, meters: list[Metered], entries: list[Entry], spans: list[Span], by: str = "entry") -> list[Amount]:
        with Reader(self.root) as reader:
            return accounts(reader, meters, entries, YEARS, spans, by)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def registers(*values: object, first: int = 0, every: int = 15, received: int = 1) -> list[Reading]:
    return [
        Reading(at(first + every * n), None if value is None else D(str(value)), at(first + every * n + received), n)
        for n, value in enumerate(values)
    ]


def register(point: int, *terms: Term, modulus: object = None, largest: object = None, scale: str = "1") -> Metered:
    numbers = (None if number is None else D(str(number)) for number in (modulus, largest))
    return Metered(point, REALTIME, Meter(MeterKind.REGISTER, terms or (Term(datetime(2020, 1, 1, tzinfo=UTC)),), *numbers), D(scale))


def interval(point: int, *terms: Term, largest: object = None) -> Metered:
    most = None if largest is None else D(str(largest))
    return Metered(point, REALTIME, Meter(MeterKind.INTERVAL, terms or (Term(datetime(2020, 1, 1, tzinfo=UTC)),), None, most))


def entry(name: str, *points: int, enterprise: str = "E1", county: str = "c1") -> Entry:
    return Entry(name, "electricity", tuple((point, 1.0) for point in points), enterprise, "C30", county)


def hours(count: int) -> list[Span]:
    return [Span(f"h{n}", at(60 * n), at(60 * n + 60)) for n in range(count)]


# against the pure arithmetic


_TICKS = 24


@st.composite
def meters(draw: st.DrawFn, kind: MeterKind) -> Meter:
    """A meter of one or two terms, whose second may begin in the middle of an hour."""
    multiplier = draw(st.sampled_from(["1", "40", "0.5"]))
    modulus, largest = draw(st.sampled_from([(None, None), (D(100), None), (D(100), D(40)), (None, D(40))]))
    start = datetime(2020, 1, 1, tzinfo=UTC)
    if draw(st.booleans()):
        return Meter(kind, (Term(start, multiplier=D(multiplier)),), modulus, largest)
    change = at(draw(st.integers(1, _TICKS * 15 - 1)))
    last, first = (draw(st.one_of(st.none(), st.integers(0, 99).map(D))) for _ in range(2))
    return Meter(kind, (Term(start, change, D(multiplier), None, last), Term(change, None, D(3), first)), modulus, largest)


_VALUES = st.one_of(st.none(), st.integers(-2, 99).map(D), st.decimals(0, 12, places=2))


@st.composite
def sent(draw: st.DrawFn) -> list[Reading]:
    """Readings of six hours: some missing, some in several versions, some far too late, mostly rising."""
    found, standing = [], D(draw(st.integers(0, 90)))
    for tick in range(_TICKS + 1):
        way = draw(st.sampled_from(["rise", "rise", "rise", "rise", "any", "none", "twice"]))
        if way == "none":
            continue
        standing = draw(_VALUES) if way == "any" else (standing or D(0)) + draw(st.decimals(0, 3, places=2))
        found.append(Reading(at(15 * tick), standing, at(15 * tick + 1), tick))
        if way == "twice":
            standing = draw(_VALUES)
            found.append(Reading(at(15 * tick), standing, at(15 * tick + draw(st.integers(1, 200_000))), 1000 + tick))
    return found


def assert_same(found: Amount, pure: Consumption) -> None:
    assert found.quantity == pytest.approx(float(pure.known), rel=1e-9, abs=1e-9)
    assert found.is_complete == pure.is_complete
    assert found.missing_s == int((pure.length - pure.covered).total_seconds())
    assert found.faults == [pure.faults.count(fault) for fault in (Fault.DROP, Fault.TOO_LARGE, Fault.NEGATIVE)]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(meters(MeterKind.REGISTER), sent(), meters(MeterKind.INTERVAL), sent())
def test_columns_say_what_the_pure_arithmetic_says(one: Meter, of_one: list[Reading], other: Meter, of_other: list[Reading]):
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        if of_one or of_other:
            store.put_all({1: of_one, 2: of_other})
        metered = [Metered(1, REALTIME, one), Metered(2, REALTIME, other)]
        entries = [entry("1", 1), entry("2", 2), Entry("v", "electricity", ((1, 1.0), (2, -0.5)), "E1")]
        for spans in (hours(6), [Span("two", at(0), at(120)), Span("rest", at(180), at(360))]):
            found = iter(store.ask(metered, entries, spans))
            pure = [[consumption(steps(m, r), s.start, s.end) for s in spans] for m, r in ((one, of_one), (other, of_other))]
            for number in range(len(spans)):
                assert_same(next(found), pure[0][number])
            for number in range(len(spans)):
                assert_same(next(found), pure[1][number])
            for number in range(len(spans)):
                assert_same(next(found), combined([(D(1), pure[0][number]), (D("-0.5"), pure[1][number])]))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(meters(MeterKind.REGISTER), sent())
def test_the_hourly_table_says_what_the_pure_arithmetic_says(meter: Meter, readings: list[Reading]):
    with tempfile.TemporaryDirectory() as folder:
        store, metered = Store(Path(folder)), [Metered(1, REALTIME, meter)]
        store.put(1, readings or registers(1))
        table = Hours(store.root)
        engine = DuckDB(store.root / FOLDER / SPILL)
        table.refresh(metered, {1: "electricity"}, YEARS, engine)
        for spans in (hours(6), [Span("all", at(0), at(360))]):
            for span, found in zip(spans, table.consumption(engine, [entry("1", 1)], YEARS, spans, "entry"), strict=True):
                pure = consumption(steps(meter, readings or registers(1)), span.start, span.end)
                assert found.quantity == pytest.approx(float(pure.known), rel=1e-9, abs=1e-9)
                assert found.is_complete == pure.is_complete
        engine.close()


# worked out by hand


def test_a_month_in_local_time_begins_in_the_month_before_in_utc(store: Store):
    """1 at 23:45 on 28 February in Shanghai belongs to February, 2 at 00:00 on 1 March to March."""
    store.put(1, [Reading(at(-15), D(1), at(0)), Reading(at(0), D(2), at(0))])
    months = local_spans(SHANGHAI, "month", date(2026, 2, 1), date(2026, 4, 1))
    assert [amount.quantity for amount in store.ask([interval(1)], [entry("1", 1)], months)] == [1, 2]


def test_coefficients_change_at_the_local_new_year(store: Store):
    """One register step of 10 on each side: 10 × 3.0 and 10 × 2.9; the year that holds both is parted there."""
    new_year = datetime(2025, 12, 31, 16, tzinfo=UTC)
    store.put(1, [Reading(new_year + n * HOUR, D(10 * n + 100), new_year, n + 1) for n in (-1, 0, 1)])
    found = store.ask([register(1)], [entry("1", 1)], [Span("both", new_year - HOUR, new_year + HOUR)])[0]
    assert (found.quantity, found.energy_tce) == (20, pytest.approx(24.58))
    assert found.equivalent_tce == pytest.approx(59)
    assert found.co2_t == pytest.approx(90)
    assert found.is_complete


def test_without_a_coefficient_there_is_no_coal_equivalent(store: Store):
    store.put(1, registers(1, 2, 3, 4, 5))
    with Reader(store.root) as reader:
        found = accounts(reader, [register(1)], [entry("1", 1)], [YEARS[1]._replace(co2_t=None)], hours(1), "entry")[0]
        nothing = accounts(reader, [register(1)], [entry("1", 1)], [YEARS[0]], hours(1), "entry")[0]
    assert (found.quantity, found.energy_tce, found.co2_t) == (4, pytest.approx(4 * 1.229), None)
    assert (nothing.quantity, nothing.energy_tce, nothing.is_complete) == (4, None, True)


def test_owners_gather_their_meters_by_enterprise_industry_and_county(store: Store):
    store.put_all({point: registers(*(point * n for n in range(5))) for point in (1, 2, 3)})
    entries = [entry("a", 1), entry("b", 2), entry("c", 3, enterprise="E2", county="c2")]
    metered = [register(point) for point in (1, 2, 3)]
    wanted = {
        "enterprise": [("E1", 12), ("E2", 12)], "county": [("c1", 12), ("c2", 12)], "industry": [("C30", 24)],
        "entry": [("a", 4), ("b", 8), ("c", 12)],
    }  # fmt: skip
    for by, owners in wanted.items():
        assert [(amount.owner, amount.quantity) for amount in store.ask(metered, entries, hours(1), by)] == owners


def test_what_one_meter_lacks_its_enterprise_lacks(store: Store):
    store.put(1, registers(0, 1, 2, 3, 4))
    store.put(2, registers(0, 1, 2))
    entries = [entry("a", 1), entry("b", 2), entry("c", 9)]
    found = store.ask([register(1), register(2), register(9)], entries, hours(1), "enterprise")[0]
    assert (found.is_complete, found.entries, found.incomplete, found.quantity) == (False, 3, 2, 6)
    assert found.why == "缺1小时的数"


def test_an_enterprise_without_meters_is_not_complete(store: Store):
    assert store.ask([], [], hours(1)) == []
    assert not Amount("E", "electricity", hours(1)[0]).is_complete


def test_what_was_not_in_place_lacks_nothing_and_has_no_amount(store: Store):
    """Three hours; the second meter comes with the second and goes before the third."""
    metered = [register(1, Term(at(0))), register(2, Term(at(60), at(120)))]
    store.put_all({1: registers(*range(13)), 2: registers(*range(5), first=60)})
    spans = hours(3)
    second = entry("2", 2)._replace(since=at(60), until=at(120))
    found = store.ask(metered, [entry("1", 1), second], spans, "enterprise")
    assert [(amount.entries, amount.span.start) for amount in found] == [(1, at(0)), (2, at(60)), (1, at(120))]
    assert [amount.span.start for amount in store.ask(metered, [second], spans)] == [at(60)]
    assert not entry("3", 3)._replace(since=at(180)).is_there(spans[2])
    assert entry("3", 3)._replace(since=at(179)).is_there(spans[2])


def test_a_value_that_its_sender_calls_invalid_does_not_count(store: Store):
    store.put(1, registers(0, 1), quality=0)
    store.put(1, registers(7, first=30), quality=QUALITY["invalid"])
    store.put(1, registers(3, 4, first=45), quality=QUALITY["repeated"])
    assert store.ask([register(1)], [entry("1", 1)], hours(1))[0].quantity == 4


def test_a_unit_scale_makes_base_units(store: Store):
    """Pulses of 40 kWh in 10 000 kWh."""
    store.put(1, registers(0, 10, 20, 30, 1000))
    meter = register(1, Term(datetime(2020, 1, 1, tzinfo=UTC), multiplier=D(40)), scale="0.0001")
    assert store.ask([meter], [entry("1", 1)], hours(1))[0].quantity == pytest.approx(4)


def test_many_plain_meters_are_summed_beside_one_that_is_not(store: Store):
    """A hundred meters of 1 a quarter hour; one sends a value that cannot be, one is negative, one reaches over the end, one changed."""
    store.put_all({point: registers(1, 1, 1, 1) for point in range(1, 101)})
    store.put(1, registers(1, 1, 1000, 1, received=2))
    store.put(2, registers(1, -1, 1, 1, received=2))
    store.put(4, registers(5, first=50))
    changed = Term(datetime(2020, 1, 1, tzinfo=UTC), at(30)), Term(at(30), None, D(2))
    metered = [interval(point, largest=400) for point in range(1, 101) if point != 3] + [interval(3, *changed)]
    found = {a.owner: a for a in store.ask(metered, [entry(str(point), point) for point in range(1, 101)], hours(1))}
    assert [found["1"].quantity, found["1"].why] == [3, "缺15分钟的数；1处超出最大可能用量"]
    assert [found["2"].quantity, found["2"].why] == [3, "缺15分钟的数；1处用量为负"]
    assert (found["3"].quantity, found["3"].is_complete) == (6, True)
    assert (found["4"].quantity, found["4"].why) == (4, "1段用量跨过期初或期末，分不开")
    assert all(found[str(point)].is_complete and found[str(point)].quantity == 4 for point in range(5, 101))


@pytest.mark.parametrize("by", ["city", ""])
def test_an_unknown_way_of_summing_is_refused(store: Store, by: str):
    with pytest.raises(InputError, match="汇总口径"):
        store.ask([], [], hours(1), by)


@pytest.mark.parametrize("spans", [[], [*hours(2)][::-1], [hours(1)[0], hours(1)[0]]])
def test_periods_must_be_in_order_and_apart(spans: list[Span]):
    with pytest.raises(InputError, match="期间"):
        cells_of(spans)


def test_where_finds_the_period_of_a_moment():
    cells = cells_of([Span("a", at(0), at(60)), Span("b", at(60), at(120)), Span("c", at(180), at(240))], [at(30)])
    where = Where(cells)
    assert len(cells) == 4
    moments = [-1, 0, 59, 60, 119, 120, 179, 180, 239, 240]
    assert [where.span_of(int(at(m).timestamp())) for m in moments] == [-1, 0, 0, 1, 1, -1, -1, 2, 2, -1]


# the durable table


def refreshed(store: Store, metered: list[Metered], coefficients: list[Coefficient] = YEARS) -> list[str]:
    return Hours(store.root).refresh(metered, {of.point: "electricity" for of in metered}, coefficients)


def rows_of(store: Store, spans: list[Span]) -> list[dict[str, object]]:
    with Reader(store.root) as reader:
        return reader.arrow(Hours(store.root).table(reader.engine, spans).order_by("point", "start_s")).to_pylist()


def test_an_hour_is_a_row_and_a_step_over_its_end_is_one_of_its_own(store: Store):
    store.put(1, registers(0, 1, 2, None, None, None, 8, 9, 10))
    assert refreshed(store, [register(1)]) == ["2026-02"]
    rows = rows_of(store, hours(3))
    assert [(row["start_s"], row["end_s"], row["quantity"], row["covered_s"]) for row in rows] == [
        (int(at(0).timestamp()), int(at(60).timestamp()), 2, 1800),
        (int(at(30).timestamp()), int(at(90).timestamp()), 6, 3600),
        (int(at(60).timestamp()), int(at(120).timestamp()), 2, 1800),
    ]
    assert rows[0]["energy_tce"] == pytest.approx(2 * 1.229)
    assert rows[0]["co2_t"] == pytest.approx(8)


def test_nothing_is_computed_anew_while_nothing_changed(store: Store):
    metered = [register(1)]
    store.put(1, registers(0, 1, 2, 3, 4))
    assert refreshed(store, metered) == ["2026-02"]
    assert refreshed(store, metered) == []
    assert refreshed(store, [register(1, modulus=100, largest=9)]) == ["2026-02"]
    assert refreshed(store, [register(1, modulus=100, largest=9)], [YEARS[1]._replace(co2_t=9.0)]) == ["2026-02"]
    assert rows_of(store, hours(1))[0]["co2_t"] == pytest.approx(36)


def test_late_values_compute_their_own_month_anew_and_no_other(store: Store):
    july = 130 * 24 * 60
    metered = [interval(1)]
    store.put(1, registers(1, 1))
    store.put(1, registers(5, 5, first=july))
    assert refreshed(store, metered) == ["2026-02", "2026-07"]
    store.put(1, registers(1, 1, first=30, received=july))
    assert refreshed(store, metered) == ["2026-02"]
    assert [(row["quantity"], row["covered_s"]) for row in rows_of(store, hours(1))] == [(4, 3600)]


def test_the_first_register_of_a_month_ends_the_month_before(store: Store):
    """The last hour of February in UTC is open until March has begun; what comes later in March changes nothing."""
    end = 8 * 60  # February ends in UTC eight hours behind T0
    metered = [register(1)]
    store.put(1, registers(0, 1, 2, 3, first=end - 60))
    assert refreshed(store, metered) == ["2026-02"]
    last = [Span("last", at(end - 60), at(end))]
    assert [row["covered_s"] for row in rows_of(store, last)] == [2700]
    store.put(1, registers(4, 5, first=end))
    assert refreshed(store, metered) == ["2026-02", "2026-03"]
    assert [(row["quantity"], row["covered_s"]) for row in rows_of(store, last)] == [(4, 3600)]
    store.put(1, registers(6, first=end + 30))
    assert refreshed(store, metered) == ["2026-03"]


def test_a_kill_between_file_and_catalogue_leaves_the_old_table_whole(store: Store, monkeypatch: pytest.MonkeyPatch):
    metered = [interval(1)]
    store.put(1, registers(1, 1, 1, 1))
    refreshed(store, metered)
    store.put(1, registers(9, first=60))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("shuangkong.series.hours.write_json", killed)
        with pytest.raises(KeyboardInterrupt):
            refreshed(store, metered)
    assert [row["quantity"] for row in rows_of(store, hours(2))] == [4]
    assert refreshed(store, metered) == ["2026-02"]
    assert [row["quantity"] for row in rows_of(store, hours(2))] == [4, 9]


def test_files_that_are_no_longer_live_stay_for_readers_and_are_then_deleted(store: Store):
    seen = []
    for turn in range(5):
        store.put(1, registers(turn, first=15 * turn))
        refreshed(store, [interval(1)])
        seen.append(sorted(path.name for path in Hours(store.root).data.iterdir()))
    assert [len(names) for names in seen] == [1, 2, 3, 4, 4]
    assert seen[-1] == [f"2026-02-{turn}.parquet" for turn in (2, 3, 4, 5)]


def test_an_empty_store_has_an_empty_table(store: Store):
    assert Hours(store.root).refresh([], {}, YEARS) == []
    assert not (store.root / FOLDER / CATALOGUE).exists()
    store.put(1, registers(1))
    assert refreshed(store, []) == ["2026-02"]
    assert rows_of(store, hours(1)) == []
    assert len(HOURS) == 11


def test_only_one_process_writes_the_table(store: Store):
    store.put(1, registers(1))
    with Hours(store.root)._held() as mine, Hours(store.root)._held() as other:
        assert (mine, other) == (True, False)
        assert refreshed(store, [interval(1)]) == []
    assert refreshed(store, [interval(1)]) == ["2026-02"]
