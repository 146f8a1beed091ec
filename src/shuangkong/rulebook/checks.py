"""The catalogue of checks as data: every check of ``checks/*.yaml``, checked when it is read.

A file holds a list ``checks`` and, to save repetition, ``defaults`` (fields of every check that does not state its own). A check names a
registered function with its ``parameters``, or states an ``expression`` with the words ``saw`` of its finding. A parameter may be the value
of a rule row on the day: ``rule:energy.balance_tolerance_percent.coal``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Never

from shuangkong.core.checks import REGISTERED, Check, Expression, Kind, Severity, compiled, model_of
from shuangkong.core.errors import InputError, RulebookError
from shuangkong.core.forms import Form

from .yaml_text import read

SHIPPED = Path(__file__).parent / "checks"

_KEYS = {
    "number", "title", "text", "kind", "severity", "forms", "check", "parameters", "expression", "saw", "why_odd", "settle",
    "applies_from", "applies_to", "on", "source", "evidence",
}  # fmt: skip
_NEEDED = ("number", "title", "text", "kind", "severity", "why_odd", "settle", "applies_from", "source", "evidence")
_EVIDENCE = ("text", "recalled", "design")
_ON = {"yes": True, "no": False}


class Catalogue(Sequence[Check]):
    """All checks in the order of their numbers."""

    def __init__(self, checks: Iterable[Check]) -> None:
        self._checks = tuple(sorted(checks, key=lambda check: check.number))
        self._by_number = {check.number: check for check in self._checks}
        if len(self._by_number) < len(self._checks):
            numbers = [check.number for check in self._checks]
            _fault("编号写了两次", next(number for number in numbers if numbers.count(number) > 1))

    @classmethod
    def load(cls, folder: Path = SHIPPED, rules: Mapping[str, object] | None = None) -> Catalogue:
        """The checks of a folder. ``rules``: the parameters of the rulebook that may be named; not looked at where None.

        Raises:
            RulebookError: naming the file, the check and what is wrong.
        """
        checks: list[Check] = []
        for path in sorted(folder.glob("*.yaml")):
            content = read(path, path.name)
            defaults, stated = content.get("defaults") or {}, content.get("checks")
            if not isinstance(stated, list) or not all(isinstance(each, dict) for each in stated):
                _fault("checks 应是一列键值", path.name)
            checks += [_check({**defaults, **each}, path.name, rules) for each in stated]
        return cls(checks)

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
                    _fault(f"没有报表“{form_id}”", check.number)
                for form in editions[form_id]:
                    _cells_exist(check, form)


def _cells_exist(check: Check, form: Form) -> None:
    try:
        if check.expression is not None:
            check.expression.check_against(form)
    except InputError as error:
        _fault(error.what, check.number)
    for key in ("table", "total"):
        table = str(check.parameters.get(key, "")).split(".")[0]
        if table and form.table(table) is None:
            _fault(f"报表“{form.id}”没有表“{table}”", check.number)
    for pattern in check.parameters.get("cells", ()):
        if not any(_fits(pattern, form, table.key) for table in form.tables):
            _fault(f"报表“{form.id}”没有“{pattern}”这样的格", check.number)


def _fits(pattern: str, form: Form, key: str) -> bool:
    table_key, line, column = pattern.split(".")
    table = form.table(key)
    if table is None or table_key not in ("*", key):
        return False
    return (line == "*" or table.line(line) is not None) and (column == "*" or table.column(column) is not None)


def _fault(reason: str, *where: str, why: str = "") -> Never:
    raise RulebookError(reason, where=" ".join(part for part in where if part), why=why)


def _check(stated: Mapping[str, Any], file: str, rules: Mapping[str, object] | None) -> Check:
    number = str(stated.get("number", ""))
    if unknown := sorted(set(stated) - _KEYS):
        _fault(f"不认识的键“{unknown[0]}”", file, number)
    if missing := [key for key in _NEEDED if not stated.get(key)]:
        _fault(f"缺少 {missing[0]}", file, number)
    for key, words in (("kind", tuple(Kind)), ("severity", tuple(Severity)), ("evidence", _EVIDENCE), ("on", tuple(_ON))):
        if key in stated and stated[key] not in words:
            _fault(f"{key} 不能是“{stated[key]}”", file, number, why=f"只能是 {'、'.join(words)}")
    source = stated["source"]
    if not isinstance(source, dict) or not source.get("number") or not source.get("locator"):
        _fault("来源缺文号（number）或条款（locator）", file, number)
    return Check(
        number, stated["title"], stated["text"], Kind(stated["kind"]), Severity(stated["severity"]), stated["why_odd"],
        stated["settle"], f"{source['number']} {source['locator']}", stated["evidence"],
        _day(stated["applies_from"], "applies_from", file, number),
        _day(stated["applies_to"], "applies_to", file, number) if "applies_to" in stated else None,
        _ON[stated.get("on", "yes")], tuple(stated.get("forms", ())),
        _function(stated, file, number, rules), stated.get("parameters") or {}, _expression(stated, file, number), stated.get("saw", ""),
    )  # fmt: skip


def _day(text: str, key: str, file: str, number: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        _fault(f"{key} “{text}”不是日期", file, number, why="写成 2026-01-01")


def _expression(stated: Mapping[str, Any], file: str, number: str) -> Expression | None:
    if "expression" not in stated:
        return None
    if not stated.get("saw"):
        _fault("表达式要写 saw：看到了什么", file, number)
    try:
        return compiled(stated["expression"])
    except InputError as error:
        _fault(error.what, file, number, why=error.why or error.do)


def _function(stated: Mapping[str, Any], file: str, number: str, rules: Mapping[str, object] | None) -> str:
    name = str(stated.get("check", ""))
    if bool(name) == ("expression" in stated):
        _fault("check 和 expression 要写一个，只写一个", file, number)
    if not name:
        return ""
    if name not in REGISTERED:
        _fault(f"没有登记的检查“{name}”", file, number, why=f"有：{'、'.join(REGISTERED)}")

    def at(rule: str) -> str:
        if rules is not None and rule not in rules:
            _fault(f"规则库没有参数“{rule}”", file, number)
        return "0"

    try:
        model_of(name, stated.get("parameters") or {}, at)
    except InputError as error:
        _fault(error.what, file, number, why=error.why)
    return name


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The shipped checks."""
    return Catalogue.load()
