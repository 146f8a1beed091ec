"""Where an import's lines meet the ledger: unchanged, a correction, new, or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from shuangkong.apps.desk.imports.kinds import Fault, Form
from shuangkong.apps.ledger import selectors
from shuangkong.apps.ledger.imports.lines import Line

Pieces = Callable[[], Iterator[list[Sequence[Any]]]]
Judged = tuple[Sequence[Any], str, Any]
#: key of the cell → id, content, the day it was known
Accepted = dict[tuple[Any, ...], tuple[int, tuple[Any, Any], str]]

_CELL = ("subject_id", "zone_id", "measure", "industry", "product", "flow", "period_kind", "period_end", "price_base", "release")
_RELEASE = -1
NEW, UNCHANGED, CORRECTED, REFUSED = "new", "unchanged", "corrected", "refused"
#: Batches of this kind hold what was filed on forms, reviewed and perhaps locked: who reports corrects it there, not by an import.
FILED = "filing"


def accepted_cells(form: Form, facts: Mapping[str, Any]) -> Accepted:
    """The accepted rows that the lines can meet, by cell."""
    if not facts["ends"][0]:
        return {}
    found: Accepted = {}
    for *cell, identifier, micro, rate, known_on in selectors.raw_tuples(_met(form, facts), *_CELL, "id", "quantity", "rate", "known_on"):
        cell[7] = _iso(cell[7])
        found[tuple(cell)] = identifier, (micro, rate), _iso(known_on)
    return found


def _met(form: Form, facts: Mapping[str, Any]) -> Any:
    rows = selectors.accepted().unscoped("an import is compared with what it would correct")
    return rows.filter(measure__in=facts["measures"], period_end__range=facts["ends"], origin=form.origin)


def filed_cells(form: Form, facts: Mapping[str, Any]) -> frozenset[tuple[Any, ...]]:
    """The cells, of whatever release, that were reported on a form and accepted; none for what is issued or published."""
    if form.origin != "reported" or not facts["ends"][0]:
        return frozenset()
    cells = selectors.raw_tuples(_met(form, facts).filter(batch__kind=FILED), *_CELL[:_RELEASE])
    return frozenset((*cell[:7], _iso(cell[7]), *cell[8:]) for cell in cells)


def _iso(day: date | str) -> str:
    return day if isinstance(day, str) else day.isoformat()


def accepted_bases(kind: Any, cells: Accepted) -> dict[tuple[Any, ...], int]:
    """The price base of each accepted series."""
    bases = {}
    for key in cells:
        line = Line(key[0], None, *key[1:7], "", key[7], None, None, "", "", key[8], key[9], False, "")
        series = kind.series([0, 0, *line._replace(period_start=_start_of(key))])
        if series:
            bases[series[0]] = series[1]
    return bases


def _start_of(key: tuple[Any, ...]) -> str:
    end = key[7]
    year = int(end[:4]) - (end[5:] == "01-01")
    return f"{year:04d}-01-01"


@dataclass
class Known:
    """What the ledger holds where the lines go: accepted cells, which of them were filed on forms, and price bases of their series
    (None for kinds without any)."""

    kind: Any
    known_on: str
    cells: Accepted
    bases: dict[tuple[Any, ...], int] | None
    filed: frozenset[tuple[Any, ...]] = frozenset()

    @classmethod
    def of(cls, kind: Any, form: Form, facts: Mapping[str, Any]) -> Known:
        """As it is now."""
        bases = None
        if kind.has_series:
            # of the whole series that the lines continue, not only of the periods in the file
            bases = accepted_bases(kind, accepted_cells(form, {**facts, "ends": ["0001-01-01", "9999-12-31"]}))
        return cls(kind, form.known_on.isoformat(), accepted_cells(form, facts), bases, filed_cells(form, facts))

    @property
    def nothing(self) -> bool:
        """Whether every line is new."""
        return not self.cells and self.bases is None

    def judged(self, pieces: Pieces) -> Iterator[list[Judged]]:
        """Each staged line with its verdict; for a correction the id it supersedes, for a refusal the fault."""
        for piece in pieces():
            if self.nothing:
                yield [(line, NEW, None) for line in piece]
            else:
                yield [(line, *self._verdict(line)) for line in piece]

    def _verdict(self, line: Sequence[Any]) -> tuple[str, Any]:
        staged = Line(*line[2:])
        if self.bases is not None and (fault := self._other_base(line)):
            return REFUSED, fault
        there = self.cells.get(staged.key)
        if there is not None and there[1] == staged.content:
            return UNCHANGED, None
        if staged.key[:_RELEASE] in self.filed:
            return REFUSED, _filed_on_a_form()
        if there is None:
            return NEW, None
        identifier, _content, known_before = there
        if known_before > self.known_on:
            return REFUSED, _known_later(known_before)
        return CORRECTED, identifier

    def _other_base(self, line: Sequence[Any]) -> Fault | None:
        series = self.kind.series(line)
        if series is None or self.bases is None:
            return None
        key, base = series
        first = self.bases.setdefault(key, base)
        if first == base:
            return None
        return Fault(
            "price_base",
            _("同一序列有两个价格基期"),
            _("该地区这一时期已有 {first} 年不变价，本行是 {base} 年不变价").format(first=first, base=base),
            _("改为同一基期；要整体换基期，先撤销原批次"),
        )


def _known_later(day: str) -> Fault:
    return Fault(
        "quantity",
        _("已有更晚发布（报送）的数"),
        _("已入账的数于 {day} 发布（报送），晚于本次").format(day=day),
        _("核对发布（报送）日期，或先撤销原批次"),
    )


def _filed_on_a_form() -> Fault:
    return Fault(
        "quantity",
        _("这个数由报表审核入账，不能用导入改"),
        _("报表通过后的改动要经更正和审核；锁定的要两个人解锁"),
        _("在填报中打开这一期报表，点“更正”"),
    )


def verdicts(kind: Any, pieces: Pieces, form: Form, facts: Mapping[str, Any]) -> Iterator[tuple[int, int, str, Any]] | None:
    """Row number, ask mark, verdict and detail of every staged line, for the report of a check; None when all are new."""
    found = Known.of(kind, form, facts)
    return None if found.nothing else _flat(found.judged(pieces))


def _flat(judged: Iterator[list[Judged]]) -> Iterator[tuple[int, int, str, Any]]:
    for piece in judged:
        for line, verdict, detail in piece:
            yield line[0], line[1], verdict, detail
