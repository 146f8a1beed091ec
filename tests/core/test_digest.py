"""SM3 and canonical text."""

from datetime import date
from decimal import Decimal
from pathlib import PurePosixPath

from shuangkong.core.digest import canonical_json, rows_root, sm3_hex


def test_the_published_example_of_gbt_32905() -> None:
    assert sm3_hex(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_one_text_for_one_value() -> None:
    assert canonical_json({"b": Decimal("1E+2"), "a": [1]}) == '{"a":[1],"b":"100"}'
    assert canonical_json([date(2025, 6, 30), PurePosixPath("a/b")]) == '["2025-06-30","a/b"]'


def test_order_and_count_show_in_the_root() -> None:
    assert len({rows_root(["a", "b"]), rows_root(["b", "a"]), rows_root(["a"]), rows_root([])}) == 4
