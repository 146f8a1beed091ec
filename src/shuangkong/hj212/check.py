"""The check of HJ 212 (appendix A) and its popular misreading.

The standard discards the low byte before each XOR, so the state is only the high byte *h*, and one step is the linear map
``h, b → T[h ^ b] >> 8`` over GF(2).  That map taken eight times is the identity (``tests/hj212/test_check.py`` proves it), so
bytes a multiple of eight apart act alike: XOR the data into one 8-byte word, then run the table over that word alone.
Python's integers do the XOR in machine words.  It also means that a check can take 256 values only: semantic checks must
carry the rest.
"""

from __future__ import annotations

_POLYNOMIAL = 0xA001


def _entry(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ _POLYNOMIAL if value & 1 else value >> 1
    return value


TABLE: tuple[int, ...] = tuple(_entry(value) for value in range(256))
"""Appendix A's eight shifts for each byte: the 256 values that a check can take."""

_HALVINGS = tuple((bits, (1 << bits) - 1) for bits in (262144, 131072, 65536, 32768, 16384, 8192, 4096, 2048, 1024, 512, 256, 128, 64))
_PLANS = tuple(_HALVINGS[-steps:] if steps else () for steps in range(len(_HALVINGS) + 1))


def _fold(word: int, length: int) -> int:
    """XOR of the 8-byte words of a big-endian number of *length* bytes, aligned at its end."""
    for bits, mask in _PLANS[((length - 1) >> 3).bit_length()]:
        word = word >> bits ^ word & mask
    return word


def crc16(data: bytes) -> int:
    """The check of a data segment (at most 64 KiB) by HJ 212-2017 appendix A."""
    length = len(data)
    if not length:
        return 0xFFFF
    word = _fold(int.from_bytes(data, "big") ^ 0xFF << (length - 1 << 3), length)
    check = 0
    for byte in word.to_bytes(8, "big"):
        check = TABLE[check >> 8 ^ byte]
    return check


def crc16_modbus(data: bytes) -> int:
    """CRC-16/Modbus, which some loggers send instead: never right, but worth naming."""
    check = 0xFFFF
    for byte in data:
        check = check >> 8 ^ TABLE[(check ^ byte) & 0xFF]
    return check
