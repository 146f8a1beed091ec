"""The catalogue: a quality rule as data, the list of registered functions, and the one runner."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from pydantic import ValidationError

from ..checks.findings import NotApplicable, Parameters
from ..errors import InputError
from . import bounds, copies, drops, flags, rates, steady
from .findings import Finding, Saw, Severity, window
from .readings import Series

#: What a parameter says in place of a number: the value of a rule row on the day.
RULE = "rule:"


class Registered(NamedTuple):
    """A function that looks, and the model of its parameters."""

    function: Callable[[Series, Any], list[Saw]]
    parameters: type[Parameters]


#: The one list of registered functions.
REGISTERED: Mapping[str, Registered] = {
    "incomplete_day": Registered(rates.incomplete_day, rates.Share),
    "late_day": Registered(rates.late_day, rates.Share),
    "invalid_day": Registered(rates.invalid_day, rates.ValidDay),
    "constant": Registered(steady.constant, steady.Constant),
    "frozen": Registered(steady.frozen, steady.Frozen),
    "dropped": Registered(drops.dropped, drops.Dropped),
    "copied_days": Registered(copies.copied_days, copies.Copied),
    "at_limit": Registered(bounds.at_limit, bounds.AtLimit),
    "outside_range": Registered(bounds.outside_range, bounds.Range),
    "below_part": Registered(bounds.below_part, bounds.Other),
    "air_while_hot": Registered(bounds.air_while_hot, bounds.Air),
    "zero_while_flowing": Registered(bounds.zero_while_flowing, bounds.Zero),
    "flag_abuse": Registered(flags.flag_abuse, flags.FlagAbuse),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the catalogue. ``media``, ``roles`` and ``codes`` narrow the points it looks at; all where empty."""

    number: str
    title: str
    text: str
    severity: Severity
    function: str
    why_odd: str
    settle: str
    source: str
    evidence: str
    applies_from: date
    applies_to: date | None = None
    on: bool = True
    media: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def serves(self, series: Series, on: date) -> bool:
        """Whether it looks at a point on a day."""
        in_force = self.applies_from <= on and (self.applies_to is None or on < self.applies_to)
        asked = ((self.media, series.medium), (self.roles, series.role), (self.codes, series.code))
        return self.on and in_force and all(not wanted or having in wanted for wanted, having in asked)


class Outcome(NamedTuple):
    """What the rules said: findings, and the reason of each rule that said nothing."""

    findings: tuple[Finding, ...]
    silent: Mapping[str, str]


def model_of(function: str, parameters: Mapping[str, Any], at: Callable[[str], str]) -> Parameters:
    """The parameters of a registered function; ``at`` gives the value of a rule row.

    Raises:
        InputError: a parameter is missing, unknown or cannot be read.
    """


    def read(value: Any) -> Any:
        return at(value.removeprefix(RULE)) if isinstance(value, str) and value.startswith(RULE) else value

    given = {key: read(value) for key, value in parameters.items()}
    try:
        return REGISTERED[function].parameters.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"参数“{where}”不对", where=function, why=str(first["msg"])) from None


class Ready(NamedTuple):
    """A rule with its parameters read: what a run over many points needs once."""

    rule: Rule
    parameters: Parameters


def ready(rules: Iterable[Rule], at: Callable[[str], str]) -> tuple[Ready, ...]:
    """The rules with their parameters as of ``at``."""
    return tuple(Ready(rule, model_of(rule.function, rule.parameters, at)) for rule in rules)


def look(rules: Iterable[Ready], series: Series, on: date) -> Outcome:
    """What every rule that serves the point sees in what is new."""
    findings: list[Finding] = []
    silent: dict[str, str] = {}
    for rule, parameters in rules:
        if not rule.serves(series, on):
            continue
        try:
            seen = REGISTERED[rule.function].function(series, parameters)
        except NotApplicable as reason:
            silent[rule.number] = str(reason)
            continue
        findings += [_finding(rule, series, saw) for saw in seen]
    return Outcome(tuple(findings), silent)


def _finding(rule: Rule, series: Series, saw: Saw) -> Finding:
    start, end, values = window(series, saw)
    severity = Severity.ALARM if saw.grave else rule.severity
    return Finding(rule.number, rule.title, severity, start, end, saw.words, rule.why_odd, rule.settle, values, saw.compared)
