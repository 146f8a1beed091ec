"""Worked cases as YAML: inputs, what must come out (at the decimals written), or the words of the refusal."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from shuangkong.calculators import CALCULATORS
from shuangkong.calculators.runner import run
from shuangkong.core.errors import InputError, NotInForce
from shuangkong.core.rounding import round_half_up
from shuangkong.rulebook import Rulebook


class CaseLoader(yaml.SafeLoader):
    """YAML in which ``on`` is a word: only true and false are truths."""

    yaml_implicit_resolvers = {
        head: [(tag, form) for tag, form in forms if tag != "tag:yaml.org,2002:bool" or head in "tTfF"]
        for head, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


FILES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
CASES = [case for path in FILES for case in yaml.load(path.read_text("utf-8"), CaseLoader)]
RULES = Rulebook.load()


def agrees(expected: Any, found: Any) -> bool:
    """Whether ``found`` holds what is expected; numbers at the decimals that are written."""
    if isinstance(expected, dict):
        return all(key in found and agrees(value, found[key]) for key, value in expected.items())
    if isinstance(expected, list):
        return len(expected) == len(found) and all(agrees(*pair) for pair in zip(expected, found, strict=True))
    try:
        number = Decimal(str(expected))
    except ArithmeticError:
        return bool(expected == found)
    places = -int(number.as_tuple().exponent)
    return round_half_up(Decimal(str(found)), max(places, 0)) == number


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['calculator']} {case['name']}")
def test_case(case: dict[str, Any]) -> None:
    if "refused" in case or "not_in_force" in case:
        with pytest.raises(InputError if "refused" in case else NotInForce) as caught:
            run(case["calculator"], case["inputs"], rulebook=RULES)
        for words in case.get("refused") or case["not_in_force"]:
            assert str(words) in f"{caught.value} {getattr(caught.value, 'nearest', '')}"
        return
    result = run(case["calculator"], case["inputs"], rulebook=RULES)
    assert agrees(case["expect"], result["outputs"]), result["outputs"]
    assert result["trace"]["steps"]
    if "status" in case:
        assert result["status"] == case["status"]
    if "row" in case:
        assert case["row"] in [source["row"] for source in result["sources"]]
    if "note" in case:
        assert case["note"] in " ".join(result["trace"]["notes"])


def test_every_calculator_has_a_case_with_a_source_and_the_example_runs() -> None:
    assert {case["calculator"] for case in CASES} == {calculator.id for calculator in CALCULATORS}
    assert all(case["source"] for case in CASES)
    for calculator in CALCULATORS:
        assert run(calculator.id, calculator.example, rulebook=RULES)["outputs"]
