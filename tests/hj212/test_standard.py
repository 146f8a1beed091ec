"""The standard's own examples, and the deviations of real devices, as cases."""

import pytest

from shuangkong.hj212 import FAULTS, STRICT, Profile, RemoteProtocolError, decode
from shuangkong.hj212.catalogue import commands, factors, factors_2005, flags, standard
from shuangkong.hj212.description import describe
from shuangkong.hj212.writing import hull
from tests.hj212.frames import deviations, standard_cases


@pytest.mark.parametrize("case", standard_cases(), ids=lambda case: case["frame"][6:26] + case["note"][:12])
def test_example_of_the_standard(case):
    raw = case["frame"].encode() + b"\r\n"
    if case.get("misprint"):
        with pytest.raises(RemoteProtocolError) as caught:
            decode(raw)
        assert [fault.code for fault in caught.value.faults] == case["errors"]
        return
    described = describe(decode(raw, STRICT))
    assert described["valid"] and not described["errors"] and not described["warnings"]
    assert described["data"] == case["data"]
    assert {name: described["header"][name] for name in case["header"]} == case["header"]


def test_all_thirteen_examples_and_the_misprint_are_there():
    assert len([case for case in standard_cases() if not case.get("misprint")]) == 13
    assert len([case for case in standard_cases() if case.get("misprint")]) == 1


@pytest.mark.parametrize(("case", "raw"), deviations(), ids=lambda value: value["segment"][-60:] if isinstance(value, dict) else "")
def test_deviation(case, raw):
    message = decode(raw)
    assert sorted(fault.code for fault in message.all_faults) == sorted(case["faults"])
    assert message.edition == case.get("edition", 2017)
    if "factors" in case:
        assert list(message.content.factors) == case["factors"]
    strict = decode(raw, STRICT)
    assert [fault.code for fault in strict.errors] == [fault.code for fault in strict.all_faults]
    assert not strict.warnings
    assert all(FAULTS[fault.code][1] for fault in message.warnings)
    assert not any(FAULTS[fault.code][1] for fault in message.errors)


def test_every_fault_of_header_and_data_area_has_a_case():
    seen = {fault for case, _ in deviations() for fault in case["faults"]}
    framing = {"garbage", "length_mismatch", "length_counts_tail", "segment_too_long", "crc_not_hex", "crc_mismatch", "crc_modbus",
               "crc_lower_case", "not_utf8", "content_missing", "content_too_long", "edition_mismatch", "tail_missing"}  # fmt: skip
    assert seen | framing == set(FAULTS)


def test_the_registered_edition_outranks_the_flag():
    raw = next(raw for case, raw in deviations() if case.get("edition") == 2025)
    message = decode(raw, Profile("lenient", strict=False, edition=2017))
    assert message.edition == 2017
    assert [fault.code for fault in message.warnings] == ["edition_mismatch"]


def test_the_lists_hold_what_the_standard_holds():
    assert len(factors()) == 196
    assert len(factors_2005()) == 93
    assert factors_2005()["011"].name == "化学需氧量"
    assert factors()["a19001"].digits(2017) == (3, 1)
    assert factors()["a19001"].digits(2025) == (2, 2)
    assert factors()["a34011"].digits(2017) is None
    assert set(standard()["systems_since_2025"]) <= set(standard()["systems"])
    assert commands()["2011"].from_field == "upload"
    assert flags()["N"] == "正常"


def test_a_password_that_is_repeated_stands_in_no_fault():
    content = b"QN=20160801085857223;ST=32;ST=33;CN=2011;PW=123456;pw=654321;MN=010000A8900016F000169DC0;Flag=4;CP=&&&&"
    faults = [fault for fault in decode(hull(content)).faults if fault.code == "header_field_repeated"]
    assert [(fault.where, fault.value) for fault in faults] == [("ST", "33"), ("PW", "")]
