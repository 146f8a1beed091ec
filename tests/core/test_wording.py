"""Words and signs agree (accounting 16)."""

from decimal import Decimal as D

import pytest

from shuangkong.core import wording


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (wording.change(D("3.204")), "上升3.20%"),
        (wording.change(D("-3.2")), "下降3.20%"),
        (wording.change(D("0.004")), "持平"),
        (wording.change(D("0.005")), "上升0.01%"),
        (wording.growth(D("5.45")), "增长5.5%"),
        (wording.growth(D("-0.3")), "下降0.3%"),
        (wording.decline(D("3.2"), 1), "下降3.2%"),
        (wording.decline(D("-0.62")), "上升0.62%"),
        (wording.short_decline(D("2.38")), "降2.38%"),
        (wording.short_decline(D("-0.62")), "升0.62%"),
        (wording.points(D("-0.75")), "低0.75个百分点"),
        (wording.points(D("0.75"), above="超", below="差"), "超0.75个百分点"),
        (wording.points(D("0.001")), "持平"),
        (wording.number(D("10500"), 0), "10,500"),
        (wording.number(D("-3.05"), 2), "−3.05"),
        (wording.number(D("-0.001"), 2), "0.00"),
        (wording.signed(D("0.71")), "+0.71"),
        (wording.signed(D("-3.05")), "−3.05"),
        (wording.signed(D("0")), "0.00"),
    ],
)
def test_a_figure_in_words(text: str, expected: str) -> None:
    assert text == expected


@pytest.mark.parametrize("percent", [D("-3.2"), D("3.2"), D("0"), D("-0.004")])
def test_never_a_word_and_a_minus(percent: D) -> None:
    assert wording.MINUS not in wording.change(percent)
    assert "-" not in wording.change(percent)
