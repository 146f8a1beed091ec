"""Batches become readings: every command, flags, samples, deviations; what cannot be placed is counted, and nothing stops the rest."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangkong.hj212 import decode
from shuangkong.hj212.sm4 import decrypter, encrypt_frame
from shuangkong.series import parsing
from shuangkong.series.frames import KEPT, read_frame
from shuangkong.series.handover import batch_files
from shuangkong.series.parsing import KnownPoints, parse_records
from shuangkong.series.schema import IMPLAUSIBLE, KIND_NAMES, QUALITY, Point, batch_of, point_id, point_of, quality_names, source_of
from shuangkong.series.store import Readings
from tests.series import kit
from tests.series.kit import MN, NOW_MS, START, contents, everything, frame, hand_over, kept, metered


def parsed(*records):
    """Rows of one batch by (kind, code) and what was left out."""
    left, known = Counter(), KnownPoints()
    table = parse_records(list(records), 7, known, left)
    codes = {point.point: point.code for point in known.new}
    return {(KIND_NAMES[row["kind"]], codes[row["point"]]): row for row in table.to_pylist()}, +left


def test_a_real_time_frame():
    found, left = parsed(kept(frame("DataTime=20261101080000;w01018-Rtd=30.1,w01018-Flag=N;w21003-Rtd=2.06,w21003-Flag=D")))
    assert left == {}
    first, second = found["realtime", "w01018"], found["realtime", "w21003"]
    assert (first["time"], first["value"], first["flag"], first["quality"]) == (START, 30.1, "N", 0)
    assert (second["value"], second["flag"]) == (2.06, "D")
    assert first["received"] == START + timedelta(hours=12) and first["source"] == 7 * 65536
    assert first["point"] == point_id(f"hj212/{MN}/w01018")


@pytest.mark.parametrize(("cn", "period"), [("2051", "minute"), ("2061", "hour"), ("2031", "day")])
def test_periods(cn, period):
    cp = "DataTime=20261101080000;w01018-Cou=1.5,w01018-Min=1.0,w01018-Avg=2.0,w01018-Max=3.0,w01018-ZsAvg=2.5,w01018-Flag=M"
    found, left = parsed(kept(frame(cp, cn)))
    values = {kind: row["value"] for (kind, _), row in found.items()}
    assert values == {f"{period}.{name}": v for name, v in (("cou", 1.5), ("min", 1.0), ("avg", 2.0), ("max", 3.0), ("zsavg", 2.5))}
    assert {row["flag"] for row in found.values()} == {"M"} and {row["time"] for row in found.values()} == {START} and left == {}


def test_machines_and_noise():
    found, _ = parsed(
        kept(frame("DataTime=20261101080000;SB1-RS=1;SB2-RS=0", "2021")),
        kept(frame("DataTime=20261101000000;SB1-RT=1.5", "2041", number=1)),
        kept(frame("DataTime=20261101080000;LA-Rtd=50.1", "2011", st="23", number=2)),
        kept(frame("DataTime=20261101000000;Leq-Data=55.1,Leq-DayData=56.1,Leq-NightData=45.0", "2031", st="23", number=3)),
    )
    assert {key: row["value"] for key, row in found.items()} == {
        ("state.rs", "SB1"): 1.0, ("state.rs", "SB2"): 0.0, ("state.rt", "SB1"): 1.5, ("realtime", "LA"): 50.1,
        ("day.data", "Leq"): 55.1, ("day.daydata", "Leq"): 56.1, ("day.nightdata", "Leq"): 45.0,
    }  # fmt: skip
    assert found["state.rs", "SB1"]["quality"] == 0, "a machine is no unknown factor"


def test_a_sample_holds_when_it_was_taken():
    cp = "DataTime=20261101080000;w01018-SampleTime=20261101060000,w01018-Rtd=30.1,w01018-Flag=N;w01001-Rtd=7.1,w01001-Flag=N"
    found, _ = parsed(kept(frame(cp)))
    sampled, other = found["realtime", "w01018"], found["realtime", "w01001"]
    assert sampled["time"] == START - timedelta(hours=2) and quality_names(sampled["quality"]) == ("sampled",)
    assert other["time"] == START and other["quality"] == 0
    cp = "DataTime=20261101080000;w01018-SampleTime=20261101060000,w01018-Avg=30.1,w01018-Flag=N"
    found, _ = parsed(kept(frame(cp, "2061")))
    assert found["hour.avg", "w01018"]["time"] == START, "a period keeps its beginning"


def test_values_that_are_none_and_flags_that_are_none():
    cp = "DataTime=20261101080000;w01018-Rtd=NaN,w01018-Flag=N;w01001-Rtd=inf;w21003-Rtd=1e5;w21011-Rtd=,w21011-Flag=<script>alert"
    found, _ = parsed(kept(frame(cp)))
    assert {code: row["value"] for (_, code), row in found.items()} == dict.fromkeys(("w01018", "w01001", "w21003", "w21011"))
    assert all(row["quality"] & QUALITY["no_number"] for row in found.values())
    assert found["realtime", "w21011"]["flag"] == "?script?" and found["realtime", "w21011"]["quality"] & QUALITY["unknown_flag"]


def test_digits_beyond_the_type_and_codes_of_2005():
    cp = "DataTime=20261101080000;011-Rtd=1234567.1,011-Flag=N;w01001-Rtd=7.1"
    found, _ = parsed(kept(frame(cp)))
    assert (found["realtime", "w01018"]["value"], found["realtime", "w01018"]["quality"]) == (1234567.1, QUALITY["out_of_type"])
    assert found["realtime", "w01001"]["quality"] == 0
    found, _ = parsed(kept(frame(f"DataTime=20261101080000;w01018-Rtd={'9' * 400}")))
    assert found["realtime", "w01018"]["value"] is None


def test_how_a_frame_came():
    cp = "DataTime=20261101080000;w01018-Rtd=1.0,w01018-Flag=N"
    found, _ = parsed(kept(frame(cp, resent=True), codes=["clock_off", "header_order", "st_not_registered", "factor_unknown"]))
    names = ("deviation", "clock_off", "resent", "unregistered_system")
    assert quality_names(found["realtime", "w01018"]["quality"]) == names
    found, _ = parsed(kept(frame(cp), received_ms=NOW_MS + 3 * 86_400_000))
    assert quality_names(found["realtime", "w01018"]["quality"]) == ("late",)
    found, _ = parsed(kept(frame(cp.replace("Rtd", "Avg"), "2031"), received_ms=NOW_MS + 86_400_000))
    assert quality_names(found["day.avg", "w01018"]["quality"]) == (), "a day is late a day after its end"


def test_meters():
    found, left = parsed(
        metered(), metered(period_kind="day", period_start="2026-11-01T00:00:00+08:00", value="3", input_type="5", valid=False),
        metered(data_code="0000000101000020", demonstration=True, value="99999999999999999999.5"), metered(message="info"),
    )  # fmt: skip
    assert left == {}
    now, day = found["meter.realtime", "0000000101000010"], found["meter.day", "0000000101000010"]
    assert (now["time"], now["value"], now["quality"]) == (START, 12.5, 0)
    assert quality_names(day["quality"]) == ("invalid", "manual") and day["time"] == START - timedelta(hours=8)
    assert quality_names(found["meter.realtime", "0000000101000020"]["quality"]) == ("demonstration",)
    assert now["point"] == point_id("meter/E1/0000000101000010")


def test_what_cannot_be_placed_is_counted():
    broken = kept(frame("DataTime=20261101080000;w01018-Rtd=1.0"))
    found, left = parsed(
        broken._replace(body=broken.body[:-8]), kept(frame("w01018-Rtd=1.0", number=1)), kept(frame("", "2081", number=2)),
        kept(frame("DataTime=20261101080000;a b/../c-Rtd=1;" + "x" * 60 + "-Rtd=1;w01001-Rtd=7.0", number=3)),
        metered(value="text"), metered(enterprise_code="no/code"),
    )  # fmt: skip
    assert list(found) == [("realtime", "w01001")]
    assert left == {"unreadable": 2, "no_time": 1, "code_malformed": 3}


def test_an_encrypted_frame_is_read_after_its_key_has_changed():
    raw = frame("DataTime=20261101080000;w01018-Rtd=30.1,w01018-Flag=N;w01001-Rtd=7.2", flag=9)
    secret = encrypt_frame(raw, b"k" * 16)
    record = kept(secret, message=decode(secret, KEPT, decrypter(b"k" * 16)))
    assert record.body == secret and b"30.1" not in record.body
    assert read_frame(record)[0].cp == decode(raw).cp
    assert parsed(record)[0]["realtime", "w01018"]["value"] == 30.1


# ── what a hostile but registered device may do ──


def test_ever_more_factors_fill_no_table(monkeypatch):
    monkeypatch.setattr(parsing, "POINTS_A_DEVICE", 5)
    found, left = parsed(*(kept(frame(f"DataTime=20261101080000;x{n}-Rtd=1;y{n}-Rtd=2", number=n)) for n in range(5)), metered())
    assert len(found) == 6 and left == {"too_many_points": 5}
    assert sorted(code for _, code in found)[1:] == ["x0", "x1", "x2", "y0", "y1"], "by their first frame, then by name"


def test_two_keys_of_one_number_are_not_mixed():
    known = KnownPoints([Point(point_id(f"hj212/{MN}/w01018"), "hj212/another/key", "hj212", "another", "key")])
    left = Counter()
    table = parse_records([kept(frame("DataTime=20261101080000;w01018-Rtd=1.0;w01001-Rtd=7.0"))], 1, known, left)
    assert len(table) == 1 and +left == {"point_taken": 1}


@pytest.mark.parametrize("year", ["0001", "1970", "2100", "9999"])
def test_times_that_cannot_be_go_to_one_partition(tmp_path, year):
    frames = [kept(frame(f"DataTime={year}{month:02d}01000000;w01018-Rtd=1.0", number=month)) for month in range(1, 13)]
    hand_over(tmp_path, [*frames, kept(frame("DataTime=20261101080000;w01018-Rtd=2.0", number=99))])
    with Readings(tmp_path) as store:
        assert store.parse_next() == 1
        assert sorted({file.part for file in store.catalogue.files()}) == ["2026-11", IMPLAUSIBLE]
        store.compact(everything=True, engine=kit.engine())
    assert [row["value"] for row in contents(tmp_path)] == [2.0]
    hidden = [row for row in contents(tmp_path, implausible=True) if row["quality"] & QUALITY["implausible"]]
    assert len(hidden) == 12 and {row["time"].year for row in hidden} <= {int(year), int(year) - 1, 1}


def test_a_damaged_or_lost_batch_stops_nothing(tmp_path):
    records = [kept(frame(f"DataTime=2026110108000{n};w01018-Rtd={n}.0", number=n)) for n in range(6)]
    hand_over(tmp_path, records[:3], records[3:5], records[5:])
    (_, first), (_, second), _ = batch_files(tmp_path)
    content = bytearray(first.read_bytes())
    content[len(content) // 2] ^= 0xFF
    first.write_bytes(content)
    second.unlink()
    with Readings(tmp_path) as store:
        assert store.parse_next() == 3 and store.parsed == 3
        assert store.catalogue.left_out() == {"damaged": 2}
    assert [row["value"] for row in contents(tmp_path)] == [0.0, 2.0, 5.0]


def test_a_record_that_our_own_code_cannot_bear_is_left_out(tmp_path, monkeypatch):
    whole = parsing.rows_of_frames

    def breaks(records, left):
        assert not any(b"w01001" in record.body for _, record in records)
        yield from whole(records, left)

    monkeypatch.setattr(parsing, "rows_of_frames", breaks)
    hand_over(
        tmp_path,
        [kept(frame(f"DataTime=2026110108000{n};{code}-Rtd={n}.0", number=n)) for n, code in enumerate(("w01018", "w01001", "w01018"))],
    )
    with Readings(tmp_path) as store:
        assert store.parse_next() == 1 and store.catalogue.left_out() == {"unreadable": 1}
    assert [(row["value"], row["source"] % 65536) for row in contents(tmp_path)] == [(0.0, 0), (2.0, 2)]


_PAIRS = st.tuples(
    st.sampled_from(["w01018", "011", "a\x00b", "x" * 50, "SB1", "双", ""]),
    st.sampled_from(["Rtd", "Avg", "Flag", "SampleTime", "RS", "Cou", "Zs"]),
    st.sampled_from(["1", "-0", "", "NaN", "1e400", "9" * 300, "N", "20261101080000", "00010101000000", "\ud7ff", "２"]),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["2011", "2051", "2061", "2031", "2021", "2041"]),
    st.sampled_from(["", "00010101000000", "20261101080000", "x"]),
    st.lists(_PAIRS, max_size=2),
)
def test_nothing_that_a_device_writes_breaks_parsing(cn, data_time, pairs):
    cp = ";".join((f"DataTime={data_time}", *(f"{code}-{field}={value}" for code, field, value in pairs)))
    found, _ = parsed(kept(frame(cp, cn)), metered())
    assert ("meter.realtime", "0000000101000010") in found


def test_batches_are_parsed_once_and_the_pieces_do_not_matter(tmp_path):
    frames = [frame(f"DataTime=202611010800{n // 2:02d};w01018-Rtd={n % 3}.0;x{n // 2}-Rtd=1", number=n) for n in range(18)]
    batches = [list(map(kept, frames[n : n + 2])) for n in range(0, 18, 2)]
    hand_over(tmp_path, *batches)
    other = tmp_path / "other"
    with Readings(tmp_path) as one, Readings(tmp_path, other) as two:
        while one.parse_next(limit=1):
            pass
        assert two.parse_next(limit=4) == 4 and two.parse_next() == 5 and two.parse_next() == 0
        assert list(one.catalogue.points()) == list(two.catalogue.points())
        assert not one.append(kit.table([]), 9), "in already"
    assert everything(tmp_path) == everything(other) and len(contents(tmp_path)) == 18
    with Readings(tmp_path) as again:
        assert again.parse_next() == 0


def test_names_and_sources():
    assert point_of("hj212", MN, "w01018").point == point_id(f"hj212/{MN}/w01018") > 0
    assert point_of("hj212", MN, "../x") is None and point_of("hj212", "", "w01018") is None
    assert batch_of(source_of(12, 34)) == (12, 34) and source_of(1, 10**6) == 2 * 65536 - 1
