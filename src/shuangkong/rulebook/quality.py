"""The catalogue of quality rules as data: every rule of ``quality/*.yaml``, checked when it is read.

A file holds a list ``rules`` and, to save repetition, ``defaults``. A rule names a registered function with its ``parameters``; a parameter
may be the value of a rule row on the day: ``rule:telemetry.valid_hours_a_day``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from shuangkong.core.errors import InputError
from shuangkong.core.quality import REGISTERED, Rule, Severity, model_of

from .entries import EVIDENCE, ON, checked_keys, checked_words, day_of, entries_of, fault, repeated, source_text

SHIPPED = Path(__file__).parent / "quality"

_NEEDED = (
    "number", "title", "text", "severity", "function", "why_odd", "settle", "applies_from", "source", "evidence",
)  # fmt: skip
_KEYS = {*_NEEDED, "applies_to", "on", "media", "roles", "codes", "parameters"}
_MEDIA = ("gas", "water", "energy", "other")
_ROLES = ("pollutant", "flow", "condition", "meter")
_WORDS = {"severity": tuple(Severity), "evidence": EVIDENCE, "on": tuple(ON), "function": tuple(REGISTERED)}


class QualityRules(Sequence[Rule]):
    """All rules in the order of their numbers."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(sorted(rules, key=lambda rule: rule.number))
        repeated([rule.number for rule in self._rules])

    @classmethod
    def load(cls, folder: Path = SHIPPED, rows: Mapping[str, object] | None = None) -> QualityRules:
        """The rules of a folder. ``rows``: the parameters of the rulebook that may be named; not looked at where None.

        Raises:
            RulebookError: naming the file, the rule and what is wrong.
        """
        return cls(_rule(stated, file, rows) for stated, file in entries_of(folder, "rules"))

    def __getitem__(self, index: Any) -> Any:
        return self._rules[index]

    def __len__(self) -> int:
        return len(self._rules)

    def number(self, number: str) -> Rule | None:
        """A rule by its number."""
        return next((rule for rule in self._rules if rule.number == number), None)


def _rule(stated: Mapping[str, Any], file: str, rows: Mapping[str, object] | None) -> Rule:
    number = str(stated.get("number", ""))
    checked_keys(stated, _KEYS, _NEEDED, file, number)
    checked_words(stated, _WORDS, file, number)
    for key, words in (("media", _MEDIA), ("roles", _ROLES)):
        for word in stated.get(key, ()):
            checked_words({key: word}, {key: words}, file, number)
    parameters = stated.get("parameters") or {}
    _parameters_fit(stated["function"], parameters, rows, file, number)
    return Rule(
        number, stated["title"], stated["text"], Severity(stated["severity"]), stated["function"], stated["why_odd"], stated["settle"],
        source_text(stated, file, number), stated["evidence"], day_of(stated, "applies_from", file, number),
        day_of(stated, "applies_to", file, number) if "applies_to" in stated else None, ON[stated.get("on", "yes")],
        tuple(stated.get("media", ())), tuple(stated.get("roles", ())), tuple(stated.get("codes", ())), parameters,
    )  # fmt: skip


def _parameters_fit(function: str, parameters: Mapping[str, Any], rows: Mapping[str, object] | None, file: str, number: str) -> None:
    def at(rule: str) -> str:
        if rows is not None and rule not in rows:
            fault(f"规则库没有参数“{rule}”", file, number)
        return "0"

    try:
        model_of(function, parameters, at)
    except InputError as error:
        fault(error.what, file, number, why=error.why)


@lru_cache(maxsize=1)
def quality_rules() -> QualityRules:
    """The shipped rules."""
    return QualityRules.load()
