"""A frame as a person pastes it: read as far as it can be, every fault named."""

import pytest

from shuangkong.hj212 import LENIENT, STRICT
from shuangkong.hj212.connection import NEED_DATA
from shuangkong.hj212.description import describe, inspect
from tests.hj212.frames import standard_cases

FRAME = standard_cases()[0]["frame"]


def codes(found):
    return [fault["code"] for fault in found["errors"]], [fault["code"] for fault in found["warnings"]]


@pytest.mark.parametrize("case", [case for case in standard_cases() if not case.get("misprint")], ids=lambda case: case["frame"][6:50])
def test_examples(case):
    found = inspect(case["frame"] + "\r\n")
    assert found["valid"] and codes(found) == ([], []) and found["data"] == case["data"]


@pytest.mark.parametrize("tail", ["", "\n", "\r", "\n\n"])
def test_a_tail_lost_in_pasting(tail):
    assert codes(inspect(f"  {FRAME}{tail}")) == ([], ["tail_missing"])
    assert codes(inspect(FRAME + tail, STRICT)) == (["tail_missing"], [])


def test_wrong_hulls_are_read_anyway():
    found = inspect(FRAME[:-4] + "1C08\r\n")
    assert not found["valid"] and codes(found) == (["crc_mismatch"], [])
    assert found["header"]["cn"] == "1062" and found["data"]["fields"] == {"RtdInterval": 30}
    found = inspect("##0102" + FRAME[6:] + "\r\n")
    assert codes(found) == (["length_mismatch"], []) and found["header"]["cn"] == "1062"


UNREADABLE = [("", "garbage"), ("hello", "garbage"), ("##0002xx0000\r\n", "crc_mismatch"), ("##0005x&&&&0000\r\n", "crc_mismatch")]


@pytest.mark.parametrize(("text", "code"), UNREADABLE)
def test_what_cannot_be_read(text, code):
    found = inspect(text, LENIENT)
    assert not found["valid"] and found["errors"][0]["code"] == code
    assert found["header"] == {} and found["data"] == {"fields": {}, "factors": {}}


def test_nothing_is_described_too():
    assert describe(NEED_DATA) == {"valid": False, "errors": [], "raw": ""}
