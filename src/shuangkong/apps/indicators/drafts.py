"""Values as a computation makes them, before a run writes what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection

from shuangkong.apps.indicators.catalogue import columns, derived, known
from shuangkong.apps.indicators.models import Indicator, RuleSet
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.digest import canonical_json, sm3_hex
from shuangkong.core.figures import RuleRow, Status, worst
from shuangkong.core.periods import Period

#: The fields of a draft that say what it is (the rest is what its key means).
CONTENT = (
    "value", "words", "severity", "status", "demonstration", "recalled", "public", "calculation", "sentence", "finding",
    "uncertainty_points", "inputs", "rule_set_id", "lines",
)  # fmt: skip
KEY_COLUMNS = (
    "key", "indicator_id", "subject_id", "period_kind", "period_start", "period_end", "basis", "treatment", "lens", "release",
)  # fmt: skip


#: The lines of a value that is no table.
NO_LINES = "[]"


class Draft(NamedTuple):
    """One value about to be written, in the order of its columns; numbers and inputs are text already."""

    key: str
    indicator_id: int
    subject_id: int
    period_kind: str
    period_start: Any
    period_end: Any
    basis: str
    treatment: str
    lens: str
    release: str
    value: str | None
    words: str
    severity: int | None
    status: str
    demonstration: bool
    recalled: bool
    public: bool
    calculation: str
    sentence: str
    finding: str
    uncertainty_points: str | None
    inputs: str
    rule_set_id: int | None
    lines: str = NO_LINES

    @property
    def content(self) -> tuple[Any, ...]:
        """What would make it another value."""
        return self[len(KEY_COLUMNS) :]


_TREATMENT = 4


#: A status as it is stored: an enum's ``value`` takes longer.
_WORDS = {status: status.value for status in Status}
_USABLE = frozenset(status for status in Status if status.rank < Status.INCOMPLETE.rank)


class Figure(NamedTuple):
    """What later steps of a computation need of a value: its number, how good it is, and its key."""

    value: Decimal | None
    status: Status
    demonstration: bool
    recalled: bool
    key: str
    known: Decimal | None = None
    lacks: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether a further figure may rest on it."""
        return self.value is not None and self.status in _USABLE

    @property
    def treatment(self) -> str:
        """``gross`` or ``assessed``: part of its key."""
        return self.key.split("|")[_TREATMENT]


def spread(figures: Iterable[Figure]) -> tuple[Status, bool, bool]:
    """Status (only gets worse), demonstration and recalled marks of what rests on ``figures``."""
    statuses, demonstration, recalled = [], False, False
    for figure in figures:
        statuses.append(figure.status)
        demonstration = demonstration or figure.demonstration
        recalled = recalled or figure.recalled
    return worst(statuses), demonstration, recalled


def number_text(value: Decimal | None) -> str | None:
    """Plain digits without an exponent and without trailing zeros: the same number is the same text."""
    if value is None:
        return None
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def value_key(code: str, subject_code: str, period: Period, basis: str, treatment: str, lens: str, release: str) -> str:
    """The text of all that makes it one value."""
    return f"{code}|{subject_code}|{period.code}|{basis}|{treatment}|{lens}|{release}"


def key_inputs(pairs: Iterable[tuple[str, str]]) -> str:
    """Inputs that are other values, as canonical text: (key, label) each."""
    return f"[{','.join([_KEY_INPUT % (key, _quoted(label)) for key, label in pairs])}]"


def target_inputs(target_id: int, number: str, pairs: Iterable[tuple[str, str]]) -> str:
    """A target with its number as an input, and other values behind it, as :func:`key_inputs`."""
    values = "".join([f",{_KEY_INPUT % (key, _quoted(label))}" for key, label in pairs])
    return f'[{{"label":"目标","number":{_quoted(number)},"target":{target_id}}}{values}]'


_KEY_INPUT = '{"key":"%s","label":%s}'


@lru_cache(maxsize=4096)
def _quoted(label: str) -> str:
    return canonical_json(label)


class At(NamedTuple):
    """Subject, period and lens of many values: what their keys and columns have in common."""

    subject_id: int
    subject_code: str
    code: str
    kind: str
    start: date
    end: date
    lens: str


