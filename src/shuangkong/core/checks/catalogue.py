"""The catalogue: a check as data, and the one runner.

A check is either an expression (what must hold) or the name of a registered function with its parameters. The runner says what each check
found, and why a check says nothing where it does not apply; it never stops at the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from pydantic import ValidationError

from ..errors import InputError
from ..forms import Form
from . import accurate, complete, digits, evenness, repeats, thresholds
from .expression import Expression, holds
from .findings import Finding, Kind, NotApplicable, Parameters, Saw, Severity
from .returns import Group, Return

#: What a parameter says in place of a number: the value of a rule row on the day.
RULE = "rule:"


class Registered(NamedTuple):
    """A function that checks, the model of its parameters, and whether it looks at a whole region."""

    function: Callable[[Any, Any], list[Saw]]
    parameters: type[Parameters]
    group: bool = False


#: The one list of registered checks.
REGISTERED: Mapping[str, Registered] = {
    "gaps": Registered(complete.gaps, complete.Nothing),
    "fill_rate": Registered(complete.fill_rate, complete.AtLeast),
    "not_filed": Registered(complete.not_filed, complete.Nothing, group=True),
    "filing_rate": Registered(complete.filing_rate, complete.AtLeast, group=True),
    "balance_difference": Registered(accurate.balance_difference, accurate.Balance),
    "parts_against_total": Registered(accurate.parts_against_total, accurate.Parts),
    "months_against_year": Registered(accurate.months_against_year, accurate.Apart),
    "against_metered": Registered(accurate.against_metered, accurate.Metered),
    "against_issued": Registered(accurate.against_issued, accurate.Apart),
    "jump": Registered(accurate.jump, accurate.Jump),
    "children_against_whole": Registered(accurate.children_against_whole, accurate.Apart, group=True),
    "unit_limit": Registered(accurate.unit_limit, accurate.UnitConsumption),
    "unit_peers": Registered(accurate.unit_peers, accurate.UnitConsumption),
    "repeated_values": Registered(repeats.repeated_values, repeats.Repeated),
    "copied_cells": Registered(repeats.copied_cells, repeats.Copied),
    "scaled_copy": Registered(repeats.scaled_copy, repeats.Scaled),
    "round_values": Registered(repeats.round_values, repeats.Round),
    "last_digit": Registered(digits.last_digit, digits.LastDigit),
    "first_digit": Registered(digits.first_digit, digits.FirstDigit),
    "too_even": Registered(evenness.too_even, evenness.Even),
    "capped": Registered(thresholds.capped, thresholds.Capped),
    "just_below": Registered(thresholds.just_below, thresholds.JustBelow),
    "narrow_pass": Registered(thresholds.narrow_pass, thresholds.NarrowPass),
    "hours_fit": Registered(thresholds.hours_fit, thresholds.Hours),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the catalogue. Exactly one of ``expression`` and ``function`` is set; ``forms`` are ids, all where empty.

    ``saw`` are the words of a finding of an expression.
    """

    number: str
    title: str
    text: str
    kind: Kind
    severity: Severity
    why_odd: str
    settle: str
    source: str
    evidence: str
    applies_from: date
    applies_to: date | None = None
    on: bool = True
    forms: tuple[str, ...] = ()
    function: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    expression: Expression | None = None
    saw: str = ""

    @property
    def group(self) -> bool:
        """Whether it looks at a whole region."""
        return bool(self.function) and REGISTERED[self.function].group

    def serves(self, form: Form, on: date) -> bool:
        """Whether it applies to a form for a period that ends ``on``."""
        in_force = self.applies_from <= on and (self.applies_to is None or on < self.applies_to)
        return self.on and in_force and (not self.forms or form.id in self.forms)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the checks said: findings, the gravest first, and the reason of each that said nothing."""

    findings: tuple[Finding, ...]
    silent: Mapping[str, str]


_ORDER = tuple(Severity)


def model_of(check: str, parameters: Mapping[str, Any], at: Callable[[str], str]) -> Parameters:
    """The parameters of a registered check; ``at`` gives the value of a rule.

    Raises:
        InputError: a parameter is missing, unknown or cannot be read.
    """
    try:
        return REGISTERED[check].parameters.model_validate(_resolved(parameters, at))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"参数“{where}”不对", where=check, why=str(first["msg"])) from None


def _resolved(value: Any, at: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _resolved(each, at) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_resolved(each, at) for each in value]
    return at(value.removeprefix(RULE)) if isinstance(value, str) and value.startswith(RULE) else value


def run(checks: Iterable[Check], of: Return | Group, at: Callable[[str], str], suppressed: frozenset[str] = frozenset()) -> Outcome:
    """All checks that serve the return, or the region; those in ``suppressed`` are left out and say so.

    Raises:
        InputError: an expression compares what cannot be compared, or a parameter cannot be read: the catalogue is wrong, not the return.
    """
    findings, silent = [], {}
    for check in checks:
        if check.group is not isinstance(of, Group) or not check.serves(of.form, date.fromordinal(of.period.end.toordinal() - 1)):
            continue
        if check.number in suppressed:
            silent[check.number] = "已按记录停用"
            continue
        try:
            seen = _seen(check, of, at)
        except NotApplicable as reason:
            silent[check.number] = str(reason)
            continue
        findings += [Finding(check.number, check.severity, saw.addresses, saw.words, check.why_odd, check.settle) for saw in seen]
    return Outcome(tuple(sorted(findings, key=lambda each: (_ORDER.index(each.severity), each.check))), silent)


def _seen(check: Check, of: Return | Group, at: Callable[[str], str]) -> list[Saw]:
    if check.expression is not None and isinstance(of, Return):
        named = check.expression.addresses
        return [] if holds(check.expression, of) else [Saw(named, _filled(check.saw, of))]
    return REGISTERED[check.function].function(of, model_of(check.function, check.parameters, at))


def _filled(words: str, of: Return) -> str:
    """The words with the cells that they name in braces."""
    for address in sorted(of.cells):
        words = words.replace(f"{{{address}}}", of.cells[address])
    return words
