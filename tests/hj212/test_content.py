"""Typing of the data area: both ways give the same, values keep their digits, memories stay bounded."""

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.hj212 import build_frame, decode
from shuangkong.hj212 import content as room
from shuangkong.hj212.columns import read_columns
from shuangkong.hj212.content import _read_one_by_one, read_content, read_number, read_time
from shuangkong.hj212.message import CIVIL
from tests.hj212.frames import deviations, good_frames

CP = "DataTime=20260301080000;w01018-Avg=40.10,w01018-Flag=N"
NAMES = ["DataTime", "w01018-Rtd", "w01018-Flag", "a21026-Avg", "011-Rtd", "x-Rtd", "PolId", "w01018", ""]
TEXTS = ["20260301080000", "1.5", "-0.05", "N", "", "x=y", "1e3", "٣", "99999999999999999999"]
AREAS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(["=", "=", "=", "", "=="]), st.sampled_from(TEXTS), st.sampled_from(";,")), max_size=8
)


@pytest.fixture(autouse=True)
def _cold():
    room.forget()


def same(cp, cn="2011", system="32"):
    for _ in range(3):
        ours, plain = read_content(cp, cn, system, 2017), _read_one_by_one(cp, cn, system, 2017)
        assert (ours.fields, ours.factors, ours.faults) == (plain.fields, plain.factors, plain.faults)
    return ours


@given(AREAS)
def test_the_quick_way_equals_the_slow_way(area):
    same("".join(name + equals + text + mark for name, equals, text, mark in area)[:-1])


@pytest.mark.parametrize("raw", good_frames() + [raw for _, raw in deviations()])
def test_the_quick_way_equals_the_slow_way_on_real_frames(raw):
    message = decode(raw)
    same(message.cp, message.cn, message.st)


def test_values_are_exact():
    content = same(CP.replace("40.10", "40.1"))
    assert content.factors == {"w01018": {"Avg": Decimal("40.1"), "Flag": "N"}}
    assert content.data_time == datetime(2026, 3, 1, 8, tzinfo=CIVIL)
    assert same("PolId=w01018").data_time is None
    content = same(CP.replace("Avg=40.10", "Cou=12345678901234.12"))
    assert content.factors["w01018"]["Cou"] == Decimal("12345678901234.12") and not content.faults
    content = same(CP)
    assert str(content.factors["w01018"]["Avg"]) == "40.10"
    assert [fault.code for fault in content.faults] == ["value_out_of_type"]


@pytest.mark.parametrize(("text", "expected"), [("0.5", (0, 1)), ("-12.340", (2, 3)), ("007", (1, 0)), ("5.", (1, 0)), (".5", (0, 1))])
def test_numbers(text, expected):
    number, *digits = read_number(text)
    assert number == Decimal(text) and tuple(digits) == expected


@pytest.mark.parametrize("text", ["", ".", "+", "1e5", "NaN", " 1", "1 ", "1.2.3", "--1", "٣", "1,2", "0x1", "1_0"])
def test_what_is_no_number(text):
    with pytest.raises(ValueError):
        read_number(text)


@pytest.mark.parametrize(
    "text", ["", "2026030108000", "202603010800000", "20260230080000", "20260301240000", "2026030108000x", "２０２６０３０１０８００００"]
)
def test_what_is_no_time(text):
    with pytest.raises(ValueError):
        read_time(text)


def test_memories_stay_bounded(monkeypatch):
    for name, limit in (("_LAYOUT_LIMIT", 3), ("_SHAPE_LIMIT", 3)):
        monkeypatch.setattr(room, name, limit)
    for memory in (room._Numbers, room._Times, room._Names):
        monkeypatch.setattr(memory, "LIMIT", 5)
    for index in range(40):
        same(f"DataTime=202603010800{index:02d};w01018-Avg=4.{index % 10}{'0' * (index // 10)}")
        same(";".join(f"w010{at + 10}-Avg={index}" for at in range(index % 9 + 1)))
        read_content(CP, "2011", "32", 2017, device=str(index))
    assert len(room._LAYOUTS) <= 3 and len(room._SHAPES) <= 3 and len(room._TIMES) <= 5
    assert all(len(numbers) <= 5 for numbers in room._NUMBERS.values()) and all(len(names) <= 5 for names in room._NAMES.values())


def test_columns_hold_the_same_values():
    messages = [decode(raw) for raw in good_frames() + [raw for _, raw in deviations()] + good_frames()]
    columns, irregular = read_columns(messages)
    found = sorted(
        (owner, column.factor, column.field, str(value))
        for column in columns
        for owner, value in zip(column.owners, column.values, strict=True)
    )
    expected = []
    for index, message in enumerate(messages):
        content = read_content(message.cp, message.cn, message.st, message.edition)
        expected += [(index, "", field, str(value)) for field, value in content.fields.items()]
        expected += [(index, code, field, str(value)) for code, values in content.factors.items() for field, value in values.items()]
    assert found == sorted(expected)
    assert all(index in irregular for index, message in enumerate(messages) if message.content.faults)


def test_a_wrong_value_sends_its_layout_the_ordinary_way():
    def frame(value):
        return decode(
            build_frame(qn="20260301080000000", st="32", cn="2011", pw="123456", mn="0" * 24, flag=4, cp=CP.replace("40.10", value))
        )

    columns, irregular = read_columns([frame("40.1"), frame("x"), frame("41.2")])
    # the first went by its names, the others by the shape that it left
    assert irregular == [1, 2]
    assert [column.values for column in columns if column.field == "Avg"] == [[Decimal("40.1")], ["x"], [Decimal("41.2")]]


def test_orphans_and_pieces():
    assert [fault.code for fault in same("x=1;;y,=3,z").faults] == [
        "field_unknown", "separator_trailing", "item_malformed", "item_malformed", "item_malformed"
    ]  # fmt: skip
    assert [fault.code for fault in same("Flag=N;DataTime=20260301080000").faults] == ["separator_misused"]
    assert same("DataTime=20260301080000,Flag=N").fields["Flag"] == "N"
