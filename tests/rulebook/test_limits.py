"""The limits of energy use per unit of product."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from shuangkong.core.errors import RulebookError
from shuangkong.rulebook.limits import EnergyLimits, energy_limits

DAY = date(2026, 6, 30)
GOOD = "{standard: GB 1, product: 砖 甲, unit: kgce/t, level_3: '9', locator: 表1, evidence: text}"


def test_a_product_is_found_by_its_name_or_its_first_word() -> None:
    cement = energy_limits().of("水泥", "kgce/t", DAY)
    assert cement is not None
    assert (cement.level_1, cement.level_2, cement.level_3) == (Decimal(80), Decimal(87), Decimal(94))
    assert cement.limit.source == "GB 16780-2021 表1"
    assert energy_limits().of("水泥 单位产品综合能耗", "kgce/t", DAY) is cement
    assert energy_limits().of("水泥", "kWh/t", DAY) is None
    assert energy_limits().of("木头", "kgce/t", DAY) is None


def test_a_first_word_that_many_share_fits_none() -> None:
    many = EnergyLimits([*energy_limits().rows])
    assert many.of("湿法炼锌", "kgce/t", DAY) is None
    assert many.of("湿法炼锌 电锌锭 含渣处理", "kgce/t", DAY) is not None


def test_a_limit_begins_on_its_day() -> None:
    assert energy_limits().of("烧结", "kgce/t", date(2026, 6, 30)) is None
    sinter = energy_limits().of("烧结", "kgce/t", date(2026, 7, 1))
    assert sinter is not None
    assert sinter.level_3 == 52


def test_what_is_not_checked_yet_says_so() -> None:
    recalled = next(row for row in energy_limits().rows if row.evidence == "recalled")
    assert recalled.limit.source.endswith("待核实")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("limits: {}", "limits 应是一列"),
        ("limits: [a]", "每一行应是键值"),
        (f"limits: [{GOOD}, {GOOD}]", "写了两次"),
        (f"limits: [{GOOD.replace('locator: 表1, ', '')}]", "砖 甲：缺少 locator"),
        (f"limits: [{GOOD[:-1]}, colour: red}}]", "不认识的键“colour”"),
        (f"limits: [{GOOD.replace('text', 'rumour')}]", "evidence 不能是“rumour”"),
        (f"limits: [{GOOD[:-1]}, level_1: few}}]", "限额不是数"),
        (f"limits: [{GOOD[:-1]}, applies_from: spring}}]", "日期不是日期"),
    ],
)
def test_a_broken_list_is_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "limits.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RulebookError) as caught:
        EnergyLimits.load(path)
    assert words in str(caught.value)
