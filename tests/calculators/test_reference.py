"""The committed reference page is what the definitions say."""

from pathlib import Path

from shuangkong.calculators import CALCULATORS
from shuangkong.calculators.reference import page
from shuangkong.rulebook import Rulebook

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "calculators.md"


def test_the_page_is_current() -> None:
    rules = Rulebook.load([Path(__file__).parents[2] / "packs" / "chenzhou" / "rules"])
    assert PAGE.read_text(encoding="utf-8") == page(rules), "run: shuangkong calc reference --output docs/reference/calculators.md"


def test_the_page_names_every_calculator_and_field() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for calculator in CALCULATORS:
        assert f"## `{calculator.id}`" in text
        for name in (*calculator.inputs.model_fields, *calculator.outputs.model_fields):
            assert f"`{name}`" in text
