"""One figure opened one level: a sentence, the formula, its inputs, the rules, who filed it, and what it was before.

Scope holds at each line: what the reader may not see is one line 下级n个单位 without a value, and without n where a single unit could
be inferred. The ledger is read again and compared with the count, sum and SM3 that the value keeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from shuangkong.apps.indicators import ledger_lines
from shuangkong.apps.indicators.formulas import formula
from shuangkong.apps.indicators.models import Target, Value
from shuangkong.apps.indicators.selectors import vintages
from shuangkong.apps.indicators.tables import asks_for, key_of_line, key_of_table, opened, table_of
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.apps.ui import figures
from shuangkong.core import wording
from shuangkong.core.figures import Status
from shuangkong.core.rounding import round_half_up
from shuangkong.rulebook.loader import Rulebook

MOST_LINES = 50
#: Terms that a formula still shows with their numbers.
MOST_TERMS = 12


@dataclass(frozen=True, slots=True)
class Line:
    """One input: a label, what it says, and the value that it opens into (None: it is a line of the ledger or a sum).

    ``address`` leads from a line of the ledger to its rows.
    """

    label: str
    text: str
    value: Value | None = None
    status: str = ""
    hidden: bool = False
    address: str = ""


@dataclass(frozen=True, slots=True)
class Filed:
    """Who brought rows that the figure rests on, when, and by which document."""

    title: str
    owner: str
    applied_at: datetime | None
    document: str
    known_on: date
    rows: int
    demonstration: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """One level of a figure, ready to be shown."""

    value: Value
    sentence: str
    formula: str
    lines: tuple[Line, ...]
    rules: tuple[dict[str, str], ...]
    filed: tuple[Filed, ...]
    earlier: tuple[Value, ...]
    mismatches: tuple[str, ...] = ()
    finding: str = ""
    notes: tuple[str, ...] = field(default=())


def explain(user: Any, value: Value) -> Explanation:
    """``value`` (that the user may see) opened one level, at most 50 lines."""
    rulebook = current_rulebook()
    opened = _Opening(user, value, rulebook)
    lines = opened.lines()
    terms = [] if any(line.hidden for line in lines) else [(line.label, line.text) for line in lines if line.text]
    return Explanation(
        value=value,
        sentence=sentence(value),
        formula=formula(value.calculation, terms if len(terms) <= MOST_TERMS else [], figures.text(value, large=False)),
        lines=tuple(_grouped(lines)),
        rules=tuple(_named(rule, rulebook) for rule in value.rules),
        filed=tuple(opened.filed),
        earlier=tuple(vintages(user, value)),
        mismatches=tuple(opened.mismatches),
        finding=value.finding,
        notes=_notes(value),
    )


def _named(rule: dict[str, str], rulebook: Rulebook) -> dict[str, str]:
    """A rule with the name that people read and the unit of its number."""
    found = rulebook.parameters.get(rule["parameter"])
    return {**rule, "title": found.title, "unit": found.unit} if found is not None else dict(rule)


def sentence(value: Value) -> str:
    """What matters about a figure, in one Chinese sentence."""
    if value.sentence and (value.value is None or Status(value.status).rank >= Status.INCOMPLETE.rank):
        return value.sentence
    if value.finding:
        return value.finding
    head = f"{value.subject.name}{value.period.label}{value.indicator.name}"
    if value.value is None:
        return f"{head}：{figures.text(value)}"
    body = f"{head}{'为' if not value.words else '：'}{value.words or figures.text(value)}"
    return f"{body}；{value.sentence}" if value.sentence else body


def _notes(value: Value) -> tuple[str, ...]:
    marks = []
    if value.uncertainty_points is not None:
        marks.append(f"不确定度±{value.uncertainty_points}个百分点")
    if value.recalled:
        marks.append("所依据的规定或数据凭记忆录入，待核实")
    if value.demonstration:
        marks.append("含演示数据")
    return tuple(marks)


def _grouped(lines: Sequence[Line]) -> list[Line]:
    if len(lines) <= MOST_LINES:
        return list(lines)
    rest = len(lines) - MOST_LINES + 1
    return [*lines[: MOST_LINES - 1], Line(f"其余{rest}项", "", status="")]


class _Opening:
    """Collects the lines of one value."""

    def __init__(self, user: Any, value: Value, rulebook: Rulebook) -> None:
        self.user, self.value, self.rulebook = user, value, rulebook
        self.mismatches: list[str] = []
        self.filed: list[Filed] = []

    def lines(self) -> list[Line]:
        """The lines of a table; else targets, other values, then the ledger."""
        if self.value.lines:
            lines = opened([self.value], lambda code: table_of(code) is not None)
            return [Line(_name_of_line(line), figures.text(line, large=False), line, line.status) for line in lines]
        inputs = self.value.inputs
        found = [self._target(entry) for entry in inputs if "target" in entry]
        found += self._values([entry for entry in inputs if "key" in entry])
        found += [_part(entry) for entry in inputs if "part" in entry]
        return found + self._ledger([entry for entry in inputs if "query" in entry])

    def _target(self, entry: dict[str, Any]) -> Line:
        target = Target.objects.visible_to(self.user).filter(pk=entry["target"]).first()
        if target is None:
            return Line("目标", "", hidden=True)
        word = "激励目标" if entry.get("incentive") else "目标"
        number = target.incentive if entry.get("incentive") else target.number
        return Line(f"{word}（{target.source}）" if target.source else word, "" if number is None else f"{number}%")

    # other values

    def _values(self, entries: Sequence[dict[str, Any]]) -> list[Line]:
        if not entries:
            return []
        of_line = self.value.table is not None  # its parts are the same lines of other tables, where those have them
        keys = [key_of_line(entry["key"], self.value) if of_line else entry["key"] for entry in entries]
        found = self._resolve(keys)
        visible = self._visible([value.pk for value in found.values()])
        lines, hidden = [], []
        for entry, key in zip(entries, keys, strict=True):
            value = found.get(key)
            if value is None and of_line:
                continue
            if value is None:
                lines.append(Line(entry["label"], "缺报", status=Status.MISSING.value))
            elif value.pk in visible:
                lines.append(Line(entry["label"], figures.text(value, large=False), value, value.status))
            else:
                hidden.append(value)
        return [*lines, *([self._hidden(hidden, list(found.values()))] if hidden else [])]

    def _resolve(self, keys: Sequence[str]) -> dict[str, Value]:
        """The values of these keys as they were in the value's run, and lines of tables by theirs."""
        stored = {*keys, *map(key_of_table, keys)}
        parts = [key.split("|") for key in stored]
        rows = Value.objects.unscoped("each line is checked against scope before it is shown").filter(
            key__in=stored, indicator__code__in={part[0] for part in parts}, subject__code__in={part[1] for part in parts}
        )
        run = self.value.run
        rows = rows.filter(run=run) if run.kind == "known_on" else rows.filter(run_id__lte=run.pk, run__published_at__isnull=False)
        newest = {row.key: row for row in rows.select_related("indicator", "subject").order_by("run_id")}
        return {value.key: value for value in opened(newest.values(), asks_for(key.partition("|")[0] for key in keys))}

    def _visible(self, ids: Sequence[int]) -> set[int]:
        return set(Value.objects.visible_to(self.user).filter(pk__in=ids).values_list("pk", flat=True))

    def _hidden(self, hidden: Sequence[Value], together: Sequence[Value]) -> Line:
        """One line without a value; without a number where one unit could be inferred."""
        units = {value.subject_id for value in hidden}
        total = sum((abs(value.value) for value in together if value.value is not None), Decimal(0))
        largest = max((abs(value.value) for value in hidden if value.value is not None), default=Decimal(0))
        if len(units) < self._limit("disclosure.minimum_units") or largest * 100 > self._limit("disclosure.dominance_percent") * total:
            return Line("下级单位", "", hidden=True)
        return Line(f"下级{len(units)}个单位", "", hidden=True)

    def _limit(self, parameter: str) -> Decimal:
        return self.rulebook.at(parameter, self.rulebook.default_region, self.value.period_end).number

    # the ledger

    def _ledger(self, entries: Sequence[dict[str, Any]]) -> list[Line]:
        if not entries:
            return []
        reader = ledger_lines.Reader(self.value)
        found = [(entry, reader.read(entry)) for entry in entries]
        for entry, read in found:
            if read.digest != (entry["count"], entry["sum"], entry["sm3"]):
                text = f"台账现有{read.digest[0]}行，与计算时的{entry['count']}行不一致，需重新计算"
                self.mismatches.append(f"{entry['label']}：{text}")
        ids = [row for _, read in found for row in read.ids]
        if not ledger_lines.visible(self.user, ids):
            return [Line("下级单位", "", hidden=True)]
        self.filed = [Filed(*row) for row in ledger_lines.filed(ids)]
        words = {term.code: term.label for name in ("sectors", "industries") for term in self.rulebook.terms(name)}
        products = self.rulebook.products
        lines = [line for entry, read in found for line in ledger_lines.shown(self.value, entry, read, products, words)]
        return [Line(line.label, _quantity(line.number, line.unit), address=line.address) for line in lines]


def _part(entry: dict[str, Any]) -> Line:
    """A line of the table that a value is made of: its amount, and how it came about."""
    amount = "缺因子" if entry["number"] is None else _quantity(round_half_up(Decimal(entry["number"]), 2), entry["unit"])
    return Line(f"{entry['label']}（{entry['detail']}）" if entry["detail"] else entry["label"], amount)


def _name_of_line(line: Value) -> str:
    """The indicator; at the calorific value with the word, for the same stands before at the equivalent one."""
    return f"{line.indicator.name}（当量值）" if line.basis == "calorific" else line.indicator.name


def _quantity(number: Decimal, unit: str) -> str:
    places = max(0, min(4, -int(number.normalize().as_tuple().exponent)))
    return f"{wording.number(number, places)}{unit}"
