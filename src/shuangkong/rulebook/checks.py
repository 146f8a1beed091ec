"""The catalogue of checks as data: every check of ``checks/*.yaml``, checked when it is read.

A file holds a list ``checks`` and, to save repetition, ``defaults`` (fields of every check that does not state its own). A check names a
registered function with its ``parameters``, or states an ``expression`` with the words ``saw`` of its finding. A parameter may be the value
of a rule row on the day: ``rule:energy.balance_tolerance_percent.coal``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from shuangkong.core.checks import REGISTERED, Check, Expression, Kind, Severity, compiled, model_of
from shuangkong.core.errors import InputError
from shuangkong.core.forms import Form

from .entries import EVIDENCE, ON, checked_keys, checked_words, day_of, entries_of, fault, repeated, source_text

SHIPPED = Path(__file__).parent / "checks"

_KEYS = {
    "number", "title", "text", "kind", "severity", "forms", "check", "parameters", "expression", "saw", "why_odd", "settle",
    "applies_from", "applies_to", "on", "source", "evidence",
}  # fmt: skip
_NEEDED = ("number", "title", "text", "kind", "severity", "why_odd", "settle", "applies_from", "source", "evidence")
_WORDS = {"kind": tuple(Kind), "severity": tuple(Severity), "evidence": EVIDENCE, "on": tuple(ON)}


class Catalogue(Sequence[Check]):
    """All checks in the order of their numbers."""

    def __init__(self, checks: Iterable[Check]) -> None:
        self._checks = tuple(sorted(checks, key=lambda check: check.number))
        self._by_number = {check.number: check for check in self._checks}
        repeated([check.number for check in self._checks])

    @classmethod
    def load(cls, folder: Path = SHIPPED, rules: Mapping[str, object] | None = None) -> Catalogue:
        """The checks of a folder. ``rules``: the parameters of the rulebook that may be named; not looked at where None.

        Raises:
            RulebookError: naming the file, the check and what is wrong.
        """
        return cls(_check(stated, file, rules) for stated, file in entries_of(folder, "checks"))

    def __getitem__(self, index: Any) -> Any:
        return self._checks[index]

    def __len__(self) -> int:
        return len(self._checks)

    def number(self, number: str) -> Check | None:
        """A check by its number."""
        return self._by_number.get(number)

    def check_against(self, forms: Iterable[Form]) -> None:
        """Makes sure that every form and cell that a check names exists.

        Raises:
            RulebookError: it does not.
        """
        editions: dict[str, list[Form]] = {}
        for form in forms:
            editions.setdefault(form.id, []).append(form)
        for check in self:
            for form_id in check.forms:
                if form_id not in editions:
                    fault(f"没有报表“{form_id}”", check.number)
                for form in editions[form_id]:
                    _cells_exist(check, form)


def _cells_exist(check: Check, form: Form) -> None:
    try:
        if check.expression is not None:
            check.expression.check_against(form)
    except InputError as error:
        fault(error.what, check.number)
    for key in ("table", "total"):
        table = str(check.parameters.get(key, "")).split(".")[0]
        if table and form.table(table) is None:
            fault(f"报表“{form.id}”没有表“{table}”", check.number)
    for pattern in check.parameters.get("cells", ()):
        if not any(_fits(pattern, form, table.key) for table in form.tables):
            fault(f"报表“{form.id}”没有“{pattern}”这样的格", check.number)


def _fits(pattern: str, form: Form, key: str) -> bool:
    table_key, line, column = pattern.split(".")
    table = form.table(key)
    if table is None or table_key not in ("*", key):
        return False
    return (line == "*" or table.line(line) is not None) and (column == "*" or table.column(column) is not None)


def _check(stated: Mapping[str, Any], file: str, rules: Mapping[str, object] | None) -> Check:
    number = str(stated.get("number", ""))
    checked_keys(stated, _KEYS, _NEEDED, file, number)
    checked_words(stated, _WORDS, file, number)
    return Check(
        number, stated["title"], stated["text"], Kind(stated["kind"]), Severity(stated["severity"]), stated["why_odd"],
        stated["settle"], source_text(stated, file, number), stated["evidence"],
        day_of(stated, "applies_from", file, number),
        day_of(stated, "applies_to", file, number) if "applies_to" in stated else None,
        ON[stated.get("on", "yes")], tuple(stated.get("forms", ())),
        _function(stated, file, number, rules), stated.get("parameters") or {}, _expression(stated, file, number), stated.get("saw", ""),
    )  # fmt: skip


def _expression(stated: Mapping[str, Any], file: str, number: str) -> Expression | None:
    if "expression" not in stated:
        return None
    if not stated.get("saw"):
        fault("表达式要写 saw：看到了什么", file, number)
    try:
        return compiled(stated["expression"])
    except InputError as error:
        fault(error.what, file, number, why=error.why or error.do)


def _function(stated: Mapping[str, Any], file: str, number: str, rules: Mapping[str, object] | None) -> str:
    name = str(stated.get("check", ""))
    if bool(name) == ("expression" in stated):
        fault("check 和 expression 要写一个，只写一个", file, number)
    if not name:
        return ""
    if name not in REGISTERED:
        fault(f"没有登记的检查“{name}”", file, number, why=f"有：{'、'.join(REGISTERED)}")

    def at(rule: str) -> str:
        if rules is not None and rule not in rules:
            fault(f"规则库没有参数“{rule}”", file, number)
        return "0"

    try:
        model_of(name, stated.get("parameters") or {}, at)
    except InputError as error:
        fault(error.what, file, number, why=error.why)
    return name


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The shipped checks."""
    return Catalogue.load()
