"""Expressions: what they see, that a missing cell is no zero, and that they reach nothing outside."""

from __future__ import annotations

import pytest

from shuangkong.core.checks import compiled
from shuangkong.core.checks.expression import DEPTH_MAX, TEXT_MAX, holds
from shuangkong.core.checks.findings import NotApplicable
from shuangkong.core.errors import InputError

from .kit import FORM, of

CELLS = {
    "use.coal.bought": "1200.5", "use.coal.used": "1000", "use.power.used": "0.0004", "words.why.text": "停产检修",
    "made.r1.product": "水泥", "made.r1.share": "12.5", "made.r1.hours": "700",
}  # fmt: skip
RETURN = of(CELLS, previous={"use.coal.used": "900"}, year_ago={"use.coal.used": "800"})


@pytest.mark.parametrize(
    "text",
    [
        "use.coal.bought - use.coal.used == 200500000",
        "use.power.used == 400",
        "made.r1.share == 125000",
        "made.r1.hours == 700000000",
        "words.why.text.contains('停产') && words.why.text.startsWith(\"停\")",
        "sum('use', 'used') == 1000000400",
        'prev("use.coal.used") == 900000000 && year_ago(\'use.coal.used\') == 800000000',
        "abs(use.coal.used - use.coal.bought) == 200500000",
        "share(use.coal.used, use.coal.bought) == 832986",
        "!has(use.coal.stock)",
        "use.coal.used in [1000000000, 2]",
        "use.coal.used % 2 == 0 ? true : false",
        "use.power.stock > 0 || true",
    ],
)
def test_what_holds(text: str) -> None:
    expression = compiled(text)
    expression.check_against(FORM)
    assert holds(expression, RETURN) is True
    assert holds(compiled(f"!({text})"), RETURN) is False


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("use.coal.stock > 0", "有格没有填"),
        ("prev('use.power.used') == 0", "上期没有"),
        ("year_ago('use.power.used') > 0", "上年同期没有"),
        ("prev(use.coal.used) == 0", "上期没有"),
        ("sum('use', 'stock') >= 0", "一格也没有填"),
        ("share(1, 0) > 0", "分母"),
        ("abs('x') > 0", "绝对值"),
        ("use.coal.used / 0 == 1", "除数为零"),
        ("use.coal.used * 1000000000000 > 0", "超出可算范围"),
        ("share(9223372036854775807, 1) > 0", "超出可算范围"),
    ],
)
def test_what_it_lacks_makes_it_silent(text: str, words: str) -> None:
    with pytest.raises(NotApplicable) as caught:
        holds(compiled(text), RETURN)
    assert words in str(caught.value)


def test_without_a_period_before_prev_says_so() -> None:
    with pytest.raises(NotApplicable):
        holds(compiled("prev('use.coal.used') == 0"), of(CELLS))


def test_a_unit_outside_the_form_is_counted_as_written() -> None:
    assert holds(compiled("run.days.value == 30000000"), of({"run.days.value": "30"}))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("use.coal.used + 'x' == 1", "算不出"),
        ("use.coal.used", "不是真或假"),
    ],
)
def test_a_wrong_expression_is_the_catalogues_fault(text: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        holds(compiled(text), RETURN)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("use.coal.used >", "读不懂"),
        ("open('/etc/passwd') == 1", "不认识“open”"),
        ("__import__('os').system('id') == 0", "不认识“__import__”"),
        ("timestamp('2026-01-01T00:00:00Z') > 0", "不认识“timestamp”"),
        ("use.coal.used.matches('(a+)+$')", "不允许循环和正则"),
        ("[1, 2].map(x, x * 2) == [2, 4]", "不允许循环和正则"),
        ("use . filter (x, true) == 1", "不允许循环和正则"),
        ("[1].all(x, [1].all(y, true))", "不允许循环和正则"),
        ("[1].exists_one(x, true)", "不允许循环和正则"),
        ("cel.bind(x, 1, x) == 1", "不允许循环和正则"),
        ("use.coal.used > 1.5", "不允许小数"),
        ("use.coal.used > 1e3", "不允许小数"),
        ("use.coal.used > 1u", "不允许小数"),
        ("{'a': 1}.a == 1", "不允许的符号"),
        ("'\\x27' == 'x'", "不允许的符号"),
        ("'''a''' == 'a'", "不允许的符号"),
        ("true // note", "不允许的符号"),
        ("nothing == 1", "不认识“nothing”"),
        ("use == 1", "不认识“use”"),
        ("use.coal == 1", "不认识“use”"),
        ("use.coal.used.size() == 1", "不认识“size”"),
        ("[1, 2][0] == 1 && 'a'[0] == 'a'", "不允许运算“_[_]”"),
        ("type(use.coal.used) == int", "不认识“type”"),
    ],
)
def test_what_reaches_further_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        compiled(text)
    assert words in str(caught.value)


@pytest.mark.parametrize("attribute", ["__class__", "__init__", "func_globals", "__dict__"])
def test_python_is_out_of_reach(attribute: str) -> None:
    """A cell is a number to the expression; there is no object behind it."""
    with pytest.raises(InputError, match="不认识"):
        compiled(f"use.coal.used.{attribute} == 1")
    with pytest.raises(NotApplicable):
        holds(compiled(f"use.{attribute}.used == 1"), RETURN)


def test_length_and_depth_are_bounded_at_their_edges() -> None:
    assert holds(compiled("(" * DEPTH_MAX + "true" + ")" * DEPTH_MAX), RETURN)
    with pytest.raises(InputError, match="层"):
        compiled("(" * (DEPTH_MAX + 1) + "true" + ")" * (DEPTH_MAX + 1))
    assert holds(compiled("true" + " " * (TEXT_MAX - 4)), RETURN)
    with pytest.raises(InputError, match="字符"):
        compiled("true" + " " * (TEXT_MAX - 3))


@pytest.mark.parametrize("long", ["!" * 996 + "true", "true" + "&&true" * 166, "0" + "+1" * 480 + "==480", "--" * 490 + "1==1"])
def test_long_chains_end(long: str) -> None:
    assert holds(compiled(long), RETURN) is True


def test_deep_chains_without_brackets_are_refused_by_the_parser() -> None:
    with pytest.raises(InputError, match="读不懂"):
        compiled("true?true:" * 99 + "true")


def test_a_cell_that_the_form_lacks_is_named() -> None:
    with pytest.raises(InputError, match=r"use\.coal\.burnt"):
        compiled("use.coal.burnt > 0").check_against(FORM)
    with pytest.raises(InputError, match=r"use\.wood\.used"):
        compiled("prev('use.wood.used') > 0").check_against(FORM)
    assert compiled("'use.wood.used' == words.why.text").addresses == ("words.why.text",)