class RuleSets:
    """Rule rows stored once: rows → the id of their set. What is stored already is read in one statement."""

    def __init__(self) -> None:
        self._ids: dict[tuple[RuleRow, ...], int] = {}
        self._asked: dict[tuple[int, ...], tuple[Sequence[RuleRow], int | None]] = {}
        self._stored: dict[str, int] = dict(RuleSet.objects.values_list("sm3", "id"))

    def id_of(self, rows: Sequence[RuleRow]) -> int | None:
        """The id of the set of ``rows``; None for none."""
        same = tuple(map(id, rows))  # the rulebook hands out the same rows again and again: comparing them costs more
        if same not in self._asked:
            self._asked[same] = rows, self._id_of(rows)
        return self._asked[same][1]

    def _id_of(self, rows: Sequence[RuleRow]) -> int | None:
        unique = tuple(dict.fromkeys(rows))
        if not unique:
            return None
        if unique not in self._ids:
            text = f"[{','.join(map(_rule_text, unique))}]"
            self._ids[unique] = self._id(text)
        return self._ids[unique]

    def _id(self, text: str) -> int:
        sm3 = sm3_hex(text.encode())
        if sm3 not in self._stored:
            table = RuleSet._meta.db_table
            with connection.cursor() as cursor:  # hundreds come at once with new rules: a plain statement each
                cursor.execute(f'INSERT INTO {table} (sm3, "rows") VALUES (%s, %s) ON CONFLICT (sm3) DO NOTHING RETURNING id', [sm3, text])
                stored = cursor.fetchone()
                if stored is None:  # another computation was quicker
                    cursor.execute(f"SELECT id FROM {table} WHERE sm3 = %s", [sm3])
                    stored = cursor.fetchone()
                self._stored[sm3] = stored[0]
        return self._stored[sm3]


@lru_cache(maxsize=4096)
def _rule_text(row: RuleRow) -> str:
    return canonical_json({name: getattr(row, name) for name in RuleRow.__dataclass_fields__ if getattr(row, name)})


class Drafts:
    """Collects the values of one computation. Indicators of products and industries come into being with their first line."""

    def __init__(self, labels: Mapping[str, Mapping[str, str]]) -> None:
        self.rows: list[Draft] = []
        self.rule_sets = RuleSets()
        self._codes: dict[Period, str] = {}
        self._labels = labels
        self._indicators = dict(Indicator.objects.values_list("code", "id"))

    def indicator_id(self, code: str) -> int:
        """The id of an indicator of the catalogue."""
        if code not in self._indicators:
            prefix, _, word = code.partition(":")
            entry = known(code) or derived(prefix, word, self._labels.get(prefix, {}).get(word, word))
            row, _ = Indicator.objects.get_or_create(code=code, defaults=columns(entry))
            self._indicators[code] = row.pk
        return self._indicators[code]

    def at(self, subject: Subject, period: Period, lens: str) -> At:
        """Where many values stand, for :meth:`put`."""
        return At(subject.id, subject.code, self.code(period), period.kind, period.start, period.end, lens)

    def code(self, period: Period) -> str:
        """The code of a period, worked out once."""
        found = self._codes.get(period)
        if found is None:
            found = self._codes[period] = period.code
        return found

    def put(
        self, place: At, code: str, basis: str, value: str | None, status: str, demonstration: bool, recalled: bool, calculation: str,
        sentence: str, finding: str, inputs: str, rule_set_id: int | None, words: str = "", lines: str = NO_LINES,
    ) -> str:  # fmt: skip
        """:meth:`add` for the many: an amount (as text) without level, words or uncertainty at a place made once by :meth:`at`.

        Answers with the key.
        """
        subject_id, subject_code, period_code, kind, start, end, lens = place
        key = f"{code}|{subject_code}|{period_code}|{basis}|gross|{lens}|"
        columns = (
            key, self._indicators.get(code) or self.indicator_id(code), subject_id, kind, start, end, basis, "gross", lens, "",
            value, words, None, status, demonstration, recalled, False, calculation, sentence, finding, None, inputs, rule_set_id, lines,
        )  # fmt: skip
        self.rows.append(tuple.__new__(Draft, columns))
        return key

    def add(
        self, code: str, subject: Subject, period: Period, value: Decimal | None, *, calculation: str, status: Status = Status.OK,
        demonstration: bool = False, recalled: bool = False, basis: str = "", lens: str = "issued", release: str = "", words: str = "",
        severity: int | None = None, public: bool = False, sentence: str = "", finding: str = "", uncertainty: Decimal | None = None,
        inputs: str | list[dict[str, Any]] = "[]", rule_set_id: int | None = None, known: Decimal | None = None,
        lacks: tuple[str, ...] = (), treatment: str = "gross",
    ) -> Figure:  # fmt: skip
        """Append one value and return what later steps need of it. ``inputs`` may be canonical text already."""
        key = value_key(code, subject.code, period, basis, treatment, lens, release)
        columns = (
            key, self._indicators.get(code) or self.indicator_id(code), subject.id, period.kind, period.start, period.end, basis, treatment,
            lens, release, number_text(value), words, severity, _WORDS[status], demonstration, recalled, public, calculation, sentence,
            finding, number_text(uncertainty), inputs if isinstance(inputs, str) else canonical_json(inputs), rule_set_id, NO_LINES,
        )  # fmt: skip
        self.rows.append(tuple.__new__(Draft, columns))  # Draft(…) takes each by name: three times as long
        return Figure(value, status, demonstration, recalled, key, value if known is None else known, lacks)
