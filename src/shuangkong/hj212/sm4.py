"""SM4 (GB/T 32907) as HJ 212-2025 uses it: ECB, whole 16-byte groups only, the rest stays plain.

ECB leaks equal groups and protects nothing against change; the standard prescribes it all the same.
"""

from __future__ import annotations

from collections.abc import Callable

_SBOX = bytes.fromhex(
    "d690e9fecce13db716b614c228fb2c052b679a762abe04c3aa441326498606999c4250f491ef987a33540b43edcfac62"
    "e4b31ca9c908e89580df94fa758f3fa64707a7fcf37317ba83593c19e6854fa8686b81b27164da8bf8eb0f4b70569d35"
    "1e240e5e6358d1a225227c3b01217887d40046579fd327524c3602e7a0c4c89eeabf8ad240c738b5a3f7f2cef96115a1"
    "e0ae5da49b341a55ad933230f58cb1e31df6e22e8266ca60c02923ab0d534e6fd5db3745defd8e2f03ff6a726d6c5b51"
    "8d1baf92bbddbc7f11d95c411f105ad80ac13188a5cd7bbd2d74d012b8e5b4b08969974a0c96777e65b9f109c56ec684"
    "18f07dec3adc4d2079ee5f3ed7cb3948"
)
_FAMILY = (0xA3B1BAC6, 0x56AA3350, 0x677D9197, 0xB27022DC)
_ROUNDS = 32
GROUP_BYTES = 16


def _rotate(word: int, bits: int) -> int:
    return (word << bits | word >> 32 - bits) & 0xFFFFFFFF


def _substitute(word: int) -> int:
    return int.from_bytes(word.to_bytes(4, "big").translate(_SBOX), "big")


def _mix(word: int) -> int:
    word = _substitute(word)
    return word ^ _rotate(word, 2) ^ _rotate(word, 10) ^ _rotate(word, 18) ^ _rotate(word, 24)


def _mix_key(word: int) -> int:
    word = _substitute(word)
    return word ^ _rotate(word, 13) ^ _rotate(word, 23)


def _words(data: bytes) -> list[int]:
    return [int.from_bytes(data[at : at + 4], "big") for at in range(0, GROUP_BYTES, 4)]


def round_keys(key: bytes) -> tuple[int, ...]:
    """The 32 round keys of a 16-byte key.  Raises ValueError for another length."""
    if len(key) != GROUP_BYTES:
        raise ValueError("an SM4 key has 16 bytes")
    state = [word ^ constant for word, constant in zip(_words(key), _FAMILY, strict=True)]
    for index in range(_ROUNDS):
        constant = int.from_bytes(bytes((4 * index + at) * 7 & 0xFF for at in range(4)), "big")
        state.append(state[index] ^ _mix_key(state[index + 1] ^ state[index + 2] ^ state[index + 3] ^ constant))
    return tuple(state[4:])


def crypt_group(group: bytes, keys: tuple[int, ...]) -> bytes:
    """One group under the round keys; with the keys reversed it is the inverse."""
    a, b, c, d = _words(group)
    for key in keys:
        a, b, c, d = b, c, d, a ^ _mix(b ^ c ^ d ^ key)
    return b"".join(word.to_bytes(4, "big") for word in (d, c, b, a))


def crypt_content(content: bytes, keys: tuple[int, ...]) -> bytes:
    """The whole groups of a data area under the round keys; the last, shorter part is left as it is."""
    whole = len(content) - len(content) % GROUP_BYTES
    groups = (crypt_group(content[at : at + GROUP_BYTES], keys) for at in range(0, whole, GROUP_BYTES))
    return b"".join(groups) + content[whole:]


def crypt_segment(segment: bytes, keys: tuple[int, ...]) -> bytes | None:
    """A data segment with the bytes between ``CP=&&`` and the last ``&&`` under the round keys; None without a data area."""
    opening = segment.find(b"CP=&&") + 5
    if opening < 5 or len(segment) < opening + 2 or not segment.endswith(b"&&"):
        return None
    return segment[:opening] + crypt_content(segment[opening:-2], keys) + segment[-2:]


def decrypter(key: bytes) -> Callable[[bytes], bytes | None]:
    """What a Framer needs to read one device's encrypted frames."""
    keys = round_keys(key)[::-1]
    return lambda segment: crypt_segment(segment, keys)


def encrypt_frame(raw: bytes, key: bytes) -> bytes:
    """A plain frame with its data area encrypted; length and check stay those of the plain text."""
    segment = crypt_segment(raw[6:-6], round_keys(key))
    if segment is None:
        raise ValueError("the frame has no data area")
    return raw[:6] + segment + raw[-6:]
