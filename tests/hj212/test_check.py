"""The check: the standard's example, the fold against the plain table, and the property that the fold rests on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.hj212.check import TABLE, crc16, crc16_modbus

EXAMPLE = b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&"


def plain(data):
    """Appendix A, bit by bit."""
    check = 0xFFFF
    for byte in data:
        check = (check >> 8) ^ byte
        for _ in range(8):
            bit = check & 1
            check >>= 1
            if bit:
                check ^= 0xA001
    return check


def test_the_example_of_the_standard():
    assert crc16(EXAMPLE) == plain(EXAMPLE) == 0x1C80


def test_eight_steps_are_the_identity():
    state = list(range(256))
    for _ in range(8):
        state = [TABLE[value] >> 8 for value in state]
    assert state == list(range(256))
    assert [TABLE[value] >> 8 for value in state] != state


def test_only_256_values_exist():
    assert len(set(TABLE)) == 256
    assert {value & 0xFF for value in TABLE} == {0x00, 0x01, 0x40, 0x41, 0x80, 0x81, 0xC0, 0xC1}


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 15, 16, 17, 63, 64, 65, 511, 512, 513, 1023, 1024, 1025, 4096, 5000, 65_536])
def test_every_length_around_a_word(length):
    data = bytes((index * 37 + 11) & 0xFF for index in range(length))
    assert crc16(data) == plain(data)


@given(st.binary(max_size=300))
def test_the_fold_equals_the_plain_loop(data):
    assert crc16(data) == plain(data)


def test_modbus_has_its_known_check_value():
    assert crc16_modbus(b"123456789") == 0x4B37
