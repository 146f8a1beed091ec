"""How a figure is written: rounding, signs, words, units, marks; what is missing is never a zero."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from shuangkong.apps.ui import figures


@dataclass
class Measure:
    code: str
    unit: str = "%"
    decimals: int = 2


@dataclass
class Shown:
    indicator: Measure
    value: Decimal | None = None
    status: str = "ok"
    words: str = ""
    pk: int = 7
    demonstration: bool = False
    recalled: bool = False
    severity: int | None = field(default=None)

    @property
    def ref(self) -> str:
        return str(self.pk)


def shown(code: str, value: str | None, unit: str = "%", decimals: int = 2, **more: object) -> Shown:
    return Shown(Measure(code, unit, decimals), None if value is None else Decimal(value), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "value", "unit", "decimals", "text"),
    [
        ("energy_intensity_change_percent", "-2.375", "%", 2, "降2.38%"),
        ("energy_intensity_change_percent", "0.62", "%", 2, "升0.62%"),
        ("energy_intensity_change_percent", "-0.001", "%", 2, "持平"),
        ("energy_intensity_decline_percent", "12.855", "%", 2, "12.86%"),
        ("energy_intensity_decline_percent", "-0.62", "%", 2, "升0.62%"),
        ("gdp_growth_percent", "6.05", "%", 1, "+6.1%"),
        ("energy_growth_percent", "-0.3", "%", 1, "−0.3%"),
        ("energy_intensity_gap_points", "-0.75", "个百分点", 2, "−0.75个百分点"),
        ("energy_intensity_tce_per_10k_yuan", "0.56418", "tce/万元", 4, "0.5642tce/万元"),
        ("energy_total_tce", "6483000", "tce", 0, "648.30万tce"),
        ("electricity_10k_kwh", "114200", "万kWh", 0, "11.42亿kWh"),
        ("gdp_10k_yuan", "12345678", "万元", 0, "1,234.57亿元"),
        ("cod_reduction_t", "10500", "t", 0, "10,500t"),
    ],
)
def test_each_kind_of_figure_has_its_way(code: str, value: str, unit: str, decimals: int, text: str) -> None:
    assert figures.text(shown(code, value, unit, decimals)) == text


def test_an_enterprise_keeps_its_own_unit() -> None:
    value = shown("energy_total_tce", "12345.6", "tce", 0)
    assert figures.text(value, large=False) == "12,346tce"


@pytest.mark.parametrize(
    ("status", "words", "text"), [("missing", "", "缺报"), ("incomplete", "", "—"), ("ok", "得到合理控制", "得到合理控制")]
)
def test_without_a_number_it_says_why(status: str, words: str, text: str) -> None:
    assert figures.text(shown("energy_total_tce", None, "tce", status=status, words=words)) == text


def test_zero_is_a_number() -> None:
    assert figures.text(shown("cod_reduction_t", "0", "t", 0)) == "0t"


def test_a_cell_links_to_its_explanation_and_leaves_the_unit_to_the_heading() -> None:
    assert figures.cell(shown("energy_total_tce", "6483000", "tce", 0)) == '<a class="fig" href="/explain/value/7/">648.30</a>'


def test_no_value_at_all_is_a_dash() -> None:
    assert figures.cell(None) == '<span class="na">—</span>'


def test_a_rise_and_a_gap_are_red_beside_their_word() -> None:
    assert 'class="fig up"' in figures.cell(shown("energy_intensity_change_percent", "0.62"))
    assert 'class="fig up"' in figures.cell(shown("energy_intensity_gap_points", "-0.1", "个百分点"))
    assert 'class="fig"' in figures.cell(shown("energy_intensity_change_percent", "-0.62"))


def test_an_estimate_carries_its_status_and_a_recalled_rule_its_description() -> None:
    cell = figures.cell(shown("energy_total_tce", "1", "tce", 0, status="estimated", recalled=True))
    assert '<span class="st ico st-2">估算</span>' in cell
    assert 'class="fig rec" aria-describedby="rec"' in cell


def test_demonstration_stands_at_the_lead_figure_only() -> None:
    value = shown("energy_intensity_decline_percent", "12.86", demonstration=True, recalled=True)
    assert "演示" in figures.figure(value, lead=True)
    assert "演示" not in figures.figure(value)
    assert "待核实" in figures.figure(value)


def test_words_from_outside_are_escaped() -> None:
    value = shown("energy_total_tce", None, "tce", words="<b>合理</b>")
    assert "&lt;b&gt;" in figures.cell(value)
    assert "<b>" not in figures.figure(value)
    assert "<b>" not in figures.inline(value)
    assert "<b>" not in figures.citation("<b>", "一")


def test_a_citation_shows_its_doubt() -> None:
    assert figures.citation("发改环资〔2022〕803号", "二（二）", recalled=True).count("待核实") == 1
    assert "待核实" not in figures.citation("发改环资〔2022〕803号")
